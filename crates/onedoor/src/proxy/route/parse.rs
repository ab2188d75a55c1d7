//! Reading a pattern: `[METHOD ][host]/path` of a route, `path` and `host` of an app (CONFIG.md §1.1).
//!
//! Refuses whatever could be read in two ways, and whatever could never match; says where, why, and how it was
//! probably meant.

use std::ops::Range;
use std::sync::Arc;

use super::error::{HostFault, PatternError, PatternFault};
use super::host::{BadHost, HostPattern};
use super::pattern::{End, Method, Pattern, Segment};
use super::regex::SegmentRegex;
use super::spelling::{self, BadSpelling};

/// The IANA registry of methods, less those that no route is ever asked about.
pub(super) const METHODS: [Method; 37] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "QUERY",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Refused before routes are asked (HTTP.md rules 16 and 32).
const REFUSED: [Method; 2] = ["CONNECT", "TRACE"];

/// How many faults of one text a fix mends, one after the other.
const FIXES_MAX: usize = 6;

/// A fault, and the text with this fault mended; others may be left in it.
struct Bad {
    range: Range<usize>,
    fault: PatternFault,
    mended: Option<String>,
}

impl Bad {
    fn new(range: Range<usize>, fault: PatternFault) -> Self {
        Self { range, fault, mended: None }
    }

    fn mended(self, mended: impl Into<String>) -> Self {
        Self { mended: Some(mended.into()), ..self }
    }
}

pub(super) fn route_key(key: &str) -> Result<Pattern, PatternError> {
    read_key(key).map_err(|bad| with_fix(bad, read_key))
}

pub(super) fn mount(path: &str) -> Result<Pattern, PatternError> {
    read_mount(path).map_err(|bad| with_fix(bad, read_mount))
}

pub(super) fn at_host(pattern: Pattern, host: &str) -> Result<Pattern, PatternError> {
    match HostPattern::parse(host) {
        Ok(parsed) => {
            Ok(Pattern { written: format!("{host}{}", pattern.written).into(), host: parsed, ..pattern })
        }
        Err(BadHost { range, fault, fix }) => {
            Err(PatternError { range, fault: PatternFault::Host(fault), fix })
        }
    }
}

/// Mends fault after fault, until what is left is a pattern.
fn with_fix(bad: Bad, read: fn(&str) -> Result<Pattern, Bad>) -> PatternError {
    let Bad { range, fault, mended: mut text } = bad;
    for _ in 0..FIXES_MAX {
        let Some(mended) = &text else { break };
        match read(mended) {
            Ok(_) => return PatternError { range, fault, fix: text },
            Err(next) => text = next.mended,
        }
    }
    PatternError { range, fault, fix: None }
}

fn read_key(key: &str) -> Result<Pattern, Bad> {
    let path_at = path_start(key)?;
    let (head, path) = key.split_at(path_at);
    let (method, host_at) = read_method(head, path)?;
    let host = HostPattern::parse(&head[host_at..]).map_err(|BadHost { range, fault, fix }| Bad {
        range: range.start + host_at..range.end + host_at,
        fault: PatternFault::Host(fault),
        mended: fix.map(|host| format!("{}{host}{path}", &head[..host_at])),
    })?;
    let (segments, end) = read_path(key, path_at)?;
    Ok(Pattern { written: key.into(), method, host, segments, end })
}

fn read_mount(path: &str) -> Result<Pattern, Bad> {
    let everything = 0..path.len();
    if path.is_empty() {
        return Err(Bad::new(everything, PatternFault::Empty));
    }
    let Some(slash) = path.find('/') else {
        return Err(Bad::new(everything, PatternFault::NoPath).mended(format!("/{path}")));
    };
    if slash > 0 {
        let fault = match path[..slash].split_once(' ') {
            Some(_) => PatternFault::MethodOnMount,
            None => PatternFault::NoPath,
        };
        let mended =
            if fault == PatternFault::NoPath { format!("/{path}") } else { path[slash..].to_owned() };
        return Err(Bad::new(0..slash, fault).mended(mended));
    }
    if let Some(star) = path.find('*') {
        let before = path[..star].trim_end_matches('/');
        let mended = if before.is_empty() { "/" } else { before };
        return Err(Bad::new(star..star + 1, PatternFault::StarOnMount).mended(mended));
    }
    if let Some(brace) = path.find('{') {
        return Err(Bad::new(brace..path.len(), PatternFault::CaptureOnMount));
    }
    // No meaning hangs on a final slash.
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments = if path.is_empty() { Vec::new() } else { read_path(path, 0)?.0 };
    Ok(Pattern {
        written: format!("{path}/*").into(),
        method: None,
        host: HostPattern::Any,
        segments,
        end: End::Subtree,
    })
}

/// Where the path begins, which is the first slash.
fn path_start(key: &str) -> Result<usize, Bad> {
    let everything = 0..key.len();
    if key.trim().is_empty() {
        return Err(Bad::new(everything, PatternFault::Empty));
    }
    let Some(slash) = key.find('/') else {
        let (method, rest) = key.rsplit_once(' ').map_or(("", key), |(method, rest)| (method, rest));
        let gap = if method.is_empty() { "" } else { " " };
        let mended = match rest {
            _ if METHODS.contains(&rest) => format!("{rest} /*"),
            "*" => format!("{method}{gap}/*"),
            _ if rest.contains('.') || rest == "localhost" => format!("{key}/*"),
            _ => format!("{method}{gap}/{rest}"),
        };
        return Err(Bad::new(everything, PatternFault::NoPath).mended(mended));
    };
    if key[..slash].ends_with(':') && key[slash..].starts_with("//") {
        let scheme_at = key[..slash].rfind(' ').map_or(0, |space| space + 1);
        let range = scheme_at..slash + 2;
        let mended = replaced(key, &range, "");
        return Err(Bad::new(range, PatternFault::Host(HostFault::Scheme)).mended(mended));
    }
    Ok(slash)
}

/// The method, and where the host begins behind it.
fn read_method(head: &str, path: &str) -> Result<(Option<Method>, usize), Bad> {
    let Some(space) = head.find(char::is_whitespace) else {
        return match registered(head) {
            Some(method) => {
                let fault = PatternFault::MethodWithoutSpace(method);
                Err(Bad::new(0..head.len(), fault).mended(format!("{head} {path}")))
            }
            None => Ok((None, 0)),
        };
    };
    let (written, gap) = head.split_at(space);
    let host = gap.trim();
    if written.is_empty() || gap.len() != host.len() + 1 || !gap.starts_with(' ') {
        let method_gap = if written.is_empty() { "" } else { " " };
        let mended = format!("{written}{method_gap}{host}{path}");
        return Err(Bad::new(space..head.len(), PatternFault::Spaces).mended(mended));
    }
    if let Some(method) = registered(written) {
        return Ok((Some(method), space + 1));
    }
    let upper = written.to_ascii_uppercase();
    let bad = |fault| Bad::new(0..space, fault);
    Err(if let Some(refused) = REFUSED.into_iter().find(|refused| *refused == upper) {
        bad(PatternFault::RefusedMethod(refused))
    } else if let Some(method) = registered(&upper) {
        bad(PatternFault::LowerCaseMethod(method)).mended(format!("{method} {host}{path}"))
    } else {
        bad(PatternFault::UnknownMethod(written.to_owned())).mended(format!("{host}{path}"))
    })
}

fn registered(text: &str) -> Option<Method> {
    METHODS.into_iter().find(|method| *method == text)
}

fn read_path(key: &str, path_at: usize) -> Result<(Vec<Segment>, End), Bad> {
    let ranges = split(key, path_at)?;
    let mut reader = Reader { key, ranges: &ranges, names: Vec::new() };
    let mut segments = Vec::with_capacity(ranges.len());
    for at in 0..ranges.len() {
        match reader.read(at)? {
            Part::Segment(segment) => segments.push(segment),
            Part::End(end) => return Ok((segments, end)),
        }
    }
    Ok((segments, End::Exact))
}

/// The segments' ranges. A slash between braces is the regex's, not the path's.
fn split(key: &str, path_at: usize) -> Result<Vec<Range<usize>>, Bad> {
    let mut ranges = Vec::new();
    let mut start = path_at + 1;
    let mut at = start;
    while let Some(byte) = key.as_bytes().get(at) {
        match byte {
            b'{' => match closing_brace(key, at) {
                Some(close) => at = close,
                None => {
                    let bad = Bad::new(at..key.len(), PatternFault::UnclosedCapture);
                    return Err(bad.mended(format!("{key}}}")));
                }
            },
            b'}' => {
                return Err(Bad::new(at..at + 1, PatternFault::StrayBrace).mended(replaced(
                    key,
                    &(at..at + 1),
                    "%7D",
                )));
            }
            b'?' => return Err(Bad::new(at..key.len(), PatternFault::Query).mended(&key[..at])),
            b'#' => return Err(Bad::new(at..key.len(), PatternFault::Fragment).mended(&key[..at])),
            b'/' => {
                ranges.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    ranges.push(start..key.len());
    Ok(ranges)
}

/// The brace that closes the one at `open`: regexes have braces of their own, `{x:[0-9]{4}}`, escaped ones, and
/// ones in classes.
fn closing_brace(key: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_class = false;
    let mut bytes = key.bytes().enumerate().skip(open);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'[' => in_class = true,
            b']' => in_class = false,
            b'{' if !in_class => depth += 1,
            b'}' if !in_class => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

enum Part {
    Segment(Segment),
    End(End),
}

struct Reader<'k> {
    key: &'k str,
    ranges: &'k [Range<usize>],
    names: Vec<&'k str>,
}

impl<'k> Reader<'k> {
    fn read(&mut self, at: usize) -> Result<Part, Bad> {
        let range = self.ranges[at].clone();
        let text = &self.key[range.clone()];
        let is_last = at + 1 == self.ranges.len();
        match text.find('{') {
            Some(open) => self.capture(range.start + open, range, is_last),
            None if text == "*" && is_last => Ok(Part::End(End::Subtree)),
            None if text.contains('*') => Err(self.misplaced_star(range, is_last)),
            None if matches!(text, "." | "..") => {
                Err(Bad::new(range, PatternFault::DotSegment).mended(self.without_dot_segments()))
            }
            None => Ok(Part::Segment(Segment::Literal(self.literal(range)?))),
        }
    }

    fn capture(&mut self, open: usize, segment: Range<usize>, is_last: bool) -> Result<Part, Bad> {
        // `split` went through all braces.
        let close = closing_brace(self.key, open).unwrap_or(segment.end - 1);
        let inside = &self.key[open + 1..close];
        let braces = open..close + 1;
        let whole = braces == segment;
        if let Some((name, text)) = inside.split_once(':') {
            let name = self.name(name, open + 1)?;
            let regex = SegmentRegex::parse(text)
                .map_err(|why| Bad::new(close - text.len()..close, PatternFault::Regex(why)))?;
            return whole_segment(whole, segment, Segment::Matching { name, regex: Arc::new(regex) });
        }
        let Some(rest) = inside.strip_suffix("...") else {
            let name = self.name(inside, open + 1)?;
            return whole_segment(whole, segment, Segment::Any { name });
        };
        let name = self.name(rest, open + 1)?;
        if !is_last || braces.end != segment.end {
            let mended = replaced(self.key, &braces, &format!("{{{rest}}}"));
            return Err(Bad::new(braces, PatternFault::RestNotLast(rest.to_owned())).mended(mended));
        }
        if whole {
            return Ok(Part::End(End::Rest { name }));
        }
        let text = segment.start..open;
        match self.key[text.clone()].find('*') {
            Some(_) => Err(self.misplaced_star(text, false)),
            None => Ok(Part::End(End::TextAndRest { text: self.literal(text)?, name })),
        }
    }

    fn name(&mut self, name: &'k str, at: usize) -> Result<Box<str>, Bad> {
        let range = at..at + name.len();
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err(Bad::new(range, PatternFault::CaptureName));
        }
        if self.names.contains(&name) {
            return Err(Bad::new(range, PatternFault::DuplicateCapture(name.to_owned())));
        }
        self.names.push(name);
        Ok(name.into())
    }

    fn literal(&self, range: Range<usize>) -> Result<Box<[u8]>, Bad> {
        let text = &self.key[range.clone()];
        let mut normal = Vec::with_capacity(text.len());
        match spelling::normalise(text, &mut normal) {
            Ok(()) => Ok(normal.into()),
            Err((bad, why)) => Err(self.misspelt(range.start + bad.start..range.start + bad.end, why)),
        }
    }

    fn misspelt(&self, range: Range<usize>, why: BadSpelling) -> Bad {
        let (fault, instead) = match why {
            BadSpelling::Escape => (PatternFault::BadEscape, None),
            BadSpelling::RefusedEscape => {
                let dot = self.key[range.clone()].eq_ignore_ascii_case("%2e");
                (PatternFault::RefusedEscape, dot.then_some("."))
            }
            BadSpelling::Character => {
                let instead = match &self.key[range.clone()] {
                    " " if self.key[range.start..].trim().is_empty() => Some(""),
                    " " => Some("%20"),
                    "\\" => Some("/"),
                    _ => None,
                };
                (PatternFault::BadCharacter, instead)
            }
        };
        let mended = instead.map(|instead| replaced(self.key, &range, instead));
        Bad { range, fault, mended }
    }

    fn misplaced_star(&self, segment: Range<usize>, is_last: bool) -> Bad {
        let text = &self.key[segment.clone()];
        let star = segment.start + text.find('*').unwrap_or_default();
        let before = text.trim_end_matches('*');
        if is_last && !before.is_empty() && !before.contains('*') {
            let path_at = self.ranges.first().map_or(0, |first| first.start - 1);
            let also = format!("{}js", &self.key[path_at..segment.start + before.len()]);
            let mended = replaced(self.key, &segment, &format!("{before}/*"));
            return Bad::new(segment, PatternFault::StarAfterText { also }).mended(mended);
        }
        let mended = if before.is_empty() && is_last {
            replaced(self.key, &segment, "*")
        } else if before.is_empty() && &self.key[segment.end..] == "/" {
            replaced(self.key, &(segment.start..self.key.len()), "*")
        } else if before.is_empty() {
            replaced(self.key, &segment, &format!("{{{}}}", self.fresh_name()))
        } else {
            replaced(self.key, &segment, &format!("{{{}:{}}}", self.fresh_name(), glob_as_regex(text)))
        };
        Bad::new(star..star + 1, PatternFault::StarInside).mended(mended)
    }

    fn fresh_name(&self) -> &'static str {
        let taken =
            |name: &str| ["}", ":", "..."].iter().any(|after| self.key.contains(&format!("{{{name}{after}")));
        ["x", "y", "z", "u", "v", "w"].into_iter().find(|name| !taken(name)).unwrap_or("x")
    }

    /// The key with its dot segments resolved as a request's are (RFC 3986 5.2.4).
    fn without_dot_segments(&self) -> String {
        let mut kept: Vec<&str> = Vec::new();
        for (at, range) in self.ranges.iter().enumerate() {
            let is_last = at + 1 == self.ranges.len();
            match &self.key[range.clone()] {
                ".." => {
                    kept.pop();
                    kept.extend(is_last.then_some(""));
                }
                "." => kept.extend(is_last.then_some("")),
                other => kept.push(other),
            }
        }
        let path_at = self.ranges.first().map_or(0, |first| first.start);
        format!("{}{}", &self.key[..path_at], kept.join("/"))
    }
}

fn whole_segment(whole: bool, range: Range<usize>, segment: Segment) -> Result<Part, Bad> {
    if whole { Ok(Part::Segment(segment)) } else { Err(Bad::new(range, PatternFault::PartialCapture)) }
}

fn glob_as_regex(glob: &str) -> String {
    let mut regex = String::new();
    for letter in glob.chars() {
        match letter {
            '*' => regex.push_str(".*"),
            _ if letter.is_ascii_punctuation() => regex.extend(['\\', letter]),
            _ => regex.push(letter),
        }
    }
    regex
}

fn replaced(text: &str, range: &Range<usize>, instead: &str) -> String {
    format!("{}{instead}{}", &text[..range.start], &text[range.end..])
}

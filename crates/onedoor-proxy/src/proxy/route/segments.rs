//! Reading the path of a pattern, segment by segment: literals, captures, what ends it (CONFIG.md §1.1).

use std::ops::Range;
use std::sync::Arc;

use super::error::{Bad, PatternFault, replaced};
use super::pattern::{End, Segment};
use super::regex::WholeRegex;
use super::spelling::{self, BadSpelling};

/// The path that begins at `path_at` and goes on to the key's end. Ranges are into the key.
pub(super) fn read_path(key: &str, path_at: usize) -> Result<(Vec<Segment>, End), Bad> {
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
        match text.find('{') {
            Some(open) => self.capture(range.start + open, range),
            None if text == "*" && self.is_last(&range) => Ok(Part::End(End::Subtree)),
            None if text.contains('*') => Err(self.misplaced_star(range)),
            None if matches!(text, "." | "..") => {
                Err(Bad::new(range, PatternFault::DotSegment).mended(self.without_dot_segments()))
            }
            None => Ok(Part::Segment(Segment::Literal(self.literal(range)?))),
        }
    }

    fn capture(&mut self, open: usize, segment: Range<usize>) -> Result<Part, Bad> {
        // `split` went through all braces.
        let close = closing_brace(self.key, open).unwrap_or(segment.end - 1);
        let inside = &self.key[open + 1..close];
        let braces = open..close + 1;
        let whole = braces == segment;
        let partial = || Bad::new(segment.clone(), PatternFault::PartialCapture);
        if let Some((name, text)) = inside.split_once(':') {
            let name = self.name(name, open + 1)?;
            let regex = WholeRegex::parse(text)
                .map_err(|why| Bad::new(close - text.len()..close, PatternFault::Regex(why)))?;
            let matching = Segment::Matching { name, regex: Arc::new(regex) };
            return if whole { Ok(Part::Segment(matching)) } else { Err(partial()) };
        }
        let Some(rest) = inside.strip_suffix("...") else {
            let name = self.name(inside, open + 1)?;
            return if whole { Ok(Part::Segment(Segment::Any { name })) } else { Err(partial()) };
        };
        let name = self.name(rest, open + 1)?;
        if !self.is_last(&braces) {
            let mended = replaced(self.key, &braces, &format!("{{{rest}}}"));
            return Err(Bad::new(braces, PatternFault::RestNotLast(rest.to_owned())).mended(mended));
        }
        if whole {
            return Ok(Part::End(End::Rest { name }));
        }
        let text = segment.start..open;
        match self.key[text.clone()].find('*') {
            Some(_) => Err(self.misplaced_star(text)),
            None => Ok(Part::End(End::TextAndRest { text: self.literal(text)?, name })),
        }
    }

    /// Whether nothing follows.
    fn is_last(&self, range: &Range<usize>) -> bool {
        range.end == self.key.len()
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

    fn misplaced_star(&self, segment: Range<usize>) -> Bad {
        let is_last = self.is_last(&segment);
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
        for range in self.ranges {
            let is_last = self.is_last(range);
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

//! Reading a pattern: `[METHOD ][host]/path` of a route, `path` and `host` of an app (CONFIG.md §1.1). The path
//! itself is read by `segments`.
//!
//! Refuses whatever could be read in two ways, and whatever could never match; says where, why, and how it was
//! probably meant.

use super::error::{Bad, HostFault, PatternError, PatternFault, replaced};
use super::host::{BadHost, HostPattern};
use super::method::{self, Method};
use super::pattern::{End, Pattern};
use super::segments::read_path;

/// How many faults of one text a fix mends, one after the other.
const FIXES_MAX: usize = 6;

impl Pattern {
    /// Reads a route key: `[METHOD ][host]/path`.
    pub fn parse(key: &str) -> Result<Self, PatternError> {
        read_key(key).map_err(|bad| with_fix(bad, read_key))
    }

    /// An app's `path`: the subtree under it. `/node` and `/node/` are the same mount.
    pub fn mount(path: &str) -> Result<Self, PatternError> {
        read_mount(path).map_err(|bad| with_fix(bad, read_mount))
    }

    /// The same for one host only: an app's `host`, exact or `*.example.com`. Ranges are into `host`.
    pub fn at_host(self, host: &str) -> Result<Self, PatternError> {
        match HostPattern::parse(host) {
            Ok(parsed) => {
                Ok(Self { written: format!("{host}{}", self.written).into(), host: parsed, ..self })
            }
            Err(BadHost { range, fault, fix }) => {
                Err(PatternError { range, fault: PatternFault::Host(fault), fix })
            }
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
            _ if method::registered(rest).is_some() => format!("{rest} /*"),
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
        return match method::registered(head) {
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
    if let Some(method) = method::registered(written) {
        return Ok((Some(method), space + 1));
    }
    let upper = written.to_ascii_uppercase();
    let bad = |fault| Bad::new(0..space, fault);
    Err(if let Some(refused) = method::refused(&upper) {
        bad(PatternFault::RefusedMethod(refused))
    } else if let Some(method) = method::registered(&upper) {
        bad(PatternFault::LowerCaseMethod(method)).mended(format!("{method} {host}{path}"))
    } else {
        bad(PatternFault::UnknownMethod(written.to_owned())).mended(format!("{host}{path}"))
    })
}

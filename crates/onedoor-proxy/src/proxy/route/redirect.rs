//! Where a redirect goes: `redirect = "/new"` or `redirect = "https://example.com"`.
//!
//! From a mount, the rest of the path is kept; the target of any other pattern is the whole path, and may name
//! captures. The query is kept unless the target has one of its own. Never leaves the host it was told to go to:
//! a Location of ours does not begin with two slashes (RFC 3986 4.2 would read a host in it).

use super::error::{RewriteError, RewriteFault};
use super::pattern::Pattern;
use super::rewrite::Change;
use super::table::Matched;

#[derive(Clone, Debug)]
pub struct Redirect {
    pub status: u16,
    /// `https://example.com`; empty: the host that was asked.
    origin: Box<str>,
    path: Change,
    /// The target's own, with its `?`.
    query: Option<Box<str>>,
    /// With its `#`.
    fragment: Box<str>,
}

impl Redirect {
    pub fn new(pattern: &Pattern, status: u16, target: &str) -> Result<Self, RewriteError> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(RewriteError { range: 0..0, fault: RewriteFault::Status(status), fix: None });
        }
        let path_at = origin_end(target)?;
        let (origin, after) = target.split_at(path_at);
        let (before_fragment, fragment) = after.split_at(after.find('#').unwrap_or(after.len()));
        let (path, query) =
            before_fragment.split_at(before_fragment.find('?').unwrap_or(before_fragment.len()));
        check_tail(query, path_at + path.len())?;
        check_tail(fragment, path_at + before_fragment.len())?;
        Ok(Self {
            status,
            origin: origin.into(),
            path: Change::to(pattern, path, path_at)?,
            query: (!query.is_empty()).then(|| query.into()),
            fragment: fragment.into(),
        })
    }

    /// Appends what Location says.
    pub fn location(&self, matched: &Matched<'_>, forward: &[u8], query: Option<&[u8]>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.origin.as_bytes());
        let path_at = out.len();
        self.path.apply(matched.pattern, forward, out);
        if out.len() == path_at {
            out.push(b'/');
        }
        if self.origin.is_empty() {
            let slashes = out[path_at..].iter().take_while(|byte| **byte == b'/').count();
            out.drain(path_at..path_at + slashes.saturating_sub(1));
        }
        match (&self.query, query) {
            (Some(own), _) => out.extend_from_slice(own.as_bytes()),
            (None, Some(query)) => {
                out.push(b'?');
                out.extend_from_slice(query);
            }
            (None, None) => {}
        }
        out.extend_from_slice(self.fragment.as_bytes());
    }
}

/// Where the path begins: at 0, or behind `https://host:port`.
fn origin_end(target: &str) -> Result<usize, RewriteError> {
    let bad =
        |fix: Option<String>| Err(RewriteError { range: 0..target.len(), fault: RewriteFault::Target, fix });
    if let Some(host) = target.strip_prefix("//") {
        return bad((!host.is_empty()).then(|| format!("https:{target}")));
    }
    if target.starts_with('/') {
        return Ok(0);
    }
    let Some(authority_at) = ["https://", "http://"].into_iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    }) else {
        let is_host = target.split('/').next().is_some_and(|host| host.contains('.'));
        let is_plain = !target.is_empty() && !target.contains(':');
        return bad(is_plain.then(|| format!("{}{target}", if is_host { "https://" } else { "/" })));
    };
    let end = target[authority_at..].find(['/', '?', '#']).map_or(target.len(), |at| authority_at + at);
    let authority = &target[authority_at..end];
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if authority.is_empty() || authority.starts_with(':') || !authority.bytes().all(in_host) {
        return bad(None);
    }
    Ok(end)
}

/// A query or fragment goes into a header as it is.
fn check_tail(tail: &str, offset: usize) -> Result<(), RewriteError> {
    match tail.bytes().position(|byte| !byte.is_ascii_graphic()) {
        None => Ok(()),
        Some(at) => {
            let end = (at + 1..=tail.len()).find(|end| tail.is_char_boundary(*end)).unwrap_or(tail.len());
            let range = at + offset..end + offset;
            Err(RewriteError { range, fault: RewriteFault::BadCharacter, fix: None })
        }
    }
}

//! The request target and its four forms (RFC 9112 3.2; HTTP.md rules 15–18).

use crate::bytes::is_target;
use crate::error::HeadError;
use crate::head::Method;
use crate::host::HostPort;
use crate::span::Span;

/// What a request asks for. Paths and queries stand as the client wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Origin {
        path: Span,
        /// Without its `?`; empty and absent are not the same.
        query: Option<Span>,
    },
    /// `http://host/path`. CONNECT's `host:port` is this, too, with neither scheme nor path.
    Absolute { scheme: Span, authority: Span, path: Span, query: Option<Span> },
    /// `OPTIONS *`, or `OPTIONS http://host`, which means the same (RFC 9112 3.2.4).
    Asterisk,
}

impl Default for Target {
    fn default() -> Self {
        Self::Origin { path: Span::default(), query: None }
    }
}

/// A target with the authority that it brings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) target: Target,
    pub(crate) authority: Option<Authority>,
}

/// An authority within a target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Authority {
    pub(crate) span: Span,
    pub(crate) default_port: u16,
}

/// Splits the target `text`, which stands at `start` in the head.
pub(crate) fn split(method: Method, text: &[u8], start: usize) -> Result<Split, HeadError> {
    if text.is_empty() || !is_target(text) {
        return Err(HeadError::BadTarget);
    }
    match (method, text) {
        (Method::Connect, _) => connect(text, start),
        (_, [b'/', ..]) => {
            let (path, query) = path_and_query(text, start);
            Ok(Split { target: Target::Origin { path, query }, authority: None })
        }
        (Method::Options, b"*") => Ok(Split { target: Target::Asterisk, authority: None }),
        _ => absolute(method, text, start),
    }
}

fn path_and_query(text: &[u8], start: usize) -> (Span, Option<Span>) {
    let end = start + text.len();
    match memchr::memchr(b'?', text) {
        Some(mark) => (Span::new(start, start + mark), Some(Span::new(start + mark + 1, end))),
        None => (Span::new(start, end), None),
    }
}

/// RFC 9112 3.2.3: CONNECT names a host and a port, nothing else.
fn connect(text: &[u8], start: usize) -> Result<Split, HeadError> {
    if !HostPort::of(text).is_some_and(|place| place.has_port()) {
        return Err(HeadError::TargetForm);
    }
    let (authority, nothing) = (Span::new(start, start + text.len()), Span::default());
    let target = Target::Absolute { scheme: nothing, authority, path: nothing, query: None };
    // CONNECT has no default port; both must name one.
    Ok(Split { target, authority: Some(Authority { span: authority, default_port: 0 }) })
}

fn absolute(method: Method, text: &[u8], start: usize) -> Result<Split, HeadError> {
    let Some(colon) = memchr::memmem::find(text, b"://") else { return Err(HeadError::TargetForm) };
    let (scheme, rest) = text.split_at_checked(colon).unwrap_or_default();
    let default_port = match scheme {
        _ if scheme.eq_ignore_ascii_case(b"http") => 80,
        _ if scheme.eq_ignore_ascii_case(b"https") => 443,
        _ => return Err(HeadError::BadScheme),
    };
    let rest = rest.strip_prefix(b"://").unwrap_or_default();
    let after_scheme = colon + 3;
    let length = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(length).unwrap_or_default();
    if authority.contains(&b'@') {
        // RFC 9110 4.2.4: a recipient should treat userinfo as an error.
        return Err(HeadError::UserInfo);
    }
    if HostPort::of(authority).is_none() {
        return Err(HeadError::BadHost);
    }
    let authority = Span::new(start + after_scheme, start + after_scheme + length);
    let named = Some(Authority { span: authority, default_port });
    if method == Method::Options && tail.is_empty() {
        return Ok(Split { target: Target::Asterisk, authority: named });
    }
    let (path, query) = path_and_query(tail, start + after_scheme + length);
    let scheme = Span::new(start, start + colon);
    Ok(Split { target: Target::Absolute { scheme, authority, path, query }, authority: named })
}

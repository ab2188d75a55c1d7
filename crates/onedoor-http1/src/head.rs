//! The words that heads of requests and responses share.

use crate::span::Span;

/// How far a head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// More bytes are needed: read on, and call again with all of them.
    Partial,
    Complete {
        /// The head's length with its empty line; the body begins there.
        head_bytes: usize,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    Http10,
    #[default]
    Http11,
}

/// RFC 9110 9.3 and RFC 5789. Methods are case-sensitive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Trace,
    Connect,
    Patch,
    Other(Span),
}

impl Method {
    pub(crate) fn of(name: &[u8], span: Span) -> Self {
        match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            b"PATCH" => Self::Patch,
            _ => Self::Other(span),
        }
    }

    /// RFC 9110 9.2.1. What is not known is not safe.
    #[must_use]
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace)
    }

    /// RFC 9110 9.2.2.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        self.is_safe() || matches!(self, Self::Put | Self::Delete)
    }

    /// As it was written in the head `bytes`.
    #[must_use]
    pub fn name(self, bytes: &[u8]) -> &[u8] {
        match self {
            Self::Get => b"GET",
            Self::Head => b"HEAD",
            Self::Post => b"POST",
            Self::Put => b"PUT",
            Self::Delete => b"DELETE",
            Self::Options => b"OPTIONS",
            Self::Trace => b"TRACE",
            Self::Connect => b"CONNECT",
            Self::Patch => b"PATCH",
            Self::Other(span) => span.of(bytes),
        }
    }
}

/// Three digits, the first not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusCode(u16);

impl StatusCode {
    pub(crate) fn of(digits: [u8; 3]) -> Option<Self> {
        let code = digits
            .iter()
            .try_fold(0, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))?;
        (code >= 100).then_some(Self(code))
    }

    #[must_use]
    pub fn as_u16(self) -> u16 {
        self.0
    }

    /// 1xx: another response follows (RFC 9110 15.2).
    #[must_use]
    pub fn is_interim(self) -> bool {
        self.0 < 200
    }

    /// RFC 9112 6.3: no body follows, whatever the head says.
    pub(crate) fn is_bodiless(self) -> bool {
        self.is_interim() || self.0 == 204 || self.0 == 304
    }
}

impl Default for StatusCode {
    fn default() -> Self {
        Self(200)
    }
}

/// What a response answers, as far as its framing depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    Head,
    Other,
}

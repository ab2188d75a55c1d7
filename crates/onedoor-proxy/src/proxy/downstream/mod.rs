//! How clients speak to us: each protocol in a file of its own, all yielding the same `Inbound`.

pub(super) mod desk;
pub(super) mod http1;
#[cfg(test)]
pub(super) mod memory;
mod patience;
pub(super) mod reply;
pub(super) mod request_body;

/// How long the answer's body is, which decides how it is framed downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum ReplyLength {
    /// No body follows, whatever the head declares (HEAD, 204, 304; RFC 9112 6.3).
    NoBody {
        declared: Option<u64>,
    },
    Exact(u64),
    /// Chunked for HTTP/1.1, until close for HTTP/1.0.
    Unknown,
}

//! One request as the exchange sees it, whatever protocol carried it: a head, a body to draw from, a sink for the
//! answer. The exchange never touches a downstream socket.

use std::io;
use std::net::SocketAddr;

use onedoor_http1::{Field, RequestHead, Span};

use super::downstream::ReplyLength;
#[cfg(test)]
use super::downstream::memory;
use super::downstream::reply::Reply;
use super::downstream::request_body::RequestBody;
use super::refusal::Refusal;
use super::relay::splice::{Splice, Step};
use super::stream::Plain;

/// The request's head: the bytes it came in and where things are in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'x> {
    pub(super) bytes: &'x [u8],
    pub(super) parsed: &'x RequestHead,
}

impl<'x> Head<'x> {
    pub(super) fn text(&self, span: Span) -> &'x [u8] {
        span.of(self.bytes)
    }

    pub(super) fn method(&self) -> &'x [u8] {
        self.parsed.method().name(self.bytes)
    }
}

/// How and whence the connection came; the same for all its requests.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// None: over a Unix socket.
    pub(super) peer: Option<SocketAddr>,
    pub(super) scheme: Scheme,
    /// The port that the client connected to; 0 over a Unix socket.
    pub(super) port: u16,
    pub(super) speaker: Speaker,
}

/// Whose words come over the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The peer's own.
    Peer,
    /// The peer is a load balancer that passes on bytes and does not say whose: nothing in them is believed, though
    /// the balancer itself would be.
    Somebody,
    /// The peer's own, by the side door of the app it speaks to; `Arrival::port` says which.
    Sibling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What this request's protocol allows beyond plain messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrades {
    /// HTTP/1.1: the connection can become a tunnel.
    Tunnel,
    Impossible,
}

#[derive(Debug)]
pub(super) struct Inbound<'x> {
    pub(super) head: Head<'x>,
    pub(super) body: BodySource<'x>,
    pub(super) reply: ReplySink<'x>,
    pub(super) arrival: &'x Arrival,
    pub(super) upgrades: Upgrades,
}

/// Where the request's body comes from.
#[derive(Debug)]
pub(super) enum BodySource<'x> {
    Http1(RequestBody<'x>),
    #[cfg(test)]
    Memory(memory::Body),
}

impl BodySource<'_> {
    /// The next piece of payload; `None` at the end. Never an empty piece.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, Refusal> {
        match self {
            Self::Http1(body) => body.next().await,
            #[cfg(test)]
            Self::Memory(body) => Ok(body.next()),
        }
    }

    /// How much of the body may come by another road than `next`.
    pub(super) fn left_to_splice(&mut self) -> u64 {
        match self {
            Self::Http1(body) => body.left_to_splice(),
            #[cfg(test)]
            Self::Memory(_) => 0,
        }
    }

    /// Draws the next bytes into a pipe instead.
    pub(super) async fn splice(&mut self, splice: &mut Splice<'_>) -> Result<Step, Refusal> {
        match self {
            Self::Http1(body) => body.splice(splice).await,
            #[cfg(test)]
            Self::Memory(_) => Ok(Step::Unsupported),
        }
    }

    /// The whole body of a length known to be small, kept so that it can be sent again.
    pub(super) async fn whole(&mut self) -> Result<&[u8], Refusal> {
        match self {
            Self::Http1(body) => body.whole().await,
            #[cfg(test)]
            Self::Memory(body) => Ok(body.whole()),
        }
    }

    /// What `whole` read; nothing if the body is streamed.
    pub(super) fn kept(&self) -> &[u8] {
        match self {
            Self::Http1(body) => body.kept(),
            #[cfg(test)]
            Self::Memory(body) => body.kept(),
        }
    }

    /// The answer has begun; see [`RequestBody::is_conversation`].
    pub(super) fn is_conversation(&mut self) {
        match self {
            Self::Http1(body) => body.is_conversation(),
            #[cfg(test)]
            Self::Memory(_) => {}
        }
    }

    /// Waits until the client has left; see [`RequestBody::gone`].
    pub(super) async fn gone(&mut self) {
        match self {
            Self::Http1(body) => body.gone().await,
            #[cfg(test)]
            Self::Memory(_) => std::future::pending().await,
        }
    }

    /// Validated trailer lines, once `next` has said `None`.
    pub(super) fn trailers(&self) -> &[u8] {
        match self {
            Self::Http1(body) => body.trailers(),
            #[cfg(test)]
            Self::Memory(_) => &[],
        }
    }

    /// Payload bytes received so far.
    pub(super) fn received(&self) -> u64 {
        match self {
            Self::Http1(body) => body.received(),
            #[cfg(test)]
            Self::Memory(body) => body.received(),
        }
    }
}

/// Where the answer goes. Staged first, then committed by `start`; there is no way back from that.
#[derive(Debug)]
pub(super) enum ReplySink<'x> {
    Http1(Reply<'x>),
    #[cfg(test)]
    Memory(memory::Answer),
}

impl ReplySink<'_> {
    /// Begins a head; whatever was staged before is forgotten.
    pub(super) fn stage(&mut self, status: u16, reason: &[u8]) {
        match self {
            Self::Http1(reply) => reply.stage(status, reason),
            #[cfg(test)]
            Self::Memory(answer) => answer.stage(status),
        }
    }

    /// Adds a field. Framing and connection fields are the sink's own business.
    pub(super) fn field(&mut self, name: &[u8], value: &[u8]) {
        match self {
            Self::Http1(reply) => reply.field(name, value),
            #[cfg(test)]
            Self::Memory(answer) => answer.field(name, value),
        }
    }

    /// Adds a field of the upstream's answer as it is.
    pub(super) fn copied(&mut self, bytes: &[u8], field: &Field) {
        match self {
            Self::Http1(reply) => reply.copied(bytes, field),
            #[cfg(test)]
            Self::Memory(answer) => answer.field(field.name.of(bytes), field.value.of(bytes)),
        }
    }

    /// Sends the staged head as an interim response (1xx); dropped where the client cannot take one.
    pub(super) async fn interim(&mut self) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.interim().await,
            #[cfg(test)]
            Self::Memory(_) => Ok(()),
        }
    }

    /// Sends the staged 101; after it the connection is a tunnel's.
    pub(super) async fn switch_protocols(&mut self) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.switch_protocols().await,
            #[cfg(test)]
            Self::Memory(_) => Err(io::Error::other("an answer in memory cannot become a tunnel")),
        }
    }

    /// Commits: sends the staged head and the first bytes of the body.
    pub(super) async fn start(&mut self, length: ReplyLength, first: &[u8]) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.start(length, first).await,
            #[cfg(test)]
            Self::Memory(answer) => answer.start(length, first),
        }
    }

    /// Sends more of the body; must not be called with nothing.
    pub(super) async fn piece(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.piece(data).await,
            #[cfg(test)]
            Self::Memory(answer) => answer.piece(data),
        }
    }

    /// Waits until the client may take more, holding no buffer.
    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.writable().await,
            #[cfg(test)]
            Self::Memory(_) => Ok(()),
        }
    }

    /// Sends as much of `data` as the client takes at once, of a body of declared length; returns how much that was.
    pub(super) async fn some_of(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Http1(reply) => reply.some_of(data).await,
            #[cfg(test)]
            Self::Memory(answer) => answer.piece(data).map(|()| data.len()),
        }
    }

    /// The client's socket, if the body may go there by another road than `piece`.
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        match self {
            Self::Http1(reply) => reply.plain(),
            #[cfg(test)]
            Self::Memory(_) => None,
        }
    }

    /// So many bytes of the body went by that road.
    pub(super) fn went(&mut self, sent: u64) {
        match self {
            Self::Http1(reply) => reply.went(sent),
            #[cfg(test)]
            Self::Memory(_) => {}
        }
    }

    /// Ends the body, with trailers where the framing has room for them.
    pub(super) async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        match self {
            Self::Http1(reply) => reply.end(trailers).await,
            #[cfg(test)]
            Self::Memory(answer) => answer.end(),
        }
    }

    /// After this answer the connection is closed (and the head, if not sent yet, says so).
    pub(super) fn close_after(&mut self) {
        match self {
            Self::Http1(reply) => reply.close_after(),
            #[cfg(test)]
            Self::Memory(_) => {}
        }
    }

    /// Whether a head has gone out: from there on nothing can be refused.
    pub(super) fn is_committed(&self) -> bool {
        match self {
            Self::Http1(reply) => reply.is_committed(),
            #[cfg(test)]
            Self::Memory(answer) => answer.is_committed(),
        }
    }

    /// Body bytes sent so far.
    pub(super) fn sent(&self) -> u64 {
        match self {
            Self::Http1(reply) => reply.sent(),
            #[cfg(test)]
            Self::Memory(answer) => answer.sent(),
        }
    }
}

//! HTTP/1.1 with a client: from a connection to its requests, one after the other (RFC 9112 9).
//!
//! ```text
//!   parked ──readable──▶ head ──complete──▶ exchange ──▶ next head, if its bytes are here already
//!     ▲  no buffer         │ bad                │             │
//!     │                    ▼                    ▼             │
//!     └─── no byte ◀──  refuse ─▶ linger ◀── close            │
//!     └───────────────────────────────────────────────────────┘
//! ```
//!
//! A parked connection is a socket, a peer and a deadline. It leases a desk, buffers and all, when it becomes readable.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use onedoor_http1::{Method, Parsed, Persistence, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::coop::unconstrained;

use crate::proxy::access_log::Record;
use crate::proxy::answer;
use crate::proxy::deadline::Deadline;
use crate::proxy::doorstep::Place;
use crate::proxy::exchange;
use crate::proxy::inbound::{Arrival, BodySource, Head, Inbound, ReplySink, Upgrades};
use crate::proxy::refusal::Refusal;
use crate::proxy::relay::splice::FirstRead;
use crate::proxy::stream::Stream;
use crate::proxy::worker::Worker;
use crate::proxy::workspace::Workspace;

use super::reply::{Leftover, Reply};
use super::request_body::{Pace, RequestBody};

/// Room for a head: most fit, with their cookies.
const HEAD_ROOM: usize = 8 * 1024;

/// How long a client may go on sending after an early answer before its connection is dropped (HTTP.md rule 43).
const LINGER: Duration = Duration::from_secs(2);

/// A client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    arrival: Arrival,
    deadline: Deadline,
    first_read: FirstRead,
}

/// What becomes of a connection that has no request in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Park,
    Close,
}

/// Serves a client until either side ends the connection.
///
/// An `async` block, not an `async fn`: that would keep each argument twice (rust-lang/rust#62958), in every parked
/// connection.
pub(in crate::proxy) fn serve(
    mut place: Place,
    stream: Stream,
    arrival: Arrival,
) -> impl Future<Output = ()> {
    let mut connection =
        Connection { stream, arrival, deadline: place.worker().deadline(), first_read: FirstRead::Roomy };
    async move {
        while connection.knocked(place.worker()).await {
            place.keep_up();
            match place.worker().desks().seat(place.worker(), connection).served().await {
                Some(parked) => connection = parked,
                None => return,
            }
        }
    }
}

impl Connection {
    /// Waits, parked, for the next request; false if there will be none. Nobody is there then to be told.
    fn knocked(&self, worker: &Worker) -> impl Future<Output = bool> {
        self.deadline.arm(worker.config().timeouts.idle);
        poll_fn(|cx| match self.stream.poll_readable(cx) {
            Poll::Ready(readable) => Poll::Ready(readable.is_ok()),
            Poll::Pending => self.deadline.poll_elapsed(cx).map(|_| false),
        })
    }
}

/// Serves requests as long as their bytes are here.
pub(super) async fn serve_requests(
    worker: &Worker,
    connection: &mut Connection,
    space: &mut Workspace,
) -> Then {
    loop {
        // One that always has another request here would never be parked.
        if worker.is_outdated() && space.inbound.is_empty() {
            return Then::Park;
        }
        let head_bytes = match read_head(worker, connection, space).await {
            HeadEnd::Complete { head_bytes } => head_bytes,
            HeadEnd::Silence => return Then::Park,
            HeadEnd::Gone => return Then::Close,
            HeadEnd::Bad(refusal) => {
                let _busy = worker.exchange_begins();
                refuse_head(worker, connection, space, &refusal).await;
                linger(connection).await;
                return Then::Close;
            }
        };
        let _busy = worker.exchange_begins();
        match serve_one(worker, connection, space, head_bytes).await {
            End::Next => {}
            End::Close => return Then::Close,
            End::Linger => {
                linger(connection).await;
                return Then::Close;
            }
            End::Reset => {
                reset(&connection.stream);
                return Then::Close;
            }
        }
    }
}

enum HeadEnd {
    Complete {
        head_bytes: usize,
    },
    /// Not one byte: the connection may be parked.
    Silence,
    Gone,
    Bad(Refusal),
}

async fn read_head(worker: &Worker, connection: &mut Connection, space: &mut Workspace) -> HeadEnd {
    let (mut reader, _) = connection.stream.split();
    if space.inbound.is_empty() {
        // Outside the task's budget: with none left a read says "pending" although there are bytes, `readable` says
        // that there are, and the connection would go round between the two without ever yielding.
        let mut reader = (&mut reader).take(connection.first_read.most());
        let mut first = pin!(unconstrained(space.inbound.read_from(&mut reader, HEAD_ROOM)));
        match poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx))).await {
            Poll::Pending => return HeadEnd::Silence,
            Poll::Ready(Ok(0) | Err(_)) => return HeadEnd::Gone,
            Poll::Ready(Ok(_)) => {}
        }
    }
    connection.deadline.arm(worker.config().timeouts.header);
    loop {
        match space.head.parse(space.inbound.unread(), &worker.config().limits.head) {
            Ok(Parsed::Complete { head_bytes }) => return HeadEnd::Complete { head_bytes },
            Ok(Parsed::Partial) => {}
            Err(error) => return HeadEnd::Bad(Refusal::BadHead(error)),
        }
        // Twice as much each time, and no more than a head may have.
        let room = HEAD_ROOM.max((space.inbound.len() * 2).min(worker.config().limits.head.bytes_max));
        match connection.deadline.guarding(space.inbound.read_from(&mut reader, room)).await {
            Err(_) => return HeadEnd::Bad(Refusal::HeadTimeout),
            Ok(Ok(0) | Err(_)) => return HeadEnd::Gone,
            Ok(Ok(_)) => {}
        }
    }
}

/// How the connection stands after a request.
enum End {
    Next,
    /// The answer was the last, and the client owes us nothing.
    Close,
    /// The client may still be sending.
    Linger,
    /// An answer without a length was cut: only a reset shows it.
    Reset,
}

async fn serve_one(
    worker: &Worker,
    connection: &mut Connection,
    space: &mut Workspace,
    head_bytes: usize,
) -> End {
    let Workspace { inbound, body, head, reply, scratch, side } = space;
    // What came behind the head goes to the body's buffer: the head must not move while it is in use.
    if inbound.len() > head_bytes {
        body.extend(&inbound.unread()[head_bytes..]);
        inbound.truncate(head_bytes);
    }
    let persistence = if worker.door_is_open() { head.persistence() } else { Persistence::Close };
    let (reader, writer) = connection.stream.split();
    let traffic = &worker.counters().traffic;
    let pace = Pace {
        deadline: &connection.deadline,
        stall_max: worker.config().timeouts.body,
        rate_min: worker.config().limits.body_rate_min,
    };
    let end = {
        let mut request = Inbound {
            head: Head { bytes: inbound.unread(), parsed: head },
            body: BodySource::Http1(RequestBody::new(
                reader,
                body,
                head.framing(),
                head.expectation(),
                pace,
                traffic,
            )),
            reply: ReplySink::Http1(Reply::new(writer, reply, head.version(), persistence, traffic)),
            arrival: &connection.arrival,
            upgrades: if head.version() == Version::Http11 { Upgrades::Tunnel } else { Upgrades::Impossible },
        };
        exchange::run(worker, &mut request, scratch, side).await;
        end_of(request.body, request.reply).await
    };
    // Closing a socket with bytes unread resets it, and the reset may overtake the answer (RFC 9112 9.6). Whoever
    // pipelines, or ends a form with one CRLF too many, has sent more than we shall read.
    let end = match end {
        End::Close if !body.is_empty() || !connection.stream.is_silent() => End::Linger,
        end => end,
    };
    connection.first_read = FirstRead::after(head_bytes, head.framing());
    head.clear();
    inbound.clear();
    // Whatever lies behind the body is the next request's beginning.
    std::mem::swap(inbound, body);
    end
}

async fn end_of(body: BodySource<'_>, reply: ReplySink<'_>) -> End {
    #[cfg_attr(
        not(test),
        expect(irrefutable_let_patterns, reason = "the in-memory kind exists in tests only")
    )]
    let (BodySource::Http1(mut body), ReplySink::Http1(reply)) = (body, reply) else {
        return End::Close;
    };
    match reply.release() {
        Leftover::Connection if body.discard().await.is_ok() => End::Next,
        Leftover::Close if body.is_over() => End::Close,
        Leftover::Connection | Leftover::Close => End::Linger,
        Leftover::Cut => End::Close,
        Leftover::CutUnmarked => End::Reset,
    }
}

/// Answers a head that could not be read as a request.
async fn refuse_head(worker: &Worker, connection: &mut Connection, space: &mut Workspace, refusal: &Refusal) {
    let mut record = Record::new(
        std::time::Instant::now(),
        connection.arrival.peer.map(|peer| peer.ip().to_canonical()),
        connection.arrival.speaker,
    );
    let (_, writer) = connection.stream.split();
    let traffic = &worker.counters().traffic;
    let mut sink =
        ReplySink::Http1(Reply::new(writer, &mut space.reply, Version::Http11, Persistence::Close, traffic));
    let answering = answer::refuse(worker, Method::Get, answer::Form::Sentence, refusal, &mut sink);
    // A client that does not even take its refusal is dropped like one that did.
    drop(connection.deadline.within(LINGER, answering).await);
    record.refused(refusal);
    record.counted(0, sink.sent());
    record.ends_headless(worker);
}

/// Ends our side and reads on for a while: closing with unread bytes would reset the connection, and the client would
/// lose the answer (RFC 9112 9.6).
async fn linger(connection: &mut Connection) {
    let (mut reader, mut writer) = connection.stream.split();
    let discarding = async {
        writer.shutdown().await?;
        let mut sink = [0; 4096];
        while reader.read(&mut sink).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    drop(connection.deadline.within(LINGER, discarding).await);
}

fn reset(stream: &Stream) {
    match stream {
        // A failure leaves an ordinary close, which is the best that is left.
        Stream::Tcp(tcp) => drop(tcp.set_zero_linger()),
        Stream::Unix(_) | Stream::Tls(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future_bytes<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_parked_connection_costs_at_most_152_bytes() {
        // With what the runtime adds, a task then fits into 256 bytes; the next size is 384.
        let bytes = future_bytes(serve);
        assert!(bytes <= 152, "{bytes}");
    }
}

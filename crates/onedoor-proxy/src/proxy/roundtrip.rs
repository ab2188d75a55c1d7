//! One request sent and one response received over one upstream connection, both at the same time.
//!
//! Sending and receiving overlap: an upstream may answer while the client still uploads, ask for the body first
//! (100), or refuse it. Whichever end comes first decides what the other half's bytes are still worth.

mod download;
mod upload;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use onedoor_http1::Persistence;
use tokio::sync::Notify;

use super::access_log::Record;
use super::inbound::{BodySource, Inbound, ReplySink};
use super::policy::affinity::{Affinity, Bond};
use super::policy::repair::Repair;
use super::refusal::Failed;
use super::relay::copy::Tail;
use super::relay::splice::FirstRead;
use super::relay::tunnel;
use super::stream::{ReadHalf, Stream, WriteHalf};
use super::upstream::hold::Released;
use super::upstream::http1::{ExpectField, Sharing};
use super::worker::Worker;
use super::workspace::UpstreamSide;
use download::{Download, Invitation};
use upload::Upload;

/// How a round trip ended.
#[derive(Debug)]
pub(super) enum End {
    Served(Reuse),
    /// Before the commit, and not the client's fault.
    Lost(Loss),
    Failed(Failed),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reuse {
    Possible {
        /// How long the upstream says that it keeps an idle connection.
        at_most: Option<Duration>,
        next_read: FirstRead,
    },
    Impossible,
}

/// A round trip that ended before its commit.
#[derive(Debug)]
pub(super) struct Loss {
    pub(super) why: LossReason,
    pub(super) sent: Sent,
}

#[derive(Debug)]
pub(super) enum LossReason {
    Closed(String),
    Bad(String),
    Silent(Duration),
}

/// How much of the request the upstream may have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    /// All of it is still here and could be sent again.
    Repeatable,
    /// Part of a streamed body is gone.
    Unrepeatable,
}

/// What the two halves tell each other.
#[derive(Debug)]
struct Signals {
    sent: Cell<Sent>,
    /// The upstream (or our patience) asked for the body.
    go: Notify,
    /// The answer has begun.
    answered: Cell<bool>,
    /// The request went out whole, so the connection is in a known state.
    complete: Cell<bool>,
}

/// What is asked of a round trip beyond the bytes of its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'x> {
    pub(super) expect: ExpectField,
    pub(super) repair: Option<Repair<'x>>,
    pub(super) affinity: Option<Affinity<'x>>,
}

/// The upstream connection that a round trip has to itself.
#[derive(Debug)]
pub(super) struct Line<'c> {
    pub(super) stream: &'c mut Stream,
    pub(super) first_read: FirstRead,
    /// Let go when the answer begins.
    pub(super) released: &'c mut Option<Released>,
    /// What the client is to be told about its replica.
    pub(super) bond: Option<Bond<'c>>,
}

/// Runs one round trip and, after a 101, the tunnel.
pub(super) async fn run(
    worker: &Worker,
    line: Line<'_>,
    inbound: &mut Inbound<'_>,
    terms: &Terms<'_>,
    side: &mut UpstreamSide,
    record: &mut Record,
) -> End {
    side.buffer.clear();
    side.response.clear();
    let signals = Signals {
        sent: Cell::new(Sent::Nothing),
        go: Notify::new(),
        answered: Cell::new(false),
        complete: Cell::new(false),
    };
    let (mut reader, mut writer) = line.stream.split();
    let asked = Instant::now();
    side.deadline.arm(worker.config().timeouts.first_byte);
    let upload = Upload {
        head: &side.head,
        framing: inbound.head.parsed.framing(),
        body: &mut inbound.body,
        writer: &mut writer,
        upstream_deadline: &side.deadline,
        timeouts: &worker.config().timeouts,
        pipes: worker.pipes(),
        signals: &signals,
    };
    let download = Download {
        worker,
        head: inbound.head,
        upgrades: inbound.upgrades,
        repair: terms.repair.as_ref(),
        bond: line.bond,
        invitation: if terms.expect == ExpectField::Sent { Invitation::Due } else { Invitation::Done },
        reader: &mut reader,
        buffer: &mut side.buffer,
        response: &mut side.response,
        reply: &mut inbound.reply,
        deadline: &side.deadline,
        released: line.released,
        signals: &signals,
        record: &mut *record,
        asked,
        first_read: line.first_read,
    };
    let end = overlap(upload.run(terms.expect), download.run()).await;
    match end {
        Ok(Received::Response { tail, sharing, next_read }) => {
            let clean = tail == Tail::Framed
                && sharing == Sharing::Free
                && signals.complete.get()
                && side.buffer.is_empty()
                && side.response.persistence() == Persistence::KeepAlive;
            let at_most = side.response.keep_alive_timeout();
            End::Served(if clean { Reuse::Possible { at_most, next_read } } else { Reuse::Impossible })
        }
        Ok(Received::Switched) => {
            tunnel_through(worker, inbound, reader, writer, side, record).await;
            End::Served(Reuse::Impossible)
        }
        Err(Halt::Failed(failed)) => End::Failed(failed),
        Err(Halt::Lost(why)) => End::Lost(Loss { why, sent: signals.sent.get() }),
    }
}

/// What a download came to.
enum Received {
    Response { tail: Tail, sharing: Sharing, next_read: FirstRead },
    Switched,
}

/// Why a round trip stopped.
enum Halt {
    /// Before the commit, by the upstream.
    Lost(LossReason),
    Failed(Failed),
}

impl<F: Into<Failed>> From<F> for Halt {
    fn from(failed: F) -> Self {
        Self::Failed(failed.into())
    }
}

/// Drives both halves until the download ends. An upload that fails on the client's side ends both; one that fails
/// on the upstream's side does not: its answer may already be on the way.
async fn overlap(
    upload: impl Future<Output = Result<(), Failed>>,
    download: impl Future<Output = Result<Received, Halt>>,
) -> Result<Received, Halt> {
    let (mut upload, mut download) = (pin!(upload), pin!(download));
    let mut uploading = true;
    poll_fn(|cx| {
        if uploading && let Poll::Ready(end) = upload.as_mut().poll(cx) {
            uploading = false;
            if let Err(failed) = end {
                return Poll::Ready(Err(Halt::Failed(failed)));
            }
        }
        download.as_mut().poll(cx)
    })
    .await
}

async fn tunnel_through<'u>(
    worker: &Worker,
    inbound: &mut Inbound<'_>,
    mut reader: ReadHalf<'u>,
    mut writer: WriteHalf<'u>,
    side: &mut UpstreamSide,
    record: &mut Record,
) {
    #[cfg_attr(
        not(test),
        expect(irrefutable_let_patterns, reason = "the in-memory kind exists in tests only")
    )]
    let (BodySource::Http1(body), ReplySink::Http1(reply)) = (&mut inbound.body, &mut inbound.reply) else {
        return;
    };
    let (client_reader, client_buffer) = body.parts();
    let client = tunnel::Side { reader: client_reader, writer: reply.writer(), buffer: client_buffer };
    let upstream = tunnel::Side { reader: &mut reader, writer: &mut writer, buffer: &mut side.buffer };
    let _open = worker.tunnel_opened();
    let terms = tunnel::Terms {
        deadline: &side.deadline,
        idle_max: worker.config().timeouts.tunnel,
        blocks: worker.blocks(),
        traffic: &worker.counters().traffic,
    };
    record.tunnel_stands();
    record.tunnelled(tunnel::run(client, upstream, terms).await);
}

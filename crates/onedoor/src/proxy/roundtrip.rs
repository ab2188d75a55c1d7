//! One request sent and one response received over one upstream connection, both at the same time.
//!
//! Sending and receiving overlap: an upstream may answer while the client still uploads, ask for the body first
//! (100), or refuse it. Whichever end comes first decides what the other half's bytes are still worth.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use onedoor_http1::{BodyFraming, Persistence, RequestKind, ResponseHead, emit};
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use super::access_log::Record;
use super::attempt::{AttemptEnd, Connection, Loss, LossReason, Reuse, Sent, UpstreamSide};
use super::buffer::Buffer;
use super::config::Timeouts;
use super::deadline::Deadline;
use super::exchange::{Failed, client_left};
use super::inbound::{BodySource, Head, Inbound, ReplySink, Upgrades};
use super::policy::hop_by_hop::{Dated, copy_response_fields};
use super::policy::repair::Repair;
use super::refusal::{Aborted, Culprit, Refusal};
use super::relay::copy::{Copy, Tail, to_client};
use super::relay::tunnel;
use super::stream::{ReadHalf, WriteHalf, write_both};
use super::upstream::hold::Released;
use super::upstream::http1::{ExpectField, HeadFailure, Sharing, kind_of, read_response_head, sharing};
use super::worker::Worker;

/// A response of up to this length is committed when it is complete …
const GATHER_MAX: u64 = 16 * 1024;

/// … or this long after its head, whichever comes first.
const GATHER_FOR: Duration = Duration::from_millis(50);

/// Interim responses passed on before one final response (HTTP.md rule 28).
const INTERIM_MAX: u32 = 16;

/// How long a client that waits for 100 is kept waiting for the upstream to say it (RFC 9110 10.1.1).
const CONTINUE_AFTER: Duration = Duration::from_secs(1);

/// What the two halves tell each other.
#[derive(Debug)]
struct Signals {
    sent: Cell<Sent>,
    /// The upstream (or our patience) asked for the body.
    go: Notify,
    /// The request went out whole, so the connection is in a known state.
    complete: Cell<bool>,
}

/// What is asked of a round trip beyond the bytes of its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'x> {
    pub(super) expect: ExpectField,
    pub(super) repair: Option<Repair<'x>>,
}

/// Runs one round trip and, after a 101, the tunnel.
pub(super) async fn run(
    worker: &Worker,
    connection: &mut Connection,
    inbound: &mut Inbound<'_>,
    terms: &Terms<'_>,
    side: &mut UpstreamSide,
    record: &mut Record,
) -> AttemptEnd {
    side.buffer.clear();
    side.response.clear();
    let signals = Signals { sent: Cell::new(Sent::Nothing), go: Notify::new(), complete: Cell::new(false) };
    let (mut reader, mut writer) = connection.stream.split();
    let asked = Instant::now();
    side.deadline.arm(worker.config().timeouts.first_byte);
    let upload = Upload {
        head: &side.head,
        framing: inbound.head.parsed.framing(),
        body: &mut inbound.body,
        writer: &mut writer,
        upstream_deadline: &side.deadline,
        timeouts: &worker.config().timeouts,
        signals: &signals,
    };
    let download = Download {
        worker,
        head: inbound.head,
        upgrades: inbound.upgrades,
        repair: terms.repair.as_ref(),
        invitation: if terms.expect == ExpectField::Sent { Invitation::Due } else { Invitation::Done },
        reader: &mut reader,
        buffer: &mut side.buffer,
        response: &mut side.response,
        reply: &mut inbound.reply,
        deadline: &side.deadline,
        released: &mut connection.released,
        signals: &signals,
        record: &mut *record,
        asked,
    };
    let end = overlap(upload.run(terms.expect), download.run()).await;
    match end {
        Ok(Received::Response { tail, sharing }) => {
            let clean = tail == Tail::Framed
                && sharing == Sharing::Free
                && signals.complete.get()
                && side.buffer.is_empty()
                && side.response.persistence() == Persistence::KeepAlive;
            let at_most = side.response.keep_alive_timeout();
            AttemptEnd::Served(if clean { Reuse::Possible { at_most } } else { Reuse::Impossible })
        }
        Ok(Received::Switched) => {
            tunnel_through(worker, inbound, reader, writer, side, record).await;
            AttemptEnd::Served(Reuse::Impossible)
        }
        Err(Halt::Failed(failed)) => AttemptEnd::Failed(failed),
        Err(Halt::Lost(why)) => AttemptEnd::Lost(Loss { why, sent: signals.sent.get() }),
    }
}

/// What a download came to.
enum Received {
    Response { tail: Tail, sharing: Sharing },
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

/// The request on its way to the upstream.
struct Upload<'u, 'r, 'x> {
    head: &'u [u8],
    framing: BodyFraming,
    body: &'u mut BodySource<'x>,
    writer: &'u mut WriteHalf<'r>,
    upstream_deadline: &'u Deadline,
    timeouts: &'u Timeouts,
    signals: &'u Signals,
}

impl Upload<'_, '_, '_> {
    /// Sends the request, then watches for a client that leaves. Fails only on the client's side; an upstream that
    /// stops reading is the download's affair.
    async fn run(mut self, expect: ExpectField) -> Result<(), Failed> {
        self.send(expect).await?;
        if self.signals.complete.get() {
            self.body.gone().await;
            return Err(client_left().into());
        }
        Ok(())
    }

    async fn send(&mut self, expect: ExpectField) -> Result<(), Refusal> {
        let kept = match self.framing {
            BodyFraming::None | BodyFraming::Length(_) | BodyFraming::UntilClose => self.body.kept(),
            BodyFraming::Chunked => &[],
        };
        if send_head(self.head, kept, self.writer, self.signals).await.is_err() {
            return Ok(());
        }
        let kept_all = match self.framing {
            BodyFraming::None | BodyFraming::UntilClose => true,
            BodyFraming::Length(length) => length == kept.len() as u64,
            BodyFraming::Chunked => false,
        };
        if kept_all {
            self.signals.complete.set(true);
            return Ok(());
        }
        if expect == ExpectField::Sent {
            self.signals.go.notified().await;
        }
        self.stream().await
    }

    async fn stream(&mut self) -> Result<(), Refusal> {
        let mut size_line = Vec::new();
        let chunked = self.framing == BodyFraming::Chunked;
        while let Some(piece) = self.body.next().await? {
            self.signals.sent.set(Sent::Unrepeatable);
            size_line.clear();
            if chunked {
                emit::chunk_size(&mut size_line, piece.len());
            }
            let mut sent = write_both(self.writer, &size_line, piece).await;
            if chunked && sent.is_ok() {
                sent = self.writer.write_all(b"\r\n").await;
            }
            if sent.is_err() {
                return Ok(());
            }
            // The upstream is not silent while it is still being told.
            self.upstream_deadline.arm(self.timeouts.first_byte);
        }
        if chunked {
            size_line.clear();
            emit::last_chunk(&mut size_line, self.body.trailers());
            if self.writer.write_all(&size_line).await.is_err() {
                return Ok(());
            }
        }
        if self.writer.flush().await.is_ok() {
            self.signals.complete.set(true);
        }
        Ok(())
    }
}

async fn send_head(
    head: &[u8],
    body: &[u8],
    writer: &mut WriteHalf<'_>,
    signals: &Signals,
) -> io::Result<()> {
    // The first write decides whether the upstream can have seen anything at all.
    let written = writer.write_vectored(&[io::IoSlice::new(head), io::IoSlice::new(body)]).await?;
    signals.sent.set(Sent::Repeatable);
    let of_head = written.min(head.len());
    write_both(writer, &head[of_head..], &body[written - of_head..]).await
}

/// The response on its way to the client.
struct Download<'d, 'r, 'x> {
    worker: &'d Worker,
    head: Head<'x>,
    repair: Option<&'d Repair<'d>>,
    upgrades: Upgrades,
    reader: &'d mut ReadHalf<'r>,
    buffer: &'d mut Buffer,
    response: &'d mut ResponseHead,
    reply: &'d mut ReplySink<'x>,
    deadline: &'d Deadline,
    released: &'d mut Option<Released>,
    signals: &'d Signals,
    record: &'d mut Record,
    asked: Instant,
    invitation: Invitation,
}

/// Whether the client was told to send its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invitation {
    /// It waits for a 100.
    Due,
    /// It did not ask, or has had its 100: one more would only puzzle it.
    Done,
}

impl Download<'_, '_, '_> {
    async fn run(mut self) -> Result<Received, Halt> {
        let head_bytes = match self.final_head().await? {
            FinalHead::Switching => return Ok(Received::Switched),
            FinalHead::Response { head_bytes } => head_bytes,
        };
        // The app has answered: the next held request may go.
        drop(self.released.take());
        self.record.answered(self.response.status().as_u16(), self.asked.elapsed());
        let framing = self.response.framing();
        if let BodyFraming::Length(length @ 1..=GATHER_MAX) = framing {
            self.gather(head_bytes as u64 + length).await?;
        }
        if !self.signals.complete.get() {
            // The upstream did not wait for the whole request. Whether the client will ever send its rest is open,
            // so nothing can follow on its connection (RFC 9112 9.3).
            self.reply.close_after();
        }
        let sharing = sharing(self.head, self.buffer.unread(), self.response);
        if !self.worker.door_is_open() {
            // The drain may have begun while the upstream was thinking.
            self.reply.close_after();
        }
        let declared = self.stage();
        self.buffer.consume(head_bytes);
        let copy = Copy {
            reader: self.reader,
            buffer: self.buffer,
            reply: self.reply,
            deadline: self.deadline,
            timeouts: &self.worker.config().timeouts,
        };
        match copy.run(framing, declared).await {
            Ok(tail) => Ok(Received::Response { tail, sharing }),
            Err(Aborted { by: Culprit::Upstream, why }) if !self.reply.is_committed() => {
                Err(Halt::Lost(LossReason::Bad(why.into_owned())))
            }
            Err(aborted) => Err(aborted.into()),
        }
    }

    /// Reads heads until one is not interim.
    async fn final_head(&mut self) -> Result<FinalHead, Halt> {
        for _ in 0..=INTERIM_MAX {
            let head_bytes = self.next_head().await?;
            let status = self.response.status().as_u16();
            if status == 101 {
                self.switch(head_bytes).await?;
                return Ok(FinalHead::Switching);
            }
            if !self.response.status().is_interim() {
                return Ok(FinalHead::Response { head_bytes });
            }
            if status == 100 {
                self.signals.go.notify_one();
            }
            let wanted = status != 100 || self.invitation == Invitation::Due;
            if status == 100 {
                self.invitation = Invitation::Done;
            }
            if wanted {
                self.reply.stage(status, self.response.reason().of(self.buffer.unread()));
                copy_response_fields(self.buffer.unread(), self.response.fields(), None, self.reply);
                let stall_max = self.worker.config().timeouts.body;
                to_client(self.deadline, stall_max, self.reply.interim()).await?;
            }
            self.buffer.consume(head_bytes);
            self.response.clear();
            self.deadline.arm(self.worker.config().timeouts.first_byte);
        }
        Err(Halt::Lost(LossReason::Bad(format!("more than {INTERIM_MAX} interim responses"))))
    }

    async fn next_head(&mut self) -> Result<usize, Halt> {
        let limits = self.worker.config().limits.head;
        let asked: RequestKind = kind_of(self.head.parsed.method());
        let reading =
            read_response_head(self.reader, self.buffer, self.response, &limits, asked, self.deadline);
        let read = if self.invitation == Invitation::Due {
            let mut reading = pin!(reading);
            match tokio::time::timeout(CONTINUE_AFTER, reading.as_mut()).await {
                Ok(read) => read,
                Err(_) => {
                    self.invitation = Invitation::Done;
                    self.reply.stage(100, b"Continue");
                    let stall_max = self.worker.config().timeouts.body;
                    to_client(self.deadline, stall_max, self.reply.interim()).await?;
                    self.signals.go.notify_one();
                    self.deadline.arm(self.worker.config().timeouts.first_byte);
                    reading.await
                }
            }
        } else {
            reading.await
        };
        read.map_err(|failure| {
            Halt::Lost(match failure {
                HeadFailure::Closed(why) => LossReason::Closed(why),
                HeadFailure::Bad(error) => LossReason::Bad(error.to_string()),
                HeadFailure::Silent => LossReason::Silent(self.worker.config().timeouts.first_byte),
            })
        })
    }

    /// Waits for a small body to be complete, so that a death in its middle can still be repeated and the answer
    /// leaves in one write.
    async fn gather(&mut self, complete: u64) -> Result<(), Halt> {
        let complete = usize::try_from(complete).unwrap_or(usize::MAX);
        if self.buffer.len() >= complete {
            return Ok(());
        }
        let until = tokio::time::Instant::now() + GATHER_FOR;
        while self.buffer.len() < complete {
            match tokio::time::timeout_at(until, self.buffer.read_from(self.reader, complete)).await {
                Err(_) => return Ok(()),
                Ok(Ok(0)) => {
                    return Err(Halt::Lost(LossReason::Closed("end of stream inside a small body".into())));
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Halt::Lost(LossReason::Closed(error.to_string()))),
            }
        }
        Ok(())
    }

    /// Stages the head that the client will see; returns the length it declares.
    fn stage(&mut self) -> Option<u64> {
        let bytes = self.buffer.unread();
        let status = self.response.status().as_u16();
        self.reply.stage(status, self.response.reason().of(bytes));
        if copy_response_fields(bytes, self.response.fields(), self.repair, self.reply) == Dated::No {
            // RFC 9110 6.6.1: whoever forwards a response without Date adds one.
            self.reply.field(b"Date", &self.worker.http_date());
        }
        self.response.declared_length()
    }

    /// Passes a 101 on. It must answer a question that was asked (HTTP.md rule 24).
    async fn switch(&mut self, head_bytes: usize) -> Result<(), Halt> {
        let bytes = self.buffer.unread();
        let asked = self.head.parsed.upgrade().map(|span| self.head.text(span));
        let Some(chosen) = self.response.upgrade().map(|span| span.of(bytes)) else {
            return Err(Halt::Lost(LossReason::Bad("101 without Upgrade".into())));
        };
        let offered = |protocol: &[u8]| {
            asked.is_some_and(|list| {
                list.split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(protocol))
            })
        };
        if !self.signals.complete.get() {
            return Err(Halt::Lost(LossReason::Bad("101 before the end of the request".into())));
        }
        if self.upgrades == Upgrades::Impossible || !offered(chosen.trim_ascii()) {
            return Err(Halt::Lost(LossReason::Bad("101 to a protocol that was not asked for".into())));
        }
        self.reply.stage(101, self.response.reason().of(bytes));
        copy_response_fields(bytes, self.response.fields(), None, self.reply);
        self.reply.field(b"Connection", b"Upgrade");
        self.reply.field(b"Upgrade", chosen);
        self.record.answered(101, self.asked.elapsed());
        drop(self.released.take());
        let stall_max = self.worker.config().timeouts.body;
        to_client(self.deadline, stall_max, self.reply.switch_protocols()).await?;
        self.buffer.consume(head_bytes);
        Ok(())
    }
}

enum FinalHead {
    Response { head_bytes: usize },
    Switching,
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
    record.tunnelled(tunnel::run(client, upstream, &side.deadline).await);
}

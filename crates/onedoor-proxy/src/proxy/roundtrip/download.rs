//! The response on its way: interim heads passed on, a small body gathered, the commit, then the relay or a tunnel.

use std::pin::pin;
use std::time::{Duration, Instant};

use onedoor_http1::{BodyFraming, RequestKind, ResponseHead};

use super::{Halt, LossReason, Received, Signals};
use crate::proxy::access_log::Record;
use crate::proxy::buffer::Buffer;
use crate::proxy::deadline::Deadline;
use crate::proxy::inbound::{Head, ReplySink, Upgrades};
use crate::proxy::policy::affinity::Bond;
use crate::proxy::policy::hop_by_hop::{Dated, copy_response_fields};
use crate::proxy::policy::repair::Repair;
use crate::proxy::refusal::{Aborted, Culprit};
use crate::proxy::relay::copy::{Copy, to_client};
use crate::proxy::relay::splice::FirstRead;
use crate::proxy::stream::ReadHalf;
use crate::proxy::upstream::hold::Released;
use crate::proxy::upstream::http1::{HeadFailure, kind_of, read_response_head, sharing};
use crate::proxy::worker::Worker;

/// A response of up to this length is committed when it is complete …
const GATHER_MAX: u64 = 16 * 1024;

/// … or this long after its head, whichever comes first.
const GATHER_FOR: Duration = Duration::from_millis(50);

/// Interim responses passed on before one final response (HTTP.md rule 28).
const INTERIM_MAX: u32 = 16;

/// How long a client that waits for 100 is kept waiting for the upstream to say it (RFC 9110 10.1.1).
const CONTINUE_AFTER: Duration = Duration::from_secs(1);

/// The response on its way to the client.
pub(super) struct Download<'d, 'r, 'x> {
    pub(super) worker: &'d Worker,
    pub(super) head: Head<'x>,
    pub(super) repair: Option<&'d Repair<'d>>,
    pub(super) bond: Option<Bond<'d>>,
    pub(super) upgrades: Upgrades,
    pub(super) reader: &'d mut ReadHalf<'r>,
    pub(super) buffer: &'d mut Buffer,
    pub(super) response: &'d mut ResponseHead,
    pub(super) reply: &'d mut ReplySink<'x>,
    pub(super) deadline: &'d Deadline,
    pub(super) released: &'d mut Option<Released>,
    pub(super) signals: &'d Signals,
    pub(super) record: &'d mut Record,
    pub(super) asked: Instant,
    pub(super) first_read: FirstRead,
    pub(super) invitation: Invitation,
}

/// Whether the client was told to send its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invitation {
    /// It waits for a 100.
    Due,
    /// It did not ask, or has had its 100: one more would only puzzle it.
    Done,
}

impl Download<'_, '_, '_> {
    pub(super) async fn run(mut self) -> Result<Received, Halt> {
        let head_bytes = match self.final_head().await? {
            FinalHead::Switching => return Ok(Received::Switched),
            FinalHead::Response { head_bytes } => head_bytes,
        };
        // The app has answered: the next held request may go.
        drop(self.released.take());
        self.signals.answered.set(true);
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
            block: self.worker.blocks().block(),
            pipes: self.worker.pipes(),
            reply: self.reply,
            deadline: self.deadline,
            timeouts: &self.worker.config().timeouts,
        };
        match copy.run(framing, declared).await {
            Ok(tail) => {
                let next_read = FirstRead::after(head_bytes, framing);
                Ok(Received::Response { tail, sharing, next_read })
            }
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
        let reading = read_response_head(
            self.reader,
            self.buffer,
            self.response,
            &limits,
            asked,
            self.first_read,
            self.deadline,
        );
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
        if let Some(bond) = &self.bond {
            bond.write(status, bytes, self.response.fields(), self.reply);
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
        if let Some(bond) = &self.bond {
            bond.write_cookie(self.reply);
        }
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

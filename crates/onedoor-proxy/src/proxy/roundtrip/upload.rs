//! The request on its way: its head, then its body, whole or as the client sends it.

use std::io::{self, IoSlice};

use onedoor_http1::{BodyFraming, emit};
use tokio::io::AsyncWriteExt;

use super::{Sent, Signals};
use crate::proxy::config::Timeouts;
use crate::proxy::deadline::Deadline;
use crate::proxy::inbound::BodySource;
use crate::proxy::refusal::{Failed, Refusal, client_left};
use crate::proxy::relay::splice::{Pipes, Splice, Step};
use crate::proxy::stream::{WriteHalf, write_all_of};
use crate::proxy::upstream::http1::ExpectField;

/// The request on its way to the upstream.
pub(super) struct Upload<'u, 'r, 'x> {
    pub(super) head: &'u [u8],
    pub(super) framing: BodyFraming,
    pub(super) body: &'u mut BodySource<'x>,
    pub(super) writer: &'u mut WriteHalf<'r>,
    pub(super) upstream_deadline: &'u Deadline,
    pub(super) timeouts: &'u Timeouts,
    pub(super) pipes: &'u Pipes,
    pub(super) signals: &'u Signals,
}

impl Upload<'_, '_, '_> {
    /// Sends the request, then watches for a client that leaves. Fails only on the client's side; an upstream that
    /// stops reading is the download's affair.
    pub(super) async fn run(mut self, expect: ExpectField) -> Result<(), Failed> {
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
        loop {
            self.mind_the_answer();
            if self.through_a_pipe().await? == Upstream::Gone {
                return Ok(());
            }
            let Some(piece) = self.body.next().await? else { break };
            self.signals.sent.set(Sent::Unrepeatable);
            size_line.clear();
            if chunked {
                emit::chunk_size(&mut size_line, piece.len());
            }
            let end: &[u8] = if chunked { b"\r\n" } else { b"" };
            let mut framed = [&size_line, piece, end].map(IoSlice::new);
            let sent = async {
                write_all_of(self.writer, &mut framed).await?;
                self.writer.flush().await
            }
            .await;
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

    fn mind_the_answer(&mut self) {
        if self.signals.answered.get() {
            self.body.is_conversation();
        }
    }

    /// Sends what is left of a large body of known length without reading it; what cannot go that way stays undrawn.
    async fn through_a_pipe(&mut self) -> Result<Upstream, Refusal> {
        if self.writer.plain().is_none() {
            return Ok(Upstream::There);
        }
        let Some(mut splice) = self.pipes.splice(self.body.left_to_splice()) else {
            return Ok(Upstream::There);
        };
        while self.body.left_to_splice() > 0 && self.body.splice(&mut splice).await? != Step::Unsupported {
            self.mind_the_answer();
            self.signals.sent.set(Sent::Unrepeatable);
            if self.empty(&mut splice).await.is_err() {
                return Ok(Upstream::Gone);
            }
            self.upstream_deadline.arm(self.timeouts.first_byte);
        }
        Ok(Upstream::There)
    }

    async fn empty(&mut self, splice: &mut Splice<'_>) -> io::Result<()> {
        while splice.held() > 0 {
            let Some(to) = self.writer.plain() else { return Err(io::ErrorKind::Unsupported.into()) };
            if splice.drain(to).await? == Step::Unsupported {
                let mut held = Vec::new();
                splice.take_back(&mut held)?;
                self.writer.write_all(&held).await?;
            }
        }
        Ok(())
    }
}

/// Whether the upstream still takes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upstream {
    There,
    Gone,
}

async fn send_head(
    head: &[u8],
    body: &[u8],
    writer: &mut WriteHalf<'_>,
    signals: &Signals,
) -> io::Result<()> {
    // The first write decides whether the upstream can have seen anything at all.
    let written = if body.is_empty() {
        writer.write(head).await?
    } else {
        writer.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?
    };
    signals.sent.set(Sent::Repeatable);
    let of_head = written.min(head.len());
    let mut rest = [&head[of_head..], &body[written - of_head..]].map(IoSlice::new);
    write_all_of(writer, &mut rest).await?;
    writer.flush().await
}

//! A response body on its way from an upstream to the client, through a buffer of ours.
//!
//! Streamed: what one read brings is written before the next read, so an event reaches the client when it is sent
//! and a slow client slows its upstream down, not our memory.

use std::io;
use std::time::Duration;

use onedoor_http1::{BodyFraming, Dechunker, Progress};
use tokio::io::AsyncReadExt;

use crate::proxy::buffer::Buffer;
use crate::proxy::config::Timeouts;
use crate::proxy::deadline::Deadline;
use crate::proxy::downstream::ReplyLength;
use crate::proxy::inbound::ReplySink;
use crate::proxy::refusal::{Aborted, Culprit};
use crate::proxy::stream::ReadHalf;

/// What one read may bring. Twice a pipe, a quarter of what makes the kernel's copies leave the second-level cache.
const ROOM: usize = 64 * 1024;

/// How the upstream's connection stands after its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Tail {
    /// The body's end was marked: the connection could serve again.
    Framed,
    /// The body ended with the connection.
    Closed,
}

/// One response body to move.
#[derive(Debug)]
pub(in crate::proxy) struct Copy<'c, 'r, 'x> {
    pub(in crate::proxy) reader: &'c mut ReadHalf<'r>,
    /// Holds the body's first bytes, then every further read.
    pub(in crate::proxy) buffer: &'c mut Buffer,
    pub(in crate::proxy) reply: &'c mut ReplySink<'x>,
    pub(in crate::proxy) deadline: &'c Deadline,
    pub(in crate::proxy) timeouts: &'c Timeouts,
}

impl Copy<'_, '_, '_> {
    /// Commits the staged head and moves the whole body.
    pub(in crate::proxy) async fn run(
        mut self,
        framing: BodyFraming,
        declared: Option<u64>,
    ) -> Result<Tail, Aborted> {
        match framing {
            BodyFraming::None => {
                self.start(ReplyLength::NoBody { declared }, 0).await?;
                Ok(Tail::Framed)
            }
            BodyFraming::Length(length) => self.counted(length).await,
            BodyFraming::Chunked => self.chunked().await,
            BodyFraming::UntilClose => self.until_close().await,
        }
    }

    async fn counted(&mut self, length: u64) -> Result<Tail, Aborted> {
        let first = self.buffer.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        self.start(ReplyLength::Exact(length), first).await?;
        let mut left = length - first as u64;
        while left > 0 {
            let read = self.read(left).await?;
            if read == 0 {
                return Err(cut(format!("the upstream ended {left} bytes before the end of its body")));
            }
            left -= read as u64;
            self.pass(read).await?;
        }
        Ok(Tail::Framed)
    }

    async fn chunked(&mut self) -> Result<Tail, Aborted> {
        let mut dechunker = Dechunker::default();
        let (first, progress) = self.dechunk(&mut dechunker)?;
        if progress == Progress::Done && dechunker.trailers().is_empty() {
            // All of it is here: one write with a length is better than three with chunks.
            self.start(ReplyLength::Exact(first as u64), first).await?;
            return Ok(Tail::Framed);
        }
        self.start(ReplyLength::Unknown, first).await?;
        let mut progress = progress;
        while progress == Progress::More {
            if self.buffer.is_empty() && self.read(u64::MAX).await? == 0 {
                return Err(cut("the upstream ended inside its chunked body".into()));
            }
            let data;
            (data, progress) = self.dechunk(&mut dechunker)?;
            if data > 0 {
                self.pass(data).await?;
            }
        }
        self.end(dechunker.trailers()).await?;
        Ok(Tail::Framed)
    }

    async fn until_close(&mut self) -> Result<Tail, Aborted> {
        let first = self.buffer.len();
        self.start(ReplyLength::Unknown, first).await?;
        loop {
            let read = self.read(u64::MAX).await?;
            if read == 0 {
                self.end(&[]).await?;
                return Ok(Tail::Closed);
            }
            self.pass(read).await?;
        }
    }

    /// Strips the chunk lines from what was read; the payload is then at the buffer's front.
    fn dechunk(&mut self, dechunker: &mut Dechunker) -> Result<(usize, Progress), Aborted> {
        let dechunked =
            dechunker.decode_in_place(self.buffer.unread_mut()).map_err(|error| cut(error.to_string()))?;
        self.buffer.close_gap(dechunked.data, dechunked.consumed);
        Ok((dechunked.data, dechunked.progress))
    }

    async fn read(&mut self, most: u64) -> Result<usize, Aborted> {
        let silent = self.timeouts.first_byte;
        let mut reader = (&mut *self.reader).take(most);
        match self.deadline.within(silent, self.buffer.read_from(&mut reader, ROOM)).await {
            Err(_) => Err(cut(format!("the upstream was silent for {silent:?}"))),
            Ok(Err(error)) => Err(cut(format!("the upstream's connection broke: {error}"))),
            Ok(Ok(read)) => Ok(read),
        }
    }

    async fn start(&mut self, length: ReplyLength, first: usize) -> Result<(), Aborted> {
        let sending = self.reply.start(length, &self.buffer.unread()[..first]);
        to_client(self.deadline, self.timeouts.body, sending).await?;
        self.buffer.consume(first);
        Ok(())
    }

    async fn pass(&mut self, count: usize) -> Result<(), Aborted> {
        let sending = self.reply.piece(&self.buffer.unread()[..count]);
        to_client(self.deadline, self.timeouts.body, sending).await?;
        self.buffer.consume(count);
        Ok(())
    }

    async fn end(&mut self, trailers: &[u8]) -> Result<(), Aborted> {
        to_client(self.deadline, self.timeouts.body, self.reply.end(trailers)).await
    }
}

/// Sends to the client under the deadline for a client that does not read.
pub(in crate::proxy) async fn to_client<T>(
    deadline: &Deadline,
    stall_max: Duration,
    sending: impl Future<Output = io::Result<T>>,
) -> Result<T, Aborted> {
    let why = match deadline.within(stall_max, sending).await {
        Ok(Ok(sent)) => return Ok(sent),
        Ok(Err(error)) => format!("the client's connection broke: {error}"),
        Err(_) => format!("the client did not read for {stall_max:?}"),
    };
    Err(Aborted { by: Culprit::Client, why: why.into() })
}

fn cut(why: String) -> Aborted {
    Aborted { by: Culprit::Upstream, why: why.into() }
}

//! A response body on its way from an upstream to the client, through a buffer of ours.
//!
//! Streamed: what one read brings is written before the next read, so an event reaches the client when it is sent
//! and a slow client slows its upstream down, not our memory.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use onedoor_http1::{BodyFraming, Dechunker, Progress};
use tokio::io::AsyncReadExt;

use super::block::{BLOCK, Block};
use super::splice::{Pipes, Splice, Step};
use crate::proxy::buffer::Buffer;
use crate::proxy::config::Timeouts;
use crate::proxy::deadline::Deadline;
use crate::proxy::downstream::ReplyLength;
use crate::proxy::inbound::ReplySink;
use crate::proxy::refusal::{Aborted, Culprit};
use crate::proxy::stream::ReadHalf;

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
    /// Holds the body's first bytes, those that came with its head.
    pub(in crate::proxy) buffer: &'c mut Buffer,
    /// Holds all further ones.
    pub(in crate::proxy) block: Block<'c>,
    pub(in crate::proxy) pipes: &'c Pipes,
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
        let left = length - first as u64;
        if left == 0 {
            self.start(ReplyLength::Exact(length), first).await?;
            return Ok(Tail::Framed);
        }
        let splice = self.reader.plain().and_then(|_| self.pipes.splice(left));
        let left = match splice {
            Some(splice) => {
                self.start(ReplyLength::Exact(length), first).await?;
                self.spliced(splice, left).await?
            }
            None => {
                let more = self.gather(left).await;
                self.start_some(ReplyLength::Exact(length), first + more).await?;
                left - more as u64
            }
        };
        self.copied(left).await?;
        Ok(Tail::Framed)
    }

    /// Adds to the first bytes what has arrived behind them, which saves a write. An end or an error shows again at
    /// the next read.
    async fn gather(&mut self, left: u64) -> usize {
        self.fill_block();
        let block = self.block.buffer_mut();
        let mut reader = (&mut *self.reader).take(left);
        let mut read = pin!(block.read_from(&mut reader, BLOCK));
        poll_fn(|cx| match read.as_mut().poll(cx) {
            Poll::Ready(Ok(read)) => Poll::Ready(read),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Ready(0),
        })
        .await
    }

    async fn copied(&mut self, mut left: u64) -> Result<(), Aborted> {
        while left > 0 {
            let read = self.read(left).await?;
            if read == 0 {
                return Err(ended(left));
            }
            left -= read as u64;
            self.pass(read).await?;
        }
        Ok(())
    }

    /// Moves through a pipe what can be; returns how many bytes must be copied.
    async fn spliced(&mut self, mut splice: Splice<'_>, mut left: u64) -> Result<u64, Aborted> {
        while left > 0 {
            let (Some(from), Some(_)) = (self.reader.plain(), self.reply.plain()) else { return Ok(left) };
            let silent = self.timeouts.first_byte;
            left -= match self.deadline.within(silent, splice.fill(from, left)).await {
                Err(_) => return Err(mute(silent)),
                Ok(Err(error)) => return Err(broken(&error)),
                Ok(Ok(Step::Unsupported)) => return Ok(left),
                Ok(Ok(Step::Moved(0))) => return Err(ended(left)),
                Ok(Ok(Step::Moved(taken))) => taken,
            };
            while splice.held() > 0 {
                let Some(to) = self.reply.plain() else { break };
                match to_client(self.deadline, self.timeouts.body, splice.drain(to)).await? {
                    Step::Moved(given) => self.reply.went(given),
                    Step::Unsupported => {
                        splice.take_back(self.block.ready().as_vec()).map_err(|error| broken(&error))?;
                        let held = self.block.buffer().len();
                        self.pass(held).await?;
                    }
                }
            }
        }
        Ok(0)
    }

    async fn chunked(&mut self) -> Result<Tail, Aborted> {
        self.fill_block();
        let mut dechunker = Dechunker::default();
        let (first, progress) = self.dechunk(&mut dechunker)?;
        if progress == Progress::Done && dechunker.trailers().is_empty() {
            // All of it is here: one write with a length is better than three with chunks.
            self.start_some(ReplyLength::Exact(first as u64), first).await?;
            self.keep_rest();
            return Ok(Tail::Framed);
        }
        self.start_some(ReplyLength::Unknown, first).await?;
        let mut progress = progress;
        while progress == Progress::More {
            if self.block.buffer().is_empty() && self.read(u64::MAX).await? == 0 {
                return Err(cut("the upstream ended inside its chunked body".into()));
            }
            let data;
            (data, progress) = self.dechunk(&mut dechunker)?;
            if data > 0 {
                self.pass(data).await?;
            }
        }
        self.end(dechunker.trailers()).await?;
        self.keep_rest();
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

    /// Moves the body's first bytes to where all others go.
    fn fill_block(&mut self) {
        self.block.ready().extend(self.buffer.unread());
        self.buffer.clear();
    }

    /// Bytes behind a body's end are nobody's: whoever finds them does not use the connection again.
    fn keep_rest(&mut self) {
        self.buffer.extend(self.block.buffer().unread());
    }

    /// Strips the chunk lines from what was read; the payload is then at the block's front.
    fn dechunk(&mut self, dechunker: &mut Dechunker) -> Result<(usize, Progress), Aborted> {
        let block = self.block.buffer_mut();
        let dechunked =
            dechunker.decode_in_place(block.unread_mut()).map_err(|error| cut(error.to_string()))?;
        block.close_gap(dechunked.data, dechunked.consumed);
        Ok((dechunked.data, dechunked.progress))
    }

    /// Reads once into the block, which has no memory while there is nothing to read.
    async fn read(&mut self, most: u64) -> Result<usize, Aborted> {
        let silent = self.timeouts.first_byte;
        self.block.rest();
        let (reader, block) = (&mut *self.reader, &mut self.block);
        let reading = async {
            reader.readable().await?;
            block.ready().read_from(&mut reader.take(most), BLOCK).await
        };
        match self.deadline.within(silent, reading).await {
            Err(_) => Err(mute(silent)),
            Ok(Err(error)) => Err(broken(&error)),
            Ok(Ok(read)) => Ok(read),
        }
    }

    async fn start(&mut self, length: ReplyLength, first: usize) -> Result<(), Aborted> {
        let sending = self.reply.start(length, &self.buffer.unread()[..first]);
        to_client(self.deadline, self.timeouts.body, sending).await?;
        self.buffer.consume(first);
        Ok(())
    }

    /// Commits with the first `count` bytes of the block.
    async fn start_some(&mut self, length: ReplyLength, count: usize) -> Result<(), Aborted> {
        let sending = self.reply.start(length, &self.block.buffer().unread()[..count]);
        to_client(self.deadline, self.timeouts.body, sending).await?;
        self.block.buffer_mut().consume(count);
        Ok(())
    }

    async fn pass(&mut self, count: usize) -> Result<(), Aborted> {
        let sending = self.reply.piece(&self.block.buffer().unread()[..count]);
        to_client(self.deadline, self.timeouts.body, sending).await?;
        self.block.buffer_mut().consume(count);
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

fn ended(left: u64) -> Aborted {
    cut(format!("the upstream ended {left} bytes before the end of its body"))
}

fn broken(error: &io::Error) -> Aborted {
    cut(format!("the upstream's connection broke: {error}"))
}

fn mute(silent: Duration) -> Aborted {
    cut(format!("the upstream was silent for {silent:?}"))
}

fn cut(why: String) -> Aborted {
    Aborted { by: Culprit::Upstream, why: why.into() }
}

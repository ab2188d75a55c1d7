//! The body of an HTTP/1.1 request, drawn from its connection piece by piece (RFC 9112 6 and 7).

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use onedoor_http1::{BodyFraming, Dechunker, Expectation, Progress};
use tokio::io::AsyncReadExt;

use crate::proxy::buffer::Buffer;
use crate::proxy::counters::Traffic;
use crate::proxy::deadline::Deadline;
use crate::proxy::refusal::Refusal;
use crate::proxy::relay::splice::{Splice, Step};
use crate::proxy::stream::ReadHalf;

use super::patience::Patience;

/// What one read of a body may bring at first: a client that sends little holds little …
const PIECE_FIRST: usize = 8 * 1024;

/// … and at last, each read that fills its room having doubled it.
const PIECE_MAX: usize = 64 * 1024;

/// What is read and dropped after an early answer, rather than to give the connection up.
const DISCARD_MAX: u64 = 64 * 1024;

/// What a client may send ahead before its connection is no longer watched for its end.
const AHEAD_MAX: usize = 8 * 1024;

/// A request body on its way in.
#[derive(Debug)]
pub(in crate::proxy) struct RequestBody<'x> {
    reader: ReadHalf<'x>,
    /// Holds what came with the head, then every further read.
    buffer: &'x mut Buffer,
    /// Bytes at the front of `buffer` that the caller has been given.
    lent: usize,
    left: Left,
    invitation: Invitation,
    limit: Option<u64>,
    received: u64,
    piece: usize,
    pace: Pace<'x>,
    patience: Patience,
    traffic: &'x Traffic,
}

/// The connection's deadline, how long a body may stall, and how many bytes a second it brings at least.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Pace<'x> {
    pub(in crate::proxy) deadline: &'x Deadline,
    pub(in crate::proxy) stall_max: Duration,
    pub(in crate::proxy) rate_min: Option<NonZeroU64>,
}

/// Whether the client sends its body of its own accord (RFC 9110 10.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invitation {
    Given,
    /// It said `Expect: 100-continue` and has not been answered: the body may never come.
    Awaited,
}

#[derive(Debug)]
enum Left {
    Nothing,
    Bytes(u64),
    /// Boxed: most requests have no chunked body and should not carry its state.
    Chunks(Box<Dechunker>),
    /// Chunked and over; the trailers stay readable.
    Trailers(Box<Dechunker>),
}

impl<'x> RequestBody<'x> {
    pub(in crate::proxy) fn new(
        reader: ReadHalf<'x>,
        buffer: &'x mut Buffer,
        framing: BodyFraming,
        expectation: Expectation,
        pace: Pace<'x>,
        traffic: &'x Traffic,
    ) -> Self {
        let invitation = match expectation {
            Expectation::None => Invitation::Given,
            Expectation::Continue => Invitation::Awaited,
        };
        let left = match framing {
            BodyFraming::None | BodyFraming::Length(0) | BodyFraming::UntilClose => Left::Nothing,
            BodyFraming::Length(length) => Left::Bytes(length),
            BodyFraming::Chunked => Left::Chunks(Box::default()),
        };
        let patience = Patience::new(pace.stall_max, pace.rate_min);
        let (lent, limit, received, piece) = (0, None, 0, PIECE_FIRST);
        Self { reader, buffer, lent, left, invitation, limit, received, piece, pace, patience, traffic }
    }

    /// Refuses what goes beyond `limit` bytes, at once where the length is declared.
    pub(in crate::proxy) fn limit_to(&mut self, limit: Option<u64>) -> Result<(), Refusal> {
        self.limit = limit;
        match &self.left {
            Left::Bytes(length) => Refusal::of_length(*length, limit),
            _ => Ok(()),
        }
    }

    /// The next piece. Whoever asks has seen to it that a client that waits for 100 was told to go on.
    pub(in crate::proxy) async fn next(&mut self) -> Result<Option<&[u8]>, Refusal> {
        self.invitation = Invitation::Given;
        self.buffer.consume(self.lent);
        self.lent = 0;
        loop {
            if !self.buffer.is_empty() {
                self.lent = self.take_unread()?;
                if self.lent > 0 {
                    return Ok(Some(&self.buffer.unread()[..self.lent]));
                }
            }
            if self.is_over() {
                return Ok(None);
            }
            if self.buffer.is_empty() || matches!(self.left, Left::Chunks(_)) {
                self.read_more(self.piece).await?;
            }
        }
    }

    /// How much of the body may come by another road than `next`: the rest, once all that was read has been drawn.
    pub(in crate::proxy) fn left_to_splice(&mut self) -> u64 {
        self.buffer.consume(self.lent);
        self.lent = 0;
        match self.left {
            Left::Bytes(left) if self.buffer.is_empty() && self.reader.plain().is_some() => left,
            Left::Nothing | Left::Bytes(_) | Left::Chunks(_) | Left::Trailers(_) => 0,
        }
    }

    /// Draws the next bytes into a pipe instead.
    pub(in crate::proxy) async fn splice(&mut self, splice: &mut Splice<'_>) -> Result<Step, Refusal> {
        let (Left::Bytes(left), Some(from)) = (&mut self.left, self.reader.plain()) else {
            return Ok(Step::Unsupported);
        };
        self.invitation = Invitation::Given;
        if let Some(rate_min) = self.patience.exhausted() {
            return Err(Refusal::BodySlow { rate_min });
        }
        let asked = Instant::now();
        match self.pace.deadline.within(self.pace.stall_max, splice.fill(from, *left)).await {
            Err(_) => Err(Refusal::BodyTimeout),
            Ok(Ok(Step::Moved(0)) | Err(_)) => Err(Refusal::BodyCut),
            Ok(Ok(Step::Unsupported)) => Ok(Step::Unsupported),
            Ok(Ok(Step::Moved(taken))) => {
                self.patience.spend(asked.elapsed(), usize::try_from(taken).unwrap_or(usize::MAX));
                *left -= taken;
                if *left == 0 {
                    self.left = Left::Nothing;
                }
                self.received += taken;
                self.traffic.spliced_up.add(taken);
                Ok(Step::Moved(taken))
            }
        }
    }

    /// The upstream has begun to answer: what the client still has to say it may say at its own pace.
    pub(in crate::proxy) fn is_conversation(&mut self) {
        self.patience.ask_for_no_rate();
    }

    /// Reads a body of known, small length to its end; it stays in the buffer.
    pub(in crate::proxy) async fn whole(&mut self) -> Result<&[u8], Refusal> {
        let Left::Bytes(length) = self.left else { return Ok(&self.buffer.unread()[..self.lent]) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while self.buffer.len() < length {
            // What is announced and does not come should not cost its room.
            self.read_more(length.min(self.piece)).await?;
        }
        self.count(length);
        self.left = Left::Nothing;
        self.lent = length;
        Ok(&self.buffer.unread()[..length])
    }

    /// What `whole` read; nothing if the body is streamed.
    pub(in crate::proxy) fn kept(&self) -> &[u8] {
        &self.buffer.unread()[..self.lent]
    }

    /// Whether what is left is nothing, or so little that reading and dropping it keeps the connection usable.
    pub(in crate::proxy) fn ends_cheaply(&self) -> bool {
        match self.left {
            Left::Nothing | Left::Trailers(_) => true,
            Left::Bytes(left) => left <= DISCARD_MAX && self.invitation == Invitation::Given,
            Left::Chunks(_) => false,
        }
    }

    /// Reads and drops what is left; fails where that is not cheap.
    pub(in crate::proxy) async fn discard(&mut self) -> Result<(), Refusal> {
        if !self.ends_cheaply() {
            return Err(Refusal::BodyCut);
        }
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// Waits until the client has ended or broken its connection. What it sends meanwhile is kept: it belongs to the
    /// next request. Never ends where an end cannot be seen: before the body's own, or behind much sent ahead. May be
    /// dropped at any time without loss.
    pub(in crate::proxy) async fn gone(&mut self) {
        while self.is_over() && self.buffer.len() - self.lent < AHEAD_MAX {
            let room = self.buffer.len() + AHEAD_MAX;
            if let Ok(0) | Err(_) = self.buffer.read_from(&mut self.reader, room).await {
                return;
            }
        }
        std::future::pending().await
    }

    /// The connection's reading side and what it has read, for the tunnel after a 101.
    pub(in crate::proxy) fn parts(&mut self) -> (&mut ReadHalf<'x>, &mut Buffer) {
        // A body that was kept for another try has been sent; it is no part of what follows.
        self.buffer.consume(self.lent);
        self.lent = 0;
        (&mut self.reader, self.buffer)
    }

    /// How many bytes at the front of the buffer are payload now.
    fn take_unread(&mut self) -> Result<usize, Refusal> {
        let taken = match &mut self.left {
            Left::Nothing | Left::Trailers(_) => 0,
            Left::Bytes(left) => {
                let taken = self.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                if *left == 0 {
                    self.left = Left::Nothing;
                }
                taken
            }
            Left::Chunks(dechunker) => {
                let dechunked =
                    dechunker.decode_in_place(self.buffer.unread_mut()).map_err(Refusal::BadChunk)?;
                self.buffer.close_gap(dechunked.data, dechunked.consumed);
                if dechunked.progress == Progress::Done
                    && let Left::Chunks(over) = std::mem::replace(&mut self.left, Left::Nothing)
                {
                    self.left = Left::Trailers(over);
                }
                dechunked.data
            }
        };
        self.count(taken);
        match self.limit {
            Some(limit) if self.received > limit => Err(Refusal::BodyTooLarge { limit }),
            _ => Ok(taken),
        }
    }

    fn count(&mut self, taken: usize) {
        self.received += taken as u64;
        self.traffic.copied_up.add(taken as u64);
    }

    /// One read, never past the end of a body of known length: what follows belongs to the next request.
    async fn read_more(&mut self, room: usize) -> Result<(), Refusal> {
        let most = match self.left {
            Left::Bytes(left) => left.saturating_sub(self.buffer.len() as u64),
            _ => u64::MAX,
        };
        if let Some(rate_min) = self.patience.exhausted() {
            return Err(Refusal::BodySlow { rate_min });
        }
        let asked = Instant::now();
        let mut reader = (&mut self.reader).take(most);
        let read = self.buffer.read_from(&mut reader, room);
        match self.pace.deadline.within(self.pace.stall_max, read).await {
            Err(_) => Err(Refusal::BodyTimeout),
            Ok(Ok(0) | Err(_)) => Err(Refusal::BodyCut),
            Ok(Ok(read)) => {
                self.patience.spend(asked.elapsed(), read);
                if self.buffer.len() >= self.piece {
                    self.piece = (self.piece * 2).min(PIECE_MAX);
                }
                Ok(())
            }
        }
    }

    pub(in crate::proxy) fn trailers(&self) -> &[u8] {
        match &self.left {
            Left::Trailers(dechunker) => dechunker.trailers(),
            Left::Nothing | Left::Bytes(_) | Left::Chunks(_) => &[],
        }
    }

    pub(in crate::proxy) fn received(&self) -> u64 {
        self.received
    }

    /// The body was read to its end, so the next request's head follows.
    pub(in crate::proxy) fn is_over(&self) -> bool {
        matches!(self.left, Left::Nothing | Left::Trailers(_))
    }
}

impl Drop for RequestBody<'_> {
    /// Ends the loan; what stays in the buffer are bytes behind the body.
    fn drop(&mut self) {
        self.buffer.consume(self.lent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::deadline::Deadlines;
    use crate::proxy::stream::Stream;
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;
    use tokio::runtime::Builder;

    /// Runs `test` on a body of `framing` whose first bytes came with the head, and on its client.
    fn with_body(
        framing: BodyFraming,
        first: &[u8],
        test: impl AsyncFnOnce(&mut RequestBody<'_>, UnixStream),
    ) {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let deadline = Deadlines::new(Instant::now()).slot();
            let (ours, theirs) = UnixStream::pair().unwrap();
            let mut stream = Stream::Unix(ours);
            let (reader, _) = stream.split();
            let mut buffer = Buffer::default();
            buffer.extend(first);
            let pace = Pace { deadline: &deadline, stall_max: Duration::from_secs(60), rate_min: None };
            let traffic = Traffic::default();
            let mut body = RequestBody::new(reader, &mut buffer, framing, Expectation::None, pace, &traffic);
            test(&mut body, theirs).await;
        });
    }

    #[test]
    fn a_body_that_was_kept_and_sent_is_no_part_of_the_tunnel_behind_it() {
        with_body(BodyFraming::Length(4), b"BODYearly", async |body, _client| {
            assert_eq!(body.whole().await.unwrap(), b"BODY");
            assert_eq!(body.parts().1.unread(), b"early");
        });
    }

    #[test]
    fn what_a_client_sends_ahead_before_it_leaves_is_kept() {
        with_body(BodyFraming::Length(4), b"BODY", async |body, mut client| {
            body.whole().await.unwrap();
            client.write_all(b"GET /next").await.unwrap();
            drop(client);
            body.gone().await;
            assert_eq!(body.kept(), b"BODY");
            assert_eq!(body.parts().1.unread(), b"GET /next");
        });
    }
}

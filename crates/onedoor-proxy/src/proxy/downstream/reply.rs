//! The answer to an HTTP/1.1 request: a head staged in a buffer, then committed with the first bytes of its body.
//!
//! The framing is decided here and nowhere else: Content-Length where the length is known, chunked where it is
//! not, the connection's end for HTTP/1.0 (RFC 9112 6).

use std::io::{self, IoSlice};

use onedoor_http1::{Field, Persistence, Version, emit};
use tokio::io::AsyncWriteExt;

use super::ReplyLength;
use crate::proxy::counters::Traffic;
use crate::proxy::stream::{JOIN_MAX, Plain, WriteHalf, write_all_of};

const CHUNK_END: &[u8] = b"\r\n";
const NOTHING: &[u8] = b"";

/// An answer on its way out.
#[derive(Debug)]
pub(in crate::proxy) struct Reply<'x> {
    writer: WriteHalf<'x>,
    head: &'x mut Vec<u8>,
    version: Version,
    persistence: Persistence,
    state: State,
    wire: Wire,
    sent: u64,
    traffic: &'x Traffic,
}

/// Whether what was to be sent was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Sound,
    /// A write is under way, or was given up with part of it sent: nothing may follow.
    Torn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Uncommitted,
    /// So many bytes of the declared length are still owed.
    Counting(u64),
    Chunking,
    UntilClose,
    Complete,
}

/// What an answer leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Leftover {
    /// The next request may follow.
    Connection,
    /// The answer was whole, the connection ends with it.
    Close,
    /// The answer is unfinished and its framing shows it: the client sees a cut.
    Cut,
    /// The answer is unfinished, and a plain close would look like its end.
    CutUnmarked,
}

impl<'x> Reply<'x> {
    pub(in crate::proxy) fn new(
        writer: WriteHalf<'x>,
        head: &'x mut Vec<u8>,
        version: Version,
        persistence: Persistence,
        traffic: &'x Traffic,
    ) -> Self {
        head.clear();
        let (state, wire) = (State::Uncommitted, Wire::Sound);
        Self { writer, head, version, persistence, state, wire, sent: 0, traffic }
    }

    pub(in crate::proxy) fn stage(&mut self, status: u16, reason: &[u8]) {
        self.head.clear();
        emit::status_line(self.head, status, reason);
    }

    pub(in crate::proxy) fn field(&mut self, name: &[u8], value: &[u8]) {
        emit::field(self.head, name, value);
    }

    pub(in crate::proxy) fn copied(&mut self, bytes: &[u8], field: &Field) {
        emit::copied(self.head, bytes, field);
    }

    pub(in crate::proxy) async fn interim(&mut self) -> io::Result<()> {
        // RFC 9110 15.2: a server must not send a 1xx response to an HTTP/1.0 client.
        if self.version == Version::Http10 {
            return Ok(());
        }
        emit::end_of_head(self.head);
        self.write_head().await
    }

    /// Sends the staged 101 and ends HTTP on this connection.
    pub(in crate::proxy) async fn switch_protocols(&mut self) -> io::Result<()> {
        emit::end_of_head(self.head);
        self.persistence = Persistence::Close;
        self.state = State::Complete;
        self.write_head().await
    }

    /// Whatever stands in the head's buffer, and nothing behind it. Interrupted, it leaves a torn wire.
    async fn write_head(&mut self) -> io::Result<()> {
        self.wire = Wire::Torn;
        self.writer.write_all(self.head).await?;
        self.writer.flush().await?;
        self.wire = Wire::Sound;
        Ok(())
    }

    pub(in crate::proxy) async fn start(&mut self, length: ReplyLength, first: &[u8]) -> io::Result<()> {
        let framing = match (length, self.version) {
            (ReplyLength::NoBody { declared }, _) => {
                if let Some(declared) = declared {
                    emit::field_u64(self.head, b"Content-Length", declared);
                }
                State::Complete
            }
            (ReplyLength::Exact(length), _) => {
                emit::field_u64(self.head, b"Content-Length", length);
                if length == 0 { State::Complete } else { State::Counting(length) }
            }
            (ReplyLength::Unknown, Version::Http11) => {
                emit::field(self.head, b"Transfer-Encoding", b"chunked");
                State::Chunking
            }
            (ReplyLength::Unknown, Version::Http10) => {
                self.persistence = Persistence::Close;
                State::UntilClose
            }
        };
        match (self.version, self.persistence) {
            (_, Persistence::Close) => emit::field(self.head, b"Connection", b"close"),
            (Version::Http10, Persistence::KeepAlive) => emit::field(self.head, b"Connection", b"keep-alive"),
            (Version::Http11, Persistence::KeepAlive) => {}
        }
        emit::end_of_head(self.head);
        self.state = framing;
        if framing == State::Complete || first.is_empty() {
            return self.write_head().await;
        }
        let end = if framing == State::Chunking { CHUNK_END } else { NOTHING };
        if framing == State::Chunking {
            emit::chunk_size(self.head, first.len());
        }
        self.count(first.len());
        self.write_head_and(first, end).await
    }

    /// Whatever stands in the head's buffer, the data and what ends it, in one system call.
    async fn write_head_and(&mut self, data: &[u8], end: &[u8]) -> io::Result<()> {
        self.wire = Wire::Torn;
        if data.len() <= JOIN_MAX {
            self.head.extend_from_slice(data);
            self.head.extend_from_slice(end);
            self.writer.write_all(self.head).await?;
        } else {
            write_all_of(&mut self.writer, &mut [self.head, data, end].map(IoSlice::new)).await?;
        }
        self.writer.flush().await?;
        self.wire = Wire::Sound;
        Ok(())
    }

    pub(in crate::proxy) async fn piece(&mut self, data: &[u8]) -> io::Result<()> {
        match self.state {
            State::Chunking => {
                self.head.clear();
                emit::chunk_size(self.head, data.len());
                self.count(data.len());
                self.write_head_and(data, CHUNK_END).await
            }
            State::Counting(_) | State::UntilClose => {
                self.count(data.len());
                self.wire = Wire::Torn;
                self.writer.write_all(data).await?;
                self.writer.flush().await?;
                self.wire = Wire::Sound;
                Ok(())
            }
            State::Uncommitted | State::Complete => {
                Err(io::Error::other("a body was sent where none was announced"))
            }
        }
    }

    /// Waits until the client may take more, holding no buffer.
    pub(in crate::proxy) async fn writable(&self) -> io::Result<()> {
        self.writer.writable().await
    }

    /// Sends as much of `data` as the client takes at once, of a body of declared length; returns how much that was.
    pub(in crate::proxy) async fn some_of(&mut self, data: &[u8]) -> io::Result<usize> {
        if !matches!(self.state, State::Counting(left) if data.len() as u64 <= left) {
            return Err(io::Error::other("more of a body was sent than was announced"));
        }
        let taken = self.writer.write(data).await?;
        self.writer.flush().await?;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.count(taken);
        Ok(taken)
    }

    pub(in crate::proxy) async fn end(&mut self, trailers: &[u8]) -> io::Result<()> {
        match self.state {
            State::Chunking => {
                self.head.clear();
                emit::last_chunk(self.head, trailers);
                self.state = State::Complete;
                self.write_head().await
            }
            State::UntilClose => {
                self.state = State::Complete;
                Ok(())
            }
            State::Complete => Ok(()),
            State::Counting(_) | State::Uncommitted => {
                Err(io::Error::other("the body ended before its announced length"))
            }
        }
    }

    /// The client's socket, for a body of declared length that goes there by another road; see [`Self::went`].
    pub(in crate::proxy) fn plain(&self) -> Option<Plain<'_>> {
        match self.state {
            State::Counting(_) => self.writer.plain(),
            State::Uncommitted | State::Chunking | State::UntilClose | State::Complete => None,
        }
    }

    /// So many bytes of the body went to the client's socket by another road: spliced.
    pub(in crate::proxy) fn went(&mut self, sent: u64) {
        self.traffic.spliced_down.add(sent);
        self.owes_less(sent);
    }

    fn count(&mut self, sent: usize) {
        self.traffic.copied_down.add(sent as u64);
        self.owes_less(sent as u64);
    }

    fn owes_less(&mut self, sent: u64) {
        self.sent += sent;
        if let State::Counting(left) = &mut self.state {
            *left = left.saturating_sub(sent);
            if *left == 0 {
                self.state = State::Complete;
            }
        }
    }

    pub(in crate::proxy) fn close_after(&mut self) {
        self.persistence = Persistence::Close;
    }

    pub(in crate::proxy) fn is_committed(&self) -> bool {
        self.state != State::Uncommitted
    }

    pub(in crate::proxy) fn sent(&self) -> u64 {
        self.sent
    }

    /// Ends the loan of the connection.
    pub(in crate::proxy) fn release(self) -> Leftover {
        match (self.state, self.persistence) {
            (State::UntilClose, _) => Leftover::CutUnmarked,
            // Whatever was announced, not all of it arrived: an answer to the next request would be read as the rest.
            _ if self.wire == Wire::Torn => Leftover::Cut,
            (State::Complete, Persistence::KeepAlive) => Leftover::Connection,
            (State::Complete, Persistence::Close) => Leftover::Close,
            (State::Uncommitted | State::Counting(_) | State::Chunking, _) => Leftover::Cut,
        }
    }

    /// The connection's writing side, for the tunnel after a 101.
    pub(in crate::proxy) fn writer(&mut self) -> &mut WriteHalf<'x> {
        &mut self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::stream::Stream;
    use std::task::{Context, Poll, Waker};
    use tokio::net::UnixStream;
    use tokio::runtime::Builder;

    #[test]
    fn nothing_follows_an_answer_that_was_given_up_half_sent() {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let mut stream = Stream::Unix(ours);
            let (_, writer) = stream.split();
            let (mut head, traffic) = (Vec::new(), Traffic::default());
            let mut reply = Reply::new(writer, &mut head, Version::Http11, Persistence::KeepAlive, &traffic);
            reply.stage(200, b"OK");
            let body = vec![b'x'; 8 << 20];
            {
                // More than any socket takes from a peer that does not read.
                let mut sending = std::pin::pin!(reply.start(ReplyLength::Exact(body.len() as u64), &body));
                let mut cx = Context::from_waker(Waker::noop());
                assert!(matches!(sending.as_mut().poll(&mut cx), Poll::Pending));
            }
            assert_eq!(reply.release(), Leftover::Cut);
        });
    }
}

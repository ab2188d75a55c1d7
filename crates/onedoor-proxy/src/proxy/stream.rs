//! A byte stream of any kind the proxy meets, and its two halves: TCP, Unix, TLS over TCP.
//!
//! An enum rather than a trait object: the two plain kinds are the hot ones and must cost a branch, not a call
//! through a table, and the relay asks which kind it has before it chooses a faster road.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};
use tokio_rustls::client::TlsStream;

/// A connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Boxed: the TLS state is large and rare.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What can be read from a connection.
#[derive(Debug)]
pub(super) enum ReadHalf<'a> {
    Tcp(tcp::ReadHalf<'a>),
    Unix(unix::ReadHalf<'a>),
    Tls(tokio::io::ReadHalf<&'a mut TlsStream<TcpStream>>),
}

/// What can be written to a connection.
#[derive(Debug)]
pub(super) enum WriteHalf<'a> {
    Tcp(tcp::WriteHalf<'a>),
    Unix(unix::WriteHalf<'a>),
    Tls(tokio::io::WriteHalf<&'a mut TlsStream<TcpStream>>),
}

/// A connection without TLS: what the kernel holds is what was sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain<'a> {
    Tcp(&'a TcpStream),
    Unix(&'a UnixStream),
}

/// What an idle connection has done while nobody asked it for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idleness {
    Silent,
    /// Its peer closed or broke it.
    Ended,
    /// Bytes that nobody asked for: it must not be used (HTTP.md rule 26).
    Spoke,
}

/// How the record of a close_notify begins (RFC 8446 5.1): an end that is said before it is made.
const TLS_ALERT: [u8; 1] = [21];

impl Stream {
    /// Both halves, usable at the same time.
    pub(super) fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            Self::Unix(stream) => {
                let (read, write) = stream.split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
            Self::Tls(stream) => {
                let (read, write) = tokio::io::split(&mut **stream);
                (ReadHalf::Tls(read), WriteHalf::Tls(write))
            }
        }
    }

    /// Whether there is something to read; holds no buffer to wait for it. Polled, not awaited: the future that the
    /// runtime has for this is larger than everything else that a parked connection keeps.
    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Unix(stream) => stream.poll_read_ready(cx),
            Self::Tls(stream) => stream.get_ref().0.poll_read_ready(cx),
        }
    }

    /// What an idle connection has done since its last exchange. Costs no system call while the runtime knows of
    /// nothing to read, and does not draw on the task's budget: with none left, `poll_read_ready` would call any
    /// connection silent.
    pub(super) fn idleness(&self) -> Idleness {
        let mut first = [0; 1];
        let read = match self {
            Self::Tcp(stream) => stream.try_read(&mut first),
            Self::Unix(stream) => stream.try_read(&mut first),
            // A byte stolen from the TLS layer does not matter: the connection is dropped for it.
            Self::Tls(stream) => stream.get_ref().0.try_read(&mut first),
        };
        match (read, self) {
            (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => Idleness::Silent,
            (Ok(0) | Err(_), _) => Idleness::Ended,
            (Ok(_), Self::Tls(_)) if first == TLS_ALERT => Idleness::Ended,
            (Ok(_), _) => Idleness::Spoke,
        }
    }

    /// What has come, without taking it; 0 bytes are the end. `WouldBlock` if nothing has.
    pub(super) fn peek(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => {
                stream.try_io(Interest::READABLE, || onedoor_linux::socket::peek(stream, into))
            }
            Self::Unix(stream) => {
                stream.try_io(Interest::READABLE, || onedoor_linux::socket::peek(stream, into))
            }
            Self::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Takes what has come, without waiting.
    pub(super) fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(into),
            Self::Unix(stream) => stream.try_read(into),
            Self::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Whether an idle connection may be used again.
    pub(super) fn is_silent(&self) -> bool {
        self.idleness() == Idleness::Silent
    }

    /// The same, asked of the kernel: an end that has arrived since the runtime last looked counts as well.
    pub(super) fn is_silent_now(&self) -> bool {
        self.is_silent()
            && match self {
                Self::Tcp(stream) => onedoor_linux::socket::is_silent(stream),
                Self::Unix(stream) => onedoor_linux::socket::is_silent(stream),
                Self::Tls(stream) => onedoor_linux::socket::is_silent(stream.get_ref().0),
            }
    }
}

impl ReadHalf<'_> {
    /// The socket, where its bytes are the message's own.
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        match self {
            Self::Tcp(half) => Some(Plain::Tcp(half.as_ref())),
            Self::Unix(half) => Some(Plain::Unix(half.as_ref())),
            Self::Tls(_) => None,
        }
    }

    /// Waits until there may be something to read, holding no buffer. TLS cannot tell before it has read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(half) => half.readable().await,
            Self::Unix(half) => half.readable().await,
            Self::Tls(_) => Ok(()),
        }
    }
}

impl WriteHalf<'_> {
    /// Waits until there may be room to write, holding no buffer. TLS cannot tell before it has written.
    pub(super) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(half) => half.writable().await,
            Self::Unix(half) => half.writable().await,
            Self::Tls(_) => Ok(()),
        }
    }

    /// The socket, where its bytes are the message's own.
    pub(super) fn plain(&self) -> Option<Plain<'_>> {
        match self {
            Self::Tcp(half) => Some(Plain::Tcp(half.as_ref())),
            Self::Unix(half) => Some(Plain::Unix(half.as_ref())),
            Self::Tls(_) => None,
        }
    }
}

impl Plain<'_> {
    /// Does `io` when the socket has bytes or an end; again and again while it would block.
    pub(super) async fn when_readable<R>(self, io: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        match self {
            Self::Tcp(stream) => stream.async_io(Interest::READABLE, io).await,
            Self::Unix(stream) => stream.async_io(Interest::READABLE, io).await,
        }
    }

    /// Does `io` when the socket has room; again and again while it would block.
    pub(super) async fn when_writable<R>(self, io: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        match self {
            Self::Tcp(stream) => stream.async_io(Interest::WRITABLE, io).await,
            Self::Unix(stream) => stream.async_io(Interest::WRITABLE, io).await,
        }
    }
}

impl AsFd for Plain<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl AsyncRead for ReadHalf<'_> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, buf),
            Self::Unix(half) => Pin::new(half).poll_read(cx, buf),
            Self::Tls(half) => Pin::new(half).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for WriteHalf<'_> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_write(cx, buf),
            Self::Unix(half) => Pin::new(half).poll_write(cx, buf),
            Self::Tls(half) => Pin::new(half).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_write_vectored(cx, bufs),
            Self::Unix(half) => Pin::new(half).poll_write_vectored(cx, bufs),
            Self::Tls(half) => Pin::new(half).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            // Plain sockets have nothing to flush.
            Self::Tcp(_) | Self::Unix(_) => Poll::Ready(Ok(())),
            Self::Tls(half) => Pin::new(half).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            Self::Unix(half) => Pin::new(half).poll_shutdown(cx),
            Self::Tls(half) => Pin::new(half).poll_shutdown(cx),
        }
    }
}

/// Up to so many bytes it is cheaper to put a body behind its head and send(2) both than to leave them where they are:
/// writev(2) takes a longer way through the kernel.
pub(super) const JOIN_MAX: usize = 4 * 1024;

/// Writes all of `slices`, in one system call where the peer takes it.
pub(super) async fn write_all_of(
    writer: &mut WriteHalf<'_>,
    mut slices: &mut [IoSlice<'_>],
) -> io::Result<()> {
    use tokio::io::AsyncWriteExt;
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        let written = match &*slices {
            [one] => writer.write(one).await?,
            several => writer.write_vectored(several).await?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut slices, written);
    }
    Ok(())
}

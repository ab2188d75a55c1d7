//! Listening sockets: made, shared by several epoll instances without a stampede, and accepted from.
//!
//! All workers accept from ONE listening socket, which each watches through a [`Knocker`].

mod knocker;
mod peer;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::net::{RecvFlags, SocketFlags, accept_with, acceptfrom_with, recv};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

pub use self::knocker::Knocker;
pub use self::peer::listener_of;
use crate::poll::{Interest, wait_any};

/// Connections that may wait in the kernel's accept queue; the kernel lowers it to net.core.somaxconn.
const BACKLOG: i32 = 4096;

/// What a connection may have waiting in the kernel that was not even sent once (tcp(7), TCP_NOTSENT_LOWAT). Without
/// it a slow client's queue grows to megabytes, and is writable again only when a third of it has gone: a client that
/// reads all the time then looks like one that has stopped.
const UNSENT_MAX: u32 = 512 * 1024;

/// A listening socket of either family, non-blocking.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpDoor),
    Unix(UnixListener),
}

/// A TCP listener, and what its connections have from it.
#[derive(Debug)]
pub struct TcpDoor {
    listener: TcpListener,
    /// Known once the first connection is here.
    nodelay: OnceLock<Inherited>,
}

/// Whether accepted connections have the listener's TCP_NODELAY. They do on Linux, but
/// nothing promises it, and a sandbox's own network stack (gVisor) may begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inherited {
    Yes,
    No,
}

/// One accepted connection, non-blocking.
#[derive(Debug)]
pub enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

/// Listens on a TCP address. SO_REUSEADDR is set (a restart must not wait for TIME_WAIT), SO_REUSEPORT is not:
/// a second program on the port must fail with EADDRINUSE, not share it silently. `[::]` takes IPv4 as well.
///
/// # Errors
/// What socket(2), bind(2) or listen(2) answer; EADDRINUSE, EACCES and EAFNOSUPPORT are the common ones.
pub fn listen_tcp(address: SocketAddr) -> io::Result<Listener> {
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // Accepted connections inherit these. A kernel that does not know the first (gVisor) only lacks the improvement;
    // whether the second came through is looked at.
    drop(socket.set_tcp_notsent_lowat(UNSENT_MAX));
    socket.set_tcp_nodelay(true)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    Ok(Listener::Tcp(TcpDoor { listener: socket.into(), nodelay: OnceLock::new() }))
}

/// Tries whether a program could bind `port` on all IPv4 addresses, even one that does not set SO_REUSEADDR: to such a
/// one a port is taken for a minute after its last connection, too (TIME_WAIT, RFC 9293 section 3.6.1).
///
/// # Errors
/// What socket(2) or bind(2) answer; EADDRINUSE above all.
pub fn try_port(port: u16) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM.cloexec(), Some(Protocol::TCP))?;
    socket.bind(&SockAddr::from(SocketAddr::from((std::net::Ipv4Addr::UNSPECIFIED, port))))
}

/// A Unix socket that listens at `path`, to be handed to a program: blocking, as sd_listen_fds(3) has it.
///
/// # Errors
/// As bind(2) and listen(2), and when the path is too long.
pub fn listen_handed(path: &Path) -> io::Result<OwnedFd> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Whether a connection waits in the socket's queue for somebody to accept it.
///
/// # Errors
/// As poll(2).
pub fn has_waiting(listener: &OwnedFd) -> io::Result<bool> {
    let readable = [Interest::Readable(listener.as_fd())];
    Ok(wait_any(&readable, Some(Duration::ZERO))?.contains(&true))
}

/// Listens on a Unix socket path. A socket file that nobody listens on any more is replaced; one that answers is not.
///
/// # Errors
/// EADDRINUSE if somebody accepts there or the path is no socket; what bind(2) or listen(2) answer.
pub fn listen_unix(path: &Path) -> io::Result<Listener> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if UnixStream::connect(path).is_ok() {
                return Err(io::Error::from(io::ErrorKind::AddrInUse));
            }
            std::fs::remove_file(path)?;
        }
        Ok(_) => return Err(io::Error::from(io::ErrorKind::AddrInUse)),
        Err(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(Listener::Unix(socket.into()))
}

impl Listener {
    /// Takes one connection from the queue, in one system call; `WouldBlock` when it is empty. TCP connections have
    /// TCP_NODELAY: a response is written whole, so Nagle's algorithm could only delay it.
    ///
    /// # Errors
    /// What accept4(2) answers, `WouldBlock` and EMFILE included.
    pub fn accept(&self) -> io::Result<Accepted> {
        const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
        match self {
            Self::Tcp(door) => {
                let (socket, peer) = acceptfrom_with(&door.listener, FLAGS)?;
                // accept(2) gives no address for a peer that has gone in between.
                let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                let peer = peer.ok_or(io::ErrorKind::ConnectionAborted)?;
                let stream = TcpStream::from(socket);
                door.undelay(&stream)?;
                Ok(Accepted::Tcp(stream, peer))
            }
            Self::Unix(listener) => Ok(Accepted::Unix(accept_with(listener, FLAGS)?.into())),
        }
    }

    /// Lets nobody new in, while those whose handshake has begun still come through: a SYN is dropped as if it had got
    /// lost, and when the client sends it again, the listener is gone and says so. Without it, whoever is queued
    /// between the last accept(2) and close(2) is reset.
    ///
    /// # Errors
    /// What setsockopt(2) answers to SO_ATTACH_FILTER; a sandbox may not know it. Nothing is changed then.
    pub fn turn_new_away(&self) -> io::Result<()> {
        match self {
            Self::Tcp(door) => attach(door.listener.as_fd(), &DROP_SYN),
            // connect(2) to a Unix socket has no handshake to wait for.
            Self::Unix(_) => Ok(()),
        }
    }

    /// The TCP address it really listens on (port 0 resolved).
    #[must_use]
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(door) => door.listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

impl TcpDoor {
    fn undelay(&self, stream: &TcpStream) -> io::Result<()> {
        let inherited = self.nodelay.get_or_init(|| match stream.nodelay() {
            Ok(true) => Inherited::Yes,
            Ok(false) | Err(_) => Inherited::No,
        });
        match inherited {
            Inherited::Yes => Ok(()),
            Inherited::No => stream.set_nodelay(true),
        }
    }
}

/// A classic BPF program (filter.txt of the kernel's documentation) over a TCP header: drop what has SYN set.
const DROP_SYN: [libc::sock_filter; 4] = [
    // A = the flags, the header's byte 13 (RFC 9293 3.1)
    libc::sock_filter { code: 0x30, jt: 0, jf: 0, k: 13 },
    // if A & SYN: go on, else skip one
    libc::sock_filter { code: 0x45, jt: 0, jf: 1, k: 0x02 },
    // return 0: drop
    libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: 0 },
    // return all of it: let through
    libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: u32::MAX },
];

#[expect(unsafe_code, reason = "no safe crate attaches a socket filter")]
fn attach(socket: BorrowedFd<'_>, program: &[libc::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    let size = libc::socklen_t::try_from(size_of_val(&program)).map_err(io::Error::other)?;
    // SAFETY: the descriptor is borrowed, so it is open. The kernel copies the program, of `len` instructions, during
    // the call and writes to neither it nor the header.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size,
        )
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(door) => door.listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

/// Copies what waits to be read, and leaves it there (recv(2), MSG_PEEK). 0 bytes are the end of the stream.
///
/// # Errors
/// What recv(2) answers; `WouldBlock` if nothing waits.
pub fn peek(socket: impl AsFd, into: &mut [u8]) -> io::Result<usize> {
    let (_, seen) = recv(socket, into, RecvFlags::PEEK | RecvFlags::DONTWAIT)?;
    Ok(seen)
}

/// Whether nothing waits to be read from a socket, neither bytes nor an end nor an error. Asks the kernel, and takes
/// nothing out of the queue (recv(2), MSG_PEEK).
pub fn is_silent(socket: impl AsFd) -> bool {
    let peeked = recv(socket, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT);
    matches!(peeked, Err(rustix::io::Errno::WOULDBLOCK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_second_listener_on_the_port_is_refused() {
        let first = listen_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let again = listen_tcp(first.tcp_address().unwrap());
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_port_with_a_connection_in_time_wait_is_not_free_for_everyone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        assert_eq!(try_port(at.port()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let mut client = TcpStream::connect(at).unwrap();
        // Whoever closes first is left in TIME_WAIT: here the listener's side.
        drop(listener.accept().unwrap());
        assert_eq!(io::Read::read(&mut client, &mut [0; 1]).unwrap(), 0);
        drop((client, listener));
        assert!(TcpListener::bind(at).is_ok(), "this one sets SO_REUSEADDR");
        assert_eq!(try_port(at.port()).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn a_stale_unix_socket_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door.sock");
        let living = listen_unix(&path).unwrap();
        assert_eq!(listen_unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(living);
        listen_unix(&path).unwrap();
    }

    #[test]
    fn a_file_in_the_way_of_a_unix_socket_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("precious");
        std::fs::File::create(&path).unwrap().write_all(b"data").unwrap();
        assert_eq!(listen_unix(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(std::fs::read(&path).unwrap(), b"data");
    }

    #[test]
    fn a_socket_with_bytes_or_an_end_is_not_silent() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        assert!(is_silent(&ours));
        theirs.write_all(b"x").unwrap();
        assert!(!is_silent(&ours) && !is_silent(&ours));
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert!(!is_silent(&ours));
    }

    #[test]
    fn a_closing_listener_keeps_whom_it_has_and_hears_nobody_new() {
        let listener = listen_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.tcp_address().unwrap();
        let mut early = TcpStream::connect(address).unwrap();
        listener.turn_new_away().unwrap();
        let late = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None).unwrap();
        let pending = late.connect(&SockAddr::from(address)).unwrap_err();
        assert_eq!(pending.raw_os_error(), Some(libc::EINPROGRESS));
        early.write_all(b"x").unwrap();
        let Accepted::Tcp(..) = listener.accept().unwrap() else { panic!("a TCP listener accepts TCP") };
        assert_eq!(
            listener.accept().unwrap_err().kind(),
            io::ErrorKind::WouldBlock,
            "the late one was heard"
        );
    }

    #[test]
    fn an_accepted_connection_does_not_block() {
        let listener = listen_tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let _client = TcpStream::connect(listener.tcp_address().unwrap()).unwrap();
        let Accepted::Tcp(stream, _) = listener.accept().unwrap() else {
            panic!("a TCP listener accepts TCP")
        };
        let error = io::Read::read(&mut &stream, &mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn an_accepted_connection_is_known_by_its_peer_and_does_not_delay() {
        for address in ["127.0.0.1:0", "[::1]:0", "[::]:0"] {
            let Ok(listener) = listen_tcp(address.parse().unwrap()) else { continue };
            let port = listener.tcp_address().unwrap().port();
            for at in ["127.0.0.1", "::1"] {
                let Ok(client) = TcpStream::connect((at, port)) else { continue };
                let Accepted::Tcp(stream, peer) = listener.accept().unwrap() else {
                    panic!("a TCP listener accepts TCP")
                };
                let ours = client.local_addr().unwrap();
                assert_eq!((peer.ip().to_canonical(), peer.port()), (ours.ip(), ours.port()));
                assert!(stream.nodelay().unwrap());
            }
        }
    }
}

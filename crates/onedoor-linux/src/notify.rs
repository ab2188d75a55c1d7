//! The socket of sd_notify(3): datagrams, each with the number of the process that sent it, vouched for by the kernel.
//!
//! rustix has recvmsg(2), too, but its type for a sender has no place for process 0, and 0 is what the kernel says of
//! one outside our PID namespace (unix(7), SCM_CREDENTIALS; pid_namespaces(7)).
#![expect(unsafe_code, reason = "the credentials of a datagram have no sound safe name elsewhere")]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::proc::Pid;

/// What one datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// How much of the buffer it filled.
    pub bytes: usize,
    /// None: outside our PID namespace, or unknown.
    pub sender: Option<Pid>,
    pub extent: Extent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// It did not fit; its rest is lost.
    Cut,
}

/// A non-blocking socket at `path`, where nothing may be yet.
///
/// # Errors
/// What socket(2) or bind(2) answer; `InvalidInput` if the path is too long.
pub fn bind_path(path: &Path) -> io::Result<UnixDatagram> {
    bind(&SockAddr::unix(path)?)
}

/// A non-blocking socket with a name that needs no file system (unix(7), "abstract").
///
/// # Errors
/// What socket(2) or bind(2) answer.
pub fn bind_abstract(name: &str) -> io::Result<UnixDatagram> {
    let name = format!("\0{name}");
    bind(&SockAddr::unix(std::ffi::OsStr::from_bytes(name.as_bytes()))?)
}

fn bind(address: &SockAddr) -> io::Result<UnixDatagram> {
    let socket = Socket::new(Domain::UNIX, Type::DGRAM.nonblocking().cloexec(), None)?;
    // Before anyone can send: a datagram that was queued earlier would have no sender.
    rustix::net::sockopt::set_socket_passcred(&socket, true)?;
    socket.bind(address)?;
    Ok(socket.into())
}

/// Room for one sender and nothing else: descriptors that come along find none, and the kernel closes them.
#[repr(C)]
union Control {
    /// As CMSG_FIRSTHDR wants it aligned (cmsg(3)).
    _aligned: libc::cmsghdr,
    _bytes: [u8; CONTROL_BYTES],
}

pub(crate) const CREDENTIALS_BYTES: u32 = {
    assert!(size_of::<libc::ucred>() == 12);
    12
};

// SAFETY: CMSG_SPACE only calculates.
const CONTROL_BYTES: usize = unsafe { libc::CMSG_SPACE(CREDENTIALS_BYTES) } as usize;

/// Takes one datagram.
///
/// # Errors
/// What recvmsg(2) answers; `WouldBlock` if there is none.
pub fn receive(socket: impl AsFd, into: &mut [u8]) -> io::Result<Datagram> {
    let mut part = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    let mut control = MaybeUninit::<Control>::zeroed();
    // SAFETY: a msghdr of zeroes is a valid one without any buffers.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_BYTES as _;
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the descriptor is borrowed, so it is open; both buffers outlive the call and are as long as they say.
    let received = unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut header, flags) };
    let bytes = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    let extent = if header.msg_flags & libc::MSG_TRUNC == 0 { Extent::Whole } else { Extent::Cut };
    Ok(Datagram { bytes: bytes.min(into.len()), sender: sender(&header), extent })
}

fn sender(header: &libc::msghdr) -> Option<Pid> {
    // SAFETY: the kernel has set the length of the control buffer, which lives in our caller; null if it is empty.
    let first = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: a first header that is not null lies whole within the buffer, which is aligned for it.
    let message = unsafe { first.as_ref() }?;
    // SAFETY: CMSG_LEN only calculates.
    let whole = unsafe { libc::CMSG_LEN(CREDENTIALS_BYTES) };
    let is_sender = message.cmsg_level == libc::SOL_SOCKET && message.cmsg_type == libc::SCM_CREDENTIALS;
    if !is_sender || (message.cmsg_len as u64) < u64::from(whole) {
        return None;
    }
    // SAFETY: CMSG_DATA only calculates; the header is that of the buffer.
    let data = unsafe { libc::CMSG_DATA(first) }.cast::<libc::ucred>();
    // SAFETY: its length was just checked; nothing is said about its alignment (cmsg(3)), and none is needed here.
    let credentials = unsafe { data.read_unaligned() };
    Pid::new(credentials.pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_says_who_sent_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.sock");
        let socket = bind_path(&path).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(receive(&socket, &mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let app = UnixDatagram::unbound().unwrap();
        app.send_to(b"READY=1", &path).unwrap();
        let whole = receive(&socket, &mut buffer).unwrap();
        assert_eq!(whole, Datagram { bytes: 7, sender: Some(Pid::ours()), extent: Extent::Whole });
        assert_eq!(&buffer[..7], b"READY=1");
        app.send_to(b"STATUS=a long story", &path).unwrap();
        let cut = receive(&socket, &mut buffer).unwrap();
        assert_eq!((cut.bytes, cut.extent), (8, Extent::Cut));
        app.send_to(b"", &path).unwrap();
        assert_eq!(receive(&socket, &mut buffer).unwrap().bytes, 0);
    }

    #[test]
    fn an_abstract_name_needs_no_file() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("onedoor-test-{}", std::process::id());
        let socket = bind_abstract(&name).unwrap();
        let to = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        UnixDatagram::unbound().unwrap().send_to_addr(b"x", &to).unwrap();
        assert_eq!(receive(&socket, &mut [0; 8]).unwrap().sender, Some(Pid::ours()));
    }

    #[test]
    fn a_descriptor_that_comes_along_is_closed() {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.sock");
        let socket = bind_path(&path).unwrap();
        let app = UnixDatagram::unbound().unwrap();
        app.connect(&path).unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut passed = SendAncillaryBuffer::new(&mut space);
        let descriptors = [writer.as_fd()];
        assert!(passed.push(SendAncillaryMessage::ScmRights(&descriptors)));
        sendmsg(&app, &[io::IoSlice::new(b"BARRIER=1")], &mut passed, SendFlags::empty()).unwrap();
        drop(writer);
        let received = receive(&socket, &mut [0; 16]).unwrap();
        assert_eq!((received.bytes, received.sender), (9, Some(Pid::ours())));
        // The end of the pipe: nobody holds its other end any more.
        assert_eq!(io::Read::read(&mut reader, &mut [0; 1]).unwrap(), 0);
    }
}

//! Who is at the other end of a Unix connection (unix(7), SO_PEERCRED).
//!
//! rustix asks, too, but its answer has no place for process 0, and 0 is what the kernel says of one that our PID
//! namespace does not show.
#![expect(unsafe_code, reason = "the peer's process has no sound safe name elsewhere")]

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

use crate::notify::CREDENTIALS_BYTES;
use crate::proc::Pid;

/// The process that listens at the far end of a connection; None where it cannot be seen from here.
#[must_use]
pub fn listener_of(connection: impl AsFd) -> Option<Pid> {
    let mut peer = MaybeUninit::<libc::ucred>::zeroed();
    let mut length: libc::socklen_t = CREDENTIALS_BYTES;
    let (level, option) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
    let fd = connection.as_fd().as_raw_fd();
    // SAFETY: the descriptor is borrowed, so it is open; the kernel writes at most `length` bytes into `peer`.
    let result = unsafe { libc::getsockopt(fd, level, option, peer.as_mut_ptr().cast(), &raw mut length) };
    if result == -1 {
        return None;
    }
    // SAFETY: three integers, for which zeroes and whatever the kernel wrote over them are valid.
    Pid::new(unsafe { peer.assume_init() }.pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn whoever_listens_is_known_by_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("door.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        assert_eq!(listener_of(UnixStream::connect(&path).unwrap()), Some(Pid::ours()));
    }

    #[test]
    fn a_connection_of_another_kind_has_nobody_to_tell() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(listener_of(client), None);
    }
}

//! A pipe as the kernel's own buffer: bytes go from socket to socket without entering this program (splice(2)).

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};

/// What a pipe is asked to hold. Each socket buffer takes at least one of its places, full or not, so a pipe of the
/// default 16 places is often full with far less than 64 KiB. A user who has many pipes gets smaller ones (pipe(7),
/// `pipe-user-pages-soft`), which only cost more calls.
const CAPACITY: usize = 1024 * 1024;

/// Bytes on their way from one socket to another.
#[derive(Debug)]
pub struct Pipe {
    exit: OwnedFd,
    entry: OwnedFd,
    held: usize,
}

impl Pipe {
    /// A new, empty pipe.
    ///
    /// # Errors
    /// What pipe2(2) answers: EMFILE, ENFILE.
    pub fn new() -> io::Result<Self> {
        let (exit, entry) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        // EPERM above the user's limit, ENOSYS in a sandbox: the size it has will do.
        fcntl_setpipe_size(&entry, CAPACITY).ok();
        Ok(Self { exit, entry, held: 0 })
    }

    /// Bytes taken from one socket and not given to the other yet.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Takes at most `most` bytes from a non-blocking socket; 0 means its end. Only for an empty pipe: EAGAIN could not
    /// tell an empty socket from a full pipe.
    ///
    /// # Errors
    /// `WouldBlock` while the socket has nothing. EINVAL, ENOSYS or EPERM where this socket or sandbox knows no splice;
    /// nothing was taken then. Else the socket's own error.
    pub fn fill(&mut self, from: impl AsFd, most: usize) -> io::Result<usize> {
        debug_assert_eq!(self.held, 0, "EAGAIN must mean that the socket is empty");
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let taken = splice(from, None, &self.entry, None, most.min(CAPACITY), flags)?;
        self.held = taken;
        Ok(taken)
    }

    /// Gives to a non-blocking socket as much of what is held as it takes. Never with SPLICE_F_MORE: the kernel would
    /// keep a last short segment back for 200 ms, waiting for bytes that may not come.
    ///
    /// # Errors
    /// `WouldBlock` while the socket takes nothing; EINVAL, ENOSYS or EPERM where it cannot be spliced to; else the
    /// socket's own error.
    pub fn drain(&mut self, to: impl AsFd) -> io::Result<usize> {
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let given = splice(&self.exit, None, to, None, self.held, flags)?;
        self.held -= given.min(self.held);
        Ok(given)
    }

    /// Takes what is held out of the pipe, for a socket that cannot be spliced to.
    ///
    /// # Errors
    /// What read(2) answers.
    pub fn take_back(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        while self.held > 0 {
            let mut piece = [0; 4096];
            let room = piece.len().min(self.held);
            let read = rustix::io::read(&self.exit, &mut piece[..room])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.held -= read;
            into.extend_from_slice(&piece[..read]);
        }
        Ok(())
    }
}

/// Whether a failed [`Pipe::fill`] or [`Pipe::drain`] says that splicing is not to be had here, rather than that the
/// connection broke.
#[must_use]
pub fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS | libc::EPERM | libc::EOPNOTSUPP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    fn pair() -> (UnixStream, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (ours, theirs)
    }

    #[test]
    fn what_goes_in_at_one_socket_comes_out_at_the_other() {
        let (source, mut sender) = pair();
        let (sink, mut receiver) = pair();
        let mut pipe = Pipe::new().unwrap();
        sender.write_all(b"all of it").unwrap();
        assert_eq!(pipe.fill(&source, 6).unwrap(), 6);
        assert_eq!(pipe.drain(&sink).unwrap(), 6);
        assert_eq!(pipe.fill(&source, 100).unwrap(), 3);
        assert_eq!((pipe.held(), pipe.drain(&sink).unwrap(), pipe.held()), (3, 3, 0));
        sink.shutdown(Shutdown::Write).unwrap();
        let mut got = String::new();
        receiver.read_to_string(&mut got).unwrap();
        assert_eq!(got, "all of it");
    }

    #[test]
    fn an_empty_socket_would_block_and_an_ended_one_ends() {
        let (source, sender) = pair();
        let mut pipe = Pipe::new().unwrap();
        assert_eq!(pipe.fill(&source, 1).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // Said, not only closed: a process that a test beside this one forks keeps a copy of ours until it executes.
        sender.shutdown(Shutdown::Write).unwrap();
        assert_eq!(pipe.fill(&source, 1).unwrap(), 0);
    }

    #[test]
    fn what_cannot_be_given_can_be_taken_back() {
        let (source, mut sender) = pair();
        let mut pipe = Pipe::new().unwrap();
        sender.write_all(&[7; 10_000]).unwrap();
        assert_eq!(pipe.fill(&source, 10_000).unwrap(), 10_000);
        let mut back = Vec::new();
        pipe.take_back(&mut back).unwrap();
        assert_eq!((back, pipe.held()), (vec![7; 10_000], 0));
    }

    #[test]
    fn a_file_that_was_opened_to_append_to_cannot_be_spliced_to() {
        let (source, mut sender) = pair();
        let folder = tempfile::tempdir().unwrap();
        let file =
            std::fs::File::options().append(true).create(true).open(folder.path().join("log")).unwrap();
        let mut pipe = Pipe::new().unwrap();
        sender.write_all(b"x").unwrap();
        pipe.fill(&source, 1).unwrap();
        assert!(is_unsupported(&pipe.drain(&file).unwrap_err()));
        assert_eq!(pipe.held(), 1);
    }
}

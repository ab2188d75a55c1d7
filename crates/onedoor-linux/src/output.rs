//! Writing to inherited standard streams without ever blocking and without changing them for anybody else.
//!
//! O_NONBLOCK belongs to the open file description, which we share with whoever started us, so it is never set
//! there. A pipe or terminal is opened once more for ourselves instead; a socket takes the flag per call; where
//! neither works, pieces that fit into one page are written once poll(2) says there is room for one (pipe(7)).

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

use crate::poll::{Interest, wait_any};

/// What a pipe that polls as writable takes without blocking.
const ONE_PAGE: usize = 4096;

/// A stream to write to that answers `WouldBlock` rather than block.
#[derive(Debug)]
pub struct Output {
    file: File,
    road: Road,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    /// A description of our own with O_NONBLOCK, or a regular file, which never blocks in poll's sense.
    Plain,
    Socket,
    OnePageAtATime,
}

impl Output {
    /// Writes to wherever `fd` goes.
    ///
    /// # Errors
    /// What fcntl(2) or fstat(2) answer: EBADF for a closed stream, EMFILE.
    pub fn to(fd: impl AsFd) -> io::Result<Self> {
        let shared = File::from(fd.as_fd().try_clone_to_owned()?);
        let kind = shared.metadata()?.file_type();
        if kind.is_socket() {
            return Ok(Self { file: shared, road: Road::Socket });
        }
        if kind.is_file() {
            return Ok(Self { file: shared, road: Road::Plain });
        }
        if kind.is_fifo() || kind.is_char_device() {
            // O_NOCTTY: a session leader such as PID 1 must not get a controlling terminal by this (open(2)).
            let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
            let path = format!("/proc/self/fd/{}", shared.as_raw_fd());
            if let Ok(own) = OpenOptions::new().write(true).custom_flags(flags).open(path) {
                return Ok(Self { file: own, road: Road::Plain });
            }
        }
        Ok(Self { file: shared, road: Road::OnePageAtATime })
    }

    /// Writes what there is room for now.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; what write(2) or send(2) answer, EPIPE and ENOSPC above all.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.road {
            Road::Plain => (&self.file).write(bytes),
            Road::Socket => {
                let flags = rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL;
                Ok(rustix::net::send(&self.file, bytes, flags)?)
            }
            Road::OnePageAtATime => {
                let room =
                    wait_any(&[Interest::Writable(self.file.as_fd())], Some(std::time::Duration::ZERO))?;
                if room != [true] {
                    return Err(io::Error::from(io::ErrorKind::WouldBlock));
                }
                (&self.file).write(bytes.get(..ONE_PAGE).unwrap_or(bytes))
            }
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl From<Output> for OwnedFd {
    fn from(output: Output) -> Self {
        output.file.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn fill(output: &Output) -> usize {
        let mut written = 0;
        loop {
            match output.write(&[b'x'; 10_000]) {
                Ok(bytes) => written += bytes,
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    return written;
                }
            }
        }
    }

    #[test]
    fn a_full_pipe_does_not_block_and_its_other_users_notice_nothing() {
        let (_reader, writer) = io::pipe().unwrap();
        let output = Output::to(&writer).unwrap();
        assert_eq!(output.road, Road::Plain);
        assert!(fill(&output) > 0);
        let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "the shared description became non-blocking");
    }

    #[test]
    fn a_full_pipe_that_cannot_be_opened_again_does_not_block_either() {
        let (_reader, writer) = io::pipe().unwrap();
        let output = Output { file: File::from(OwnedFd::from(writer)), road: Road::OnePageAtATime };
        assert!(fill(&output) > 0);
    }

    #[test]
    fn a_full_socket_does_not_block() {
        let (_peer, socket) = UnixStream::pair().unwrap();
        let output = Output::to(&socket).unwrap();
        assert_eq!(output.road, Road::Socket);
        assert!(fill(&output) > 0);
    }

    #[test]
    fn a_stream_nobody_reads_any_more_is_a_broken_pipe() {
        let (reader, writer) = io::pipe().unwrap();
        let output = Output::to(&writer).unwrap();
        drop(reader);
        assert_eq!(output.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_file_is_appended_to_at_the_shared_position() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"before ").unwrap();
        Output::to(&file).unwrap().write(b"after").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "before after");
    }
}

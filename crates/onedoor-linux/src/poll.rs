//! Waiting for several descriptors at once, and waking a thread that does, for the threads that run no tokio.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub enum Interest<'fd> {
    Readable(BorrowedFd<'fd>),
    Writable(BorrowedFd<'fd>),
}

/// Waits until one of `interests` is ready and says for each whether it is; none is after `timeout`, or when a
/// signal came (poll(2), EINTR). A hang-up or an error counts as ready: the read or write will tell.
///
/// # Errors
/// What poll(2) answers: ENOMEM, or EINVAL for more descriptors than RLIMIT_NOFILE.
pub fn wait_any(interests: &[Interest<'_>], timeout: Option<Duration>) -> io::Result<Vec<bool>> {
    let mut fds: Vec<PollFd<'_>> = interests
        .iter()
        .map(|interest| match *interest {
            Interest::Readable(fd) => PollFd::from_borrowed_fd(fd, PollFlags::IN),
            Interest::Writable(fd) => PollFd::from_borrowed_fd(fd, PollFlags::OUT),
        })
        .collect();
    let timeout = timeout.and_then(|duration| Timespec::try_from(duration).ok());
    match rustix::event::poll(&mut fds, timeout.as_ref()) {
        Ok(_) => Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect()),
        Err(rustix::io::Errno::INTR) => Ok(vec![false; interests.len()]),
        Err(error) => Err(error.into()),
    }
}

/// A bell that any thread may ring and one thread waits for among other descriptors (eventfd(2)).
#[derive(Debug)]
pub struct Wake(OwnedFd);

impl Wake {
    /// # Errors
    /// What eventfd(2) answers: EMFILE, ENFILE or ENOMEM.
    pub fn new() -> io::Result<Self> {
        Ok(Self(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Makes the descriptor readable until [`Wake::clear`]. Never blocks: a full counter is already readable.
    pub fn ring(&self) {
        rustix::io::write(&self.0, &1_u64.to_ne_bytes()).ok();
    }

    /// Takes back all rings so far. Look at the work after this, not before.
    pub fn clear(&self) {
        rustix::io::read(&self.0, &mut [0_u8; 8]).ok();
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_TIME: Option<Duration> = Some(Duration::ZERO);

    #[test]
    fn a_rung_bell_is_readable_until_it_is_cleared() {
        let wake = Wake::new().unwrap();
        let readable = || wait_any(&[Interest::Readable(wake.as_fd())], NO_TIME).unwrap();
        assert_eq!(readable(), [false]);
        wake.ring();
        wake.ring();
        assert_eq!(readable(), [true]);
        wake.clear();
        assert_eq!(readable(), [false]);
    }

    #[test]
    fn each_descriptor_is_told_for_itself() {
        let (reader, writer) = io::pipe().unwrap();
        let ready = wait_any(&[Interest::Readable(reader.as_fd()), Interest::Writable(writer.as_fd())], None)
            .unwrap();
        assert_eq!(ready, [false, true]);
    }

    #[test]
    fn a_hang_up_counts_as_ready() {
        let (reader, writer) = io::pipe().unwrap();
        drop(writer);
        assert_eq!(wait_any(&[Interest::Readable(reader.as_fd())], None).unwrap(), [true]);
    }
}

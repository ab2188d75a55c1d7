//! The terminal that a program is used from: its size, and single keys instead of lines.
//!
//! Signals stay with the terminal: Ctrl-C and Ctrl-Z do what they do everywhere. What was changed is put back, whatever
//! becomes of its owner; only SIGKILL leaves a terminal without echo behind.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use crate::spawn::has_terminal;

/// Rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub rows: u16,
    pub columns: u16,
}

/// How large the terminal behind `fd` is; None if it is none, or does not know.
pub fn size(fd: impl AsFd) -> Option<Size> {
    let size = rustix::termios::tcgetwinsize(fd).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then_some(Size { rows: size.ws_row, columns: size.ws_col })
}

/// The keys of the terminal on stdin, one by one and without echo, until this is dropped.
#[derive(Debug)]
pub struct Keys {
    input: File,
    /// What the terminal was like.
    before: Termios,
}

impl Keys {
    /// # Errors
    /// ENOTTY unless stdin is a terminal, EPERM if we are in its background.
    pub fn take() -> io::Result<Self> {
        let input = File::from(rustix::stdio::stdin().try_clone_to_owned()?);
        let before = tcgetattr(&input)?;
        let keys = Self { input, before };
        keys.take_again()?;
        Ok(keys)
    }

    /// The same once more, after [`Self::put_back`].
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_again(&self) -> io::Result<()> {
        // In the background the kernel would stop us for it (termios(3), SIGTTOU).
        if !has_terminal() {
            return Err(io::Error::from(rustix::io::Errno::PERM));
        }
        let mut wanted = self.before.clone();
        wanted.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        // A read takes what is there, and does not wait if there is nothing: the description is shared with whoever
        // started us, who would not like O_NONBLOCK.
        wanted.special_codes[SpecialCodeIndex::VMIN] = 0;
        wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(tcsetattr(&self.input, OptionalActions::Now, &wanted)?)
    }

    /// Leaves the terminal as it was found.
    pub fn put_back(&self) {
        // One that is gone needs nothing more; and in its background it is somebody else's.
        if has_terminal() {
            tcsetattr(&self.input, OptionalActions::Now, &self.before).ok();
        }
    }

    /// Reads what was typed since; nothing is an answer, too.
    ///
    /// # Errors
    /// EIO when the terminal is gone.
    pub fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        (&self.input).read(into)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.put_back();
    }
}

impl AsFd for Keys {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }
}

impl AsRawFd for Keys {
    fn as_raw_fd(&self) -> RawFd {
        self.input.as_raw_fd()
    }
}

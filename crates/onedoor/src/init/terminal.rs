//! The signals by which a terminal and its shell speak to a program in front: stopped by Ctrl-Z, continued, resized.
//!
//! Only `onedoor dev` reads them: a program that changes its terminal must put it back before it stops.

use std::io;

use onedoor_linux::signal::{self, Signal, SignalFd};
use tokio::io::unix::AsyncFd;

const READ: [Signal; 3] = [Signal::TSTP, Signal::CONT, Signal::WINCH];

/// Call before the first thread starts, as [`super::block_signals`].
pub(crate) fn block_terminal_signals() -> io::Result<()> {
    signal::block(&READ)
}

/// What the terminal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TerminalNews {
    /// Ctrl-Z: whoever hears it is to call [`TerminalSignals::stop`].
    StopAsked,
    /// Somebody lets us go on, in front or in the background.
    GoesOn,
    Resized,
}

#[derive(Debug)]
pub(crate) struct TerminalSignals(AsyncFd<SignalFd>);

impl TerminalSignals {
    /// Needs a tokio runtime and [`block_terminal_signals`] before.
    pub(crate) fn new() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe; a SignalFd owns one descriptor and never changes it"
        )]
        AsyncFd::new(SignalFd::new(&READ)?).map(Self)
    }

    /// Pends while there are none. Safe to drop and call again.
    pub(crate) async fn next(&self) -> TerminalNews {
        loop {
            let Ok(mut ready) = self.0.readable().await else { return std::future::pending().await };
            match ready.try_io(|fd| fd.get_ref().take()) {
                Ok(Ok(Signal::TSTP)) => return TerminalNews::StopAsked,
                Ok(Ok(Signal::CONT)) => return TerminalNews::GoesOn,
                Ok(Ok(_)) => return TerminalNews::Resized,
                // The next one may be read.
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Stops the program, as its shell expects it to, until somebody lets it go on.
    pub(crate) fn stop(&self) {
        signal::stop_ourselves();
    }
}

//! The signals that the program itself gets, read in order from a descriptor: the stop requests, and the others that
//! must not end a PID 1 by accident.

use std::io;

use onedoor_linux::signal::{self, Signal, SignalFd};
use tokio::io::unix::AsyncFd;

use crate::observe::log::{Level, Log};

/// Ask the program to stop. Fly sends INT, Docker and Kubernetes TERM, some images set QUIT.
const STOP: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::QUIT];

/// Asks how the apps are.
const STATUS: Signal = Signal::USR1;

/// Asks to read the file again; or says that the terminal is gone.
const RELOAD: Signal = Signal::HUP;

/// Must not end the program: in a PID namespace it is lost, elsewhere it would kill it.
const IGNORED: Signal = Signal::USR2;

/// Call before the first thread starts: threads inherit the mask, and a signal that one thread does not block may be
/// acted on there (signalfd(2)). SIGPIPE is ignored, and an ignored SIGCHLD that we inherited is undone.
pub(crate) fn block_signals() -> io::Result<()> {
    signal::expect_exits()?;
    signal::ignore_broken_pipe()?;
    let mut blocked = vec![Signal::CHLD];
    blocked.extend(STOP);
    blocked.extend([STATUS, RELOAD, IGNORED]);
    signal::block(&blocked)
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Stop(StopRequest),
    /// Say how the apps are, in the log.
    Status,
    /// Read the file again.
    Reload,
}

/// Somebody wants the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopRequest {
    /// For the first time: drain, then stop the apps.
    Once(Signal),
    /// Again: hurry.
    Again(Signal),
}

/// The program's signals. One reader; step 1 of the end.
#[derive(Debug)]
pub(crate) struct Signals {
    fd: AsyncFd<SignalFd>,
    asked: Asked,
    log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    NotYet,
    Before,
}

impl Signals {
    /// Needs a tokio runtime and [`block_signals`] before.
    pub(crate) fn new(log: Log) -> io::Result<Self> {
        let mut wanted = STOP.to_vec();
        wanted.extend([STATUS, RELOAD, IGNORED]);
        let fd = SignalFd::new(&wanted)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; a SignalFd owns one descriptor and never changes it"
        )]
        let fd = AsyncFd::new(fd)?;
        Ok(Self { fd, asked: Asked::NotYet, log })
    }

    /// What is asked for next; pends while nothing is. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Request {
        loop {
            let signal = self.take().await;
            if let Some(request) = self.judge(signal) {
                return request;
            }
        }
    }

    async fn take(&self) -> Signal {
        loop {
            let Ok(mut ready) = self.fd.readable().await else {
                // The runtime is shutting down: nobody is left to be told.
                return std::future::pending().await;
            };
            match ready.try_io(|fd| fd.get_ref().take()) {
                Ok(Ok(signal)) => return signal,
                Ok(Err(error)) => self.log.event(Level::Error, None, format_args!("signals: {error}")),
                Err(_would_block) => {}
            }
        }
    }

    fn judge(&mut self, signal: Signal) -> Option<Request> {
        if signal == STATUS {
            return Some(Request::Status);
        }
        if signal == RELOAD && !signal::terminal_is_gone() {
            return Some(Request::Reload);
        }
        // Whoever closes the terminal of a program in the foreground wants its end.
        if !STOP.contains(&signal) && signal != RELOAD {
            self.log.event(Level::Info, None, format_args!("{signal} has no meaning here: ignored"));
            return None;
        }
        match std::mem::replace(&mut self.asked, Asked::Before) {
            Asked::NotYet => Some(Request::Stop(StopRequest::Once(signal))),
            Asked::Before => Some(Request::Stop(StopRequest::Again(signal))),
        }
    }
}

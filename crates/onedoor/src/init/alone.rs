//! Init for one command and nothing else (what tini and dumb-init do): signals go to its process group, orphans are
//! reaped, and its exit code is ours.
//!
//! One thread, no runtime: a loop around one descriptor. The terminal is the command's while it runs, and ours again
//! when it has stopped or ended.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use onedoor_linux::poll::{Interest, wait_any};
use onedoor_linux::proc::{self, Liveness, Pid};
use onedoor_linux::signal::{self, Signal, SignalFd};
use onedoor_linux::spawn::{self, SpawnError, SpawnSpec};
use onedoor_linux::wait::{self, ExitStatus, Peeked};

use super::exit_code::{ExitCause, exit_code};

/// How often we look again for what /proc shows only to those who look.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How much of the time that is left orphans have before they are killed.
const KILL_MARGIN: Duration = Duration::from_secs(1);

/// What asks a program to end.
const STOP: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::QUIT];

/// Why the command could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AloneError {
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    #[error("signals cannot be read: {0}")]
    Signals(io::Error),
}

impl AloneError {
    /// What a shell would exit with.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Spawn(error) => exit_code(ExitCause::CannotStart(error)),
            Self::Signals(_) => exit_code(ExitCause::Broken),
        }
    }
}

/// Runs `spec` to its end, and to that of everybody it leaves behind. `budget` is for all of it from the first stop
/// signal, as the platform counts; without one it is for those left behind alone. Call while the program has one thread.
pub(crate) fn run_alone(spec: &SpawnSpec, budget: Duration) -> Result<u8, AloneError> {
    signal::expect_exits().map_err(AloneError::Signals)?;
    let heard: Vec<Signal> =
        (1..=64).filter_map(Signal::from_number).filter(Signal::can_be_passed_on).collect();
    let mut read = heard.clone();
    read.push(Signal::CHLD);
    signal::block(&read).map_err(AloneError::Signals)?;
    let signals = SignalFd::new(&read).map_err(AloneError::Signals)?;
    if !signal::is_pid_1() {
        // Without it orphans go to whoever is init: then they are its business.
        signal::become_subreaper().ok();
    }
    let mut terminal = if spawn::has_terminal() { Terminal::Lent } else { Terminal::NotOurs };
    let command = spawn::spawn_in_foreground(spec).inspect_err(|_| terminal.take_back())?;
    let mut alone = Alone { signals, command, terminal, asked: None, ended: None };
    let status = alone.until_it_ends();
    alone.terminal.take_back();
    alone.see_orphans_off(deadline(alone.asked, Instant::now(), budget));
    Ok(exit_code(status.map_or(ExitCause::Useless, ExitCause::AppEnded)))
}

/// When everybody must be gone. A command that took all of the time itself leaves its orphans a moment: not PID 1, we
/// would leave them to somebody else.
fn deadline(asked: Option<Instant>, ended: Instant, budget: Duration) -> Instant {
    (asked.unwrap_or(ended) + budget).max(ended + KILL_MARGIN)
}

/// Our turn at the terminal. A job in the background never had it, and must not take it from the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    NotOurs,
    /// The command has it in our stead.
    Lent,
}

impl Terminal {
    fn take_back(&mut self) {
        if std::mem::replace(self, Self::NotOurs) == Self::Lent {
            spawn::take_terminal_back();
        }
    }

    /// The shell may have put us in front again (`fg`), or not (`bg`).
    fn lend_if_ours(&mut self, to: Pid) {
        if spawn::has_terminal() {
            spawn::give_terminal_to(to);
            *self = Self::Lent;
        }
    }
}

struct Alone {
    signals: SignalFd,
    command: Pid,
    terminal: Terminal,
    /// When the first stop signal came.
    asked: Option<Instant>,
    ended: Option<ExitStatus>,
}

impl Alone {
    fn until_it_ends(&mut self) -> Option<ExitStatus> {
        loop {
            if self.reap() == Left::Nobody || self.ended.is_some() {
                return self.ended;
            }
            self.stop_with_it();
            self.wait(None);
            while let Ok(signal) = self.signals.take() {
                if signal != Signal::CHLD {
                    self.pass_on(signal);
                }
            }
        }
    }

    fn wait(&self, timeout: Option<Duration>) {
        // An interrupted wait is a wait that is over.
        wait_any(&[Interest::Readable(self.signals.as_fd())], timeout).ok();
    }

    /// To the group, as a terminal would. Who has left the group has left it on purpose.
    fn pass_on(&mut self, signal: Signal) {
        if STOP.contains(&signal) {
            self.asked.get_or_insert_with(Instant::now);
        }
        if signal == Signal::CONT {
            self.terminal.lend_if_ours(self.command);
        }
        // Nobody there any more: its exit is on its way to us.
        signal::send_group(self.command, signal).ok();
    }

    /// A command that was stopped at the terminal: the shell that waits for us sees us stopped as well. A PID 1 cannot
    /// be, and nobody waits for it. Without the terminal nobody does either: stopped, we would pass nothing on.
    fn stop_with_it(&mut self) {
        if !wait::has_stopped(self.command) || signal::is_pid_1() || self.terminal != Terminal::Lent {
            return;
        }
        self.terminal.take_back();
        // What lets us go on is the SIGCONT that is read next, and passed on.
        signal::stop_ourselves();
    }

    /// Collects everyone who has ended.
    fn reap(&mut self) -> Left {
        loop {
            match wait::peek() {
                Ok(Peeked::Ended(pid, status)) => {
                    if pid == self.command {
                        self.ended = Some(status);
                    }
                    if wait::collect(pid).is_err() {
                        return Left::Somebody;
                    }
                }
                Ok(Peeked::AllRunning) | Err(_) => return Left::Somebody,
                Ok(Peeked::NoChildren) => return Left::Nobody,
            }
        }
    }

    /// The command is gone; whom it left behind is asked to go, and killed at last.
    fn see_orphans_off(&mut self, deadline: Instant) {
        let kill_at = deadline - KILL_MARGIN.min(deadline.saturating_duration_since(Instant::now()) / 2);
        let mut asked: Vec<Pid> = Vec::new();
        while self.reap() == Left::Somebody && Instant::now() < deadline {
            let late = Instant::now() >= kill_at;
            for orphan in orphans() {
                if late {
                    signal::send(orphan, Signal::KILL).ok();
                } else if !asked.contains(&orphan) {
                    signal::send(orphan, Signal::TERM).ok();
                    asked.push(orphan);
                }
            }
            if late && signal::is_pid_1() {
                signal::kill_everyone_else().ok();
            }
            self.wait(Some(LOOK_AGAIN));
            // Whoever asks us to end now is told by our end, which is near; one in a hurry has it at once.
            while let Ok(signal) = self.signals.take() {
                if STOP.contains(&signal) {
                    orphans().iter().for_each(|orphan| drop(signal::send(*orphan, Signal::KILL)));
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Somebody,
    Nobody,
}

fn orphans() -> Vec<Pid> {
    let alive = proc::descendants(Pid::ours()).into_iter().filter(|it| it.life == Liveness::Alive);
    alive.map(|process| process.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_counts_from_the_first_stop_signal_and_always_leaves_time_to_kill() {
        let (asked, second) = (Instant::now(), Duration::from_secs(1));
        let budget = 10 * second;
        assert_eq!(deadline(None, asked, budget), asked + budget);
        assert_eq!(deadline(Some(asked), asked + 8 * second, budget), asked + budget);
        assert_eq!(deadline(Some(asked), asked + 20 * second, budget), asked + 20 * second + KILL_MARGIN);
    }
}

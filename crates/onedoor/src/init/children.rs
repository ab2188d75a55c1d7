//! The handle on the one thread that starts and waits for children.
//!
//! Both in one thread, so that no exit overtakes the registration of its child, and in a thread that lives as long as
//! the program, since children die with the thread that made them (PR_SET_PDEATHSIG, prctl(2)).
//! What an exit means is none of this file's business.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use onedoor_linux::proc::{self, Pid};
use onedoor_linux::signal::{self, Signal};
use onedoor_linux::spawn::{SpawnError, SpawnSpec};
use tokio::sync::oneshot;

use super::exits::Reaper;
use super::shared::{Child, Delivery, Group, Request, Shared};
use crate::observe::log::{Level, Log};

/// Why a signal did not reach a group.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignalError {
    /// Nobody is left in it. Its number may belong to a stranger by now, so nothing was sent.
    #[error("no process is left in the group of {0}")]
    Gone(Pid),
    #[error("{signal} to the group of {pid}: {source}")]
    Refused { pid: Pid, signal: Signal, source: io::Error },
}

/// Starts children, tells their exits. Cheap to clone; there is one thread behind all clones.
#[derive(Clone, Debug)]
pub(crate) struct Children {
    shared: Arc<Shared>,
}

/// What the waiter said until a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    All,
    NotYet,
}

/// "No such process" (errno(3)), the same on every Linux.
const ESRCH: i32 = 3;

/// Two threads that wait would steal each other's exits.
static STARTED: AtomicBool = AtomicBool::new(false);

impl Children {
    /// Starts the thread `children`. Once per program, after [`super::block_signals`].
    pub(crate) fn start(log: Log) -> io::Result<Self> {
        if STARTED.swap(true, Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        if !signal::is_pid_1()
            && let Err(error) = signal::become_subreaper()
        {
            let consequence = "a daemon that leaves its app will not be stopped with it";
            log.event(Level::Warn, None, format_args!("no child subreaper ({error}): {consequence}"));
        }
        let shared = Arc::new(Shared::new()?);
        let reaper = Reaper::new(Arc::clone(&shared), log)?;
        std::thread::Builder::new().name("children".to_owned()).spawn(move || reaper.run())?;
        Ok(Self { shared })
    }

    /// Starts a program; returns once it really runs, or could not. If the caller loses interest, it is killed.
    pub(crate) async fn spawn(&self, spec: SpawnSpec) -> Result<Child, SpawnError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Spawn { spec: Box::new(spec), reply });
        answer.await.unwrap_or(Err(SpawnError::Ending)).map(Delivery::take)
    }

    /// Signals a child and everyone in its process group, after the child's own exit, too, while others are in it.
    pub(crate) fn signal_group(&self, pid: Pid, signal: Signal) -> Result<(), SignalError> {
        // Held over the kill: the thread collects a child under the same lock, so the number cannot change hands.
        let groups = self.shared.groups();
        let Some(group) = groups.get(&pid) else { return Err(SignalError::Gone(pid)) };
        signal::send_group(pid, signal).map_err(|source| match (source.raw_os_error(), group) {
            (Some(ESRCH), Group::Leaderless) => SignalError::Gone(pid),
            // A leader that was not collected is in its group, even as a zombie: this one was never given any.
            (Some(ESRCH), Group::Led) | (_, _) => SignalError::Refused { pid, signal, source },
        })
    }

    /// True while the child or anyone in its process group lives.
    pub(crate) fn group_lives(&self, pid: Pid) -> bool {
        let groups = self.shared.groups();
        match groups.get(&pid) {
            Some(Group::Led) => true,
            Some(Group::Leaderless) => signal::group_exists(pid),
            None => false,
        }
    }

    /// Waits until no child is left, adopted orphans included; returns how many are left at the deadline.
    pub(crate) async fn none_left(&self, deadline: Instant) -> usize {
        match self.are_gone(deadline).await {
            Gone::All => 0,
            // Who is hidden from /proc (proc(5), hidepid) is left all the same.
            Gone::NotYet => proc::descendants(Pid::ours()).len().max(1),
        }
    }

    /// SIGKILL to every descendant until the waiter has none left; returns how many are left at the deadline.
    ///
    /// One look at /proc is not enough: it is read entry by entry, and whoever was forked meanwhile, or whose parent
    /// ended before it was read, is missing from it. Only what wait says (waitid(2), ECHILD) is the truth.
    pub(crate) async fn end_everyone(&self, deadline: Instant) -> usize {
        /// As long as an exit that is on its way may take to be collected before everybody is looked for again.
        const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
        loop {
            self.kill_everyone();
            let next_look = deadline.min(Instant::now() + BETWEEN_LOOKS);
            if next_look == deadline {
                return self.none_left(deadline).await;
            }
            match self.are_gone(next_look).await {
                Gone::All => return 0,
                Gone::NotYet => {}
            }
        }
    }

    async fn are_gone(&self, deadline: Instant) -> Gone {
        let (sender, none_left) = oneshot::channel();
        self.ask(Request::TellWhenNoneIsLeft(sender));
        match tokio::time::timeout_at(deadline.into(), none_left).await {
            Ok(Ok(())) => Gone::All,
            Ok(Err(_)) | Err(_) => Gone::NotYet,
        }
    }

    /// SIGKILL to every descendant that can be seen. Returns how many were found.
    pub(crate) fn kill_everyone(&self) -> usize {
        /// Forks may outrun one pass, but a pass that finds nobody new is the last.
        const PASSES_MAX: usize = 16;
        let mut killed: Vec<(Pid, u64)> = Vec::new();
        for _ in 0..PASSES_MAX {
            let found = proc::descendants(Pid::ours());
            let alive = found.iter().filter(|process| process.life == proc::Liveness::Alive);
            let new: Vec<(Pid, u64)> = alive
                .map(|process| (process.pid, process.started))
                .filter(|it| !killed.contains(it))
                .collect();
            if new.is_empty() {
                break;
            }
            for (pid, _) in &new {
                // Between the look and the kill it may have ended; its number is not given out again so soon.
                signal::send(*pid, Signal::KILL).ok();
            }
            killed.extend(new);
        }
        if signal::is_pid_1() {
            // Whoever is hidden from /proc or was forked meanwhile.
            signal::kill_everyone_else().ok();
        }
        killed.len()
    }

    fn ask(&self, request: Request) {
        self.shared.ask(request);
    }
}

#[cfg(test)]
impl Children {
    /// The one instance that all tests of this program share, as there can only be one.
    pub(crate) fn for_tests() -> Self {
        static SHARED: std::sync::OnceLock<Children> = std::sync::OnceLock::new();
        SHARED.get_or_init(|| Self::start(Log::to_nowhere()).unwrap()).clone()
    }
}

//! One run of a job: from its process's start to the last of what it left behind.
//!
//! It is asked to end when `max` is over or the task says so, and killed when it does not; what it means that it ended
//! is the task's to say.

use std::ffi::OsString;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::Signal;
use onedoor_linux::spawn::SpawnSpec;
use onedoor_linux::wait::ExitStatus;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::apps::confine::Confined;
use crate::apps::kin::Kin;
use crate::apps::maybe::due;
use crate::apps::oom::{OomWatch, Shortage};
use crate::apps::output::{self, Audience, LastWords};
use crate::apps::referee::{Outgrown, Referee};
use crate::apps::secret::Mask;
use crate::apps::signs::Signs;
use crate::apps::spawn::LaunchError;
use crate::apps::spec::Readiness;
use crate::apps::stop;
use crate::apps::task::Kill;
use crate::init::{Child, Children};
use crate::observe::log::{AppStream, Log, Speaker};

/// What a job printed last may come after its exit; whoever still holds its pipes does not hold us.
const OUTPUT_GRACE: Duration = Duration::from_millis(200);

/// A job that is done has nothing left to do; whom it left running is given this long.
const LEFTOVERS_GRACE: Duration = Duration::from_secs(1);

/// What the task tells a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    NotYet,
    /// Ends at its stop signal, or is killed then.
    By(Instant),
}

/// A run, before it is made.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: Arc<str>,
    pub(super) marker: OsString,
    pub(super) children: Children,
    pub(super) log: Log,
    pub(super) signal: Signal,
    /// Between the stop signal and SIGKILL.
    pub(super) grace: Duration,
    pub(super) max: Option<Duration>,
    /// What it knows and nobody is to read.
    pub(super) mask: Mask,
    pub(super) leave: watch::Receiver<Leave>,
    /// Holds its processes to their limits, to the last of them.
    pub(super) confined: Confined,
    pub(super) oom: Arc<OomWatch>,
}

/// How a run went.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) end: RunEnd,
    /// The kernel ended it for the memory it took.
    pub(super) shortage: Option<Shortage>,
    pub(super) lived: Duration,
    pub(super) last_lines: Vec<String>,
    pub(super) kill: Kill,
    /// Processes it left behind that had to be killed.
    pub(super) leftovers: usize,
}

#[derive(Debug)]
pub(super) enum RunEnd {
    NotStarted(LaunchError),
    /// By itself.
    Ended(Option<ExitStatus>),
    /// It was asked to, for its `max` was over.
    TooLong,
    /// It was asked to, for it took more memory than it may.
    Outgrown(Outgrown),
    /// It was asked to by the task.
    Told,
}

#[derive(Clone, Copy)]
enum Stage {
    Running,
    Asked { why: Why, kill_at: Instant },
    Killed { why: Why },
}

#[derive(Clone, Copy)]
enum Why {
    TooLong,
    Outgrown(Outgrown),
    Told,
}

impl Outcome {
    pub(super) fn not_started(error: LaunchError) -> Self {
        Self::without_a_process(RunEnd::NotStarted(error))
    }

    /// It was asked to end before there was a process.
    pub(super) fn called_off() -> Self {
        Self::without_a_process(RunEnd::Told)
    }

    fn without_a_process(end: RunEnd) -> Self {
        Self {
            end,
            shortage: None,
            lived: Duration::ZERO,
            last_lines: Vec::new(),
            kill: Kill::NotNeeded,
            leftovers: 0,
        }
    }
}

impl Run {
    /// Must be awaited to its end, or processes are left to whoever ends every process.
    pub(super) async fn until_its_end(mut self, spec: SpawnSpec) -> Outcome {
        let began = Instant::now();
        let Child { pid, stdout, stderr, exited } = match self.children.spawn(spec).await {
            Ok(child) => child,
            Err(error) => return Outcome::not_started(error.into()),
        };
        let words = LastWords::default();
        let mut outputs = JoinSet::new();
        // Nothing a job says makes it ready.
        let signs = Signs::expected_by(&Readiness::Accept);
        let (log, mask) = (self.log.clone(), self.mask.clone());
        let audience = Audience { log, last_words: words.clone(), signs, mask };
        for (pipe, stream) in [(stdout, AppStream::Out), (stderr, AppStream::Err)] {
            let speaker = Speaker { app: Arc::clone(&self.name), pid, stream };
            outputs.spawn(output::drain(pipe, speaker, audience.clone()));
        }
        let kin = Kin { leader: pid, marker: self.marker.clone() };
        let referee = self.confined.watched.map(|limit| Referee::new(kin.clone(), limit));
        let (status, stage) = self.watch(pid, exited, began, referee).await;
        let lived = began.elapsed();
        let all_read = async { while outputs.join_next().await.is_some() {} };
        timeout(OUTPUT_GRACE, all_read).await.ok();
        let last_lines = words.lines();
        let patience = match stage {
            Stage::Running => Instant::now() + LEFTOVERS_GRACE,
            Stage::Asked { kill_at, .. } => kill_at,
            Stage::Killed { .. } => Instant::now(),
        };
        let leftovers = self.sweep(kin, patience).await;
        // Whoever still holds the pipes was killed now: what they printed is read, and nothing is left to read.
        timeout(OUTPUT_GRACE, async { while outputs.join_next().await.is_some() {} }).await.ok();
        outputs.detach_all();
        let (end, kill) = match stage {
            Stage::Running => (RunEnd::Ended(status), Kill::NotNeeded),
            Stage::Asked { why, .. } => (why.end(), Kill::NotNeeded),
            Stage::Killed { why } => (why.end(), Kill::Needed),
        };
        // The container's count goes up for both.
        let of_container = self.oom.blames(status);
        let shortage = self.confined.shortage(status).or(of_container);
        Outcome { end, shortage, lived, last_lines, kill, leftovers }
    }

    /// Until the process has ended, and how far it had to be pushed for that.
    async fn watch(
        &mut self,
        pid: Pid,
        mut exited: oneshot::Receiver<ExitStatus>,
        began: Instant,
        mut referee: Option<Referee>,
    ) -> (Option<ExitStatus>, Stage) {
        let mut stage = Stage::Running;
        loop {
            let timer = match stage {
                Stage::Running => self.max.map(|max| began + max),
                Stage::Asked { kill_at, .. } => Some(kill_at),
                Stage::Killed { .. } => None,
            };
            stage = tokio::select! {
                biased;
                status = &mut exited => return (status.ok(), stage),
                Ok(leave) = told(&mut self.leave) => match (leave, stage) {
                    (Leave::NotYet, stage) | (_, stage @ Stage::Killed { .. }) => stage,
                    (Leave::By(sooner), Stage::Asked { why, kill_at }) => {
                        Stage::Asked { why, kill_at: kill_at.min(sooner) }
                    }
                    (Leave::By(kill_at), Stage::Running) => self.ask(pid, Why::Told, kill_at),
                },
                outgrown = outgrown(referee.as_mut()) => {
                    referee = None;
                    match stage {
                        Stage::Running => self.ask(pid, Why::Outgrown(outgrown), Instant::now() + self.grace),
                        Stage::Asked { .. } | Stage::Killed { .. } => stage,
                    }
                }
                () = due(timer) => match stage {
                    Stage::Running => self.ask(pid, Why::TooLong, Instant::now() + self.grace),
                    Stage::Asked { why, .. } | Stage::Killed { why } => {
                        stop::note(stop::push(&self.children, pid, Signal::KILL), &self.name, &self.log);
                        Stage::Killed { why }
                    }
                },
            };
        }
    }

    fn ask(&self, pid: Pid, why: Why, kill_at: Instant) -> Stage {
        stop::note(stop::ask(&self.children, pid, self.signal), &self.name, &self.log);
        Stage::Asked { why, kill_at }
    }

    async fn sweep(&mut self, kin: Kin, until: Instant) -> usize {
        let until = watch::Sender::new(until);
        let mut sweep = pin!(stop::sweep(self.children.clone(), kin, self.signal, until.subscribe()));
        loop {
            tokio::select! {
                killed = &mut sweep => return killed,
                Ok(Leave::By(sooner)) = told(&mut self.leave) => {
                    until.send_modify(|until| *until = sooner.min(*until));
                }
            }
        }
    }
}

impl Why {
    fn end(self) -> RunEnd {
        match self {
            Self::TooLong => RunEnd::TooLong,
            Self::Outgrown(outgrown) => RunEnd::Outgrown(outgrown),
            Self::Told => RunEnd::Told,
        }
    }
}

async fn outgrown(referee: Option<&mut Referee>) -> Outgrown {
    match referee {
        Some(referee) => referee.outgrown().await,
        None => std::future::pending().await,
    }
}

async fn told(leave: &mut watch::Receiver<Leave>) -> Result<Leave, watch::error::RecvError> {
    leave.changed().await?;
    Ok(*leave.borrow_and_update())
}

//! The words of the machine: where an app can be in its life, what can happen to it, what is done about it.

use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;

use crate::apps::restart::Ending;
use crate::registry::{DownClass, Failure};

/// Where an app is in its life. What is true only in a state is stored in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Life {
    /// Never started, and not wanted yet.
    Idle,
    /// Ended; starts again at `until`.
    Waiting { until: Instant },
    /// Its process is being made.
    Spawning { then: AfterSpawn },
    /// It runs and has not answered yet.
    Starting { pid: Pid, deadline: Instant },
    /// It takes requests.
    Ready { pid: Pid, since: Instant, published: Instant },
    /// It was ready, still runs, and refuses connections.
    Unready { pid: Pid, ready_for: Duration, deadline: Instant },
    /// It was asked to end.
    Stopping { pid: Pid, kill_at: Instant, then: AfterExit },
    /// It was told to.
    Killing { pid: Pid, again_at: Instant, then: AfterExit },
    /// It has no process and gets none any more.
    Stopped { how: How },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum AfterSpawn {
    Start,
    /// The stop was asked while the process was being made.
    Stop {
        kill_at: Instant,
    },
}

/// What follows the end of a process that we end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum AfterExit {
    Stop {
        how: How,
    },
    /// It missed a deadline of ours: the ending counts as a failure.
    Retry {
        ready_for: Duration,
        class: DownClass,
    },
}

/// Why an app is started no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum How {
    /// The program ends, or the instance has done its part.
    AsAsked,
    /// `restart.when` does not want it again.
    Enough,
    /// It failed too often.
    GaveUp,
    /// An essential app did not become ready within its start deadline.
    NotReadyInTime,
    /// Its command cannot be executed; trying again changes nothing.
    CannotStart,
    /// It failed so, and is not started again before somebody wants it.
    Rests(DownClass),
}

impl How {
    /// What the app's requests meet.
    pub(in crate::apps) fn class(self) -> DownClass {
        match self {
            Self::Enough | Self::AsAsked => DownClass::Ended,
            Self::GaveUp => DownClass::GaveUp,
            Self::NotReadyInTime => DownClass::NotReadyInTime,
            Self::CannotStart => DownClass::CannotStart,
            Self::Rests(class) => class,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Event {
    /// The app is to run.
    Begin,
    Spawned {
        pid: Pid,
    },
    SpawnFailed {
        hope: Hope,
    },
    /// A probe succeeded.
    Answered {
        pid: Pid,
    },
    /// A probe failed.
    Silent {
        pid: Pid,
    },
    /// Its liveness says that it is to be started anew.
    Unwell {
        pid: Pid,
    },
    /// An exchange with the endpoint that is published failed.
    Suspected {
        how: Failure,
    },
    Exited {
        pid: Pid,
        how: Ending,
    },
    /// The instant that was armed last has come.
    TimerDue,
    StopAsked {
        kill_at: Instant,
    },
    /// The stop must be quicker.
    Hurry {
        kill_at: Instant,
    },
}

/// Whether a spawn that failed may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Hope {
    /// No memory, no process slots: the machine's state, not the command's.
    Later,
    /// No such file, no permission, not an executable.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Action {
    Spawn,
    /// The start that is being made is wanted no more: it may end before there is a process.
    CallOff,
    /// Probe until it answers, no sooner than `not_before`. Nothing new where a probing goes on already: news of
    /// failures may come faster than a probe ends.
    Probe {
        pid: Pid,
        not_before: Instant,
    },
    Signal {
        pid: Pid,
        push: Push,
    },
    /// The process is gone: what it left running may end by itself until then, and is killed after.
    Sweep {
        until: Instant,
    },
    Publish(Face),
    /// Replaces the instant armed before.
    Arm(Instant),
    /// The app is started no more, and nobody asked for that.
    Ended(How),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Push {
    /// The app's own stop signal.
    Stop,
    Kill,
}

/// What the proxy is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apps) enum Face {
    Starting,
    /// Under an endpoint id that was never seen before.
    Ready {
        pid: Pid,
    },
    /// It was asked to end.
    Leaving,
    Down {
        class: DownClass,
        retry_at: Option<Instant>,
    },
}

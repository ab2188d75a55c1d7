//! The machine at the centre of the life of an app: `(Life, Event, now) → (Life, Actions)`.
//!
//! ```text
//!            Begin               Spawned             Answered
//!   Idle ─────────────▶ Spawning ───────▶ Starting ──────────▶ Ready ◀─────┐ Answered
//!                          ▲                 │ deadline          │ Refused │
//!                TimerDue  │                 │                   ▼         │
//!   Waiting ───────────────┘                 ▼                Unready ─────┘
//!      ▲                                  Stopping ◀── StopAsked / deadline from every state with a process
//!      │ Exited, and patience is left        │ kill_at
//!      └──────────────── Exited              ▼
//!                                         Killing ── Exited ──▶ Stopped (or Waiting, if nobody asked)
//! ```
//!
//! Pure: no tokio, no clock, no process. `task` feeds it and does what it says.

mod words;

use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use smallvec::{SmallVec, smallvec};

pub(super) use self::words::{Action, AfterExit, AfterSpawn, Event, Face, Hope, How, Life, Push};
use super::restart::{Ending, Patience, Restarts, Verdict};
use super::spec::RestartPolicy;
use crate::registry::{DownClass, Failure, Weight};

/// An endpoint is not published anew more often than this: an app that refuses and answers in turn costs no storm.
const REPUBLISH_MIN: Duration = Duration::from_millis(100);

/// After SIGKILL a process in uninterruptible sleep may linger; it is killed again this often.
const KILL_AGAIN: Duration = Duration::from_secs(1);

pub(super) type Actions = SmallVec<[Action; 4]>;

/// What the machine knows of its app.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) ready: ReadyWhen,
    pub(super) start_timeout: Duration,
    /// Between the stop signal and SIGKILL when the app is stopped for missing a deadline.
    pub(super) grace: Duration,
    pub(super) weight: Weight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadyWhen {
    /// A worker: nobody connects to it.
    Running,
    Answering,
}

#[derive(Debug)]
pub(super) struct Machine {
    life: Life,
    restarts: Restarts,
    rules: Rules,
}

type Step = (Life, Actions);

impl Machine {
    pub(super) fn new(rules: Rules, restarts: Restarts) -> Self {
        Self { life: Life::Idle, restarts, rules }
    }

    pub(super) fn life(&self) -> Life {
        self.life
    }

    /// The instance has taken another's place, and with it the other's weight.
    pub(super) fn weigh(&mut self, weight: Weight) {
        self.rules.weight = weight;
    }

    /// The file says otherwise about the app. Its weight stays: it depends on the instance's part.
    pub(super) fn adopt(&mut self, rules: Rules, restart: RestartPolicy) {
        self.rules = Rules { weight: self.rules.weight, ..rules };
        self.restarts.adopt(restart);
    }

    /// Takes an event; what is returned must be done in its order. Events that the state has outlived (a probe of a
    /// process that is gone, a timer that was replaced) change nothing.
    /// `patience` is the app's, shared by its instances.
    pub(super) fn on(&mut self, event: Event, now: Instant, patience: &mut Patience) -> Actions {
        let (life, actions) = match event {
            Event::Begin => self.begin(),
            Event::Spawned { pid } => self.spawned(pid, now),
            Event::SpawnFailed { hope } => self.spawn_failed(hope, now, patience),
            Event::Answered { pid } => self.answered(pid, now),
            Event::Silent { pid } => self.silent(pid, now),
            Event::Unwell { pid } => self.unwell(pid, now),
            Event::Suspected { how } => self.suspected(how, now),
            Event::Exited { pid, how } => self.exited(pid, how, now, patience),
            Event::TimerDue => self.timer_due(now),
            Event::StopAsked { kill_at } => self.stop_asked(kill_at),
            Event::Hurry { kill_at } => self.hurry(kill_at),
        };
        self.life = life;
        actions
    }

    fn stay(&self) -> Step {
        (self.life, Actions::new())
    }

    fn begin(&self) -> Step {
        match self.life {
            Life::Idle => spawn(),
            Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => self.stay(),
        }
    }

    fn spawned(&self, pid: Pid, now: Instant) -> Step {
        let Life::Spawning { then } = self.life else { return self.stay() };
        match (then, self.rules.ready) {
            (AfterSpawn::Stop { kill_at }, _) => {
                let actions = smallvec![Action::Signal { pid, push: Push::Stop }, Action::Arm(kill_at)];
                (Life::Stopping { pid, kill_at, then: AfterExit::Stop { how: How::AsAsked } }, actions)
            }
            (AfterSpawn::Start, ReadyWhen::Running) => ready(pid, now, now),
            (AfterSpawn::Start, ReadyWhen::Answering) => {
                let deadline = now + self.rules.start_timeout;
                let actions = smallvec![Action::Probe { pid, not_before: now }, Action::Arm(deadline)];
                (Life::Starting { pid, deadline }, actions)
            }
        }
    }

    fn spawn_failed(&mut self, hope: Hope, now: Instant, patience: &mut Patience) -> Step {
        let Life::Spawning { then } = self.life else { return self.stay() };
        match (then, hope) {
            (AfterSpawn::Stop { .. }, _) => stopped(How::AsAsked),
            (AfterSpawn::Start, Hope::Never) => given_up(How::CannotStart),
            (AfterSpawn::Start, Hope::Later) => {
                self.judge(Ending::Failure, Duration::ZERO, DownClass::CannotStart, now, patience)
            }
        }
    }

    fn answered(&self, pid: Pid, now: Instant) -> Step {
        match self.life {
            Life::Starting { pid: own, .. } | Life::Unready { pid: own, .. } if own == pid => {
                ready(pid, now, now)
            }
            // It was under suspicion and is well: requests that saw it fail may use it again, under its new id.
            Life::Ready { pid: own, since, .. } if own == pid => ready(pid, since, now),
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => self.stay(),
        }
    }

    fn silent(&self, pid: Pid, now: Instant) -> Step {
        match self.life {
            Life::Ready { pid: own, since, .. } if own == pid => self.unready(pid, since, now),
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => self.stay(),
        }
    }

    /// The proxy learns of a crash before the reaper does, and it alone learns of an endpoint that left its process.
    fn suspected(&self, how: Failure, now: Instant) -> Step {
        let Life::Ready { pid, since, published } = self.life else { return self.stay() };
        let not_before = now.max(published + REPUBLISH_MIN);
        match (self.rules.ready, how) {
            (ReadyWhen::Running, _) => self.stay(),
            (ReadyWhen::Answering, Failure::Refused) => {
                let (life, mut actions) = self.unready(pid, since, now);
                actions.push(Action::Probe { pid, not_before });
                (life, actions)
            }
            // One bad exchange does not make an app unready: it stays published while it is probed.
            (ReadyWhen::Answering, Failure::Reset | Failure::Timeout) => {
                (self.life, smallvec![Action::Probe { pid, not_before }])
            }
        }
    }

    fn unready(&self, pid: Pid, since: Instant, now: Instant) -> Step {
        let deadline = now + self.rules.start_timeout;
        let life = Life::Unready { pid, ready_for: now.saturating_duration_since(since), deadline };
        (life, smallvec![Action::Publish(Face::Starting), Action::Arm(deadline)])
    }

    fn exited(&mut self, pid: Pid, how: Ending, now: Instant, patience: &mut Patience) -> Step {
        let mut until = now;
        let (life, mut actions) = match self.life {
            Life::Starting { pid: own, .. } if own == pid => {
                self.judge(how, Duration::ZERO, DownClass::Crashed, now, patience)
            }
            Life::Ready { pid: own, since, .. } if own == pid => {
                self.judge(how, now.saturating_duration_since(since), DownClass::Crashed, now, patience)
            }
            Life::Unready { pid: own, ready_for, .. } if own == pid => {
                self.judge(how, ready_for, DownClass::Crashed, now, patience)
            }
            // `npm` goes at once when it is asked to; the server it started may still be finishing its requests.
            Life::Stopping { pid: own, kill_at, then: AfterExit::Stop { how } } if own == pid => {
                until = kill_at;
                stopped(how)
            }
            Life::Killing { pid: own, then: AfterExit::Stop { how }, .. } if own == pid => stopped(how),
            // However it ended: it ended because it had failed us.
            Life::Stopping { pid: own, then: AfterExit::Retry { ready_for, class }, .. }
            | Life::Killing { pid: own, then: AfterExit::Retry { ready_for, class }, .. }
                if own == pid =>
            {
                self.judge(Ending::Failure, ready_for, class, now, patience)
            }
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => return self.stay(),
        };
        actions.insert(0, Action::Sweep { until });
        (life, actions)
    }

    fn judge(
        &mut self,
        ending: Ending,
        ready_for: Duration,
        class: DownClass,
        now: Instant,
        patience: &mut Patience,
    ) -> Step {
        match self.restarts.judge(ending, ready_for, now, patience) {
            Verdict::Again { at } => {
                let down = Face::Down { class, retry_at: Some(at) };
                (Life::Waiting { until: at }, smallvec![Action::Publish(down), Action::Arm(at)])
            }
            Verdict::Enough => given_up(How::Enough),
            Verdict::GiveUp => given_up(How::GaveUp),
            Verdict::Rest => given_up(How::Rests(class)),
        }
    }

    fn timer_due(&self, now: Instant) -> Step {
        match self.life {
            Life::Waiting { until } if until <= now => spawn(),
            Life::Starting { pid, deadline } if deadline <= now => self.not_ready_in_time(pid, now),
            Life::Unready { pid, ready_for, deadline } if deadline <= now => {
                self.start_anew(pid, ready_for, DownClass::NotReadyInTime, now)
            }
            Life::Stopping { pid, kill_at, then } if kill_at <= now => kill(pid, then, now),
            Life::Killing { pid, again_at, then } if again_at <= now => kill(pid, then, now),
            Life::Waiting { until: due }
            | Life::Starting { deadline: due, .. }
            | Life::Unready { deadline: due, .. }
            | Life::Stopping { kill_at: due, .. }
            | Life::Killing { again_at: due, .. } => (self.life, smallvec![Action::Arm(due)]),
            Life::Idle | Life::Spawning { .. } | Life::Ready { .. } | Life::Stopped { .. } => self.stay(),
        }
    }

    fn not_ready_in_time(&self, pid: Pid, now: Instant) -> Step {
        let class = DownClass::NotReadyInTime;
        match self.rules.weight {
            Weight::Essential => {
                let then = AfterExit::Stop { how: How::NotReadyInTime };
                let (life, mut actions) = self.stop_for(pid, then, Face::Down { class, retry_at: None }, now);
                actions.push(Action::Ended(How::NotReadyInTime));
                (life, actions)
            }
            Weight::Optional => self.start_anew(pid, Duration::ZERO, class, now),
        }
    }

    /// It failed us and still runs: it is stopped, and started again as after a crash.
    fn start_anew(&self, pid: Pid, ready_for: Duration, class: DownClass, now: Instant) -> Step {
        let face = Face::Down { class, retry_at: Some(now + self.rules.grace) };
        self.stop_for(pid, AfterExit::Retry { ready_for, class }, face, now)
    }

    fn unwell(&self, pid: Pid, now: Instant) -> Step {
        match self.life {
            Life::Ready { pid: own, since, .. } if own == pid => {
                self.start_anew(pid, now.saturating_duration_since(since), DownClass::Unwell, now)
            }
            Life::Unready { pid: own, ready_for, .. } if own == pid => {
                self.start_anew(pid, ready_for, DownClass::Unwell, now)
            }
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { .. }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Stopping { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => self.stay(),
        }
    }

    fn stop_for(&self, pid: Pid, then: AfterExit, face: Face, now: Instant) -> Step {
        let kill_at = now + self.rules.grace;
        let stop = Action::Signal { pid, push: Push::Stop };
        (Life::Stopping { pid, kill_at, then }, smallvec![Action::Publish(face), stop, Action::Arm(kill_at)])
    }

    fn stop_asked(&self, kill_at: Instant) -> Step {
        let draining = Action::Publish(Face::Leaving);
        match self.life {
            Life::Idle | Life::Waiting { .. } => (Life::Stopped { how: How::AsAsked }, smallvec![draining]),
            Life::Spawning { .. } => {
                let actions = smallvec![draining, Action::CallOff];
                (Life::Spawning { then: AfterSpawn::Stop { kill_at } }, actions)
            }
            Life::Starting { pid, .. } | Life::Ready { pid, .. } | Life::Unready { pid, .. } => {
                let stop = Action::Signal { pid, push: Push::Stop };
                let then = AfterExit::Stop { how: How::AsAsked };
                (Life::Stopping { pid, kill_at, then }, smallvec![draining, stop, Action::Arm(kill_at)])
            }
            // Its stop signal is out already. What it failed at stays the reason if that ended the program.
            Life::Stopping { pid, kill_at: sooner, then } => {
                let kill_at = kill_at.min(sooner);
                let life = Life::Stopping { pid, kill_at, then: no_retry(then) };
                (life, smallvec![draining, Action::Arm(kill_at)])
            }
            Life::Killing { pid, again_at, then } => {
                (Life::Killing { pid, again_at, then: no_retry(then) }, smallvec![draining])
            }
            Life::Stopped { .. } => (self.life, smallvec![draining]),
        }
    }

    fn hurry(&self, kill_at: Instant) -> Step {
        match self.life {
            Life::Spawning { then: AfterSpawn::Stop { kill_at: before } } => {
                let then = AfterSpawn::Stop { kill_at: kill_at.min(before) };
                (Life::Spawning { then }, Actions::new())
            }
            Life::Stopping { pid, kill_at: before, then } => {
                let kill_at = kill_at.min(before);
                (Life::Stopping { pid, kill_at, then }, smallvec![Action::Arm(kill_at)])
            }
            Life::Idle
            | Life::Waiting { .. }
            | Life::Spawning { then: AfterSpawn::Start }
            | Life::Starting { .. }
            | Life::Ready { .. }
            | Life::Unready { .. }
            | Life::Killing { .. }
            | Life::Stopped { .. } => self.stay(),
        }
    }
}

fn spawn() -> Step {
    let actions = smallvec![Action::Publish(Face::Starting), Action::Spawn];
    (Life::Spawning { then: AfterSpawn::Start }, actions)
}

fn ready(pid: Pid, since: Instant, now: Instant) -> Step {
    (Life::Ready { pid, since, published: now }, smallvec![Action::Publish(Face::Ready { pid })])
}

fn kill(pid: Pid, then: AfterExit, now: Instant) -> Step {
    let again_at = now + KILL_AGAIN;
    let actions = smallvec![Action::Signal { pid, push: Push::Kill }, Action::Arm(again_at)];
    (Life::Killing { pid, again_at, then }, actions)
}

fn stopped(how: How) -> Step {
    (Life::Stopped { how }, Actions::new())
}

fn given_up(how: How) -> Step {
    let down = Action::Publish(Face::Down { class: how.class(), retry_at: None });
    (Life::Stopped { how }, smallvec![down, Action::Ended(how)])
}

fn no_retry(then: AfterExit) -> AfterExit {
    match then {
        AfterExit::Stop { .. } => then,
        AfterExit::Retry { .. } => AfterExit::Stop { how: How::AsAsked },
    }
}

#[cfg(test)]
mod tests;

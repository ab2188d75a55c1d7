//! What the machine says, done: spawn, probe, signal, sweep, arm, publish, report.

use std::collections::VecDeque;
use std::time::Instant;

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::Signal;
use tokio::time::timeout;

use super::{AppTask, Kill, OUTPUT_GRACE, Start};
use crate::apps::command_question::Asker;
use crate::apps::life::{Action, Event, Hope, Push};
use crate::apps::ready::Prober;
use crate::apps::spawn::LaunchError;
use crate::apps::stop;
use crate::init::SignalError;
use crate::observe::log::Level;

impl AppTask {
    /// Feeds the machine, does what it says, and feeds it what comes of that.
    pub(super) async fn happened(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.machine.on(event, Instant::now()) {
                events.extend(self.perform(action).await);
            }
        }
    }

    async fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Spawn => return self.spawn(),
            Action::Probe { pid, not_before } => self.probe(pid, not_before),
            Action::Signal { pid, push } => self.signal(pid, push),
            Action::Sweep { until } => self.sweep(until),
            Action::Publish(face) => self.publish(face),
            Action::Arm(at) => self.timer = Some(at),
            Action::Ended(how) => self.report_end(how).await,
        }
        None
    }

    fn spawn(&mut self) -> Option<Event> {
        self.generation += 1;
        self.around.publisher.starts(self.generation);
        self.found = None;
        self.start = None;
        match self.around.launcher.prepare(&self.app) {
            Ok(launch) => {
                if let Some(error) = &launch.socketless {
                    self.note_socketless(error);
                }
                self.start = Some(Start {
                    told: launch.told,
                    marker: launch.marker,
                    began: Instant::now(),
                    hearing: launch.hearing,
                    asker: Asker {
                        children: self.around.children.clone(),
                        environment: launch.environment,
                        dir: self.app.dir.clone(),
                    },
                });
                let children = self.around.children.clone();
                self.spawning = Some(Box::pin(async move { children.spawn(launch.spec).await }));
                None
            }
            Err(error) => Some(Event::SpawnFailed { hope: self.note_spawn_error(&error) }),
        }
    }

    fn probe(&mut self, pid: Pid, not_before: Instant) {
        let (Some(process), Some(start)) = (&self.process, &self.start) else { return };
        if process.kin.leader == pid && self.probing.is_none() {
            let readiness = self.app.readiness.clone();
            let (signs, asker) = (start.hearing.signs().clone(), start.asker.clone());
            let prober = Prober::new(process.kin.clone(), start.told.clone(), readiness, signs, asker);
            self.probing = Some(Box::pin(prober.look_from(not_before)));
        }
    }

    /// What is published says of itself that it is stopping: a look finds that out, too, and takes it off the table.
    pub(super) fn look_closer(&mut self) {
        if let (Some(pid), Some(_)) = (self.leader(), &self.endpoint) {
            self.probing = None;
            self.glancing = None;
            self.probe(pid, Instant::now());
        }
    }

    fn signal(&mut self, pid: Pid, push: Push) {
        self.probing = None;
        self.glancing = None;
        let children = &self.around.children;
        let pushed = match push {
            Push::Stop => stop::ask(children, pid, stop::signal_of(self.app.stop.signal)),
            Push::Kill => {
                self.kill = Kill::Needed;
                stop::push(children, pid, Signal::KILL)
            }
        };
        match pushed {
            // It ended by itself this very moment; its exit is on its way to us.
            Ok(()) | Err(SignalError::Gone(_)) => {}
            Err(error @ SignalError::Refused { .. }) => self.say(Level::Warn, format_args!("{error}")),
        }
    }

    fn sweep(&mut self, until: Instant) {
        let Some(kin) = self.bereaved.take() else { return };
        self.patience.send_replace(until);
        let stop = stop::signal_of(self.app.stop.signal);
        self.sweeps.spawn(stop::sweep(self.around.children.clone(), kin, stop, self.patience.subscribe()));
    }

    /// Reads what the app printed before it ended.
    pub(super) async fn last_output(&mut self) {
        let all_read = async { while self.outputs.join_next().await.is_some() {} };
        // Cancelling is safe: the readers go on by themselves.
        timeout(OUTPUT_GRACE, all_read).await.ok();
    }

    pub(super) fn hope_of(error: &LaunchError) -> Hope {
        match error {
            LaunchError::Program(error) if !error.is_passing() => Hope::Never,
            LaunchError::Program(_)
            | LaunchError::Port(_)
            | LaunchError::Socket(_)
            | LaunchError::Marker(_)
            | LaunchError::Notify(_) => Hope::Later,
        }
    }
}

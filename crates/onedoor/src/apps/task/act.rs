//! The machine's words become deeds: processes, probes, signals, sweeps.

use std::sync::Arc;
use std::time::Instant;

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::Signal;

use super::instance::{Instance, Start};
use super::{Kill, Yard};
use crate::apps::command_question::Asker;
use crate::apps::life::{Action, Event, Hope, Push};
use crate::apps::ready::Prober;
use crate::apps::secret::{self, Secrets};
use crate::apps::spawn::LaunchError;
use crate::apps::stop;

impl Instance {
    /// Does what its machine said; returns what comes of it at once.
    pub(super) fn perform(&mut self, action: Action, yard: &mut Yard) -> Option<Event> {
        match action {
            Action::Spawn => return self.spawn(yard),
            Action::CallOff => return self.call_off(),
            Action::Probe { pid, not_before } => self.probe(pid, not_before, yard),
            Action::Signal { pid, push } => self.signal(pid, push, yard),
            Action::Sweep { until } => self.sweep(until, yard),
            Action::Publish(face) => self.publish(face, yard),
            Action::Arm(at) => self.timer = Some(at),
            // What it means for the app as a whole is the fleet's to say.
            Action::Ended(_) => {}
        }
        None
    }

    fn spawn(&mut self, yard: &mut Yard) -> Option<Event> {
        yard.generation += 1;
        self.generation = yard.generation;
        if self.starts > 0 {
            yard.restarts += 1;
            yard.publisher.restarted(yard.restarts);
        }
        self.starts += 1;
        self.found = None;
        self.start = None;
        match secret::ask(&yard.app, &yard.children, &yard.log) {
            Some(asking) => {
                self.asking = Some(Box::pin(asking));
                None
            }
            None => self.launch(&Secrets::default(), yard),
        }
    }

    /// The secrets that it waited for are there, or it has none to wait for.
    pub(super) fn launch(&mut self, secrets: &Secrets, yard: &mut Yard) -> Option<Event> {
        match yard.launcher.prepare(&yard.app, self.id().0, secrets) {
            Ok(launch) => {
                if let Some(error) = &launch.socketless {
                    self.note_socketless(error, yard);
                }
                self.note_instead(&launch.confined, yard);
                self.start = Some(Start {
                    told: launch.told,
                    marker: launch.marker,
                    began: Instant::now(),
                    hearing: launch.hearing,
                    asker: Asker {
                        children: yard.children.clone(),
                        environment: launch.environment,
                        mask: launch.mask,
                        dir: yard.app.dir.clone(),
                        isolation: Arc::clone(&yard.app.isolation),
                    },
                    confined: launch.confined,
                });
                let children = yard.children.clone();
                self.spawning = Some(Box::pin(async move { children.spawn(launch.spec).await }));
                None
            }
            Err(error) => Some(Event::SpawnFailed { hope: self.note_spawn_error(&error, yard) }),
        }
    }

    /// Only what comes before the process can be called off.
    fn call_off(&mut self) -> Option<Event> {
        self.asking.take().map(|_| Event::SpawnFailed { hope: Hope::Later })
    }

    fn probe(&mut self, pid: Pid, not_before: Instant, yard: &Yard) {
        let (Some(process), Some(start)) = (&self.process, &self.start) else { return };
        if process.kin.leader == pid && self.probing.is_none() {
            let readiness = yard.app.readiness.clone();
            let (signs, asker) = (start.hearing.signs().clone(), start.asker.clone());
            let prober = Prober::new(process.kin.clone(), start.told.clone(), readiness, signs, asker);
            self.probing = Some(Box::pin(prober.look_from(not_before)));
        }
    }

    /// What is published says of itself that it is stopping: a look finds that out, too, and takes it off the table.
    pub(super) fn look_closer(&mut self, yard: &Yard) {
        if let (Some(pid), Some(_)) = (self.leader(), &self.endpoint) {
            self.probing = None;
            self.glancing = None;
            self.probe(pid, Instant::now(), yard);
        }
    }

    fn signal(&mut self, pid: Pid, push: Push, yard: &mut Yard) {
        self.probing = None;
        self.glancing = None;
        self.watchdog = None;
        self.referee = None;
        let children = &yard.children;
        let pushed = match push {
            Push::Stop => stop::ask(children, pid, stop::signal_of(yard.app.stop.signal)),
            Push::Kill => {
                if yard.stop_began.is_some() {
                    yard.kill = Kill::Needed;
                }
                stop::push(children, pid, Signal::KILL)
            }
        };
        stop::note(pushed, &yard.app.name, &yard.log);
    }

    fn sweep(&mut self, until: Instant, yard: &Yard) {
        let Some(kin) = self.bereaved.take() else { return };
        self.patience.send_replace(until);
        let stop = stop::signal_of(yard.app.stop.signal);
        self.sweeps.spawn(stop::sweep(yard.children.clone(), kin, stop, self.patience.subscribe()));
    }

    pub(super) fn hope_of(error: &LaunchError) -> Hope {
        match error {
            LaunchError::Program(error) if !error.is_passing() => Hope::Never,
            LaunchError::Secret(untold) if untold.spawn_error().is_some_and(|it| !it.is_passing()) => {
                Hope::Never
            }
            LaunchError::Program(_)
            | LaunchError::Environment(_)
            | LaunchError::Secret(_)
            | LaunchError::Port(_)
            | LaunchError::Socket(_)
            | LaunchError::Marker(_)
            | LaunchError::Notify(_) => Hope::Later,
        }
    }
}

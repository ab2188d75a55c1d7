//! From the machines' words to the registry's: which endpoints, which reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::instance::Instance;
use super::{AppTask, Exposure, Surprise, Yard};
use crate::apps::board::{AppState, ProcessRow};
use crate::apps::fleet::{AppFace, InstanceId};
use crate::apps::framework;
use crate::apps::life::Face;
use crate::apps::live::Watchdog;
use crate::apps::milestone::Milestone;
use crate::apps::ready::{Found, FoundPlace};
use crate::observe::log::{Happening, Level};
use crate::registry::{Availability, DownClass, DownReason, EndpointAddr, EndpointId, EndpointSpec};
use onedoor_linux::proc::ListeningAt;

/// Counts through the whole program and all apps: an id is never used twice.
static NEXT_ENDPOINT: AtomicU64 = AtomicU64::new(1);

impl AppTask {
    /// Shows the app as a whole to the proxy and to whoever asks for the table.
    pub(super) fn publish(&self, face: AppFace) {
        let (availability, state) = match face {
            AppFace::Idle => (Availability::Idle, AppState::Idle),
            AppFace::Starting => (Availability::Starting { since: Instant::now() }, AppState::Starting),
            AppFace::Ready(ids) => self.ready(&ids),
            AppFace::Draining => (Availability::Draining, AppState::Stopping),
            AppFace::Stopped => {
                let detail: Arc<str> = "stopped by the operator; `onedoor start` starts it".into();
                let why = DownReason { class: DownClass::Ended, detail: Arc::clone(&detail) };
                (Availability::Down { why, retry_at: None }, AppState::Down { why: detail })
            }
            AppFace::Down { of, class, retry_at } => {
                let known = self.instance(of).and_then(|instance| instance.down.clone());
                let gone = self.yard.last_down.as_ref().filter(|(id, _)| *id == of);
                let known = known.or_else(|| gone.map(|(_, why)| why.clone()));
                let why = known.unwrap_or_else(|| DownReason { class, detail: "it ended".into() });
                let state = AppState::Down { why: Arc::clone(&why.detail) };
                (Availability::Down { why: DownReason { class, ..why }, retry_at }, state)
            }
        };
        self.yard.board.set(state);
        self.yard.publisher.publish(availability);
    }

    /// For whoever asks for the table.
    pub(super) fn show_processes(&self) {
        let process = |instance: &Instance| {
            let state = if self.fleet.is_leaving(instance.id()) {
                "stopping"
            } else if instance.endpoint.is_some() || instance.is_working() {
                "ready"
            } else {
                "starting"
            };
            let (pid, began) = (instance.leader()?, instance.start.as_ref()?.began);
            Some(ProcessRow { replica: instance.slot + 1, pid, began, state })
        };
        let mut processes: Vec<ProcessRow> = self.instances.iter().filter_map(process).collect();
        sorted::by_key(&mut processes, |process| process.replica);
        self.yard.board.set_processes(self.yard.restarts, processes);
    }

    fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.id() == id)
    }

    fn ready(&self, ids: &[InstanceId]) -> (Availability, AppState) {
        self.yard.milestone.send_replace(Milestone::Reached);
        let ready: Vec<&Instance> = ids.iter().filter_map(|id| self.instance(*id)).collect();
        let listens: Vec<String> = ready
            .iter()
            .filter_map(|instance| instance.found.as_ref())
            .map(|found| shown(&found.at))
            .collect();
        let listens = (!listens.is_empty()).then(|| listens.join(", "));
        let after = ready.iter().filter_map(|instance| instance.ready_after).max().unwrap_or_default();
        // A worker is ready without an endpoint: no route leads to it.
        let endpoints = ready.iter().filter_map(|instance| instance.endpoint.clone()).collect();
        (Availability::Ready { endpoints }, AppState::Ready { listens, after })
    }
}

impl Instance {
    /// What its machine wants seen of it; the app's own face follows.
    pub(super) fn publish(&mut self, face: Face, yard: &mut Yard) {
        match face {
            Face::Starting => {
                self.down = None;
                if self.endpoint.take().is_some() {
                    yard.tell(
                        Level::Info,
                        Happening::Unready,
                        "does not take connections any more; its requests wait while it is probed",
                    );
                }
            }
            Face::Ready { pid: _ } => self.ready(yard),
            // Requests may still be in flight: whoever drains it has the endpoint.
            Face::Leaving => {}
            Face::Down { class, retry_at } => {
                self.endpoint = None;
                let why = self.down_reason(class, retry_at, yard);
                yard.last_down = Some((self.id(), why.clone()));
                self.down = Some(why);
            }
        }
    }

    fn ready(&mut self, yard: &mut Yard) {
        self.down = None;
        let after = self.start.as_ref().map(|start| start.began.elapsed()).unwrap_or_default();
        yard.ready_generation = Some(self.generation);
        let again = self.ready_generation.replace(self.generation) == Some(self.generation);
        let cap = yard.launcher.cap(&yard.app);
        if again {
            yard.tell(Level::Debug, Happening::Ready, "takes requests again");
        } else {
            self.ready_after = Some(after);
            let at = self.found.as_ref().map(|found| format!(" on {}", shown(&found.at))).unwrap_or_default();
            let which = self.which(yard);
            let most = cap.filter(|_| self.found.is_some());
            let most = most.map(|cap| format!(", at most {cap} requests at once")).unwrap_or_default();
            let news = format_args!("{which}ready in {:.1} s{at}{most}", after.as_secs_f64());
            yard.tell(Level::Info, Happening::Ready, news);
        }
        if !again {
            let at = self.found.as_ref().map(|found| &found.at);
            self.note_exposure(yard);
            self.watchdog = self
                .start
                .as_ref()
                .and_then(|start| Watchdog::new(&yard.app.liveness, at, start.hearing.signs(), &start.asker));
        }
        let idle_max = framework::idle_max(yard.launcher.framework());
        self.endpoint = self.found.as_ref().map(|found| {
            let id = EndpointId(NEXT_ENDPOINT.fetch_add(1, Ordering::Relaxed));
            let (addr, generation, slot) = (found.at.clone(), self.generation, self.slot);
            let spec = EndpointSpec { id, slot, addr, generation, idle_max };
            Arc::new(yard.publisher.endpoint(spec, cap))
        });
    }

    /// Which of several it is, for messages.
    pub(super) fn which(&self, yard: &Yard) -> String {
        if yard.app.replicas == 1 { String::new() } else { format!("replica {}: ", self.slot + 1) }
    }

    /// Says once that the app can be reached past the door.
    fn note_exposure(&self, yard: &mut Yard) {
        let (Some(Found { at: EndpointAddr::Tcp(at), .. }), Some(process)) = (&self.found, &self.process)
        else {
            return;
        };
        if yard.exposure == Exposure::LookedAt {
            return;
        }
        yard.exposure = Exposure::LookedAt;
        let exposed = process.kin.listeners().into_iter().find_map(|socket| match socket.at {
            ListeningAt::Tcp(on) if on.port() == at.port() && on.ip().is_unspecified() => Some(on),
            ListeningAt::Tcp(_) | ListeningAt::Unix(_) | ListeningAt::Abstract(_) => None,
        });
        if let Some(on) = exposed {
            let (place, name) = (&yard.app.place, &yard.app.name);
            yard.say(
                Level::Warn,
                format_args!(
                    "{place}: app \"{name}\" listens on {on}: whoever reaches the container's network reaches it past the door; let it listen on 127.0.0.1 ($HOST)"
                ),
            );
        }
    }

    /// Says once, and again only if it changed, that the app does not listen where it was told.
    pub(super) fn note_surprise(&self, found: &Found, yard: &mut Yard) {
        let FoundPlace::Elsewhere { port } = found.place else { return };
        if yard.surprise == (Surprise::Told { port }) {
            return;
        }
        yard.surprise = Surprise::Told { port };
        let told = self.start.as_ref().map(|start| start.told.to_string()).unwrap_or_default();
        let (place, name) = (&yard.app.place, &yard.app.name);
        yard.say(
            Level::Warn,
            format_args!(
                "{place}: app \"{name}\" listens on {port}, was told {told}; using {port} (say port = {port} to make that official)"
            ),
        );
    }
}

fn shown(at: &EndpointAddr) -> String {
    match at {
        EndpointAddr::Tcp(at) if at.ip().is_loopback() => format!(":{}", at.port()),
        EndpointAddr::Tcp(at) => at.to_string(),
        EndpointAddr::Unix(path) => path.display().to_string(),
    }
}

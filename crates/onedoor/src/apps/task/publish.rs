//! From the machine's words to the registry's: which endpoint, which reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{AppTask, Found, FoundPlace, Surprise};
use crate::apps::board::AppState;
use crate::apps::framework;
use crate::apps::life::Face;
use crate::observe::log::Level;
use crate::registry::{Availability, Endpoint, EndpointAddr, EndpointId, EndpointSpec};

/// Counts through the whole program and all apps: an id is never used twice.
static NEXT_ENDPOINT: AtomicU64 = AtomicU64::new(1);

impl AppTask {
    pub(super) fn publish(&mut self, face: Face) {
        let availability = match face {
            Face::Starting => {
                if self.endpoint.take().is_some() {
                    self.say(
                        Level::Info,
                        "does not take connections any more; its requests wait while it is probed",
                    );
                }
                self.around.board.set(AppState::Starting);
                Availability::Starting { since: Instant::now() }
            }
            Face::Ready { pid: _ } => self.ready(),
            Face::Draining => {
                self.endpoint = None;
                self.around.board.set(AppState::Stopping);
                Availability::Draining
            }
            Face::Down { class, retry_at } => {
                self.endpoint = None;
                let why = self.down_reason(class, retry_at);
                self.around.board.set(AppState::Down { why: Arc::clone(&why.detail) });
                Availability::Down { why, retry_at }
            }
        };
        self.around.publisher.publish(availability);
    }

    fn ready(&mut self) -> Availability {
        let after = self.start.as_ref().map(|start| start.began.elapsed()).unwrap_or_default();
        let again = self.ready_generation.replace(self.generation) == Some(self.generation);
        let listens = self.found.as_ref().map(|found| shown(&found.at));
        if again {
            self.say(Level::Debug, "takes requests again");
        } else {
            let at = listens.as_ref().map(|at| format!(" on {at}")).unwrap_or_default();
            self.say(Level::Info, format_args!("ready in {:.1} s{at}", after.as_secs_f64()));
        }
        self.around.board.set(AppState::Ready { listens, after });
        let idle_max = framework::idle_max(self.around.launcher.framework());
        let workers = self.around.publisher.workers();
        let endpoint = self.found.as_ref().map(|found| {
            let id = EndpointId(NEXT_ENDPOINT.fetch_add(1, Ordering::Relaxed));
            let (addr, generation) = (found.at.clone(), self.generation);
            let spec = EndpointSpec { id, slot: 0, addr, generation, idle_max, cap: None };
            Arc::new(Endpoint::new(spec, workers))
        });
        self.endpoint.clone_from(&endpoint);
        // A worker is ready without an endpoint: no route leads to it.
        Availability::Ready { endpoints: endpoint.into_iter().collect() }
    }

    /// Says once, and again only if it changed, that the app does not listen where it was told.
    pub(super) fn note_surprise(&mut self, found: &Found) {
        let FoundPlace::Elsewhere { port } = found.place else { return };
        if self.surprise == (Surprise::Told { port }) {
            return;
        }
        self.surprise = Surprise::Told { port };
        let told = self.start.as_ref().map(|start| start.told.to_string()).unwrap_or_default();
        let (place, name) = (&self.app.place, &self.app.name);
        self.say(
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

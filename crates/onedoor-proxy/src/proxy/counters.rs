//! What one worker has counted since the door was opened; `builtin = "metrics"` adds the workers up.
//!
//! The door owns these blocks, not the workers: a worker that dies leaves its numbers to its successor, which runs on
//! the same thread. So each block has one writer, and no two blocks share a cache line.

use std::time::Duration;

use super::refusal::{Culprit, RefusalClass};
use crate::observe::metrics::{Counter, Histogram, StatusCounts};

/// One worker's numbers.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct WorkerCounters {
    pub(super) traffic: Traffic,
    pub(super) connections: ConnectionCounters,
    pub(super) attempts: AttemptCounters,
    pub(super) worker_deaths: Counter,
    refusals: [Counter; RefusalClass::ALL.len()],
    cut_by_client: Counter,
    cut_by_upstream: Counter,
    /// Requests that met no route: refused before, or for the server itself.
    pub(super) no_route: RouteCounters,
}

/// Payload of bodies and bytes in tunnels: what came from clients (up) and what went to them (down), by whether it
/// passed through a buffer of ours.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) copied_down: Counter,
    pub(super) spliced_down: Counter,
    pub(super) copied_up: Counter,
    pub(super) spliced_up: Counter,
}

/// Connections with clients.
#[derive(Debug, Default)]
pub(super) struct ConnectionCounters {
    pub(super) accepted: Counter,
    /// Told, or not even that, that there are too many.
    pub(super) turned_away: Counter,
    pub(super) tunnels_opened: Counter,
    pub(super) tunnels_closed: Counter,
}

/// Tries at upstreams.
#[derive(Debug, Default)]
pub(super) struct AttemptCounters {
    pub(super) connections_opened: Counter,
    pub(super) connections_reused: Counter,
    /// Tries that came after a lost one of the same request.
    pub(super) repeated: Counter,
    pub(super) holds_begun: Counter,
    pub(super) holds_ended: Counter,
}

/// The requests that one route took; see [`super::edition`] for whose they are.
#[derive(Debug, Default)]
pub(super) struct RouteCounters {
    pub(super) statuses: StatusCounts,
    pub(super) durations: Histogram,
}

impl RouteCounters {
    /// A request has ended.
    pub(super) fn served(&self, status: u16, took: Duration) {
        self.statuses.count(status);
        self.durations.took(took);
    }
}

impl Default for WorkerCounters {
    fn default() -> Self {
        Self {
            traffic: Traffic::default(),
            connections: ConnectionCounters::default(),
            attempts: AttemptCounters::default(),
            worker_deaths: Counter::default(),
            refusals: std::array::from_fn(|_| Counter::default()),
            cut_by_client: Counter::default(),
            cut_by_upstream: Counter::default(),
            no_route: RouteCounters::default(),
        }
    }
}

impl WorkerCounters {
    pub(super) fn refused(&self, class: RefusalClass) {
        self.refusals[class as usize].count();
    }

    pub(super) fn cut(&self, by: Culprit) {
        match by {
            Culprit::Client => self.cut_by_client.count(),
            Culprit::Upstream => self.cut_by_upstream.count(),
        }
    }

    pub(super) fn refusals(&self, class: RefusalClass) -> u64 {
        self.refusals[class as usize].now()
    }

    pub(super) fn cuts(&self, by: Culprit) -> u64 {
        match by {
            Culprit::Client => self.cut_by_client.now(),
            Culprit::Upstream => self.cut_by_upstream.now(),
        }
    }
}

//! Idle upstream connections of one worker, kept for reuse.
//!
//! Last in, first out: the warmest connection serves next, the coldest age and go. A connection is reused only
//! while it idled less than its upstream is known to allow, and only if it has been silent (HTTP.md rules 25, 26).

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;

use crate::proxy::route::UpstreamId;
use crate::proxy::stream::Stream;
use crate::registry::EndpointId;

/// Idle connections kept per upstream and worker; more would only age.
const IDLE_MAX: usize = 256;

/// How long a place without an idle connection is remembered.
const EMPTY_KEPT: Duration = Duration::from_secs(60);

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::proxy) enum PoolKey {
    Endpoint(EndpointId),
    Upstream(UpstreamId),
}

#[derive(Debug)]
struct Idle {
    stream: Stream,
    since: Instant,
    /// Its upstream may close it once it has idled this long.
    idle_max: Duration,
}

/// Whether a request may be repeated if its connection turns out to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Replay {
    Possible,
    /// Takes only a connection that idled less than half of what is allowed, else a fresh one.
    Impossible,
}

/// The keys are ours, so the hash may be a fast one that anybody could foresee.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Pool {
    shelves: RefCell<HashMap<PoolKey, Shelf, FixedState>>,
}

/// The idle connections to one place.
#[derive(Debug)]
struct Shelf {
    idle: Vec<Idle>,
    /// When one was last put there.
    used: Instant,
}

impl Pool {
    /// A connection fit for use now, if there is one.
    pub(in crate::proxy) fn take(&self, key: PoolKey, replay: Replay, now: Instant) -> Option<Stream> {
        let mut shelves = self.shelves.borrow_mut();
        let connections = &mut shelves.get_mut(&key)?.idle;
        while let Some(candidate) = connections.pop() {
            let idled = now.saturating_duration_since(candidate.since);
            let allowed = match replay {
                Replay::Possible => candidate.idle_max,
                Replay::Impossible => candidate.idle_max / 2,
            };
            if idled >= allowed {
                // What lies below is older still. A fresh enough rest is kept for requests that can be repeated.
                if replay == Replay::Impossible && idled < candidate.idle_max {
                    connections.push(candidate);
                } else {
                    connections.clear();
                }
                return None;
            }
            let silent = match replay {
                Replay::Possible => candidate.stream.is_silent(),
                // Worth a system call: what is lost here cannot be asked again.
                Replay::Impossible => candidate.stream.is_silent_now(),
            };
            if silent {
                return Some(candidate.stream);
            }
        }
        None
    }

    /// Keeps a connection whose last exchange ended cleanly.
    pub(in crate::proxy) fn keep(&self, key: PoolKey, stream: Stream, idle_max: Duration, now: Instant) {
        let mut shelves = self.shelves.borrow_mut();
        let shelf = shelves.entry(key).or_insert_with(|| Shelf { idle: Vec::new(), used: now });
        shelf.used = now;
        if shelf.idle.len() < IDLE_MAX {
            shelf.idle.push(Idle { stream, since: now, idle_max });
        }
    }

    /// Drops what has aged, and every shelf that stays empty: endpoints come and go with each restart. One whose
    /// connection is merely in use stays, or each sweep would cost a busy worker an allocation.
    pub(in crate::proxy) fn sweep(&self, now: Instant) {
        self.shelves.borrow_mut().retain(|_, shelf| {
            shelf.idle.retain(|idle| {
                now.saturating_duration_since(idle.since) < idle.idle_max && idle.stream.is_silent()
            });
            !shelf.idle.is_empty() || now.saturating_duration_since(shelf.used) < EMPTY_KEPT
        });
    }
}

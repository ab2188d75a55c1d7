//! Idle upstream connections of one worker, kept for reuse.
//!
//! Last in, first out: the warmest connection serves next, the coldest age and go. A connection is reused only
//! while it idled less than its upstream is known to allow, and only if it has been silent (HTTP.md rules 25, 26).

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::proxy::route::UpstreamId;
use crate::proxy::stream::Stream;
use crate::registry::EndpointId;

/// Idle connections kept per upstream and worker; more would only age.
const IDLE_MAX: usize = 256;

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

#[derive(Debug, Default)]
pub(in crate::proxy) struct Pool {
    idle: RefCell<HashMap<PoolKey, Vec<Idle>>>,
}

impl Pool {
    /// A connection fit for use now, if there is one.
    pub(in crate::proxy) fn take(&self, key: PoolKey, replay: Replay, now: Instant) -> Option<Stream> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(&key)?;
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
        let mut idle = self.idle.borrow_mut();
        let connections = idle.entry(key).or_default();
        if connections.len() < IDLE_MAX {
            connections.push(Idle { stream, since: now, idle_max });
        }
    }

    /// Drops what has aged, and every entry that is empty: endpoints come and go with each restart.
    pub(in crate::proxy) fn sweep(&self, now: Instant) {
        self.idle.borrow_mut().retain(|_, connections| {
            connections.retain(|idle| {
                now.saturating_duration_since(idle.since) < idle.idle_max && idle.stream.is_silent()
            });
            !connections.is_empty()
        });
    }
}

//! Idle upstream connections of one worker, kept for reuse.
//!
//! Last in, first out: the warmest connection serves next, the coldest age and go. A connection is reused only
//! while it idled less than its upstream is known to allow, and only if it has been silent (HTTP.md rules 25, 26).
//!
//! What an upstream allows is what its framework is known for or what it says (`Keep-Alive: timeout`), until it is
//! seen to do otherwise: a connection found closed after idling for T makes that 0.8 T for all that lead there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;

use crate::proxy::edition::UpstreamKey;
use crate::proxy::relay::splice::FirstRead;
use crate::proxy::stream::{Idleness, Stream};
use crate::registry::EndpointId;

/// Idle connections kept per upstream and worker; more would only age.
const IDLE_MAX: usize = 256;

/// How long a place without an idle connection is remembered.
const EMPTY_KEPT: Duration = Duration::from_secs(60);

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::proxy) enum PoolKey {
    Endpoint(EndpointId),
    Upstream(UpstreamKey),
}

#[derive(Debug)]
struct Idle {
    stream: Stream,
    since: Instant,
    habits: Habits,
}

/// What a connection's last answer has told of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Habits {
    /// Its upstream may close it once it has idled this long.
    pub(in crate::proxy) idle_max: Duration,
    pub(in crate::proxy) first_read: FirstRead,
}

/// Whether a request may be repeated if its connection turns out to be dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Replay {
    Possible,
    /// Takes only a connection that idled less than half of what is allowed, else a fresh one.
    Impossible,
}

/// A close after a shorter idling than this is no idle timeout, which nobody sets below a second: a worker was
/// recycled, or its server closes after each answer. No limit helps against that, so none is learned.
const LEARNED_FROM: Duration = Duration::from_millis(500);

/// How long a lesson holds. Then twice the time is tried: a server that was restarted once is not punished for ever,
/// and a request that cannot be repeated, at half of that, still keeps clear of the timeout that was seen.
const LESSON: Duration = Duration::from_secs(5 * 60);

/// After so many lessons' time without a new one all is forgotten, and with it the upstreams that are no more.
const LESSONS_MAX: u32 = 8;

/// The connections to one upstream, and what their ends have taught.
#[derive(Debug)]
struct Kept {
    idle: Vec<Idle>,
    /// When one was last kept.
    used: Instant,
    learned: Option<Learned>,
}

/// How long an upstream was seen to keep an idle connection, with a margin.
#[derive(Clone, Copy, Debug)]
struct Learned {
    idle_max: Duration,
    at: Instant,
}

impl Kept {
    fn new(now: Instant) -> Self {
        Self { idle: Vec::new(), used: now, learned: None }
    }

    /// What has been learned, as far as it still holds.
    fn allowed(&self, now: Instant) -> Option<Duration> {
        let learned = self.learned?;
        let age = now.saturating_duration_since(learned.at).as_secs() / LESSON.as_secs();
        let age = u32::try_from(age).ok().filter(|age| *age < LESSONS_MAX)?;
        Some(learned.idle_max * 2_u32.pow(age))
    }

    /// A connection was found closed by its upstream after it had idled for `idled`, or a little less.
    fn learn(&mut self, idled: Duration, now: Instant) {
        let idle_max = idled * 4 / 5;
        if idled >= LEARNED_FROM && self.allowed(now).is_none_or(|known| idle_max <= known) {
            self.learned = Some(Learned { idle_max, at: now });
        }
    }
}

/// The keys are ours, so the hash may be a fast one that anybody could foresee.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Pool {
    by_key: RefCell<HashMap<PoolKey, Kept, FixedState>>,
}

/// A connection out of the pool.
#[derive(Debug)]
pub(in crate::proxy) struct Reused {
    pub(in crate::proxy) stream: Stream,
    /// How long it had been idle.
    pub(in crate::proxy) idled: Duration,
    pub(in crate::proxy) first_read: FirstRead,
}

impl Pool {
    /// A connection fit for use now, if there is one.
    pub(in crate::proxy) fn take(&self, key: PoolKey, replay: Replay, now: Instant) -> Option<Reused> {
        let mut by_key = self.by_key.borrow_mut();
        let kept = by_key.get_mut(&key)?;
        while let Some(candidate) = kept.idle.pop() {
            let idled = now.saturating_duration_since(candidate.since);
            let idle_max = kept
                .allowed(now)
                .map_or(candidate.habits.idle_max, |most| most.min(candidate.habits.idle_max));
            let allowed = match replay {
                Replay::Possible => idle_max,
                Replay::Impossible => idle_max / 2,
            };
            if idled >= allowed {
                // What lies below is older still. A fresh enough rest is kept for requests that can be repeated.
                if replay == Replay::Impossible && idled < idle_max {
                    kept.idle.push(candidate);
                } else {
                    kept.idle.clear();
                }
                return None;
            }
            match candidate.stream.idleness() {
                // Worth a system call: what is lost here cannot be asked again. Of an upstream's closes at the worst
                // moments, 16 % cost a POST without it and 2 % with it (tests/it/reuse.rs, 14,400 POSTs each).
                Idleness::Silent if replay == Replay::Impossible && !candidate.stream.is_silent_now() => {}
                Idleness::Silent => {
                    let Idle { stream, habits, .. } = candidate;
                    return Some(Reused { stream, idled, first_read: habits.first_read });
                }
                Idleness::Ended => kept.learn(idled, now),
                Idleness::Spoke => {}
            }
        }
        None
    }

    /// Keeps a connection whose last exchange ended cleanly.
    pub(in crate::proxy) fn keep(&self, key: PoolKey, stream: Stream, habits: Habits, now: Instant) {
        let mut by_key = self.by_key.borrow_mut();
        let kept = by_key.entry(key).or_insert_with(|| Kept::new(now));
        kept.used = now;
        if kept.idle.len() < IDLE_MAX {
            kept.idle.push(Idle { stream, since: now, habits });
        }
    }

    /// A connection that seemed silent turned out to be closed: it had idled for too long.
    pub(in crate::proxy) fn was_dead(&self, key: PoolKey, idled: Duration, now: Instant) {
        self.by_key.borrow_mut().entry(key).or_insert_with(|| Kept::new(now)).learn(idled, now);
    }

    /// Drops what has aged or ended, and every entry that is of no more use: endpoints come and go with each restart.
    /// One whose connection is merely in use stays, or each sweep would cost a busy worker an allocation.
    pub(in crate::proxy) fn sweep(&self, now: Instant) {
        self.by_key.borrow_mut().retain(|_, kept| {
            let mut idle = std::mem::take(&mut kept.idle);
            idle.retain(|idle| {
                let idled = now.saturating_duration_since(idle.since);
                let idleness = idle.stream.idleness();
                if idleness == Idleness::Ended {
                    kept.learn(idled, now);
                }
                let most =
                    kept.allowed(now).map_or(idle.habits.idle_max, |most| most.min(idle.habits.idle_max));
                idleness == Idleness::Silent && idled < most
            });
            kept.idle = idle;
            let used = now.saturating_duration_since(kept.used) < EMPTY_KEPT;
            !kept.idle.is_empty() || kept.allowed(now).is_some() || used
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixStream;
    use tokio::runtime::Builder;

    const KEY: PoolKey = PoolKey::Endpoint(EndpointId(0));
    const STATED: Habits = Habits { idle_max: Duration::from_secs(60), first_read: FirstRead::Roomy };

    /// Runs `test` where sockets work, with a moment to count from.
    fn run(test: impl AsyncFnOnce(Pool, Instant)) {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(test(Pool::default(), Instant::now()));
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// A connection that its peer has closed, and the runtime knows it.
    async fn closed() -> Stream {
        let (ours, _) = UnixStream::pair().unwrap();
        ours.readable().await.unwrap();
        Stream::Unix(ours)
    }

    /// Whether a connection that has idled for `idled` at `now` would serve such a request.
    fn serves(pool: &Pool, replay: Replay, idled: Duration, now: Instant) -> bool {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        pool.keep(KEY, Stream::Unix(ours), STATED, now.checked_sub(idled).unwrap());
        let taken = pool.take(KEY, replay, now);
        if let Some(kept) = pool.by_key.borrow_mut().get_mut(&KEY) {
            kept.idle.clear();
        }
        taken.is_some()
    }

    #[test]
    fn the_time_after_which_an_upstream_closes_is_learned_from_what_it_closed() {
        run(async |pool, start| {
            let now = start + ms(5000);
            assert!(serves(&pool, Replay::Possible, ms(4500), now), "nothing is known yet");
            pool.keep(KEY, closed().await, STATED, start);
            pool.sweep(now);
            assert!(!serves(&pool, Replay::Possible, ms(4100), now));
            assert!(serves(&pool, Replay::Possible, ms(3900), now), "0.8 of 5 s");
            assert!(!serves(&pool, Replay::Impossible, ms(2100), now));
            assert!(serves(&pool, Replay::Impossible, ms(1900), now), "half of that");
        });
    }

    #[test]
    fn a_dead_connection_teaches_however_it_is_found() {
        run(async |pool, start| {
            let now = start + ms(2000);
            pool.keep(KEY, closed().await, STATED, start);
            assert!(pool.take(KEY, Replay::Possible, now).is_none(), "it is closed");
            assert!(!serves(&pool, Replay::Possible, ms(1700), now));
            pool.was_dead(KEY, ms(1000), now);
            assert!(!serves(&pool, Replay::Possible, ms(900), now), "the shorter lesson counts");
            pool.was_dead(KEY, ms(3000), now);
            assert!(!serves(&pool, Replay::Possible, ms(900), now), "a longer one changes nothing");
        });
    }

    #[test]
    fn a_lesson_wears_off_by_doubling_and_is_forgotten_in_the_end() {
        run(async |pool, start| {
            pool.was_dead(KEY, ms(1000), start);
            assert!(!serves(&pool, Replay::Possible, ms(900), start));
            let later = start + LESSON;
            assert!(serves(&pool, Replay::Possible, ms(1500), later));
            assert!(!serves(&pool, Replay::Impossible, ms(900), later), "still below what was seen");
            pool.sweep(start + LESSON * LESSONS_MAX);
            assert!(pool.by_key.borrow().is_empty());
        });
    }

    #[test]
    fn a_close_right_after_an_answer_teaches_nothing() {
        run(async |pool, start| {
            pool.was_dead(KEY, ms(499), start);
            assert!(serves(&pool, Replay::Impossible, ms(20_000), start));
        });
    }

    #[test]
    fn bytes_that_nobody_asked_for_discard_a_connection_and_teach_nothing() {
        run(async |pool, start| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            theirs.try_write(b"HTTP/1.1 200 OK\r\n").unwrap();
            ours.readable().await.unwrap();
            pool.keep(KEY, Stream::Unix(ours), STATED, start);
            let now = start + ms(1000);
            assert!(pool.take(KEY, Replay::Possible, now).is_none());
            assert!(serves(&pool, Replay::Possible, ms(20_000), now));
        });
    }
}

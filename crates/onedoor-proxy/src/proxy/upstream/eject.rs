//! Replicas that one worker leaves out for a while, because exchanges with them failed several times in a row.
//!
//! Faster than any probe, and blind to its own mistakes: so it only ever prefers others. Where no other replica is
//! ready, one that is left out is asked all the same, and one answer takes it back in.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::registry::{EndpointId, FailedEndpoints};

/// So many failures in a row are no accident.
const FAILURES_MAX: u32 = 3;

/// The first time out; each further failure doubles it …
const OUT_FIRST: Duration = Duration::from_secs(1);

/// … up to this.
const OUT_MOST: Duration = Duration::from_secs(60);

/// After this long without another failure all is forgotten, and with it the endpoints that are no more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(5 * 60);

/// What one worker holds against the endpoints. Empty while all is well, which is all that a request then looks at.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Ejections {
    failing: RefCell<Vec<Failing>>,
}

#[derive(Debug)]
struct Failing {
    endpoint: EndpointId,
    in_a_row: u32,
    last: Instant,
}

impl Failing {
    fn is_out(&self, now: Instant) -> bool {
        let Some(beyond) = self.in_a_row.checked_sub(FAILURES_MAX) else { return false };
        let out = OUT_FIRST.saturating_mul(2_u32.saturating_pow(beyond)).min(OUT_MOST);
        now.saturating_duration_since(self.last) < out
    }
}

impl Ejections {
    /// An exchange failed before its commit.
    pub(in crate::proxy) fn failed(&self, endpoint: EndpointId, now: Instant) {
        let mut failing = self.failing.borrow_mut();
        match failing.iter_mut().find(|one| one.endpoint == endpoint) {
            // What was sent before it was left out and fails now says nothing new.
            Some(known) if known.is_out(now) => {}
            Some(known) => {
                known.in_a_row += 1;
                known.last = now;
            }
            None => failing.push(Failing { endpoint, in_a_row: 1, last: now }),
        }
    }

    /// An exchange went well.
    pub(in crate::proxy) fn served(&self, endpoint: EndpointId) {
        let mut failing = self.failing.borrow_mut();
        if !failing.is_empty() {
            failing.retain(|one| one.endpoint != endpoint);
        }
    }

    /// Whether there is nothing against anybody, so that no other question need be asked.
    pub(in crate::proxy) fn is_empty(&self) -> bool {
        self.failing.borrow().is_empty()
    }

    /// `failed` and those left out now. None: nobody is.
    pub(in crate::proxy) fn beside(&self, failed: &FailedEndpoints, now: Instant) -> Option<FailedEndpoints> {
        let failing = self.failing.borrow();
        let mut out = failing.iter().filter(|one| one.is_out(now)).map(|one| one.endpoint).peekable();
        out.peek()?;
        Some(failed.iter().copied().chain(out).collect())
    }

    pub(in crate::proxy) fn sweep(&self, now: Instant) {
        self.failing.borrow_mut().retain(|one| now.saturating_duration_since(one.last) < FORGOTTEN_AFTER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: EndpointId = EndpointId(1);

    fn is_out(ejections: &Ejections, now: Instant) -> bool {
        ejections.beside(&FailedEndpoints::new(), now).is_some_and(|out| out.contains(&ONE))
    }

    #[test]
    fn failures_in_a_row_put_a_replica_out_and_one_answer_between_them_does_not() {
        let (ejections, now) = (Ejections::default(), Instant::now());
        for _ in 0..5 {
            ejections.failed(ONE, now);
            ejections.failed(ONE, now);
            assert!(!is_out(&ejections, now));
            ejections.served(ONE);
        }
        for _ in 0..FAILURES_MAX {
            ejections.failed(ONE, now);
        }
        assert!(is_out(&ejections, now));
        assert!(!is_out(&ejections, now + OUT_FIRST));
    }

    #[test]
    fn each_failure_after_its_return_doubles_the_time_up_to_a_most() {
        let (ejections, mut now) = (Ejections::default(), Instant::now());
        (1..FAILURES_MAX).for_each(|_| ejections.failed(ONE, now));
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            ejections.failed(ONE, now);
            let out = Duration::from_secs(seconds);
            assert!(is_out(&ejections, now + out - Duration::from_millis(1)));
            now += out;
            assert!(!is_out(&ejections, now));
        }
    }

    #[test]
    fn a_crowd_that_fails_at_once_counts_as_one_failure_more() {
        let (ejections, now) = (Ejections::default(), Instant::now());
        (0..1000).for_each(|_| ejections.failed(ONE, now));
        assert!(!is_out(&ejections, now + OUT_FIRST));
    }

    #[test]
    fn what_is_left_out_comes_on_top_of_what_failed_this_request() {
        let (ejections, now) = (Ejections::default(), Instant::now());
        (0..FAILURES_MAX).for_each(|_| ejections.failed(ONE, now));
        let failed: FailedEndpoints = [EndpointId(2)].into_iter().collect();
        assert_eq!(ejections.beside(&failed, now).unwrap().as_slice(), [EndpointId(2), ONE]);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let (ejections, now) = (Ejections::default(), Instant::now());
        ejections.failed(ONE, now);
        ejections.sweep(now + FORGOTTEN_AFTER);
        assert!(ejections.failing.borrow().is_empty());
    }
}

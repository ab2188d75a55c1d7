//! Whether anybody still asks for an app that is to sleep when nobody does (`stop_after_idle`). Pure but for its clock's
//! tick.

use std::time::{Duration, Instant};

use crate::registry::Usage;

/// How many looks are taken in the time that an app may idle: it sleeps a quarter of that late at most.
const LOOKS: u32 = 4;

/// No look more often than this.
const LOOK_MIN: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Idleness {
    rule: Option<Rule>,
}

#[derive(Debug)]
struct Rule {
    at_most: Duration,
    next_look: Instant,
    /// What the last look saw, and when that began.
    seen: Vec<Usage>,
    since: Instant,
}

impl Idleness {
    pub(super) fn new(at_most: Option<Duration>) -> Self {
        let now = Instant::now();
        let rule = at_most.map(|at_most| Rule { at_most, next_look: now, seen: Vec::new(), since: now });
        Self { rule }
    }

    /// Until the next look is due. Safe to drop and call again.
    pub(super) async fn waits(&self) {
        match &self.rule {
            Some(rule) => tokio::time::sleep_until(rule.next_look.into()).await,
            None => std::future::pending().await,
        }
    }

    /// Whether it has idled for long enough, given what its endpoints were used for; asked at each look. An app without
    /// an endpoint is not idle: it starts, or is down.
    pub(super) fn judge(&mut self, used: Vec<Usage>, now: Instant) -> bool {
        let Some(rule) = &mut self.rule else { return false };
        rule.next_look = now + (rule.at_most / LOOKS).max(LOOK_MIN);
        let busy = used.is_empty() || used.iter().any(|usage| usage.in_flight > 0);
        if busy || used != rule.seen {
            rule.seen = used;
            rule.since = now;
            return false;
        }
        now.saturating_duration_since(rule.since) >= rule.at_most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(begun: u64, in_flight: u64) -> Vec<Usage> {
        vec![Usage { in_flight, begun }]
    }

    #[test]
    fn only_a_whole_while_without_a_request_is_idleness() {
        let minute = Duration::from_secs(60);
        let mut idleness = Idleness::new(Some(minute));
        let start = Instant::now();
        let mut judge = |used, minutes: u32| idleness.judge(used, start + minute * minutes);
        assert!(!judge(used(1, 0), 0));
        assert!(!judge(used(2, 0), 1), "it was used meanwhile");
        assert!(!judge(used(2, 1), 2), "one request takes long");
        assert!(!judge(used(2, 1), 9));
        assert!(!judge(used(2, 0), 10));
        assert!(judge(used(2, 0), 11));
        assert!(!judge(Vec::new(), 20), "it is starting");
    }
}

//! Whether an app that ended is started again, and when: backoff, its reset, and the limit of patience.
//!
//! Part of step "watch" of the life of an app. Pure: time comes in as an argument, chance as a seed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::spec::{GiveUp, RestartPolicy, RestartWhen};

/// An app that stayed ready this long starts again from the shortest delay (SUPERVISION.md rule 17).
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// How a process ended, as far as restarting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Success,
    Failure,
}

/// What happens next to an app whose process ended unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Again {
        at: Instant,
    },
    /// `restart.when` does not want it again.
    Enough,
    /// Not before somebody wants it.
    Rest,
    /// It failed too often.
    GiveUp,
}

/// An instance's record of endings.
#[derive(Debug)]
pub(super) struct Restarts {
    policy: RestartPolicy,
    jitter: Jitter,
    /// Endings since the instance was last stable: the exponent of the backoff.
    streak: u32,
}

/// An app's, of all its instances together.
#[derive(Debug)]
pub(super) struct Patience {
    give_up: GiveUp,
    /// When an instance ended, no further back than `give_up` looks.
    endings: VecDeque<Instant>,
}

impl Restarts {
    pub(super) fn new(policy: RestartPolicy, seed: u64) -> Self {
        Self { policy, jitter: Jitter(seed), streak: 0 }
    }

    /// Judges an ending at `now` of a process that had been ready for `ready_for`. With `when = "always"` a clean
    /// exit counts like a crash: a server that ends at once, ten times over, serves nobody.
    pub(super) fn judge(
        &mut self,
        ending: Ending,
        ready_for: Duration,
        now: Instant,
        patience: &mut Patience,
    ) -> Verdict {
        match (self.policy.when, ending) {
            (RestartWhen::Wanted, _) => return Verdict::Rest,
            (RestartWhen::Never, _) | (RestartWhen::OnFailure, Ending::Success) => return Verdict::Enough,
            (RestartWhen::Always, _) | (RestartWhen::OnFailure, Ending::Failure) => {}
        }
        if ready_for >= STABLE_AFTER {
            self.streak = 0;
        }
        if patience.is_lost(now) {
            return Verdict::GiveUp;
        }
        let delay = self.delay();
        self.streak = self.streak.saturating_add(1);
        Verdict::Again { at: now + delay }
    }

    pub(super) fn adopt(&mut self, policy: RestartPolicy) {
        self.policy = policy;
    }

    /// Between half of the doubled delay and all of it, never outside the policy's bounds: apps that fell together
    /// (their database went away) do not come back in step.
    fn delay(&mut self) -> Duration {
        let RestartPolicy { backoff_min, backoff_max, .. } = self.policy;
        let doubled = 1_u32.checked_shl(self.streak).and_then(|factor| backoff_min.checked_mul(factor));
        let full = doubled.unwrap_or(backoff_max).min(backoff_max);
        full.mul_f64(0.5 + self.jitter.next() / 2.0).clamp(backoff_min.min(backoff_max), backoff_max)
    }
}

impl Patience {
    pub(super) fn new(give_up: GiveUp) -> Self {
        Self { give_up, endings: VecDeque::new() }
    }

    /// Counts one more ending.
    fn is_lost(&mut self, now: Instant) -> bool {
        match self.give_up {
            GiveUp::Never => false,
            GiveUp::After { failures, within } => {
                while self.endings.front().is_some_and(|at| now.saturating_duration_since(*at) > within) {
                    self.endings.pop_front();
                }
                self.endings.push_back(now);
                self.endings.len() >= failures.max(1) as usize
            }
        }
    }
}

/// A splitmix64 sequence: good enough to spread delays, and the same for the same seed.
#[derive(Debug)]
struct Jitter(u64);

impl Jitter {
    /// In `0.0..1.0`.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = u32::try_from(mixed >> 32).expect("a u64 shifted by 32 fits");
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(when: RestartWhen, give_up: GiveUp) -> RestartPolicy {
        RestartPolicy {
            when,
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(10),
            give_up,
        }
    }

    fn patience(policy: &RestartPolicy) -> Patience {
        Patience::new(policy.give_up)
    }

    fn delay_of(verdict: Verdict, now: Instant) -> Duration {
        let Verdict::Again { at } = verdict else { panic!("expected another start, got {verdict:?}") };
        at - now
    }

    #[test]
    fn delays_double_up_to_the_limit_with_jitter_below() {
        let now = Instant::now();
        let policy = policy(RestartWhen::Always, GiveUp::Never);
        let (mut patience, mut restarts) = (patience(&policy), Restarts::new(policy, 7));
        let mut full = Duration::from_millis(100);
        for _ in 0..40 {
            let delay = delay_of(restarts.judge(Ending::Failure, Duration::ZERO, now, &mut patience), now);
            assert!(
                delay <= full && delay >= (full / 2).max(Duration::from_millis(100)),
                "{delay:?} for {full:?}"
            );
            full = (full * 2).min(Duration::from_secs(10));
        }
    }

    #[test]
    fn a_stable_minute_resets_the_delay() {
        let now = Instant::now();
        let policy = policy(RestartWhen::Always, GiveUp::Never);
        let (mut patience, mut restarts) = (patience(&policy), Restarts::new(policy, 7));
        for _ in 0..8 {
            restarts.judge(Ending::Failure, Duration::from_secs(59), now, &mut patience);
        }
        let delay =
            delay_of(restarts.judge(Ending::Failure, Duration::from_secs(60), now, &mut patience), now);
        assert_eq!(delay, Duration::from_millis(100));
    }

    #[test]
    fn when_decides_whether_an_ending_is_followed_by_a_start() {
        let now = Instant::now();
        let again = |when, ending| {
            let policy = policy(when, GiveUp::Never);
            let mut patience = patience(&policy);
            let verdict = Restarts::new(policy, 0).judge(ending, Duration::ZERO, now, &mut patience);
            verdict != Verdict::Enough
        };
        assert!(again(RestartWhen::Always, Ending::Success));
        assert!(again(RestartWhen::Always, Ending::Failure));
        assert!(!again(RestartWhen::OnFailure, Ending::Success));
        assert!(again(RestartWhen::OnFailure, Ending::Failure));
        assert!(!again(RestartWhen::Never, Ending::Success));
        assert!(!again(RestartWhen::Never, Ending::Failure));
    }

    #[test]
    fn the_tenth_failure_within_five_minutes_is_the_last() {
        let mut now = Instant::now();
        let limit = GiveUp::After { failures: 10, within: Duration::from_secs(300) };
        let policy = policy(RestartWhen::Always, limit);
        let (mut patience, mut restarts) = (patience(&policy), Restarts::new(policy, 0));
        for _ in 0..9 {
            now += Duration::from_secs(33);
            assert!(matches!(
                restarts.judge(Ending::Failure, Duration::ZERO, now, &mut patience),
                Verdict::Again { .. }
            ));
        }
        assert_eq!(restarts.judge(Ending::Failure, Duration::ZERO, now, &mut patience), Verdict::GiveUp);
    }

    #[test]
    fn failures_further_apart_never_exhaust_patience() {
        let mut now = Instant::now();
        let limit = GiveUp::After { failures: 10, within: Duration::from_secs(300) };
        let policy = policy(RestartWhen::Always, limit);
        let (mut patience, mut restarts) = (patience(&policy), Restarts::new(policy, 0));
        for _ in 0..100 {
            now += Duration::from_secs(34);
            assert!(matches!(
                restarts.judge(Ending::Failure, Duration::ZERO, now, &mut patience),
                Verdict::Again { .. }
            ));
        }
    }
}

//! Step "watch" of the life of an app: what its family uses of the memory, where no control group holds it.
//!
//! It looks once a second and reports once; what follows is decided by the fleet. What several processes share is
//! counted once: a server that forks workers would seem to use a multiple of what it does.

use std::fmt;
use std::time::{Duration, Instant};

use onedoor_linux::proc::memory;

use super::kin::Kin;

/// Cheap enough to be done all the time, and often enough for what grows slowly.
const EVERY: Duration = Duration::from_secs(1);

/// A family and its limit.
#[derive(Debug)]
pub(super) struct Referee {
    kin: Kin,
    limit: u64,
    /// Kept here, so that whoever waits may be interrupted as often as it likes.
    look_at: Instant,
}

/// The family uses more than it may; in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outgrown {
    pub(super) used: u64,
    pub(super) limit: u64,
}

impl fmt::Display for Outgrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { used, limit } = self;
        write!(f, "uses {} MiB of memory and may use {} MiB (limits.memory)", used >> 20, limit >> 20)
    }
}

impl Referee {
    pub(super) fn new(kin: Kin, limit: u64) -> Self {
        Self { kin, limit, look_at: Instant::now() + EVERY }
    }

    /// Pends until the family has outgrown its limit. May be dropped and asked again.
    pub(super) async fn outgrown(&mut self) -> Outgrown {
        loop {
            tokio::time::sleep_until(self.look_at.into()).await;
            self.look_at = Instant::now() + EVERY;
            if let Some(outgrown) = self.look() {
                return outgrown;
            }
        }
    }

    fn look(&self) -> Option<Outgrown> {
        let family = self.kin.family();
        // A file of one line each; only if that is too much, the one that the kernel has to walk all pages for.
        let at_most: u64 = family.iter().filter_map(|pid| memory::resident(*pid)).sum();
        if at_most <= self.limit {
            return None;
        }
        let own = |pid| memory::proportional(pid).or_else(|| memory::resident(pid));
        let used = family.iter().filter_map(|pid| own(*pid)).sum();
        (used > self.limit).then_some(Outgrown { used, limit: self.limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_linux::proc::Pid;

    #[test]
    fn who_uses_more_than_its_limit_has_outgrown_it_and_who_does_not_has_not() {
        let look = |limit| {
            let kin = Kin { leader: Pid::ours(), marker: "none".into() };
            Referee { kin, limit, look_at: Instant::now() }.look()
        };
        let outgrown = look(1 << 20).unwrap();
        assert!(outgrown.used > 1 << 20 && outgrown.to_string().contains("may use 1 MiB"));
        assert_eq!(look(1 << 40), None);
    }
}

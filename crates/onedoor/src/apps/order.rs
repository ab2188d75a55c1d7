//! Who comes before whom: `needs`, from the first start to the last stop.
//!
//! What is needed is started first and stopped last. The configuration has no circles; see `config::resolve`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::milestone::{Milestone, Needs};
use super::spec::{AppSpec, Grace};
use crate::observe::log::Log;

/// SIGKILL comes this long before the program must be gone: the kernel and the reaper need some of it.
pub(super) const KILL_MARGIN: Duration = Duration::from_secs(1);

/// How far each app has come, for those who need it.
#[derive(Debug)]
pub(super) struct Milestones {
    /// In the order of the file.
    of: Vec<(Arc<str>, watch::Sender<Milestone>)>,
}

impl Milestones {
    pub(super) fn of(apps: &[AppSpec]) -> Self {
        Self {
            of: apps
                .iter()
                .map(|app| (Arc::clone(&app.name), watch::Sender::new(Milestone::Ahead)))
                .collect(),
        }
    }

    /// Where the app itself tells it.
    pub(super) fn of_app(&self, app: &AppSpec) -> watch::Sender<Milestone> {
        self.of[usize::from(app.id.0)].1.clone()
    }

    pub(super) fn needs_of(&self, app: &AppSpec, log: &Log) -> Needs {
        let needed = app.needs.iter().filter_map(|id| self.of.get(usize::from(id.0)));
        let of = needed.map(|(name, milestone)| (Arc::clone(name), milestone.subscribe())).collect();
        Needs::new(Arc::clone(&app.name), of, log.clone())
    }
}

/// For each app, how many apps in a row need one another on top of it: 0 for one that nobody needs.
pub(super) fn depths(apps: &[AppSpec]) -> Vec<u32> {
    let mut depths = vec![0; apps.len()];
    // A row is no longer than there are apps.
    for _ in 0..apps.len() {
        for app in apps {
            let own: u32 = depths[usize::from(app.id.0)];
            for needed in &app.needs {
                let depth = &mut depths[usize::from(needed.0)];
                *depth = (own + 1).max(*depth);
            }
        }
    }
    depths
}

/// The time of a stop, shared out among those who are stopped one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waves {
    pub(super) last: u32,
    began: Instant,
    last_call: Instant,
}

impl Waves {
    pub(super) fn new(last: u32, now: Instant, deadline: Instant) -> Self {
        let left = deadline.saturating_duration_since(now);
        // A budget too short for the margin is halved.
        let last_call = now + left.saturating_sub(KILL_MARGIN).max(left / 2);
        Self { last, began: now, last_call }
    }

    /// When SIGKILL comes for an app of this wave that is told now.
    pub(super) fn kill_at(&self, wave: u32, grace: Grace, now: Instant) -> Instant {
        let whole = self.last_call.saturating_duration_since(self.began);
        let share = self.began + whole * (wave + 1) / (self.last + 1);
        match grace {
            Grace::RestOfBudget => share,
            Grace::AtMost(grace) => share.min(now + grace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wave_of_a_stop_has_its_share_and_the_last_ends_a_second_before_the_deadline() {
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let waves = Waves::new(2, now, now + 10 * second);
        let kill_at = |wave| waves.kill_at(wave, Grace::RestOfBudget, now) - now;
        assert_eq!([kill_at(0), kill_at(1), kill_at(2)], [3 * second, 6 * second, 9 * second]);
        assert_eq!(waves.kill_at(2, Grace::AtMost(second), now) - now, second);
    }
}

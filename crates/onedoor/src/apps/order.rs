//! Who comes before whom: `needs`, from the first start to the last stop.
//!
//! What is needed is started first and stopped last. The configuration has no circles; see `config::resolve`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::milestone::{Milestone, Needs};
use super::spec::{AppSpec, Config, Grace, Need};
use crate::observe::log::Log;

/// SIGKILL comes this long before the program must be gone: the kernel and the reaper need some of it.
pub(super) const KILL_MARGIN: Duration = Duration::from_secs(1);

/// Apps and jobs, in the order in which the roster has them: each one's place is its `id`.
pub(super) fn everyone(config: &Config) -> impl Iterator<Item = &AppSpec> {
    config.apps.iter().chain(config.jobs.iter().map(|job| &job.worker))
}

/// The place of whoever is needed; jobs come behind so many apps.
fn place(need: Need, apps: usize) -> usize {
    match need {
        Need::App(id) => usize::from(id.0),
        Need::Job(id) => apps + usize::from(id.0),
    }
}

/// How far each app and job has come, for those who need it.
#[derive(Debug, Default)]
pub(super) struct Milestones {
    of: BTreeMap<Arc<str>, watch::Sender<Milestone>>,
    /// In the order of the file: what a [`Need`] means.
    order: Vec<Arc<str>>,
    apps: usize,
}

impl Milestones {
    pub(super) fn of(config: &Config) -> Self {
        let mut milestones = Self::default();
        milestones.extend(config);
        milestones
    }

    /// Whoever was known before has come as far as it has.
    pub(super) fn extend(&mut self, config: &Config) {
        self.order = everyone(config).map(|app| Arc::clone(&app.name)).collect();
        self.apps = config.apps.len();
        self.of.retain(|name, _| self.order.contains(name));
        for name in &self.order {
            let ahead = || watch::Sender::new(Milestone::Ahead);
            self.of.entry(Arc::clone(name)).or_insert_with(ahead);
        }
    }

    /// Where the app, or the job's worker, itself tells it.
    pub(super) fn of_app(&self, name: &str) -> watch::Sender<Milestone> {
        // One that nobody knows is needed by nobody.
        self.of.get(name).cloned().unwrap_or_else(|| watch::Sender::new(Milestone::Ahead))
    }

    pub(super) fn needs_of(&self, app: &AppSpec, log: &Log) -> Needs {
        let names = app.needs.iter().filter_map(|need| self.order.get(place(*need, self.apps)));
        let of = names.filter_map(|name| Some((Arc::clone(name), self.of.get(name)?.subscribe()))).collect();
        Needs::new(Arc::clone(&app.name), of, log.clone())
    }
}

/// For each app and job, how many in a row need one another on top of it: 0 for one that nobody needs.
pub(super) fn depths(config: &Config) -> Vec<u32> {
    let mut depths = vec![0; config.apps.len() + config.jobs.len()];
    // A row is no longer than there are apps and jobs.
    for _ in 0..depths.len() {
        for app in everyone(config) {
            let own: u32 = depths[usize::from(app.id.0)];
            for needed in &app.needs {
                let depth = &mut depths[place(*needed, config.apps.len())];
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

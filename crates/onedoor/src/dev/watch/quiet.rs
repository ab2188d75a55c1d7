//! Out of a burst of changes one: it is over when nothing has changed for a moment. A file that changes with every start
//! is not the developer's, and is left out. Pure: time comes in as an argument.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An editor saves, a formatter rewrites what was saved, a branch is switched.
const QUIET: Duration = Duration::from_millis(200);

/// Whoever writes without a pause is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// No hand saves one file so often within so long; a program that writes when it starts does.
const TIMES: usize = 8;
const WITHIN: Duration = Duration::from_secs(20);

/// Changes that are under way.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    changed: BTreeSet<PathBuf>,
    first: Option<Instant>,
    last: Option<Instant>,
    told: BTreeMap<PathBuf, VecDeque<Instant>>,
    muted: BTreeSet<PathBuf>,
}

/// What a burst came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Burst {
    pub(super) changed: Vec<PathBuf>,
    /// Files that from now on are looked at no more.
    pub(super) muted: Vec<PathBuf>,
}

impl Quiet {
    pub(super) fn changes(&mut self, path: &Path, now: Instant) {
        if !self.muted.contains(path) {
            self.changed.insert(path.to_owned());
            self.first.get_or_insert(now);
            self.last = Some(now);
        }
    }

    /// When it will have been quiet for long enough; None: it is.
    pub(super) fn over_at(&self) -> Option<Instant> {
        Some((self.last? + QUIET).min(self.first? + PATIENCE))
    }

    /// What changed, once it is over.
    pub(super) fn take(&mut self, now: Instant) -> Burst {
        (self.first, self.last) = (None, None);
        let mut burst = Burst::default();
        for path in std::mem::take(&mut self.changed) {
            let times = self.told.entry(path.clone()).or_default();
            times.push_back(now);
            while times.front().is_some_and(|at| now.saturating_duration_since(*at) > WITHIN) {
                times.pop_front();
            }
            if times.len() >= TIMES {
                self.muted.insert(path.clone());
                burst.muted.push(path);
            } else {
                burst.changed.push(path);
            }
        }
        self.told
            .retain(|_, times| times.back().is_some_and(|at| now.saturating_duration_since(*at) < WITHIN));
        burst
    }

    /// What is watched is another.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn a_burst_is_one_change_and_over_when_it_is_quiet() {
        let (mut quiet, begin) = (Quiet::default(), Instant::now());
        assert_eq!(quiet.over_at(), None);
        quiet.changes(Path::new("/b"), begin);
        quiet.changes(Path::new("/a"), begin + 100 * MILLI);
        quiet.changes(Path::new("/a"), begin + 150 * MILLI);
        assert_eq!(quiet.over_at(), Some(begin + 350 * MILLI));
        let burst = quiet.take(begin + 350 * MILLI);
        assert_eq!(burst.changed, [Path::new("/a"), Path::new("/b")]);
        assert_eq!(quiet.over_at(), None);
    }

    #[test]
    fn an_endless_writer_is_not_waited_for() {
        let (mut quiet, begin) = (Quiet::default(), Instant::now());
        for step in 0..100 {
            quiet.changes(Path::new("/a"), begin + step * 100 * MILLI);
        }
        assert_eq!(quiet.over_at(), Some(begin + PATIENCE));
    }

    #[test]
    fn a_file_that_every_start_writes_is_left_out_and_that_is_told_once() {
        let (mut quiet, begin) = (Quiet::default(), Instant::now());
        let mut muted = Vec::new();
        for step in 0..20 {
            let now = begin + step * 1000 * MILLI;
            quiet.changes(Path::new("/data"), now);
            muted.extend(quiet.take(now).muted);
        }
        assert_eq!(muted, [Path::new("/data")]);
        // By hand: now and then, for hours.
        for step in 0..100 {
            let now = begin + step * 4000 * MILLI;
            quiet.changes(Path::new("/main"), now);
            assert_eq!(quiet.take(now).changed, [Path::new("/main")]);
        }
    }
}

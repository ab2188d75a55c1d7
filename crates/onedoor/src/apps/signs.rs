//! What a start of an app says about itself: by a line that it prints, or by sd_notify(3).
//!
//! Step "ready" of the life of an app: written by whoever listens (`output`, `notify`), read by whoever decides
//! (`ready`, `live`). It keeps the state and wakes its readers; it never looks at anything itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::line_pattern::LinePattern;
use super::spec::Readiness;

/// Cheap to clone; all clones are of one start.
#[derive(Clone, Debug)]
pub(super) struct Signs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The line that means ready, if one does.
    pattern: Option<LinePattern>,
    state: watch::Sender<State>,
}

/// All that the start has said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) line: LineSeen,
    pub(super) announced: Announced,
    /// The last WATCHDOG=1.
    pub(super) beat: Option<Instant>,
    /// What the app asked for by WATCHDOG_USEC=.
    pub(super) beat_within: Option<Duration>,
    pub(super) alarm: Alarm,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LineSeen {
    #[default]
    NotYet,
    Seen,
}

/// The last of READY=1, RELOADING=1 and STOPPING=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Announced {
    #[default]
    Nothing,
    Ready,
    /// It was ready, and goes on serving while it reads its configuration again.
    Reloading,
    Stopping,
}

/// WATCHDOG=trigger: the app itself says that it is unwell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Alarm {
    #[default]
    Silent,
    Raised,
}

impl Signs {
    pub(super) fn expected_by(readiness: &Readiness) -> Self {
        let pattern = match readiness {
            Readiness::Log { pattern } => Some(pattern.clone()),
            Readiness::Accept | Readiness::Http { .. } | Readiness::Notify | Readiness::Exec { .. } => None,
        };
        Self(Arc::new(Shared { pattern, state: watch::Sender::new(State::default()) }))
    }

    /// A line that the app printed. Costs nothing where no line is waited for, or none any more.
    pub(super) fn read_line(&self, line: &[u8]) {
        let Some(pattern) = &self.0.pattern else { return };
        if self.state().line == LineSeen::NotYet && pattern.matches(line) {
            self.set(|state| state.line = LineSeen::Seen);
        }
    }

    /// Changes the state, and wakes those who wait for it.
    pub(super) fn set(&self, change: impl FnOnce(&mut State)) {
        self.0.state.send_modify(change);
    }

    pub(super) fn state(&self) -> State {
        *self.0.state.borrow()
    }

    /// Whether what `readiness` waits for has been said. That it still is true, nobody says.
    pub(super) fn allow(&self, readiness: &Readiness) -> bool {
        self.state().allows(readiness)
    }

    /// Waits until it has been said.
    pub(super) async fn allowed(&self, readiness: &Readiness) {
        let mut state = self.0.state.subscribe();
        // The sender lives as long as `self`.
        state.wait_for(|state| state.allows(readiness)).await.ok();
    }

    /// A view of its own: what it has seen, others may not have.
    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }
}

impl State {
    fn allows(&self, readiness: &Readiness) -> bool {
        match readiness {
            Readiness::Accept | Readiness::Http { .. } | Readiness::Exec { .. } => true,
            Readiness::Log { .. } => self.line == LineSeen::Seen,
            Readiness::Notify => matches!(self.announced, Announced::Ready | Announced::Reloading),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_line_that_matches_wakes_who_waits_and_is_remembered() {
        let readiness = Readiness::Log { pattern: LinePattern::parse("^up$").unwrap() };
        let signs = Signs::expected_by(&readiness);
        signs.read_line(b"not up");
        assert!(!signs.allow(&readiness));
        let waiting = tokio::spawn({
            let (signs, readiness) = (signs.clone(), readiness.clone());
            async move { signs.allowed(&readiness).await }
        });
        tokio::task::yield_now().await;
        signs.read_line(b"up");
        waiting.await.unwrap();
        signs.read_line(b"down");
        assert!(signs.allow(&readiness));
    }

    #[test]
    fn whoever_reloads_is_ready_still_and_whoever_stops_is_not() {
        let signs = Signs::expected_by(&Readiness::Notify);
        for (announced, ready) in [
            (Announced::Nothing, false),
            (Announced::Ready, true),
            (Announced::Reloading, true),
            (Announced::Stopping, false),
        ] {
            signs.set(|state| state.announced = announced);
            assert_eq!(signs.allow(&Readiness::Notify), ready, "{announced:?}");
        }
    }
}

//! What a person wants to know of an app at a glance: the rows of the start table.
//!
//! Each app's task writes its own row; whoever prints the table reads them all. No decision hangs on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One app, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppRow {
    pub(crate) name: Arc<str>,
    /// `onedoor.toml:2`
    pub(crate) place: Arc<str>,
    pub(crate) command: String,
    /// The framework its command line betrays.
    pub(crate) framework: Option<&'static str>,
    pub(crate) state: AppState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AppState {
    /// Asleep until somebody asks for it.
    Idle,
    Starting,
    Ready {
        /// `:21001` or a socket's path; None: a worker.
        listens: Option<String>,
        /// How long its last start took.
        after: Duration,
    },
    Down {
        why: Arc<str>,
    },
    Stopping,
}

/// One row, shared between the task that writes it and those who read it.
#[derive(Clone, Debug)]
pub(super) struct Board(Arc<Mutex<AppRow>>);

impl Board {
    pub(super) fn new(row: AppRow) -> Self {
        Self(Arc::new(Mutex::new(row)))
    }

    pub(super) fn set(&self, state: AppState) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).state = state;
    }

    pub(super) fn row(&self) -> AppRow {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

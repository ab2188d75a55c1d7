//! What a person wants to know of an app at a glance: the rows of the start table.
//!
//! Each app's task writes its own row; whoever prints the table reads them all. No decision hangs on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;

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
    /// How often it was started again.
    pub(crate) restarts: u64,
    /// Its processes, those on their way out included.
    pub(crate) processes: Vec<ProcessRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessRow {
    /// Counted from 1.
    pub(crate) replica: u16,
    pub(crate) pid: Pid,
    /// `starting`, `ready` or `stopping`.
    pub(crate) state: &'static str,
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
    /// A job: a run is under way.
    Runs {
        since: Instant,
    },
    /// A start job.
    Done {
        after: Duration,
    },
    /// A cron job between its runs.
    Scheduled {
        /// None: never again.
        next: Option<String>,
    },
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

    /// The file says otherwise about the app.
    pub(super) fn describe(&self, AppRow { place, command, framework, .. }: AppRow) {
        let mut row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (row.place, row.command, row.framework) = (place, command, framework);
    }

    pub(super) fn set_processes(&self, restarts: u64, processes: Vec<ProcessRow>) {
        let mut row = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        row.restarts = restarts;
        row.processes = processes;
    }

    pub(super) fn row(&self) -> AppRow {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

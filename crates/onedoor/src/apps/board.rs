//! What a person wants to know of an app at a glance: the rows of the start table.
//!
//! Each app's task writes its own row; whoever prints the table reads them all. No decision hangs on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use tokio::sync::watch;

use crate::registry::Weight;

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
    /// What the program is without it.
    pub(crate) weight: Weight,
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
    pub(crate) began: Instant,
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
pub(super) struct Board {
    row: Arc<Mutex<AppRow>>,
    /// Told of every change of any row.
    news: watch::Sender<()>,
}

impl Board {
    pub(super) fn new(row: AppRow, news: watch::Sender<()>) -> Self {
        Self { row: Arc::new(Mutex::new(row)), news }
    }

    pub(super) fn set(&self, state: AppState) {
        self.change(|row| row.state = state);
    }

    /// The file says otherwise about the app.
    pub(super) fn describe(&self, AppRow { place, command, framework, weight, .. }: AppRow) {
        self.change(|row| {
            (row.place, row.command, row.framework, row.weight) = (place, command, framework, weight);
        });
    }

    pub(super) fn set_processes(&self, restarts: u64, processes: Vec<ProcessRow>) {
        self.change(|row| {
            row.restarts = restarts;
            row.processes = processes;
        });
    }

    pub(super) fn row(&self) -> AppRow {
        self.row.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut AppRow)) {
        change(&mut self.row.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.send_replace(());
    }
}

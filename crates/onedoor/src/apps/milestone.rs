//! What one app waits for of another: `needs`, step 0 of the life of an app.
//!
//! An app that needs others is started when each of them was ready once, and each job it needs is done. That one of
//! them crashes later is a matter of its own restarts: the door holds what comes meanwhile.

use std::sync::Arc;

use tokio::sync::watch;

use crate::observe::log::{Level, Log};

/// How far an app or a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Milestone {
    Ahead,
    /// The app was ready; the job is done.
    Reached,
}

/// What one app needs.
#[derive(Debug)]
pub(super) struct Needs {
    app: Arc<str>,
    of: Vec<(Arc<str>, watch::Receiver<Milestone>)>,
    log: Log,
}

impl Needs {
    pub(super) fn new(app: Arc<str>, of: Vec<(Arc<str>, watch::Receiver<Milestone>)>, log: Log) -> Self {
        Self { app, of, log }
    }

    /// Returns when everything is there.
    pub(super) async fn met(mut self) {
        let ahead = |(_, milestone): &&(Arc<str>, watch::Receiver<Milestone>)| {
            *milestone.borrow() == Milestone::Ahead
        };
        let names: Vec<&str> = self.of.iter().filter(ahead).map(|(name, _)| &**name).collect();
        if !names.is_empty() {
            self.log.event(Level::Info, Some(&self.app), format_args!("waits for {}", names.join(", ")));
        }
        for (_, milestone) in &mut self.of {
            if milestone.wait_for(|milestone| *milestone == Milestone::Reached).await.is_err() {
                // Whoever it was is gone, and so is the program soon.
                std::future::pending::<()>().await;
            }
        }
    }
}

//! What the program says of itself in the log: what it serves, how its apps are, why it ends.

use super::End;
use crate::apps::{AppRow, AppState, AppsEnd};
use crate::config::TableRow;
use crate::control::Facts;
use crate::init::StopRequest;
use crate::loopback::{Addresses, variable_of};
use crate::observe::log::{Level, Log};

/// The table of what is served where.
pub(super) fn announce(log: &Log, name: Option<&str>, facts: &Facts, table: &[TableRow]) {
    let addresses = facts.addresses.join(", ");
    let version = env!("CARGO_PKG_VERSION");
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    log.event(Level::Info, None, format_args!("{name}onedoor {version} listens on {addresses}"));
    let width = table.iter().map(|row| row.at.chars().count()).max().unwrap_or(0);
    for row in table {
        log.event(Level::Info, None, format_args!("  {:width$}  → {}", row.at, row.what));
    }
    tell_side_doors(log, &facts.side_doors);
}

/// Where the apps find each other.
fn tell_side_doors(log: &Log, addresses: &Addresses) {
    let doors: Vec<String> =
        addresses.all().iter().map(|(app, url)| format!("{} = {url}", variable_of(app))).collect();
    if !doors.is_empty() {
        log.event(Level::Info, None, format_args!("  the apps find each other by {}", doors.join(", ")));
    }
}

/// Whose X-Forwarded-For is believed decides who the client is.
pub(super) fn tell_trust(log: &Log, why: Option<&str>) {
    if let Some(why) = why {
        log.event(Level::Info, None, format_args!("  X-Forwarded-For and its like are believed from: {why}"));
    }
}

/// How each app is, asked for by SIGUSR1.
pub(super) fn tell_status(log: &Log, rows: &[AppRow]) {
    for row in rows {
        let state = match &row.state {
            AppState::Idle => "idle: the first request starts it".to_owned(),
            AppState::Starting => "starting".to_owned(),
            AppState::Ready { listens: Some(listens), .. } => format!("ready on {listens}"),
            AppState::Ready { listens: None, .. } => "running".to_owned(),
            AppState::Down { why } => format!("down: {why}"),
            AppState::Stopping => "stopping".to_owned(),
            AppState::Runs { since } => format!("running for {:.1} s", since.elapsed().as_secs_f64()),
            AppState::Done { after } => format!("done in {:.1} s", after.as_secs_f64()),
            AppState::Scheduled { next: Some(next) } => format!("next run at {next}"),
            AppState::Scheduled { next: None } => "never runs again".to_owned(),
        };
        let known = row.framework.map(|framework| format!(", {framework}")).unwrap_or_default();
        log.event(
            Level::Info,
            Some(&row.name),
            format_args!("{state} ({}{known}; {})", row.command, row.place),
        );
    }
}

pub(super) fn explain(log: &Log, end: &End) {
    match end {
        End::Asked(StopRequest::Once(signal) | StopRequest::Again(signal)) => {
            log.event(Level::Info, None, format_args!("{signal}: draining, then stopping the apps"));
        }
        End::AppEnded(end) => log.event(Level::Error, Some(&end.app), format_args!("{}; ending", end.why)),
        End::WorkerFailed => log.event(Level::Error, None, "a worker keeps dying; ending"),
    }
}

/// What a platform shows of a dead container are the log's last lines.
pub(super) fn last_words(log: &Log, end: &AppsEnd) {
    for line in &end.last_lines {
        log.event(Level::Error, Some(&end.app), format_args!("last words: {line}"));
    }
    log.event(Level::Error, Some(&end.app), format_args!("{}; exit code {}", end.why, end.exit_code));
}

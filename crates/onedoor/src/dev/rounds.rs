//! The prefix doctor's rounds: an app below a prefix is looked at once it is ready, and one with complaints again after
//! each new start.
//!
//! ```text
//!   desk: an app changed ─▶ due ─▶ thread `rounds`: GET, GET … ─▶ Found ─▶ desk ─▶ table
//! ```
//!
//! Nobody waits for it, and where no app has a prefix there is no thread. One visit follows the other: it is a
//! developer's machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use onedoor_linux::proc::Pid;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::apps::{AppRow, AppState};
use crate::prefix_doctor::{Place, Practice, Report, Server, Setting, Standing};

/// For the door to take a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of a visit.
#[derive(Debug)]
pub(super) struct Found {
    number: u64,
    app: Arc<str>,
    reports: Vec<Report>,
}

/// A visit to be made.
#[derive(Debug)]
struct Visit {
    number: u64,
    app: Arc<str>,
    standing: Standing,
    practice: Practice,
    addresses: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Rounds {
    practice: Option<Practice>,
    /// Where the door listens.
    addresses: Vec<String>,
    patients: BTreeMap<Arc<str>, Patient>,
    visits: u64,
    /// From the first visit on.
    thread: Option<Sender<Visit>>,
    tell: UnboundedSender<Found>,
    found: UnboundedReceiver<Found>,
}

/// One app below a prefix.
#[derive(Debug)]
struct Patient {
    settings: Vec<Setting>,
    /// The processes that were looked at last.
    seen: Vec<Pid>,
    state: State,
}

#[derive(Debug)]
enum State {
    Unseen,
    Visited { number: u64, before: Vec<Report> },
    Fine,
    Complains(Vec<Report>),
}

impl Rounds {
    pub(super) fn new(addresses: Vec<String>) -> Self {
        let (tell, found) = unbounded_channel();
        let patients = BTreeMap::new();
        Self { practice: None, addresses, patients, visits: 0, thread: None, tell, found }
    }

    /// The file says otherwise: whose prefix is another, or was complained of, is looked at again.
    pub(super) fn follow(&mut self, practice: &Practice) {
        let mut before = std::mem::take(&mut self.patients);
        for (app, settings) in practice.patients() {
            let known = before.remove(&app).filter(|patient| patient.settings == settings);
            let patient = match known {
                Some(patient) if matches!(patient.state, State::Fine) => patient,
                Some(_) | None => Patient { settings, seen: Vec::new(), state: State::Unseen },
            };
            self.patients.insert(app, patient);
        }
        self.practice = Some(practice.clone());
    }

    /// Sends the doctor to whoever is to be looked at, as the apps are now.
    pub(super) fn go(&mut self, rows: &[AppRow]) {
        while let Some((app, standing)) = self.due(rows) {
            let Some(practice) = self.practice.clone() else { return };
            let visit =
                Visit { number: self.visits, app, standing, practice, addresses: self.addresses.clone() };
            self.thread = self.thread.take().or_else(|| start(&self.tell));
            // Without a thread there is no visit: the system has no more of them, and worse troubles.
            if let Some(thread) = &self.thread {
                drop(thread.send(visit));
            }
        }
    }

    /// The next one to be looked at, which from now on is being looked at.
    fn due(&mut self, rows: &[AppRow]) -> Option<(Arc<str>, Standing)> {
        for row in rows {
            let Some(patient) = self.patients.get_mut(&row.name) else { continue };
            let AppState::Ready { listens, .. } = &row.state else { continue };
            let ready = row.processes.iter().filter(|process| process.state == "ready");
            let ready: Vec<Pid> = ready.map(|process| process.pid).collect();
            // Some of those that were seen are still there: more of the same, or fewer.
            if ready.is_empty() || ready.iter().any(|pid| patient.seen.contains(pid)) {
                continue;
            }
            patient.seen = ready;
            let before = match std::mem::replace(&mut patient.state, State::Fine) {
                State::Fine => continue,
                State::Unseen => Vec::new(),
                State::Visited { before, .. } | State::Complains(before) => before,
            };
            self.visits += 1;
            patient.state = State::Visited { number: self.visits, before };
            let listens = listens.clone().unwrap_or_default();
            return Some((Arc::clone(&row.name), Standing::Up { listens }));
        }
        None
    }

    /// Pends while no visit ends. Safe to drop and call again.
    pub(super) async fn next(&mut self) -> Found {
        match self.found.recv().await {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }

    /// Takes down what was found, and says it, a line for each complaint. Nothing, if it is out of date.
    pub(super) fn hear(&mut self, found: Found) -> Option<(Arc<str>, Vec<String>)> {
        let patient = self.patients.get_mut(&found.app)?;
        let State::Visited { number, before } = &patient.state else { return None };
        if *number != found.number {
            return None;
        }
        let complaints: Vec<Report> = found.reports.into_iter().filter(is_complaint).collect();
        let lines = match (before.is_empty(), complaints.is_empty()) {
            (false, true) => vec!["nothing leaves its prefix any more".to_owned()],
            _ => complaints.iter().filter_map(said).collect(),
        };
        patient.state = if complaints.is_empty() { State::Fine } else { State::Complains(complaints) };
        Some((found.app, lines))
    }

    /// What is to be shown, by the names of the apps.
    pub(super) fn complaints(&self) -> Vec<Report> {
        let of = |patient: &Patient| match &patient.state {
            State::Complains(reports) | State::Visited { before: reports, .. } => reports.clone(),
            State::Unseen | State::Fine => Vec::new(),
        };
        self.patients.values().flat_map(of).collect()
    }
}

/// Other troubles than those with a prefix are seen without a doctor.
fn is_complaint(report: &Report) -> bool {
    report.fix.is_some() && !report.is_fine()
}

fn said(report: &Report) -> Option<String> {
    let (complaint, fix) = (report.complaint()?, report.fix.as_deref()?);
    Some(format!("{}: {complaint}; {fix}", report.at))
}

fn start(tell: &UnboundedSender<Found>) -> Option<Sender<Visit>> {
    let (ask, visits) = mpsc::channel();
    let tell = tell.clone();
    let started =
        std::thread::Builder::new().name("rounds".to_owned()).spawn(move || make_visits(&visits, &tell));
    started.is_ok().then_some(ask)
}

/// Ends when the desk has, or with the program.
fn make_visits(visits: &Receiver<Visit>, tell: &UnboundedSender<Found>) {
    while let Ok(Visit { number, app, standing, practice, addresses }) = visits.recv() {
        let places = addresses.iter().flat_map(|address| Place::of_address(address));
        let Some(door) = Server::reached(places, PATIENCE) else { continue };
        let reports = practice.examine(&app, &standing, &door);
        if tell.send(Found { number, app, reports }).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::ProcessRow;
    use crate::config::{Env, check_text};
    use crate::registry::Weight;

    fn practice(file: &str) -> Practice {
        let loaded = check_text(file, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
        Practice::new(&loaded.proxy.routes, &loaded.apps.apps)
    }

    fn rounds(file: &str) -> Rounds {
        let mut rounds = Rounds::new(Vec::new());
        rounds.follow(&practice(file));
        rounds
    }

    const TWO: &str = "[apps]\nweb = \"a\"\nshop = { run = \"b\", path = \"/shop\" }\n";

    fn row(name: &str, pids: &[i32]) -> AppRow {
        let process = |pid: &i32| ProcessRow {
            replica: 1,
            pid: Pid::new(*pid).unwrap(),
            began: std::time::Instant::now(),
            state: "ready",
        };
        AppRow {
            name: name.into(),
            place: "onedoor.toml:2".into(),
            command: String::new(),
            framework: None,
            state: AppState::Ready { listens: Some(":1".to_owned()), after: Duration::ZERO },
            weight: Weight::Optional,
            restarts: 0,
            processes: pids.iter().map(process).collect(),
        }
    }

    fn found(rounds: &Rounds, fix: Option<&str>) -> Found {
        let report = Report {
            app: "shop".into(),
            place: "onedoor.toml:3".into(),
            at: "/shop/*".to_owned(),
            framework: None,
            pages: 1,
            requests: 1,
            trouble: fix.map(|_| "GET /shop/ answers 404".to_owned()),
            escapes: Vec::new(),
            notes: Vec::new(),
            fix: fix.map(str::to_owned),
        };
        Found { number: rounds.visits, app: "shop".into(), reports: vec![report] }
    }

    /// Whether anybody is to be looked at.
    fn is_due(rounds: &mut Rounds, rows: &[AppRow]) -> bool {
        rounds.due(rows).is_some()
    }

    #[test]
    fn an_app_below_a_prefix_is_looked_at_once_and_one_at_the_root_never() {
        let mut rounds = rounds(TWO);
        assert!(!is_due(&mut rounds, &[row("web", &[1])]));
        assert!(!is_due(&mut rounds, &[row("shop", &[])]), "nobody is there yet");
        assert!(is_due(&mut rounds, &[row("web", &[1]), row("shop", &[2])]));
        assert!(!is_due(&mut rounds, &[row("shop", &[2])]));
        let well = found(&rounds, None);
        assert_eq!(rounds.hear(well).map(|(_, lines)| lines), Some(Vec::new()));
        assert!(!is_due(&mut rounds, &[row("shop", &[3])]), "it was fine");
        assert_eq!(rounds.complaints().len(), 0);
    }

    #[test]
    fn one_with_complaints_is_looked_at_again_after_each_start_until_it_is_fine() {
        let mut rounds = rounds(TWO);
        assert!(is_due(&mut rounds, &[row("shop", &[2])]));
        let ill = found(&rounds, Some("write strip = true in [apps.shop]"));
        assert_eq!(
            rounds.hear(ill).unwrap().1,
            ["/shop/*: GET /shop/ answers 404; write strip = true in [apps.shop]"]
        );
        assert!(!is_due(&mut rounds, &[row("shop", &[2, 3])]), "a replica more");
        assert!(is_due(&mut rounds, &[row("shop", &[4])]));
        assert_eq!(rounds.complaints().len(), 1, "until it is known better");
        let late = Found { number: 1, ..found(&rounds, Some("late")) };
        assert!(rounds.hear(late).is_none());
        let well = found(&rounds, None);
        assert_eq!(rounds.hear(well).unwrap().1, ["nothing leaves its prefix any more"]);
        assert!(!is_due(&mut rounds, &[row("shop", &[5])]));
    }

    #[test]
    fn a_changed_prefix_is_looked_at_again_and_an_unchanged_one_is_not() {
        let mut rounds = rounds(TWO);
        assert!(is_due(&mut rounds, &[row("shop", &[2])]));
        let well = found(&rounds, None);
        rounds.hear(well);
        rounds.follow(&practice(TWO));
        assert!(!is_due(&mut rounds, &[row("shop", &[2])]));
        rounds.follow(&practice(&TWO.replace("\"/shop\"", "\"/shop\", strip = true")));
        assert!(is_due(&mut rounds, &[row("shop", &[2])]));
        rounds.follow(&practice("[apps]\nweb = \"a\"\n"));
        assert!(rounds.complaints().is_empty() && !is_due(&mut rounds, &[row("shop", &[9])]));
    }
}

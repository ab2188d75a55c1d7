//! The prefix doctor: fetches an app's pages through the door that runs, and says what of them leaves the app's prefix,
//! and the one line that mends it. `onedoor check --live` and `onedoor dev` call it.
//!
//! ```text
//!   mounts of the file ──▶ walk: GET, redirects, pages, what they load ──▶ escapes ──▶ remedy, by framework
//! ```
//!
//! Sends nothing but GET, starts nothing, changes nothing (docs/decisions/0068). It blocks: whoever must not wait calls
//! it from a thread of its own.

mod address;
mod fetch;
mod page;
mod reach;
mod remedy;
mod report;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use self::fetch::Server;
pub(crate) use self::reach::{Place, Stream};
use self::remedy::Patient;
pub(crate) use self::report::{Report, write_json, write_text};
use self::walk::{Taken, Walk};
use crate::apps::spec::{AppSpec, PrefixMode};
use crate::proxy::route::{Action, Ask, Details, Found, Mounted, Routes};

/// What the requests of a visit call themselves.
pub(crate) const USER_AGENT: &str = "onedoor-check";

/// The apps of a file, and who answers on which of its paths. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Practice {
    routes: Arc<Routes>,
    /// By their ids.
    apps: Arc<[AppSpec]>,
}

/// Where an app is, and whether it sees so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    at: String,
    mode: PrefixMode,
}

/// `/shop/*`, its host in front if it has one.
fn at(mounted: &Mounted<'_>) -> String {
    format!("{}{}/*", mounted.host.unwrap_or_default(), mounted.prefix)
}

/// How an app is, as far as its status tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It takes requests; where it listens itself: `:21001`, or a socket's path.
    Up {
        listens: String,
    },
    /// In words.
    NotReady(String),
    Unknown,
}

impl Practice {
    pub(crate) fn new(routes: &Arc<Routes>, apps: &[AppSpec]) -> Self {
        Self { routes: Arc::clone(routes), apps: apps.into() }
    }

    /// The apps below a prefix, in the order of their routes, and where each is. At the root there is nothing to leave.
    pub(crate) fn patients(&self) -> Vec<(Arc<str>, Vec<Setting>)> {
        let mut patients: Vec<(Arc<str>, Vec<Setting>)> = Vec::new();
        for (app, mounted) in self.mounts() {
            let setting = Setting { at: at(&mounted), mode: app.prefix_mode };
            match patients.iter_mut().find(|(name, _)| *name == app.name) {
                Some((_, settings)) => settings.push(setting),
                None => patients.push((Arc::clone(&app.name), vec![setting])),
            }
        }
        patients
    }

    /// One report for each mount of the app.
    pub(crate) fn examine(&self, name: &str, standing: &Standing, door: &Server) -> Vec<Report> {
        let its = self.mounts().filter(|(app, _)| *app.name == *name);
        its.map(|(app, mounted)| self.look(app, &mounted, standing, door)).collect()
    }

    fn mounts(&self) -> impl Iterator<Item = (&AppSpec, Mounted<'_>)> {
        let below = self.routes.mounts().filter(|mounted| !mounted.prefix.is_empty());
        below.filter_map(|mounted| Some((self.apps.get(usize::from(mounted.app.0))?, mounted)))
    }

    fn look(&self, app: &AppSpec, mounted: &Mounted<'_>, standing: &Standing, door: &Server) -> Report {
        if let Standing::NotReady(how) = standing {
            return Report::of(app, mounted, Err(how.clone()));
        }
        let mut door = door.clone();
        if let Some(host) = mounted.host {
            door.host = host.replace('*', "www");
        }
        let mount = mounted.prefix.as_str();
        let host = door.host.clone();
        let taker = |path: &str| self.taken(&host, path, app);
        let seen = Walk::new(&door, mount, &taker).go();
        let mut report = Report::of(app, mounted, seen.as_ref().map_err(ToString::to_string));
        let Ok(seen) = &seen else { return report };
        report.framework = remedy::framework(seen.face.as_ref(), app);
        let patient = Patient { framework: report.framework, app, mount };
        if !seen.escapes.is_empty() {
            report.fix = Some(patient.remedy());
        }
        let (Some(failure), Standing::Up { listens }) = (seen.fails, standing) else { return report };
        match there(app, mount, &own_places(listens), &host) {
            There::Page => report.fix = Some(patient.other_mode()),
            There::Documentation(path) => report.as_note(format!(
                "nothing is at {mount}/ ({failure}), but the app itself has {path}; if that is to be seen here: {}",
                patient.other_mode()
            )),
            // An API has no page, and nothing to leave its prefix with.
            There::Nothing if failure == 404 => report.as_note(format!(
                "nothing is at {mount}/, nor where the app's own root would be: no page was looked at"
            )),
            There::Nothing => {}
        }
        report
    }

    /// Who would take a GET for this path.
    fn taken(&self, host: &str, path: &str, itself: &AppSpec) -> Option<Taken> {
        let path = path.split('?').next().unwrap_or_default();
        let ask =
            Ask { method: b"GET", host: host.as_bytes(), path: path.as_bytes(), details: Details::default() };
        let Found::Route(matched) = self.routes.find(&ask) else { return None };
        Some(match &matched.route.action {
            Action::App { app, .. } if *app == itself.id => Taken::Itself,
            Action::App { app, .. } => {
                let name = self.apps.get(usize::from(app.0)).map_or("?", |app| &*app.name);
                Taken::Another(format!("app {name}"))
            }
            Action::Proxy { .. }
            | Action::Respond(_)
            | Action::Redirect(_)
            | Action::Builtin(_)
            | Action::Files(_) => Taken::Another(format!("the route {}", matched.route.name)),
        })
    }
}

/// What the app itself has where the other mode would ask for it.
enum There {
    Page,
    /// No page at its root, but this.
    Documentation(&'static str),
    Nothing,
}

fn there(app: &AppSpec, mount: &str, places: &[Place], host: &str) -> There {
    let before = match app.prefix_mode {
        PrefixMode::Stripped => mount,
        PrefixMode::Kept | PrefixMode::Moved => "",
    };
    let has = |path: &str| {
        places.iter().any(|place| {
            let own = Server { place: place.clone(), host: host.to_owned() };
            own.get(&format!("{before}{path}"), "").is_ok_and(|answer| answer.status < 400)
        })
    };
    match walk::OTHER_DOORS.iter().find(|path| has(path)) {
        _ if has("/") => There::Page,
        Some(path) => There::Documentation(path),
        None => There::Nothing,
    }
}

/// Of several replicas, one.
fn own_places(listens: &str) -> Vec<Place> {
    let first = listens.split(", ").next().unwrap_or_default();
    match first.strip_prefix(':').and_then(|port| port.parse().ok()) {
        Some(port) => Place::on_loopback(port).into(),
        None if first.starts_with('/') => vec![Place::Unix(PathBuf::from(first))],
        None => Vec::new(),
    }
}

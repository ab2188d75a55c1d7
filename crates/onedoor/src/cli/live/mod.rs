//! `onedoor check --live`: the prefix doctor. Fetches each app's pages through the door that runs, and says what of them
//! leaves the app's prefix, and the one line that mends it.
//!
//! ```text
//!   mounts of the file ──▶ walk: GET, redirects, pages, what they load ──▶ escapes ──▶ remedy, by framework
//! ```
//!
//! Sends nothing but GET, starts nothing, changes nothing. A door that does not run is not started: what a check
//! starts, a check would have to stop (docs/decisions/0068).

mod address;
mod fetch;
mod page;
mod remedy;
mod report;
#[cfg(test)]
mod tests;
mod walk;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use self::fetch::Server;
use self::remedy::Patient;
use self::report::Report;
use self::walk::{Taken, Walk};
use super::reach::Place;
use super::{Ended, Surroundings};
use crate::apps::spec::{AppSpec, PrefixMode};
use crate::config::Loaded;
use crate::control::{self, Answer, AppStatus, CallError, Patience, Request, call};
use crate::proxy::config::Listen;
use crate::proxy::route::{Action, Ask, Details, Found, Mounted};

/// For the door to take a connection, and for the control socket to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is looked at, and how it is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// None: all of them.
    pub(super) apps: &'a [String],
    pub(super) form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Json,
}

pub(super) fn run(
    loaded: &Loaded,
    control: &[control::Place],
    wanted: Wanted<'_>,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    if let Some(stranger) = wanted.apps.iter().find(|name| !is_app(loaded, name)) {
        writeln!(surroundings.talk, "error: there is no app \"{stranger}\" in the file")?;
        return Ok(Ended::Wrong);
    }
    let statuses = match call(control, &Request::Status, Patience::AtMost(PATIENCE)) {
        Ok(Answer::Apps(apps)) => apps,
        Err(error @ CallError::NobodyThere) => {
            writeln!(surroundings.talk, "onedoor: {error}")?;
            return Ok(Ended::Refused);
        }
        // The door is for everybody; only what the apps themselves would say stays unknown.
        Ok(_) | Err(_) => Vec::new(),
    };
    let Some(door) = door(&loaded.proxy.listen) else {
        writeln!(
            surroundings.talk,
            "onedoor: nobody listens where the file says; was it started with another PORT?"
        )?;
        return Ok(Ended::Refused);
    };
    let reports = examine(loaded, &door, &statuses, wanted.apps);
    match wanted.form {
        Form::Text => report::write_text(&reports, surroundings.out)?,
        Form::Json => report::write_json(&reports, surroundings.out)?,
    }
    Ok(if reports.iter().all(Report::is_fine) { Ended::Well } else { Ended::Refused })
}

/// One report for each mount of each app; an empty list of names means all.
fn examine(loaded: &Loaded, door: &Server, statuses: &[AppStatus], names: &[String]) -> Vec<Report> {
    let routes = &loaded.proxy.routes;
    let mut reports = Vec::new();
    for mounted in routes.mounts() {
        let Some(app) = loaded.apps.apps.get(usize::from(mounted.app.0)) else { continue };
        let is_wanted = names.is_empty() || names.iter().any(|name| **name == *app.name);
        // At the root there is nothing to leave.
        if is_wanted && !mounted.prefix.is_empty() {
            let status = statuses.iter().find(|status| *status.name == *app.name);
            reports.push(look(loaded, door, app, &mounted, status));
        }
    }
    reports
}

fn look(
    loaded: &Loaded,
    door: &Server,
    app: &AppSpec,
    mounted: &Mounted<'_>,
    status: Option<&AppStatus>,
) -> Report {
    let mut door = door.clone();
    if let Some(host) = mounted.host {
        door.host = host.replace('*', "www");
    }
    let mount = mounted.prefix.as_str();
    let host = door.host.clone();
    let taker = |path: &str| taken(loaded, &host, path, app);
    let seen = Walk::new(&door, mount, &taker).go();
    let mut report = Report::of(app, mounted, seen.as_ref().map_err(ToString::to_string));
    if let Some(status) = status.filter(|status| !["ready", "idle"].contains(&status.state.as_str())) {
        report.trouble = Some(format!("it is {}: {}", status.state, status.detail));
        return report;
    }
    let Ok(seen) = &seen else { return report };
    report.framework = remedy::framework(seen.face.as_ref(), app);
    let patient = Patient { framework: report.framework, app, mount };
    if !seen.escapes.is_empty() {
        report.fix = Some(patient.remedy());
    }
    let (Some(failure), Some(own)) = (seen.fails, status.map(|status| own_places(&status.detail))) else {
        return report;
    };
    match there(app, mount, &own, &host) {
        There::Page => report.fix = Some(patient.other_mode()),
        There::Documentation(path) => report.as_note(format!(
            "nothing is at {mount}/ ({failure}), but the app itself has {path}; if that is to be seen here: {}",
            patient.other_mode()
        )),
        // An API has no page, and nothing to leave its prefix with.
        There::Nothing if failure == 404 => {
            report.as_note(format!("nothing is at {mount}/, nor where the app's own root would be: no page was looked at"));
        }
        There::Nothing => {}
    }
    report
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

/// Where the app itself listens, as its status says: `:21001`, or a socket's path.
fn own_places(detail: &str) -> Vec<Place> {
    let first = detail.split(", ").next().unwrap_or_default();
    match first.strip_prefix(':').and_then(|port| port.parse().ok()) {
        Some(port) => Place::on_loopback(port).into(),
        None if first.starts_with('/') => vec![Place::Unix(PathBuf::from(first))],
        None => Vec::new(),
    }
}

/// Who would take a GET for this path.
fn taken(loaded: &Loaded, host: &str, path: &str, itself: &AppSpec) -> Option<Taken> {
    let path = path.split('?').next().unwrap_or_default();
    let ask =
        Ask { method: b"GET", host: host.as_bytes(), path: path.as_bytes(), details: Details::default() };
    let Found::Route(matched) = loaded.proxy.routes.find(&ask) else { return None };
    Some(match &matched.route.action {
        Action::App { app, .. } if *app == itself.id => Taken::Itself,
        Action::App { app, .. } => {
            let name = loaded.apps.apps.get(usize::from(app.0)).map_or("?", |app| &*app.name);
            Taken::Another(format!("app {name}"))
        }
        Action::Proxy { .. } | Action::Respond(_) | Action::Redirect(_) | Action::Builtin(_) => {
            Taken::Another(format!("the route {}", matched.route.name))
        }
    })
}

/// The door as it is reached from here.
fn door(listen: &[Listen]) -> Option<Server> {
    let places = listen.iter().flat_map(Place::of);
    let place = places.into_iter().find(|place| place.connect(PATIENCE).is_ok())?;
    let host = match &place {
        Place::Tcp(address) => format!("localhost:{}", address.port()),
        Place::Unix(_) => "localhost".to_owned(),
    };
    Some(Server { place, host })
}

fn is_app(loaded: &Loaded, name: &str) -> bool {
    loaded.apps.apps.iter().any(|app| *app.name == *name)
}

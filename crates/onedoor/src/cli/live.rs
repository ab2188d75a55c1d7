//! `onedoor check --live`: the prefix doctor's visit to the door that runs the file, wherever it listens.
//!
//! The control socket says where; only where it is another user's, the file does (docs/decisions/0081).

use std::io;
use std::time::Duration;

use super::{Ended, Surroundings};
use crate::config::Loaded;
use crate::control::{Answer, AppStatus, CallError, Patience, Request, Site, Status, call};
use crate::prefix_doctor::{self as doctor, Place, Practice, Report, Server, Standing};

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
    site: &Site,
    wanted: Wanted<'_>,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    if let Some(stranger) = wanted.apps.iter().find(|name| !is_app(loaded, name)) {
        writeln!(surroundings.talk, "error: there is no app \"{stranger}\" in the file")?;
        return Ok(Ended::Wrong);
    }
    let (door, apps) = match find(loaded, site) {
        Ok(found) => found,
        Err(why) => {
            writeln!(surroundings.talk, "onedoor: {why}")?;
            return Ok(Ended::Refused);
        }
    };
    let practice = Practice::new(&loaded.proxy.routes, &loaded.apps.apps);
    let is_wanted = |name: &str| wanted.apps.is_empty() || wanted.apps.iter().any(|app| app == name);
    let patients = practice.patients().into_iter().map(|(name, _)| name).filter(|name| is_wanted(name));
    let reports: Vec<Report> =
        patients.flat_map(|name| practice.examine(&name, &standing(&apps, &name), &door)).collect();
    tell(&reports, wanted.form, surroundings)
}

pub(super) fn tell(reports: &[Report], form: Form, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    match form {
        Form::Text => doctor::write_text(reports, surroundings.out)?,
        Form::Json => doctor::write_json(reports, surroundings.out)?,
    }
    Ok(if reports.iter().all(Report::is_fine) { Ended::Well } else { Ended::Refused })
}

/// The door, and how its apps are; or fact and remedy.
fn find(loaded: &Loaded, site: &Site) -> Result<(Server, Vec<AppStatus>), String> {
    let (places, apps) = match call(&site.places, &Request::Status, Patience::AtMost(PATIENCE)) {
        Ok(Answer::Status(status)) => {
            refuse_another(&status, site)?;
            (status.addresses.iter().flat_map(|at| Place::of_address(at)).collect(), status.apps)
        }
        Ok(Answer::Refused(why)) => return Err(why),
        // The door is for everybody; only what the apps themselves would say stays unknown.
        Err(CallError::NoEntry { .. }) => (of_file(loaded), Vec::new()),
        Err(CallError::NobodyThere) => return Err(nobody(loaded)),
        Ok(Answer::Done | Answer::Reloaded(_)) => return Err("it answers what was not asked".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    let shown: Vec<String> = places.iter().map(Place::shown).collect();
    match Server::reached(places, PATIENCE) {
        Some(door) => Ok((door, apps)),
        None => Err(format!(
            "the door takes no connection on {}: it is ending, or from here it cannot be reached",
            shown.join(", ")
        )),
    }
}

/// One socket, named in two files.
fn refuse_another(status: &Status, site: &Site) -> Result<(), String> {
    let real = |file: &str| std::fs::canonicalize(file).unwrap_or_else(|_| file.into());
    let ours = site.files.iter().map(|file| real(&file.to_string_lossy()));
    let is_other = !status.files.is_empty() && !site.files.is_empty();
    if is_other && !ours.eq(status.files.iter().map(|file| real(file))) {
        let place = site.places.first().map(ToString::to_string).unwrap_or_default();
        let theirs: Vec<String> = status.files.iter().map(|file| format!("-f {file}")).collect();
        let (files, theirs) = (status.files.join(", "), theirs.join(" "));
        return Err(format!(
            "the onedoor at {place} runs {files}, not this file; look at that one with {theirs}, or give each an [admin] socket of its own"
        ));
    }
    Ok(())
}

fn of_file(loaded: &Loaded) -> Vec<Place> {
    loaded.proxy.listen.iter().flat_map(Place::of).collect()
}

fn nobody(loaded: &Loaded) -> String {
    let stranger = of_file(loaded).into_iter().find(|place| place.connect(PATIENCE).is_ok());
    let stranger =
        stranger.map(|place| format!(" (what listens on {} is not it)", place.shown())).unwrap_or_default();
    format!("no onedoor runs this file here{stranger}; start it with `onedoor`, or say which with -f FILE")
}

fn standing(apps: &[AppStatus], name: &str) -> Standing {
    let Some(app) = apps.iter().find(|app| app.name == name) else { return Standing::Unknown };
    match app.state.as_str() {
        "ready" => Standing::Up { listens: app.detail.clone() },
        // The first request starts it.
        "idle" => Standing::Unknown,
        state if app.detail.is_empty() => {
            Standing::NotReady(format!("it is {state}; ask again when it is ready"))
        }
        state => Standing::NotReady(format!("it is {state}: {}", app.detail)),
    }
}

fn is_app(loaded: &Loaded, name: &str) -> bool {
    loaded.apps.apps.iter().any(|app| *app.name == *name)
}

//! `onedoor status | restart | stop | start | scale`: what an operator says to a onedoor that runs.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::{Ended, FileArgument, Surroundings};
use crate::apps::Wish;
use crate::config::{self, Env};
use crate::control::{Answer, AppStatus, Patience, Place, Request, call};

/// Which onedoor is meant, and how it is to answer.
#[derive(Clone, Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    file: FileArgument,
    /// Its control socket, instead of the one that follows from the file
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// An app of the running onedoor.
#[derive(Clone, Debug, Args)]
pub(super) struct OneApp {
    /// The app's name
    app: String,
    /// Do not wait until it is done
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    target: Target,
}

/// The running onedoor, and whether to wait for it.
#[derive(Clone, Debug, Args)]
pub(super) struct Reloading {
    /// Do not wait until every app that changed has been replaced
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    target: Target,
}

/// An app, and how many of it.
#[derive(Clone, Debug, Args)]
pub(super) struct Scaling {
    /// The app's name, and how many replicas it is to have
    #[arg(value_name = "APP=N", value_parser = app_and_number)]
    scale: (String, u16),
    #[command(flatten)]
    target: Target,
}

fn app_and_number(text: &str) -> Result<(String, u16), String> {
    let number = |(app, number): (&str, &str)| Some((app.to_owned(), number.parse().ok()?));
    text.split_once('=').and_then(number).ok_or_else(|| "say APP=N, as in `onedoor scale web=3`".to_owned())
}

impl Target {
    /// A file that cannot be read may have been changed since it was started from.
    fn places(&self, env: &Env) -> Vec<Place> {
        match &self.socket {
            Some(path) => vec![Place::Path(path.clone())],
            None => match config::load_to_ask(&self.file.file, env) {
                Ok(loaded) => Place::of(&self.file.file, loaded.control_socket.as_deref()),
                Err(_) => Place::of(&self.file.file, None),
            },
        }
    }
}

pub(super) fn status(target: &Target, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    ask(target, &Request::Status, Patience::UntilDone, surroundings)
}

pub(super) fn reload(arguments: Reloading, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let patience = if arguments.no_wait { Patience::UntilHeard } else { Patience::UntilDone };
    ask(&arguments.target, &Request::Reload, patience, surroundings)
}

pub(super) fn wish(arguments: OneApp, wish: Wish, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let patience = if arguments.no_wait { Patience::UntilHeard } else { Patience::UntilDone };
    ask(&arguments.target, &Request::Wish { app: arguments.app, wish }, patience, surroundings)
}

pub(super) fn scale(arguments: Scaling, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let (app, replicas) = arguments.scale;
    let request = Request::Wish { app, wish: Wish::Scale(replicas) };
    ask(&arguments.target, &request, Patience::UntilDone, surroundings)
}

fn ask(
    target: &Target,
    request: &Request,
    patience: Patience,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    let answer = match call(&target.places(surroundings.env), request, patience) {
        Ok(answer) => answer,
        Err(error) => {
            writeln!(surroundings.talk, "onedoor: {error}")?;
            return Ok(Ended::Refused);
        }
    };
    if target.json {
        writeln!(surroundings.out, "{}", answer.to_json())?;
    }
    match answer {
        Answer::Refused(why) => {
            writeln!(surroundings.talk, "onedoor: {why}")?;
            Ok(Ended::Refused)
        }
        Answer::Apps(apps) if !target.json => write_apps(&apps, surroundings.out).map(|()| Ended::Well),
        Answer::Reloaded(changes) if !target.json => {
            changes.iter().try_for_each(|line| writeln!(surroundings.out, "{line}")).map(|()| Ended::Well)
        }
        Answer::Apps(_) | Answer::Reloaded(_) | Answer::Done => Ok(Ended::Well),
    }
}

fn write_apps(apps: &[AppStatus], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 5]> =
        std::iter::once(["APP", "STATE", "PROCESSES", "RESTARTS", ""].map(str::to_owned))
            .chain(apps.iter().map(row))
            .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    for row in &rows {
        let line = format!(
            "{:a$}  {:b$}  {:c$}  {:>d$}  {}",
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3]
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn row(app: &AppStatus) -> [String; 5] {
    let processes: Vec<String> = app
        .processes
        .iter()
        .map(|process| match process.state.as_str() {
            "ready" => process.pid.to_string(),
            state => format!("{} ({state})", process.pid),
        })
        .collect();
    let processes = if processes.is_empty() { "-".to_owned() } else { processes.join(" ") };
    [app.name.clone(), app.state.clone(), processes, app.restarts.to_string(), app.detail.clone()]
}

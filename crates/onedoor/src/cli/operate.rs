//! `onedoor status | restart | stop | start | scale`: what an operator says to a onedoor that runs.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::{Ended, FileArguments, Surroundings, table};
use crate::apps::Wish;
use crate::config::{self, Env};
use crate::control::{Answer, Patience, Place, Request, call};

/// Which onedoor is meant, and how it is to answer.
#[derive(Clone, Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) files: FileArguments,
    /// Its control socket, instead of the one that follows from the file
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
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
    pub(super) fn places(&self, env: &Env) -> Vec<Place> {
        match &self.socket {
            Some(path) => vec![Place::Path(path.clone())],
            None => {
                let layers = self.files.layers();
                let named = config::load_to_ask(&layers, env).ok().and_then(|loaded| loaded.control_socket);
                Place::of(layers.first(), named.as_deref())
            }
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
        Answer::Status(status) if !target.json => {
            table::write(&status, surroundings.out).map(|()| Ended::Well)
        }
        Answer::Reloaded(changes) if !target.json => {
            changes.iter().try_for_each(|line| writeln!(surroundings.out, "{line}")).map(|()| Ended::Well)
        }
        Answer::Status(_) | Answer::Reloaded(_) | Answer::Done => Ok(Ended::Well),
    }
}

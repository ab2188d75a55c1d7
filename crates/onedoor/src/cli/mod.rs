//! What the operator types: one file per command.
//!
//! stdout is data, stderr is talk. Exit codes: 0 done; 2 usage or configuration; what else there is comes from
//! running. Arguments are parsed before anything else happens, and nothing here starts a thread or a process.

mod alone;
mod check;
mod complete;
mod completions;
mod detected;
mod dev;
mod docs;
mod doctor;
mod explain;
mod fmt;
mod health;
mod image;
mod importing;
mod init;
mod live;
mod operate;
#[cfg(test)]
mod papers_tests;
mod reading;
mod replace_file;
mod routes;
mod schema;
mod table;
#[cfg(test)]
mod tests;
mod up;
mod version;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::apps::Wish;
use crate::config::{ConfigErrors, Env, Layers, Loaded, Paint};
use crate::control::{Place, Site};
use crate::dev::Settings;

const EXAMPLES: &str = "\
Examples:
  onedoor                          start what ./onedoor.toml says
  onedoor up -f deploy/door.toml   the same for another file
  onedoor dev                      the same for a developer: restarts what changes, shows what fails
  onedoor init                     write an onedoor.toml for what is in this folder
  onedoor check                    find every mistake in the file, start nothing
  onedoor check --fix              mend those that can be meant in one way only
  onedoor explain /api/users       which route takes it, and what the app will see
  onedoor docs apps.*.ready        what a key means
  onedoor status                   how the apps are that run
  onedoor logs web --follow        what it prints
  onedoor restart web              new processes for one of them; no request is lost

The smallest onedoor.toml:
  [apps]
  web = \"uvicorn main:app\"      # served at /
  api = \"node server.js\"        # served at /api

Without a file:
  onedoor                             start what this folder holds, or its Procfile says
  onedoor -- node server.js           # serve one command at /
  onedoor exec -- ./script.sh         # init alone, as tini does";

/// One door for every app in the container: init, supervisor and reverse proxy in one binary.
#[derive(Debug, Parser)]
#[command(name = "onedoor", version, after_help = EXAMPLES, disable_help_subcommand = true)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: up::UpArguments,
    /// Serve this command at /, without a file
    #[arg(last = true, value_name = "CMD", conflicts_with_all = ["files", "yes"])]
    words: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the apps and open the door (what bare `onedoor` does)
    Up(up::UpArguments),
    /// Start the apps for development, and leave it running
    Dev(dev::Arguments),
    /// Look at the folder and write an onedoor.toml for what is in it
    Init(init::Arguments),
    /// Find every mistake in the file, and show what it would serve
    Check(check::Arguments),
    /// Lay the file out: one form, whoever wrote it
    Fmt(fmt::Arguments),
    /// Say which route takes a request, why, and what the upstream will see
    Explain(explain::Arguments),
    /// Show everything that is served, whoever wins above whoever it wins over
    Routes(routes::Arguments),
    /// Say what a key of the file means; without one: list them all
    Docs(docs::Arguments),
    /// Show the apps of the onedoor that runs this file
    Status(operate::Target),
    /// Show what the apps printed last, and what onedoor said
    Logs(reading::Arguments),
    /// Show what happened to the apps: starts, crashes, restarts
    Events(reading::Arguments),
    /// For HEALTHCHECK: 0 while onedoor is up and every essential app is ready, else 1
    Health(operate::Target),
    /// Replace an app's processes one at a time; no request is lost
    Restart(operate::OneApp),
    /// Stop an app; the others go on
    Stop(operate::OneApp),
    /// Start an app that was stopped or gave up
    Start(operate::OneApp),
    /// Read the file again and apply what changed; everything else goes on
    Reload(operate::Reloading),
    /// Run one app or job of the file alone, with its environment
    Run(alone::Run),
    /// Run a command as init alone: signals, orphans, exit code
    Exec(alone::Exec),
    /// Say what this container allows, and what is done instead
    Doctor(operate::Target),
    /// Give an app so many replicas
    Scale(operate::Scaling),
    /// Write a Dockerfile for everything that the file serves
    Dockerfile(image::Dockerfile),
    /// Build the image with the docker, podman or buildah that is here
    Build(image::Build),
    /// Show what the image would be made from, because of which file
    Plan(image::Plan),
    /// Print the JSON Schema of the file, for editors
    Schema,
    /// Print what a shell needs to complete commands and their options
    Completions(completions::Completions),
    /// Print the manual page, or write one for each command
    Man(completions::Man),
    /// Print the version
    Version,
}

/// Says the profile where no flag does.
const PROFILE_VARIABLE: &str = "ONEDOOR_PROFILE";

/// Which files are meant.
#[derive(Clone, Debug, Args)]
struct FileArguments {
    /// The file to read; given again, each is laid over those before it [default: onedoor.toml, else onedoor.json]
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Lay [profile.NAME] of the files over the rest
    #[arg(long, value_name = "NAME", env = PROFILE_VARIABLE, hide_env_values = true)]
    profile: Option<String>,
}

impl FileArguments {
    fn layers(&self) -> Layers {
        Layers::new(self.files.clone(), self.profile.clone())
    }
}

/// Where a command writes, and what it is read against.
struct Surroundings<'a> {
    out: &'a mut dyn Write,
    talk: &'a mut dyn Write,
    env: &'a Env,
    paint: Paint,
}

/// Usage or configuration.
const EXIT_USAGE: u8 = 2;

/// How a command ended that started nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Well,
    /// The operator has to change something: the file or the arguments.
    Wrong,
    /// It was understood and cannot be done.
    Refused,
    /// As a command did that was run.
    As(u8),
}

/// Reads the file again. The error is what is wrong with it, ready to be shown.
pub(crate) type Reread = Box<dyn Fn() -> Result<Loaded, String>>;

/// What is left to do after the command line was read.
pub(crate) enum Todo {
    Nothing(ExitCode),
    /// `up`: the file is fine, and what it says is to be run.
    Run {
        loaded: Box<Loaded>,
        /// Where its control socket may be.
        site: Site,
        /// Reads the file again.
        reread: Reread,
        /// `dev`: a developer is there.
        dev: Option<Settings>,
    },
}

/// Reads the command line and does what it says, short of running anything.
pub(crate) fn begin() -> Todo {
    if let Some(words) = complete::asked() {
        // A shell that has gone has no use for it.
        complete::write(&words, &mut io::stdout().lock()).ok();
        return Todo::Nothing(Ended::Well.into());
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return Todo::Nothing(usage(&error)),
    };
    let env = Env::of_this_process();
    let (mut out, mut talk) = (io::stdout().lock(), io::stderr().lock());
    let mut surroundings = Surroundings { out: &mut out, talk: &mut talk, env: &env, paint: paint() };
    if !arguments.words.is_empty() {
        let profile = arguments.up.files.profile.as_deref();
        return match detected::refuse_profile(profile, &mut surroundings).unwrap_or(Ok(())) {
            Ok(()) => serve_command(&arguments.words, &mut surroundings),
            Err(ended) => Todo::Nothing(ended.into()),
        };
    }
    let command = arguments.command.unwrap_or(Command::Up(arguments.up));
    match &command {
        Command::Up(arguments) => {
            let layers = arguments.files.layers();
            let loaded = up::load(arguments, &layers, &mut surroundings);
            return to_run(loaded, layers, &env, None);
        }
        Command::Dev(arguments) => {
            let (layers, env) = (arguments.files.layers(), env.clone().developing(arguments.developing()));
            let loaded = dev::load(&layers, &mut Surroundings { env: &env, ..surroundings });
            return to_run(loaded, layers, &env, Some(arguments.settings()));
        }
        _ => {}
    }
    // A reader that has seen enough (`onedoor docs | head`) is no failure of ours.
    Todo::Nothing(done(command, &mut surroundings).unwrap_or(Ended::Well).into())
}

/// `up` and `dev`: what is to be run, if the files are fine.
fn to_run(loaded: Result<Loaded, Ended>, layers: Layers, env: &Env, dev: Option<Settings>) -> Todo {
    match loaded {
        Ok(loaded) => {
            let site = site(&layers, &loaded);
            let env = env.clone();
            let is_of_a_folder = layers.is_unnamed_and_missing();
            let reread: Reread = Box::new(move || match layers.is_unnamed_and_missing() {
                // What the folder would say without it is not what was started.
                true if !is_of_a_folder => Err(format!("{} is gone; put it back", layers.show())),
                _ => detected::reread(&layers, &env),
            });
            Todo::Run { loaded: Box::new(loaded), site, reread, dev }
        }
        Err(ended) => Todo::Nothing(ended.into()),
    }
}

/// Where a onedoor is asked that runs these files.
fn site(layers: &Layers, loaded: &Loaded) -> Site {
    let absolute = |file: &PathBuf| std::path::absolute(file).unwrap_or_else(|_| file.clone());
    let files = if layers.is_unnamed_and_missing() { &[][..] } else { &layers.files };
    Site {
        places: Place::of(layers.first(), loaded.control_socket.as_deref()),
        files: files.iter().map(absolute).collect(),
    }
}

/// A command served as if a file said so.
fn serve_command(words: &[OsString], surroundings: &mut Surroundings<'_>) -> Todo {
    crate::init::block_signals().ok();
    match alone::load_command(words, surroundings).unwrap_or(Err(Ended::Wrong)) {
        Ok(loaded) => Todo::Run {
            loaded: Box::new(loaded),
            // `onedoor status -f .` finds it.
            site: Site { places: Place::of(Path::new("."), None), files: Vec::new() },
            reread: Box::new(|| Err("there is no file to be read again: it serves a command".to_owned())),
            dev: None,
        },
        Err(ended) => Todo::Nothing(ended.into()),
    }
}

/// Does what starts nothing.
fn done(command: Command, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    match command {
        // Only read: whether it is run is for the caller to say.
        Command::Up(arguments) => load(&arguments.files.layers(), surroundings).map(|loaded| match loaded {
            Ok(_) => Ended::Well,
            Err(ended) => ended,
        }),
        Command::Dev(arguments) => load(&arguments.files.layers(), surroundings).map(|loaded| match loaded {
            Ok(_) => Ended::Well,
            Err(ended) => ended,
        }),
        Command::Init(arguments) => init::run(&arguments, surroundings),
        Command::Check(arguments) => check::run(&arguments, surroundings),
        Command::Fmt(arguments) => fmt::run(&arguments, surroundings),
        Command::Explain(arguments) => explain::run(&arguments, surroundings),
        Command::Routes(arguments) => routes::run(&arguments, surroundings),
        Command::Schema => schema::run(surroundings),
        Command::Completions(wanted) => completions::completions(&wanted, surroundings),
        Command::Man(wanted) => completions::man(&wanted, surroundings),
        Command::Docs(arguments) => docs::run(&arguments, surroundings),
        Command::Status(target) => operate::status(&target, surroundings),
        Command::Health(target) => health::run(&target, surroundings),
        Command::Logs(arguments) => reading::logs(arguments, surroundings),
        Command::Events(arguments) => reading::events(arguments, surroundings),
        Command::Restart(app) => operate::wish(app, Wish::Restart, surroundings),
        Command::Stop(app) => operate::wish(app, Wish::Stop, surroundings),
        Command::Start(app) => operate::wish(app, Wish::Start, surroundings),
        Command::Reload(reloading) => operate::reload(reloading, surroundings),
        Command::Run(arguments) => alone::run(&arguments, surroundings),
        Command::Exec(arguments) => alone::exec(&arguments, surroundings),
        Command::Doctor(arguments) => doctor::run(&arguments, surroundings),
        Command::Scale(scaling) => operate::scale(scaling, surroundings),
        Command::Dockerfile(arguments) => image::dockerfile(&arguments, surroundings),
        Command::Build(arguments) => image::build(&arguments, surroundings),
        Command::Plan(arguments) => image::plan(&arguments, surroundings),
        Command::Version => version::run(surroundings),
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Well => Self::SUCCESS,
            Ended::Wrong => Self::from(EXIT_USAGE),
            Ended::Refused => Self::FAILURE,
            Ended::As(code) => Self::from(code),
        }
    }
}

/// Help and version are asked for and go to stdout with 0; everything else is a mistake.
fn usage(error: &clap::Error) -> ExitCode {
    // There is no one left to tell if this cannot be written.
    drop(error.print());
    if error.use_stderr() { Ended::Wrong.into() } else { Ended::Well.into() }
}

/// Colours on a terminal, unless it or the operator asks otherwise (no-color.org).
fn paint() -> Paint {
    let is_set = |name| std::env::var_os(name).is_some_and(|value: OsString| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb { Paint::Colour } else { Paint::Plain }
}

/// Loads the files, or what the folder says where there is none; mistakes and warnings are told on stderr.
fn load(layers: &Layers, surroundings: &mut Surroundings<'_>) -> io::Result<Result<Loaded, Ended>> {
    detected::load_or(layers, surroundings)
}

/// The same without looking up folders and programs, and without the table.
fn load_to_ask(layers: &Layers, surroundings: &mut Surroundings<'_>) -> io::Result<Result<Loaded, Ended>> {
    detected::load_or_ask(layers, surroundings)
}

fn told(
    loaded: Result<Loaded, ConfigErrors>,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Loaded, Ended>> {
    match loaded {
        Ok(loaded) => {
            surroundings.talk.write_all(loaded.warnings.render(surroundings.paint).as_bytes())?;
            Ok(Ok(loaded))
        }
        Err(errors) => {
            surroundings.talk.write_all(errors.render(surroundings.paint).as_bytes())?;
            if let Some(code) = errors.code() {
                writeln!(surroundings.talk, "`onedoor explain {}` says more", code.as_str())?;
            }
            Ok(Err(Ended::Wrong))
        }
    }
}

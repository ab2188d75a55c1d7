//! What an app is, once the file has been read: every default filled in, every name checked.
//!
//! Step 1 of the life of an app. Made by `config::resolve`, read by everyone in this story, changed by no one.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::account::Account;

use super::job::schedule::Schedule;
use super::line_pattern::LinePattern;
use super::secret::SecretSource;
use super::success::SuccessCodes;
use crate::registry::{AppId, Weight};

/// The apps' part of the configuration.
#[derive(Debug)]
pub(crate) struct Config {
    /// In the order of the file; `apps[i].id == AppId(i)`.
    pub(crate) apps: Vec<AppSpec>,
    /// In the order of the file; `jobs[i].id == JobId(i)`. Those that are not enabled are not here.
    pub(crate) jobs: Vec<JobSpec>,
    /// How long the whole program may take to end, from the first signal (the platform's contract).
    pub(crate) stop_budget: Duration,
}

impl Config {
    /// What the registry knows of each app.
    pub(crate) fn slots(&self) -> Vec<(Arc<str>, Weight)> {
        self.apps.iter().map(|app| (Arc::clone(&app.name), app.weight)).collect()
    }

    /// The ports that apps have for themselves.
    pub(crate) fn fixed_ports(&self) -> impl Iterator<Item = u16> {
        self.apps.iter().filter_map(|app| match app.listening {
            Listening::FixedPort { port, .. } => Some(port),
            Listening::Nowhere
            | Listening::Auto { .. }
            | Listening::PrivatePort { .. }
            | Listening::UnixSocket { .. }
            | Listening::Handed { .. } => None,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct AppSpec {
    pub(crate) id: AppId,
    pub(crate) name: Arc<str>,
    /// `onedoor.toml:2`, for messages.
    pub(crate) place: Arc<str>,
    pub(crate) command: Command,
    /// The app's working directory, absolute.
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) isolation: Arc<Isolation>,
    pub(crate) listening: Listening,
    /// What becomes of `listening`'s prefix on the way to the app; without a prefix it means nothing.
    pub(crate) prefix_mode: PrefixMode,
    pub(crate) readiness: Readiness,
    pub(crate) liveness: Liveness,
    pub(crate) start_timeout: Duration,
    pub(crate) restart: RestartPolicy,
    pub(crate) stop: StopPolicy,
    /// The endings that are no failure.
    pub(crate) success: SuccessCodes,
    pub(crate) weight: Weight,
    /// How many requests each of its processes may have at once.
    pub(crate) cap: Cap,
    /// At least 1.
    pub(crate) replicas: u16,
    pub(crate) replace: ReplaceHow,
    pub(crate) start: StartWhen,
    /// How long the app may go unused before it is stopped until somebody asks for it.
    pub(crate) stop_after_idle: Option<Duration>,
    /// The apps that must be ready, and the jobs that must be done, before it is started.
    pub(crate) needs: Vec<Need>,
    /// Which changes start it anew under `onedoor dev`.
    pub(crate) watch: Watch,
}

/// Which files an app is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    Nothing,
    /// Its folder, less what is in the folder of another app.
    Dir,
    /// Absolute.
    Paths(Vec<PathBuf>),
}

/// A job's name, once the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct JobId(pub(crate) u16);

/// Whom an app or a job may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    App(AppId),
    /// One that is run at the start.
    Job(JobId),
}

/// A program that runs to its end.
#[derive(Debug)]
pub(crate) struct JobSpec {
    pub(crate) id: JobId,
    /// What each run is made of: a worker, as far as starting and stopping go. Its id counts on behind the apps', and
    /// the registry knows nothing of it.
    pub(crate) worker: AppSpec,
    pub(crate) on: JobOn,
    /// How long a run may take.
    pub(crate) max: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) enum JobOn {
    /// Once, before whoever needs it.
    Start,
    Cron {
        schedule: Box<Schedule>,
        overlap: Overlap,
    },
}

/// What becomes of a run that is due while the one before still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlap {
    Skip,
    /// It waits, one at most.
    Queue,
    /// The one before is ended for it.
    Kill,
}

/// How many requests a process may have at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cap {
    /// As many as come, or what a synchronous server's command line says that it can serve.
    Auto,
    AtMost(NonZeroU32),
}

/// How an instance gives way to its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplaceHow {
    /// The new one is ready before the old one is asked to go.
    Overlap,
    /// The old one is gone before the new one starts; the door holds what comes meanwhile.
    StopFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartWhen {
    Eager,
    /// At the first request.
    Lazy,
}

impl AppSpec {
    /// A worker of which nothing is awaited: it is ready as soon as it runs.
    pub(crate) fn is_ready_at_once(&self) -> bool {
        self.listening == Listening::Nowhere && self.readiness == Readiness::Accept
    }

    /// It speaks sd_notify(3), and is given a socket for it.
    pub(crate) fn notifies(&self) -> bool {
        self.readiness == Readiness::Notify || self.beats_within().is_some()
    }

    /// How often it must say WATCHDOG=1.
    pub(crate) fn beats_within(&self) -> Option<Duration> {
        match self.liveness {
            Liveness::Beats { within } => Some(within),
            Liveness::Unwatched | Liveness::Asked { .. } => None,
        }
    }
}

/// What a running app has to do to become another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Nothing,
    /// How it is treated; its processes may stay.
    Rules,
    /// Its processes would be others.
    Processes,
}

impl AppSpec {
    /// What has changed from `self` to `new`. Where they stand in the file is no difference, nor is what they need (that
    /// is for the first start) or who watches their files.
    pub(crate) fn difference(&self, new: &Self) -> Difference {
        let Self {
            id: _,
            name: _,
            place: _,
            needs: _,
            watch: _,
            command,
            dir,
            environment,
            isolation,
            listening,
            prefix_mode,
            readiness,
            liveness,
            start_timeout,
            restart,
            stop,
            success,
            weight,
            cap,
            replicas,
            replace,
            start,
            stop_after_idle,
        } = self;
        // What has requests keeps the cap that it began with.
        let processes = (cap, command, dir, environment, isolation, listening, prefix_mode, readiness)
            != (
                &new.cap,
                &new.command,
                &new.dir,
                &new.environment,
                &new.isolation,
                &new.listening,
                &new.prefix_mode,
                &new.readiness,
            );
        let rules = (
            success,
            liveness,
            start_timeout,
            restart,
            stop,
            weight,
            replicas,
            replace,
            start,
            stop_after_idle,
        ) != (
            &new.success,
            &new.liveness,
            &new.start_timeout,
            &new.restart,
            &new.stop,
            &new.weight,
            &new.replicas,
            &new.replace,
            &new.start,
            &new.stop_after_idle,
        );
        match (processes, rules) {
            (true, _) => Difference::Processes,
            (false, true) => Difference::Rules,
            (false, false) => Difference::Nothing,
        }
    }
}

/// `run`, parsed. `$PORT`-like words are still in it: they are expanded at spawn (CONFIG.md §1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Program and arguments; executed directly. Never empty.
    Exec(Vec<String>),
    /// A line with shell syntax in it, run as `sh -c 'exec …'`.
    Shell(String),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(words) => f.write_str(&words.join(" ")),
            Self::Shell(line) => f.write_str(line),
        }
    }
}

/// What the app's process sees as environment, before onedoor adds PORT and the framework's own variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    /// What the operator gave the container, less what must not reach an app (CONFIG.md §1.6 "Environment").
    pub(crate) inherited: Vec<(OsString, OsString)>,
    /// `.env` files, the later ones first heard; read at each start. What onedoor sets beats them.
    pub(crate) files: Vec<PathBuf>,
    /// The app's own `env`: beats everything onedoor sets.
    pub(crate) own: Vec<(String, EnvValue)>,
    /// Read at each start, beats everything, and nobody else sees it.
    pub(crate) secrets: Vec<(String, SecretSource)>,
}

/// A value of `env`. Where siblings are is known only when a process is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnvValue {
    pub(crate) pieces: Vec<EnvPiece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnvPiece {
    Text(String),
    /// `${app.NAME.url}`
    UrlOf(Arc<str>),
}

impl EnvValue {
    /// The value; None: it names an app that has no address.
    pub(crate) fn with(&self, url_of: impl Fn(&str) -> Option<String>) -> Option<String> {
        let piece = |piece: &EnvPiece| match piece {
            EnvPiece::Text(text) => Some(text.clone()),
            EnvPiece::UrlOf(app) => url_of(app),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The value, if the file alone says what it is.
    pub(crate) fn text(&self) -> Option<String> {
        self.with(|_| None)
    }
}

impl From<&str> for EnvValue {
    fn from(text: &str) -> Self {
        Self { pieces: vec![EnvPiece::Text(text.to_owned())] }
    }
}

/// What an app's processes may be and use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Isolation {
    /// None: onedoor's own (umask(2)).
    pub(crate) umask: Option<u32>,
    /// None: onedoor's own.
    pub(crate) account: Option<Account>,
    /// The user that the file names, whether or not this machine knows him.
    pub(crate) user: Option<String>,
    pub(crate) limits: Limits,
}

/// Of each process of the app, with all that descends from it; None is as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In bytes.
    pub(crate) memory: Option<u64>,
    /// In thousandths of a CPU.
    pub(crate) cpu: Option<u64>,
    /// Open files of each single process.
    pub(crate) files: Option<u64>,
    pub(crate) processes: Option<u64>,
}

/// Whether and how the app is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listening {
    /// A worker: no port.
    Nowhere,
    /// Unset: a Unix socket for a framework known to take one by a variable, else a private port.
    Auto { prefix: Option<String> },
    /// A fresh private loopback port per spawn, told by `PORT` and the framework's own variable.
    PrivatePort { prefix: Option<String> },
    /// The app cannot be told: it always listens here.
    FixedPort { port: u16, prefix: Option<String> },
    /// A Unix socket in a folder of its own, told by `PORT=/path` and the framework's own variable.
    UnixSocket { prefix: Option<String> },
    /// A Unix socket that onedoor listens on and hands to each process as descriptor 3 (sd_listen_fds(3)): what comes
    /// while the app restarts waits in its queue.
    Handed { prefix: Option<String> },
}

/// Whether the paths the app is asked for begin with its prefix. Frameworks that make links must know, and telling
/// one the wrong way makes every request a 404 (FRAMEWORKS.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrefixMode {
    Kept,
    /// Kept for a framework that is known (`prefix = "auto"`): it is told, and moves its routes below the prefix; the
    /// app's own code knows nothing of it.
    Moved,
    /// `strip`: the door cuts it off and says so in `X-Forwarded-Prefix`.
    Stripped,
}

/// When an app is ready. A served one also has to accept connections; a worker has only this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Its socket accepts a connection; a worker is ready as soon as it runs.
    Accept,
    /// `GET path` answers with a status in `200..=399`, or the one given.
    Http { path: String, status: Option<u16>, every: Duration, timeout: Duration },
    /// A line of its stdout or stderr matches.
    Log { pattern: LinePattern },
    /// It says READY=1 (sd_notify(3)).
    Notify,
    /// A command, run in its folder with its environment, exits 0.
    Exec { command: Command, every: Duration, timeout: Duration },
}

/// How an app that is ready is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Its exit is seen, and what requests tell.
    Unwatched,
    /// Unwell after so many failures in a row.
    Asked { question: LiveQuestion, every: Duration, timeout: Duration, failures: u32 },
    /// It says WATCHDOG=1 at least so often (sd_notify(3)).
    Beats { within: Duration },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LiveQuestion {
    Accept,
    Http { path: String, status: Option<u16> },
    Exec { command: Command },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestartPolicy {
    pub(crate) when: RestartWhen,
    pub(crate) backoff_min: Duration,
    pub(crate) backoff_max: Duration,
    pub(crate) give_up: GiveUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestartWhen {
    Always,
    OnFailure,
    Never,
    /// It rests until a request or the operator wants it (`onedoor dev`).
    Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    Never,
    /// After `failures` within `within`.
    After {
        failures: u32,
        within: Duration,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StopPolicy {
    pub(crate) signal: StopSignal,
    pub(crate) grace: Grace,
    /// How long a replaced instance may go on with the requests it has before it is sent its stop signal.
    pub(crate) drain: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopSignal {
    Term,
    Int,
    Quit,
    Hup,
    Usr1,
    Usr2,
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grace {
    /// Whatever is left of the program's stop budget.
    RestOfBudget,
    AtMost(Duration),
}

impl Grace {
    /// Between the stop signal and SIGKILL, where all of it may take no longer than `budget`.
    pub(crate) fn within(self, budget: Duration) -> Duration {
        match self {
            Self::RestOfBudget => budget,
            Self::AtMost(grace) => grace.min(budget),
        }
    }
}

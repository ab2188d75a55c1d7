//! Step "spawn" of the life of an app: everything its process is to see, made anew for each start.
//!
//! What is decided here: the private port, the Unix socket, the environment (CONFIG.md §1.6), the words of the
//! command. It makes folders and looks for programs, and never makes a process; `init` does that.

mod environment;
mod socket;
mod words;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use onedoor_linux::spawn::{SpawnError, SpawnSpec, resolve_program};

pub(super) use self::socket::RuntimeDir;
use self::socket::SocketFolder;
use super::framework::{self, Framework, Place};
use super::hearing::Hearing;
use super::notify::{NotifySocket, SOCKET_VARIABLE, WATCHDOG_VARIABLE};
use super::ports::{NoPort, PrivatePorts};
use super::spec::{AppSpec, Cap, Command, Listening};

/// Names the processes of one start, wherever they go: they inherit it, and /proc shows it (SUPERVISION.md rule 6).
pub(super) const MARKER: &str = "ONEDOOR_ID";

/// Where an app without a PATH of its own is looked for (execvp(3) says much the same).
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How much of the marker tells two sockets apart; a socket's path must be short (unix(7)).
const NOTIFY_NAME_LEN: usize = 6;

/// gunicorn reads it, if it is in the folder it is started in, and it may say anything about its workers.
const GUNICORN_FILE: &str = "gunicorn.conf.py";

/// How likely the kernel takes an app rather than onedoor when memory runs out.
const OOM_SCORE: i16 = 500;

/// One start of an app, ready to be made.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) spec: SpawnSpec,
    pub(super) told: Told,
    /// The value of [`MARKER`], which nobody can guess.
    pub(super) marker: OsString,
    /// Why an app that would have taken a socket gets none.
    pub(super) socketless: Option<io::Error>,
    /// What the app may say, and where.
    pub(super) hearing: Hearing,
    /// What a command that is asked about the app sees.
    pub(super) environment: Arc<BTreeMap<OsString, OsString>>,
}

/// Where the app was told to listen. Both: the first that answers counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) socket: Option<Arc<PathBuf>>,
    pub(super) port: Option<u16>,
}

impl Told {
    /// A worker listens nowhere.
    pub(super) fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a start cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error(transparent)]
    Program(#[from] SpawnError),
    #[error(transparent)]
    Port(#[from] NoPort),
    #[error("no folder for its socket: {0}; give it a port (`socket = false`)")]
    Socket(io::Error),
    #[error("no random bytes for its mark: {0}")]
    Marker(io::Error),
    #[error("no socket for its notifications: {0}; use another `ready`")]
    Notify(io::Error),
}

/// Makes the starts of one app.
#[derive(Debug)]
pub(super) struct Launcher {
    framework: Option<&'static Framework>,
    ports: Arc<PrivatePorts>,
    /// Made at the first start that wants one; dropped before the place it is in.
    folder: Option<SocketFolder>,
    runtime: Arc<RuntimeDir>,
}

impl Launcher {
    pub(super) fn new(app: &AppSpec, ports: Arc<PrivatePorts>, runtime: Arc<RuntimeDir>) -> Self {
        Self { framework: framework::recognise(&app.command), ports, runtime, folder: None }
    }

    pub(super) fn framework(&self) -> Option<&'static Framework> {
        self.framework
    }

    /// The next start of an instance: a fresh port, a socket path that nothing is bound to, a new marker.
    pub(super) fn prepare(&mut self, app: &AppSpec, instance: u64) -> Result<Launch, LaunchError> {
        let (told, socketless) = self.place(app, instance)?;
        let marker = OsString::from(unguessable().map_err(LaunchError::Marker)?);
        let socket = told.socket.as_deref().and_then(|path| path.to_str());
        let place =
            Place { port: told.port, socket, prefix: prefix(&app.listening), prefix_mode: app.prefix_mode };
        let environment = Arc::new(environment::build(app, self.framework, &place));
        let mut spec = spec_of(&app.command, &environment, &app.dir)?;
        spec.oom_score = Some(OOM_SCORE);
        spec.umask = app.umask;
        spec.env.push((MARKER.into(), marker.clone()));
        let notify = if app.notifies() {
            let socket = self.notify_socket(app, &marker).map_err(LaunchError::Notify)?;
            spec.env.push((SOCKET_VARIABLE.into(), socket.address()));
            Some(socket)
        } else {
            None
        };
        if let Some(within) = app.beats_within() {
            spec.env.push((WATCHDOG_VARIABLE.into(), within.as_micros().to_string().into()));
        }
        let hearing = Hearing::new(&app.readiness, notify);
        Ok(Launch { spec, told, marker, socketless, hearing, environment })
    }

    /// How many requests each of the app's processes may have at once; None: as many as come.
    pub(super) fn cap(&self, app: &AppSpec) -> Option<NonZeroU32> {
        match app.cap {
            Cap::AtMost(most) => Some(most),
            Cap::Auto if app.dir.join(GUNICORN_FILE).exists() => None,
            Cap::Auto => framework::synchronous_places(&app.command, |name| environment::given(app, name)),
        }
    }

    /// The instance is gone, and its socket serves nobody.
    pub(super) fn forget(&self, instance: u64) {
        if let Some(folder) = &self.folder {
            folder.remove(instance);
        }
    }

    fn place(&mut self, app: &AppSpec, instance: u64) -> Result<(Told, Option<io::Error>), LaunchError> {
        let told = match &app.listening {
            Listening::Nowhere => Told::default(),
            Listening::PrivatePort { .. } => Told { socket: None, port: Some(self.ports.fresh()?) },
            Listening::FixedPort { port, .. } => Told { socket: None, port: Some(*port) },
            Listening::UnixSocket { .. } => {
                Told { socket: Some(self.socket(app, instance).map_err(LaunchError::Socket)?), port: None }
            }
            Listening::Auto { .. } => {
                // Without a writable folder the port is as good, only slower.
                let port = Some(self.ports.fresh()?);
                if self.socket_is_understood(&app.command) {
                    return Ok(match self.socket(app, instance) {
                        Ok(socket) => (Told { socket: Some(socket), port }, None),
                        Err(error) => (Told { socket: None, port }, Some(error)),
                    });
                }
                Told { socket: None, port }
            }
        };
        Ok((told, None))
    }

    fn socket_is_understood(&self, command: &Command) -> bool {
        let by_variable =
            self.framework.is_some_and(Framework::takes_a_socket) && !framework::says_where(command);
        by_variable || words::mentions(command, "SOCKET")
    }

    fn socket(&mut self, app: &AppSpec, instance: u64) -> io::Result<Arc<PathBuf>> {
        self.folder(app)?.vacant_path(instance)
    }

    /// In the app's folder; where none can be written, by a name that nobody can guess.
    fn notify_socket(&mut self, app: &AppSpec, marker: &OsStr) -> io::Result<NotifySocket> {
        // One per start: the last one of the start before may still be on its way out.
        let marker = marker.to_string_lossy();
        let name = format!("n-{}", marker.get(..NOTIFY_NAME_LEN).unwrap_or(&marker));
        let path = self.folder(app).and_then(|folder| folder.vacant(&name));
        path.and_then(NotifySocket::at_path)
            .or_else(|_| NotifySocket::abstract_named(format!("onedoor-{marker}")))
    }

    fn folder(&mut self, app: &AppSpec) -> io::Result<&SocketFolder> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => self.runtime.folder_of(&app.name)?,
        };
        Ok(self.folder.insert(folder))
    }
}

/// A command with this environment: its variables expanded, its program found.
pub(super) fn spec_of(
    command: &Command,
    environment: &BTreeMap<OsString, OsString>,
    dir: &Path,
) -> Result<SpawnSpec, SpawnError> {
    let argv = words::argv(command, |name| match (environment.get(OsStr::new(name)), name) {
        (Some(value), _) => Some(value.clone()),
        // Ours, but not true for this app: empty, as a shell would have it.
        (None, "PORT" | "HOST" | "PREFIX" | "SOCKET") => Some(OsString::new()),
        (None, _) => None,
    });
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_else(|| USUAL_PATH.into());
    let name = argv.first().map(OsString::as_os_str).unwrap_or_default();
    let program = resolve_program(name, &path, dir)?;
    let mut spec = SpawnSpec::new(program, dir);
    spec.argv = argv;
    spec.env = environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(spec)
}

fn prefix(listening: &Listening) -> Option<&str> {
    match listening {
        Listening::Nowhere => None,
        Listening::Auto { prefix }
        | Listening::PrivatePort { prefix }
        | Listening::FixedPort { prefix, .. }
        | Listening::UnixSocket { prefix } => prefix.as_deref(),
    }
}

/// 128 bits in hexadecimal.
fn unguessable() -> io::Result<String> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| io::Error::new(error.kind(), format!("/dev/urandom: {error}")))?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

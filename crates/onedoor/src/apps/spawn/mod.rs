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
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use onedoor_linux::spawn::{Listener, SpawnError, SpawnSpec, resolve_program};

use self::environment::Missing;
pub(crate) use self::environment::{dotenv, secret_file};
pub(super) use self::socket::RuntimeDir;
use self::socket::{Owner, SocketFolder};
use super::confine::{Confined, Confinement};
use super::framework::{self, Framework, Place};
use super::hearing::Hearing;
use super::notify::{NotifySocket, SOCKET_VARIABLE, WATCHDOG_VARIABLE};
use super::secret::{Mask, Secrets, Untold};
use super::spec::{AppSpec, Cap, Command, Listening};
use crate::loopback::{Addresses, NoPort, PrivatePorts};

/// Names the processes of one start, wherever they go: they inherit it, and /proc shows it (SUPERVISION.md rule 6).
pub(super) const MARKER: &str = "ONEDOOR_ID";

/// Where an app without a PATH of its own is looked for (execvp(3) says much the same).
pub(super) const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
    /// What of it nobody is to read.
    pub(super) mask: Mask,
    /// What holds it to its limits; to be kept as long as its processes.
    pub(super) confined: Confined,
}

/// Where the app was told to listen. Both: the first that answers counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) socket: Option<Arc<PathBuf>>,
    pub(super) port: Option<u16>,
    /// What it was given to listen on at `socket`, instead of being told.
    pub(super) handed: Option<Listener>,
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
    #[error(transparent)]
    Environment(#[from] Missing),
    #[error(transparent)]
    Secret(#[from] Untold),
    #[error("no socket for its notifications: {0}; use another `ready`")]
    Notify(io::Error),
}

/// Makes the starts of one app.
#[derive(Debug)]
pub(super) struct Launcher {
    framework: Option<&'static Framework>,
    /// Sockets that outlive the processes they are handed to, by instance.
    handed: BTreeMap<u64, (Listener, Arc<PathBuf>)>,
    /// Made at the first start that wants one; dropped before the place it is in.
    folder: Option<SocketFolder>,
    owner: Option<Owner>,
    shared: Shared,
}

/// What the launchers of all apps share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) ports: Arc<PrivatePorts>,
    pub(super) addresses: Addresses,
    pub(super) runtime: Arc<RuntimeDir>,
    pub(super) confinement: Arc<Confinement>,
}

impl Launcher {
    pub(super) fn new(app: &AppSpec, shared: Shared) -> Self {
        Self {
            framework: framework::recognise(&app.command),
            shared,
            handed: BTreeMap::new(),
            folder: None,
            owner: owner(app),
        }
    }

    /// The app's file says otherwise about it: the next start is another one.
    pub(super) fn refit(&mut self, app: &AppSpec) {
        self.framework = framework::recognise(&app.command);
        // A folder belongs to the user it was made for; it is made anew, and the old one lives as long as is needed.
        if owner(app) != self.owner {
            self.folder = None;
            self.owner = owner(app);
        }
    }

    pub(super) fn framework(&self) -> Option<&'static Framework> {
        self.framework
    }

    /// The next start of an instance: a fresh port, a socket path that nothing is bound to, a new marker. With the
    /// secrets that commands told.
    pub(super) fn prepare(
        &mut self,
        app: &AppSpec,
        instance: u64,
        secrets: &Secrets,
    ) -> Result<Launch, LaunchError> {
        let (told, socketless) = self.place(app, instance)?;
        let marker = OsString::from(unguessable().map_err(LaunchError::Marker)?);
        // Who is handed a socket must not make one.
        let own_socket = told.socket.as_deref().filter(|_| told.handed.is_none());
        let socket = own_socket.and_then(|path| path.to_str());
        let place =
            Place { port: told.port, socket, prefix: prefix(&app.listening), prefix_mode: app.prefix_mode };
        let addresses = &self.shared.addresses;
        let environment = Arc::new(environment::build(app, self.framework, &place, addresses, secrets)?);
        let secrets =
            app.environment.secrets.iter().filter_map(|(name, _)| environment.get(OsStr::new(name)));
        let mask = Mask::of(secrets.map(|value| value.as_bytes()));
        let mut spec = spec_of(&app.command, &environment, &app.dir)?;
        spec.oom_score = Some(OOM_SCORE);
        spec.umask = app.isolation.umask;
        spec.listener = told.handed.clone();
        spec.identity = app.isolation.account.as_ref().map(|account| account.identity.clone());
        let name = format!("{}-{}", app.name, short(&marker));
        let confined = self.shared.confinement.confine(app, &name, &mut spec);
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
        Ok(Launch { spec, told, marker, socketless, hearing, environment, mask, confined })
    }

    /// How many requests each of the app's processes may have at once; None: as many as come.
    pub(super) fn cap(&self, app: &AppSpec) -> Option<NonZeroU32> {
        match app.cap {
            Cap::AtMost(most) => Some(most),
            // So may a file of variables (GUNICORN_CMD_ARGS).
            Cap::Auto if app.dir.join(GUNICORN_FILE).exists() || !app.environment.files.is_empty() => None,
            Cap::Auto => framework::synchronous_places(&app.command, |name| environment::given(app, name)),
        }
    }

    /// The instance is gone, and its socket serves nobody.
    pub(super) fn forget(&mut self, instance: u64) {
        self.handed.remove(&instance);
        if let Some(folder) = &self.folder {
            folder.remove(instance);
        }
    }

    fn place(&mut self, app: &AppSpec, instance: u64) -> Result<(Told, Option<io::Error>), LaunchError> {
        let told = match &app.listening {
            Listening::Nowhere => Told::default(),
            Listening::PrivatePort { .. } => {
                Told { port: Some(self.shared.ports.fresh()?), ..Told::default() }
            }
            Listening::FixedPort { port, .. } => Told { port: Some(*port), ..Told::default() },
            Listening::UnixSocket { .. } => {
                let socket = Some(self.socket(app, instance).map_err(LaunchError::Socket)?);
                Told { socket, ..Told::default() }
            }
            Listening::Handed { .. } => {
                let (listener, path) = self.handed(app, instance).map_err(LaunchError::Socket)?;
                Told { socket: Some(path), handed: Some(listener), port: None }
            }
            Listening::Auto { .. } => {
                // Without a writable folder the port is as good, only slower.
                let port = Some(self.shared.ports.fresh()?);
                if self.socket_is_understood(&app.command) {
                    return Ok(match self.socket(app, instance) {
                        Ok(socket) => (Told { socket: Some(socket), port, handed: None }, None),
                        Err(error) => (Told { port, ..Told::default() }, Some(error)),
                    });
                }
                Told { port, ..Told::default() }
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

    /// The one the instance had before, so that nothing in its queue is lost.
    fn handed(&mut self, app: &AppSpec, instance: u64) -> io::Result<(Listener, Arc<PathBuf>)> {
        if let Some(known) = self.handed.get(&instance).filter(|(_, path)| path.exists()) {
            return Ok(known.clone());
        }
        let path = self.socket(app, instance)?;
        let listener = Listener(Arc::new(onedoor_linux::socket::listen_handed(&path)?));
        socket::give(&path, owner(app))?;
        self.handed.insert(instance, (listener.clone(), Arc::clone(&path)));
        Ok((listener, path))
    }

    /// In the app's folder; where none can be written, by a name that nobody can guess.
    fn notify_socket(&mut self, app: &AppSpec, marker: &OsStr) -> io::Result<NotifySocket> {
        // One per start: the last one of the start before may still be on its way out.
        let name = format!("n-{}", short(marker));
        let path = self.folder(app).and_then(|folder| folder.vacant(&name));
        let at_path = |path: PathBuf| {
            let socket = NotifySocket::at_path(path.clone())?;
            socket::give(&path, owner(app))?;
            Ok(socket)
        };
        path.and_then(at_path).or_else(|_: io::Error| {
            NotifySocket::abstract_named(format!("onedoor-{}", marker.to_string_lossy()))
        })
    }

    fn folder(&mut self, app: &AppSpec) -> io::Result<&SocketFolder> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => self.shared.runtime.folder_of(&app.name, owner(app))?,
        };
        Ok(self.folder.insert(folder))
    }
}

/// Whom the app's files are for, if not for us.
fn owner(app: &AppSpec) -> Option<Owner> {
    let identity = &app.isolation.account.as_ref()?.identity;
    Some(Owner { user: identity.user, group: identity.group })
}

/// Enough of a marker to tell two starts apart.
fn short(marker: &OsStr) -> String {
    marker.to_string_lossy().chars().take(NOTIFY_NAME_LEN).collect()
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
        | Listening::UnixSocket { prefix }
        | Listening::Handed { prefix } => prefix.as_deref(),
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

//! One app or job by itself, for whoever wants to see it run: what its process would be under the door.

use std::sync::Arc;

use onedoor_linux::spawn::SpawnSpec;

use super::confine::Confined;
use super::secret::ask_once;
use super::spawn::{LaunchError, Launcher, RuntimeDir, Shared};
use super::spec::{AppSpec, Config, Listening};
use crate::loopback::{Addresses, PrivatePorts};
use crate::suggest;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Alone {
    pub(crate) spec: SpawnSpec,
    /// The port it is told.
    pub(crate) listens: Option<u16>,
    /// What those complained about that told its secrets.
    pub(crate) complaints: Vec<String>,
    /// Holds it to its limits; to be kept as long as it runs.
    pub(crate) kept: Kept,
}

#[derive(Debug)]
pub(crate) struct Kept {
    _confined: Confined,
    _launcher: Launcher,
}

/// Makes the first start of the app or job of that name; `addresses`: where a onedoor that runs has its side doors.
///
/// # Errors
/// Place, fact, remedy.
pub(crate) fn launch_alone(config: &Config, name: &str, addresses: Addresses) -> Result<Alone, String> {
    let everyone = || config.apps.iter().chain(config.jobs.iter().map(|job| &job.worker));
    let Some(app) = everyone().find(|app| &*app.name == name) else {
        let near = suggest::nearest(name, everyone().map(|app| &*app.name));
        let meant = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        return Err(format!("there is no app or job \"{name}\"{meant}"));
    };
    let app = on_a_port(app);
    let shared = Shared {
        ports: Arc::new(PrivatePorts::of_this_host(Default::default())),
        addresses,
        runtime: Arc::new(RuntimeDir::of_this_host().map_err(|error| error.to_string())?),
        confinement: Arc::default(),
    };
    let mut launcher = Launcher::new(&app, shared);
    let (secrets, complaints) = ask_once(&app);
    let launch = secrets.map_err(LaunchError::from).and_then(|secrets| launcher.prepare(&app, 1, &secrets));
    let launch = launch.map_err(|error| format!("{}: {name}: {error}", app.place))?;
    let kept = Kept { _confined: launch.confined, _launcher: launcher };
    Ok(Alone { spec: launch.spec, listens: launch.told.port, complaints, kept })
}

/// A person has no use for a socket in a folder that nobody else may enter.
fn on_a_port(app: &AppSpec) -> AppSpec {
    let mut app = app.clone();
    app.listening = match app.listening {
        Listening::Auto { prefix } | Listening::UnixSocket { prefix } | Listening::Handed { prefix } => {
            Listening::PrivatePort { prefix }
        }
        Listening::Nowhere | Listening::PrivatePort { .. } | Listening::FixedPort { .. } => app.listening,
    };
    // Nobody listens to what it would say.
    app.readiness = super::spec::Readiness::Accept;
    app.liveness = super::spec::Liveness::Unwatched;
    app
}

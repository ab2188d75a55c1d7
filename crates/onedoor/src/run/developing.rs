//! `onedoor dev`, as far as it is put together here: the screen, and what the developer is shown of the file.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;

use crate::apps::spec::{AppSpec, Watch};
use crate::config::Loaded;
use crate::dev::{Picture, Place, Plan, Source, Watched, has_terminal};
use crate::init;
use crate::observe::log::{Level, Log, LogConfig};
use crate::prefix_doctor::Practice;
use crate::proxy::{self, config::Listen};

/// A log below a table, if there is a terminal for it.
pub(super) fn start_log(config: &LogConfig) -> io::Result<Log> {
    // Before the first thread: each inherits the mask.
    init::block_terminal_signals()?;
    let is_screen = io::stdout().is_terminal() && io::stderr().is_terminal() && has_terminal();
    if is_screen { Log::start_on_screen(config) } else { Log::start(config) }
}

/// What the file says, less where the door listens.
pub(super) fn picture(loaded: &Loaded) -> Picture {
    let name = |app: crate::registry::AppId| loaded.apps.apps.get(usize::from(app.0));
    let place = |row: &crate::config::TableRow| Place {
        at: row.at.clone(),
        what: row.what.clone(),
        app: row.app.and_then(name).map(|app| app.name.clone()),
    };
    Picture {
        url: String::new(),
        addresses: Vec::new(),
        apps: loaded.apps.apps.iter().map(|app| app.name.clone()).collect(),
        places: loaded.table.iter().map(place).collect(),
        practice: Some(Practice::new(&loaded.proxy.routes, &loaded.apps.apps)),
        plan: plan(loaded),
    }
}

/// What is watched.
fn plan(loaded: &Loaded) -> Plan {
    let watched = |app: &AppSpec| Watched {
        app: app.name.clone(),
        source: match &app.watch {
            Watch::Nothing => Source::Nothing,
            Watch::Dir => Source::Dir,
            Watch::Paths(paths) => Source::Paths(paths.clone()),
        },
        files: app.environment.files.clone(),
        dir: app.dir.clone(),
    };
    Plan { apps: loaded.apps.apps.iter().map(watched).collect(), config: Vec::new() }
}

/// Where it is is known only now.
pub(super) fn hang(picture: &mut Picture, addresses: &[String]) {
    picture.url = url(addresses);
    picture.addresses = addresses.to_vec();
}

/// Where a browser finds the door.
fn url(addresses: &[String]) -> String {
    let parsed = addresses.iter().find_map(|address| address.parse::<SocketAddr>().ok());
    match parsed {
        Some(at) if at.ip().is_loopback() || at.ip().is_unspecified() => {
            format!("http://localhost:{}", at.port())
        }
        Some(at) => format!("http://{at}"),
        None => addresses.join(", "),
    }
}

/// The port that is first tried.
pub(super) fn port_wished(loaded: &Loaded) -> Option<u16> {
    loaded.proxy.listen.iter().find_map(|listen| match listen {
        Listen::FirstFree { ports, .. } => ports.first().copied(),
        Listen::Tcp(_) | Listen::AnyAddress { .. } | Listen::Unix(_) => None,
    })
}

pub(super) fn tell_port(log: &Log, wished: Option<u16>, got: &[u16]) {
    if let (Some(wished), Some(got)) = (wished, got.first())
        && wished != *got
        && wished != 0
    {
        let by = proxy::who_has(wished);
        log.event(Level::Warn, None, format_args!("{by} listens on port {wished}: this is port {got}"));
    }
}

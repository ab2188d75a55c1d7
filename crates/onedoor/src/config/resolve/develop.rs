//! What `onedoor dev` treats otherwise: where the door listens, which command starts an app and which changes start it
//! anew, what becomes of one that ends, and how the log looks.
//!
//! All of it is decided here, so that the parts know nothing of development: they are given other values.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Context, command};
use crate::apps::spec::{AppSpec, Grace, ReplaceHow, RestartWhen, Watch};
use crate::config::env::Purpose;
use crate::config::section::{Section, Value};
use crate::observe::log::{Format, LogConfig};
use crate::proxy::config::Listen;

/// Where the door is if nobody says: where a developer expects it.
pub(super) const PORT: u16 = 3000;

/// So many ports are tried.
const PORTS: usize = 20;

/// A browser keeps its WebSocket and its event stream open; whoever has saved a file does not wait for them.
const DRAIN: Duration = Duration::from_millis(300);

/// As long as an app may take to end that is to be started anew, where the file says nothing.
const GRACE: Duration = Duration::from_secs(3);

/// Loopback, unless the developer says otherwise: what runs here shows its inside. Of the file's `listen` the port counts.
pub(super) fn listen(written: Vec<Listen>, apps: Option<&Section>, context: &Context<'_>) -> Vec<Listen> {
    let Purpose::Develop(how) = &context.env.purpose else { return written };
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let addresses = how.host.map_or_else(|| loopback.to_vec(), |host| vec![host]);
    let port = written.iter().find_map(|listen| match listen {
        Listen::Tcp(address) => Some(address.port()),
        Listen::AnyAddress { port } => Some(*port),
        Listen::FirstFree { ports, .. } => ports.first().copied(),
        Listen::Unix(_) => None,
    });
    let ports = match how.port {
        // Whoever names a port wants that one.
        Some(port) => vec![port],
        None => candidates(port.unwrap_or(PORT), &fixed_ports(apps)),
    };
    vec![Listen::FirstFree { addresses, ports }]
}

/// `from` and those above it, but none that an app has for itself.
fn candidates(from: u16, fixed: &BTreeSet<i64>) -> Vec<u16> {
    if from == 0 {
        return vec![0];
    }
    (from..=u16::MAX).filter(|port| !fixed.contains(&i64::from(*port))).take(PORTS).collect()
}

fn fixed_ports(apps: Option<&Section>) -> BTreeSet<i64> {
    let apps = apps.map_or(&[][..], |apps| &apps.entries);
    let tables = apps.iter().filter_map(|app| match &app.node.as_ref()?.value {
        Value::Table(section) => Some(section),
        _ => None,
    });
    tables.filter_map(|section| section.int("port")).map(|port| port.value).collect()
}

/// A command that is no command is one in every use of the file. Whether its program is there matters to a developer.
pub(super) fn check(section: &Section, context: &mut Context<'_>) {
    if let Some(dev) = section.node("dev").filter(|_| !context.env.is_for_development()) {
        context.errors.extend(command::parse(dev).err());
    }
}

/// Which changes start the app anew. One with a `dev` command most likely sees to that itself.
pub(super) fn watch(section: &Section, context: &Context<'_>) -> Watch {
    if let Some(paths) = section.list("watch") {
        return Watch::Paths(paths.iter().map(|path| context.folder.join(path.value)).collect());
    }
    match section.flag("watch") {
        Some(true) => Watch::Dir,
        Some(false) => Watch::Nothing,
        None if section.key("dev").is_some() => Watch::Nothing,
        None => Watch::Dir,
    }
}

/// An app that ends waits for a change of its files instead of ending again; one that is started anew is stopped
/// first, for nobody wants to be answered by yesterday's code.
pub(super) fn app(mut app: AppSpec, section: &Section, context: &Context<'_>) -> AppSpec {
    if !context.env.is_for_development() {
        return app;
    }
    app.restart.when = RestartWhen::Wanted;
    app.replace = ReplaceHow::StopFirst;
    app.stop.drain = app.stop.drain.min(DRAIN);
    if app.stop.grace == Grace::RestOfBudget {
        app.stop.grace = Grace::AtMost(GRACE);
    }
    if section.key("dev").is_some() {
        app.replicas = 1;
    }
    app
}

/// For people, even through a pipe.
pub(super) fn log(mut log: LogConfig, context: &Context<'_>) -> LogConfig {
    if context.env.is_for_development() && log.format == Format::Auto {
        log.format = Format::Human;
    }
    log
}

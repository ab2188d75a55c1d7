//! What `onedoor dev` treats otherwise: where the door listens, which command starts an app and which changes start it
//! anew, what becomes of one that ends, and how the log looks.
//!
//! It also adds ways to each app that only a developer has. All of it is decided here, so that the parts know nothing of development: they are given other values.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use super::app::{AppTerms, Draft};
use super::route::route_policy;
use super::{Context, command};
use crate::apps::spec::{AppSpec, Grace, ReplaceHow, RestartWhen, Watch};
use crate::config::env::Purpose;
use crate::config::section::{Section, Value};
use crate::config::source::Span;
use crate::observe::log::{Format, LogConfig};
use crate::prefix_doctor;
use crate::proxy::config::{AccessLog, AppFacts, Candour, Listen};
use crate::proxy::route::{
    Action, Builtin, FixedAnswer, Pattern, Rewrite, Route, RouteSpec, UpstreamHost, When,
};

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
    sorted::set(tables.filter_map(|section| section.int("port")).map(|port| port.value))
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

/// What the prefix doctor asks is no request of the developer's.
pub(super) fn access_log(written: AccessLog, context: &Context<'_>) -> AccessLog {
    match written {
        AccessLog::On if context.env.is_for_development() => AccessLog::OnBut(prefix_doctor::USER_AGENT),
        written => written,
    }
}

/// What a developer is told of each app that fails.
pub(super) fn candour(apps: &[AppSpec], context: &Context<'_>) -> Candour {
    if !context.env.is_for_development() {
        return Candour::Terse;
    }
    let facts = |app: &AppSpec| AppFacts {
        name: Arc::clone(&app.name),
        command: app.command.to_string(),
        place: Arc::clone(&app.place),
    };
    Candour::Full(apps.iter().map(facts).collect())
}

/// Ways that a developer has besides: `http://NAME.localhost` is the app at its own root, whatever its mount, and
/// `/.onedoor/app/NAME` says how it is. A browser looks up every name below localhost by itself (RFC 6761 6.3). What the
/// file says itself stands.
pub(super) fn routes(
    apps: &[Draft<'_>],
    said: &[(RouteSpec, Span)],
    body_max: Option<u64>,
    context: &Context<'_>,
) -> Vec<(RouteSpec, Span)> {
    if !context.env.is_for_development() {
        return Vec::new();
    }
    let served = |app: &&Draft<'_>| {
        let leads_to =
            |spec: &RouteSpec| matches!(&spec.route.action, Action::App { app: to, .. } if *to == app.id);
        said.iter().any(|(spec, _)| leads_to(spec))
    };
    let served: Vec<&Draft<'_>> = apps.iter().filter(served).collect();
    let mut routes = Vec::new();
    let mut add = |key: String, action: Action, terms: AppTerms, span: Span| {
        let is_said = |(spec, _): &&(RouteSpec, Span)| spec.pattern.written() == key;
        let Some(pattern) = Pattern::parse(&key).ok().filter(|_| said.iter().all(|one| !is_said(&one)))
        else {
            return;
        };
        let (name, place) = (Arc::from(key), context.source.place(span));
        let route = Route { name, place, action, policy: route_policy(None, body_max, terms) };
        routes.push((RouteSpec { pattern, when: When::default(), priority: 0, route }, span));
    };
    for app in &served {
        let (name, span) = (app.name.value, app.name.span);
        let whole = Action::App { app: app.id, host: UpstreamHost::Keep, rewrite: Rewrite::keep() };
        add(format!("{name}.localhost/*"), whole, app.terms(), span);
        for host in ["".to_owned(), format!("{name}.localhost")] {
            let state = Action::Builtin(Builtin::App(app.id));
            add(format!("{host}/.onedoor/app/{name}"), state, AppTerms::NONE, span);
        }
    }
    if !served.is_empty() {
        let names: Vec<_> = served.iter().map(|app| format!("  {}.localhost\n", app.name.value)).collect();
        let text = format!("no app is served here; there are:\n{}", names.concat());
        let fields = vec![("Content-Type".into(), "text/plain; charset=utf-8".into())];
        let nobody = FixedAnswer { status: 404, fields, body: text.into_bytes().into() };
        add("*.localhost/*".to_owned(), Action::Respond(nobody), AppTerms::NONE, Span::default());
    }
    routes
}

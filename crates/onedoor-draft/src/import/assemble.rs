//! From the sketch to the draft of an `onedoor.toml`: programs are given to the routes that ask for them, what may
//! not be served is closed, what cannot be served yet is written as a comment.

use std::collections::BTreeSet;

use crate::draft::{Draft, Entry, Fact, Value};

use super::finding::Ledger;
use super::pairing::{Owner, Pairing};
use super::sketch::{
    Address, Answer, HostHeader, Reach, Route, Service, Sketch, Standing, Upstream, fact, said,
};

/// The order people write an app's keys in; the others follow.
const ORDER: [&str; 9] = ["dir", "path", "host", "strip", "rewrite", "run", "port", "socket", "replicas"];

/// Who is served at / if nothing says it.
const FRONTS: [&str; 7] = ["web", "frontend", "client", "ui", "site", "app", "root"];

/// The door's own, unless server.listen says another.
const DOOR_PORT: &str = "8000";

pub(super) fn draft(sketch: Sketch, ledger: &mut Ledger) -> Draft {
    let Sketch { mut services, jobs, routes, server, log, afterwords, .. } = sketch;
    let pairing = Pairing::new(&mut services, &routes, ledger);
    let mut desk = Desk {
        services,
        routes: Vec::new(),
        later: Vec::new(),
        strangers: Vec::new(),
        served: BTreeSet::new(),
        ledger,
    };
    for route in first_match_first(routes) {
        desk.route(route, &pairing);
    }
    desk.place_the_unplaced();
    desk.hear_the_placed();
    desk.mount();
    desk.give_each_its_port(&server);
    let Desk { services, mut routes, later, strangers, .. } = desk;
    let mut jobs = jobs;
    let mut apps: Vec<Entry> = services.into_iter().map(|service| service.app).collect();
    for app in &mut apps {
        let rank = |fact: &Fact| ORDER.iter().position(|key| *key == fact.key).unwrap_or(ORDER.len());
        sorted::by_key(&mut app.facts, rank);
    }
    for fact in apps.iter_mut().chain(&mut jobs).chain(&mut routes).flat_map(|entry| &mut entry.facts) {
        each_key_once(&mut fact.value);
    }
    if apps.is_empty() && routes.is_empty() {
        // A file needs something to serve; whoever asks is told the truth.
        let mut nothing = Entry::named("/*");
        nothing
            .note("Nothing could be converted: see below, and the report of `onedoor init`.")
            .say("status", 404);
        routes.push(nothing);
    }
    let mut server = server;
    sorted::by_key(&mut server.facts, |fact| fact.key != "listen");
    let blocks = [afterwords, strangers, later].into_iter().filter(|block| !block.is_empty());
    let afterwords: Vec<String> = blocks.collect::<Vec<_>>().join(&String::new());
    Draft { server, log, apps, jobs, routes, afterwords, ..Draft::default() }
}

struct Desk<'l> {
    services: Vec<Service>,
    routes: Vec<Entry>,
    /// Comment lines.
    later: Vec<String>,
    strangers: Vec<String>,
    /// By place in `services`.
    served: BTreeSet<usize>,
    ledger: &'l mut Ledger,
}

impl Desk<'_> {
    fn route(&mut self, route: Route, pairing: &Pairing) {
        let key = route.key();
        let mut entry = Entry { name: key.clone(), ..route.entry.clone() };
        if let Answer::Upstream(upstream) = &route.answer {
            let mut target = self.target(upstream, pairing, &route);
            target.append(&mut entry.facts);
            entry.facts = target;
        }
        match &route.standing {
            Standing::Later => return self.write_for_later(entry),
            Standing::Open => {}
            Standing::Closed { guard } => {
                let mut closed = Entry { name: key.clone(), notes: entry.notes.clone(), facts: Vec::new() };
                closed.note(format!(
                    "CLOSED: it was guarded by {guard}, which onedoor cannot do yet. Once the app guards it, the line is:"
                ));
                entry.notes.clear();
                let when = fact(&entry, "when").cloned();
                closed.note(written(entry));
                closed.say("status", 403).say("body", "Closed until it is guarded: see onedoor.toml.\n");
                if let Some(when) = when {
                    closed.say("when", when);
                }
                entry = closed;
            }
        }
        if self.routes.iter().any(|other| other.name == key) {
            let instead = format!("there is a route \"{key}\" already, and the first one stands");
            return self.ledger.missing(route.item, instead);
        }
        self.routes.push(entry);
    }

    /// Who answers, as the first facts of the route.
    fn target(&mut self, upstream: &Upstream, pairing: &Pairing, route: &Route) -> Vec<Fact> {
        let mut entry = Entry::default();
        match pairing.owner(upstream) {
            Owner::App(at) => {
                self.serve(at, upstream);
                entry.say("app", self.services[at].app.name.as_str());
            }
            Owner::First(at) => {
                self.serve(at, upstream);
                let name = self.services[at].app.name.clone();
                let how = format!(
                    "onedoor spreads requests over the replicas of one app, not over different programs: all go to \
                     \"{name}\""
                );
                self.ledger.missing(route.item, how);
                entry.say("app", name);
            }
            Owner::Nobody => self.stranger(upstream, route, &mut entry),
        }
        entry.facts
    }

    /// The app is served: it has to be told where to listen, or onedoor where it does.
    fn serve(&mut self, at: usize, upstream: &Upstream) {
        if let Some((balance, item)) = upstream.balance {
            if fact(&self.services[at].app, "replicas").is_some() {
                self.services[at].app.say("balance", balance);
                self.ledger.converted(item, format!("balance = \"{balance}\""));
            } else {
                self.ledger.unneeded(item, "the app has one replica, so there is nothing to choose from");
            }
        }
        if !self.served.insert(at) {
            return;
        }
        let service = &mut self.services[at];
        if service.listens.is_empty() {
            let far = upstream.addresses.iter().find_map(|address| match address {
                Address::Port(port) | Address::Far { port: Some(port), .. } => Some(*port),
                Address::Socket(_) | Address::Far { port: None, .. } => None,
            });
            service.listens.extend(far.map(Address::Port));
        }
        listen(service);
    }

    /// An address of nobody's.
    fn stranger(&mut self, upstream: &Upstream, route: &Route, entry: &mut Entry) {
        let Some(address) = upstream.addresses.first() else { return };
        match address {
            Address::Socket(path) => drop(entry.say("proxy", format!("unix:{path}"))),
            Address::Port(_) | Address::Far { .. } => {
                entry.say("proxy", format!("{}://{}", upstream.scheme, address.shown()));
                if upstream.host == HostHeader::Keep {
                    entry.say("host", "keep");
                }
            }
        }
        if let Some((balance, item)) = upstream.balance {
            self.ledger.missing(item, format!("where an app has replicas, write balance = \"{balance}\""));
        }
        if upstream.addresses.len() > 1 {
            let how = "onedoor spreads requests over the replicas of an app it starts, not over addresses: the first is asked";
            self.ledger.missing(route.item, how);
        }
        if matches!(address, Address::Far { .. }) {
            return;
        }
        let shown = address.shown();
        let how = format!(
            "nothing says which program listens at {shown}: it is asked as a server onedoor does not start. The lines \
             for an app are at the end of the file"
        );
        self.ledger.missing(route.item, how);
        if self.strangers.iter().any(|line| line.contains(&format!("listens at {shown},"))) {
            return;
        }
        let is_taken = |name: &str| {
            let table = format!("[apps.{name}]");
            self.services.iter().any(|service| service.app.name == name) || self.strangers.contains(&table)
        };
        let name = super::sketch::app_name(upstream.called.as_deref().unwrap_or("web"), is_taken);
        self.strangers
            .push(format!("Whoever listens at {shown}, onedoor can start it, too: write what it runs, and"));
        self.strangers.push(format!("app = \"{name}\" in the place of proxy = … in its routes."));
        self.strangers.push(format!("[apps.{name}]"));
        self.strangers.push("run = \"…\"".to_owned());
        match address {
            Address::Port(port) => self.strangers.push(format!("port = {port}")),
            Address::Socket(_) | Address::Far { .. } => self.strangers.push("socket = true".to_owned()),
        }
    }

    /// Programs that listen, while nothing says where they are served: each had a port of its own, and there is one
    /// door now.
    fn place_the_unplaced(&mut self) {
        let left: Vec<usize> = (0..self.services.len())
            .filter(|at| !self.served.contains(at) && !self.services[*at].listens.is_empty())
            .filter(|at| self.services[*at].reach == Reach::Outside)
            .filter(|at| fact(&self.services[*at].app, "path").is_none())
            .collect();
        let has_root = self.routes.iter().any(|route| route.name == "/*");
        let front = FRONTS
            .iter()
            .find_map(|name| left.iter().find(|at| self.services[**at].app.name == *name))
            .copied();
        for at in &left {
            let service = &mut self.services[*at];
            listen(service);
            let words = super::pairing::run_text(&service.app);
            let path = match super::listens::prefix(&words) {
                Some(prefix) => prefix,
                None if !has_root && (left.len() == 1 || front == Some(*at)) => "/".to_owned(),
                None => format!("/{}", service.app.name),
            };
            let how = format!(
                "it was reached by its own port; onedoor has one port for all, and serves it at {path}. Change the path, or \
                 take path and port away if nobody is to reach it from outside"
            );
            self.ledger.changed(service.item, how);
            service.app.note(format!("Nothing said where it is served: {path} is a guess."));
            service.app.say("path", path);
        }
    }

    /// An app whose own file says where it is served listens where its command says.
    fn hear_the_placed(&mut self) {
        self.services.iter_mut().filter(|service| fact(&service.app, "path").is_some()).for_each(listen);
    }

    /// An app that listened where the door does now, or where another app does, is told its port instead.
    fn give_each_its_port(&mut self, server: &Entry) {
        let listen = said(server, "listen").map_or(DOOR_PORT, |listen| {
            listen.trim_end_matches('}').rsplit(['-', ':']).next().unwrap_or(DOOR_PORT)
        });
        let mut taken = BTreeSet::from([listen.to_owned()]);
        for service in &mut self.services {
            let Some(Value::Integer(port)) = fact(&service.app, "port") else { continue };
            if taken.insert(port.to_string()) {
                continue;
            }
            let is_said = super::pairing::run_text(&service.app).contains(&port.to_string());
            let Some(told) = super::pairing::without_port(service) else { continue };
            service.app = told;
            let how = "its port is the door's own, or another app's: it gets another one, which onedoor tells it by $PORT";
            self.ledger.changed(service.item, how);
            if !is_said {
                service.app.note("It has to listen at $PORT: see that its command, or its code, does.");
            }
        }
    }

    /// A route that is a plain subtree of an app is the app's `path`.
    fn mount(&mut self) {
        for service in &mut self.services {
            if fact(&service.app, "path").is_some() {
                continue;
            }
            let name = service.app.name.clone();
            let is_mount = |route: &Entry| {
                said(route, "app") == Some(name.as_str())
                    && route.name.ends_with("/*")
                    && !route.name.contains(['{', ' '])
                    && route.facts.iter().all(|fact| matches!(fact.key.as_str(), "app" | "strip" | "rewrite"))
                    && !matches!(fact(route, "strip"), Some(Value::Text(_)))
            };
            let root = self.routes.iter().position(|route| is_mount(route) && route.name == "/*");
            let Some(at) = root.or_else(|| self.routes.iter().position(is_mount)) else { continue };
            let route = self.routes.remove(at);
            let key = route.name.trim_end_matches("/*");
            let (host, path) = key.split_at(key.find('/').unwrap_or(key.len()));
            service.app.say("path", if path.is_empty() { "/" } else { path });
            if !host.is_empty() {
                service.app.say("host", host);
            }
            for fact in route.facts.into_iter().filter(|fact| fact.key != "app") {
                service.app.say(&fact.key, fact.value);
            }
            service.app.notes.extend(route.notes);
        }
    }

    fn write_for_later(&mut self, mut entry: Entry) {
        if self.later.is_empty() {
            self.later.push("For when onedoor serves files (`static`); until then the app has to, or whoever stands in front:".to_owned());
        }
        if let Some(first) = entry.facts.first_mut() {
            // A table of its own can be taken out of the comment wherever it stands.
            first.because = Some("later".to_owned());
        }
        let text = text_of(entry).replace("  # later", "");
        self.later.extend(text.lines().map(str::to_owned));
    }
}

/// Of equal keys the last one stands, as in the files they come from.
fn each_key_once(value: &mut Value) {
    if let Value::Table(pairs) = value {
        let mut kept: Vec<(String, Value)> = Vec::with_capacity(pairs.len());
        for (key, value) in pairs.drain(..) {
            match kept.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => *known = value,
                None => kept.push((key, value)),
            }
        }
        *pairs = kept;
    }
}

/// Says `port` or `socket`, unless the app listens where onedoor tells it to.
fn listen(service: &mut Service) {
    let is_told = super::pairing::run_text(&service.app).contains("$PORT");
    match service.listens.as_slice() {
        [] => {}
        _ if is_told || fact(&service.app, "replicas").is_some() || fact(&service.app, "port").is_some() => {}
        [Address::Socket(path), ..] => {
            let path = path.clone();
            for fact in service.app.facts.iter_mut().filter(|fact| fact.key == "run") {
                match &mut fact.value {
                    Value::Text(text) => *text = text.replace(&path, "$SOCKET"),
                    Value::List(words) => {
                        for word in words {
                            if let Value::Text(text) = word {
                                *text = text.replace(&path, "$SOCKET");
                            }
                        }
                    }
                    _ => {}
                }
            }
            service.app.say("socket", true);
        }
        [Address::Port(port) | Address::Far { port: Some(port), .. }, ..] => {
            service.app.say("port", i64::from(*port));
        }
        [Address::Far { port: None, .. }, ..] => {}
    }
}

/// Regexes were tried in the order of the file; where two of them could tie, the earlier one wins here as well.
fn first_match_first(mut routes: Vec<Route>) -> Vec<Route> {
    let rank = |route: &Route| {
        let key = route.key();
        key.split_once('{').map(|(before, _)| before.to_owned()).filter(|_| key.contains(':'))
    };
    let ranks: Vec<Option<String>> = routes.iter().map(rank).collect();
    for (at, route) in routes.iter_mut().enumerate() {
        let Some(own) = &ranks[at] else { continue };
        let later = ranks[at + 1..].iter().flatten().filter(|other| *other == own).count();
        if later > 0 {
            route.entry.say("priority", i64::try_from(later).unwrap_or(1));
        }
    }
    routes
}

/// `"/x/*" = { … }`, as it would be written below `[routes]`.
fn written(entry: Entry) -> String {
    let text = text_of(entry);
    text.strip_prefix("[routes]\n").unwrap_or(&text).trim_end().to_owned()
}

fn text_of(entry: Entry) -> String {
    Draft { routes: vec![entry], ..Draft::default() }.render().trim().to_owned()
}

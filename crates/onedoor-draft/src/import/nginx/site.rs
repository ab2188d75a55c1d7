//! The blocks around the locations: http, upstreams, servers; which server has which host, and the one port.

use std::collections::BTreeMap;

use crate::draft::Entry;
use crate::import::finding::{Item, Ledger, Verdict};
use crate::import::sketch::{Address, Answer, Route, Sketch};

use super::location;
use super::scope::{self, Level, Scope};
use super::tree::Directive;

/// An `upstream` block.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) addresses: Vec<Address>,
    /// How it chooses among them, and where it says so.
    pub(super) balance: Option<(&'static str, Item)>,
}

pub(super) type Pools = BTreeMap<String, Pool>;

/// A `server` block, and what holds around it.
struct Server<'d> {
    directive: &'d Directive,
    scope: Scope,
    names: Vec<String>,
    ports: Vec<u16>,
    has_tls: bool,
    is_default: bool,
}

/// What all of the blocks have in common.
struct Walk<'d> {
    pools: Pools,
    servers: Vec<Server<'d>>,
    server: Entry,
}

pub(super) fn convert(directives: &[Directive], sketch: &mut Sketch, ledger: &mut Ledger) {
    let server = std::mem::take(&mut sketch.server);
    let mut walk = Walk { pools: Pools::new(), servers: Vec::new(), server };
    walk.block(directives, &Scope::default(), ledger);
    let Walk { pools, mut servers, mut server } = walk;
    servers.retain(|server| !sends_to_https(server, ledger));
    let port = servers.first().map(|server| server.ports.first().copied().unwrap_or(80));
    if let Some(port) = port {
        let public = if port == 443 { 80 } else { port };
        server.say("listen", format!(":${{PORT:-{public}}}"));
        servers.retain(|server| {
            server.has_tls
                || server.ports.is_empty()
                || server.ports.contains(&port)
                || other_port(server, port, ledger)
        });
    }
    hosts(&servers, &pools, &mut server, sketch, ledger);
    if let (Some(first), false) = (servers.first(), mentions(directives, "client_max_body_size")) {
        let how = "nginx refuses bodies over 1 MiB unless it is told another size; onedoor has no limit unless it is told \
                   one: [server] limits = { body = \"1MiB\" }";
        ledger.changed(first.directive.item, how);
    }
    finish(directives, ledger);
    sketch.server = server;
}

fn mentions(directives: &[Directive], name: &str) -> bool {
    directives.iter().any(|directive| directive.name == name || mentions(directive.children(), name))
}

/// What is left is told by its name.
fn finish(directives: &[Directive], ledger: &mut Ledger) {
    for directive in directives {
        scope::settle_by_name(directive, ledger);
        finish(directive.children(), ledger);
    }
}

impl<'d> Walk<'d> {
    fn block(&mut self, directives: &'d [Directive], scope: &Scope, ledger: &mut Ledger) {
        let mut scope = scope.inside(directives);
        for directive in directives {
            match directive.name.as_str() {
                "http" | "events" | "server" | "upstream" | "map" => {}
                _ if scope.take(directive, Level::Http, &mut self.server, ledger) => {}
                _ => scope::settle_by_name(directive, ledger),
            }
        }
        for directive in directives {
            match directive.name.as_str() {
                "http" | "events" => {
                    ledger.converted(directive.item, "what is inside of it");
                    self.block(directive.children(), &scope, ledger);
                }
                "upstream" => self.pool(directive, ledger),
                "map" => map(directive, ledger),
                "server" => {
                    let server = server(directive, &scope, &mut self.server, ledger);
                    self.servers.push(server);
                }
                _ => {}
            }
        }
    }

    fn pool(&mut self, directive: &Directive, ledger: &mut Ledger) {
        let mut addresses = Vec::new();
        let mut balance = None;
        for child in directive.children() {
            match child.name.as_str() {
                "server" if child.args.iter().any(|word| word == "down") => {
                    ledger.unneeded(child.item, "it is marked as down");
                }
                "server" if child.args.iter().any(|word| word == "backup") => {
                    ledger.missing(child.item, "onedoor has no server in reserve: give the app replicas");
                }
                "server" => match Address::parse(child.arg(0)) {
                    Some(address) => {
                        addresses.push(address);
                        let weighs = child.args.iter().skip(1).any(|word| word.starts_with("weight="));
                        match weighs {
                            true => ledger.changed(child.item, "replicas of an app have equal weight"),
                            false => ledger.converted(child.item, "where the app of its routes listens"),
                        }
                    }
                    None => ledger.missing(child.item, format!("\"{}\" is no address", child.arg(0))),
                },
                "least_conn" => balance = Some(("least-conn", child.item)),
                "ip_hash" => balance = Some(("ip-hash", child.item)),
                "sticky" => balance = Some(("cookie", child.item)),
                _ => scope::settle_by_name(child, ledger),
            }
        }
        ledger.converted(directive.item, "where the app of its routes listens");
        self.pools.insert(directive.arg(0).to_owned(), Pool { addresses, balance });
    }
}

/// `map $http_upgrade $connection_upgrade` is what everybody copies for WebSockets.
fn map(directive: &Directive, ledger: &mut Ledger) {
    let verdict = match directive.arg(0) {
        "$http_upgrade" => Verdict::Unneeded("WebSockets pass by themselves".to_owned()),
        _ => Verdict::Missing(
            "onedoor has no variables: write a route for each case, or let the app decide".to_owned(),
        ),
    };
    directive.abandon(ledger, &verdict);
}

/// The server's own directives that hold for all of it.
fn server<'d>(directive: &'d Directive, around: &Scope, door: &mut Entry, ledger: &mut Ledger) -> Server<'d> {
    let mut scope = around.inside(directive.children());
    let mut found = Server {
        directive,
        scope: Scope::default(),
        names: Vec::new(),
        ports: Vec::new(),
        has_tls: false,
        is_default: false,
    };
    for child in directive.children() {
        match child.name.as_str() {
            "server_name" => found.names.extend(child.args.iter().cloned()),
            "listen" => listen(child, &mut found, door, ledger),
            "location" | "return" | "rewrite" | "if" | "try_files" => {}
            _ if scope.take(child, Level::Server, door, ledger) => {}
            _ => scope::settle_by_name(child, ledger),
        }
    }
    found.scope = scope;
    found
}

fn listen(directive: &Directive, server: &mut Server<'_>, door: &mut Entry, ledger: &mut Ledger) {
    let options = || directive.args.iter().skip(1).map(String::as_str);
    let address = directive.arg(0);
    server.is_default |= options().any(|word| word == "default_server" || word == "default");
    if address.starts_with("unix:") {
        ledger.missing(
            directive.item,
            format!("write [server] listen = [\"{address}\", …] if it is to listen there as well"),
        );
        return;
    }
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    let port = port.parse().unwrap_or(80);
    if options().any(|word| word == "proxy_protocol") {
        door.say("proxy_protocol", true);
        ledger.converted(directive.item, "[server] proxy_protocol = true");
    }
    server.ports.push(port);
    if options().any(|word| matches!(word, "ssl" | "quic" | "http3")) {
        server.has_tls = true;
        ledger.missing(
            directive.item,
            "onedoor does not end TLS yet: let the platform or a balancer in front do it, and send plain HTTP here",
        );
        return;
    }
    if address.parse::<u16>().is_err() && !address.contains([':', '.', '*']) {
        ledger.changed(
            directive.item,
            "what it stands for is not known here: 80 is taken, unless the platform says $PORT",
        );
    }
}

/// A server that is there to send plain HTTP to https: what ends TLS does that.
fn sends_to_https(server: &Server<'_>, ledger: &mut Ledger) -> bool {
    let is_https = |directive: &Directive| {
        let target = directive.args.iter().find(|word| word.starts_with("https://"));
        target.is_some_and(|target| {
            let host = target.trim_start_matches("https://").split(['$', '/']).next().unwrap_or_default();
            host.is_empty()
                && (target.contains("$host")
                    || target.contains("$server_name")
                    || target.contains("$http_host"))
                || server.names.iter().any(|name| name == host)
        })
    };
    let redirects = |directive: &Directive| match directive.name.as_str() {
        "return" => is_https(directive) || directive.arg(0) == "404",
        "rewrite" => is_https(directive),
        _ => false,
    };
    let mut answers = server.directive.children().iter().filter(|child| {
        matches!(child.name.as_str(), "return" | "rewrite" | "if" | "location" | "try_files")
    });
    let is_challenge = |child: &Directive| child.args.iter().any(|word| word.contains(".well-known"));
    let all = answers
        .all(|child| redirects(child) || is_challenge(child) || child.children().iter().any(redirects));
    let mut some = server.directive.children().iter();
    let some = some.any(|child| is_https(child) || child.children().iter().any(&is_https));
    if server.has_tls || !all || !some {
        return false;
    }
    let instead =
        "it sends plain HTTP to https. onedoor does not end TLS yet: who ends it in front does this, too";
    server.directive.abandon(ledger, &Verdict::Missing(instead.to_owned()));
    true
}

/// Says that there is one port; never true.
fn other_port(server: &Server<'_>, port: u16, ledger: &mut Ledger) -> bool {
    let instead = format!(
        "it listens on another port than the first server, and onedoor has one ({port}): give it a host name or a path \
         of its own"
    );
    server.directive.abandon(ledger, &Verdict::Missing(instead));
    false
}

/// Gives each server its hosts: the default one takes whatever no other has, as nginx does it.
fn hosts(servers: &[Server<'_>], pools: &Pools, door: &mut Entry, sketch: &mut Sketch, ledger: &mut Ledger) {
    let default = servers.iter().position(|server| server.is_default).unwrap_or(0);
    for (at, server) in servers.iter().enumerate() {
        ledger.converted(server.directive.item, "what is inside of it");
        for child in server.directive.children().iter().filter(|child| child.name == "listen") {
            if !ledger.is_settled(child.item) {
                ledger.converted(child.item, "[server] listen: the platform's $PORT, else this port");
            }
        }
        let named = |ledger: &mut Ledger, verdict: &Verdict| {
            for child in server.directive.children().iter().filter(|child| child.name == "server_name") {
                ledger.settle(child.item, verdict.clone());
            }
        };
        let hosts: Vec<Option<String>> = if at == default {
            let why = "requests for a host nobody else has go to this server in nginx as well: its routes name no host";
            named(ledger, &Verdict::Unneeded(why.to_owned()));
            vec![None]
        } else {
            let (known, foreign): (Vec<String>, Vec<String>) =
                server.names.iter().flat_map(|name| host_patterns(name)).partition(|name| is_host(name));
            if !foreign.is_empty() {
                let how = format!("onedoor takes a host, or *.host; not {}", foreign.join(", "));
                named(ledger, &Verdict::Missing(how));
            }
            if !known.is_empty() {
                named(ledger, &Verdict::Converted(format!("routes of {}", known.join(", "))));
            }
            known.into_iter().map(Some).collect()
        };
        if hosts.is_empty() {
            let instead =
                "nothing tells requests for it from those for the first server: give it a host name";
            server.directive.abandon(ledger, &Verdict::Missing(instead.to_owned()));
        }
        for host in hosts {
            let first = sketch.routes.len();
            location::server(server.directive, &server.scope, host.as_deref(), pools, door, sketch, ledger);
            let answers_all = sketch.routes[first..].iter().any(|route| route.path == "/*");
            if host.is_some() && !answers_all {
                let mut rest = Route::new("/*", Answer::Own, server.directive.item);
                rest.host = host;
                rest.entry
                    .say("status", 404)
                    .note("What this host has no location for is no other host's business.");
                sketch.routes.push(rest);
            }
        }
    }
}

/// `.example.com` is two names.
fn host_patterns(name: &str) -> Vec<String> {
    match name.strip_prefix('.') {
        Some(name) => vec![name.to_owned(), format!("*.{name}")],
        None => vec![name.to_owned()],
    }
}

fn is_host(name: &str) -> bool {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !name.is_empty() && name.bytes().all(is_letter) && !name.starts_with(['.', '-']) && !name.contains("..")
}

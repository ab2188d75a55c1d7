//! Traefik's labels: routers with their rules, the middlewares they name, the port of the service behind.

use std::collections::BTreeMap;

use crate::import::files::Input;
use crate::import::finding::{Item, Ledger, Place};
use crate::import::path_regex;
use crate::import::sketch::{
    Address, Answer, HostHeader, Route, Sketch, Standing, Upstream, literal, subtree,
};
use crate::import::yaml::{Node, Value as Yaml};

use super::rule::{self, Path, Way};

/// All labels of all services: routers may name middlewares of another one.
#[derive(Debug, Default)]
pub(super) struct Labels {
    routers: Vec<Router>,
    middlewares: BTreeMap<String, Vec<(String, String, Item)>>,
    ports: BTreeMap<String, u16>,
}

#[derive(Debug, Default)]
struct Router {
    name: String,
    service: String,
    rule: Option<(String, Item)>,
    middlewares: Vec<String>,
}

impl Labels {
    pub(super) fn read(&mut self, service: &str, node: &Node, input: &Input, ledger: &mut Ledger) {
        let Some(labels) = node.entry("labels") else { return };
        let lines: Vec<usize> = match &labels.value {
            Yaml::List(items) => {
                items.iter().filter(|item| item.text().is_some()).map(|item| item.line).collect()
            }
            Yaml::Table(entries) => entries.iter().map(|(_, node)| node.line).collect(),
            Yaml::Null | Yaml::Text(_) => Vec::new(),
        };
        for ((key, value), line) in labels.pairs().into_iter().zip(lines) {
            let value = value.unwrap_or_default();
            let place = Place { file: input.name.as_str().into(), line };
            let item = ledger.open(place, &format!("{service}.labels: {key}={value}"));
            self.label(service, &key, value, item, ledger);
        }
    }

    fn label(&mut self, service: &str, key: &str, value: String, item: Item, ledger: &mut Ledger) {
        let lower = key.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('.').collect();
        match parts.as_slice() {
            ["traefik", "enable"] => ledger.unneeded(item, "what has a route is served"),
            ["traefik", "http", "routers", name, rest @ ..] => {
                let router = self.router(name, service);
                match rest {
                    ["rule"] => router.rule = Some((value, item)),
                    ["middlewares"] => {
                        router.middlewares = value
                            .split(',')
                            .map(|name| {
                                name.trim().split('@').next().unwrap_or_default().to_ascii_lowercase()
                            })
                            .collect();
                        ledger.converted(item, "strip, and what else onedoor has for them");
                    }
                    ["priority"] => {
                        ledger.changed(item, "the more exact pattern wins in onedoor, whatever its number")
                    }
                    ["entrypoints" | "service"] => {
                        ledger.unneeded(item, "there is one port, and the route names its app")
                    }
                    ["tls", ..] => ledger.missing(
                        item,
                        "onedoor does not end TLS yet: let the platform or a balancer in front do it",
                    ),
                    _ => ledger.missing(item, "onedoor has nothing for it"),
                }
            }
            ["traefik", "http", "services", _, "loadbalancer", "server", "port"] => {
                if let Ok(port) = value.parse() {
                    self.ports.insert(service.to_owned(), port);
                }
                ledger.converted(item, "where it listens");
            }
            ["traefik", "http", "middlewares", name, kind, rest @ ..] => {
                let option = rest.join(".");
                self.middlewares.entry((*name).to_owned()).or_default().push((
                    format!("{kind}.{option}"),
                    value,
                    item,
                ));
            }
            ["traefik", ..] => ledger.missing(item, "onedoor has nothing for it"),
            _ => ledger.unneeded(item, "a label of another program's"),
        }
    }

    fn router(&mut self, name: &str, service: &str) -> &mut Router {
        let at = match self.routers.iter().position(|router| router.name == name) {
            Some(at) => at,
            None => {
                self.routers.push(Router {
                    name: name.to_owned(),
                    service: service.to_owned(),
                    ..Router::default()
                });
                self.routers.len() - 1
            }
        };
        &mut self.routers[at]
    }

    /// The routes, once all labels are read.
    pub(super) fn route(&self, sketch: &mut Sketch, ledger: &mut Ledger) {
        for router in &self.routers {
            let Some((rule, item)) = &router.rule else { continue };
            match rule::parse(rule) {
                Ok(ways) => {
                    for way in &ways {
                        self.way(router, way, *item, sketch, ledger);
                    }
                }
                Err(why) => ledger.missing(*item, format!("{why}: write its route by hand")),
            }
        }
        for (name, _, item) in self.middlewares.values().flatten() {
            if !ledger.is_settled(*item) {
                ledger.missing(
                    *item,
                    format!("no route that is converted uses it, or onedoor has nothing for {name}"),
                );
            }
        }
    }

    fn way(&self, router: &Router, way: &Way, item: Item, sketch: &mut Sketch, ledger: &mut Ledger) {
        let address =
            Address::Far { host: router.service.clone(), port: self.ports.get(&router.service).copied() };
        let upstream = Upstream {
            addresses: vec![address],
            called: Some(router.service.clone()),
            scheme: "http",
            host: HostHeader::Keep,
            balance: None,
        };
        let paths = match way.paths.first() {
            None => vec!["/*".to_owned()],
            Some(Path::Exact(path)) => vec![literal(path)],
            Some(Path::Prefix(path)) => {
                if path.trim_end_matches('/').len() > 1 {
                    ledger.changed(item, format!("Traefik goes by the bytes of a prefix: it took {path}x as well; the route takes whole segments"));
                }
                vec![subtree(path)]
            }
            Some(Path::Regex(regex)) => match path_regex::shape(regex) {
                Ok(shape) => shape.keys.iter().map(path_regex::Key::path).collect(),
                Err(why) => return ledger.missing(item, format!("{why}: write its route by hand")),
            },
        };
        let hosts: Vec<Option<String>> = match way.hosts.as_slice() {
            [] => vec![None],
            hosts => hosts.iter().map(|host| plain_host(host, item, ledger)).collect(),
        };
        let methods = if way.methods.is_empty() { vec![String::new()] } else { way.methods.clone() };
        for host in &hosts {
            for path in &paths {
                for method in &methods {
                    let path = if method.is_empty() { path.clone() } else { format!("{method} {path}") };
                    let mut route = Route::new(path, Answer::Upstream(upstream.clone()), item);
                    route.host.clone_from(host);
                    self.middle(router, &mut route, ledger);
                    ledger.converted(item, format!("the route \"{}\"", route.key()));
                    sketch.routes.push(route);
                }
            }
        }
    }

    /// What its middlewares do to a route.
    fn middle(&self, router: &Router, route: &mut Route, ledger: &mut Ledger) {
        for name in &router.middlewares {
            for (option, value, item) in self.middlewares.get(name).into_iter().flatten() {
                let (kind, _) = option.split_once('.').unwrap_or((option, ""));
                match kind {
                    "stripprefix" if option.contains("forceslash") => ledger.unneeded(*item, "what is left of a path always begins with a slash"),
                    "stripprefix" => strip(route, value, *item, ledger),
                    "addprefix" => {
                        let mount = route.path.trim_end_matches("/*");
                        route.entry.say("rewrite", format!("{}{mount}", value.trim_end_matches('/')));
                        ledger.converted(*item, "rewrite");
                    }
                    "basicauth" | "digestauth" | "forwardauth" | "ipwhitelist" | "ipallowlist" => {
                        route.standing = Standing::Closed { guard: format!("Traefik's {kind}") };
                        ledger.missing(
                            *item,
                            "onedoor cannot ask who comes in yet (`auth` and `allow` are planned). What it guarded answers \
                             403 now, so that nothing is open by accident",
                        );
                    }
                    "redirectscheme" => ledger.missing(*item, "onedoor does not end TLS yet: who ends it in front does this, too"),
                    "compress" => ledger.missing(*item, "onedoor does not compress answers yet: let the app do it, or whoever stands in front"),
                    "headers" => ledger.missing(*item, "onedoor does not change fields yet (`request`, `response` are planned): let the app do it"),
                    "buffering" => ledger.missing(*item, "write limits = { body = … } in the route, if it limits bodies"),
                    _ => ledger.missing(*item, format!("onedoor has nothing for {kind}")),
                }
            }
        }
    }
}

fn strip(route: &mut Route, prefixes: &str, item: Item, ledger: &mut Ledger) {
    let mount = route.path.trim_end_matches("/*").to_owned();
    let wanted: Vec<&str> = prefixes.split(',').map(|prefix| prefix.trim().trim_end_matches('/')).collect();
    if route.path.ends_with("/*") && wanted.contains(&mount.as_str()) && !mount.is_empty() {
        route.entry.say("strip", true);
        return ledger.converted(item, "strip = true");
    }
    if !wanted.iter().any(|prefix| mount.starts_with(prefix)) {
        return ledger.unneeded(
            item,
            format!("the route \"{}\" does not begin with it, so nothing is cut off there", route.path),
        );
    }
    match wanted.iter().find(|prefix| !prefix.is_empty() && mount.starts_with(&format!("{prefix}/"))) {
        Some(prefix) => {
            route.entry.say("strip", *prefix);
            ledger.converted(item, format!("strip = \"{prefix}\""));
        }
        None => ledger.missing(item, format!("the route \"{}\" does not lie below it", route.path)),
    }
}

/// A host of a rule; None: any, because it is known only where Compose runs.
fn plain_host(host: &str, item: Item, ledger: &mut Ledger) -> Option<String> {
    let defaulted = |host: &str| -> Option<String> {
        let (before, after) = host.split_once("${")?;
        let (inside, rest) = after.split_once('}')?;
        let (_, default) = inside.split_once(":-")?;
        Some(format!("{before}{default}{rest}"))
    };
    let host = defaulted(host).unwrap_or_else(|| host.to_owned());
    if host.contains('$') {
        ledger.changed(item, format!("{host} is known only where Compose runs: the route takes every host"));
        return None;
    }
    Some(host)
}

//! The steps of the routes, in their order: the first match wins in Unit, the more exact pattern in onedoor. Where that
//! makes a difference, it is told.

use crate::import::files::Input;
use crate::import::finding::{Item, Ledger, Place};
use crate::import::path_regex;
use crate::import::sketch::{
    Address, Answer, HostHeader, Route, Sketch, Standing, Upstream, literal, subtree,
};
use crate::import::yaml::Node;

struct Walk<'a> {
    root: &'a Node,
    input: &'a Input,
    sketch: &'a mut Sketch,
    ledger: &'a mut Ledger,
    /// Keys of the steps before, without conditions that onedoor cannot say.
    before: Vec<(Option<String>, String)>,
}

/// Route lists that pass to route lists.
const DEPTH_MOST: usize = 8;

pub(super) fn convert_all(root: &Node, input: &Input, sketch: &mut Sketch, ledger: &mut Ledger) {
    let mut walk = Walk { root, input, sketch, ledger, before: Vec::new() };
    let listeners = root.entry("listeners").map(Node::entries).unwrap_or_default();
    for (at, (address, listener)) in listeners.iter().enumerate() {
        let item = walk.open(listener, &format!("listeners.{address}"));
        if at > 0 {
            walk.ledger
                .missing(item, "onedoor has one port: give what it serves a host or a path of its own");
            continue;
        }
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or(80);
        walk.sketch.server.say("listen", format!(":${{PORT:-{port}}}"));
        walk.ledger.converted(item, "[server] listen: the platform's $PORT, else this port");
        if listener.entry("tls").is_some() {
            walk.ledger
                .missing(item, "onedoor does not end TLS yet: let the platform or a balancer in front do it");
        }
        let pass = listener.said("pass").unwrap_or_default().to_owned();
        walk.pass(&pass, item, 0);
    }
}

impl Walk<'_> {
    fn open(&mut self, node: &Node, what: &str) -> Item {
        self.ledger.open(Place { file: self.input.name.as_str().into(), line: node.line }, what)
    }

    /// A listener's target: a list of steps, or somebody who answers all.
    fn pass(&mut self, target: &str, item: Item, depth: usize) {
        let routes = self.root.entry("routes");
        let steps = match target.split_once('/') {
            None if target == "routes" => routes,
            Some(("routes", name)) => routes.and_then(|routes| routes.entry(name)),
            _ => return self.put(Vec::new(), &Answers::Pass(target.to_owned()), item),
        };
        for step in steps.map(Node::items).unwrap_or_default() {
            self.step(step, depth);
        }
    }

    fn step(&mut self, step: &Node, depth: usize) {
        let item = self.open(
            step,
            &format!(
                "{{{}}}",
                step.entries()
                    .iter()
                    .map(|(key, node)| format!("{key}: {}", node.shown()))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        );
        let keys = match keys(step.entry("match")) {
            Ok((keys, difference)) => {
                if let Some(difference) = difference {
                    self.ledger.changed(item, difference);
                }
                keys
            }
            Err(why) => return self.ledger.missing(item, format!("{why}: write its route by hand")),
        };
        let Some(action) = step.entry("action") else { return self.ledger.missing(item, "it has no action") };
        for (key, _) in action.entries().iter().filter(|(key, _)| !KNOWN.contains(&key.as_str())) {
            self.ledger.missing(item, format!("onedoor has nothing for {key}"));
        }
        self.action(action, keys, item, depth);
    }

    fn action(&mut self, action: &Node, keys: Vec<(Option<String>, String)>, item: Item, depth: usize) {
        if let Some(pass) = action.said("pass") {
            let is_list = pass.split('/').next() == Some("routes");
            if is_list && keys.is_empty() && depth < DEPTH_MOST {
                self.ledger.converted(item, "the steps it passes to");
                return self.pass(pass, item, depth + 1);
            }
            if is_list || pass.contains('$') {
                return self.ledger.missing(item, format!("`{pass}` is known only while it runs, or stands behind a condition: write its routes by hand"));
            }
            let answers = match action.said("rewrite") {
                Some(to) => Answers::Rewritten(pass.to_owned(), to.to_owned()),
                None => Answers::Pass(pass.to_owned()),
            };
            return self.put(keys, &answers, item);
        }
        if let Some(proxy) = action.said("proxy") {
            return self.put(keys, &Answers::Proxy(proxy.to_owned()), item);
        }
        if let Some(status) = action.said("return").and_then(|text| text.parse::<i64>().ok()) {
            let location = action.said("location").map(str::to_owned);
            return self.put(keys, &Answers::Own(status, location), item);
        }
        if action.entry("share").is_some() {
            let share = action.entry("share").map(Node::texts).unwrap_or_default();
            let folder = share.first().map(|share| share.replace("$uri", "")).unwrap_or_default();
            self.ledger.missing(item, "onedoor serves no files yet (`static` is planned): the route is at the end of the file, as a comment");
            if let Some(fallback) = action.entry("fallback") {
                self.ledger.changed(item, "no files are tried: the fallback answers all of it");
                self.action(fallback, keys.clone(), item, depth + 1);
            }
            return self.put(keys, &Answers::Files(folder), item);
        }
        self.ledger.missing(item, "nothing of it answers");
    }

    fn put(&mut self, keys: Vec<(Option<String>, String)>, answers: &Answers, item: Item) {
        let keys = if keys.is_empty() { vec![(None, "/*".to_owned())] } else { keys };
        for (host, path) in keys {
            let is_file = matches!(answers, Answers::Files(_));
            if !is_file {
                if self.is_hidden(host.as_ref(), &path) {
                    self.ledger.changed(item, format!("\"{path}\" was never reached, since a step before it takes it all: it is left out"));
                    continue;
                }
                self.before.push((host.clone(), path.clone()));
            }
            let mut route = self.route(&path, answers, item);
            route.host = host;
            if !is_file {
                self.ledger.converted(item, format!("the route \"{}\"", route.key()));
            }
            self.sketch.routes.push(route);
        }
    }

    /// Whether a step before takes whatever this one would.
    fn is_hidden(&self, host: Option<&String>, path: &str) -> bool {
        self.before.iter().any(|(other_host, other)| {
            let takes = other == path
                || other
                    .strip_suffix("/*")
                    .is_some_and(|mount| path == mount || path.starts_with(&format!("{mount}/")));
            takes && (other_host.is_none() || other_host.as_ref() == host)
        })
    }

    fn route(&mut self, path: &str, answers: &Answers, item: Item) -> Route {
        let mut route = Route::new(path, Answer::Own, item);
        match answers {
            Answers::Pass(target) | Answers::Rewritten(target, _) => match self.upstream(target) {
                Some(upstream) => route.answer = Answer::Upstream(upstream),
                None => {
                    self.ledger.missing(item, format!("there is no `{target}`"));
                    route.entry.say("status", 502);
                    return route;
                }
            },
            Answers::Proxy(url) => match url.strip_prefix("http://").and_then(Address::parse) {
                Some(address) => {
                    let addresses = vec![address];
                    route.answer = Answer::Upstream(Upstream {
                        addresses,
                        called: None,
                        scheme: "http",
                        host: HostHeader::Keep,
                        balance: None,
                    });
                }
                None => {
                    self.ledger.missing(item, format!("`{url}` is no address"));
                    route.entry.say("status", 502);
                }
            },
            Answers::Own(status, Some(location))
                if (301..=308).contains(status) && !location.contains('$') =>
            {
                let mount = path.strip_suffix("/*");
                route.path = mount.map_or_else(|| path.to_owned(), |mount| format!("{mount}/{{rest...}}"));
                route.entry.say("redirect", location.as_str()).say("status", *status);
            }
            Answers::Own(status, location) => {
                if let Some(location) = location {
                    self.ledger.missing(
                        item,
                        format!("`{location}` is known only while it runs: write redirect in its route"),
                    );
                }
                route
                    .entry
                    .say("status", if (300..400).contains(status) { 404 } else { (*status).clamp(200, 599) });
            }
            Answers::Files(folder) => {
                route.entry.say("static", folder.as_str());
                route.standing = Standing::Later;
            }
        }
        if let Answers::Rewritten(_, to) = answers {
            match to.contains('$') {
                true => self.ledger.missing(
                    item,
                    format!(
                        "rewrite = \"{to}\" is known only while it runs: write strip or rewrite in its route"
                    ),
                ),
                false => {
                    // It takes the place of the whole path.
                    if let Some(mount) = path.strip_suffix("/*") {
                        route.path = format!("{mount}/{{rest...}}");
                    }
                    route.entry.say("rewrite", literal(to));
                }
            }
        }
        route
    }

    /// `applications/x`, `upstreams/x`.
    fn upstream(&self, target: &str) -> Option<Upstream> {
        let (kind, name) = target.split_once('/')?;
        let name = name.split('/').next().unwrap_or_default();
        let addresses = match kind {
            "applications" => {
                self.sketch.services.iter().find(|service| service.called == name)?;
                vec![Address::Far { host: name.to_owned(), port: None }]
            }
            "upstreams" => {
                let servers = self.root.entry("upstreams")?.entry(name)?.entry("servers")?;
                servers.entries().iter().filter_map(|(address, _)| Address::parse(address)).collect()
            }
            _ => return None,
        };
        let called = Some(name.to_owned());
        (!addresses.is_empty()).then_some(Upstream {
            addresses,
            called,
            scheme: "http",
            host: HostHeader::Keep,
            balance: None,
        })
    }
}

enum Answers {
    Pass(String),
    Rewritten(String, String),
    Proxy(String),
    Own(i64, Option<String>),
    Files(String),
}

const KNOWN: [&str; 9] =
    ["pass", "proxy", "return", "location", "share", "fallback", "rewrite", "index", "types"];

type Keys = (Vec<(Option<String>, String)>, Option<String>);

/// The keys of a `match`; none: everything.
fn keys(wanted: Option<&Node>) -> Result<Keys, String> {
    let Some(wanted) = wanted else { return Ok((Vec::new(), None)) };
    if let Some((key, _)) =
        wanted.entries().iter().find(|(key, _)| !matches!(key.as_str(), "uri" | "host" | "method"))
    {
        return Err(format!("it asks for {key}, which no pattern says (`when` may)"));
    }
    let texts = |key: &str| wanted.entry(key).map(Node::texts).unwrap_or_default();
    let hosts: Vec<Option<String>> = match texts("host").as_slice() {
        [] => vec![None],
        hosts => hosts.iter().map(|host| Some(host.clone())).collect(),
    };
    let is_plain =
        |host: &String| !host.starts_with(['!', '~']) && !host.trim_start_matches("*.").contains('*');
    if !hosts.iter().flatten().all(is_plain) {
        return Err("onedoor takes a host, or *.host".to_owned());
    }
    let mut difference = None;
    let mut paths = Vec::new();
    for uri in texts("uri") {
        paths.extend(paths_of(&uri, &mut difference)?);
    }
    if paths.is_empty() {
        paths.push("/*".to_owned());
    }
    let methods = texts("method");
    let methods = if methods.is_empty() { vec![String::new()] } else { methods };
    let mut keys = Vec::new();
    for host in &hosts {
        for path in &paths {
            for method in &methods {
                let method = method.to_ascii_uppercase();
                let path = if method.is_empty() { path.clone() } else { format!("{method} {path}") };
                keys.push((host.clone(), path));
            }
        }
    }
    Ok((keys, difference))
}

fn paths_of(uri: &str, difference: &mut Option<String>) -> Result<Vec<String>, String> {
    if let Some(regex) = uri.strip_prefix('~') {
        let shape = path_regex::shape(regex)?;
        *difference = shape.difference.map(str::to_owned).or_else(|| difference.take());
        return Ok(shape.keys.iter().map(path_regex::Key::path).collect());
    }
    if uri.starts_with('!') {
        return Err("onedoor has no `not`".to_owned());
    }
    let Some(prefix) = uri.strip_suffix('*') else {
        return if uri.contains('*') {
            Err("its star stands inside of the path".to_owned())
        } else {
            Ok(vec![literal(uri)])
        };
    };
    if prefix.contains('*') || !prefix.starts_with('/') {
        return Err("its star stands inside of the path".to_owned());
    }
    let mount = prefix.trim_end_matches('/');
    if !mount.is_empty() {
        *difference = Some(match prefix.ends_with('/') {
            true => {
                format!("\"{uri}\" left {mount} itself to later steps; the route \"{mount}/*\" takes it, too")
            }
            false => format!("\"{uri}\" took {mount}x as well; the route \"{mount}/*\" takes whole segments"),
        });
    }
    Ok(vec![subtree(mount)])
}

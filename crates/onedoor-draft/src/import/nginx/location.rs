//! A location and what answers it: one route, or several, or a line about why there is none.

use crate::draft::{Entry, Value};
use crate::import::finding::{Item, Ledger, Verdict};
use crate::import::path_regex::{self, Key};
use crate::import::sketch::{Answer, Route, Sketch, Standing, literal, subtree};

use super::answer;
use super::pass;
use super::scope::{self, Level, Scope};
use super::settings;
use super::site::Pools;
use super::tree::Directive;

/// Which paths a location takes.
#[derive(Debug)]
pub(super) enum Locus {
    Exact(String),
    /// As it is written: its final slash matters to proxy_pass.
    Prefix(String),
    Regex(Vec<Key>),
}

/// Where routes are put, and what they need to know.
pub(super) struct Desk<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) pools: &'a Pools,
    pub(super) sketch: &'a mut Sketch,
    pub(super) ledger: &'a mut Ledger,
    door: &'a mut Entry,
    /// The server's, for `@name`.
    siblings: &'a [Directive],
}

/// All that a server answers, on one of its hosts.
pub(super) fn server(
    directive: &Directive,
    scope: &Scope,
    host: Option<&str>,
    pools: &Pools,
    door: &mut Entry,
    sketch: &mut Sketch,
    ledger: &mut Ledger,
) {
    let siblings = directive.children();
    let mut desk = Desk { host, pools, sketch, ledger, door, siblings };
    let first = desk.sketch.routes.len();
    let children = |name: &'static str| siblings.iter().filter(move |child| child.name == name);
    for conditional in children("if") {
        scope::settle_by_name(conditional, desk.ledger);
    }
    if let Some(returned) = children("return").next() {
        answer::returned(&mut desk, returned, &Locus::Prefix("/".to_owned()), scope, returned.item);
        for location in children("location") {
            let never = Verdict::Unneeded("the server's `return` answers before any location".to_owned());
            location.abandon(desk.ledger, &never);
        }
        return;
    }
    for rewrite in children("rewrite") {
        answer::rewritten(&mut desk, rewrite, scope);
    }
    for location in children("location") {
        desk.location(location, scope);
    }
    for tried in children("try_files") {
        desk.tried(tried, &Locus::Prefix("/".to_owned()), scope, tried.item);
    }
    desk.files_of_server(siblings, scope, first);
}

impl Desk<'_> {
    fn location(&mut self, directive: &Directive, around: &Scope) {
        let children = directive.children();
        let mut scope = around.inside(children);
        let mut body = None;
        let is_named = directive.arg(0).starts_with('@');
        let locus = match locus(directive) {
            Ok((locus, difference)) => {
                if let Some(difference) = difference {
                    self.ledger.changed(directive.item, difference);
                }
                locus
            }
            Err(why) => return self.without_keys(directive, &why),
        };
        for child in children {
            match child.name.as_str() {
                "client_max_body_size" => body = Some(child),
                _ => {
                    scope.take(child, Level::Location, self.door, self.ledger);
                }
            }
        }
        if is_named {
            let first = directive.arg(0);
            let is_used =
                self.siblings.iter().flat_map(|sibling| [sibling].into_iter().chain(sibling.children()));
            let is_used = is_used
                .filter(|other| other.name == "try_files")
                .any(|other| other.args.last().is_some_and(|last| last == first));
            if !is_used {
                let why = format!("nothing that is converted asks for {first}");
                directive.abandon(self.ledger, &Verdict::Unneeded(why));
            }
            return;
        }
        let first = self.sketch.routes.len();
        self.answer(directive, &locus, &scope);
        if let Some(child) = body {
            limit_body(child, &mut self.sketch.routes[first..], self.ledger);
        }
        for child in children.iter().filter(|child| child.name == "location") {
            self.location(child, &scope);
        }
        for child in children {
            scope::settle_by_name(child, self.ledger);
        }
    }

    /// Its own answer, by the order of nginx's phases.
    fn answer(&mut self, directive: &Directive, locus: &Locus, scope: &Scope) {
        let children = directive.children();
        let child = |name: &str| children.iter().find(|child| child.name == name);
        let item = directive.item;
        if let Some(child) = child("internal") {
            let how = "paths that only nginx itself may ask for answer 404";
            self.ledger.converted(child.item, how);
            let mut entry = Entry::default();
            entry.say("status", 404);
            return self.put_each(locus, &entry, scope, item);
        }
        if let Some(returned) = child("return") {
            return answer::returned(self, returned, locus, scope, item);
        }
        let is_redirect = |child: &&Directive| matches!(child.arg(2), "permanent" | "redirect");
        let rewrites: Vec<&Directive> = children.iter().filter(|child| child.name == "rewrite").collect();
        for rewrite in rewrites.iter().copied().filter(is_redirect) {
            answer::rewritten(self, rewrite, scope);
        }
        if let Some(passed) = child("proxy_pass") {
            let rewrite = rewrites.iter().copied().find(|rewrite| !is_redirect(rewrite));
            if let Some(tried) = child("try_files") {
                self.ledger.missing(tried.item, settings_text("try_files"));
            }
            return pass::passed(self, passed, rewrite, locus, scope, item);
        }
        if scope.guard.refuses_all() {
            let mut entry = Entry::default();
            entry.say("status", 403);
            return self.put_each(locus, &entry, scope, item);
        }
        if let Some(tried) = child("try_files") {
            return self.tried(tried, locus, scope, item);
        }
        if let Some(status) = child("stub_status") {
            self.ledger.changed(status.item, "builtin = \"metrics\": onedoor's own counters, for Prometheus");
            let mut entry = Entry::default();
            entry.say("builtin", "metrics");
            return self.put_each(locus, &entry, scope, item);
        }
        if let Some(gateway) = children.iter().find(|child| child.name.ends_with("_pass")) {
            let instead = settings_text(&gateway.name);
            return self.ledger.missing(item, instead);
        }
        self.files(directive, locus, scope);
    }

    /// `alias`, `root`: files, for later.
    fn files(&mut self, directive: &Directive, locus: &Locus, scope: &Scope) {
        let alias = directive.children().iter().find(|child| child.name == "alias");
        let has_only_locations = directive.children().iter().all(|child| child.name == "location")
            && !directive.children().is_empty();
        let folder = match (alias, locus) {
            _ if has_only_locations => {
                return self.ledger.converted(directive.item, "the locations inside of it");
            }
            (Some(alias), _) => {
                self.ledger.converted(alias.item, "in the commented route");
                alias.arg(0).to_owned()
            }
            (None, Locus::Prefix(path) | Locus::Exact(path)) => match &scope.root {
                Some(root) => format!("{}{path}", root.trim_end_matches('/')),
                None => {
                    let how = "nothing in it answers: nginx serves files of its own default folder here";
                    return self.ledger.missing(directive.item, how);
                }
            },
            (None, Locus::Regex(_)) => scope.root.clone().unwrap_or_default(),
        };
        self.later(&folder, Spa::No, locus, directive.item);
    }

    /// `try_files … LAST`: files first, which are for later, then whoever comes last.
    fn tried(&mut self, tried: &Directive, locus: &Locus, scope: &Scope, item: Item) {
        let last = tried.args.last().map_or("", String::as_str);
        if let Some(name) = last.strip_prefix('@') {
            let wanted =
                |child: &&Directive| child.name == "location" && child.arg(0).strip_prefix('@') == Some(name);
            if let Some(named) = self.siblings.iter().find(wanted) {
                let how =
                    format!("no files are tried, @{name} answers all of it: let it serve the files, too");
                self.ledger.changed(tried.item, how);
                let mut scope = scope.inside(named.children());
                for child in named.children() {
                    scope.take(child, Level::Location, self.door, self.ledger);
                    scope::settle_by_name(child, self.ledger);
                }
                self.ledger.converted(named.item, "put in where try_files names it");
                self.ledger.converted(item, format!("what @{name} answers"));
                return self.answer(named, locus, &scope);
            }
        }
        if last.contains(".php") {
            self.ledger.missing(tried.item, settings_text("fastcgi_pass"));
            return self.ledger.missing(item, settings_text("fastcgi_pass"));
        }
        let spa = if last.starts_with('/') { Spa::Yes } else { Spa::No };
        let folder = scope.root.clone().unwrap_or_else(|| "html".to_owned());
        if tried.item != item {
            self.ledger.converted(tried.item, "in the commented route");
        }
        self.later(&folder, spa, locus, item);
    }

    /// The files of a server that no location speaks of.
    fn files_of_server(&mut self, children: &[Directive], scope: &Scope, first: usize) {
        let root = children.iter().find(|child| child.name == "root");
        let is_answered = self.sketch.routes[first..].iter().any(|route| route.path == "/*");
        if let Some(root) = root {
            self.ledger.converted(root.item, "in the commented routes");
            if let (false, Some(folder)) = (is_answered, &scope.root) {
                self.later(folder, Spa::No, &Locus::Prefix("/".to_owned()), root.item);
            }
        }
        for child in children.iter().filter(|child| child.name == "add_header") {
            scope::settle_by_name(child, self.ledger);
        }
    }

    /// A line for when onedoor serves files.
    fn later(&mut self, folder: &str, spa: Spa, locus: &Locus, item: Item) {
        let mut entry = Entry::default();
        entry.say("static", folder.trim_end_matches('/'));
        if spa == Spa::Yes {
            entry.say("spa", true);
        }
        self.ledger.missing(
            item,
            "onedoor serves no files yet (`static` is planned): the route is at the end of the file, as a comment. \
             Until then let the app serve them, or whoever stands in front",
        );
        for path in locus.paths() {
            let mut route = Route::new(path, Answer::Own, item);
            route.entry = entry.clone();
            route.standing = Standing::Later;
            self.push(route);
        }
    }

    /// The same answer for each key of the location.
    pub(super) fn put_each(&mut self, locus: &Locus, entry: &Entry, scope: &Scope, item: Item) {
        for path in locus.paths() {
            let mut route = Route::new(path, Answer::Own, item);
            route.entry = entry.clone();
            self.put(route, scope, item);
        }
    }

    /// A route that is served, unless nginx asked who comes.
    pub(super) fn put(&mut self, mut route: Route, scope: &Scope, item: Item) {
        if let Some(guard) = scope.guard.shown() {
            route.standing = Standing::Closed { guard };
        } else if scope.guard.refuses_all() {
            route.answer = Answer::Own;
            route.entry = Entry::default();
            route.entry.say("status", 403);
        }
        self.ledger.converted(item, format!("the route \"{}\"", route.path));
        self.push(route);
    }

    fn push(&mut self, mut route: Route) {
        route.host = self.host.map(str::to_owned);
        self.sketch.routes.push(route);
    }

    /// A location that is no set of paths for onedoor.
    fn without_keys(&mut self, directive: &Directive, why: &str) {
        let is_hidden = directive.arg(1).contains("/\\.")
            && directive.children().iter().any(|child| child.name == "deny");
        if is_hidden {
            let why = "it hides files that begin with a dot; onedoor serves no files, and what an app serves is the app's business";
            return directive.abandon(self.ledger, &Verdict::Unneeded(why.to_owned()));
        }
        let passes = directive.children().iter().any(|child| child.name.ends_with("_pass"));
        let remedy = if passes {
            "write the paths it is meant for as routes of their own; what no route takes goes to \"/*\""
        } else {
            "what it asks of files is for whoever serves them"
        };
        self.ledger.missing(directive.item, format!("{why}, which no pattern of onedoor says: {remedy}"));
        let inner = format!("it stands in `location {}`, which is not converted", directive.args.join(" "));
        directive.abandon(self.ledger, &Verdict::Missing(inner));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spa {
    Yes,
    No,
}

fn settings_text(name: &str) -> String {
    match settings::verdict(name) {
        Some(
            Verdict::Missing(text)
            | Verdict::Unneeded(text)
            | Verdict::Changed(text)
            | Verdict::Converted(text),
        ) => text,
        None => "onedoor has nothing for it".to_owned(),
    }
}

fn limit_body(directive: &Directive, routes: &mut [Route], ledger: &mut Ledger) {
    match settings::size(directive.arg(0)) {
        Some(Some(size)) => {
            for route in routes {
                route.entry.say("limits", Value::texts([("body", size.as_str())]));
            }
            ledger.converted(directive.item, format!("limits = {{ body = \"{size}\" }} in its route"));
        }
        Some(None) => ledger.converted(directive.item, "no limit, which is onedoor's default"),
        None => ledger.missing(directive.item, format!("\"{}\" is no size", directive.arg(0))),
    }
}

const ALSO_MATCHED: &str = "nginx goes by the bytes of a prefix";

/// The paths of a location, and how that differs from what nginx takes.
fn locus(directive: &Directive) -> Result<(Locus, Option<String>), String> {
    let (modifier, path) = match directive.args.as_slice() {
        [path] => {
            let fused = ["=", "^~", "~*", "~"].into_iter().find(|modifier| path.starts_with(modifier));
            match fused {
                Some(modifier) => (modifier, &path[modifier.len()..]),
                None => ("", path.as_str()),
            }
        }
        [modifier, path] => (modifier.as_str(), path.as_str()),
        _ => return Err("it has not one path".to_owned()),
    };
    match modifier {
        "=" => Ok((Locus::Exact(path.to_owned()), None)),
        "~" | "~*" => {
            let shape = path_regex::shape(path)?;
            let mut difference = shape.difference.map(str::to_owned);
            if modifier == "~*" {
                difference = Some("it took upper and lower case alike; onedoor's patterns do not".to_owned());
            }
            Ok((Locus::Regex(shape.keys), difference))
        }
        "" | "^~" => Ok((Locus::Prefix(path.to_owned()), prefix_difference(path))),
        _ => Err(format!("`{modifier}` is no modifier of a location")),
    }
}

fn prefix_difference(path: &str) -> Option<String> {
    let is_named = path.starts_with('@');
    if path.is_empty() || path == "/" || is_named || is_file(path) {
        return is_file(path).then(|| format!("{ALSO_MATCHED}; the route takes \"{path}\" alone"));
    }
    if let Some(mount) = path.strip_suffix('/') {
        return Some(format!(
            "the route \"{mount}/*\" takes {mount} itself, too, where nginx redirected to {path}"
        ));
    }
    Some(format!("{ALSO_MATCHED}: it took {path}x as well. The route \"{path}/*\" takes whole segments"))
}

/// `/robots.txt`: nothing lies below it.
fn is_file(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.rsplit_once('.').is_some_and(|(name, suffix)| {
        !name.is_empty()
            && (2..=5).contains(&suffix.len())
            && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

impl Locus {
    pub(super) fn paths(&self) -> Vec<String> {
        match self {
            Self::Exact(path) => vec![literal(path)],
            Self::Prefix(path) if is_file(path) => vec![literal(path)],
            Self::Prefix(path) => vec![subtree(path)],
            Self::Regex(keys) => keys.iter().map(Key::path).collect(),
        }
    }

    /// Where it takes a whole subtree.
    pub(super) fn mount(&self) -> Option<&str> {
        match self {
            Self::Prefix(path) if !is_file(path) => Some(path.trim_end_matches('/')),
            Self::Prefix(_) | Self::Exact(_) | Self::Regex(_) => None,
        }
    }
}

//! What holds where a directive stands: who may come there, and what has become of the path on the way.

use std::collections::BTreeMap;

use crate::draft::{Entry, Value};
use crate::import::sketch::Route;

use super::matcher::{Matcher, covers};

#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Of the site.
    pub(super) host: Option<String>,
    /// All matchers around; its paths are as the client writes them.
    pub(super) asked: Matcher,
    pub(super) known: BTreeMap<String, Matcher>,
    pub(super) layers: Vec<Layer>,
    /// What was cut off the path before.
    pub(super) base: String,
    pub(super) root: Option<String>,
    /// The last of `try_files`.
    pub(super) tried: Option<String>,
}

/// Something that is done to requests for some paths before they are answered.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) paths: Vec<String>,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    /// Nobody knows who may come in.
    Guard(String),
    /// Only these networks.
    Only(Vec<String>),
    /// Whom these conditions hold for is answered so.
    Refuse(Box<Matcher>, Entry),
    Cut(String),
    Prepend(String),
    Whole(String),
    Body(String),
}

/// A path as it arrives at who answers.
#[derive(Debug)]
pub(super) struct Landing {
    /// As the client writes it, as a key.
    pub(super) path: String,
    /// What became of it; without `/*`.
    pub(super) seen: String,
    /// All of it was replaced.
    pub(super) is_whole: bool,
    pub(super) is_tree: bool,
}

impl Scope {
    pub(super) fn new(host: Option<String>) -> Self {
        let asked = Matcher { paths: vec!["/*".to_owned()], ..Matcher::default() };
        Self {
            host,
            asked,
            known: BTreeMap::new(),
            layers: Vec::new(),
            base: String::new(),
            root: None,
            tried: None,
        }
    }

    /// The same for fewer requests. None: there is none that both ask for.
    pub(super) fn within(&self, matcher: &Matcher) -> Result<Self, String> {
        if let Some(why) = &matcher.trouble {
            return Err(why.clone());
        }
        let mut scope = self.clone();
        let asked = &mut scope.asked;
        if !matcher.paths.is_empty() {
            let inner: Vec<String> = matcher.paths.iter().map(|path| self.absolute(path)).collect();
            asked.paths = narrower(&asked.paths, &inner);
        }
        if !matcher.hosts.is_empty() {
            let fits = |host: &&String| match &self.host {
                Some(own) => *host == own || own.strip_prefix('*').is_some_and(|end| host.ends_with(end)),
                None => true,
            };
            asked.hosts = matcher.hosts.iter().filter(fits).cloned().collect();
            if asked.hosts.is_empty() {
                return Err("the site has no such host".to_owned());
            }
        }
        if !matcher.methods.is_empty() {
            asked.methods.clone_from(&matcher.methods);
        }
        let is_again = !matcher.nets.is_empty() && !asked.nets.is_empty();
        if asked.paths.is_empty() || is_again {
            return Err("what is around it asks for something else".to_owned());
        }
        asked.nets.extend(matcher.nets.iter().cloned());
        asked.headers.extend(matcher.headers.iter().cloned());
        asked.query.extend(matcher.query.iter().cloned());
        if matcher.is_conditional() {
            asked.name.clone_from(&matcher.name);
        }
        Ok(scope)
    }

    /// A path as the client writes it.
    pub(super) fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Adds a layer for all that is asked for here.
    pub(super) fn lay(&mut self, paths: Vec<String>, what: What) {
        self.layers.push(Layer { paths, what });
    }

    /// The paths of a scope, and those inside of them where a layer makes a difference.
    pub(super) fn landings(&self) -> Vec<Landing> {
        let mut paths = self.asked.paths.clone();
        for layer in &self.layers {
            for path in narrower(&self.asked.paths, &layer.paths) {
                if !paths.contains(&path) && paths.len() < PATHS_MOST {
                    paths.push(path);
                }
            }
        }
        paths.into_iter().map(|path| self.landing(path)).collect()
    }

    fn landing(&self, path: String) -> Landing {
        let (mount, is_tree) = match path.strip_suffix("/*") {
            Some(mount) => (mount, true),
            None => (path.as_str(), false),
        };
        let (mut seen, mut is_whole) = (mount.to_owned(), false);
        for layer in self.layers_of(&path) {
            match &layer.what {
                What::Cut(prefix) if seen == *prefix => seen.clear(),
                What::Cut(prefix) => {
                    if let Some(rest) =
                        seen.strip_prefix(prefix.as_str()).filter(|rest| rest.starts_with('/'))
                    {
                        seen = rest.to_owned();
                    }
                }
                What::Prepend(prefix) => seen.insert_str(0, prefix),
                What::Whole(whole) => {
                    seen.clone_from(whole);
                    is_whole = true;
                }
                What::Guard(_) | What::Only(_) | What::Refuse(..) | What::Body(_) => {}
            }
        }
        Landing { seen, is_whole, is_tree, path }
    }

    pub(super) fn layers_of<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s Layer> {
        self.layers.iter().filter(move |layer| layer.paths.iter().any(|outer| covers(outer, path)))
    }
}

/// A layer on more paths than this makes no difference that anybody can read.
const PATHS_MOST: usize = 64;

/// What both take.
fn narrower(outer: &[String], inner: &[String]) -> Vec<String> {
    let mut both: Vec<String> = Vec::new();
    for one in outer {
        for other in inner {
            let path = match (covers(one, other), covers(other, one)) {
                (true, _) => other,
                (_, true) => one,
                (false, false) => continue,
            };
            if !both.contains(path) {
                both.push(path.clone());
            }
        }
    }
    both
}

impl Landing {
    /// Says in the route how the path goes on.
    pub(super) fn turn(&self, route: &mut Route) {
        let mount = self.path.strip_suffix("/*").unwrap_or(&self.path);
        if self.is_whole || (!self.is_tree && self.seen != mount) {
            let whole = if self.seen.is_empty() { "/" } else { &self.seen };
            route.entry.say("rewrite", names_alone(whole));
            return;
        }
        if self.seen == mount {
            return;
        }
        match mount.strip_suffix(self.seen.as_str()) {
            Some(_) if self.seen.is_empty() => drop(route.entry.say("strip", true)),
            Some(cut) => drop(route.entry.say("strip", cut)),
            None => drop(route.entry.say("rewrite", names_alone(&self.seen))),
        }
    }
}

/// `{p1:[0-9]+}` of a key is `{p1}` in what is made of it.
fn names_alone(path: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{').and_then(|inner| inner.split_once(':')) {
        Some((name, _)) => format!("{{{name}}}"),
        None => segment.to_owned(),
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// `when`, as far as the matcher has conditions.
pub(super) fn conditions(matcher: &Matcher) -> Option<Value> {
    let table = |pairs: &[(String, String)]| {
        Value::texts(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let mut when: Vec<(String, Value)> = Vec::new();
    if !matcher.headers.is_empty() {
        when.push(("header".to_owned(), table(&matcher.headers)));
    }
    if !matcher.query.is_empty() {
        when.push(("query".to_owned(), table(&matcher.query)));
    }
    if !matcher.nets.is_empty() {
        when.push(("ip".to_owned(), Value::from(matcher.nets.clone())));
    }
    (!when.is_empty()).then_some(Value::Table(when))
}

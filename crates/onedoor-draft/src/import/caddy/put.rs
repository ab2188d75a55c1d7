//! An answer as routes: one for each path it is given at, with its conditions, its guard, and what becomes of the path.

use crate::draft::{Entry, Value};
use crate::import::finding::{Item, Ledger};
use crate::import::sketch::{Answer, Route, Sketch, Standing, fact};

use super::matcher::{Matcher, covers};
use super::scope::{Landing, Scope, What, conditions};

/// Where routes are put.
pub(super) struct Desk<'a> {
    pub(super) sketch: &'a mut Sketch,
    pub(super) ledger: &'a mut Ledger,
    /// Keys that were answered before, whatever else is asked.
    before: Vec<Before>,
    /// Where in it the answer begins that is put now: its own routes do not hide each other.
    first: usize,
}

struct Before {
    host: Option<String>,
    method: String,
    path: String,
    is_conditional: bool,
}

/// Who answers at a landing.
pub(super) struct Made {
    pub(super) answer: Answer,
    pub(super) entry: Entry,
    /// The answer speaks of the whole path, so the key names the rest.
    pub(super) names_rest: bool,
}

impl Made {
    pub(super) fn own(entry: Entry) -> Self {
        Self { answer: Answer::Own, entry, names_rest: false }
    }
}

/// A route's place.
struct Place<'p> {
    host: &'p Option<String>,
    method: &'p str,
    landing: &'p Landing,
}

impl<'a> Desk<'a> {
    pub(super) fn new(sketch: &'a mut Sketch, ledger: &'a mut Ledger) -> Self {
        Self { sketch, ledger, before: Vec::new(), first: 0 }
    }

    /// True if a route was made of it.
    pub(super) fn put(
        &mut self,
        scope: &Scope,
        item: Item,
        answer: &dyn Fn(&Landing) -> Option<Made>,
    ) -> bool {
        let hosts: Vec<Option<String>> = match scope.asked.hosts.as_slice() {
            [] => vec![scope.host.clone()],
            hosts => hosts.iter().cloned().map(Some).collect(),
        };
        let methods = match scope.asked.methods.as_slice() {
            [] => vec![String::new()],
            methods => methods.to_vec(),
        };
        self.first = self.before.len();
        let mut is_made = false;
        for host in &hosts {
            for landing in scope.landings() {
                for method in &methods {
                    let Some(made) = answer(&landing) else { continue };
                    let place = Place { host, method, landing: &landing };
                    is_made |= self.put_at(scope, &place, made, item);
                }
            }
        }
        is_made
    }

    fn put_at(&mut self, scope: &Scope, place: &Place<'_>, made: Made, item: Item) -> bool {
        let path = &place.landing.path;
        let mut asked = scope.asked.clone();
        let mut guard = None;
        let is_refusal = is_refusal(&made.entry);
        for layer in scope.layers_of(path) {
            match &layer.what {
                What::Guard(_) | What::Only(_) | What::Refuse(..) if is_refusal => {}
                What::Guard(by) => guard = Some(by.clone()),
                What::Only(nets) if asked.nets.is_empty() => {
                    let is_more = asked.is_conditional();
                    asked.nets.clone_from(nets);
                    asked.name = if is_more { format!("inside_{}", asked.name) } else { "inside".to_owned() };
                }
                What::Only(_) => guard = Some("addresses".to_owned()),
                What::Refuse(matcher, entry) => {
                    if !self.refuse_first(place, matcher, entry, item) {
                        guard = Some(format!("@{}", matcher.name));
                    }
                }
                What::Cut(_) | What::Prepend(_) | What::Whole(_) | What::Body(_) => {}
            }
        }
        let is_conditional = asked.is_conditional();
        if self.is_hidden(place, item) {
            return false;
        }
        // A refusal by conditions is repeated beside each route it came before.
        if !(is_refusal && is_conditional) {
            self.before.push(Before {
                host: place.host.clone(),
                method: place.method.to_owned(),
                path: path.clone(),
                is_conditional,
            });
        }
        let names_rest =
            made.names_rest || place.landing.is_whole && matches!(made.answer, Answer::Upstream(_));
        let mut route = self.route(place, &asked, names_rest, item);
        route.entry = made.entry;
        if let Answer::Upstream(_) = made.answer {
            place.landing.turn(&mut route);
        }
        route.answer = made.answer;
        for layer in scope.layers_of(path) {
            if let (What::Body(size), Answer::Upstream(_)) = (&layer.what, &route.answer) {
                route.entry.say("limits", Value::texts([("body", size.as_str())]));
            }
        }
        if let Some(when) = conditions(&asked) {
            route.entry.say("when", when);
        }
        if let Some(guard) = guard {
            route.standing = Standing::Closed { guard };
        }
        self.ledger.converted(item, format!("the route \"{}\"", route.key()));
        if !is_conditional {
            self.make_room(&route);
        }
        self.sketch.routes.push(route);
        true
    }

    /// An exact path has one key: of a route with conditions and one without, the latter is served.
    fn make_room(&mut self, route: &Route) {
        let key = route.key();
        let is_in_the_way = |other: &Route| other.key() == key && fact(&other.entry, "when").is_some();
        while let Some(at) = self.sketch.routes.iter().position(is_in_the_way) {
            let other = self.sketch.routes.remove(at);
            let how = format!(
                "an exact path is written once, so \"{key}\" cannot have conditions here and none there: the one without is served"
            );
            self.ledger.missing(other.item, how);
        }
    }

    /// The key, with the rest called by a name where several routes share a subtree.
    fn route(&self, place: &Place<'_>, asked: &Matcher, names_rest: bool, item: Item) -> Route {
        let path = &place.landing.path;
        let name = match asked.is_conditional() {
            true if !asked.name.is_empty() => asked.name.as_str(),
            _ => "rest",
        };
        let path = match path.strip_suffix("/*") {
            Some(mount) if names_rest || asked.is_conditional() => format!("{mount}/{{{name}...}}"),
            _ => path.clone(),
        };
        let path = if place.method.is_empty() { path } else { format!("{} {path}", place.method) };
        let mut route = Route::new(path, Answer::Own, item);
        route.host.clone_from(place.host);
        route
    }

    /// A refusal by conditions stands beside each route it would have come before. False: it cannot.
    fn refuse_first(&mut self, place: &Place<'_>, matcher: &Matcher, entry: &Entry, item: Item) -> bool {
        if !place.landing.is_tree {
            return false;
        }
        let mut route = self.route(place, matcher, false, item);
        if !self.sketch.routes.iter().any(|other| other.key() == route.key()) {
            route.entry = entry.clone();
            route.entry.facts.extend(conditions(matcher).map(|value| crate::draft::Fact {
                key: "when".to_owned(),
                value,
                because: None,
            }));
            self.sketch.routes.push(route);
        }
        true
    }

    /// Whoever comes from elsewhere is answered here, behind the routes for those networks.
    pub(super) fn refuse_strangers(&mut self, scope: &Scope, item: Item, entry: &Entry) {
        let host = scope.host.clone();
        for path in &scope.asked.paths {
            let mut route = Route::new(path.clone(), Answer::Own, item);
            route.host.clone_from(&host);
            route.entry = entry.clone();
            self.ledger.converted(
                item,
                format!("the route \"{}\", and when = {{ ip = … }} of those beside it", route.key()),
            );
            self.sketch.routes.push(route);
        }
    }

    /// Whether what stands before takes whatever this would; and where only the order told them apart, that is said.
    fn is_hidden(&mut self, place: &Place<'_>, item: Item) -> bool {
        let path = &place.landing.path;
        let takes = |before: &&Before| {
            covers(&before.path, path)
                && (before.host.is_none() || before.host == *place.host)
                && (before.method.is_empty() || before.method == place.method)
        };
        if self.before[..self.first].iter().filter(takes).any(|before| !before.is_conditional) {
            let how = format!(
                "\"{path}\" was never reached, since what stands before it takes it all: it is left out"
            );
            self.ledger.changed(item, how);
            return true;
        }
        if let Some(before) =
            self.before[..self.first].iter().filter(takes).find(|before| before.path != *path)
        {
            let how = format!(
                "what asked for \"{}\" came before it; now \"{path}\" wins, as the more exact path",
                before.path
            );
            self.ledger.changed(item, how);
        }
        false
    }
}

/// It needs nobody who guards it.
pub(super) fn is_refusal(entry: &Entry) -> bool {
    matches!(fact(entry, "status"), Some(Value::Integer(400..)))
}

//! All routes, and the one question asked of them: who takes this request?
//!
//! Built once, immutable, swapped whole. A lookup allocates nothing (only a 405 builds its Allow), and its cost
//! grows with the path's length and with the routes that do match, not with those that cannot.

use std::ops::ControlFlow;

use super::conflict::{self, Conflict};
use super::details::Details;
use super::host::Hosts;
use super::method;
use super::path::{Lookup, Tree};
use super::pattern::Pattern;
use super::{Route, RouteId, RouteSpec, When};

/// All routes, immutable.
#[derive(Debug, Default)]
pub struct Routes {
    /// In the order they were given, which means nothing.
    pub(super) specs: Vec<RouteSpec>,
    hosts: Hosts<Tree>,
    /// The number of the first.
    first: u16,
}

/// What is asked: the method as it was sent, the authority (host and perhaps port), the normalised path, and whatever
/// conditions may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub method: &'a [u8],
    pub host: &'a [u8],
    pub path: &'a [u8],
    pub details: Details<'a>,
}

#[derive(Debug)]
pub enum Found<'r> {
    Route(Matched<'r>),
    /// Routes are for this host and path, and their conditions hold, but none is for this method (RFC 9110 15.5.6).
    MethodNotAllowed {
        allow: String,
    },
    NotFound,
}

/// The route that takes the request, and the pattern that says where the path's parts are.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'r> {
    pub id: RouteId,
    pub route: &'r Route,
    pub(super) pattern: &'r Pattern,
}

impl Routes {
    /// Fails with every pair of routes that cannot stand in one table; indexes are those of `specs`.
    pub fn build(specs: Vec<RouteSpec>) -> Result<Self, Vec<Conflict>> {
        let conflicts = conflict::all(&specs);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let mut hosts: Hosts<Tree> = Hosts::default();
        for (index, spec) in specs.iter().enumerate() {
            hosts.entry(&spec.pattern.host).insert(&specs, index);
        }
        hosts.for_each_mut(Tree::finish);
        Ok(Self { specs, hosts, first: 0 })
    }

    /// A table of one route, which takes everything; it has this number.
    pub fn one(route: Route, number: RouteId) -> Self {
        let pattern = Pattern::mount("/").expect("the root is a mount");
        let built = Self::build(vec![RouteSpec { pattern, when: When::default(), priority: 0, route }]);
        Self { first: number.0, ..built.expect("one route is in nobody's way") }
    }

    pub fn find(&self, ask: &Ask<'_>) -> Found<'_> {
        let lookup = Lookup { ask, specs: &self.specs };
        let found = self.hosts.visit(ask.host, |tree| match tree.best(&lookup) {
            Some(index) => ControlFlow::Break(index),
            None => ControlFlow::Continue(()),
        });
        if let ControlFlow::Break(index) = found {
            let spec = &self.specs[index];
            return Found::Route(Matched { id: self.id(index), route: &spec.route, pattern: &spec.pattern });
        }
        let others = self.matching(ask);
        if others.is_empty() {
            Found::NotFound
        } else {
            Found::MethodNotAllowed { allow: self.allow(&others) }
        }
    }

    /// All of them, each with the id that its matches have.
    pub fn all(&self) -> impl ExactSizeIterator<Item = (RouteId, &Route)> {
        self.specs.iter().enumerate().map(|(index, spec)| (self.id(index), &spec.route))
    }

    /// Every route that matches but for its method.
    pub(super) fn matching(&self, ask: &Ask<'_>) -> Vec<usize> {
        let mut found = Vec::new();
        let end = self.hosts.visit::<()>(ask.host, |tree| {
            tree.collect(ask.path, &mut found);
            ControlFlow::Continue(())
        });
        debug_assert!(end.is_continue(), "nothing breaks");
        found.retain(|index| self.specs[*index].when.holds(&ask.details));
        found
    }

    /// RFC 9110 10.2.1. GET implies HEAD. All of these routes have a method, or there were no 405.
    pub(super) fn allow(&self, specs: &[usize]) -> String {
        let mut allow = String::new();
        for method in method::REGISTERED {
            let allowed = |index: &usize| self.specs[*index].pattern.method_rank(method.as_bytes()).is_some();
            if specs.iter().any(allowed) {
                if !allow.is_empty() {
                    allow.push_str(", ");
                }
                allow.push_str(method);
            }
        }
        allow
    }

    fn id(&self, index: usize) -> RouteId {
        let index = u16::try_from(index).expect("config allows fewer routes than u16 can count");
        RouteId(self.first + index)
    }
}

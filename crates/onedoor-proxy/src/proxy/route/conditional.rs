//! The routes of one leaf that have conditions: which of them takes a request?
//!
//! Routes that ask for exact values of the same names stand behind those values in a map, so a thousand tenants told
//! apart by one header cost what one costs. Regexes and networks are tried one by one, among the routes whose exact
//! values are met.

use smallvec::SmallVec;

use super::RouteSpec;
use super::details::{Decoded, Details};
use super::method::{self, Method};
use super::names::Names;
use super::path::{Lookup, SpecIndex};
use super::when::{Counts, Name};

#[derive(Debug, Default)]
pub(super) struct Conditional {
    /// Those with more conditions first.
    groups: Vec<Group>,
}

/// Routes with as many conditions, of which as many are exact, on the same names.
#[derive(Debug)]
struct Group {
    counts: Counts,
    names: Box<[Name]>,
    /// By the values of those names; the higher priority first.
    routes: Names<Vec<(Option<Method>, SpecIndex)>>,
    /// No request whose values are longer needs to be looked up.
    key_bytes_max: usize,
}

type Key = SmallVec<[u8; 128]>;

impl Conditional {
    pub(super) fn insert(&mut self, specs: &[RouteSpec], index: SpecIndex) {
        let RouteSpec { when, pattern, priority, .. } = &specs[index];
        let (names, values): (Vec<_>, Vec<_>) = when.exact().unzip();
        let known =
            self.groups.iter().position(|group| group.counts == when.counts() && *group.names == *names);
        let at = known.unwrap_or_else(|| {
            let (counts, names) = (when.counts(), names.into());
            let before = self.groups.partition_point(|group| group.counts >= counts);
            self.groups.insert(before, Group { counts, names, routes: Names::default(), key_bytes_max: 0 });
            before
        });
        let mut key = Key::new();
        values.iter().for_each(|value| push(&mut key, value.as_bytes()));
        let group = &mut self.groups[at];
        group.key_bytes_max = group.key_bytes_max.max(key.len());
        let routes = group.routes.entry(&key, Vec::new);
        let before = routes.partition_point(|(_, other)| specs[*other].priority >= *priority);
        routes.insert(before, (pattern.method, index));
    }

    /// Whoever has conditions comes before `plain`, which has none, unless the method decides.
    pub(super) fn best_or(&self, plain: Option<SpecIndex>, lookup: &Lookup<'_>) -> Option<SpecIndex> {
        let plain_rank = plain.and_then(|index| lookup.specs[index].pattern.method_rank(lookup.ask.method));
        match self.best(lookup) {
            Some((rank, index)) if Some(rank) >= plain_rank => Some(index),
            Some(_) | None => plain,
        }
    }

    /// Steps 3 to 8: of those whose conditions hold, the one that ranks highest.
    fn best(&self, lookup: &Lookup<'_>) -> Option<(method::Rank, SpecIndex)> {
        let mut best: Option<((method::Rank, Counts, i32), SpecIndex)> = None;
        for group in &self.groups {
            for (own, index) in group.met(&lookup.ask.details) {
                let Some(rank) = method::rank(*own, lookup.ask.method) else { continue };
                let spec = &lookup.specs[*index];
                let standing = (rank, group.counts, spec.priority);
                if best.is_none_or(|(best, _)| standing > best) && spec.when.holds(&lookup.ask.details) {
                    best = Some((standing, *index));
                }
            }
        }
        best.map(|((rank, ..), index)| (rank, index))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = SpecIndex> {
        self.groups.iter().flat_map(|group| group.routes.values()).flatten().map(|(_, index)| *index)
    }
}

impl Group {
    /// Those whose exact values the request has.
    fn met(&self, details: &Details<'_>) -> &[(Option<Method>, SpecIndex)] {
        self.find(details).map_or(&[], Vec::as_slice)
    }

    fn find(&self, details: &Details<'_>) -> Option<&Vec<(Option<Method>, SpecIndex)>> {
        let mut key = Key::new();
        let mut decoded = Decoded::new();
        for name in &self.names {
            let value = name.value_in(details, &mut decoded)?;
            if key.len() + value.len() > self.key_bytes_max {
                return None;
            }
            push(&mut key, value);
        }
        self.routes.find(&key)
    }
}

/// With its length in front, so that no two rows of values look alike.
fn push(key: &mut Key, value: &[u8]) {
    key.extend_from_slice(&value.len().to_le_bytes());
    key.extend_from_slice(value);
}

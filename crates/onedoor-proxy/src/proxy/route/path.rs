//! Paths: one tree of segments per host pattern.
//!
//! Step 2 of precedence is the order in which a node's branches are tried: literal, literal text and rest,
//! `{x:re}`, `{x}`, rest. The first leaf that takes method and conditions has won, since every later one ranks lower
//! at the first segment where they differ. Only regexes can match side by side in one rank; there the branches'
//! winners are compared. No node is visited twice, and none that the path does not lead to.

use std::cmp::Ordering;
use std::sync::Arc;

use smallvec::SmallVec;

use super::RouteSpec;
use super::conditional::Conditional;
use super::method::{self, Method};
use super::names::Names;
use super::pattern::{End, Segment};
use super::regex::WholeRegex;
use super::regex_set::{Matching, RegexSet};
use super::table::Ask;
use super::texts::Texts;

/// Index of a route in the table.
pub(super) type SpecIndex = usize;
type NodeIndex = usize;

#[derive(Debug)]
pub(super) struct Tree {
    /// The first one is the root; a node stands behind all that lead to it.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    literals: Names<NodeIndex>,
    texts: Texts<Leaf>,
    /// One branch per regex, as it is written.
    regexes: Vec<(Arc<WholeRegex>, NodeIndex)>,
    /// All of these at once, where there are several; made when all are known.
    regex_set: Option<RegexSet>,
    any: Option<NodeIndex>,
    rest: Leaf,
    end: Leaf,
}

/// The routes of one pattern's path.
#[derive(Debug, Default)]
struct Leaf {
    /// Without conditions: one per method.
    plain: SmallVec<[(Option<Method>, SpecIndex); 2]>,
    /// None for almost all, which then cost a request no more than this look.
    conditional: Option<Box<Conditional>>,
}

/// What a lookup needs besides the path.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) specs: &'a [RouteSpec],
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Tree {
    /// Two routes with the same path, method and conditions are a conflict, found before.
    pub(super) fn insert(&mut self, specs: &[RouteSpec], index: SpecIndex) {
        let RouteSpec { pattern, when, .. } = &specs[index];
        let mut at = 0;
        for segment in &pattern.segments {
            at = self.branch(at, segment);
        }
        let node = &mut self.nodes[at];
        let leaf = match &pattern.end {
            End::Exact => &mut node.end,
            End::Subtree | End::Rest { .. } => &mut node.rest,
            End::TextAndRest { text, .. } => node.texts.entry(text),
        };
        if when.is_empty() {
            leaf.plain.push((pattern.method, index));
        } else {
            leaf.conditional.get_or_insert_default().insert(specs, index);
        }
    }

    /// The node behind `segment`, made if there is none.
    fn branch(&mut self, at: NodeIndex, segment: &Segment) -> NodeIndex {
        let fresh = self.nodes.len();
        let node = &mut self.nodes[at];
        let next = match segment {
            Segment::Literal(text) => *node.literals.entry(text, || fresh),
            Segment::Any { .. } => *node.any.get_or_insert(fresh),
            Segment::Matching { regex, .. } => {
                match node.regexes.iter().find(|(known, _)| known.text() == regex.text()) {
                    Some((_, next)) => *next,
                    None => {
                        node.regexes.push((Arc::clone(regex), fresh));
                        fresh
                    }
                }
            }
        };
        if next == fresh {
            self.nodes.push(Node::default());
        }
        next
    }

    /// No route comes after this.
    pub(super) fn finish(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| node.regexes.len() > 1) {
            let regexes = node.regexes.iter().map(|(regex, _)| Arc::clone(regex));
            node.regex_set = Some(RegexSet::new(regexes.collect()));
        }
    }

    /// The best route for this request.
    pub(super) fn best(&self, lookup: &Lookup<'_>) -> Option<SpecIndex> {
        let path = lookup.ask.path;
        self.best_from(0, Some(path.strip_prefix(b"/").unwrap_or(path)), lookup)
    }

    /// `left`: what follows the next slash; None: the path has ended.
    fn best_from(&self, at: NodeIndex, left: Option<&[u8]>, lookup: &Lookup<'_>) -> Option<SpecIndex> {
        let node = &self.nodes[at];
        let Some(left) = left else {
            return node.end.pick(lookup).or_else(|| node.rest.pick(lookup));
        };
        let (segment, left) = cut(left);
        let literal = node.literals.find(segment).and_then(|next| self.best_from(*next, left, lookup));
        if literal.is_some() {
            return literal;
        }
        if !segment.is_empty() {
            let found = node
                .texts
                .matching(segment)
                .find_map(|leaf| leaf.pick(lookup))
                .or_else(|| self.best_of_regexes(node, segment, left, lookup))
                .or_else(|| node.any.and_then(|next| self.best_from(next, left, lookup)));
            if found.is_some() {
                return found;
            }
        }
        node.rest.pick(lookup)
    }

    fn best_of_regexes(
        &self,
        node: &Node,
        segment: &[u8],
        left: Option<&[u8]>,
        lookup: &Lookup<'_>,
    ) -> Option<SpecIndex> {
        let matching = match (&node.regex_set, &*node.regexes) {
            (Some(set), _) => set.matching(segment),
            (None, [(only, _)]) if only.matches(segment) => Matching::from_slice(&[0]),
            (None, _) => return None,
        };
        let branches = matching.into_iter().filter_map(|at| node.regexes.get(at));
        let found = branches.filter_map(|(_, next)| self.best_from(*next, left, lookup));
        found.reduce(|best, found| match lookup.compare(found, best) {
            Ordering::Greater => found,
            Ordering::Less | Ordering::Equal => best,
        })
    }

    /// Every route whose path matches, whatever its method and its conditions.
    pub(super) fn collect(&self, path: &[u8], found: &mut Vec<SpecIndex>) {
        self.collect_from(0, Some(path.strip_prefix(b"/").unwrap_or(path)), found);
    }

    fn collect_from(&self, at: NodeIndex, left: Option<&[u8]>, found: &mut Vec<SpecIndex>) {
        let node = &self.nodes[at];
        let mut take = |leaf: &Leaf| found.extend(leaf.all());
        take(&node.rest);
        let Some(left) = left else { return take(&node.end) };
        let (segment, left) = cut(left);
        if !segment.is_empty() {
            node.texts.matching(segment).for_each(&mut take);
        }
        let literal = node.literals.find(segment).copied();
        let regexes = node.regexes.iter().filter(|(regex, _)| !segment.is_empty() && regex.matches(segment));
        let any = node.any.filter(|_| !segment.is_empty());
        for next in literal.into_iter().chain(regexes.map(|(_, next)| *next)).chain(any) {
            self.collect_from(next, left, found);
        }
    }
}

impl Leaf {
    fn pick(&self, lookup: &Lookup<'_>) -> Option<SpecIndex> {
        let plain = self.best_plain(lookup.ask.method);
        match &self.conditional {
            None => plain,
            Some(conditional) => conditional.best_or(plain, lookup),
        }
    }

    /// Step 3 of precedence.
    fn best_plain(&self, method: &[u8]) -> Option<SpecIndex> {
        let ranked = self.plain.iter().filter_map(|(own, index)| Some((method::rank(*own, method)?, *index)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, index)| index)
    }

    fn all(&self) -> impl Iterator<Item = SpecIndex> {
        let conditional = self.conditional.iter().flat_map(|conditional| conditional.all());
        self.plain.iter().map(|(_, index)| *index).chain(conditional)
    }
}

impl Lookup<'_> {
    /// Which of two routes that match this request ranks higher: steps 2 to 8.
    pub(super) fn compare(&self, left: SpecIndex, right: SpecIndex) -> Ordering {
        let (left, right) = (&self.specs[left], &self.specs[right]);
        let method = |spec: &RouteSpec| spec.pattern.method_rank(self.ask.method);
        left.pattern
            .ranks()
            .cmp(right.pattern.ranks())
            .then_with(|| method(left).cmp(&method(right)))
            .then_with(|| left.when.counts().cmp(&right.when.counts()))
            .then_with(|| left.priority.cmp(&right.priority))
    }
}

/// The next segment, and what follows the slash behind it.
fn cut(left: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'/', left) {
        Some(slash) => (&left[..slash], Some(&left[slash + 1..])),
        None => (left, None),
    }
}

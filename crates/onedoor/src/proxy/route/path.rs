//! Paths: one tree of segments per host pattern.
//!
//! Step 2 of precedence is the order in which a node's branches are tried: literal, literal text and rest,
//! `{x:re}`, `{x}`, rest. The first leaf that takes the method has won, since every later one ranks lower at the
//! first segment where they differ. Only regexes can match side by side in one rank; there the branches' winners
//! are compared. No node is visited twice, and none that the path does not lead to.

use std::cmp::Ordering;
use std::sync::Arc;

use smallvec::SmallVec;

use super::RouteSpec;
use super::method::{self, Method};
use super::names::Names;
use super::pattern::{End, Pattern, Segment};
use super::regex::SegmentRegex;
use super::texts::Texts;

/// Index of a route in the table.
type SpecIndex = usize;
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
    regexes: Vec<(Arc<SegmentRegex>, NodeIndex)>,
    any: Option<NodeIndex>,
    rest: Leaf,
    end: Leaf,
}

/// The routes of one pattern's path: one per method.
#[derive(Debug, Default)]
struct Leaf(SmallVec<[(Option<Method>, SpecIndex); 2]>);

/// What a lookup needs besides the path.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) method: &'a [u8],
    pub(super) specs: &'a [RouteSpec],
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Tree {
    /// Two routes with the same path and method are a conflict, found before.
    pub(super) fn insert(&mut self, pattern: &Pattern, index: SpecIndex) {
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
        leaf.0.push((pattern.method, index));
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

    /// The best route for this path and method.
    pub(super) fn best(&self, path: &[u8], lookup: &Lookup<'_>) -> Option<SpecIndex> {
        self.best_from(0, Some(path.strip_prefix(b"/").unwrap_or(path)), lookup)
    }

    /// `left`: what follows the next slash; None: the path has ended.
    fn best_from(&self, at: NodeIndex, left: Option<&[u8]>, lookup: &Lookup<'_>) -> Option<SpecIndex> {
        let node = &self.nodes[at];
        let Some(left) = left else {
            return node.end.pick(lookup.method).or_else(|| node.rest.pick(lookup.method));
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
                .find_map(|leaf| leaf.pick(lookup.method))
                .or_else(|| self.best_of_regexes(node, segment, left, lookup))
                .or_else(|| node.any.and_then(|next| self.best_from(next, left, lookup)));
            if found.is_some() {
                return found;
            }
        }
        node.rest.pick(lookup.method)
    }

    fn best_of_regexes(
        &self,
        node: &Node,
        segment: &[u8],
        left: Option<&[u8]>,
        lookup: &Lookup<'_>,
    ) -> Option<SpecIndex> {
        let mut best = None;
        for (regex, next) in &node.regexes {
            if !regex.matches(segment) {
                continue;
            }
            if let Some(found) = self.best_from(*next, left, lookup)
                && best.is_none_or(|best| lookup.compare(found, best) == Ordering::Greater)
            {
                best = Some(found);
            }
        }
        best
    }

    /// Every route whose path matches, whatever its method.
    pub(super) fn collect(&self, path: &[u8], found: &mut Vec<SpecIndex>) {
        self.collect_from(0, Some(path.strip_prefix(b"/").unwrap_or(path)), found);
    }

    fn collect_from(&self, at: NodeIndex, left: Option<&[u8]>, found: &mut Vec<SpecIndex>) {
        let node = &self.nodes[at];
        let mut take = |leaf: &Leaf| found.extend(leaf.0.iter().map(|(_, index)| *index));
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
    /// Step 3 of precedence.
    fn pick(&self, method: &[u8]) -> Option<SpecIndex> {
        let ranked = self.0.iter().filter_map(|(own, index)| Some((method::rank(*own, method)?, *index)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, index)| index)
    }
}

impl Lookup<'_> {
    /// Which of two routes that match this request ranks higher: steps 2 to 4.
    pub(super) fn compare(&self, left: SpecIndex, right: SpecIndex) -> Ordering {
        let (left, right) = (&self.specs[left], &self.specs[right]);
        left.pattern
            .ranks()
            .cmp(right.pattern.ranks())
            .then_with(|| left.pattern.method_rank(self.method).cmp(&right.pattern.method_rank(self.method)))
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

//! Routes between which nothing decides, and routes that nothing is left for: found when the table is built, so that no
//! request ever meets a tie, and no route is written in vain.
//!
//! Two routes can tie only if they are of one shape: same host, same method, and segment by segment the same
//! literals and kinds of capture. What differs within a shape is the text of regexes, and the conditions: those are
//! asked whether any request satisfies both. Which routes are hidden by another is told in `shadow`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::host::HostPattern;
use super::method::Method;
use super::pattern::{End, Pattern, Segment};
use super::regex::{Matter, Overlap};
use super::regex_set::RegexSet;
use super::when::{Name, When};
use super::{RouteSpec, shadow};

/// So many routes of one shape are held against each other without further ado.
const FEW: usize = 8;

/// Two routes that cannot both stand in one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub first: usize,
    pub second: usize,
    pub kind: ConflictKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// They ask for exactly the same, so one of them would never be used; no priority helps.
    Duplicate,
    /// One request can match both, and nothing decides. A different `priority` does.
    Tie {
        /// A path both match; where the regexes are too large to tell, these stand in it as written.
        example: String,
        /// The conditions of both.
        when: Vec<String>,
    },
    /// Whatever `second` matches is taken by `first`.
    Shadowed,
}

#[derive(PartialEq, Eq, Hash)]
struct Shape<'s> {
    host: &'s HostPattern,
    method: Option<Method>,
    segments: Vec<SegmentShape<'s>>,
    end: EndShape<'s>,
}

#[derive(PartialEq, Eq, Hash)]
enum SegmentShape<'s> {
    Literal(&'s [u8]),
    Matching,
    Any,
}

#[derive(PartialEq, Eq, Hash)]
enum EndShape<'s> {
    Exact,
    Rest,
    TextAndRest(&'s [u8]),
}

/// Each route is held against those of its shape before it, then against those that could hide it; the first conflict
/// of each is told.
pub(super) fn all(specs: &[RouteSpec]) -> Vec<Conflict> {
    let mut shapes: HashMap<Shape<'_>, Vec<usize>> = HashMap::new();
    for (index, spec) in specs.iter().enumerate() {
        shapes.entry(Shape::of(&spec.pattern)).or_default().push(index);
    }
    let mut conflicts: Vec<Conflict> = shapes.values().flat_map(|alike| among(specs, alike)).collect();
    let told: HashSet<usize> = conflicts.iter().map(|conflict| conflict.second).collect();
    conflicts.extend(shadow::by_better_paths(specs).filter(|conflict| !told.contains(&conflict.second)));
    conflicts.sort_by_key(|conflict| (conflict.second, conflict.first));
    conflicts
}

/// Among routes of one shape.
fn among(specs: &[RouteSpec], alike: &[usize]) -> Vec<Conflict> {
    let meetings = (alike.len() > FEW).then(|| Meetings::of(specs, alike)).flatten();
    let mut rivals = Rivals::among(specs, alike);
    let mut conflicts = Vec::new();
    for (at, second) in alike.iter().copied().enumerate() {
        let conflict = rivals.admit(at, &specs[second].when).into_iter().find_map(|first_at| {
            let first = alike[first_at];
            if meetings.as_ref().is_some_and(|meetings| meetings.excludes(first_at, at)) {
                return None;
            }
            let kind = between(&specs[first], &specs[second]);
            let kind = kind.map(|kind| Conflict { first, second, kind });
            kind.or_else(|| hidden_by_priority(specs, first, second))
        });
        conflicts.extend(conflict);
    }
    conflicts
}

/// Which routes of one shape can meet in their conditions, as far as one name tells: those that ask for different
/// values of it never do, and need not be held against each other.
#[derive(Default)]
struct Rivals<'s> {
    /// The one that most of them ask a certain value of.
    name: Option<Name>,
    /// Places among those alike: of those that ask for a value of it …
    by_value: HashMap<&'s str, Vec<usize>>,
    /// … and of those that do not.
    others: Vec<usize>,
}

impl<'s> Rivals<'s> {
    fn among(specs: &[RouteSpec], alike: &[usize]) -> Self {
        let mut asked: BTreeMap<Name, usize> = BTreeMap::new();
        for (name, _) in alike.iter().flat_map(|index| specs[*index].when.exact()) {
            *asked.entry(name).or_default() += 1;
        }
        let name = asked.into_iter().max_by_key(|(_, times)| *times).map(|(name, _)| name);
        Self { name, ..Self::default() }
    }

    /// Those before it that it can meet, in their order; it is one of them from now on.
    fn admit(&mut self, at: usize, when: &'s When) -> Vec<usize> {
        let value = when.exact().find(|(name, _)| self.name.as_ref() == Some(name));
        let Some((_, value)) = value else {
            self.others.push(at);
            return (0..at).collect();
        };
        let alike = self.by_value.entry(value).or_default();
        let mut met: Vec<usize> = alike.iter().chain(&self.others).copied().collect();
        met.sort_unstable();
        alike.push(at);
        met
    }
}

/// Which of the routes of one shape can meet in their first regex: found for all of them at once, where holding each
/// against each would take long.
struct Meetings {
    /// The place of each route's regex among those that differ.
    regexes: Vec<usize>,
    pairs: HashSet<(usize, usize)>,
}

impl Meetings {
    /// None: they have no regex, or too large ones to tell.
    fn of(specs: &[RouteSpec], alike: &[usize]) -> Option<Self> {
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut differing = Vec::new();
        let mut regexes = Vec::with_capacity(alike.len());
        for index in alike {
            let regex = specs[*index].pattern.segments.iter().find_map(|segment| match segment {
                Segment::Matching { regex, .. } => Some(regex),
                Segment::Literal(_) | Segment::Any { .. } => None,
            })?;
            regexes.push(*known.entry(regex.text()).or_insert_with(|| {
                differing.push(Arc::clone(regex));
                differing.len() - 1
            }));
        }
        Some(Self { regexes, pairs: RegexSet::overlaps(&differing, Matter::Segment)? })
    }

    fn excludes(&self, first: usize, second: usize) -> bool {
        let (first, second) = (self.regexes[first], self.regexes[second]);
        first != second && !self.pairs.contains(&(first.min(second), first.max(second)))
    }
}

impl<'s> Shape<'s> {
    fn of(pattern: &'s Pattern) -> Self {
        let segment = |segment: &'s Segment| match segment {
            Segment::Literal(text) => SegmentShape::Literal(text),
            Segment::Matching { .. } => SegmentShape::Matching,
            Segment::Any { .. } => SegmentShape::Any,
        };
        let end = match &pattern.end {
            End::Exact => EndShape::Exact,
            End::Subtree | End::Rest { .. } => EndShape::Rest,
            End::TextAndRest { text, .. } => EndShape::TextAndRest(text),
        };
        Self {
            host: &pattern.host,
            method: pattern.method,
            segments: pattern.segments.iter().map(segment).collect(),
            end,
        }
    }
}

/// Between two routes of one shape.
fn hidden_by_priority(specs: &[RouteSpec], one: usize, other: usize) -> Option<Conflict> {
    let (first, second) =
        if specs[one].priority > specs[other].priority { (one, other) } else { (other, one) };
    let is_hidden = shadow::hides_by_priority(&specs[first], &specs[second]);
    is_hidden.then_some(Conflict { first, second, kind: ConflictKind::Shadowed })
}

/// Between two routes of one shape.
fn between(first: &RouteSpec, second: &RouteSpec) -> Option<ConflictKind> {
    let mut is_duplicate = first.when.is_same(&second.when);
    let is_decided = first.when.counts() != second.when.counts() || first.priority != second.priority;
    if !is_duplicate && (is_decided || first.when.excludes(&second.when)) {
        return None;
    }
    let mut example = String::new();
    for (left, right) in first.pattern.segments.iter().zip(&second.pattern.segments) {
        example.push('/');
        match (left, right) {
            (Segment::Matching { regex: left, .. }, Segment::Matching { regex: right, .. }) => {
                is_duplicate &= left.text() == right.text();
                match left.overlap(right, Matter::Segment) {
                    Overlap::Never if left.text() == right.text() => {}
                    Overlap::Never => return None,
                    Overlap::At(segment) => example.push_str(&String::from_utf8_lossy(&segment)),
                    Overlap::Unknown => example.extend(["{", left.text(), "|", right.text(), "}"]),
                }
            }
            (Segment::Literal(text), _) => example.push_str(&String::from_utf8_lossy(text)),
            (Segment::Any { name }, _) | (_, Segment::Any { name }) => example.push_str(name),
            (Segment::Matching { .. }, Segment::Literal(_)) => return None,
        }
    }
    match &first.pattern.end {
        End::TextAndRest { text, .. } => {
            example.push('/');
            example.push_str(&String::from_utf8_lossy(text));
        }
        End::Exact | End::Subtree | End::Rest { .. } if example.is_empty() => example.push('/'),
        End::Exact | End::Subtree | End::Rest { .. } => {}
    }
    if is_duplicate {
        return Some(ConflictKind::Duplicate);
    }
    if is_decided {
        return None;
    }
    let mut when = first.when.show();
    when.extend(second.when.show());
    when.dedup();
    Some(ConflictKind::Tie { example, when })
}

//! Routes between which nothing decides, and routes that nothing is left for: found when the table is built, so that no
//! request ever meets a tie, and no route is written in vain.
//!
//! Two routes can tie only if they are of one shape: same host, same method, and segment by segment the same
//! literals and kinds of capture. What differs within a shape is the text of regexes, and the conditions: those are
//! asked whether any request satisfies both. Which routes are hidden by another is told in `shadow`.

use std::collections::{HashMap, HashSet};

use super::host::HostPattern;
use super::method::Method;
use super::pattern::{End, Pattern, Segment};
use super::regex::{Matter, Overlap};
use super::{RouteSpec, shadow};

/// Two routes that cannot both stand in one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) first: usize,
    pub(crate) second: usize,
    pub(crate) kind: ConflictKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConflictKind {
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
    let mut known: HashMap<Shape<'_>, Vec<usize>> = HashMap::new();
    let mut conflicts = Vec::new();
    for (second, spec) in specs.iter().enumerate() {
        let alike = known.entry(Shape::of(&spec.pattern)).or_default();
        let conflict = alike.iter().find_map(|first| {
            let kind = between(&specs[*first], spec);
            let kind = kind.map(|kind| Conflict { first: *first, second, kind });
            kind.or_else(|| hidden_by_priority(specs, *first, second))
        });
        conflicts.extend(conflict);
        alike.push(second);
    }
    let told: HashSet<usize> = conflicts.iter().map(|conflict| conflict.second).collect();
    conflicts.extend(shadow::by_better_paths(specs).filter(|conflict| !told.contains(&conflict.second)));
    conflicts
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
    if first.when.counts() != second.when.counts() {
        return None;
    }
    let mut example = String::new();
    let mut is_duplicate = first.when.is_same(&second.when);
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
    if first.priority != second.priority || first.when.excludes(&second.when) {
        return None;
    }
    let mut when = first.when.show();
    when.extend(second.when.show());
    when.dedup();
    Some(ConflictKind::Tie { example, when })
}

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
use super::rivals::Rivals;
use super::{RouteSpec, shadow};

/// How many pairs of regexes of one shape are held against each other, where they are too large for all at once.
const WALKS_MOST: usize = 200;

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
    /// There are too many regexes, and too large ones, to tell; from `second` on nothing was looked at.
    TooLarge,
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
    sorted::by_key(&mut conflicts, |conflict| (conflict.second, conflict.first));
    conflicts
}

/// Among routes of one shape.
fn among(specs: &[RouteSpec], alike: &[usize]) -> Vec<Conflict> {
    let mut rivals = Rivals::among(specs, alike);
    let mut walks = 0;
    let mut conflicts = Vec::new();
    for (at, second) in alike.iter().copied().enumerate() {
        let conflict = rivals.of(at).find_map(|first_at| {
            let first = alike[first_at];
            walks += usize::from(differ_in_a_regex(&specs[first], &specs[second]));
            if walks > WALKS_MOST {
                return Some(Conflict { first, second, kind: ConflictKind::TooLarge });
            }
            let kind = between(&specs[first], &specs[second]);
            let kind = kind.map(|kind| Conflict { first, second, kind });
            kind.or_else(|| hidden_by_priority(specs, first, second))
        });
        conflicts.extend(conflict);
        if walks > WALKS_MOST {
            break;
        }
        rivals.admit(at);
    }
    conflicts
}

/// Whether two regexes would have to be held against each other.
fn differ_in_a_regex(first: &RouteSpec, second: &RouteSpec) -> bool {
    let mut segments = first.pattern.segments.iter().zip(&second.pattern.segments);
    let in_path = segments.any(|pair| match pair {
        (Segment::Matching { regex: left, .. }, Segment::Matching { regex: right, .. }) => {
            left.text() != right.text()
        }
        (Segment::Matching { .. } | Segment::Literal(_) | Segment::Any { .. }, _) => false,
    });
    in_path || first.when.differs_in_a_regex(&second.when)
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

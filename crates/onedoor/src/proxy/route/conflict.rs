//! Routes between which nothing decides: found when the table is built, so that no request ever meets a tie.
//!
//! Two routes can tie only if they are of one shape: same host, same method, and segment by segment the same
//! literals and kinds of capture. What differs within a shape is the text of regexes, and those are asked whether
//! any segment satisfies both.

use std::collections::HashMap;

use super::RouteSpec;
use super::host::HostPattern;
use super::method::Method;
use super::pattern::{End, Pattern, Segment};
use super::regex::Overlap;

/// Two routes that one request can match and that no step of precedence tells apart; `first < second`.
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
    /// Their regexes overlap. A different `priority` decides.
    Tie {
        /// A path both match; where the regexes are too large to tell, these stand in it as written.
        example: String,
    },
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

/// Each route is held against those before it; the first conflict of each is told.
pub(super) fn all(specs: &[RouteSpec]) -> Vec<Conflict> {
    let mut known: HashMap<Shape<'_>, Vec<usize>> = HashMap::new();
    let mut conflicts = Vec::new();
    for (second, spec) in specs.iter().enumerate() {
        let alike = known.entry(Shape::of(&spec.pattern)).or_default();
        let conflict = alike.iter().find_map(|first| {
            let kind = between(&specs[*first], spec)?;
            Some(Conflict { first: *first, second, kind })
        });
        conflicts.extend(conflict);
        alike.push(second);
    }
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
fn between(first: &RouteSpec, second: &RouteSpec) -> Option<ConflictKind> {
    let mut example = String::new();
    let mut is_duplicate = true;
    for (left, right) in first.pattern.segments.iter().zip(&second.pattern.segments) {
        example.push('/');
        match (left, right) {
            (Segment::Matching { regex: left, .. }, Segment::Matching { regex: right, .. }) => {
                is_duplicate &= left.text() == right.text();
                match left.overlap(right) {
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
        Some(ConflictKind::Duplicate)
    } else if first.priority == second.priority {
        Some(ConflictKind::Tie { example })
    } else {
        None
    }
}

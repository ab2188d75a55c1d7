//! Routes that are hidden: whatever they match, one other route matches, too, and takes it. Found when the table is
//! built.
//!
//! `first` hides `second` if it asks for no more than `second` does, in host, path, method and conditions, and ranks
//! higher all the same. In a path only a regex can bring that about, since otherwise who asks for more ranks higher:
//! `/{x:.*}` stands before `/{x}` and matches as much. Beside equal paths only `priority` can.
//!
//! Never a false alarm: where a regex is too large to tell, nothing is said. A route that several others hide together
//! is not found.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::RouteSpec;
use super::conflict::{Conflict, ConflictKind};
use super::host::HostPattern;
use super::method::Method;
use super::pattern::{self, End, Pattern, Segment};
use super::regex::{Matter, WholeRegex};

/// The first that hides each, among those whose paths say more segment by segment. Only a regex hides another path, or
/// is hidden by one: routes without one need not be held against each other.
pub(super) fn by_better_paths(specs: &[RouteSpec]) -> impl Iterator<Item = Conflict> {
    let mut hosts: HashMap<&HostPattern, Rivals> = HashMap::new();
    for (index, spec) in specs.iter().enumerate() {
        let rivals = hosts.entry(&spec.pattern.host).or_default();
        rivals.all.push(index);
        if has_regex(&spec.pattern) {
            rivals.with_regex.push(index);
        }
    }
    (0..specs.len()).filter_map(move |second| {
        let pattern = &specs[second].pattern;
        let rivals = hosts.get(&pattern.host)?;
        let rivals = if has_regex(pattern) { &rivals.all } else { &rivals.with_regex };
        let first = rivals.iter().copied().find(|first| hides_by_path(&specs[*first], &specs[second]))?;
        Some(Conflict { first, second, kind: ConflictKind::Shadowed })
    })
}

/// The routes of one host.
#[derive(Default)]
struct Rivals {
    all: Vec<usize>,
    with_regex: Vec<usize>,
}

fn has_regex(pattern: &Pattern) -> bool {
    pattern.segments.iter().any(|segment| matches!(segment, Segment::Matching { .. }))
}

fn hides_by_path(first: &RouteSpec, second: &RouteSpec) -> bool {
    first.pattern.ranks().cmp(second.pattern.ranks()) == Ordering::Greater
        && allows_as_much(first.pattern.method, second.pattern.method)
        && covers_path(&first.pattern, &second.pattern)
        && first.when.covers(&second.when)
}

/// Between two routes of one shape, where `priority` alone can do it: one that asks for more conditions stands before.
pub(super) fn hides_by_priority(first: &RouteSpec, second: &RouteSpec) -> bool {
    first.priority > second.priority
        && first.when.counts() == second.when.counts()
        && first.when.covers(&second.when)
        && covers_path(&first.pattern, &second.pattern)
}

fn allows_as_much(first: Option<Method>, second: Option<Method>) -> bool {
    match (first, second) {
        (None, _) | (Some("GET"), Some("HEAD")) => true,
        (first, second) => first == second,
    }
}

/// Whether every path that `second` matches is matched by `first`.
fn covers_path(first: &Pattern, second: &Pattern) -> bool {
    let (own, others) = (first.segments.len(), second.segments.len());
    if own > others || !first.segments.iter().zip(&second.segments).all(|(own, other)| covers(own, other)) {
        return false;
    }
    match (&first.end, second.segments.get(own)) {
        (End::Subtree | End::Rest { .. }, _) => true,
        (End::Exact, None) => matches!(second.end, End::Exact),
        (End::Exact, Some(_)) => false,
        (End::TextAndRest { text, .. }, Some(segment)) => text_covers(text, segment),
        (End::TextAndRest { text, .. }, None) => match &second.end {
            // What is left of the longer text must not be what a rest never is.
            End::TextAndRest { text: longer, .. } => pattern::text_and_rest_matches(text, longer),
            End::Exact | End::Subtree | End::Rest { .. } => false,
        },
    }
}

fn covers(first: &Segment, second: &Segment) -> bool {
    match (first, second) {
        (_, Segment::Literal(text)) => first.matches(text),
        (Segment::Any { .. }, Segment::Matching { .. } | Segment::Any { .. }) => true,
        (Segment::Matching { regex: own, .. }, Segment::Matching { regex: other, .. }) => {
            own.text() == other.text() || own.covers(other, Matter::Segment)
        }
        (Segment::Matching { regex, .. }, Segment::Any { .. }) => {
            // Almost every regex fails here already.
            let is_wide = [&b"0"[..], b"z", b"~%21"].iter().all(|probe| regex.matches(probe));
            is_wide && WholeRegex::parse(".*").is_ok_and(|any| regex.covers(&any, Matter::Segment))
        }
        (Segment::Literal(text), Segment::Matching { regex, .. }) => {
            regex.matches(text)
                && WholeRegex::of_text(text).is_some_and(|own| own.covers(regex, Matter::Segment))
        }
        (Segment::Literal(_), Segment::Any { .. }) => false,
    }
}

/// Whether every text that the segment matches begins so, and goes on otherwise than a dot segment.
fn text_covers(text: &[u8], segment: &Segment) -> bool {
    match segment {
        Segment::Literal(literal) => pattern::text_and_rest_matches(text, literal),
        Segment::Any { .. } => false,
        Segment::Matching { regex, .. } => {
            let escaped: String = text.iter().map(|byte| format!(r"\x{byte:02X}")).collect();
            let begun = format!(r"{escaped}([^.].*|\.[^.].*|\.\..+)?");
            WholeRegex::parse(&begun).is_ok_and(|begun| begun.covers(regex, Matter::Segment))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{build, winner};
    use super::*;

    #[test]
    fn a_route_that_another_one_takes_everything_from_is_found() {
        for (first, second) in [
            ("/{x:.*}", "/{x}"),
            ("/{x:[^a].*|a.*}", "/{x}"),
            ("/{x:.+}/{y}", "/{x}/lit"),
            ("/{x:.+}/*", "/{x}"),
            ("/{x:.+}/*", "/{x}/b/{rest...}"),
            ("/{x:.+}", "GET /{x}"),
            ("GET /{x:.+}", "HEAD /{x}"),
            ("/abc", "/{x:abc}"),
            ("/abc", "/{x:abc|ab{1}c}"),
            ("/a{rest...}", "/{x:ab+}/*"),
            ("/a{rest...}", "/{x:ab+}"),
            ("/{x:a|b}!1", "/{x:a}"),
            ("/{x:[0-9]+}/{y:.*}!1", "/{x:[0-4]+}/{y:[a-z]}"),
            ("x.com/{x:.*}", "x.com/{x}"),
            ("/{x:.*}", "/{x} [h:a=1]"),
            ("/{x:.*} [h:a=~.*]", "/{x} [h:a=1,h:b=2]"),
            ("/a [h:a=~.*]!1", "/a [h:a=1]"),
            ("/a [i=10.0.0.0/8]!1", "/a [i=10.1.0.0/16]"),
            ("/a [q:v=~[0-9]+,c:s=1]!2", "/a [q:v=7,c:s=1]!1"),
            ("/a [h:a=1]!1", "/a [h:a=~1]"),
        ] {
            for turned in [false, true] {
                let mut keys = vec![first, "/other", second];
                if turned {
                    keys.reverse();
                }
                let place = |key| keys.iter().position(|known| *known == key).unwrap();
                let conflicts = build(&keys).expect_err(second);
                let told =
                    Conflict { first: place(first), second: place(second), kind: ConflictKind::Shadowed };
                assert_eq!(conflicts, [told], "{first} {second}");
            }
        }
    }

    #[test]
    fn a_route_that_is_left_anything_is_not_hidden() {
        for (first, second, left) in [
            ("/{x:[0-9]+}", "/{x}", "/a"),
            ("/{x:.*}", "/{x}/*", "/a/b"),
            ("/{x:.*}", "/*", "/"),
            ("/{x:.*}", "/{x}/", "/a/"),
            ("/{x:.*}/*", "/*", "//a"),
            ("GET /{x:.*}", "/{x}", "POST /a"),
            ("x.com/{x:.*}", "/{x}", "/a"),
            ("/abc", "/{x:abcd?}", "/abcd"),
            ("/a{rest...}", "/{x:a.*}", "/a.."),
            ("/a{rest...}", "/a.{rest...}", "/a."),
            ("/{x:.*} [h:a=1]", "/{x}", "/a"),
            ("/a [h:a=1]", "/a!9", "/a"),
            ("/a [i=10.0.0.0/8]!1", "/a [i=0.0.0.0/0]", "/a"),
        ] {
            let routes = build(&[first, second]).unwrap_or_else(|told| panic!("{first} {second}: {told:?}"));
            if !second.contains('[') {
                assert_eq!(winner(&routes, left), second.split('!').next().unwrap(), "{first} {second}");
            }
        }
    }
}

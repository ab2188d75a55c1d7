//! Why a request goes where it goes: what `onedoor explain` tells, as data; the command writes the sentences.
//!
//! Asks the table itself who wins, then looks at all routes one by one for what came close. Never on the way of a
//! request.

use std::cmp::Ordering;

use super::Route;
use super::host::AskedHost;
use super::path::Lookup;
use super::pattern::{self, End, Pattern, Rank, Segment};
use super::table::{Ask, Found, Routes};

#[derive(Debug)]
pub(crate) struct Explanation<'r> {
    pub(crate) outcome: Outcome<'r>,
    /// Routes that were close and do not match, the closest first.
    pub(crate) near_misses: Vec<NearMiss<'r>>,
}

#[derive(Debug)]
pub(crate) enum Outcome<'r> {
    Route(Winner<'r>),
    MethodNotAllowed { allow: String },
    NotFound,
}

#[derive(Debug)]
pub(crate) struct Winner<'r> {
    pub(crate) route: &'r Route,
    pub(crate) pattern: &'r Pattern,
    /// Name and value, in the path's normalised spelling.
    pub(crate) captures: Vec<(String, String)>,
    /// None: no other route matches.
    pub(crate) runner_up: Option<RunnerUp<'r>>,
}

/// The route that would have taken the request without the winner.
#[derive(Debug)]
pub(crate) struct RunnerUp<'r> {
    pub(crate) route: &'r Route,
    pub(crate) pattern: &'r Pattern,
    pub(crate) decided_by: Step,
}

/// The step of precedence at which the winner won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Host,
    /// At the segment with this index, counted from 0.
    Path {
        segment: usize,
        winner: Rank,
        runner_up: Rank,
    },
    Method,
    Priority,
}

#[derive(Debug)]
pub(crate) struct NearMiss<'r> {
    pub(crate) route: &'r Route,
    pub(crate) pattern: &'r Pattern,
    pub(crate) miss: Miss,
}

/// What alone kept a route from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// `"nodejs"` is a different segment than `"node"`.
    Segment {
        asked: String,
        wanted: String,
    },
    /// The pattern is exact, and the path goes on with this: `/health` and `/health/`.
    PathGoesOn {
        with: String,
    },
    /// The path ends where the pattern wants more.
    PathEnds {
        wanted: String,
    },
    Method {
        wanted: &'static str,
    },
    Host,
}

impl Routes {
    pub(crate) fn explain(&self, ask: &Ask<'_>) -> Explanation<'_> {
        let outcome = match self.find(ask) {
            Found::Route(matched) => Outcome::Route(self.winner(ask, matched.pattern)),
            Found::MethodNotAllowed { allow } => Outcome::MethodNotAllowed { allow },
            Found::NotFound => Outcome::NotFound,
        };
        let host = AskedHost::new(ask.host);
        let mut near_misses: Vec<(u8, NearMiss<'_>)> = Vec::new();
        for spec in &self.specs {
            if let Some((distance, miss)) = near_miss(&spec.pattern, ask, &host) {
                near_misses.push((distance, NearMiss { route: &spec.route, pattern: &spec.pattern, miss }));
            }
        }
        near_misses.sort_by_key(|(distance, _)| *distance);
        Explanation { outcome, near_misses: near_misses.into_iter().map(|(_, miss)| miss).collect() }
    }

    fn winner<'r>(&'r self, ask: &Ask<'_>, winner: &'r Pattern) -> Winner<'r> {
        let lookup = Lookup { method: ask.method, specs: &self.specs };
        let host_rank = |index: usize| self.specs[index].pattern.host.rank();
        let mut ranked = self.matching(ask);
        ranked.retain(|index| self.specs[*index].pattern.method_rank(ask.method).is_some());
        ranked.sort_by(|left, right| {
            host_rank(*right).cmp(&host_rank(*left)).then_with(|| lookup.compare(*right, *left))
        });
        debug_assert!(
            ranked.first().is_some_and(|first| std::ptr::eq(&raw const self.specs[*first].pattern, winner))
        );
        let at = ranked.iter().position(|index| std::ptr::eq(&raw const self.specs[*index].pattern, winner));
        let spec = &self.specs[at.map_or(0, |at| ranked[at])];
        let runner_up =
            ranked.iter().map(|index| &self.specs[*index]).find(|other| !std::ptr::eq(*other, spec));
        let value = |index| String::from_utf8_lossy(spec.pattern.captured(index, ask.path)).into_owned();
        Winner {
            route: &spec.route,
            pattern: &spec.pattern,
            captures: spec
                .pattern
                .captures()
                .enumerate()
                .map(|(index, name)| (name.to_owned(), value(index)))
                .collect(),
            runner_up: runner_up.map(|other| RunnerUp {
                route: &other.route,
                pattern: &other.pattern,
                decided_by: deciding_step(&spec.pattern, &other.pattern, ask),
            }),
        }
    }
}

fn deciding_step(winner: &Pattern, runner_up: &Pattern, ask: &Ask<'_>) -> Step {
    if winner.host.rank() != runner_up.host.rank() {
        return Step::Host;
    }
    let ranks = winner.ranks().zip(runner_up.ranks()).enumerate();
    if let Some((segment, (winner, runner_up))) = ranks.into_iter().find(|(_, (left, right))| left != right) {
        return Step::Path { segment, winner, runner_up };
    }
    match winner.method_rank(ask.method).cmp(&runner_up.method_rank(ask.method)) {
        Ordering::Equal => Step::Priority,
        Ordering::Less | Ordering::Greater => Step::Method,
    }
}

/// None: it matches, or it is not close. The number orders: the smaller, the closer.
fn near_miss(pattern: &Pattern, ask: &Ask<'_>, host: &AskedHost) -> Option<(u8, Miss)> {
    let method = pattern.method.filter(|_| pattern.method_rank(ask.method).is_none());
    match (path_miss(pattern, ask.path), method, pattern.host.matches(host)) {
        (None, Some(wanted), true) => Some((0, Miss::Method { wanted })),
        (None, None, false) => Some((1, Miss::Host)),
        (Some((closeness, miss)), None, true) => Some((closeness, miss)),
        (None, None, true) | (None, Some(_), false) | (Some(_), _, _) => None,
    }
    .filter(|(distance, _)| *distance < FAR)
}

/// The distance of a route that has nothing to do with the path.
const FAR: u8 = 9;

/// The first thing in the path that does not fit.
fn path_miss(pattern: &Pattern, path: &[u8]) -> Option<(u8, Miss)> {
    let mut asked = pattern::segments(path);
    for (at, segment) in pattern.segments.iter().enumerate() {
        let Some(found) = asked.next() else {
            // Half of the pattern was met: `/users` and `/users/{id}`.
            return Some((
                if at * 2 >= pattern.segments.len() { 4 } else { FAR },
                Miss::PathEnds { wanted: shown(segment) },
            ));
        };
        if !segment.matches(found) {
            let distance = segment_distance(segment, found, at);
            return Some((distance, Miss::Segment { asked: lossy(found), wanted: shown(segment) }));
        }
    }
    match &pattern.end {
        End::Subtree | End::Rest { .. } => None,
        End::Exact => {
            let left: Vec<&[u8]> = asked.collect();
            if left.is_empty() {
                return None;
            }
            let with = format!("/{}", lossy(&left.join(&b'/')));
            let distance = if with == "/" {
                2
            } else if pattern.segments.iter().all(is_empty) {
                FAR
            } else {
                5
            };
            Some((distance, Miss::PathGoesOn { with }))
        }
        End::TextAndRest { text, .. } => {
            let wanted = format!("{}…", lossy(text));
            match asked.next() {
                None => Some((4, Miss::PathEnds { wanted })),
                Some(found) if pattern::text_and_rest_matches(text, found) => None,
                Some(found) => {
                    let distance =
                        if common_start(text, found) || !pattern.segments.is_empty() { 4 } else { FAR };
                    Some((distance, Miss::Segment { asked: lossy(found), wanted }))
                }
            }
        }
    }
}

fn is_empty(segment: &Segment) -> bool {
    matches!(segment, Segment::Literal(text) if text.is_empty())
}

fn segment_distance(wanted: &Segment, asked: &[u8], at: usize) -> u8 {
    match wanted {
        Segment::Literal(text) if text.eq_ignore_ascii_case(asked) => 2,
        Segment::Literal(text) if common_start(text, asked) => 3,
        Segment::Matching { .. } | Segment::Any { .. } => 4,
        Segment::Literal(_) if at > 0 => 5,
        Segment::Literal(_) => FAR,
    }
}

/// `node` and `nodejs`: one begins with the other.
fn common_start(left: &[u8], right: &[u8]) -> bool {
    !left.is_empty() && !right.is_empty() && (left.starts_with(right) || right.starts_with(left))
}

fn shown(segment: &Segment) -> String {
    match segment {
        Segment::Literal(text) => lossy(text),
        Segment::Matching { name, regex } => format!("{{{name}:{}}}", regex.text()),
        Segment::Any { name } => format!("{{{name}}}"),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

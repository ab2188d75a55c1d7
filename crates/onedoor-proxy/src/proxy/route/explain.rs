//! Why a request goes where it goes: what `onedoor explain` tells, as data; the command writes the sentences.
//!
//! Ranks all routes that match, and looks at the others one by one for what came close. Never on the way of a
//! request; the tests hold it against the lookup.

use super::Route;
use super::RouteSpec;
use super::host::AskedHost;
use super::path::Lookup;
use super::pattern::{self, End, Pattern, Rank, Segment};
use super::table::{Ask, Routes};
use super::when::Seen;

#[derive(Debug)]
pub struct Explanation<'r> {
    pub outcome: Outcome<'r>,
    /// Routes that were close and do not match, the closest first.
    pub near_misses: Vec<NearMiss<'r>>,
}

#[derive(Debug)]
pub enum Outcome<'r> {
    Route(Winner<'r>),
    MethodNotAllowed { allow: String },
    NotFound,
}

#[derive(Debug)]
pub struct Winner<'r> {
    pub route: &'r Route,
    pub pattern: &'r Pattern,
    /// Name and value, in the path's normalised spelling.
    pub captures: Vec<(String, String)>,
    /// All of them hold.
    pub conditions: Vec<Seen>,
    /// None: no other route matches.
    pub runner_up: Option<RunnerUp<'r>>,
}

/// The route that would have taken the request without the winner.
#[derive(Debug)]
pub struct RunnerUp<'r> {
    pub route: &'r Route,
    pub pattern: &'r Pattern,
    pub decided_by: Step,
}

/// The step of precedence at which the winner won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Host,
    /// At the segment with this index, counted from 0.
    Path {
        segment: usize,
        winner: Rank,
        runner_up: Rank,
    },
    Method,
    /// More conditions, or of a kind that counts for more.
    When,
    Priority,
}

#[derive(Debug)]
pub struct NearMiss<'r> {
    pub route: &'r Route,
    pub pattern: &'r Pattern,
    pub miss: Miss,
}

/// What alone kept a route from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
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
    /// All conditions of the route; some of them fail.
    When(Vec<Seen>),
}

impl Routes {
    pub fn explain(&self, ask: &Ask<'_>) -> Explanation<'_> {
        let host = AskedHost::new(ask.host);
        let mut near: Vec<(Distance, NearMiss<'_>)> = Vec::new();
        for spec in &self.specs {
            if let Some((distance, miss)) = near_miss(spec, ask, &host) {
                near.push((distance, NearMiss { route: &spec.route, pattern: &spec.pattern, miss }));
            }
        }
        sorted::by_key(&mut near, |(distance, _)| *distance);
        let near_misses = near.into_iter().map(|(_, miss)| miss).collect();
        Explanation { outcome: self.outcome(ask), near_misses }
    }

    /// Ranks all routes that match, where a lookup stops at the best.
    fn outcome(&self, ask: &Ask<'_>) -> Outcome<'_> {
        let on_path = self.matching(ask);
        let mut able = on_path.clone();
        able.retain(|index| self.specs[*index].pattern.method_rank(ask.method).is_some());
        let lookup = Lookup { ask, specs: &self.specs };
        let host_rank = |index: usize| self.specs[index].pattern.host.rank();
        sorted::by(&mut able, |left, right| {
            host_rank(*right).cmp(&host_rank(*left)).then_with(|| lookup.compare(*right, *left))
        });
        let mut ranked = able.iter().map(|index| &self.specs[*index]);
        match ranked.next() {
            Some(best) => Outcome::Route(winner(best, ranked.next(), ask)),
            None if on_path.is_empty() => Outcome::NotFound,
            None => Outcome::MethodNotAllowed { allow: self.allow(&on_path) },
        }
    }
}

fn winner<'r>(best: &'r RouteSpec, second: Option<&'r RouteSpec>, ask: &Ask<'_>) -> Winner<'r> {
    let captures = best.pattern.captures().enumerate();
    let captures =
        captures.map(|(index, name)| (name.to_owned(), lossy(best.pattern.captured(index, ask.path))));
    Winner {
        route: &best.route,
        pattern: &best.pattern,
        captures: captures.collect(),
        conditions: best.when.look(&ask.details),
        runner_up: second.map(|second| RunnerUp {
            route: &second.route,
            pattern: &second.pattern,
            decided_by: deciding_step(best, second, ask),
        }),
    }
}

fn deciding_step(winner: &RouteSpec, runner_up: &RouteSpec, ask: &Ask<'_>) -> Step {
    let (own, others) = (&winner.pattern, &runner_up.pattern);
    if own.host.rank() != others.host.rank() {
        return Step::Host;
    }
    let ranks = own.ranks().zip(others.ranks()).enumerate();
    if let Some((segment, (winner, runner_up))) = ranks.into_iter().find(|(_, (left, right))| left != right) {
        return Step::Path { segment, winner, runner_up };
    }
    if own.method_rank(ask.method) != others.method_rank(ask.method) {
        return Step::Method;
    }
    if winner.when.counts() == runner_up.when.counts() { Step::Priority } else { Step::When }
}

/// How far a route is from matching, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    UnmetCondition,
    OtherMethod,
    OtherHost,
    /// Upper or lower case, or a final slash.
    OtherSpelling,
    /// One segment begins with the other.
    CommonStart,
    /// A capture that got nothing, or nothing that fits.
    UnmetCapture,
    /// Only the first segments are the same.
    CommonParent,
}

/// How a pattern's path and a request's compare.
enum Fit {
    Matches,
    Near(Distance, Miss),
    Far,
}

/// None: it matches, or more than one thing is wrong with it, or it has nothing to do with the path.
fn near_miss(spec: &RouteSpec, ask: &Ask<'_>, host: &AskedHost) -> Option<(Distance, Miss)> {
    let RouteSpec { pattern, when, .. } = spec;
    let wanted = pattern.method.filter(|_| pattern.method_rank(ask.method).is_none());
    match (fit(pattern, ask.path), wanted, pattern.host.matches(host), when.holds(&ask.details)) {
        (Fit::Matches, None, true, false) => {
            Some((Distance::UnmetCondition, Miss::When(when.look(&ask.details))))
        }
        (Fit::Matches, Some(wanted), true, true) => Some((Distance::OtherMethod, Miss::Method { wanted })),
        (Fit::Matches, None, false, true) => Some((Distance::OtherHost, Miss::Host)),
        (Fit::Near(distance, miss), None, true, true) => Some((distance, miss)),
        (Fit::Matches | Fit::Near(..) | Fit::Far, ..) => None,
    }
}

/// The first thing in the path that does not fit.
fn fit(pattern: &Pattern, path: &[u8]) -> Fit {
    let mut asked = pattern::segments(path);
    for (at, segment) in pattern.segments.iter().enumerate() {
        let wanted = shown(segment);
        let Some(found) = asked.next() else { return path_ends(pattern, segment, at, wanted) };
        if !segment.matches(found) {
            let miss = Miss::Segment { asked: lossy(found), wanted };
            return segment_distance(segment, found, at)
                .map_or(Fit::Far, |distance| Fit::Near(distance, miss));
        }
    }
    match &pattern.end {
        End::Subtree | End::Rest { .. } => Fit::Matches,
        End::Exact => path_goes_on(pattern, &asked.collect::<Vec<_>>()),
        End::TextAndRest { text, .. } => {
            let wanted = format!("{}\u{2026}", lossy(text));
            match asked.next() {
                None => Fit::Near(Distance::UnmetCapture, Miss::PathEnds { wanted }),
                Some(found) if pattern::text_and_rest_matches(text, found) => Fit::Matches,
                Some(found) => {
                    let miss = Miss::Segment { asked: lossy(found), wanted };
                    let distance = literal_distance(text, found, pattern.segments.len());
                    distance.map_or(Fit::Far, |distance| Fit::Near(distance, miss))
                }
            }
        }
    }
}

/// The path ended before the pattern's segment `at`.
fn path_ends(pattern: &Pattern, segment: &Segment, at: usize, wanted: String) -> Fit {
    let is_last = at + 1 == pattern.segments.len();
    match segment {
        _ if is_empty(segment) && is_last => Fit::Near(Distance::OtherSpelling, Miss::PathEnds { wanted }),
        // At least half of the pattern was met.
        _ if at * 2 >= pattern.segments.len() => Fit::Near(Distance::UnmetCapture, Miss::PathEnds { wanted }),
        Segment::Literal(_) | Segment::Matching { .. } | Segment::Any { .. } => Fit::Far,
    }
}

/// The pattern ended, and these segments were left.
fn path_goes_on(pattern: &Pattern, left: &[&[u8]]) -> Fit {
    if left.is_empty() {
        return Fit::Matches;
    }
    let miss = Miss::PathGoesOn { with: format!("/{}", lossy(&left.join(&b'/'))) };
    match left {
        [b""] => Fit::Near(Distance::OtherSpelling, miss),
        // Everything goes on behind `/`.
        _ if pattern.segments.iter().all(is_empty) => Fit::Far,
        _ => Fit::Near(Distance::CommonParent, miss),
    }
}

fn segment_distance(wanted: &Segment, asked: &[u8], at: usize) -> Option<Distance> {
    match wanted {
        Segment::Literal(text) => literal_distance(text, asked, at),
        Segment::Matching { .. } | Segment::Any { .. } => Some(Distance::UnmetCapture),
    }
}

fn literal_distance(wanted: &[u8], asked: &[u8], at: usize) -> Option<Distance> {
    if wanted.eq_ignore_ascii_case(asked) {
        Some(Distance::OtherSpelling)
    } else if !wanted.is_empty()
        && !asked.is_empty()
        && (wanted.starts_with(asked) || asked.starts_with(wanted))
    {
        Some(Distance::CommonStart)
    } else {
        (at > 0).then_some(Distance::CommonParent)
    }
}

fn is_empty(segment: &Segment) -> bool {
    matches!(segment, Segment::Literal(text) if text.is_empty())
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

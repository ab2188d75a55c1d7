//! All routes as a reader wants them: whoever wins stands above whoever it wins over.

use std::cmp::Reverse;

use super::pattern::{End, Pattern, Rank, Segment};
use super::{Route, RouteSpec, Routes};

/// One route, as it is listed.
#[derive(Debug)]
pub struct Listed<'r> {
    /// `GET api.example.com/users/*`
    pub written: &'r str,
    /// Each as a sentence.
    pub conditions: Vec<String>,
    pub priority: i32,
    pub route: &'r Route,
}

impl Routes {
    /// By host, then path segment by segment, then method, conditions and priority; what never meets, by its spelling.
    pub fn listed(&self) -> Vec<Listed<'_>> {
        let precedence = |spec: &RouteSpec| {
            let RouteSpec { pattern, when, priority, .. } = spec;
            let precedence = (Reverse(pattern.host.rank()), steps(pattern), pattern.method.is_none());
            (precedence, Reverse(when.counts()), Reverse(*priority), pattern.written().to_owned())
        };
        let mut specs: Vec<_> = self.specs.iter().map(|spec| (precedence(spec), spec)).collect();
        sorted::by(&mut specs, |(one, _), (other, _)| one.cmp(other));
        let listed = |spec: &'_ RouteSpec| (spec.when.show(), spec.priority);
        specs
            .into_iter()
            .map(|(_, spec)| {
                let (conditions, priority) = listed(spec);
                Listed { written: spec.pattern.written(), conditions, priority, route: &spec.route }
            })
            .collect()
    }
}

/// The higher rank first; of the same rank, in the order of the alphabet.
fn steps(pattern: &Pattern) -> Vec<(Reverse<Rank>, Vec<u8>)> {
    let text = |segment: &Segment| match segment {
        Segment::Literal(text) => text.to_vec(),
        Segment::Matching { .. } | Segment::Any { .. } => Vec::new(),
    };
    let end = match &pattern.end {
        End::TextAndRest { text, .. } => text.to_vec(),
        End::Exact | End::Subtree | End::Rest { .. } => Vec::new(),
    };
    let texts = pattern.segments.iter().map(text).chain([end]);
    pattern.ranks().map(Reverse).zip(texts).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::build;

    #[test]
    fn whoever_wins_stands_above_whoever_it_wins_over() {
        let routes = build(&[
            "/*",
            "/a/*",
            "/a/b",
            "/a/{x}",
            "GET /a/*",
            "/b",
            "h.test/*",
            "*.test/a",
            "/c/* [h:X=1]",
            "/c/{rest...}",
        ])
        .unwrap();
        let listed: Vec<_> = routes.listed().iter().map(|route| route.written).collect();
        let expected = [
            "h.test/*",
            "*.test/a",
            "/a/b",
            "/a/{x}",
            "GET /a/*",
            "/a/*",
            "/b",
            "/c/*",
            "/c/{rest...}",
            "/*",
        ];
        assert_eq!(listed, expected);
    }
}

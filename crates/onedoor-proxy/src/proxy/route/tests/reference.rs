//! A second router, as naive as the rules read: every route is tried, every step of precedence is a comparison of
//! lists. It shares no code with the real one but the keys that both are given.

use std::collections::BTreeSet;

use super::*;

/// How many pairs of a table and a request are looked at.
const PAIRS: usize = 100_000;
const PAIRS_PER_TABLE: usize = 40;

/// A number below `limit`; xorshift, so that a failure repeats.
pub(super) fn below(seed: &mut u64, limit: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed >> 33).unwrap() % limit
}

pub(super) fn one_of<'t>(seed: &mut u64, choices: &[&'t str]) -> &'t str {
    choices[below(seed, choices.len())]
}

const METHODS: [&str; 7] = ["", "", "", "", "GET", "HEAD", "POST"];
const HOSTS: [&str; 8] = ["", "", "", "", "x.com", "*.x.com", "*.a.x.com", "a.x.com"];
const SEGMENTS: [&str; 14] = [
    "a",
    "a",
    "b",
    "ab",
    "",
    "1",
    "{}",
    "{}",
    "{:[0-9]+}",
    "{:[a-z]+}",
    "{:a.*}",
    "{:.*b}",
    "{:[ab1]+}",
    "{:.+}",
];
const ENDS: [&str; 6] = ["", "", "/*", "/{rest...}", "/a{rest...}", "/ab{rest...}"];
const CONDITIONS: [&str; 12] = [
    "h:p=1",
    "h:p=2",
    "h:p=~[12]",
    "h:q=1",
    "q:v=1",
    "q:v=2",
    "q:w=1",
    "c:s=1",
    "c:s=~.*",
    "i=10.0.0.0/8",
    "i=10.1.0.0/16",
    "i=11.0.0.0/8",
];

/// One route as the rules see it.
#[derive(Clone, Debug)]
struct Naive {
    key: String,
    method: &'static str,
    host: &'static str,
    segments: Vec<&'static str>,
    end: &'static str,
    /// Of each name one, in the order of the names.
    when: Vec<&'static str>,
    priority: i32,
}

/// What a naive client says besides method, host and path: values or nothing.
#[derive(Clone, Copy, Debug)]
struct Said {
    p: &'static str,
    q: &'static str,
    v: &'static str,
    w: &'static str,
    s: &'static str,
    client: &'static str,
}

impl Said {
    fn random(seed: &mut u64) -> Self {
        let mut value = || one_of(seed, &["", "", "1", "1", "2", "3"]);
        let (p, q, v, w, s) = (value(), value(), value(), value(), value());
        Self { p, q, v, w, s, client: one_of(seed, &["10.0.0.1", "10.1.0.1", "11.0.0.1", "12.0.0.1"]) }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut sign = '?';
        for (name, value) in [("v", self.v), ("w", self.w)] {
            if !value.is_empty() {
                text.extend([&*sign.to_string(), name, "=", value]);
                sign = '&';
            }
        }
        for (field, value) in [("P: ", self.p), ("Q: ", self.q), ("Cookie: s=", self.s), ("", self.client)] {
            if !value.is_empty() {
                text.extend([" | ", field, value]);
            }
        }
        text
    }

    fn meets(&self, condition: &str) -> bool {
        match condition {
            "h:p=1" => self.p == "1",
            "h:p=2" => self.p == "2",
            "h:p=~[12]" => self.p == "1" || self.p == "2",
            "h:q=1" => self.q == "1",
            "q:v=1" => self.v == "1",
            "q:v=2" => self.v == "2",
            "q:w=1" => self.w == "1",
            "c:s=1" => self.s == "1",
            "c:s=~.*" => !self.s.is_empty(),
            "i=10.0.0.0/8" => self.client.starts_with("10."),
            "i=10.1.0.0/16" => self.client.starts_with("10.1."),
            "i=11.0.0.0/8" => self.client.starts_with("11."),
            other => panic!("{other} is no condition here"),
        }
    }
}

impl Naive {
    fn random(seed: &mut u64) -> Self {
        let (method, host, end) = (one_of(seed, &METHODS), one_of(seed, &HOSTS), one_of(seed, &ENDS));
        let least = usize::from(end.is_empty());
        let segments: Vec<&str> = (0..least + below(seed, 3)).map(|_| one_of(seed, &SEGMENTS)).collect();
        let priority = if below(seed, 4) == 0 { 1 } else { 0 };
        let mut when: Vec<&str> = Vec::new();
        for _ in 0..[0, 0, 1, 1, 2, 3][below(seed, 6)] {
            let condition = one_of(seed, &CONDITIONS);
            let name = condition.split('=').next();
            if when.iter().all(|known| known.split('=').next() != name) {
                when.push(condition);
            }
        }
        when.sort_unstable();
        let mut key = if method.is_empty() { String::new() } else { format!("{method} ") };
        key.push_str(host);
        for (at, segment) in segments.iter().enumerate() {
            key.push('/');
            key.push_str(&segment.replace('{', &format!("{{c{at}")));
        }
        key.push_str(end);
        if !when.is_empty() {
            key.extend([" [", &when.join(","), "]"]);
        }
        Self { key, method, host, segments, end, when, priority }
    }

    fn spec(&self) -> RouteSpec {
        RouteSpec { priority: self.priority, ..spec(&self.key) }
    }

    fn matches_host(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            None => self.host.is_empty() || self.host == host,
            Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
        }
    }

    fn matches_path(&self, path: &str) -> bool {
        let asked: Vec<&str> = path[1..].split('/').collect();
        let whole = self.segments.len();
        if asked.len() < whole
            || !self.segments.iter().zip(&asked).all(|(segment, asked)| fits(segment, asked))
        {
            return false;
        }
        match self.end {
            "" => asked.len() == whole,
            "/*" | "/{rest...}" => true,
            text => {
                let text = text[1..].trim_end_matches("{rest...}");
                asked.get(whole).is_some_and(|segment| segment.starts_with(text))
            }
        }
    }

    /// How many conditions of that kind.
    fn count(&self, kind: &str) -> usize {
        self.when.iter().filter(|condition| condition.starts_with(kind)).count()
    }

    /// Steps 1 to 8, each as a number that is larger the better; lists compare from the left.
    fn standing(&self, method: &str) -> (usize, Vec<usize>, usize, [usize; 4], i32) {
        let host = match self.host {
            "" => 0,
            host if host.starts_with('*') => host.len(),
            _ => 1000,
        };
        let mut path: Vec<usize> = self
            .segments
            .iter()
            .map(|segment| match *segment {
                "{}" => 10,
                regex if regex.starts_with('{') => 20,
                _ => 90,
            })
            .collect();
        path.push(match self.end {
            "" => 99,
            "/*" | "/{rest...}" => 1,
            text => 30 + text.len(),
        });
        let method_rank = if self.method.is_empty() {
            0
        } else if self.method == method {
            2
        } else {
            1
        };
        let conditions = ["h:", "q:", "c:", "i="].map(|kind| self.count(kind));
        (host, path, method_rank, conditions, self.priority)
    }

    fn allows(&self, method: &str) -> bool {
        self.method.is_empty() || self.method == method || (self.method == "GET" && method == "HEAD")
    }

    fn takes_part(&self, host: &str, path: &str, said: &Said) -> bool {
        self.matches_host(host)
            && self.matches_path(path)
            && self.when.iter().all(|condition| said.meets(condition))
    }
}

fn fits(segment: &str, asked: &str) -> bool {
    let full = !asked.is_empty();
    match segment {
        "{}" | "{:.+}" => full,
        "{:[0-9]+}" => full && asked.bytes().all(|byte| byte.is_ascii_digit()),
        "{:[a-z]+}" => full && asked.bytes().all(|byte| byte.is_ascii_lowercase()),
        "{:a.*}" => asked.starts_with('a'),
        "{:.*b}" => asked.ends_with('b'),
        "{:[ab1]+}" => full && asked.bytes().all(|byte| b"ab1".contains(&byte)),
        literal => literal == asked,
    }
}

fn naive_winner(routes: &[Naive], method: &str, host: &str, path: &str, said: &Said) -> String {
    let on_path: Vec<&Naive> = routes.iter().filter(|route| route.takes_part(host, path, said)).collect();
    let mut able: Vec<&&Naive> = on_path.iter().filter(|route| route.allows(method)).collect();
    able.sort_by_key(|route| route.standing(method));
    if let Some(best) = able.pop() {
        if let Some(second) = able.pop() {
            assert_ne!(
                best.standing(method),
                second.standing(method),
                "an undetected tie: {best:?} {second:?}"
            );
        }
        return best.key.clone();
    }
    let allow: BTreeSet<&str> = ["GET", "HEAD", "POST"]
        .into_iter()
        .filter(|method| on_path.iter().any(|route| route.allows(method)))
        .collect();
    if allow.is_empty() { "-".to_owned() } else { format!("405 {}", Vec::from_iter(allow).join(", ")) }
}

/// A request of no table in particular.
struct Request {
    method: &'static str,
    host: &'static str,
    path: String,
    said: Said,
}

impl Request {
    fn random(seed: &mut u64) -> Self {
        let method = one_of(seed, &["GET", "GET", "HEAD", "POST", "PUT"]);
        let host = one_of(seed, &["", "x.com", "a.x.com", "b.x.com", "b.a.x.com", "y.com"]);
        let mut path = String::new();
        for _ in 0..=below(seed, 4) {
            path.push('/');
            path.push_str(one_of(seed, &["a", "a", "b", "ab", "abc", "", "1", "1a", "c"]));
        }
        Self { method, host, path, said: Said::random(seed) }
    }

    fn text(&self) -> String {
        format!("{} {}{}{}", self.method, self.host, self.path, self.said.text())
    }
}

/// Drops the later one of each pair that conflicts, and checks that the pair really does.
fn without_conflicts(mut routes: Vec<Naive>, seed: &mut u64, hidden: &mut usize) -> (Vec<Naive>, Routes) {
    loop {
        let conflicts = match Routes::build(routes.iter().map(Naive::spec).collect()) {
            Ok(table) => return (routes, table),
            Err(conflicts) => conflicts,
        };
        for conflict in &conflicts {
            let (first, second) = (&routes[conflict.first], &routes[conflict.second]);
            assert_eq!(first.host, second.host);
            match &conflict.kind {
                ConflictKind::TooLarge => panic!("the regexes are small"),
                ConflictKind::Shadowed => {
                    *hidden += 1;
                    assert_hidden(first, second, seed);
                }
                ConflictKind::Duplicate => {
                    assert_eq!((first.method, &first.segments), (second.method, &second.segments));
                    assert_eq!(first.when, second.when);
                }
                ConflictKind::Tie { example, .. } => {
                    assert_eq!(first.method, second.method);
                    assert!(
                        first.matches_path(example) && second.matches_path(example),
                        "{first:?} {second:?} {example}"
                    );
                    assert_eq!(first.standing(first.method), second.standing(first.method));
                }
            }
        }
        let dropped: BTreeSet<usize> = conflicts.iter().map(|conflict| conflict.second).collect();
        let mut at = 0;
        routes.retain(|_| {
            at += 1;
            !dropped.contains(&(at - 1))
        });
    }
}

/// No request that `second` matches is left to it.
fn assert_hidden(first: &Naive, second: &Naive, seed: &mut u64) {
    for _ in 0..50 {
        let Request { method, host, path, said } = Request::random(seed);
        if second.allows(method) && second.takes_part(host, &path, &said) {
            assert!(
                first.allows(method) && first.takes_part(host, &path, &said),
                "{first:?} {second:?} {path}"
            );
            assert!(first.standing(method) > second.standing(method), "{first:?} {second:?}");
        }
    }
}

#[test]
fn the_tree_finds_what_trying_every_route_finds() {
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let (mut found, mut refused, mut conditional, mut hidden) = (0, 0, 0, 0);
    for _ in 0..PAIRS / PAIRS_PER_TABLE {
        let count = 1 + below(&mut seed, 14);
        let naive = (0..count).map(|_| Naive::random(&mut seed)).collect();
        let (naive, routes) = without_conflicts(naive, &mut seed, &mut hidden);
        for _ in 0..PAIRS_PER_TABLE {
            let request = Request::random(&mut seed);
            let Request { method, host, path, said } = &request;
            let expected = naive_winner(&naive, method, host, path, said);
            let request = request.text();
            assert_eq!(winner(&routes, &request), expected, "{request} among {naive:#?}");
            let explained = asking(&request, |ask| match routes.explain(ask).outcome {
                Outcome::Route(winner) => winner.route.name.to_string(),
                Outcome::MethodNotAllowed { allow } => format!("405 {allow}"),
                Outcome::NotFound => "-".to_owned(),
            });
            assert_eq!(explained, expected, "explained: {request}");
            found += usize::from(explained.contains('/'));
            refused += usize::from(explained.starts_with("405"));
            conditional += usize::from(explained.contains('['));
        }
    }
    // The comparison is worth something only while all kinds of answers occur often.
    assert!(found > 25_000 && refused > 1_500, "{found} found, {refused} refused");
    assert!(conditional > 7_000 && hidden > 15, "{conditional} by conditions, {hidden} hidden");
}

//! A second router, as naive as the rules read: every route is tried, every step of precedence is a comparison of
//! lists. It shares no code with the real one but the keys that both are given.

use std::collections::BTreeSet;

use super::*;

/// A number below `limit`; xorshift, so that a failure repeats.
pub(super) fn below(seed: &mut u64, limit: usize) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed >> 33).unwrap() % limit
}

fn one_of<'t>(seed: &mut u64, choices: &[&'t str]) -> &'t str {
    choices[below(seed, choices.len())]
}

const METHODS: [&str; 7] = ["", "", "", "", "GET", "HEAD", "POST"];
const HOSTS: [&str; 8] = ["", "", "", "", "x.com", "*.x.com", "*.a.x.com", "a.x.com"];
const SEGMENTS: [&str; 13] =
    ["a", "a", "b", "ab", "", "1", "{}", "{}", "{:[0-9]+}", "{:[a-z]+}", "{:a.*}", "{:.*b}", "{:[ab1]+}"];
const ENDS: [&str; 6] = ["", "", "/*", "/{rest...}", "/a{rest...}", "/ab{rest...}"];

/// One route as the rules see it.
#[derive(Clone, Debug)]
struct Naive {
    key: String,
    method: &'static str,
    host: &'static str,
    segments: Vec<&'static str>,
    end: &'static str,
    priority: i32,
}

impl Naive {
    fn random(seed: &mut u64) -> Self {
        let (method, host, end) = (one_of(seed, &METHODS), one_of(seed, &HOSTS), one_of(seed, &ENDS));
        let least = usize::from(end.is_empty());
        let segments: Vec<&str> = (0..least + below(seed, 3)).map(|_| one_of(seed, &SEGMENTS)).collect();
        let priority = if below(seed, 4) == 0 { 1 } else { 0 };
        let mut key = if method.is_empty() { String::new() } else { format!("{method} ") };
        key.push_str(host);
        for (at, segment) in segments.iter().enumerate() {
            key.push('/');
            key.push_str(&segment.replace('{', &format!("{{c{at}")));
        }
        key.push_str(end);
        Self { key, method, host, segments, end, priority }
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

    /// Steps 1 to 4, each as a number that is larger the better; lists compare from the left.
    fn standing(&self, method: &str) -> (usize, Vec<usize>, usize, i32) {
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
        (host, path, method_rank, self.priority)
    }

    fn allows(&self, method: &str) -> bool {
        self.method.is_empty() || self.method == method || (self.method == "GET" && method == "HEAD")
    }
}

fn fits(segment: &str, asked: &str) -> bool {
    let full = !asked.is_empty();
    match segment {
        "{}" => full,
        "{:[0-9]+}" => full && asked.bytes().all(|byte| byte.is_ascii_digit()),
        "{:[a-z]+}" => full && asked.bytes().all(|byte| byte.is_ascii_lowercase()),
        "{:a.*}" => asked.starts_with('a'),
        "{:.*b}" => asked.ends_with('b'),
        "{:[ab1]+}" => full && asked.bytes().all(|byte| b"ab1".contains(&byte)),
        literal => literal == asked,
    }
}

fn naive_winner(routes: &[Naive], method: &str, host: &str, path: &str) -> String {
    let on_path: Vec<&Naive> =
        routes.iter().filter(|route| route.matches_host(host) && route.matches_path(path)).collect();
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

/// Drops the later one of each pair that conflicts, and checks that the pair really does.
fn without_conflicts(mut routes: Vec<Naive>) -> (Vec<Naive>, Routes) {
    loop {
        let conflicts = match Routes::build(routes.iter().map(Naive::spec).collect()) {
            Ok(table) => return (routes, table),
            Err(conflicts) => conflicts,
        };
        for conflict in &conflicts {
            let (first, second) = (&routes[conflict.first], &routes[conflict.second]);
            assert_eq!((first.method, first.host), (second.method, second.host));
            match &conflict.kind {
                ConflictKind::Duplicate => assert_eq!(first.segments, second.segments),
                ConflictKind::Shadowed => {}
                ConflictKind::Tie { example, .. } => {
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

#[test]
fn the_tree_finds_what_trying_every_route_finds() {
    let mut seed = 0x2545_f491_4f6c_dd1d;
    let (mut found, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let count = 1 + below(&mut seed, 14);
        let (naive, routes) = without_conflicts((0..count).map(|_| Naive::random(&mut seed)).collect());
        for _ in 0..15 {
            let method = one_of(&mut seed, &["GET", "GET", "HEAD", "POST", "PUT"]);
            let host = one_of(&mut seed, &["", "x.com", "a.x.com", "b.x.com", "b.a.x.com", "y.com"]);
            let mut path = String::new();
            for _ in 0..=below(&mut seed, 4) {
                path.push('/');
                path.push_str(one_of(&mut seed, &["a", "a", "b", "ab", "abc", "", "1", "1a", "c"]));
            }
            let expected = naive_winner(&naive, method, host, &path);
            let request = format!("{method} {host}{path}");
            assert_eq!(winner(&routes, &request), expected, "{request} among {naive:#?}");
            let explained = match routes.explain(&ask(&request)).outcome {
                Outcome::Route(winner) => winner.route.name.to_string(),
                Outcome::MethodNotAllowed { allow } => format!("405 {allow}"),
                Outcome::NotFound => "-".to_owned(),
            };
            assert_eq!(explained, expected, "explained: {request}");
            found += usize::from(explained.contains('/'));
            refused += usize::from(explained.starts_with("405"));
        }
    }
    // The comparison is worth something only while both kinds of answers occur often.
    assert!(found > 10_000 && refused > 500, "{found} found, {refused} refused");
}

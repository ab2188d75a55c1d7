//! The promises of CONFIG.md §1.1–1.3 and §1.6 "Paths", one table per sentence, and a second, naive router that the
//! real one is held against.

mod explaining;
mod patterns;
mod precedence;
mod reference;
mod rewrites;

use super::*;

/// A table of routes that are named as they are written; `!3` behind a key is its priority.
fn build(keys: &[&str]) -> Result<Routes, Vec<Conflict>> {
    Routes::build(keys.iter().map(|key| spec(key)).collect())
}

fn table(keys: &[&str]) -> Routes {
    build(keys).unwrap_or_else(|conflicts| panic!("{keys:?}: {conflicts:?}"))
}

fn spec(key: &str) -> RouteSpec {
    let (key, priority) =
        key.split_once('!').map_or((key, 0), |(key, priority)| (key, priority.parse().unwrap()));
    let pattern = Pattern::parse(key).unwrap_or_else(|error| panic!("{key}: {error}"));
    RouteSpec { pattern, priority, route: route(key) }
}

fn route(name: &str) -> Route {
    let policy = RoutePolicy {
        body_max: None,
        encoded_slash: EncodedSlashPolicy::Keep,
        while_down: WhileDown::Refuse,
        line: LineLimits { at_most: Duration::ZERO, length_max: 0 },
        balance: Balance::RoundRobin,
    };
    Route {
        name: name.into(),
        place: "onedoor.toml:1".into(),
        action: Action::Builtin(Builtin::Health),
        policy,
    }
}

/// `/path`, `host/path` or `METHOD host/path`; GET where nothing is said.
fn ask(text: &str) -> Ask<'_> {
    let (method, target) = text.split_once(' ').unwrap_or(("GET", text));
    let (host, path) = target.split_at(target.find('/').expect("a path"));
    Ask { method: method.as_bytes(), host: host.as_bytes(), path: path.as_bytes() }
}

/// The winner's name, `-` for none, `405 GET, HEAD` where the method is not allowed.
fn winner(routes: &Routes, request: &str) -> String {
    match routes.find(&ask(request)) {
        Found::Route(matched) => matched.route.name.to_string(),
        Found::MethodNotAllowed { allow } => format!("405 {allow}"),
        Found::NotFound => "-".to_owned(),
    }
}

fn assert_winners(keys: &[&str], expected: &[(&str, &str)]) {
    let routes = table(keys);
    let reversed = table(&keys.iter().copied().rev().collect::<Vec<_>>());
    for (request, wins) in expected {
        assert_eq!(winner(&routes, request), *wins, "{request} among {keys:?}");
        assert_eq!(winner(&reversed, request), *wins, "{request} among {keys:?}, reversed");
    }
}

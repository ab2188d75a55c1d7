//! The promises of CONFIG.md §1.1–1.3 and §1.6 "Paths", one table per sentence, and a second, naive router that the
//! real one is held against.

mod explaining;
mod gateway;
mod patterns;
mod precedence;
mod reference;
mod rewrites;
mod when;

use super::*;

/// A table of routes that are named as they are written; `!3` behind a key is its priority, `[h:x-a=1,q:v=~2.*,c:s=3]`
/// its conditions, `i=10.0.0.0/8` among them one on the address.
pub(in crate::proxy) fn build(keys: &[&str]) -> Result<Routes, Vec<Conflict>> {
    Routes::build(keys.iter().map(|key| spec(key)).collect())
}

fn table(keys: &[&str]) -> Routes {
    build(keys).unwrap_or_else(|conflicts| panic!("{keys:?}: {conflicts:?}"))
}

pub(super) fn spec(key: &str) -> RouteSpec {
    let (key, priority) =
        key.split_once('!').map_or((key, 0), |(key, priority)| (key, priority.parse().unwrap()));
    let (written, when) = key.split_once(" [").map_or((key, ""), |(key, when)| (key, when));
    let pattern = Pattern::parse(written).unwrap_or_else(|error| panic!("{key}: {error}"));
    RouteSpec {
        pattern,
        when: conditions(when.strip_suffix(']').unwrap_or(when)),
        priority,
        route: route(key),
    }
}

fn conditions(written: &str) -> When {
    let (mut conditions, mut networks) = (Vec::new(), Vec::new());
    for condition in written.split(',').filter(|condition| !condition.is_empty()) {
        let (name, value) = condition.split_once('=').unwrap();
        match name.split_once(':') {
            Some(("h", name)) => conditions.push(Condition::new(Source::Header, name, value).unwrap()),
            Some(("q", name)) => conditions.push(Condition::new(Source::Query, name, value).unwrap()),
            Some(("c", name)) => conditions.push(Condition::new(Source::Cookie, name, value).unwrap()),
            _ => networks.push(value.parse().unwrap()),
        }
    }
    When::new(conditions, (!networks.is_empty()).then_some(networks))
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
    Ask {
        method: method.as_bytes(),
        host: host.as_bytes(),
        path: path.as_bytes(),
        details: Details::default(),
    }
}

/// The same with whatever else a request says: `/path?v=1 | X-A: 1 | Cookie: b=c | 10.0.0.1`.
fn asking<T>(text: &str, asked: impl FnOnce(&Ask<'_>) -> T) -> T {
    let mut parts = text.split(" | ");
    let line = parts.next().unwrap();
    let (line, query) = line.split_once('?').map_or((line, None), |(line, query)| (line, Some(query)));
    let (mut bytes, mut client) = ("GET / HTTP/1.1\r\nHost: a\r\n".to_owned(), None);
    for part in parts {
        match part.parse() {
            Ok(address) => client = Some(address),
            Err(_) => bytes.extend([part, "\r\n"]),
        }
    }
    bytes.push_str("\r\n");
    let mut head = onedoor_http1::RequestHead::default();
    head.parse(bytes.as_bytes(), &Default::default()).unwrap();
    let query = query.map(str::as_bytes);
    let details = Details { bytes: bytes.as_bytes(), fields: head.fields(), query, client };
    asked(&Ask { details, ..ask(line) })
}

/// The winner's name, `-` for none, `405 GET, HEAD` where the method is not allowed.
pub(super) fn winner(routes: &Routes, request: &str) -> String {
    asking(request, |ask| match routes.find(ask) {
        Found::Route(matched) => matched.route.name.to_string(),
        Found::MethodNotAllowed { allow } => format!("405 {allow}"),
        Found::NotFound => "-".to_owned(),
    })
}

fn assert_winners(keys: &[&str], expected: &[(&str, &str)]) {
    let routes = table(keys);
    let reversed = table(&keys.iter().copied().rev().collect::<Vec<_>>());
    for (request, wins) in expected {
        assert_eq!(winner(&routes, request), *wins, "{request} among {keys:?}");
        assert_eq!(winner(&reversed, request), *wins, "{request} among {keys:?}, reversed");
    }
}

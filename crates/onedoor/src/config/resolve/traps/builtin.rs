//! An answer of the door's own that a route hides: who asks for it hears an app instead, and takes it for the door.

use crate::config::error::{Code, ConfigError};
use crate::config::source::Span;
use crate::proxy::route::{Action, Ask, Builtin, Details, Found, RouteSpec, Routes};

/// What is asked about, gathered before the routes become a table.
pub(in crate::config::resolve) struct Builtins {
    /// Of each: its name, its path and its place.
    health: Vec<(String, String, Span)>,
    /// Of each route with a host of its own or a method: what it is asked as, and its place.
    rivals: Vec<Rival>,
}

struct Rival {
    method: String,
    host: String,
    name: String,
    place: Span,
}

impl Builtins {
    pub(in crate::config::resolve) fn of(specs: &[RouteSpec], places: &[Span]) -> Self {
        let both = || specs.iter().zip(places);
        let health = both().filter_map(|(spec, place)| {
            let is_asked = matches!(spec.route.action, Action::Builtin(Builtin::Health | Builtin::Ready));
            let path = spec.pattern.written();
            let is_plain = path.starts_with('/') && !path.contains(['*', '{', ' ']);
            (is_asked && is_plain && spec.when.is_empty())
                .then(|| (spec.route.name.to_string(), path.to_owned(), *place))
        });
        // A redirect takes a whole host on purpose, and so does a condition.
        let rivals = both().filter(|(spec, _)| {
            spec.when.is_empty() && !matches!(spec.route.action, Action::Redirect(_) | Action::Builtin(_))
        });
        let rivals = rivals.filter_map(|(spec, place)| {
            let written = spec.pattern.written();
            let (method, rest) = written.split_once(' ').unwrap_or(("GET", written));
            let (host, _) = rest.split_at(rest.find('/')?);
            let is_asked = method == "GET" || method == "HEAD";
            is_asked.then(|| Rival {
                method: method.to_owned(),
                host: host.replacen('*', "www", 1),
                name: spec.route.name.to_string(),
                place: *place,
            })
        });
        Self { health: health.collect(), rivals: rivals.collect() }
    }

    /// One of each that is hidden, however many hide it.
    pub(in crate::config::resolve) fn hidden(&self, routes: &Routes) -> Vec<ConfigError> {
        self.health.iter().filter_map(|builtin| self.hides(builtin, routes)).collect()
    }

    fn hides(&self, (name, path, place): &(String, String, Span), routes: &Routes) -> Option<ConfigError> {
        self.rivals.iter().find_map(|rival| {
            let ask = Ask {
                method: rival.method.as_bytes(),
                host: rival.host.as_bytes(),
                path: path.as_bytes(),
                details: Details::default(),
            };
            let Found::Route(matched) = routes.find(&ask) else { return None };
            if *matched.route.name != *rival.name {
                return None;
            }
            let asked = format!("{} {}{path}", rival.method, rival.host);
            let fact = format!("`{name}` is hidden: {asked} is answered by `{}`", rival.name);
            let trap = ConfigError::new(Code::HiddenBuiltin, *place, fact)
                .also(rival.place, "this one ranks higher");
            Some(trap.remedy(match rival.host.as_str() {
                "" => "take the other out, or give it another path".to_owned(),
                host => {
                    format!("if it is asked for there as well: \"{host}{path}\" = {{ builtin = \"health\" }}")
                }
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    #[test]
    fn a_route_that_answers_in_place_of_a_builtin_is_a_trap() {
        let around = |more: &str| {
            warnings(&format!(
                "[apps]\nweb = \"a\"\n[routes]\n\"/health\" = {{ builtin = \"health\" }}\n{more}\n"
            ))
        };
        assert_eq!(around(""), [""; 0]);
        assert!(
            around("\"GET /health\" = { app = \"web\" }")[0]
                .contains("GET /health is answered by `GET /health`")
        );
        assert_eq!(around("\"HEAD /health\" = { respond = \"x\" }").len(), 1);
        assert_eq!(around("\"POST /health\" = { app = \"web\" }"), [""; 0]);
        assert_eq!(around("\"/health/*\" = { app = \"web\" }"), [""; 0]);
        assert_eq!(
            around("\"h.example/*\" = { app = \"web\" }\n\"g.example/*\" = { app = \"web\" }").len(),
            1
        );
        assert_eq!(around("\"www.h.example/*\" = { redirect = \"https://h.example\" }"), [""; 0]);
        let both = "\"h.example/*\" = { app = \"web\" }\n\"h.example/health\" = { builtin = \"health\" }";
        assert_eq!(around(both), [""; 0]);
    }
}

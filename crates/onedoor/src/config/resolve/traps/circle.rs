//! Redirects that lead back to themselves: followed as a browser would, through the routes as they are.

use crate::proxy::route::{Action, Ask, Details, Found, Matched, Routes};

/// More redirects than any browser follows.
const HOPS_MOST: usize = 20;

/// Whether a client that follows the redirects of the route written so never arrives: `"/a/*" = { redirect = "/a" }`.
pub(in crate::config::resolve) fn goes_round(routes: &Routes, written: &str) -> bool {
    let Some(Example { method, mut host, mut path }) = example(written) else { return false };
    for _ in 0..HOPS_MOST {
        let details = Details::default();
        let ask = Ask { method: method.as_bytes(), host: host.as_bytes(), path: path.as_bytes(), details };
        let Found::Route(matched) = routes.find(&ask) else { return false };
        let Some(location) = location(&matched, &path) else { return false };
        let (next_host, next_path) = match location.split_once("://") {
            Some((_, rest)) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => (host.as_str(), location.as_str()),
        };
        let next_path = next_path.split(['?', '#']).next().unwrap_or_default();
        (host, path) = (next_host.to_owned(), next_path.to_owned());
    }
    true
}

/// A request that a pattern matches; None where that takes thought.
fn example(written: &str) -> Option<Example> {
    let (method, rest) = written.split_once(' ').unwrap_or(("GET", written));
    let (host, path) = rest.split_at(rest.find('/')?);
    if path.contains('{') {
        return None;
    }
    let path = match path.strip_suffix('*') {
        Some(start) => format!("{start}x"),
        None => path.to_owned(),
    };
    Some(Example { method: method.to_owned(), host: host.replace('*', "a"), path })
}

struct Example {
    method: String,
    host: String,
    path: String,
}

fn location(matched: &Matched<'_>, path: &str) -> Option<String> {
    let Action::Redirect(redirect) = &matched.route.action else { return None };
    let mut location = Vec::new();
    redirect.location(matched, path.as_bytes(), None, &mut location);
    String::from_utf8(location).ok()
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    #[test]
    fn a_redirect_that_comes_back_to_itself_is_a_trap() {
        let around = |routes: &str| warnings(&format!("[routes]\n{routes}")).len();
        assert_eq!(around("\"/a\" = { redirect = \"/a\" }"), 1);
        assert_eq!(around("\"/a/*\" = { redirect = \"/a\" }"), 1);
        assert_eq!(around("\"/*\" = { redirect = \"/new\" }"), 1, "it grows for ever");
        assert_eq!(around("\"/a\" = { redirect = \"/b?x\" }\n\"/b\" = { redirect = \"/a\" }"), 2);
        assert_eq!(around("\"h.example/*\" = { redirect = \"https://h.example\" }"), 1);
        assert_eq!(around("\"www.h.example/*\" = { redirect = \"https://h.example\" }"), 0);
        assert_eq!(around("\"/old/*\" = { redirect = \"/new\" }"), 0);
        assert_eq!(around("\"/a\" = { redirect = \"/a/\" }"), 0);
        assert_eq!(around("\"/*\" = { redirect = \"https://h.example\" }"), 1, "of its own host, too");
    }
}

//! What `onedoor explain` has to tell.

use super::*;

fn winner_of<'r>(routes: &'r Routes, request: &str) -> Winner<'r> {
    match routes.explain(&ask(request)).outcome {
        Outcome::Route(winner) => winner,
        other @ (Outcome::MethodNotAllowed { .. } | Outcome::NotFound) => panic!("{request}: {other:?}"),
    }
}

fn misses(routes: &Routes, request: &str) -> Vec<(String, Miss)> {
    let explanation = routes.explain(&ask(request));
    explanation.near_misses.into_iter().map(|near| (near.route.name.to_string(), near.miss)).collect()
}

fn segment(asked: &str, wanted: &str) -> Miss {
    Miss::Segment { asked: asked.to_owned(), wanted: wanted.to_owned() }
}

#[test]
fn nodejs_is_a_different_segment() {
    let routes = table(&["/*", "/node/*", "/go/*", "/google/*", "/health"]);
    assert_eq!(&*winner_of(&routes, "/nodejs").route.name, "/*");
    assert_eq!(misses(&routes, "/nodejs"), [("/node/*".to_owned(), segment("nodejs", "node"))]);
}

#[test]
fn the_runner_up_is_named_with_the_step_that_decided() {
    let path = |segment, winner, runner_up| Step::Path { segment, winner, runner_up };
    for (keys, request, runner_up, step) in [
        (vec!["/*", "/node/*", "/node/a"], "/node/a", "/node/*", path(1, Rank::Literal, Rank::Rest)),
        (vec!["/a/*", "/a"], "/a", "/a/*", path(1, Rank::End, Rank::Rest)),
        (vec!["/*", "x.com/*"], "x.com/", "/*", Step::Host),
        (vec!["*.com/*", "*.x.com/*", "/*"], "a.x.com/", "*.com/*", Step::Host),
        (vec!["/a", "GET /a"], "HEAD /a", "/a", Step::Method),
        (vec!["/{x:[0-9]+}", "/{y:[0-5]+}!1"], "/4", "/{x:[0-9]+}", Step::Priority),
    ] {
        let routes = table(&keys);
        let winner = winner_of(&routes, request);
        let found = winner.runner_up.expect("a runner-up");
        assert_eq!((&*found.route.name, found.decided_by), (runner_up, step), "{request} among {keys:?}");
    }
    assert!(winner_of(&table(&["/a", "/b"]), "/a").runner_up.is_none());
}

#[test]
fn captures_are_told_with_their_names() {
    let routes = table(&["/u/{id:[0-9]+}/{what}/{rest...}", "/node{more...}"]);
    let pairs = |request| winner_of(&routes, request).captures;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pairs("/u/42/a%2Fb/c/d"), [pair("id", "42"), pair("what", "a%2Fb"), pair("rest", "c/d")]);
    assert_eq!(pairs("/nodejs/a"), [pair("more", "js/a")]);
}

#[test]
fn a_near_miss_says_what_alone_was_wrong() {
    let routes = table(&["POST /api/x", "a.com/api/x", "/api/x/", "/API/x", "/api/x/{id}", "/elsewhere"]);
    assert_eq!(
        misses(&routes, "/api/x"),
        [
            ("POST /api/x".to_owned(), Miss::Method { wanted: "POST" }),
            ("a.com/api/x".to_owned(), Miss::Host),
            ("/api/x/".to_owned(), Miss::PathEnds { wanted: String::new() }),
            ("/API/x".to_owned(), segment("api", "API")),
            ("/api/x/{id}".to_owned(), Miss::PathEnds { wanted: "{id}".to_owned() }),
        ]
    );
    let routes = table(&["/health", "/users/{id:[0-9]+}"]);
    assert_eq!(
        misses(&routes, "/health/"),
        [("/health".to_owned(), Miss::PathGoesOn { with: "/".to_owned() })]
    );
    assert_eq!(
        misses(&routes, "/users/me"),
        [("/users/{id:[0-9]+}".to_owned(), segment("me", "{id:[0-9]+}"))]
    );
    assert_eq!(misses(&routes, "/nothing/like/it"), []);
}

#[test]
fn no_route_and_no_method_are_told_apart() {
    let routes = table(&["GET /a"]);
    assert!(matches!(routes.explain(&ask("/b")).outcome, Outcome::NotFound));
    let Outcome::MethodNotAllowed { allow } = routes.explain(&ask("PUT /a")).outcome else { panic!("405") };
    assert_eq!(allow, "GET, HEAD");
}

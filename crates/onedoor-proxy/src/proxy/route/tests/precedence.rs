//! §1.2: who wins, and which routes tie.

use super::*;

#[test]
fn the_zoo_goes_where_its_file_says() {
    assert_winners(
        &["/*", "/node/*", "/go/*", "/google/*", "/health"],
        &[
            ("/", "/*"),
            ("/node", "/node/*"),
            ("/node/a/b", "/node/*"),
            ("/nodejs", "/*"),
            ("/go", "/go/*"),
            ("/google/search", "/google/*"),
            ("/health", "/health"),
            ("/health/", "/*"),
            ("POST /health", "/health"),
        ],
    );
}

#[test]
fn an_exact_host_beats_the_longest_wildcard_beats_any() {
    assert_winners(
        &["/a/*", "*.com/a/*", "*.example.com/a/*", "www.example.com/a/*"],
        &[
            ("www.example.com/a", "www.example.com/a/*"),
            ("api.example.com/a", "*.example.com/a/*"),
            ("x.org/a", "/a/*"),
            ("example.com/a", "*.com/a/*"),
            ("/a", "/a/*"),
        ],
    );
}

#[test]
fn the_host_decides_before_the_path() {
    assert_winners(
        &["/exact", "*.example.com/*"],
        &[("www.example.com/exact", "*.example.com/*"), ("/exact", "/exact")],
    );
}

#[test]
fn a_host_without_a_route_for_the_path_leaves_it_to_the_others() {
    assert_winners(
        &["/health", "*.example.com/w/*", "www.example.com/a"],
        &[
            ("www.example.com/health", "/health"),
            ("www.example.com/w/x", "*.example.com/w/*"),
            ("www.example.com/a", "www.example.com/a"),
            ("www.example.com/b", "-"),
        ],
    );
}

#[test]
fn in_each_segment_the_more_is_said_the_better() {
    assert_winners(
        &["/u/me", "/u/m{rest...}", "/u/{x:[a-z]+}", "/u/{x}", "/u/*"],
        &[
            ("/u/me", "/u/me"),
            ("/u/mo", "/u/m{rest...}"),
            ("/u/you", "/u/{x:[a-z]+}"),
            ("/u/42", "/u/{x}"),
            ("/u/42/x", "/u/*"),
            ("/u/", "/u/*"),
            ("/u", "/u/*"),
        ],
    );
}

#[test]
fn the_leftmost_difference_decides() {
    assert_winners(
        &["/a/{x}", "/{y}/b", "/{y:a|c}/*"],
        &[("/a/b", "/a/{x}"), ("/d/b", "/{y}/b"), ("/c/b", "/{y:a|c}/*"), ("/a/b/c", "/{y:a|c}/*")],
    );
}

#[test]
fn a_branch_that_ends_nowhere_is_left_again() {
    assert_winners(
        &["/a/b/c", "/a/{x}/d", "/{y}/b/e", "/*"],
        &[("/a/b/c", "/a/b/c"), ("/a/b/d", "/a/{x}/d"), ("/a/b/e", "/{y}/b/e"), ("/a/b/f", "/*")],
    );
}

#[test]
fn a_longer_text_before_the_rest_comes_first() {
    assert_winners(
        &["/no{rest...}", "/node{rest...}", "/node/*"],
        &[
            ("/nodejs", "/node{rest...}"),
            ("/north", "/no{rest...}"),
            ("/node/a", "/node/*"),
            ("/nodejs/a", "/node{rest...}"),
            // Not the longer one: its rest would be a dot segment.
            ("/node..", "/no{rest...}"),
        ],
    );
}

#[test]
fn an_exact_end_beats_a_subtree() {
    assert_winners(
        &["/node", "/node/", "/node/*"],
        &[("/node", "/node"), ("/node/", "/node/"), ("/node/a", "/node/*"), ("/node//", "/node/*")],
    );
}

#[test]
fn the_longer_prefix_wins() {
    assert_winners(
        &["/*", "/a/*", "/a/b/*"],
        &[("/a/b", "/a/b/*"), ("/a/b/c", "/a/b/*"), ("/a/bc", "/a/*"), ("/ab", "/*")],
    );
}

#[test]
fn a_given_method_beats_any_on_the_same_path() {
    assert_winners(&["/a", "POST /a"], &[("POST /a", "POST /a"), ("GET /a", "/a"), ("post /a", "/a")]);
}

#[test]
fn the_path_decides_before_the_method() {
    assert_winners(
        &["GET /*", "/a/*"],
        &[("GET /a", "/a/*"), ("GET /b", "GET /*"), ("POST /b", "405 GET, HEAD")],
    );
}

#[test]
fn another_method_leaves_the_request_to_the_next_best_route() {
    assert_winners(
        &["POST /api/upload", "/api/*", "GET www.example.com/api/upload"],
        &[
            ("POST /api/upload", "POST /api/upload"),
            ("GET /api/upload", "/api/*"),
            ("DELETE www.example.com/api/upload", "/api/*"),
            ("GET www.example.com/api/upload", "GET www.example.com/api/upload"),
        ],
    );
}

#[test]
fn a_path_without_the_method_is_405_with_all_that_is_allowed() {
    assert_winners(
        &["POST /a", "DELETE /{x}", "GET a.com/a", "PUT /b"],
        &[
            ("PATCH /a", "405 POST, DELETE"),
            ("PATCH a.com/a", "405 GET, HEAD, POST, DELETE"),
            ("PATCH /c/d", "-"),
            ("M-SEARCH /b", "405 PUT, DELETE"),
        ],
    );
}

#[test]
fn get_implies_head_unless_head_is_given() {
    assert_winners(
        &["GET /a", "HEAD /b", "GET /b", "/c", "GET /c"],
        &[
            ("HEAD /a", "GET /a"),
            ("HEAD /b", "HEAD /b"),
            ("GET /b", "GET /b"),
            ("HEAD /c", "GET /c"),
            ("PUT /c", "/c"),
        ],
    );
}

#[test]
fn an_unknown_host_asks_the_routes_of_any_host() {
    assert_winners(
        &["/a", "x.com/a"],
        &[("/a", "/a"), ("y.com/a", "/a"), ("[::1]:80/a", "/a"), ("x.com:80/a", "x.com/a")],
    );
}

#[test]
fn regexes_side_by_side_are_decided_by_what_follows() {
    assert_winners(
        &["/{a:[0-9a-f]+}/x", "/{a:[0-9]+}/{y}", "/{a:[0-9]+}/*"],
        &[
            ("/1/x", "/{a:[0-9a-f]+}/x"),
            ("/1/z", "/{a:[0-9]+}/{y}"),
            ("/f/z", "-"),
            ("/1/z/z", "/{a:[0-9]+}/*"),
        ],
    );
}

#[test]
fn priority_decides_what_nothing_else_does_and_nothing_else() {
    assert_winners(
        &["/{a:[0-9]+}", "/{b:[1-9a-f]+}!1", "/42!-9", "/*!99"],
        &[("/1", "/{b:[1-9a-f]+}"), ("/10", "/{a:[0-9]+}"), ("/42", "/42"), ("/g", "/*")],
    );
}

#[test]
fn routes_that_ask_for_the_same_are_duplicates() {
    for [first, second] in [
        ["/node/*", "/node/*"],
        ["/{a}", "/{b}"],
        ["/{a:[0-9]+}/x", "/{b:[0-9]+}/x"],
        ["/f/*", "/f/{rest...}"],
        ["/%6eode", "/node"],
        ["x.com/a", "X.com./a"],
        ["[::1]/a", "[0:0::1]/a"],
        ["/node{a...}", "/node{b...}"],
        ["GET /a", "GET /a!7"],
    ] {
        let conflicts = build(&[first, "/other", second]).expect_err(first);
        assert_eq!(
            conflicts,
            [Conflict { first: 0, second: 2, kind: ConflictKind::Duplicate }],
            "{first} {second}"
        );
    }
    let mount = RouteSpec { pattern: Pattern::mount("/node").unwrap(), route: route("mount"), ..spec("/x") };
    let conflicts = Routes::build(vec![mount, spec("/node/*")]).unwrap_err();
    assert_eq!(conflicts, [Conflict { first: 0, second: 1, kind: ConflictKind::Duplicate }]);
}

#[test]
fn overlapping_regexes_tie_and_an_example_shows_it() {
    for (first, second, example) in [
        ("/{a:[0-9]+}", "/{b:[0-9a-f]+}", "/0"),
        ("/x/{a:a.*}/{i}/*", "/x/{b:.*z}/{i}/*", "/x/az/i"),
        ("/{a:v1|v2}/{b:[ab]}", "/{a:v2|v3}/{b:[bc]}", "/v2/b"),
        (r"/{a:\d+}/node{r...}", "/{a:[0-9]+}/node{r...}", "/0/node"),
    ] {
        let conflicts = build(&[first, second]).expect_err(first);
        let kind = ConflictKind::Tie { example: example.to_owned(), when: Vec::new() };
        assert_eq!(conflicts, [Conflict { first: 0, second: 1, kind }]);
        for key in [first, second] {
            assert_eq!(winner(&table(&[key]), example), key, "the example");
        }
        let decided = build(&[first, &format!("{second}!1")]);
        let is_hidden =
            |told: &[Conflict]| told == [Conflict { first: 1, second: 0, kind: ConflictKind::Shadowed }];
        assert!(decided.is_ok() || decided.is_err_and(|told| is_hidden(&told)), "priority decides");
    }
}

#[test]
fn routes_that_no_request_shares_or_that_a_step_decides_do_not_conflict() {
    for keys in [
        ["/{a:[0-9]+}", "/{b:[a-z]+}"],
        ["/{a:[0-9]+}/x", "/{b:[0-9]+}/y"],
        ["/{a:[0-9]+}/{c:x}", "/{b:[0-9a-f]+}/{c:y}"],
        ["GET /a", "POST /a"],
        ["GET /a", "HEAD /a"],
        ["/a", "/a/"],
        ["/a", "/a/*"],
        ["x.com/a", "y.com/a"],
        ["*.x.com/a", "*.com/a"],
        ["/{x}/b", "/a/{y}"],
    ] {
        assert!(build(&keys).is_ok(), "{keys:?}");
    }
}

#[test]
fn every_conflict_is_told() {
    let conflicts = build(&["/a", "/b", "/a", "/{x:a+}", "/b", "/{x:[ab]+}"]).unwrap_err();
    let pairs: Vec<_> = conflicts.iter().map(|conflict| (conflict.first, conflict.second)).collect();
    assert_eq!(pairs, [(0, 2), (1, 4), (3, 5)]);
}

#[test]
fn many_routes_are_found_like_few() {
    let keys: Vec<String> = (0..500)
        .flat_map(|at| {
            [
                format!("/r{at}"),
                format!("h{at}.com/*"),
                format!("*.w{at}.com/*"),
                format!("/p/t{at}-{{r...}}"),
            ]
        })
        .collect();
    let routes = table(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    for at in [0, 7, 8, 9, 499] {
        assert_eq!(winner(&routes, &format!("/r{at}")), format!("/r{at}"));
        assert_eq!(winner(&routes, &format!("h{at}.com/")), format!("h{at}.com/*"));
        assert_eq!(winner(&routes, &format!("a.b.w{at}.com/")), format!("*.w{at}.com/*"));
        assert_eq!(winner(&routes, &format!("/p/t{at}-x")), format!("/p/t{at}-{{r...}}"));
    }
    assert_eq!(winner(&routes, "/r500"), "-");
}

#[test]
fn many_regexes_and_many_conditions_side_by_side_are_found_like_few() {
    let keys: Vec<String> = (0..300)
        .flat_map(|at| {
            [
                format!("/{{x:v{at}-[a-z]+}}"),
                format!("/tenants/* [h:x-tenant={at},q:v=1]"),
                format!("/tenants/* [h:x-tenant={at}]"),
            ]
        })
        .collect();
    let routes = table(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    for at in [0, 7, 8, 299] {
        assert_eq!(winner(&routes, &format!("/v{at}-abc")), format!("/{{x:v{at}-[a-z]+}}"));
        let tenant = format!("/tenants/x | X-Tenant: {at}");
        assert_eq!(winner(&routes, &tenant), format!("/tenants/* [h:x-tenant={at}]"));
        let both = format!("/tenants/x?v=1 | X-Tenant: {at}");
        assert_eq!(winner(&routes, &both), format!("/tenants/* [h:x-tenant={at},q:v=1]"));
    }
    for request in ["/v300-abc", "/v1-", "/tenants/x", "/tenants/x?v=1 | X-Tenant: 300"] {
        assert_eq!(winner(&routes, request), "-", "{request}");
    }
}

#[test]
fn among_many_alike_those_that_tie_are_still_found() {
    let mut keys: Vec<String> = (0..20).map(|at| format!("/{{x:v{at}-[a-z]+}}/{{y}}")).collect();
    keys.push("/{x:v7-a+}/{y}".to_owned());
    let told = build(&keys.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err();
    let kind = ConflictKind::Tie { example: "/v7-a/y".to_owned(), when: Vec::new() };
    assert_eq!(told, [Conflict { first: 7, second: 20, kind }]);
}

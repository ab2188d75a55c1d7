//! §1.3: what the upstream sees, and where a redirect goes.

use super::*;

fn matched<'r>(pattern: &'r Pattern, route: &'r Route) -> Matched<'r> {
    Matched { id: RouteId(0), route, pattern }
}

fn rewritten(rewrite: &Rewrite, pattern: &Pattern, forward: &str) -> String {
    let mut out = b"kept".to_vec();
    rewrite.upstream_path(&matched(pattern, &route("r")), forward.as_bytes(), &mut out);
    String::from_utf8(out).unwrap().strip_prefix("kept").unwrap().to_owned()
}

fn key(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

/// The table of `HTTPPathModifier.replacePrefixMatch`, row by row.
#[test]
fn replacing_a_prefix_follows_gateway_apis_table() {
    for (path, prefix, with, result) in [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
    ] {
        let pattern = Pattern::mount(prefix).unwrap();
        let rewrite = Rewrite::to(&pattern, with).unwrap();
        assert_eq!(rewritten(&rewrite, &pattern, path), result, "{path} {prefix} {with}");
        let told = matches!(with, "" | "/").then_some("/foo");
        assert_eq!(rewrite.stripped_prefix(), told, "{with} is a strip, or none");
    }
}

#[test]
fn by_default_nothing_is_changed() {
    for path in ["/", "/node", "/node/", "/%6eode//a%2Fb"] {
        assert_eq!(rewritten(&Rewrite::keep(), &key("/*"), path), path);
    }
}

#[test]
fn strip_replaces_the_mount_by_a_slash_and_says_so() {
    let pattern = key("/google/*");
    let rewrite = Rewrite::strip(&pattern).unwrap();
    for (path, result) in [
        ("/google", "/"),
        ("/google/", "/"),
        ("/google/search", "/search"),
        ("/google/a/", "/a/"),
        // The client's own slashes and spelling stay.
        ("/google//a", "//a"),
        ("/%67oogle/a%2fb", "/a%2fb"),
    ] {
        assert_eq!(rewritten(&rewrite, &pattern, path), result, "{path}");
    }
    assert_eq!(rewrite.stripped_prefix(), Some("/google"));
}

#[test]
fn stripping_the_root_changes_nothing() {
    for rewrite in [Rewrite::strip(&key("/*")).unwrap(), Rewrite::strip_named(&key("/*"), "/").unwrap()] {
        assert_eq!(rewritten(&rewrite, &key("/*"), "/a/b"), "/a/b");
        assert_eq!(rewrite.stripped_prefix(), None);
    }
}

#[test]
fn a_named_strip_cuts_that_prefix() {
    for (pattern, prefix, path, result, said) in [
        ("POST /api/upload", "/api", "/api/upload", "/upload", "/api"),
        ("/api/v1/*", "/api/", "/api/v1", "/v1", "/api"),
        ("/api/v1/*", "/%61pi/v1", "/api/%76%31/x", "/x", "/api/v1"),
        ("/api/{x}", "/api", "/api/42", "/42", "/api"),
        ("/api", "/api", "/api", "/", "/api"),
    ] {
        let pattern = key(pattern);
        let rewrite = Rewrite::strip_named(&pattern, prefix).unwrap();
        assert_eq!(rewritten(&rewrite, &pattern, path), result, "{path}");
        assert_eq!(rewrite.stripped_prefix(), Some(said));
    }
}

#[test]
fn on_an_exact_or_capturing_route_a_rewrite_is_the_full_path() {
    for (pattern, template, path, result) in [
        ("/users/{id}/avatar", "/v2/avatars/{id}", "/users/42/avatar", "/v2/avatars/42"),
        ("/users/{id}/avatar", "/v2/avatars/{id}", "/users/a%2fb/avatar", "/v2/avatars/a%2fb"),
        ("/a", "/b/", "/a", "/b/"),
        ("/a", "", "/a", "/"),
        ("/f/{rest...}", "/v2/{rest}", "/f/a/b", "/v2/a/b"),
        ("/f/{rest...}", "/v2/{rest}", "/f", "/v2/"),
        ("/f/{rest...}", "/v2/{rest}", "/f/", "/v2/"),
        ("/f/{rest...}", "/one", "/f/a/b", "/one"),
        ("/{a}/{b:[0-9]+}", "/{b}/{a}.html", "/x/42", "/42/x.html"),
        ("/{a}/{b}", "/{a}.{b}", "/x/y", "/x.y"),
        ("/node{rest...}", "/{rest}", "/nodejs/a", "/js/a"),
        ("/node{rest...}", "/{rest}", "/node/a", "/a"),
        ("/node{rest...}", "/{rest}", "/node", "/"),
        ("/node{rest...}", "/v2{rest}", "/n%6Fde/a", "/v2/a"),
        ("/caf\u{e9}{rest...}", "/{rest}", "/caf%c3%a9s", "/s"),
    ] {
        let pattern = key(pattern);
        let rewrite = Rewrite::to(&pattern, template).unwrap();
        assert_eq!(rewritten(&rewrite, &pattern, path), result, "{template} of {path}");
    }
}

#[test]
fn a_mount_with_captures_is_replaced_with_them() {
    let pattern = key("/users/{id}/*");
    let rewrite = Rewrite::to(&pattern, "/u/{id}/").unwrap();
    assert_eq!(rewritten(&rewrite, &pattern, "/users/42/a/b"), "/u/42/a/b");
    assert_eq!(rewritten(&rewrite, &pattern, "/users/42"), "/u/42");
}

#[test]
fn the_path_of_a_proxy_url_is_joined_in_front() {
    let pattern = key("/google/*");
    for base in ["/base", "/base/"] {
        for (rewrite, path, result) in [
            (Rewrite::keep(), "/google/a", "/base/google/a"),
            (Rewrite::strip(&pattern).unwrap(), "/google/a", "/base/a"),
            (Rewrite::strip(&pattern).unwrap(), "/google/", "/base/"),
            (Rewrite::strip(&pattern).unwrap(), "/google", "/base"),
            (Rewrite::to(&pattern, "/x/").unwrap(), "/google/a", "/base/x/a"),
        ] {
            assert_eq!(rewritten(&rewrite.with_base(base).unwrap(), &pattern, path), result, "{base} {path}");
        }
    }
    for base in ["", "/"] {
        let rewrite = Rewrite::strip(&pattern).unwrap().with_base(base).unwrap();
        assert_eq!(rewritten(&rewrite, &pattern, "/google"), "/");
        assert_eq!(rewritten(&rewrite, &pattern, "/google/a"), "/a");
    }
    assert_eq!(Rewrite::keep().with_base("base").unwrap_err().fix.as_deref(), Some("/base"));
}

#[test]
fn a_rewrite_that_does_not_fit_its_pattern_says_why() {
    let unknown = |name: &str, known: &[&str]| RewriteFault::UnknownCapture {
        name: name.to_owned(),
        known: known.iter().map(|name| (*name).to_owned()).collect(),
    };
    for (pattern, text, place, fault, fix) in [
        ("/u/{id}", "/v/{di}", "di", unknown("di", &["id"]), None),
        ("/u/*", "/v/{id}", "id", unknown("id", &[]), None),
        ("/u/{rest...}", "/v/{rest...}", "rest...", unknown("rest...", &["rest"]), None),
        ("/u/*", "/v/*", "*", RewriteFault::Star, Some("/v")),
        ("/u/*", "v", "v", RewriteFault::NoSlash, Some("/v")),
        ("/u/*", "/v?a=b", "?a=b", RewriteFault::Query, Some("/v")),
        ("/u/*", "/v/../w", "..", RewriteFault::DotSegment, None),
        ("/u/*", "/v/{id", "{id", RewriteFault::Braces, None),
        ("/u/*", "/v/id}", "}", RewriteFault::Braces, None),
        ("/u/*", "/v%2", "%2", RewriteFault::BadEscape, None),
        ("/u/*", "/v w", " ", RewriteFault::BadCharacter, None),
        ("/node{rest...}", "/.{rest}/x", ".{rest}", RewriteFault::DotSegment, None),
        ("/f/{rest...}", "/{rest}..", "{rest}..", RewriteFault::DotSegment, None),
    ] {
        let error = Rewrite::to(&key(pattern), text).expect_err(text);
        assert_eq!(&text[error.range.clone()], place, "{text}");
        assert_eq!((&error.fault, error.fix.as_deref()), (&fault, fix), "{text}");
    }
    let strip = |pattern: &str| Rewrite::strip(&key(pattern)).expect_err(pattern).fault;
    assert_eq!(strip("/google"), RewriteFault::StripWithoutMount("/google".into()));
    assert_eq!(strip("/node{rest...}"), RewriteFault::StripWithoutMount("/node{rest...}".into()));
    assert_eq!(strip("/u/{id}/*"), RewriteFault::StripOfCaptures);
    for (pattern, prefix) in
        [("/api/*", "/ap"), ("/api/*", "/api/v1"), ("/*", "/api"), ("/{x}/*", "/x"), ("/b", "/a")]
    {
        let error = Rewrite::strip_named(&key(pattern), prefix).expect_err(prefix);
        assert!(matches!(error.fault, RewriteFault::NotAPrefix { .. }), "{pattern} {prefix}");
    }
    assert_eq!(Rewrite::strip_named(&key("/api/*"), "/api/*").unwrap_err().fix.as_deref(), Some("/api"));
    assert_eq!(Rewrite::strip_named(&key("/api/*"), "api").unwrap_err().fix.as_deref(), Some("/api"));
}

fn located(pattern: &str, target: &str, forward: &str, query: Option<&str>) -> String {
    let pattern = key(pattern);
    let redirect = Redirect::new(&pattern, 308, target).unwrap_or_else(|error| panic!("{target}: {error}"));
    let mut out = Vec::new();
    redirect.location(
        &matched(&pattern, &route("r")),
        forward.as_bytes(),
        query.map(str::as_bytes),
        &mut out,
    );
    String::from_utf8(out).unwrap()
}

#[test]
fn a_redirect_keeps_the_rest_of_the_path_and_the_query() {
    for (pattern, target, path, query, location) in [
        ("/old/*", "/new", "/old/a/b", Some("q=1"), "/new/a/b?q=1"),
        ("/old/*", "/new/", "/old", None, "/new"),
        ("/old/*", "/", "/old/a", None, "/a"),
        ("www.example.com/*", "https://example.com", "/a", Some(""), "https://example.com/a?"),
        ("www.example.com/*", "https://example.com/", "/", None, "https://example.com/"),
        ("/old/*", "https://e.com:8443/x", "/old/a", None, "https://e.com:8443/x/a"),
        ("/old", "/new", "/old", Some("q"), "/new?q"),
        ("/old", "https://e.com", "/old", None, "https://e.com/"),
        ("/u/{id}", "/users/{id}?tab=1#top", "/u/4%2f2", Some("q"), "/users/4%2f2?tab=1#top"),
        ("/u/{id}", "/users/{id}#top", "/u/42", Some("q"), "/users/42?q#top"),
        ("/old/{rest...}", "/sorry", "/old/a/b", None, "/sorry"),
    ] {
        assert_eq!(located(pattern, target, path, query), location, "{pattern} {target} {path}");
    }
}

#[test]
fn a_redirect_never_leaves_for_a_host_the_client_wrote() {
    assert_eq!(located("/old/*", "/", "/old//evil.com/x", None), "/evil.com/x");
    assert_eq!(located("/old/{rest...}", "/{rest}", "/old///evil.com", None), "/evil.com");
    assert_eq!(
        located("/old{rest...}", "{rest}".replace('{', "/{").as_str(), "/old//evil.com", None),
        "/evil.com"
    );
    assert_eq!(located("/*", "https://e.com", "//evil.com", None), "https://e.com//evil.com");
}

#[test]
fn a_redirect_to_nowhere_says_how_it_was_meant() {
    for (target, fix) in [
        ("//e.com/x", Some("https://e.com/x")),
        ("e.com/x", Some("https://e.com/x")),
        ("new", Some("/new")),
        ("ftp://e.com", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://a@b/", None),
        ("", None),
    ] {
        let error = Redirect::new(&key("/a"), 302, target).expect_err(target);
        assert_eq!((error.fault, error.fix.as_deref()), (RewriteFault::Target, fix), "{target}");
    }
    let target = "https://e.com/{x}";
    let error = Redirect::new(&key("/a"), 302, target).unwrap_err();
    assert_eq!(&target[error.range], "x");
    assert!(Redirect::new(&key("/a"), 302, "/a?b c").is_err());
    assert_eq!(Redirect::new(&key("/a"), 200, "/b").unwrap_err().fault, RewriteFault::Status(200));
}

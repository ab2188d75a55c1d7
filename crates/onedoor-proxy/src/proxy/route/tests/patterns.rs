//! §1.1: what each pattern matches, and what is no pattern.

use super::*;

fn matches(key: &str, paths: &[&str]) {
    let routes = table(&[key]);
    for path in paths {
        assert_eq!(winner(&routes, path), key, "{path}");
    }
}

fn misses(key: &str, paths: &[&str]) {
    let routes = table(&[key]);
    for path in paths {
        assert_eq!(winner(&routes, path), "-", "{key} on {path}");
    }
}

#[test]
fn an_exact_pattern_matches_this_path_alone() {
    matches("/health", &["/health"]);
    misses("/health", &["/health/", "/healthz", "/Health", "/", "/health/a", "//health", "/a/health"]);
    matches("/health/", &["/health/"]);
    misses("/health/", &["/health", "/health//"]);
    matches("/", &["/"]);
    misses("/", &["//", "/a"]);
}

#[test]
fn a_subtree_covers_whole_segments() {
    matches("/node/*", &["/node", "/node/", "/node/a", "/node/a/b", "/node//a"]);
    misses("/node/*", &["/nodejs", "/nod", "/", "/Node", "/a/node", "//node", "/node%2Fa"]);
    matches("/*", &["/", "/a", "/a/b", "//"]);
    matches("/node//*", &["/node/", "/node//", "/node//a"]);
    misses("/node//*", &["/node", "/node/a"]);
}

#[test]
fn a_capture_is_one_segment_and_never_an_empty_one() {
    matches("/users/{id}", &["/users/42", "/users/a%2Fb"]);
    misses("/users/{id}", &["/users", "/users/", "/users/42/", "/users/4/2"]);
    matches("/{a}/{b}/*", &["/x/y", "/x/y/", "/x/y/z"]);
    misses("/{a}/{b}/*", &["/x/", "/x//", "//x"]);
}

#[test]
fn a_regex_matches_the_whole_segment() {
    matches("/{id:[0-9]+}/x", &["/42/x"]);
    misses("/{id:[0-9]+}/x", &["/42a/x", "/x42/x", "//x"]);
    matches("/{id:[0-9]{2,3}}", &["/42", "/424"]);
    matches("/{id:[^/]+}", &["/42"]);
    matches(r"/{id:[}]|\}}", &["/}"]);
    misses("/{id:.*}", &["/"]);
}

#[test]
fn the_remainder_is_a_star_with_a_name() {
    matches("/f/{rest...}", &["/f", "/f/", "/f/a", "/f/a/b", "/f//"]);
    misses("/f/{rest...}", &["/fa", "/"]);
}

#[test]
fn a_raw_string_prefix_is_spelled_out() {
    matches("/node{rest...}", &["/node", "/nodejs", "/node/", "/node/a", "/nodejs/a/b", "/node..."]);
    misses("/node{rest...}", &["/nod", "/Node", "/a/node", "/node.", "/node..", "/node../x"]);
    matches("/a/node{rest...}", &["/a/nodejs"]);
}

#[test]
fn literals_are_spelt_like_normalised_requests() {
    matches("/%6eode/*", &["/node/a"]);
    matches("/caf\u{e9}", &["/caf%C3%A9"]);
    matches("/a%2fb", &["/a%2Fb"]);
    misses("/a%2fb", &["/a/b"]);
}

#[test]
fn a_host_is_exact_or_a_wildcard_of_one_or_more_labels() {
    let key = "*.example.com/*";
    matches(key, &["www.example.com/", "A.B.example.com:8080/x"]);
    misses(key, &["example.com/", "/"]);
    matches("example.com/*", &["EXAMPLE.com./", "example.com:80/"]);
    matches("[::1]/*", &["[0::1]:80/"]);
}

#[test]
fn a_mount_is_the_subtree_with_or_without_a_final_slash() {
    for (path, written, prefix) in [
        ("/", "/*", ""),
        ("/node", "/node/*", "/node"),
        ("/node/", "/node/*", "/node"),
        ("/a/%62", "/a/%62/*", "/a/b"),
    ] {
        let pattern = Pattern::mount(path).unwrap();
        assert_eq!(pattern.written(), written);
        assert_eq!(pattern.mount_prefix().as_deref(), Some(prefix));
    }
    let routes = Routes::build(vec![RouteSpec {
        pattern: Pattern::mount("/node").unwrap().at_host("*.example.com").unwrap(),
        when: When::default(),
        priority: 0,
        route: route("node"),
    }]);
    let routes = routes.unwrap();
    for (request, wins) in
        [("www.example.com/node/a", "node"), ("www.example.com/nodejs", "-"), ("/node", "-")]
    {
        assert_eq!(winner(&routes, request), wins, "{request}");
    }
    assert_eq!(Pattern::parse("/u/{id}/*").unwrap().mount_prefix(), None);
    assert_eq!(Pattern::parse("/u").unwrap().mount_prefix(), None);
}

#[test]
fn what_is_no_pattern_says_where_why_and_how_it_was_meant() {
    type Row = (&'static str, &'static str, PatternFault, Option<&'static str>);
    let rows: Vec<Row> = vec![
        ("/node*", "node*", PatternFault::StarAfterText { also: "/nodejs".into() }, Some("/node/*")),
        ("GET /a/b*", "b*", PatternFault::StarAfterText { also: "/a/bjs".into() }, Some("GET /a/b/*")),
        ("/a/*/b", "*", PatternFault::StarInside, Some("/a/{x}/b")),
        ("/{x}/*/*", "*", PatternFault::StarInside, Some("/{x}/{y}/*")),
        ("/a/*/", "*", PatternFault::StarInside, Some("/a/*")),
        ("/a/**", "*", PatternFault::StarInside, Some("/a/*")),
        ("/a/*.js", "*", PatternFault::StarInside, Some(r"/a/{x:.*\.js}")),
        ("/a/../b", "..", PatternFault::DotSegment, Some("/b")),
        ("/a/./b/.", ".", PatternFault::DotSegment, Some("/a/b/")),
        ("/a?x=1", "?x=1", PatternFault::Query, Some("/a")),
        ("/a#b", "#b", PatternFault::Fragment, Some("/a")),
        ("/a%2", "%2", PatternFault::BadEscape, None),
        ("/%2e%2E/a", "%2e", PatternFault::RefusedEscape, Some("/a")),
        ("/a%00", "%00", PatternFault::RefusedEscape, None),
        ("/a b", " ", PatternFault::BadCharacter, Some("/a%20b")),
        ("/a ", " ", PatternFault::BadCharacter, Some("/a")),
        (r"/a\b", r"\", PatternFault::BadCharacter, Some("/a/b")),
        ("get /a", "get", PatternFault::LowerCaseMethod("GET"), Some("GET /a")),
        ("Get x.com/a*", "Get", PatternFault::LowerCaseMethod("GET"), Some("GET x.com/a/*")),
        ("GET/a", "GET", PatternFault::MethodWithoutSpace("GET"), Some("GET /a")),
        ("GET  /a", "  ", PatternFault::Spaces, Some("GET /a")),
        (" /a", " ", PatternFault::Spaces, Some("/a")),
        ("ANY /a", "ANY", PatternFault::UnknownMethod("ANY".into()), Some("/a")),
        ("GET,POST /a", "GET,POST", PatternFault::UnknownMethod("GET,POST".into()), Some("/a")),
        ("TRACE /a", "TRACE", PatternFault::RefusedMethod("TRACE"), None),
        ("", "", PatternFault::Empty, None),
        ("node", "node", PatternFault::NoPath, Some("/node")),
        ("*", "*", PatternFault::NoPath, Some("/*")),
        ("GET", "GET", PatternFault::NoPath, Some("GET /*")),
        ("GET node", "GET node", PatternFault::NoPath, Some("GET /node")),
        ("example.com", "example.com", PatternFault::NoPath, Some("example.com/*")),
        ("https://example.com/*", "https://", PatternFault::Host(HostFault::Scheme), Some("example.com/*")),
        ("GET http://a.b/c", "http://", PatternFault::Host(HostFault::Scheme), Some("GET a.b/c")),
        ("example.com:80/*", ":80", PatternFault::Host(HostFault::Port), Some("example.com/*")),
        ("*/a", "*", PatternFault::Host(HostFault::Star), Some("/a")),
        ("GET a.*.com/a", "*", PatternFault::Host(HostFault::Star), None),
        ("a..b/c", "a..b", PatternFault::Host(HostFault::Name), None),
        ("/{id", "{id", PatternFault::UnclosedCapture, Some("/{id}")),
        ("/id}", "}", PatternFault::StrayBrace, Some("/id%7D")),
        ("/{}", "", PatternFault::CaptureName, None),
        ("/{1a}", "1a", PatternFault::CaptureName, None),
        ("/{...}", "", PatternFault::CaptureName, None),
        ("/{a}/{a}", "a", PatternFault::DuplicateCapture("a".into()), None),
        ("/{a}/{a...}", "a", PatternFault::DuplicateCapture("a".into()), None),
        ("/a-{id}", "a-{id}", PatternFault::PartialCapture, None),
        ("/{a}{b}", "{a}{b}", PatternFault::PartialCapture, None),
        ("/{id:[0-9]+}.txt", "{id:[0-9]+}.txt", PatternFault::PartialCapture, None),
        ("/{r...}/x", "{r...}", PatternFault::RestNotLast("r".into()), Some("/{r}/x")),
        ("/a{r...}b", "{r...}", PatternFault::RestNotLast("r".into()), None),
    ];
    for (key, place, fault, fix) in rows {
        let error = Pattern::parse(key).expect_err(key);
        assert_eq!(&key[error.range.clone()], place, "{key}");
        assert_eq!(error.fault, fault, "{key}");
        assert_eq!(error.fix.as_deref(), fix, "{key}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_bad_regex_shows_its_own_place() {
    let error = Pattern::parse("/{id:[0-9}").unwrap_err();
    assert_eq!(error.fault, PatternFault::UnclosedCapture);
    let key = "/a/{id:(x}";
    let error = Pattern::parse(key).unwrap_err();
    assert_eq!(&key[error.range.clone()], "(x");
    assert!(matches!(error.fault, PatternFault::Regex(_)), "{error}");
    assert_eq!(error.to_string(), "not a regex: unclosed group");
}

#[test]
fn a_mount_takes_a_plain_path() {
    for (path, place, fault, fix) in [
        ("/node/*", "*", PatternFault::StarOnMount, Some("/node")),
        ("/*", "*", PatternFault::StarOnMount, Some("/")),
        ("/node*", "*", PatternFault::StarOnMount, Some("/node")),
        ("/t/{x}", "{x}", PatternFault::CaptureOnMount, None),
        ("node", "node", PatternFault::NoPath, Some("/node")),
        ("GET /node", "GET ", PatternFault::MethodOnMount, Some("/node")),
        ("", "", PatternFault::Empty, None),
        ("/a/../b", "..", PatternFault::DotSegment, Some("/b")),
    ] {
        let error = Pattern::mount(path).expect_err(path);
        assert_eq!(&path[error.range.clone()], place, "{path}");
        assert_eq!((error.fault, error.fix.as_deref()), (fault, fix), "{path}");
    }
    let error = Pattern::mount("/").unwrap().at_host("https://example.com").unwrap_err();
    assert_eq!(error.fault, PatternFault::Host(HostFault::Scheme));
    assert_eq!(error.fix.as_deref(), Some("example.com"));
}

#[test]
fn no_text_makes_the_parser_panic_and_every_fix_is_a_pattern() {
    let pieces = [
        "/", "*", "{", "}", "x", "...", ":", "[", "]", ".", "%", "2e", " ", "GET", "\u{e9}", "\\", "?", "a.b",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        let mut key = String::new();
        for _ in 0..reference::below(&mut seed, 9) {
            key.push_str(pieces[reference::below(&mut seed, pieces.len())]);
        }
        for parse in [Pattern::parse, Pattern::mount] {
            if let Err(error) = parse(&key) {
                assert!(key.get(error.range.clone()).is_some(), "{key}: {:?}", error.range);
                if let Some(fix) = &error.fix {
                    assert!(parse(fix).is_ok(), "{key}: {fix}");
                }
            }
        }
    }
}

#[test]
fn a_sign_that_clients_escape_or_do_not_is_the_same_sign() {
    for (key, path, is_matched) in [
        ("/a\"b", "/a%22b", true),
        ("/a\"b", "/a\"b", true),
        ("/a%22b", "/a\"b", true),
        ("/a%22b", "/a%2522b", false),
        ("/%7Bx%7D/[1]/*", "/{x}/[1]/a", true),
        ("/%7Bx%7D/[1]/*", "/%7bx%7D/%5B1%5D", true),
        ("/a|b^c`d<e>", "/a%7Cb%5Ec%60d%3Ce%3E", true),
    ] {
        let mut scratch = Vec::new();
        let normal = onedoor_http1::normalise(path.as_bytes(), &mut scratch).unwrap();
        let normal = std::str::from_utf8(normal.path).unwrap();
        let taken = if is_matched { key } else { "-" };
        assert_eq!(winner(&table(&[key]), normal), taken, "{path}");
    }
}

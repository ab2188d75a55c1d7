//! Conditions: which requests they let through, how they rank, and which of them clash.

use super::reference::below;
use super::*;

#[test]
fn a_route_takes_part_only_where_all_its_conditions_hold() {
    assert_winners(
        &["/api/*", "/api/* [h:x-canary=1]", "/api/* [h:x-canary=1,c:beta=on]", "/api/v2 [q:v=2]"],
        &[
            ("/api/x", "/api/*"),
            ("/api/x | X-Canary: 1", "/api/* [h:x-canary=1]"),
            ("/api/x | X-Canary: 2", "/api/*"),
            ("/api/x | X-Canary: 1 | Cookie: beta=on", "/api/* [h:x-canary=1,c:beta=on]"),
            ("/api/x | Cookie: beta=on", "/api/*"),
            ("/api/v2?v=2", "/api/v2 [q:v=2]"),
            ("/api/v2?v=1 | X-Canary: 1", "/api/* [h:x-canary=1]"),
            ("/api/v2?v=1", "/api/*"),
        ],
    );
}

#[test]
fn conditions_decide_after_host_path_and_method() {
    assert_winners(
        &["/* [h:a=1,h:b=1]", "/a/*", "x.com/*", "GET /m", "/m [h:a=1]"],
        &[
            ("/a/b | A: 1 | B: 1", "/a/*"),
            ("x.com/ | A: 1 | B: 1", "x.com/*"),
            ("/m | A: 1", "GET /m"),
            ("POST /m | A: 1", "/m [h:a=1]"),
            ("/ | A: 1 | B: 1", "/* [h:a=1,h:b=1]"),
        ],
    );
}

#[test]
fn more_headers_beat_more_parameters_beat_more_cookies_beat_an_address_beat_priority() {
    let keys = [
        "/ [h:a=1,h:b=1]",
        "/ [h:a=1,q:a=1,q:b=1]",
        "/ [h:a=1,q:a=1,c:a=1,c:b=1]",
        "/ [h:a=1,q:a=1,c:a=1,i=10.0.0.0/8]",
        "/ [h:a=1,q:a=1,c:a=1]",
        "/ [h:a=1]!9",
        "/!10",
    ];
    let all = "/?a=1&b=1 | A: 1 | B: 1 | Cookie: a=1; b=1 | 10.0.0.1";
    for from in 0..keys.len() {
        assert_winners(&keys[from..], &[(all, keys[from].split('!').next().unwrap())]);
    }
    assert_winners(&["/ [h:a=~1+]!1", "/ [h:b=1]"], &[("/ | A: 1 | B: 1", "/ [h:a=~1+]")]);
}

#[test]
fn a_text_is_met_by_just_that_and_a_regex_by_a_whole_value() {
    let routes =
        table(&["/ [h:x-v=~[0-9]+(beta)?]", "/w [h:x-w=a b]", "/* [q:x=~.*]", "/c [c:s=~~a]", "/c [c:s=]"]);
    for (request, wins) in [
        ("/ | X-V: 12", "/ [h:x-v=~[0-9]+(beta)?]"),
        ("/ | x-v: 12beta", "/ [h:x-v=~[0-9]+(beta)?]"),
        ("/ | X-V: 12betax", "-"),
        ("/ | X-V: v12", "-"),
        ("/w | X-W: a b", "/w [h:x-w=a b]"),
        ("/w | X-W: A b", "-"),
        ("/w | X-W: a b | X-W: a b", "-"),
        ("/x?x", "/* [q:x=~.*]"),
        ("/x?y&x=%0A", "/* [q:x=~.*]"),
        ("/x?X=1", "-"),
        ("/c | Cookie: s=~a", "/c [c:s=~~a]"),
        ("/c | Cookie: s=", "/c [c:s=]"),
        ("/c | Cookie: s", "-"),
    ] {
        assert_eq!(winner(&routes, request), wins, "{request}");
    }
}

#[test]
fn a_second_line_never_makes_a_condition_hold() {
    let routes = table(&["/ [h:x-role=admin]", "/m [h:x-role=~admin|admin. guest]"]);
    assert_eq!(winner(&routes, "/ | X-Role: admin"), "/ [h:x-role=admin]");
    assert_eq!(winner(&routes, "/ | X-Role: admin | X-Role: guest"), "-");
    assert_eq!(winner(&routes, "/ | X-Role: guest | X-Role: admin"), "-");
    assert_eq!(
        winner(&routes, "/m | X-Role: admin | X-Role: guest"),
        "/m [h:x-role=~admin|admin. guest]".to_owned()
    );
}

#[test]
fn an_address_is_in_one_of_the_networks() {
    let routes = table(&["/* [i=10.0.0.0/8,i=2001:db8::/32]", "/* [i=192.0.2.7/32]"]);
    for (request, wins) in [
        ("/ | 10.255.0.1", "/* [i=10.0.0.0/8,i=2001:db8::/32]"),
        ("/ | 2001:db8::1", "/* [i=10.0.0.0/8,i=2001:db8::/32]"),
        ("/ | 192.0.2.7", "/* [i=192.0.2.7/32]"),
        ("/ | 192.0.2.8", "-"),
        ("/", "-"),
    ] {
        assert_eq!(winner(&routes, request), wins, "{request}");
    }
}

#[test]
fn a_method_is_refused_only_where_conditions_hold() {
    assert_winners(
        &["GET /a [h:x=1]", "POST /a [h:x=2]", "PUT /b", "GET /b [h:x=1]"],
        &[
            ("DELETE /a | X: 1", "405 GET, HEAD"),
            ("DELETE /a | X: 2", "405 POST"),
            ("DELETE /a", "-"),
            ("GET /a", "-"),
            ("HEAD /a | X: 1", "GET /a [h:x=1]"),
            ("GET /b", "405 PUT"),
            ("DELETE /b | X: 1", "405 GET, HEAD, PUT"),
        ],
    );
}

#[test]
fn conditions_that_never_hold_together_do_not_tie() {
    for keys in [
        ["/ [h:a=1]", "/ [h:A=2]"],
        ["/ [q:a=1]", "/ [q:a=2]"],
        ["/ [c:a=1]", "/ [c:a=2]"],
        ["/ [h:a=1,h:b=1]", "/ [h:a=2,h:c=1]"],
        ["/ [h:a=1]", "/ [h:a=~[2-9]]"],
        ["/ [h:a=~[0-1]]", "/ [h:a=~[2-9]]"],
        ["/ [i=10.0.0.0/8]", "/ [i=11.0.0.0/8]"],
        ["/ [i=10.0.0.0/8,q:a=1]", "/ [i=10.0.0.0/8,q:a=2]"],
        ["/ [h:a=1]", "/ [q:a=1]"],
        ["/ [h:a=1]", "/ [h:b=1]!1"],
        ["GET / [h:a=1]", "POST / [h:b=1]"],
        ["/{x:[0-9]+} [h:a=1]", "/{x:[0-9a-f]+} [h:a=2]"],
        ["/{x:[0-9]+} [h:a=1]", "/{x:[0-9a-f]+}"],
    ] {
        assert!(build(&keys).is_ok(), "{keys:?}");
    }
}

#[test]
fn conditions_that_can_hold_together_tie() {
    for (first, second, when) in [
        ("/ [h:a=1]", "/ [h:b=1]", vec!["header a = \"1\"", "header b = \"1\""]),
        ("/ [q:v=1]", "/ [q:v=~1|2]", vec!["query v = \"1\"", "query v = \"~1|2\""]),
        ("/ [i=10.0.0.0/8]", "/ [i=10.1.0.0/16]", vec!["ip = [\"10.0.0.0/8\"]", "ip = [\"10.1.0.0/16\"]"]),
        ("/ [h:a=~1?]", "/ [h:a=~2?]", vec!["header a = \"~1?\"", "header a = \"~2?\""]),
    ] {
        let told = build(&[first, second]).expect_err(first);
        let when = when.into_iter().map(str::to_owned).collect();
        let kind = ConflictKind::Tie { example: "/".to_owned(), when };
        assert_eq!(told, [Conflict { first: 0, second: 1, kind }]);
    }
}

#[test]
fn among_many_conditions_of_one_name_those_that_meet_are_found() {
    let mut keys: Vec<String> = (0..20).map(|tenant| format!("/ [h:tenant={tenant}]!{tenant}")).collect();
    keys.extend(["/ [h:tenant=7]!-1", "/ [h:tenant=~3|4]!-2", "/ [h:beta=1]!7"].map(str::to_owned));
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let told = build(&keys).expect_err("some of them meet");
    let pairs: Vec<_> = told.iter().map(|conflict| (conflict.first, conflict.second)).collect();
    assert_eq!(pairs, [(7, 20), (7, 22)]);
}

#[test]
fn the_same_conditions_are_duplicates_whatever_their_order_case_and_spelling() {
    for [first, second] in [
        ["/ [h:a=1,h:b=2]", "/ [h:B=2,h:A=1]"],
        ["/ [i=10.0.0.0/9,i=10.128.0.0/9]", "/ [i=10.0.0.0/8]"],
        ["/ [h:a=1]!1", "/ [h:a=1]"],
    ] {
        let told = build(&[first, second]).expect_err(first);
        assert_eq!(
            told,
            [Conflict { first: 0, second: 1, kind: ConflictKind::Duplicate }],
            "{first} {second}"
        );
    }
}

#[test]
fn what_a_condition_may_not_ask_for_says_why() {
    type Row = (Source, &'static str, &'static str, &'static str);
    let rows: [Row; 14] = [
        (Source::Header, "Host", "a", "by the route's key"),
        (Source::Header, "cookie", "a", "conditions of their own"),
        (Source::Header, "X-Forwarded-For", "a", "not believed"),
        (Source::Header, "X_Forwarded_Host", "a", "counts for nothing"),
        (Source::Header, "x-forwarded-proto", "http", "written by this door"),
        (Source::Header, "Connection", "close", "ends here"),
        (Source::Header, "Upgrade", "websocket", "ends here"),
        (Source::Header, "a b", "1", "no header is called `a b`"),
        (Source::Header, "a", "1\n", "control character"),
        (Source::Header, "a", " 1", "space at an end"),
        (Source::Header, "a", "~[", "not a regex"),
        (Source::Query, "", "1", "has a name"),
        (Source::Cookie, "a;b", "1", "no cookie is called `a;b`"),
        (Source::Cookie, "a", "1;2", "no cookie has this value"),
    ];
    for (source, name, value, told) in rows {
        let fault = Condition::new(source, name, value).expect_err(name).to_string();
        assert!(fault.contains(told), "{name} = {value}: {fault}");
    }
    assert!(Condition::new(Source::Header, "Authorization", "~Bearer .*").is_ok());
}

#[test]
fn whatever_a_client_writes_is_looked_at_without_harm() {
    let routes = table(&["/ [q:v=~.*,c:s=~.+,h:x-a=~[^;]*]", "/ [q:v=1,c:s=2]", "/ [q:%00=\u{e9}]"]);
    let mut seed = 0x5851_f42d_4c95_7f2d;
    let signs = b"v=%&+;\"\\, s\xc3\xa9\x801234567890abcdefzZ/?";
    for _ in 0..3_000 {
        let mut text = |most: usize| -> Vec<u8> {
            let count = below(&mut seed, most);
            (0..count).map(|_| signs[below(&mut seed, signs.len())]).collect()
        };
        let (query, mut head) = (text(60), b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec());
        for name in [&b"Cookie: s="[..], b"Cookie: ", b"X-A: ", b"X-A: "] {
            head.extend_from_slice(name);
            head.extend(text(200));
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        let mut parsed = onedoor_http1::RequestHead::default();
        if parsed.parse(&head, &Default::default()).is_err() {
            continue;
        }
        let details = Details { bytes: &head, fields: parsed.fields(), query: Some(&query), client: None };
        let asked = Ask { details, ..ask("/") };
        let found = matches!(routes.find(&asked), Found::Route(_));
        assert_eq!(found, matches!(routes.explain(&asked).outcome, Outcome::Route(_)));
    }
}

#[test]
fn huge_values_and_many_cookies_are_compared_like_small_ones() {
    let routes = table(&["/ [c:last=on]", "/ [h:x-a=~(a|b)*c]", "/ [q:v=1,q:w=2]"]);
    let cookies: String = (0..2_000).map(|number| format!("c{number}=v; ")).collect();
    assert_eq!(winner_of_large(&routes, &format!("Cookie: {cookies}last=on"), ""), "/ [c:last=on]");
    let value = "ab".repeat(10_000);
    assert_eq!(winner_of_large(&routes, &format!("X-A: {value}c"), ""), "/ [h:x-a=~(a|b)*c]");
    assert_eq!(winner_of_large(&routes, &format!("X-A: {value}"), ""), "-");
    let query = format!("{}&v=1&w=2", "x=%41&".repeat(3_000));
    assert_eq!(winner_of_large(&routes, "X-B: 1", &query), "/ [q:v=1,q:w=2]");
    assert_eq!(winner_of_large(&routes, "X-B: 1", &format!("v={}&w=2", "1".repeat(20_000))), "-");
}

fn winner_of_large(routes: &Routes, field: &str, query: &str) -> String {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
    let mut parsed = onedoor_http1::RequestHead::default();
    parsed.parse(head.as_bytes(), &Default::default()).unwrap();
    let query = Some(query.as_bytes());
    let details = Details { bytes: head.as_bytes(), fields: parsed.fields(), query, client: None };
    match routes.find(&Ask { details, ..ask("/") }) {
        Found::Route(matched) => matched.route.name.to_string(),
        Found::MethodNotAllowed { .. } | Found::NotFound => "-".to_owned(),
    }
}

#[test]
fn regexes_too_large_to_be_held_against_one_another_are_told_and_not_waited_for() {
    // Each is small; all at once have to remember the last four letters.
    let keys: Vec<String> =
        (b'a'..=b'x').map(|one| format!("/ [h:a=~.*{}[a-z]{{3}}]!{one}", char::from(one))).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let told = build(&keys).expect_err("nobody knows");
    assert!(told.iter().any(|conflict| conflict.kind == ConflictKind::TooLarge), "{told:?}");
}

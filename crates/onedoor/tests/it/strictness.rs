//! The promise: a request that two parsers could read differently is refused. Rules 1–43 of a strict proxy, each as
//! far as it shows on an HTTP/1.1 wire; 37 and 38 are about HTTP/2, which is not served yet. Rules whose promise has
//! a file of its own (forwarded.rs, bodies.rs, limits.rs, upgrade.rs) have their first test here all the same.

use crate::kit::{Door, Message, Stream, Upstream, Wire, proxy_to};

/// The door refuses `request` with `status`, closes, and the upstream hears nothing.
#[track_caller]
fn refused(request: &str, status: u16) {
    refused_bytes(request.as_bytes(), status);
}

#[track_caller]
fn refused_bytes(request: &[u8], status: u16) {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    check_refusal(&door, &upstream, request, status);
}

/// Several requests at one door: each is refused with 400 on a connection of its own.
#[track_caller]
fn all_refused(requests: &[&str]) {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for request in requests {
        check_refusal(&door, &upstream, request.as_bytes(), 400);
    }
}

#[track_caller]
fn check_refusal(door: &Door, upstream: &Upstream, request: &[u8], status: u16) {
    let shown = String::from_utf8_lossy(request);
    let mut client = door.wire();
    client.send_if_wanted(request);
    let response = client.response();
    assert_eq!(response.status(), status, "{shown:?}");
    assert_eq!(response.field("connection"), Some("close"), "{shown:?}");
    client.half_close();
    client.expect_close();
    assert!(upstream.is_left_alone(), "the upstream heard of {shown:?}");
}

/// What the upstream sees of `request`, whose answer is an empty 200.
fn passed_on(request: &str) -> Message {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send(request);
    let mut peer = upstream.accept();
    let seen = peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    seen
}

/// What the client gets when the upstream answers a GET with `response` and closes.
fn answered_with(response: &'static str) -> Message {
    Door::start(&proxy_to(Upstream::blurting(response))).fetch("/")
}

#[test]
fn rule_01_content_length_beside_transfer_encoding_is_refused() {
    all_refused(&[
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    ]);
}

#[test]
fn rule_02_the_only_transfer_coding_is_chunked_once_and_alone() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for coding in [
        "chunked, chunked",
        ",chunked",
        "chunked,",
        "identity",
        "gzip, chunked",
        "\x0bchunked",
        "xchunked",
        "",
        "chunked;a=b",
    ] {
        let mut client = door.wire();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n"));
        let response = client.response();
        assert!(matches!(response.status(), 400 | 501), "{coding:?} got {}", response.status());
        assert_eq!(response.field("connection"), Some("close"));
    }
    check_refusal(
        &door,
        &upstream,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    );
}

#[test]
fn rule_03_transfer_encoding_on_http_1_0_is_refused() {
    refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
}

#[test]
fn rule_04_content_length_is_digits_and_nothing_else() {
    let request = |length: &str| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nabc");
    let lengths = [
        "+3",
        "-3",
        "0x3",
        "3_0",
        "",
        "3, 3",
        "3,4",
        "3 3",
        "18446744073709551616",
        "99999999999999999999999",
        "³",
    ];
    let requests: Vec<String> = lengths.iter().map(|length| request(length)).collect();
    all_refused(&requests.iter().map(String::as_str).collect::<Vec<_>>());
    refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400);
}

#[test]
fn rule_05_a_badly_framed_answer_is_502_and_its_connection_is_not_pooled() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "hello\r\n\r\n",
    ] {
        assert_eq!(answered_with(response).status(), 502, "{response:?}");
    }
}

#[test]
fn rule_06_chunks_are_framed_anew() {
    let seen = passed_on(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n003\r\nabc\r\n0002\r\nde\r\n0\r\n\r\n",
    );
    assert_eq!(seen.text(), "abcde");
}

/// A chunked body whose framing is wrong: 400, and no upstream takes it for a whole one.
fn bad_chunks(bodies: &[&str]) {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for body in bodies {
        let mut client = door.wire();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
        assert_eq!(client.response().status(), 400, "{body:?}");
    }
}

#[test]
fn rule_06_a_chunk_size_is_a_few_hex_digits() {
    bad_chunks(&[
        "0x3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc",
        "-1\r\n\r\n",
        "g\r\n",
    ]);
}

#[test]
fn rule_07_chunk_extensions_are_dropped() {
    let seen = passed_on(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b;c\r\nabc\r\n0;x\r\n\r\n",
    );
    assert_eq!(seen.text(), "abc");
}

#[test]
fn rule_07_a_chunk_line_ends_with_crlf_and_has_no_bare_cr_or_lf() {
    let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(100_000));
    bad_chunks(&["3\nabc\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n", "3;a\rb\r\nabc\r\n0\r\n\r\n", &long]);
}

#[test]
fn rule_08_chunk_data_is_followed_by_crlf_exactly() {
    bad_chunks(&["3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc0\r\n\r\n"]);
}

#[test]
fn rule_08_an_answer_cut_short_is_cut_for_the_client_too() {
    let port = Upstream::blurting("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let (seen, _) = client.rest_until_cut();
    let seen = String::from_utf8(seen).unwrap();
    assert!(!seen.ends_with("0\r\n\r\n"), "a shortened body must not look whole: {seen}");
}

#[test]
fn rule_08_a_request_body_cut_short_does_not_look_whole_to_the_upstream() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.head().method(), "POST");
    assert_eq!(peer.chunk(), b"abc");
    drop(client);
    let (seen, _) = peer.rest_until_cut();
    assert!(seen.is_empty(), "nothing may look like an end: {seen:?}");
}

#[test]
fn rule_09_a_bare_cr_or_lf_in_a_head_is_refused() {
    all_refused(&[
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\nGET /b HTTP/1.1\r\n\r\n",
    ]);
}

#[test]
fn rule_10_a_folded_line_is_refused() {
    all_refused(&[
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n",
    ]);
}

#[test]
fn rule_10_a_folded_line_in_an_answer_never_reaches_the_client() {
    let response = answered_with("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: b\r\n c\r\n\r\nok");
    match response.status() {
        502 => {}
        200 => assert_eq!(response.field("x"), Some("b c")),
        other => panic!("neither refused nor unfolded: {other}"),
    }
}

#[test]
fn rule_11_space_before_a_colon_or_before_the_first_field_is_refused() {
    all_refused(&[
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
    ]);
}

#[test]
fn rule_12_a_field_name_is_a_token_and_a_value_has_no_control_bytes() {
    all_refused(&[
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
    ]);
}

#[test]
fn rule_13_an_underscore_name_that_aliases_ours_does_not_get_through() {
    let seen = passed_on(
        "GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\nX-Forwarded_Proto: https\r\nProxy: evil\r\nMy_Own: kept\r\n\r\n",
    );
    for name in ["x_forwarded_for", "content_length", "x-forwarded_proto", "proxy"] {
        assert_eq!(seen.field(name), None);
    }
    assert_eq!(seen.field("my_own"), Some("kept"));
}

#[test]
fn rule_14_exactly_one_valid_host_is_needed() {
    all_refused(&[
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
    ]);
}

#[test]
fn rule_15_in_absolute_form_the_target_names_the_host() {
    let seen = passed_on("GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!((seen.target(), seen.field("host")), ("/x?y", Some("a.test")));
}

#[test]
fn rule_15_a_host_that_contradicts_the_target_is_refused() {
    refused("GET http://a.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n", 400);
}

#[test]
fn rule_16_connect_is_refused() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    assert_eq!(client.response().status(), 405);
    refused("GET a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n", 400);
    assert!(upstream.is_left_alone());
}

#[test]
fn rule_17_the_asterisk_is_for_options_alone() {
    refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    let door = Door::start(&proxy_to(1));
    let mut client = door.wire();
    client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.response().status(), 200);
}

#[test]
fn rule_18_a_target_with_odd_bytes_or_bad_escapes_is_refused() {
    all_refused(&[
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a% HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
    ]);
    refused_bytes(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

#[test]
fn rule_18_the_raw_spelling_of_escapes_goes_on() {
    assert_eq!(
        passed_on("GET /%61%2Fb//c%3b?%20&&=%zz HTTP/1.1\r\nHost: a\r\n\r\n").target(),
        "/%61%2Fb//c%3b?%20&&=%zz"
    );
}

#[test]
fn rule_19_what_is_matched_is_what_is_forwarded() {
    let port = Upstream::answering(|request| {
        let target = request.target();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len())
    });
    let door = Door::start(&format!(
        "[routes]\n\"/open/*\" = {{ proxy = \"http://127.0.0.1:{port}\" }}\n\"/secret/*\" = {{ respond = {{ status = 403, body = \"\" }} }}\n"
    ));
    assert_eq!(door.fetch("/open/../secret/x").status(), 403);
    assert_eq!(door.fetch("/open/./../secret/x").status(), 403);
    assert_eq!(door.fetch("/%73ecret/x").status(), 403);
    assert_eq!(door.fetch("/open/a/../b").text(), "/open/b");
    // A path that leaves the root is no mistake a browser makes.
    assert_eq!(door.fetch("/../../open/b").status(), 400);
}

#[test]
fn rule_20_encoded_dots_nul_and_backslash_are_refused_and_an_encoded_slash_is_no_separator() {
    all_refused(&[
        "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/%2E/b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/.%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%5cb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n",
    ]);
    let door = Door::start("[routes]\n\"/a/*\" = { respond = \"a\" }\n\"/*\" = { respond = \"root\" }\n");
    assert_eq!(door.fetch("/a%2Fb").text(), "root");
}

#[test]
fn rule_20_a_route_may_refuse_encoded_slashes() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"a\", encoded_slash = \"reject\" }\n");
    assert_eq!(door.fetch("/a%2Fb").status(), 400);
    assert_eq!(door.fetch("/a/b").status(), 200);
}

#[test]
fn rule_21_a_prefix_ends_at_a_segment() {
    let door = Door::start("[routes]\n\"/api/*\" = { respond = \"api\" }\n");
    assert_eq!(door.fetch("/api").status(), 200);
    assert_eq!(door.fetch("/apix").status(), 404);
}

#[test]
fn rule_22_hop_by_hop_fields_end_here_in_both_directions() {
    let seen = passed_on(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers, deflate\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\nX-End: 2\r\n\r\n",
    );
    for name in
        ["x-named", "keep-alive", "proxy-connection", "upgrade", "http2-settings", "transfer-encoding"]
    {
        assert_eq!(seen.field(name), None, "{name}");
    }
    assert!(seen.field("te").is_none_or(|te| te == "trailers"));
    assert_eq!(seen.field("x-end"), Some("2"));
    let response = answered_with(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\nX-End: 2\r\n\r\n",
    );
    assert_eq!((response.field("x-named"), response.field("keep-alive")), (None, None));
    assert_eq!(response.field("x-end"), Some("2"));
}

#[test]
fn rule_23_connection_cannot_name_away_what_counts() {
    let seen = passed_on(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, Authorization, X-Forwarded-For, Via, Cookie\r\nContent-Length: 2\r\nAuthorization: Basic x\r\nCookie: c=d\r\n\r\nok",
    );
    assert_eq!(seen.text(), "ok");
    assert_eq!(seen.field("host"), Some("a"));
    assert_eq!(seen.field("authorization"), Some("Basic x"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn rule_24_no_tunnel_without_101_and_never_to_h2c() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().field("upgrade"), Some("websocket"));
    peer.send("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(client.response().status(), 426);
    // Still HTTP: the next request is parsed, not tunnelled.
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.request().target(), "/next");
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.response().status(), 204);
}

#[test]
fn rule_24_a_101_that_nobody_asked_for_is_502() {
    assert_eq!(
        answered_with("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n").status(),
        502
    );
}

#[test]
fn rule_25_an_upstream_that_answers_before_the_body_is_through_is_not_used_again() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
    let mut peer = upstream.accept();
    peer.head();
    peer.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 403);
    let mut other = door.wire();
    other.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(upstream.accept().request().target(), "/next", "a fresh connection");
}

#[test]
fn rule_26_a_pooled_connection_that_speaks_unasked_is_thrown_away() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
    );
    assert_eq!(client.response().text(), "1");
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut fresh = upstream.accept();
    assert_eq!(fresh.request().target(), "/2");
    fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    assert_eq!(client.response().text(), "2");
}

#[test]
fn rule_27_an_unknown_expectation_is_417_and_an_old_client_never_sees_100() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n");
    assert_eq!(client.response().status(), 417);

    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut old = door.wire();
    old.send("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().text(), "ok");
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(old.response().status(), 200);
}

#[test]
fn rule_28_interim_responses_go_on_but_not_for_ever() {
    let port = Upstream::blurting(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let early = client.response();
    assert_eq!((early.status(), early.field("link")), (103, Some("</a>")));
    assert_eq!(client.response().status(), 200);

    let endless: &'static str = Box::leak("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000).into_boxed_str());
    let door = Door::start(&proxy_to(Upstream::blurting(endless)));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let statuses: Vec<u16> = std::iter::repeat_with(|| client.response().status())
        .take(1000)
        .take_while(|status| *status == 102)
        .collect();
    assert!(statuses.len() < 100, "{} interim responses went through", statuses.len());
}

#[test]
fn rule_29_head_204_and_304_have_no_body_whatever_their_fields_say() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    assert_eq!(client.response_to_head().field("content-length"), Some("1000"));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.request();
    peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n");
    assert_eq!(client.response().field("etag"), Some("\"x\""));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.request();
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    let empty = client.response();
    assert_eq!((empty.status(), empty.field("transfer-encoding")), (204, None));
}

#[test]
fn rule_30_a_get_or_delete_keeps_its_body() {
    assert_eq!(passed_on("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok").text(), "ok");
    let seen =
        passed_on("DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    assert_eq!(seen.text(), "ok");
}

#[test]
fn rule_31_trailers_stay_trailers_and_cannot_carry_what_frames_or_authorises() {
    let seen = passed_on(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nHost: evil\r\nAuthorization: evil\r\n\r\n",
    );
    assert_eq!(seen.field("x-sum"), None, "a trailer must not become a field");
    assert_eq!(seen.field("host"), Some("a"));
    let names: Vec<&str> = seen.trailers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Sum"]);
}

#[test]
fn rule_32_via_is_set_trace_is_refused_and_a_loop_ends_at_the_tenth_round() {
    let seen = passed_on("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(seen.all("via").iter().any(|via| via.contains("onedoor")));

    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.response().status(), 405);
    let rounds = ["1.1 onedoor"; 10].join(", ");
    let mut client = door.wire();
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\nVia: {rounds}\r\n\r\n"));
    assert_eq!(client.response().status(), 508);
    assert!(upstream.is_left_alone());
}

#[test]
fn rule_33_an_unsafe_request_that_was_sent_is_never_repeated() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().target(), "/pay");
    drop(peer);
    assert_eq!(client.response().status(), 502);
    assert!(upstream.is_left_alone(), "the POST was sent twice");
}

#[test]
fn rule_34_what_an_untrusted_client_says_about_itself_is_dropped() {
    let seen = passed_on(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-Server: evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n\r\n",
    );
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.field("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.field("x-forwarded-host"), Some("a"));
    for (name, value) in &seen.fields {
        assert!(!value.contains("6.6.6.6") && !value.contains("evil"), "{name}: {value}");
    }
}

#[test]
fn rule_35_the_query_goes_on_byte_for_byte() {
    let target = "/?a=1&a=2&&;b=%zz&c=%2e%2e/../&d=a+b%20c&=%";
    assert_eq!(passed_on(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).target(), target);
}

#[test]
fn rule_36_a_request_line_of_8000_bytes_is_served_and_one_past_the_limit_is_not() {
    let long = format!("/{}", "a".repeat(8000));
    assert_eq!(passed_on(&format!("GET {long} HTTP/1.1\r\nHost: a\r\n\r\n")).target(), long);
    refused(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(40_000)), 414);
    refused(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(40_000)), 431);
}

#[test]
fn rule_39_pipelined_requests_are_answered_in_order() {
    let port = Upstream::answering(|request| {
        let target = request.target();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len())
    });
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nGET /no HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    let answers = [client.response(), client.response(), client.response()];
    assert_eq!(answers.each_ref().map(Message::text), ["/1", "/2", "/3"]);
}

#[test]
fn rule_40_a_redirect_cannot_be_split_by_what_the_client_sends() {
    let door = Door::start("[routes]\n\"/old/*\" = { redirect = \"/new\" }\n");
    let response = door.fetch("/old/a%0d%0aSet-Cookie:%20x=y?b%0d%0ac");
    assert_eq!(response.field("set-cookie"), None);
    assert!(response.field("location").is_none_or(|location| location.starts_with("/new/a%0d%0a")));
}

#[test]
fn rule_41_a_connection_that_authenticates_is_not_shared() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut first = door.wire();
    first.send("GET /1 HTTP/1.1\r\nHost: a\r\nAuthorization: Negotiate abc\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate def\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(first.response().status(), 401);
    let mut second = door.wire();
    second.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(upstream.accept().request().target(), "/2", "a connection of its own");
}

#[test]
fn rule_42_one_empty_line_before_a_request_is_ignored() {
    assert_eq!(passed_on("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n").target(), "/x");
}

#[test]
fn rule_43_a_refusal_is_read_by_a_client_that_is_still_sending() {
    let door =
        Door::start("[server]\nlimits = { body = \"1KiB\" }\n[routes]\n\"/*\" = { respond = \"x\" }\n");
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    client.send_if_wanted(vec![b'x'; 1_000_000]);
    assert_eq!(client.response().status(), 413, "a reset must not eat the answer");
}

#[test]
fn a_refusal_is_said_once_in_the_log_with_its_cause() {
    let door = Door::start(&proxy_to(1));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert_eq!(client.response().status(), 400);
    door.line(Stream::Stdout, |line| line.contains("400") && line.contains("Host"));
}

#[test]
fn bytes_that_are_no_http_at_all_do_not_hurt_the_next_client() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"\0\0\0\0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
    ] {
        let mut client: Wire = door.wire();
        client.send_if_wanted(noise);
        client.half_close();
        let (_, _) = client.rest_until_cut();
    }
    assert_eq!(door.fetch("/").text(), "x");
}

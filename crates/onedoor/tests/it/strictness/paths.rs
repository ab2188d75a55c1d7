//! Rules about what is asked for, and of whom: hosts, targets, paths, and what is said about the client.

use super::{all_refused, passed_on, refused, refused_bytes};
use crate::kit::{Door, Upstream, proxy_to};

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
fn rule_40_a_redirect_cannot_be_split_by_what_the_client_sends() {
    let door = Door::start("[routes]\n\"/old/*\" = { redirect = \"/new\" }\n");
    let response = door.fetch("/old/a%0d%0aSet-Cookie:%20x=y?b%0d%0ac");
    assert_eq!(response.field("set-cookie"), None);
    assert!(response.field("location").is_none_or(|location| location.starts_with("/new/a%0d%0a")));
}

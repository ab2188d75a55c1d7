//! Rules about a message: its lines, its fields, the length of its body.

use super::{all_refused, answered_with, check_refusal, passed_on, refused};
use crate::kit::{Door, Upstream, proxy_to};

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
fn rule_42_one_empty_line_before_a_request_is_ignored() {
    assert_eq!(passed_on("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n").target(), "/x");
}

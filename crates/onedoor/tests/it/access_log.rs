//! The promise: each request leaves one line that says who asked for what, who answered, how much and how fast.
//!
//! Away from a terminal the line is a JSON object on stdout. Its names are a contract (docs/operations.md): a tool
//! that reads them must not break.

use crate::kit::{Door, Stream, Upstream, proxy_to};

/// Every name that a line of an ordinary request has.
const NAMES: [&str; 10] = [
    "request_id",
    "client",
    "method",
    "path",
    "route",
    "status",
    "bytes_received",
    "bytes_sent",
    "total_ms",
    "time",
];

#[test]
fn a_line_says_who_what_where_and_how_much() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST /shop?q=secret HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    let mut peer = upstream.accept();
    let id = peer.request().field("x-request-id").map(str::to_owned).expect("an id");
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes");
    assert_eq!(client.response().status(), 201);
    let line = door.access_line("/shop");
    for name in NAMES {
        assert!(!line[name].is_null(), "{name} is missing in {line}");
    }
    assert_eq!(line["request_id"], id);
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["route"], "/*");
    assert_eq!(line["status"], 201);
    assert_eq!(line["bytes_received"], 5);
    assert_eq!(line["bytes_sent"], 3);
    assert!(line["total_ms"].as_f64().expect("a number") >= line["upstream_ms"].as_f64().expect("a number"));
}

#[test]
fn a_refusals_line_has_its_cause() {
    let door = Door::start(&proxy_to(1));
    assert_eq!(door.fetch("/lost").status(), 502);
    let line = door.access_line("/lost");
    assert_eq!(line["status"], 502);
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("127.0.0.1:1")), "{line}");
}

#[test]
fn what_a_client_sends_cannot_forge_a_line() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    assert_eq!(door.fetch("/a%0a%22,%22status%22:999?\"}{").status(), 200);
    let line = door.access_line("999");
    assert_eq!(line["status"], 200);
}

#[test]
fn access_off_is_off() {
    let door = Door::start("[log]\naccess = \"off\"\n[routes]\n\"/*\" = { respond = \"x\" }\n");
    assert_eq!(door.fetch("/quiet").status(), 200);
    let said = {
        let mut door = door;
        door.signal("TERM");
        assert_eq!(door.exit_code(), 0);
        door.said(Stream::Stdout)
    };
    assert!(!said.iter().any(|line| line.contains("/quiet")), "{said:?}");
}

#[test]
fn an_answer_that_the_upstream_cut_says_so_and_how_much_was_sent() {
    let port = Upstream::blurting("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nonly this");
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().status(), 200);
    assert_eq!(client.rest_until_cut().0, b"only this");
    let line = door.access_line("/cut");
    assert_eq!(line["cut_by"], "upstream", "{line}");
    assert_eq!((&line["status"], &line["bytes_sent"]), (&200.into(), &9.into()), "{line}");
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("upstream")), "{line}");
}

#[test]
fn an_answer_that_the_client_did_not_want_any_more_says_so() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET /unwanted HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    drop(client);
    let line = door.access_line("/unwanted");
    assert_eq!(line["cut_by"], "client", "{line}");
}

//! The promise: each request leaves one line that says who asked for what, who answered, how much and how fast.
//!
//! Away from a terminal the line is a JSON object on stdout. Its names are a contract (docs/operations.md): a tool
//! that reads them must not break.

use serde_json::Value;

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

/// The access line of the one request whose line has `word` in it.
fn line(door: &Door, word: &str) -> Value {
    let line = door.line(Stream::Stdout, |line| {
        line.starts_with('{') && line.contains("\"status\"") && line.contains(word)
    });
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

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
    let line = line(&door, "/shop");
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
    let line = line(&door, "/lost");
    assert_eq!(line["status"], 502);
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("127.0.0.1:1")), "{line}");
}

#[test]
fn what_a_client_sends_cannot_forge_a_line() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    assert_eq!(door.fetch("/a%0a%22,%22status%22:999?\"}{").status(), 200);
    let line = line(&door, "999");
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

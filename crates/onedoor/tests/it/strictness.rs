//! The promise: a request that two parsers could read differently is refused. Rules 1–43 of a strict proxy, each as
//! far as it shows on an HTTP/1.1 wire; 37 and 38 are about HTTP/2, which is not served yet. Rules whose promise has
//! a file of its own (forwarded.rs, bodies.rs, limits.rs, upgrade.rs) have their first test here all the same.

mod hops;
mod messages;
mod paper;
mod paths;

use crate::kit::{Door, Message, Upstream, proxy_to};

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

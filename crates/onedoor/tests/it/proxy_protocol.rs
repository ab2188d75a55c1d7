//! The promise: with proxy_protocol on, a connection is whose the load balancer says it is, and nobody else may say so.

use crate::kit::{Door, Message, Stream, Upstream, Wire};

const V1: &[u8] = b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n";
const V1_UNKNOWN: &[u8] = b"PROXY UNKNOWN\r\n";
const V2_LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The same client by version 2, with an addition (a TLV) behind the addresses.
fn v2() -> Vec<u8> {
    [
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11".as_slice(),
        &[203, 0, 113, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb],
        &[0x04, 0, 2, 0xaa, 0xbb],
    ]
    .concat()
}

struct Scene {
    upstream: Upstream,
    door: Door,
}

fn scene(settings: &str) -> Scene {
    let upstream = Upstream::listen();
    let door = Door::start(&format!(
        "[server]\nproxy_protocol = true\n{settings}\n{}",
        crate::kit::proxy_to(upstream.port())
    ));
    Scene { upstream, door }
}

/// A door behind a load balancer on loopback.
fn behind_balancer() -> Scene {
    scene("trusted_proxies = \"loopback\"")
}

impl Scene {
    /// What the upstream sees of the request that is being sent.
    fn seen(&self, client: &mut Wire) -> Message {
        let mut peer = self.upstream.accept();
        let request = peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response().status(), 200);
        request
    }
}

#[test]
fn the_client_is_whom_the_header_names_and_the_bytes_behind_it_are_the_first_request() {
    let scene = behind_balancer();
    for header in [V1.to_vec(), v2()] {
        let mut client = scene.door.wire();
        client.send([&header, REQUEST].concat());
        let request = scene.seen(&mut client);
        assert_eq!(request.field("x-forwarded-for"), Some("203.0.113.7"));
        assert_eq!(request.field("x-forwarded-port"), Some("443"));
        // One header for the connection, not for the request.
        client.send(REQUEST);
        assert_eq!(scene.seen(&mut client).field("x-forwarded-for"), Some("203.0.113.7"));
    }
    scene.door.line(Stream::Stdout, |line| line.contains("203.0.113.7"));
}

#[test]
fn a_header_in_single_bytes_is_a_header() {
    let scene = behind_balancer();
    for header in [V1.to_vec(), v2()] {
        let mut client = scene.door.wire();
        for byte in [&header, REQUEST].concat() {
            client.send([byte]);
        }
        assert_eq!(scene.seen(&mut client).field("x-forwarded-for"), Some("203.0.113.7"));
    }
}

#[test]
fn the_header_is_believed_and_what_its_client_says_of_others_is_not() {
    let scene = behind_balancer();
    let mut client = scene.door.wire();
    client.send(
        [V1, b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n\r\n"]
            .concat(),
    );
    let request = scene.seen(&mut client);
    assert_eq!(request.field("x-forwarded-for"), Some("203.0.113.7"));
    assert_eq!(request.field("x-forwarded-proto"), Some("http"));
}

#[test]
fn a_trusted_proxy_before_the_load_balancer_is_believed() {
    let scene = scene("trusted_proxies = [\"loopback\", \"203.0.113.0/24\"]");
    let mut client = scene.door.wire();
    client.send([V1, b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.9\r\n\r\n"].concat());
    assert_eq!(scene.seen(&mut client).field("x-forwarded-for"), Some("192.0.2.9, 203.0.113.7"));
}

#[test]
fn a_balancer_that_names_nobody_is_served_and_not_believed() {
    let scene = behind_balancer();
    for header in [V1_UNKNOWN, V2_LOCAL] {
        let mut client = scene.door.wire();
        client.send([header, b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"].concat());
        assert_eq!(scene.seen(&mut client).field("x-forwarded-for"), Some("127.0.0.1"));
    }
}

#[test]
fn a_connection_without_a_header_is_closed_without_an_answer() {
    for (bytes, why) in [
        (REQUEST, "does not begin with"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n".as_slice(), "PROXY line is not"),
        (b"\r\n\r\n\0\r\nQUIT\n\x31", "version is not 2"),
    ] {
        let scene = behind_balancer();
        let mut client = scene.door.wire();
        client.send(bytes);
        assert_eq!(client.rest_until_cut().0, b"", "nobody has shown who it is");
        scene.door.line(Stream::Stderr, |line| line.contains("127.0.0.1") && line.contains(why));
        assert!(scene.upstream.is_left_alone());
    }
}

#[test]
fn a_header_that_does_not_come_in_time_ends_the_connection() {
    let scene = scene("trusted_proxies = \"loopback\"\ntimeout = { header = \"300ms\" }");
    let mut client = scene.door.wire();
    client.send("PROXY TCP4");
    assert_eq!(client.rest_until_cut().0, b"");
    scene.door.line(Stream::Stderr, |line| line.contains("did not come in time"));
}

#[test]
fn who_is_not_trusted_cannot_say_who_it_is() {
    let scene = scene("trusted_proxies = \"192.0.2.1\"");
    let mut client = scene.door.wire();
    client.send_if_wanted([V1, REQUEST].concat());
    assert_eq!(client.rest_until_cut().0, b"");
    scene.door.line(Stream::Stderr, |line| line.contains("not one of trusted_proxies"));
    assert!(scene.upstream.is_left_alone());
}

#[test]
fn the_limit_for_one_client_counts_whom_the_header_names() {
    let scene = scene("trusted_proxies = \"loopback\"\nlimits = { per_client = 1 }");
    let mut first = scene.door.wire();
    first.send([V1, REQUEST].concat());
    scene.seen(&mut first);
    let mut second = scene.door.wire();
    second.send_if_wanted([V1, REQUEST].concat());
    assert_eq!(second.response().status(), 429);
    let mut other = scene.door.wire();
    other.send([b"PROXY TCP4 203.0.113.8 198.51.100.1 1 443\r\n", REQUEST].concat());
    scene.seen(&mut other);
    drop(first);
}

//! The promise: after an upgrade the door is a tunnel, and knows nothing of what goes through it.

use crate::kit::{Door, Upstream, Wire, proxy_to};

/// Asks for a WebSocket and lets the peer agree.
fn upgraded(upstream: &Upstream, door: &Door, early: &str) -> (Wire, Wire) {
    let mut client = door.wire();
    client.send(format!(
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n{early}"
    ));
    let mut peer = upstream.accept();
    let request = peer.request();
    assert_eq!(request.field("upgrade"), Some("websocket"));
    assert!(request.field("connection").is_some_and(|value| value.eq_ignore_ascii_case("upgrade")));
    assert_eq!(request.field("sec-websocket-version"), Some("13"));
    peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello");
    let response = client.head();
    assert_eq!((response.status(), response.field("upgrade")), (101, Some("websocket")));
    assert_eq!(client.bytes(5), b"hello", "what came with the 101 belongs to the tunnel");
    (client, peer)
}

#[test]
fn bytes_pass_both_ways_as_they_come() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let (mut client, mut peer) = upgraded(&upstream, &door, "");
    for word in [&b"\x81\x02hi"[..], b"\0\r\n\r\n\xff", b"GET / HTTP/1.1\r\n\r\n"] {
        client.send(word);
        assert_eq!(peer.bytes(word.len()), word);
        peer.send(word);
        assert_eq!(client.bytes(word.len()), word);
    }
}

#[test]
fn a_half_close_is_passed_on_and_the_other_way_stays_open() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let (mut client, mut peer) = upgraded(&upstream, &door, "");
    client.send("last words");
    client.half_close();
    assert_eq!(peer.rest(), b"last words");
    peer.send("an answer to them");
    peer.half_close();
    assert_eq!(client.rest(), b"an answer to them");
}

#[test]
fn bytes_that_came_before_the_101_wait_for_it() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let (_client, mut peer) = upgraded(&upstream, &door, "early");
    assert_eq!(peer.bytes(5), b"early");
}

/// Two parsers behind the door would read the body in two ways: as a body, and as the new protocol's first bytes.
#[test]
fn an_offer_to_upgrade_beside_a_body_is_not_passed_on() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\nContent-Length: 4\r\n\r\nBODY");
    let mut peer = upstream.accept();
    let request = peer.request();
    assert_eq!((request.field("upgrade"), request.field("connection")), (None, None));
    assert_eq!(request.text(), "BODY");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    // Nobody was asked for a tunnel, so nobody may open one.
    client.send("POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\nContent-Length: 4\r\n\r\nBODY");
    peer.request();
    peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    assert_eq!(client.response().status(), 502);
}

#[test]
fn a_large_tunnel_loses_nothing() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let (mut client, mut peer) = upgraded(&upstream, &door, "");
    let body: Vec<u8> = (0_u32..1_000_000).flat_map(u32::to_le_bytes).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            client.send(&body);
            client.half_close();
        });
        assert!(peer.rest() == body);
    });
}

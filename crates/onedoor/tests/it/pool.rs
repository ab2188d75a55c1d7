//! The promise: what one upstream answer leaves behind never becomes part of the next one.

use crate::kit::{Door, Upstream, Wire, proxy_to};

const WRONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";

/// The next request on `client` must come over a connection that nobody has used; its answer arrives.
#[track_caller]
fn served_afresh(client: &mut Wire, upstream: &Upstream) {
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut fresh = upstream.accept();
    assert_eq!(fresh.request().target(), "/next");
    fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright");
    assert_eq!(client.response().text(), "right");
}

/// A door with one worker, hence one pool, and a connection behind it that has just answered well.
fn with_a_kept_connection(request: &str) -> (Upstream, Door, Wire, Wire) {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
    let mut client = door.wire();
    client.send(request);
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    (upstream, door, client, peer)
}

#[test]
fn a_head_that_is_answered_with_a_body_does_not_poison_the_next_answer() {
    for body in ["wrong", WRONG] {
        let upstream = Upstream::listen();
        let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
        let mut client = door.wire();
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut peer = upstream.accept();
        assert_eq!(peer.request().method(), "HEAD");
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        assert_eq!(client.response_to_head().status(), 200);
        served_afresh(&mut client, &upstream);
    }
}

#[test]
fn a_head_whose_body_comes_late_does_not_poison_the_next_answer() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
    let mut client = door.wire();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n");
    assert_eq!(client.response_to_head().status(), 200);
    peer.send(WRONG);
    served_afresh(&mut client, &upstream);
}

#[test]
fn late_bytes_on_a_kept_connection_make_it_unusable() {
    for method in ["GET", "POST"] {
        let (upstream, _door, mut client, mut peer) =
            with_a_kept_connection(&format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
        peer.send(WRONG);
        served_afresh(&mut client, &upstream);
    }
}

#[test]
fn an_end_on_a_kept_connection_makes_it_unusable_for_a_request_that_cannot_be_repeated() {
    let (upstream, _door, mut client, peer) = with_a_kept_connection("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    // Said, not just dropped: a child of another test may hold the socket for a moment between its fork and its exec.
    peer.half_close();
    client.send("POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    let mut fresh = upstream.accept();
    assert_eq!(fresh.request().target(), "/pay");
    fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
}

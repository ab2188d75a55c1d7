//! The promise: bodies pass through as they come, whole or visibly cut, in both directions, however they are framed.

use std::thread;

use crate::kit::{Door, Ending, Upstream, proxy_to};

const MIB: usize = 1024 * 1024;

/// Bytes that show a lost, doubled or swapped piece.
fn pattern(length: usize) -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(length).collect()
}

#[test]
fn twenty_mebibytes_of_known_length_come_back_the_same() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let body = pattern(20 * MIB);
    let sent = body.clone();
    let mut client = door.wire();
    let mut peer = thread::scope(|scope| {
        let upload = scope.spawn(|| {
            client.send(format!("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", sent.len()));
            client.send(&sent);
        });
        let mut peer = upstream.accept();
        assert!(peer.request().body == body, "the upload arrived changed");
        upload.join().unwrap();
        peer
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
            peer.send(&body);
        });
        assert!(client.response().body == body, "the download arrived changed");
    });
}

#[test]
fn twenty_mebibytes_in_chunks_come_back_the_same() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let body = pattern(20 * MIB);
    let chunked: Vec<u8> = body
        .chunks(100_003)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let mut client = door.wire();
    let mut peer = thread::scope(|scope| {
        scope.spawn(|| {
            client.send("PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(&chunked);
        });
        let mut peer = upstream.accept();
        assert!(peer.request().body == body, "the upload arrived changed");
        peer
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            peer.send(&chunked);
        });
        assert!(client.response().body == body, "the download arrived changed");
    });
}

#[test]
fn a_body_that_ends_with_the_connection_is_whole_for_the_client() {
    let port = Upstream::blurting("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end");
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    let response = client.get("/");
    assert_eq!((response.status(), response.text()), (200, "until the end"));
}

#[test]
fn an_old_client_gets_a_chunked_answer_without_chunks() {
    let port = Upstream::blurting(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    let door = Door::start(&proxy_to(port));
    let mut old = door.wire();
    old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    let response = old.response();
    assert_eq!(response.field("transfer-encoding"), None);
    assert_eq!(response.text(), "abcde");
}

#[test]
fn each_piece_goes_on_when_it_comes_in_both_directions() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    let mut peer = upstream.accept();
    peer.head();
    assert_eq!(peer.chunk(), b"one");
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(client.head().status(), 200, "the head goes on before the first event");
    for word in ["two", "three", "four"] {
        client.send(format!("{:x}\r\n{word}\r\n", word.len()));
        assert_eq!(peer.chunk(), word.as_bytes());
        peer.send(format!("{:x}\r\n{word}\r\n", word.len()));
        assert_eq!(client.chunk(), word.as_bytes());
    }
}

#[test]
fn an_answer_may_overtake_its_request() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    let mut peer = upstream.accept();
    peer.head();
    peer.send("HTTP/1.1 400 Enough\r\nContent-Length: 6\r\n\r\nenough");
    assert_eq!(client.response().text(), "enough");
}

#[test]
fn trailers_pass_in_both_directions() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: up\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().trailers, [("X-Sum".to_owned(), "up".to_owned())]);
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Grpc-Status\r\n\r\n2\r\nok\r\n0\r\nGrpc-Status: 0\r\n\r\n");
    assert_eq!(client.response().trailers, [("Grpc-Status".to_owned(), "0".to_owned())]);
}

#[test]
fn expect_is_passed_on_and_the_body_waits_for_the_upstreams_word() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.head().field("expect"), Some("100-continue"));
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.response().status(), 100);
    client.send("ok");
    assert_eq!(peer.bytes(2), b"ok");
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 201);
}

#[test]
fn an_expectation_may_be_refused_before_the_body() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
    let mut peer = upstream.accept();
    peer.head();
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 413);
}

#[test]
fn a_client_that_waits_for_100_is_told_to_go_on_when_the_upstream_does_not_know_the_word() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let mut peer = upstream.accept();
    peer.head();
    assert_eq!(client.response().status(), 100);
    client.send("ok");
    assert_eq!(peer.bytes(2), b"ok");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
}

#[test]
fn a_client_that_was_told_to_go_on_is_not_told_again_when_the_upstream_says_so_late() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    let mut peer = upstream.accept();
    peer.head();
    assert_eq!(client.response().status(), 100, "our own patience has ended");
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    assert_eq!(peer.bytes(2), b"ok");
    peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 201, "one 100, and then the answer");
}

#[test]
fn an_old_client_sees_a_reset_when_an_answer_without_a_length_is_cut() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut old = door.wire();
    old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\npart");
    assert_eq!(old.head().status(), 200);
    assert_eq!(old.bytes(4), b"part");
    peer.reset();
    // An orderly close would look like the body's end.
    assert_eq!(old.rest_until_cut(), (Vec::new(), Ending::Cut));
}

#[test]
fn connections_are_kept_alive_on_both_sides() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    for turn in 1..=20 {
        if turn > 1 {
            client.send(format!("GET /{turn} HTTP/1.1\r\nHost: a\r\n\r\n"));
        }
        assert_eq!(peer.request().target(), format!("/{turn}"));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(client.response().text(), "ok");
    }
    assert!(upstream.is_left_alone(), "one connection was enough");
}

#[test]
fn a_kept_connection_that_the_upstream_closed_costs_no_safe_request() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    drop(peer);
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut fresh = upstream.accept();
    assert_eq!(fresh.request().target(), "/2");
    fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
}

#[test]
fn a_client_that_asks_for_close_gets_it() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let response = client.response();
    assert_eq!((response.text(), response.field("connection")), ("x", Some("close")));
    client.expect_close();
}

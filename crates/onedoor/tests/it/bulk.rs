//! The promise: large bodies cost the door nothing. It holds a few pieces of them, whatever their size, and whoever is
//! slow, client or app, slows the other side down instead of filling our memory.

use std::thread;

use crate::kit::{Door, Upstream, Wire, anonymous_bytes, proxy_to};

/// What a door may grow by while it moves a body of any size.
const GROWTH_MAX: u64 = 1 << 20;

/// More than all that is on the way takes from a sender whom nobody reads: two connections of a send buffer (4 MiB at
/// most) and a receive buffer (6 MiB and more; tcp(7), tcp_wmem and tcp_rmem, whose largest grow with the machine's
/// memory), and a pipe of 1 MiB. 24.2 MiB were seen.
const IN_FLIGHT_MAX: u64 = 48 << 20;

const PIECE: usize = 64 * 1024;

/// A door that keeps its log to itself, with one worker and everything paged in that a body needs.
fn warm(upstream: &Upstream) -> Door {
    let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
    for _ in 0..2 {
        upload(&door, upstream, 1 << 20);
    }
    door
}

/// What the door weighs, where the kernel says so.
fn weight(door: &Door) -> u64 {
    anonymous_bytes(door.pid()).unwrap_or_else(|| {
        eprintln!("SKIPPED: this kernel does not say what a process weighs");
        0
    })
}

#[track_caller]
fn grew_little(what: &str, before: u64, after: u64) {
    let grown = after.saturating_sub(before);
    eprintln!("{what}: {} KiB before, {} KiB more after", before >> 10, grown >> 10);
    assert!(grown < GROWTH_MAX, "{what}: {grown} bytes more");
}

/// So many bytes through the door, which is still there at the end to be answered.
fn upload(door: &Door, upstream: &Upstream, length: u64) {
    let mut client = door.wire();
    client.send(format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
    let mut peer = upstream.accept();
    peer.head();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..length / PIECE as u64 {
                client.send([b'x'; PIECE]);
            }
        });
        peer.skip(length);
    });
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
}

#[test]
fn an_upload_of_a_quarter_of_a_gibibyte_takes_no_memory() {
    let upstream = Upstream::listen();
    let door = warm(&upstream);
    let before = weight(&door);
    upload(&door, &upstream, 256 << 20);
    grew_little("an upload of 256 MiB", before, weight(&door));
}

#[test]
fn a_client_that_does_not_read_stops_its_app_and_loses_nothing() {
    let upstream = Upstream::listen();
    let door = warm(&upstream);
    let before = weight(&door);
    for fields in ["Content-Length: 1000000000", "Transfer-Encoding: chunked"] {
        let mut client = Wire::narrow(door.port());
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut peer = upstream.accept();
        peer.request();
        let chunk = format!("{PIECE:x}\r\n{}\r\n", "x".repeat(PIECE));
        peer.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"));
        let sent = peer.send_until_stuck(chunk.as_bytes(), 1_000_000_000);
        eprintln!("{fields}: the app got rid of {} KiB", sent >> 10);
        assert!(sent < IN_FLIGHT_MAX, "{fields}: nothing holds the app back after {sent} bytes");
        grew_little("a client that does not read", before, weight(&door));
        assert_eq!(client.head().status(), 200);
        let whole = sent / chunk.len() as u64;
        if fields.starts_with("Transfer") {
            skip_chunked(&mut client, whole * PIECE as u64);
        } else {
            assert!(client.bytes(chunk.len()) == chunk.as_bytes());
            client.skip(sent - chunk.len() as u64);
        }
    }
}

/// So many bytes of chunks, however the door has cut them.
fn skip_chunked(client: &mut Wire, mut left: u64) {
    while left > 0 {
        let chunk = client.chunk();
        assert!(!chunk.is_empty() && chunk.iter().all(|byte| *byte == b'x'));
        left = left.saturating_sub(chunk.len() as u64);
    }
}

#[test]
fn an_app_that_does_not_read_stops_its_client_and_loses_nothing() {
    let upstream = Upstream::listen();
    let door = warm(&upstream);
    let before = weight(&door);
    let mut client = door.wire();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
    let mut peer = upstream.accept();
    let piece: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(PIECE).collect();
    let sent = client.send_until_stuck(&piece, 1_000_000_000);
    eprintln!("the client got rid of {} KiB", sent >> 10);
    assert!(sent < IN_FLIGHT_MAX, "nothing holds the client back after {sent} bytes");
    grew_little("an app that does not read", before, weight(&door));
    assert_eq!(peer.head().method(), "PUT");
    for _ in 0..sent / PIECE as u64 {
        assert!(peer.bytes(PIECE) == piece);
    }
}

//! The promise: a large body of known length passes the door without entering it, and arrives as it would have by
//! copying: the same bytes, the same ends.

use std::thread;

use crate::kit::{Door, Setting, Upstream, Wire, proxy_to, without_splice};

/// Lengths on both sides of what is worth a pipe.
const LENGTHS: [usize; 5] = [60_000, 90_001, 1 << 18, 1_000_003, 10 << 20];

fn setting(upstream: &Upstream) -> Setting {
    let metrics = "\"/metrics\" = { builtin = \"metrics\" }\n";
    Door::with(&format!("[server]\nworkers = 1\n{}{metrics}", proxy_to(upstream.port())))
}

fn door(upstream: &Upstream) -> Door {
    setting(upstream).start()
}

/// Bytes of which each place has its own, so that none can be missing, twice or out of order unseen.
fn pattern(length: usize) -> Vec<u8> {
    (0_u32..).map(|place| place.wrapping_mul(2_654_435_761).to_be_bytes()[1]).take(length).collect()
}

fn head(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")
}

/// What the metrics say was moved in `direction` by `how`.
fn moved(door: &Door, direction: &str, how: &str) -> u64 {
    let series = format!("onedoor_body_bytes_total{{direction=\"{direction}\",how=\"{how}\"}} ");
    let page = door.wire().get("/metrics");
    let line = page.text().lines().find_map(|line| line.strip_prefix(&series));
    line.expect("the series is always there").parse().expect("a counter is a whole number")
}

#[test]
fn a_large_download_is_spliced_and_arrives_as_it_was_sent() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    for (turn, length) in LENGTHS.into_iter().enumerate() {
        if turn > 0 {
            // Over the same two connections: a body of known length leaves them clean.
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        peer.request();
        let body = pattern(length);
        thread::scope(|scope| {
            scope.spawn(|| peer.send([head(length).as_bytes(), &body].concat()));
            assert!(client.response().body == body, "{length} bytes arrived as others");
        });
    }
    let spliced = moved(&door, "down", "spliced");
    let large: usize = LENGTHS[1..].iter().sum();
    // What came with a head, 16 KiB at most, was read with it.
    assert!(spliced >= (large - 4 * 16 * 1024) as u64, "{spliced} of {large} bytes");
    assert!(spliced * 100 >= large as u64 * 99, "{spliced} of {large} bytes");
}

#[test]
fn a_large_upload_is_spliced_and_arrives_as_it_was_sent() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let mut client = door.wire();
    for length in LENGTHS {
        let body = pattern(length);
        let put = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        thread::scope(|scope| {
            scope.spawn(|| client.send([put.as_bytes(), &body].concat()));
            let mut peer = upstream.accept();
            assert!(peer.request().body == body, "{length} bytes arrived as others");
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        });
        assert_eq!(client.response().status(), 200);
    }
    let spliced = moved(&door, "up", "spliced");
    let large: usize = LENGTHS[2..].iter().sum();
    assert!(spliced * 100 >= large as u64 * 99, "{spliced} of {large} bytes");
}

/// A little more than the smallest bodies that are worth a pipe: what came with their heads would be a fifth of them.
const SMALLEST: usize = 80 * 1024;
const TURNS: usize = 9;

/// All bodies but the first on a connection: until then nobody knows what will come.
const ALL_BUT_ONE: u64 = (SMALLEST * (TURNS - 1)) as u64;

#[test]
fn of_one_large_download_after_the_other_hardly_a_byte_is_copied() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    let body = pattern(SMALLEST);
    // The last but one has a head that is longer by far than the one before it.
    let longer = format!("HTTP/1.1 200 OK\r\nContent-Length: {SMALLEST}\r\nX: {}\r\n\r\n", "x".repeat(4000));
    for turn in 1..=TURNS {
        peer.request();
        let head = if turn == TURNS - 1 { longer.clone() } else { head(SMALLEST) };
        peer.send([head.as_bytes(), &body].concat());
        assert!(client.response().body == body, "turn {turn}");
        if turn < TURNS {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    peer.send(&body[..5000]);
    assert!(client.response().body == body[..5000], "a small one behind large ones");
    let spliced = moved(&door, "down", "spliced");
    let but_for_a_long_head = ALL_BUT_ONE - 16 * 1024;
    assert!(spliced * 100 >= but_for_a_long_head * 99, "{spliced} of {ALL_BUT_ONE} bytes");
}

#[test]
fn of_one_large_upload_after_the_other_hardly_a_byte_is_copied() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let mut client = door.wire();
    let body = pattern(2 * SMALLEST);
    for _ in 1..=TURNS {
        let put = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
        client.send([put.as_bytes(), &body].concat());
        let mut peer = upstream.accept();
        assert!(peer.request().body == body);
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.response().status(), 200);
    }
    let spliced = moved(&door, "up", "spliced");
    assert!(spliced * 100 >= 2 * ALL_BUT_ONE * 99, "{spliced} of {} bytes", 2 * ALL_BUT_ONE);
}

#[test]
fn a_sandbox_without_splice_costs_time_and_no_byte() {
    let upstream = Upstream::listen();
    let Some(setting) = without_splice(setting(&upstream)) else { return };
    let door = setting.start();
    let body = pattern(1 << 20);
    for _ in 1..=2 {
        let mut client = door.wire();
        let put = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
        thread::scope(|scope| {
            scope.spawn(|| client.send([put.as_bytes(), &body].concat()));
            let mut peer = upstream.accept();
            assert!(peer.request().body == body, "the upload arrived as another");
            scope.spawn(move || peer.send([head(1 << 20).as_bytes(), &pattern(1 << 20)].concat()));
        });
        assert!(client.response().body == body, "the download arrived as another");
    }
    assert_eq!((moved(&door, "up", "spliced"), moved(&door, "down", "spliced")), (0, 0));
}

#[test]
fn chunked_bodies_are_framed_anew_and_so_copied() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    let body = pattern(1 << 20);
    thread::scope(|scope| {
        scope.spawn(|| {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            peer.send([b"100000\r\n", &body[..], b"\r\n0\r\n\r\n"].concat());
        });
        assert!(client.response().body == body);
    });
    assert_eq!(moved(&door, "down", "spliced"), 0);
}

/// A client that has read the head and the first `read` bytes of a body of which `sent` bytes came.
fn in_the_middle(door: &Door, upstream: &Upstream, length: usize, sent: usize) -> (Wire, Wire) {
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    let body = pattern(length);
    thread::scope(|scope| {
        scope.spawn(|| peer.send([head(length).as_bytes(), &body[..sent]].concat()));
        client.head();
        assert!(client.bytes(sent) == body[..sent]);
    });
    (client, peer)
}

#[test]
fn an_upstream_that_dies_in_the_middle_is_seen_by_the_client() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let (mut client, peer) = in_the_middle(&door, &upstream, 4 << 20, 1 << 20);
    drop(peer);
    client.expect_close();
    assert!(moved(&door, "down", "spliced") > 0);
}

#[test]
fn a_client_that_leaves_in_the_middle_ends_the_upstreams_sending() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let (client, mut peer) = in_the_middle(&door, &upstream, 1 << 30, 1 << 20);
    drop(client);
    peer.send_until_cut(&[b'x'; 64 * 1024]);
}

#[test]
fn a_small_write_in_the_middle_of_a_large_body_arrives_at_once() {
    let upstream = Upstream::listen();
    let door = door(&upstream);
    let (mut client, mut peer) = in_the_middle(&door, &upstream, 4 << 20, 1 << 20);
    // In lock-step: each piece must have arrived before the next is sent.
    for piece in [&b"a"[..], b"bc", b"def"] {
        peer.send(piece);
        assert_eq!(client.bytes(piece.len()), piece);
    }
}

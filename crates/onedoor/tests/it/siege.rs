//! The promise: a siege hurts nobody but the besiegers. However many clients are slow on purpose, the door's memory
//! stays within known bounds, and an honest client is answered meanwhile.
//!
//! The figures are printed: `--nocapture` shows what an attacker costs.

use std::net::TcpStream;

use crate::kit::{Door, Upstream, Wire, anonymous_bytes, proxy_to};

/// What an attacker may cost besides what it has sent itself: its workspace, with a first piece of each buffer.
const ATTACKER_BYTES_MAX: u64 = 64 * 1024;

const HONEST_REQUESTS: u32 = 50;

fn settings(server: &str, port: u16) -> String {
    format!(
        "[log]\naccess = \"off\"\n[server]\nworkers = 2\n{server}\n{}\"/own\" = {{ respond = \"own\" }}\n",
        proxy_to(port)
    )
}

/// An honest client is served, by the door and from behind it; afterwards the attackers are weighed.
#[track_caller]
fn held(door: &Door, what: &str, attackers: usize, before: Option<u64>, most_each: u64) {
    let mut honest = door.wire();
    for _ in 0..HONEST_REQUESTS {
        assert_eq!(honest.get("/own").text(), "own", "{what}");
        assert_eq!(door.fetch("/own").text(), "own", "{what}: newcomers are served as well");
    }
    let (Some(before), Some(after)) = (before, anonymous_bytes(door.pid())) else {
        eprintln!("SKIPPED: this kernel does not say what a process weighs");
        return;
    };
    let each = after.saturating_sub(before) / attackers as u64;
    eprintln!(
        "{what}: {} KiB before, {} KiB with {attackers} attackers: {each} bytes each",
        before >> 10,
        after >> 10
    );
    assert!(each < most_each, "{what}: {each} bytes for an attacker");
}

/// So many connections that have each said `words`.
fn attackers(door: &Door, count: usize, words: &[u8]) -> Vec<Wire> {
    (0..count)
        .map(|_| {
            let mut wire = door.wire();
            wire.send(words);
            wire
        })
        .collect()
}

#[test]
fn heads_that_never_end_cost_little_and_hear_408() {
    const COUNT: usize = 300;
    let door = Door::start(&settings("timeout = { header = \"1s\" }", 1));
    assert_eq!(door.fetch("/own").text(), "own");
    let before = anonymous_bytes(door.pid());
    let mut slow = attackers(&door, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow:");
    held(&door, "slowloris", COUNT, before, ATTACKER_BYTES_MAX);
    // A byte now and then buys no time: it is the head that has a deadline.
    for wire in &mut slow {
        wire.send_if_wanted(" ");
    }
    for wire in &mut slow {
        assert_eq!(wire.response().status(), 408);
    }
    // The next wave finds what the first has left: it costs less memory.
    let before = anonymous_bytes(door.pid());
    let again = attackers(&door, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow:");
    held(&door, "slowloris, the next wave", COUNT, before, ATTACKER_BYTES_MAX / 4);
    drop(again);
}

#[test]
fn heads_without_end_are_431_and_take_no_more_than_a_head() {
    const COUNT: usize = 100;
    let door = Door::start(&settings("", 1));
    assert_eq!(door.fetch("/own").text(), "own");
    let before = anonymous_bytes(door.pid());
    let mut flood = attackers(&door, COUNT, b"GET / HTTP/1.1\r\nHost: a\r\n");
    for round in 0..40 {
        for wire in &mut flood {
            wire.send_if_wanted(format!("X-{round}: {}\r\n", "x".repeat(1000)));
        }
    }
    held(&door, "header flood", COUNT, before, 2 * ATTACKER_BYTES_MAX);
    for wire in &mut flood {
        assert_eq!(wire.response().status(), 431);
    }
}

#[test]
fn bodies_that_hardly_come_cost_little_and_hear_408() {
    const COUNT: usize = 100;
    let upstream = Upstream::listen();
    let door = Door::start(&settings(
        "timeout = { body = \"2s\" }\nlimits = { body_rate = \"1MB\" }",
        upstream.port(),
    ));
    assert_eq!(door.fetch("/own").text(), "own");
    let before = anonymous_bytes(door.pid());
    // Small ones, which wait in the door, and large ones, which have a connection to the app each.
    let mut small = attackers(&door, COUNT, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\nx");
    let mut large =
        attackers(&door, COUNT, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nx");
    held(&door, "slow bodies", 2 * COUNT, before, ATTACKER_BYTES_MAX);
    for wire in small.iter_mut().chain(&mut large) {
        assert_eq!(wire.response().status(), 408);
    }
}

#[test]
fn a_body_that_comes_byte_by_byte_for_ever_is_408() {
    let upstream = Upstream::listen();
    // It never stands still for so long: only the rate can end it.
    let door = Door::start(&settings(
        "timeout = { body = \"1s\" }\nlimits = { body_rate = \"1MB\" }",
        upstream.port(),
    ));
    for (target, length) in [("/small", 60_000), ("/large", 90_000_000)] {
        let mut client = door.wire();
        client.send(format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
        // A byte each time that somebody else was served: slow, and never standing still.
        while !client.has_something() {
            assert_eq!(door.fetch("/own").text(), "own");
            client.send_if_wanted("x");
        }
        let answer = client.response();
        assert_eq!((answer.status(), answer.field("connection")), (408, Some("close")), "{target}");
    }
}

#[test]
fn after_the_answer_has_begun_an_upload_has_all_the_time_it_wants() {
    let upstream = Upstream::listen();
    let door = Door::start(&settings(
        "timeout = { body = \"2s\" }\nlimits = { body_rate = \"100MB\" }",
        upstream.port(),
    ));
    let slow = Door::start(
        "[apps]\nnever = { run = \"sleep 1000\", path = \"/never\" }\n[routes]\n\"/late\" = { app = \"never\", while_down = { do = \"hold\", for = \"400ms\" } }\n",
    );
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut peer = upstream.accept();
    peer.head();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(client.head().status(), 200);
    for _ in 0..6 {
        client.send("4\r\nword\r\n");
        assert_eq!(peer.chunk(), b"word");
        peer.send("4\r\nword\r\n");
        assert_eq!(client.chunk(), b"word");
        // Less than a body may stand still, and all together far more than so few bytes buy.
        assert_eq!(slow.fetch("/late").status(), 503);
    }
}

#[test]
fn readers_that_do_not_read_cost_a_piece_each() {
    const COUNT: usize = 25;
    const LENGTH: usize = 8 << 20;
    let upstream = Upstream::listen();
    let door = Door::start(&settings("", upstream.port()));
    assert_eq!(door.fetch("/own").text(), "own");
    let before = anonymous_bytes(door.pid());
    let mut peers = Vec::with_capacity(COUNT);
    let mut stuck = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let mut client = Wire::narrow(door.port());
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut peer = upstream.accept();
        peer.request();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
        peer.send_at_once(&vec![b'x'; LENGTH]);
        assert_eq!(client.head().status(), 200);
        peers.push(peer);
        stuck.push(client);
    }
    // Each holds what one read brought, and its workspace.
    held(&door, "slow readers", COUNT, before, 2 * ATTACKER_BYTES_MAX);
}

#[test]
fn a_flood_of_connections_is_turned_away_and_those_inside_do_not_notice() {
    const LIMIT: usize = 100;
    const FLOOD: usize = 1000;
    let door = Door::start(&settings(&format!("limits = {{ connections = {LIMIT} }}"), 1));
    let mut inside = door.wire();
    assert_eq!(inside.get("/own").text(), "own");
    let before = anonymous_bytes(door.pid());
    let flood: Vec<TcpStream> = (0..FLOOD)
        .map(|_| TcpStream::connect(("127.0.0.1", door.port())).expect("the door accepts"))
        .collect();
    for _ in 0..HONEST_REQUESTS {
        assert_eq!(inside.get("/own").text(), "own");
    }
    if let (Some(before), Some(after)) = (before, anonymous_bytes(door.pid())) {
        let each = after.saturating_sub(before) / FLOOD as u64;
        eprintln!(
            "connection flood: {} KiB before, {} KiB with {FLOOD}: {each} bytes each",
            before >> 10,
            after >> 10
        );
        assert!(each < 2048, "{each} bytes for each connection of a flood");
    }
    drop(flood);
    // There is room again; the last of the flood may still be being let go of.
    let served = (0..1000).map(|_| door.fetch("/own").status()).find(|status| *status == 200);
    assert_eq!(served, Some(200));
}

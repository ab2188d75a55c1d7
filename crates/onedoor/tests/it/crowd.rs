//! The promise: many connections are nothing special. They cost little while they are silent, and when there are more
//! than the process may hold, the rest waits outside.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::kit::{Door, GUARD, Stream, anonymous_bytes};

/// What a parked connection may cost, buffers of the kernel not counted.
const PARKED_BYTES_MAX: u64 = 2 * 1024;

#[test]
fn an_idle_connection_costs_less_than_two_kibibytes() {
    const PARKED: usize = 500;
    let door = Door::start("[log]\naccess = \"off\"\n[routes]\n\"/*\" = { respond = \"x\" }\n");
    // What is built and paged in once is not the connections' own.
    drop(parked(&door, 64));
    let Some(before) = anonymous_bytes(door.pid()) else {
        eprintln!(
            "SKIPPED: this kernel does not say what a process weighs; parked connections are not weighed"
        );
        return;
    };
    let kept = parked(&door, PARKED);
    let after = anonymous_bytes(door.pid()).expect("it could be read before");
    let each = after.saturating_sub(before) / PARKED as u64;
    assert!(each < PARKED_BYTES_MAX, "{each} bytes per connection: {before} before, {after} after");
    drop(kept);
}

/// So many connections, each of which has been served once. Bare sockets: two descriptors each would be too many.
fn parked(door: &Door, count: usize) -> Vec<TcpStream> {
    let mut kept = Vec::with_capacity(count);
    for _ in 0..count {
        let mut tcp = TcpStream::connect(("127.0.0.1", door.port())).expect("the door accepts");
        tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
        tcp.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("the door reads");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nx") {
            let mut piece = [0; 1024];
            let read = tcp.read(&mut piece).expect("the door answers");
            assert!(read > 0, "the door closed a kept connection");
            answer.extend_from_slice(&piece[..read]);
        }
        kept.push(tcp);
    }
    kept
}

#[test]
fn more_connections_than_descriptors_wait_outside_until_there_is_room() {
    // The limit on connections, far above that of the process, does not get to speak.
    whoever_outlasts_a_crowd_is_served("limits = { connections = 1000 }");
}

#[test]
fn connections_that_have_left_the_queue_take_no_place_of_those_who_wait() {
    // The usual limit on connections: 16 of 64 descriptors.
    whoever_outlasts_a_crowd_is_served("");
}

/// A crowd takes every descriptor that the door has, and leaves; who knocked behind it is served.
#[track_caller]
fn whoever_outlasts_a_crowd_is_served(settings: &str) {
    // The app is there to be asked after: its door has started altogether when it knows.
    let file = format!(
        "[server]\nworkers = 1\n{settings}\n[apps]\nnever = {{ run = \"sleep 1000\", path = \"/never\" }}\n[routes]\n\"/*\" = {{ respond = \"x\" }}\n"
    );
    let door = Door::with(&file).with_descriptors(64).start();
    door.signal("USR1");
    door.line(Stream::Stderr, |line| line.contains("never") && line.contains("starting ("));
    let crowd: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(("127.0.0.1", door.port())).expect("the kernel's queue has room"))
        .collect();
    let mut last = door.wire();
    last.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    door.line(Stream::Stderr, |line| line.contains("cannot accept connections for now"));
    drop(crowd);
    assert_eq!(last.response().text(), "x", "who waited outside is served");
    assert_eq!(door.fetch("/").text(), "x");
}

//! The promise: a kept connection that its upstream closes costs nobody an answer, however often it happens.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Door, Upstream, Wire, proxy_to};

const CLIENTS: u32 = 12;
const REQUESTS: u32 = 300;

/// An upstream that closes one idle connection in four after less than half a millisecond: again and again at the very
/// moment at which a request is on its way. After one safe request in sixteen it does not even wait.
struct Fickle {
    port: u16,
    connections: std::sync::Arc<AtomicU32>,
}

impl Fickle {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let connections = std::sync::Arc::new(AtomicU32::new(0));
        let counted = std::sync::Arc::clone(&connections);
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                let seed = counted.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || serve_until_bored(tcp, seed));
            }
        });
        Self { port, connections }
    }
}

fn serve_until_bored(mut tcp: TcpStream, mut seed: u32) {
    tcp.set_nodelay(true).ok();
    let mut unread = Vec::new();
    // Whoever has just connected is heard in peace: only an idle connection is closed.
    if !read_some(&mut tcp, &mut unread) {
        return;
    }
    loop {
        // A linear congruence is chance enough, and the same on each run.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if unread.is_empty() && is_bored(&mut tcp, seed >> 8, &mut unread) {
            // Closed with nothing unread: an orderly end, as of a server whose keep-alive time is over.
            return;
        }
        if unread.ends_with(b"\r\n\r\n") || unread.ends_with(b"body") {
            // What is asked safely may also meet a server that goes with its answer: however busy this machine is and
            // however seldom a connection idles, enough of them die.
            let last = unread.starts_with(b"GET") && (seed >> 16).is_multiple_of(16);
            unread.clear();
            if tcp.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() || last {
                return;
            }
        } else if !read_some(&mut tcp, &mut unread) {
            return;
        }
    }
}

/// Waits for a request, one time in four for no longer than half a millisecond: true if none came.
fn is_bored(tcp: &mut TcpStream, chance: u32, unread: &mut Vec<u8>) -> bool {
    if !chance.is_multiple_of(4) {
        return !read_some(tcp, unread);
    }
    let until = Instant::now() + Duration::from_micros(u64::from(chance / 4 % 500));
    tcp.set_nonblocking(true).expect("a socket can do without waiting");
    loop {
        thread::yield_now();
        let over = Instant::now() >= until;
        // The last look comes after the last pause: what had arrived by then is served, as by any server.
        read_some(tcp, unread);
        if over || !unread.is_empty() {
            break;
        }
    }
    tcp.set_nonblocking(false).expect("a socket can wait");
    unread.is_empty()
}

fn read_some(tcp: &mut TcpStream, unread: &mut Vec<u8>) -> bool {
    let mut piece = [0; 4096];
    let read = tcp.read(&mut piece).unwrap_or(0);
    unread.extend_from_slice(&piece[..read]);
    read > 0
}

/// How many requests of a crowd ended with which status, and over how many connections they were asked.
fn statuses(request: &str) -> (BTreeMap<u16, u32>, u32) {
    let upstream = Fickle::listen();
    let door =
        Door::start(&format!("[log]\naccess = \"off\"\n[server]\nworkers = 2\n{}", proxy_to(upstream.port)));
    let port = door.port();
    let mut all = BTreeMap::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(move || {
                    let mut client = Wire::to(port);
                    let mut answer = || {
                        client.send(request);
                        client.response().status()
                    };
                    (0..REQUESTS).map(|_| answer()).collect::<Vec<_>>()
                })
            })
            .collect();
        for client in clients {
            for status in client.join().expect("each request gets an answer") {
                *all.entry(status).or_default() += 1;
            }
        }
    });
    (all, upstream.connections.load(Ordering::Relaxed))
}

#[test]
fn connections_that_die_at_random_moments_cost_no_safe_request() {
    let (answers, connections) = statuses("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    eprintln!("GET: {answers:?} over {connections} connections");
    assert_eq!(answers, BTreeMap::from([(200, CLIENTS * REQUESTS)]));
    assert!(connections > 2 * CLIENTS, "only {connections} connections: nothing was put to the test");
    assert!(connections < CLIENTS * REQUESTS, "connections are reused");
}

#[test]
fn connections_that_die_at_random_moments_cost_hardly_an_unsafe_request() {
    let (answers, connections) = statuses("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    eprintln!("POST: {answers:?} over {connections} connections");
    // HTTP.md rule 33: what was sent is never repeated. What dies between our look and our write is lost.
    let lost = answers.get(&502).copied().unwrap_or_default();
    assert_eq!(answers.get(&200).copied().unwrap_or_default() + lost, CLIENTS * REQUESTS);
    // Measured: one in a thousand, of an upstream that does nothing else.
    assert!(lost <= CLIENTS * REQUESTS / 50, "{lost} of {} lost", CLIENTS * REQUESTS);
}

#[test]
fn a_connection_is_not_kept_longer_than_its_upstream_says() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("[server]\nworkers = 1\n{}", proxy_to(upstream.port())));
    let mut client = door.wire();
    for turn in 0..3 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        // Each time a fresh one: the last was to be used no later than at once.
        let mut peer = upstream.accept();
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.response().status(), 200, "turn {turn}");
    }
}

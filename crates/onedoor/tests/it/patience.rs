//! The promise: slowness alone costs nobody an answer. A limit is on standing still, not on taking one's time.
//!
//! Time passes here as it does for everybody: by waiting for an answer that comes late.

use crate::kit::{Door, Upstream};

/// An app that is never ready, and a route that says so only after a while.
const LATE: &str = "[apps]\nnever = { run = \"sleep 1000\", path = \"/never\" }\n";

fn late(after: &str) -> String {
    format!("\"/late\" = {{ app = \"never\", while_down = {{ do = \"hold\", for = \"{after}\" }} }}\n")
}

#[test]
fn a_slow_but_steady_reader_of_a_large_body_gets_all_of_it() {
    const LENGTH: usize = 4 << 20;
    const PIECE: usize = 128 * 1024;
    let upstream = Upstream::listen();
    let door = Door::start(&format!(
        "{LATE}[server]\ntimeout = {{ body = \"1s\" }}\n[routes]\n\"/*\" = {{ proxy = \"http://127.0.0.1:{}\" }}\n{}",
        upstream.port(),
        late("100ms")
    ));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    let body: Vec<u8> = (0_u32..).flat_map(u32::to_le_bytes).take(LENGTH).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
            peer.send(&body);
        });
        assert_eq!(client.head().status(), 200);
        for (number, piece) in body.chunks(PIECE).enumerate() {
            assert!(client.bytes(piece.len()) == piece, "piece {number} arrived changed");
            assert_eq!(door.fetch("/late").status(), 503);
        }
    });
}

#[test]
fn the_first_request_after_a_silence_has_its_time() {
    let upstream = Upstream::listen();
    let elsewhere = Door::start(&format!("{LATE}[routes]\n{}", late("1500ms")));
    let door = Door::start(&format!(
        "[server]\nworkers = 1\ntimeout = {{ header = \"1s\", idle = \"1s\", first_byte = \"1s\" }}\n{}",
        crate::kit::proxy_to(upstream.port())
    ));
    // Longer than any deadline of the silent door, which nobody is connected to meanwhile.
    assert_eq!(elsewhere.fetch("/late").status(), 503);
    let mut client = door.wire();
    client.send("GET /first ");
    client.send("HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().target(), "/first");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(client.response().text(), "ok");
}

//! The promise: an end breaks no answer off. Who is being served is served to the end; who comes too late is refused
//! by the kernel, not by half an answer.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;

use crate::kit::{Door, GUARD, Upstream, proxy_to};

#[test]
fn an_answer_in_flight_at_term_is_the_connections_last_and_arrives_whole() {
    const LENGTH: usize = 1 << 20;
    let upstream = Upstream::listen();
    let mut door =
        Door::start(&format!("{}\"/health\" = {{ builtin = \"health\" }}\n", proxy_to(upstream.port())));
    let mut health = door.wire();
    assert_eq!(health.get("/health").status(), 200);
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    door.signal("TERM");
    // A kept connection is answered as ever until the drain begins.
    std::iter::repeat_with(|| health.get("/health")).find(|answer| answer.status() == 503).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"));
            peer.send(vec![b'x'; LENGTH]);
        });
        let answer = client.response();
        assert_eq!((answer.status(), answer.field("connection")), (200, Some("close")));
        assert_eq!(answer.body.len(), LENGTH);
    });
    client.expect_close();
    assert_eq!(door.exit_code(), 0);
}

fn body() -> String {
    "x".repeat(10_000)
}

#[test]
fn term_under_load_loses_no_request_of_a_client_that_has_connected() {
    const CLIENTS: usize = 8;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n{}", body());
    let mut door = Door::start(&proxy_to(Upstream::answering(move |_| answer.clone())));
    let (port, (tell, served)) = (door.port(), mpsc::channel());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let tell = tell.clone();
            thread::spawn(move || get_until_cleanly_refused(port, &tell))
        })
        .collect();
    for _ in 0..50 * CLIENTS {
        served.recv_timeout(GUARD).expect("the clients are served");
    }
    door.signal("TERM");
    for client in clients {
        client.join().unwrap();
    }
    assert_eq!(door.exit_code(), 0);
}

/// GETs, each on a connection of its own, until there is no door any more; nothing else may happen.
fn get_until_cleanly_refused(port: u16, tell: &mpsc::Sender<()>) {
    loop {
        let mut tcp = match TcpStream::connect(("127.0.0.1", port)) {
            Ok(tcp) => tcp,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
                return;
            }
        };
        tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
        let mut answer = String::new();
        tcp.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .and_then(|()| tcp.read_to_string(&mut answer))
            .unwrap_or_else(|error| panic!("connected, and then {error}; so far {} bytes", answer.len()));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&body()), "{answer:.200}");
        // Nobody counts any more once the signal was sent.
        tell.send(()).ok();
    }
}

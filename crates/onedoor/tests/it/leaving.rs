//! The promise: nobody works for a client that has left, however it left and whatever it was waiting for; and the log
//! knows.

use crate::kit::{Door, ECHO_PY, Stream, Upstream, Wire, proxy_to};

/// How a client leaves, and what that is called in the targets below.
type Way = (&'static str, fn(Wire));

const WAYS: [Way; 2] = [("close", drop), ("reset", Wire::reset)];

/// The line of a request that its client did not wait for.
#[track_caller]
fn logged(door: &Door, target: &str, status: u16) {
    let line = door.access_line(target);
    assert_eq!(line["cut_by"], "client", "{line}");
    assert_eq!(line["status"], status, "{line}");
}

#[test]
fn a_held_request_whose_client_leaves_never_reaches_the_app() {
    let app = ECHO_PY.replace(
        "        words = self.path.split(\"/\")",
        "        words = self.path.split(\"/\")\n        print(\"saw\", self.path, flush=True)",
    );
    let file = "[apps]\nslow = { run = \"python3 app.py\", path = \"/\", env = { GATE = \"gate\" } }\n[routes]\n\"/own\" = { respond = \"own\" }\n";
    let door = Door::with(file).file("app.py", app).gate("gate").start();
    for (way, leave) in WAYS {
        let mut client = door.wire();
        // In one piece: who has the first answer knows that the second request was read as well.
        client
            .send(format!("GET /own HTTP/1.1\r\nHost: a\r\n\r\nGET /held/{way} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert_eq!(client.response().text(), "own");
        leave(client);
        logged(&door, &format!("/held/{way}"), 499);
    }
    door.open_gate("gate");
    assert_eq!(door.fetch("/after").text(), "GET /after");
    let seen = door.lines_until(1, Stream::Stdout, |line| line.contains("saw /"));
    assert!(seen.iter().all(|line| line.contains("saw /after")), "{seen:?}");
}

#[test]
fn a_client_that_leaves_while_it_waits_ends_the_upstreams_connection() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for (way, leave) in WAYS {
        let mut client = door.wire();
        client.send(format!("GET /wait/{way} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let mut peer = upstream.accept();
        peer.request();
        leave(client);
        assert!(peer.rest_until_cut().0.is_empty(), "{way}");
        logged(&door, &format!("/wait/{way}"), 499);
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_answer_ends_the_upstreams_connection() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for (way, leave) in WAYS {
        let mut client = door.wire();
        client.send(format!("GET /stream/{way} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let mut peer = upstream.accept();
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        assert_eq!(client.head().status(), 200);
        assert_eq!(client.chunk(), b"one");
        leave(client);
        assert!(peer.rest_until_cut().0.is_empty(), "{way}");
        logged(&door, &format!("/stream/{way}"), 200);
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_upload_ends_the_upstreams_connection() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    for (way, leave) in WAYS {
        let mut client = door.wire();
        client.send(format!("PUT /upload/{way} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc"));
        let mut peer = upstream.accept();
        peer.head();
        assert_eq!(peer.bytes(3), b"abc");
        leave(client);
        assert!(peer.rest_until_cut().0.is_empty(), "{way}");
        let line = door.access_line(&format!("/upload/{way}"));
        assert_eq!(line["status"], 400, "{line}");
    }
}

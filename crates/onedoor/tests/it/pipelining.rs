//! The promise: a client may send ahead as much as it likes; it gets its answers in order, and costs us no more than
//! one that waits.

use crate::kit::{Door, Upstream, proxy_to};

#[test]
fn a_client_that_sends_on_and_on_and_never_reads_is_dropped() {
    let door = Door::start(&format!(
        "[server]\ntimeout = {{ body = \"1s\" }}\n[routes]\n\"/*\" = {{ respond = \"{}\" }}\n",
        "x".repeat(32 * 1024)
    ));
    let mut deaf = door.wire();
    deaf.send_until_cut(&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
    door.line(crate::kit::Stream::Stdout, |line| line.contains("\"cut_by\":\"client\""));
    assert_eq!(door.fetch("/").status(), 200, "the others are served");
}

#[test]
fn a_last_request_with_more_behind_it_still_gets_its_answer_whole() {
    const LENGTH: usize = 300_000;
    let port = Upstream::answering(|_| {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n{}", "x".repeat(LENGTH))
    });
    let door = Door::start(&proxy_to(port));
    for more in ["\r\n".to_owned(), "GET /more HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000)] {
        let mut client = door.wire();
        client.send(format!("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n{more}"));
        let last = client.response();
        assert_eq!((last.status(), last.body.len()), (200, LENGTH));
        // We end as well: the door reads on for a while, lest a reset overtakes the answer.
        client.half_close();
        client.expect_close();
    }
}

#[test]
fn answers_of_our_own_come_in_the_order_of_their_requests() {
    let door = Door::start(
        "[routes]\n\"/a\" = { respond = \"a\" }\n\"/b\" = { respond = { status = 404, body = \"b\" } }\n",
    );
    let mut client = door.wire();
    client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50));
    for _ in 0..50 {
        assert_eq!(client.response().text(), "a");
        assert_eq!(client.response().text(), "b");
    }
}

//! Rules about the hop: connections, upgrades, retries, what ends here and what goes on.

use super::{answered_with, passed_on};
use crate::kit::{Door, Message, Stream, Upstream, Wire, proxy_to};

#[test]
fn rule_22_hop_by_hop_fields_end_here_in_both_directions() {
    let seen = passed_on(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers, deflate\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\nX-End: 2\r\n\r\n",
    );
    for name in
        ["x-named", "keep-alive", "proxy-connection", "upgrade", "http2-settings", "transfer-encoding"]
    {
        assert_eq!(seen.field(name), None, "{name}");
    }
    assert!(seen.field("te").is_none_or(|te| te == "trailers"));
    assert_eq!(seen.field("x-end"), Some("2"));
    let response = answered_with(
        "HTTP/1.1 200 OK\r\nConnection: close, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\nX-End: 2\r\n\r\n",
    );
    assert_eq!((response.field("x-named"), response.field("keep-alive")), (None, None));
    assert_eq!(response.field("x-end"), Some("2"));
}

#[test]
fn rule_22_te_goes_on_with_trailers_alone_and_connection_names_it() {
    for (asked, te, connection) in [
        ("Connection: TE\r\nTE: trailers\r\n", Some("trailers"), Some("TE")),
        ("TE: trailers\r\n", Some("trailers"), Some("TE")),
        ("Connection: TE\r\nTE: gzip\r\n", None, None),
        (
            "Connection: Upgrade, TE\r\nUpgrade: chat\r\nTE: trailers\r\n",
            Some("trailers"),
            Some("Upgrade, TE"),
        ),
        ("Connection: Upgrade\r\nUpgrade: chat\r\n", None, Some("Upgrade")),
    ] {
        let seen = passed_on(&format!("GET / HTTP/1.1\r\nHost: a\r\n{asked}\r\n"));
        // RFC 9110 10.1.4: whoever sends TE must say so in Connection.
        assert_eq!((seen.field("te"), seen.field("connection")), (te, connection), "{asked}");
    }
}

#[test]
fn rule_23_connection_cannot_name_away_what_counts() {
    let seen = passed_on(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, Authorization, X-Forwarded-For, Via, Cookie\r\nContent-Length: 2\r\nAuthorization: Basic x\r\nCookie: c=d\r\n\r\nok",
    );
    assert_eq!(seen.text(), "ok");
    assert_eq!(seen.field("host"), Some("a"));
    assert_eq!(seen.field("authorization"), Some("Basic x"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn rule_24_no_tunnel_without_101_and_never_to_h2c() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().field("upgrade"), Some("websocket"));
    peer.send("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(client.response().status(), 426);
    // Still HTTP: the next request is parsed, not tunnelled.
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(peer.request().target(), "/next");
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.response().status(), 204);
}

#[test]
fn rule_24_a_101_that_nobody_asked_for_is_502() {
    assert_eq!(
        answered_with("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n").status(),
        502
    );
}

#[test]
fn rule_25_an_upstream_that_answers_before_the_body_is_through_is_not_used_again() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
    let mut peer = upstream.accept();
    peer.head();
    peer.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 403);
    let mut other = door.wire();
    other.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(upstream.accept().request().target(), "/next", "a fresh connection");
}

#[test]
fn rule_26_a_pooled_connection_that_speaks_unasked_is_thrown_away() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
    );
    assert_eq!(client.response().text(), "1");
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut fresh = upstream.accept();
    assert_eq!(fresh.request().target(), "/2");
    fresh.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    assert_eq!(client.response().text(), "2");
}

#[test]
fn rule_27_an_unknown_expectation_is_417_and_an_old_client_never_sees_100() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n");
    assert_eq!(client.response().status(), 417);

    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut old = door.wire();
    old.send("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().text(), "ok");
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(old.response().status(), 200);
}

#[test]
fn rule_28_interim_responses_go_on_but_not_for_ever() {
    let port = Upstream::blurting(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    );
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let early = client.response();
    assert_eq!((early.status(), early.field("link")), (103, Some("</a>")));
    assert_eq!(client.response().status(), 200);

    let endless: &'static str = Box::leak("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000).into_boxed_str());
    let door = Door::start(&proxy_to(Upstream::blurting(endless)));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let statuses: Vec<u16> = std::iter::repeat_with(|| client.response().status())
        .take(1000)
        .take_while(|status| *status == 102)
        .collect();
    assert!(statuses.len() < 100, "{} interim responses went through", statuses.len());
}

#[test]
fn rule_33_an_unsafe_request_that_was_sent_is_never_repeated() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().target(), "/pay");
    drop(peer);
    assert_eq!(client.response().status(), 502);
    assert!(upstream.is_left_alone(), "the POST was sent twice");
}

#[test]
fn rule_39_pipelined_requests_are_answered_in_order() {
    let port = Upstream::answering(|request| {
        let target = request.target();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len())
    });
    let door = Door::start(&proxy_to(port));
    let mut client = door.wire();
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nGET /no HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
    let answers = [client.response(), client.response(), client.response()];
    assert_eq!(answers.each_ref().map(Message::text), ["/1", "/2", "/3"]);
}

#[test]
fn rule_41_a_connection_that_authenticates_is_not_shared() {
    let upstream = Upstream::listen();
    let door = Door::start(&proxy_to(upstream.port()));
    let mut first = door.wire();
    first.send("GET /1 HTTP/1.1\r\nHost: a\r\nAuthorization: Negotiate abc\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate def\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(first.response().status(), 401);
    let mut second = door.wire();
    second.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(upstream.accept().request().target(), "/2", "a connection of its own");
}

#[test]
fn rule_43_a_refusal_is_read_by_a_client_that_is_still_sending() {
    let door =
        Door::start("[server]\nlimits = { body = \"1KiB\" }\n[routes]\n\"/*\" = { respond = \"x\" }\n");
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    client.send_if_wanted(vec![b'x'; 1_000_000]);
    assert_eq!(client.response().status(), 413, "a reset must not eat the answer");
}

#[test]
fn a_refusal_is_said_once_in_the_log_with_its_cause() {
    let door = Door::start(&proxy_to(1));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert_eq!(client.response().status(), 400);
    door.line(Stream::Stdout, |line| line.contains("400") && line.contains("Host"));
}

#[test]
fn bytes_that_are_no_http_at_all_do_not_hurt_the_next_client() {
    let door = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"\0\0\0\0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
    ] {
        let mut client: Wire = door.wire();
        client.send_if_wanted(noise);
        client.half_close();
        let (_, _) = client.rest_until_cut();
    }
    assert_eq!(door.fetch("/").text(), "x");
}

//! The promise: everything has a limit, and each limit is told by its own status.

use crate::kit::{Door, Stream, Upstream, Wire};

fn door(settings: &str) -> Door {
    Door::start(&format!("[server]\n{settings}\n[routes]\n\"/*\" = {{ respond = \"x\" }}\n"))
}

/// A door with these settings before an upstream.
fn before(upstream: &Upstream, settings: &str) -> Door {
    Door::start(&format!("[server]\n{settings}\n{}", crate::kit::proxy_to(upstream.port())))
}

#[test]
fn a_declared_body_past_the_limit_is_413_before_anyone_is_asked() {
    let upstream = Upstream::listen();
    let door = before(&upstream, "limits = { body = \"1KiB\" }");
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n");
    let response = client.response();
    assert_eq!((response.status(), response.field("connection")), (413, Some("close")));
    assert!(upstream.is_left_alone());
}

#[test]
fn a_body_of_the_limits_own_size_is_served() {
    let door = door("limits = { body = \"1KiB\" }");
    let mut client = door.wire();
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n{}", "x".repeat(1024)));
    assert_eq!(client.response().status(), 200);
}

#[test]
fn a_chunked_body_is_413_when_it_passes_the_limit() {
    let upstream = Upstream::listen();
    let door = before(&upstream, "limits = { body = \"1KiB\" }");
    let mut client = door.wire();
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n{}\r\n0\r\n\r\n",
        "x".repeat(2048)
    ));
    assert_eq!(client.response().status(), 413);
}

#[test]
fn a_route_may_have_a_limit_of_its_own() {
    let door = Door::start(
        "[server]\nlimits = { body = \"1KiB\" }\n[routes]\n\"/*\" = { respond = \"x\" }\n\"/big/*\" = { respond = \"x\", limits = { body = \"1MiB\" } }\n",
    );
    for (target, status) in [("/", 413), ("/big/x", 200)] {
        let mut client = door.wire();
        client.send(format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"));
        client.send_if_wanted("x".repeat(2000));
        assert_eq!(client.response().status(), status, "{target}");
    }
}

#[test]
fn a_target_past_the_head_limit_is_414_and_a_field_431() {
    let door = door("limits = { header = \"4KiB\" }");
    let mut client = door.wire();
    client.send_if_wanted(format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(5000)));
    assert_eq!(client.response().status(), 414);
    let mut client = door.wire();
    client.send_if_wanted(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(5000)));
    assert_eq!(client.response().status(), 431);
}

#[test]
fn more_than_a_hundred_fields_are_431() {
    let fields = |count: usize| (0..count).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let door = door("");
    let mut client = door.wire();
    client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields(99)));
    assert_eq!(client.response().status(), 200);
    client.send_if_wanted(format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields(100)));
    assert_eq!(client.response().status(), 431);
}

#[test]
fn a_head_that_does_not_arrive_in_time_is_408() {
    let door = door("timeout = { header = \"300ms\" }");
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow:");
    let response = client.response();
    assert_eq!((response.status(), response.field("connection")), (408, Some("close")));
}

#[test]
fn a_body_that_stalls_is_408() {
    let upstream = Upstream::listen();
    let door = before(&upstream, "timeout = { body = \"300ms\" }");
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(client.response().status(), 408);
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let door = door("timeout = { idle = \"300ms\" }");
    let mut client = door.wire();
    assert_eq!(client.get("/").status(), 200);
    client.expect_close();
}

#[test]
fn a_silent_upstream_is_504() {
    let upstream = Upstream::listen();
    let door = before(&upstream, "timeout = { first_byte = \"300ms\" }");
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    assert_eq!(client.response().status(), 504);
    door.line(Stream::Stdout, |line| line.contains("504"));
}

#[test]
fn an_unreachable_upstream_is_502_with_the_cause_in_the_log() {
    // Bound and closed again: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let door = Door::start(&crate::kit::proxy_to(port));
    assert_eq!(door.fetch("/").status(), 502);
    door.line(Stream::Stdout, |line| {
        line.contains("502") && line.contains(&port.to_string()) && line.contains("refused")
    });
}

#[test]
fn the_answer_to_an_early_refusal_survives_the_rest_of_the_upload() {
    let upstream = Upstream::listen();
    let door = before(&upstream, "limits = { body = \"1KiB\" }");
    let mut client = door.wire();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send_if_wanted(format!("10000\r\n{}\r\n", "x".repeat(0x10000)));
    client.send_if_wanted(format!("10000\r\n{}\r\n", "x".repeat(0x10000)));
    assert_eq!(client.response().status(), 413);
}

#[test]
fn connections_past_the_limit_are_503_with_retry_after() {
    let door = door("limits = { connections = 4 }\nworkers = 1");
    // The connection that saw the door open may still be counted: whoever is turned away because of it knocks again.
    let served = || {
        (0..1000)
            .map(|_| door.wire())
            .find_map(|mut client| (client.get("/").status() == 200).then_some(client))
    };
    let kept: Vec<_> = (0..4).map(|_| served().expect("room for four")).collect();
    let mut late = door.wire();
    late.send_if_wanted("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = late.response();
    assert_eq!(response.status(), 503);
    assert!(response.field("retry-after").is_some());
    drop(kept);
}

#[test]
fn a_client_with_its_share_of_connections_hears_429_and_others_are_served() {
    let door = door("limits = { per_client = 2 }\nworkers = 2");
    let kept: Vec<_> = (0..2)
        .map(|_| {
            (0..1000)
                .map(|_| door.wire())
                .find_map(|mut client| (client.get("/").status() == 200).then_some(client))
                .expect("room for two: whoever came before has left")
        })
        .collect();
    let mut late = door.wire();
    late.send_if_wanted("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = late.response();
    assert_eq!((response.status(), response.field("connection")), (429, Some("close")));
    assert!(response.field("retry-after").is_some());
    // 127.0.0.2 is somebody else.
    let mut other = from("127.0.0.2", door.port());
    assert_eq!(other.get("/").status(), 200);
    drop(kept);
    let served = (0..1000).any(|_| door.wire().get("/").status() == 200);
    assert!(served, "a place that was left is free again");
}

#[test]
fn a_trusted_proxy_is_no_client_with_a_share() {
    let door = door("limits = { per_client = 1 }\ntrusted_proxies = \"loopback\"");
    let mut kept: Vec<_> = (0..8).map(|_| door.wire()).collect();
    for client in &mut kept {
        assert_eq!(client.get("/").status(), 200);
    }
}

/// A connection from one of the loopback's other addresses.
fn from(address: &str, port: u16) -> Wire {
    let address: std::net::SocketAddr = format!("{address}:0").parse().expect("an address");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&address.into()).expect("all of 127.0.0.0/8 is ours");
    let door = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    socket.connect(&door.into()).expect("the door listens");
    Wire::over(socket.into())
}

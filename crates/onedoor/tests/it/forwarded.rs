//! The promise: an app learns who is asking, and from nobody but us.

use crate::kit::{Door, Message, Stream, Upstream};

/// What the upstream of `/*` sees of a request with these fields, under a file with these lines before its routes.
fn seen(settings: &str, route: &str, target: &str, fields: &str) -> Message {
    let upstream = Upstream::listen();
    let file = format!(
        "{settings}\n[routes]\n\"{route}\" = {{ proxy = \"http://127.0.0.1:{}\", host = \"keep\", strip = true }}\n",
        upstream.port()
    );
    let door = Door::start(&file);
    let mut client = door.wire();
    client.send(format!("GET {target} HTTP/1.1\r\nHost: shop.test:8443\r\n{fields}\r\n"));
    let mut peer = upstream.accept();
    let request = peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    request
}

#[test]
fn the_client_the_scheme_the_host_the_port_and_the_prefix_are_told() {
    let request = seen("", "/shop/*", "/shop/cart", "");
    assert_eq!(request.target(), "/cart");
    assert_eq!(request.field("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.field("x-forwarded-proto"), Some("http"));
    assert_eq!(request.field("x-forwarded-host"), Some("shop.test:8443"));
    assert_eq!(request.field("x-forwarded-prefix"), Some("/shop"));
    assert!(request.field("x-forwarded-port").is_some());
    let forwarded = request.field("forwarded").expect("RFC 7239");
    assert!(forwarded.contains("for=127.0.0.1") && forwarded.contains("proto=http"), "{forwarded}");
    assert!(request.field("via").is_some_and(|via| via.contains("onedoor")));
}

#[test]
fn a_trusted_peer_is_believed_and_what_stands_left_of_its_client_is_not() {
    let request = seen(
        "[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]",
        "/*",
        "/",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: public.test\r\nX-Request-Id: kept-1\r\n",
    );
    let chain = request.field("x-forwarded-for").expect("a rebuilt chain");
    assert!(chain.starts_with("203.0.113.7"), "{chain}");
    assert!(!chain.contains("6.6.6.6"), "{chain}");
    assert_eq!(request.field("x-forwarded-proto"), Some("https"));
    assert_eq!(request.field("x-forwarded-host"), Some("public.test"));
    assert_eq!(request.field("x-request-id"), Some("kept-1"));
}

#[test]
fn several_lines_of_a_list_are_one_list_in_their_order() {
    let request = seen(
        "[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]",
        "/*",
        "/",
        "X-Forwarded-For: 6.6.6.6, 203.0.113.7\r\nX-Other: x\r\nX-Forwarded-For: 10.1.2.3\r\nX-Forwarded-For: 10.1.2.4\r\n",
    );
    assert_eq!(request.all("x-forwarded-for"), ["203.0.113.7, 10.1.2.3, 10.1.2.4, 127.0.0.1"]);
}

#[test]
fn on_fly_the_client_is_whom_its_router_names() {
    let upstream = Upstream::listen();
    let file = format!(
        "[server]\ntrusted_proxies = [\"fly\", \"loopback\"]\n{}",
        crate::kit::proxy_to(upstream.port())
    );
    let door = Door::start(&file);
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nFly-Client-IP: 203.0.113.7\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7, 66.241.124.10\r\n\r\n");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().field("x-forwarded-for"), Some("203.0.113.7, 66.241.124.10, 127.0.0.1"));
}

#[test]
fn an_untrusted_clients_request_id_is_replaced() {
    let id = seen("", "/*", "/", "X-Request-Id: mine\r\n")
        .field("x-request-id")
        .map(str::to_owned)
        .expect("an id");
    assert_ne!(id, "mine");
    assert!(id.len() >= 16, "{id}");
}

#[test]
fn names_that_move_an_apps_root_or_its_proxy_do_not_get_through() {
    let request = seen("", "/*", "/", "SCRIPT_NAME: /evil\r\nX-Script-Name: /evil\r\nProxy: evil\r\n");
    for (name, value) in &request.fields {
        assert!(!value.contains("evil"), "{name}: {value}");
    }
}

#[test]
fn the_start_says_whose_words_are_believed() {
    let door =
        Door::with("[routes]\n\"/*\" = { respond = \"x\" }\n").environment("K_SERVICE", "shop").start();
    door.line(Stream::Stderr, |line| line.contains("believed") && line.contains("Cloud Run"));
    let plain = Door::start("[routes]\n\"/*\" = { respond = \"x\" }\n");
    plain.fetch("/");
    assert!(!plain.said(Stream::Stderr).iter().any(|line| line.contains("believed")));
}

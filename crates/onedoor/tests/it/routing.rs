//! The promise: the file has no order and no traps; a request reaches the app it means, on its way unchanged.

use crate::kit::{Door, Message, Upstream};

/// A peer that answers with its own name and what it saw.
fn named(name: &'static str) -> u16 {
    Upstream::answering(move |request: &Message| {
        let body = format!("{name} {} {}", request.method(), request.target());
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
}

/// Routes of `(key, rest of the table)`, in this order and in the opposite one: both must serve `table`.
fn serves(routes: &[(&str, String)], table: &[(&str, &str)]) {
    let line = |(key, target): &(&str, String)| format!("\"{key}\" = {{ {target} }}\n");
    let forwards: String = routes.iter().map(line).collect();
    let backwards: String = routes.iter().rev().map(line).collect();
    for lines in [forwards, backwards] {
        let door = Door::start(&format!("[routes]\n{lines}"));
        for (target, body) in table {
            assert_eq!(door.fetch(target).text(), *body, "{target} in\n{lines}");
        }
    }
}

#[test]
fn a_prefix_is_whole_segments_and_the_longest_wins_in_any_order() {
    let proxy = |name| format!("proxy = \"http://127.0.0.1:{}\"", named(name));
    serves(
        &[
            ("/*", proxy("root")),
            ("/node/*", proxy("node")),
            ("/node/deep/*", proxy("deep")),
            ("/node/exact", proxy("exact")),
        ],
        &[
            ("/", "root GET /"),
            ("/nodejs", "root GET /nodejs"),
            ("/node", "node GET /node"),
            ("/node/", "node GET /node/"),
            ("/node/exactly", "node GET /node/exactly"),
            ("/node/exact", "exact GET /node/exact"),
            ("/node/exact/", "node GET /node/exact/"),
            ("/node/deep/x", "deep GET /node/deep/x"),
            ("/NODE/x", "root GET /NODE/x"),
        ],
    );
}

#[test]
fn captures_rank_below_literals_and_above_subtrees() {
    let proxy = |name| format!("proxy = \"http://127.0.0.1:{}\"", named(name));
    serves(
        &[
            ("/users/*", proxy("subtree")),
            ("/users/{id}", proxy("capture")),
            ("/users/me", proxy("literal")),
            ("/users/{id}/avatar", format!("{}, rewrite = \"/v2/avatars/{{id}}\"", proxy("avatar"))),
        ],
        &[
            ("/users/me", "literal GET /users/me"),
            ("/users/7", "capture GET /users/7"),
            ("/users/7/posts", "subtree GET /users/7/posts"),
            ("/users/7/avatar", "avatar GET /v2/avatars/7"),
        ],
    );
}

#[test]
fn strip_cuts_the_mount_and_leaves_one_slash() {
    let up = named("up");
    serves(
        &[("/a/*", format!("proxy = \"http://127.0.0.1:{up}\", strip = true"))],
        &[
            ("/a", "up GET /"),
            ("/a/", "up GET /"),
            ("/a/b", "up GET /b"),
            ("/a//b", "up GET //b"),
            ("/a?x", "up GET /?x"),
        ],
    );
}

#[test]
fn strip_mends_the_location_and_cookie_paths_that_come_back() {
    let port = Upstream::blurting(
        "HTTP/1.1 302 Found\r\nLocation: /login?next=%2F\r\nSet-Cookie: s=1; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n",
    );
    let door = Door::start(&format!(
        "[routes]\n\"/a/*\" = {{ proxy = \"http://127.0.0.1:{port}\", strip = true }}\n\"/b/*\" = {{ proxy = \"http://127.0.0.1:{port}\" }}\n"
    ));
    let stripped = door.fetch("/a/x");
    assert_eq!(stripped.field("location"), Some("/a/login?next=%2F"));
    assert!(stripped.field("set-cookie").is_some_and(|cookie| cookie.contains("Path=/a")));
    let plain = door.fetch("/b/x");
    assert_eq!(plain.field("location"), Some("/login?next=%2F"));
    assert_eq!(plain.field("set-cookie"), Some("s=1; Path=/; HttpOnly"));
}

#[test]
fn a_base_path_in_the_url_is_joined_in_front() {
    let up = named("up");
    serves(
        &[
            ("/a/*", format!("proxy = \"http://127.0.0.1:{up}/base\", strip = true")),
            ("/b/*", format!("proxy = \"http://127.0.0.1:{up}/base/\", strip = true")),
        ],
        &[("/a/x", "up GET /base/x"), ("/b/x", "up GET /base/x")],
    );
}

#[test]
fn a_host_beats_any_path_and_a_wildcard_covers_several_labels() {
    let [any, exact, wild] = ["any", "exact", "wild"].map(named);
    let door = Door::start(&format!(
        "[routes]\n\"/*\" = {{ proxy = \"http://127.0.0.1:{any}\" }}\n\
         \"a.test/*\" = {{ proxy = \"http://127.0.0.1:{exact}\" }}\n\
         \"*.b.test/*\" = {{ proxy = \"http://127.0.0.1:{wild}\" }}\n"
    ));
    for (host, name) in [
        ("a.test", "exact"),
        ("A.TEST:80", "exact"),
        ("x.a.test", "any"),
        ("x.b.test", "wild"),
        ("x.y.b.test", "wild"),
        ("b.test", "any"),
    ] {
        let mut client = door.wire();
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(client.response().text().starts_with(name), "{host}");
    }
}

#[test]
fn a_path_served_for_other_methods_is_405_with_allow_and_an_unknown_path_404() {
    let up = named("up");
    let door = Door::start(&format!("[routes]\n\"POST /only\" = {{ proxy = \"http://127.0.0.1:{up}\" }}\n"));
    let refused = door.fetch("/only");
    assert_eq!(refused.status(), 405);
    assert!(refused.field("allow").is_some_and(|allow| allow.contains("POST")));
    assert_eq!(door.fetch("/else").status(), 404);
}

#[test]
fn onedoor_answers_itself_where_the_file_says_so() {
    let door = Door::start(
        "[routes]\n\"/robots.txt\" = { respond = \"User-agent: *\\n\" }\n\"/teapot\" = { respond = { status = 418, body = \"short\", type = \"text/x-tea\" } }\n\
         \"/old/*\" = { redirect = \"/new\", status = 308 }\n\"/health\" = { builtin = \"health\" }\n\"/ready\" = { builtin = \"ready\" }\n",
    );
    assert_eq!(door.fetch("/robots.txt").text(), "User-agent: *\n");
    let teapot = door.fetch("/teapot");
    assert_eq!(
        (teapot.status(), teapot.text(), teapot.field("content-type")),
        (418, "short", Some("text/x-tea"))
    );
    let moved = door.fetch("/old/a/b?c=d");
    assert_eq!((moved.status(), moved.field("location")), (308, Some("/new/a/b?c=d")));
    assert_eq!(door.fetch("/health").status(), 200);
    assert_eq!(door.fetch("/ready").status(), 200);
}

#[test]
fn a_unix_socket_is_an_upstream_too() {
    let setting = Door::with("[routes]\n\"/*\" = { proxy = \"unix:app.sock\" }\n");
    let listener = std::os::unix::net::UnixListener::bind(setting.path().join("app.sock")).unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut peer, _) = listener.accept().expect("the door connects");
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            peer.read_exact(&mut byte).expect("a whole head comes");
            seen.push(byte[0]);
        }
        peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix").expect("the door reads");
    });
    assert_eq!(setting.start().fetch("/x").text(), "unix");
}

#[test]
fn a_name_that_does_not_resolve_hurts_only_its_own_route() {
    let door = Door::start(
        "[routes]\n\"/gone/*\" = { proxy = \"http://no-such-name.invalid\" }\n\"/here\" = { respond = \"here\" }\n",
    );
    assert_eq!(door.fetch("/here").text(), "here");
    assert_eq!(door.fetch("/gone/x").status(), 502);
}

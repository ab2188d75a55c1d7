//! The promise: with `balance = "cookie"` a client stays with its replica while there is one, by a cookie that neither
//! the app nor another client ever sees.

use crate::kit::{Door, ECHO_PY, Message, Stream, run_onedoor};

/// `/cookie` tells what the app sees of it; `/kept` may be kept by caches.
fn door(keys: &str) -> Door {
    let telling = ECHO_PY
        .replace("    protocol_version =", "    wbufsize = -1\n    protocol_version =")
        .replace(
            "        if words[1] == \"pid\":",
            "        if words[1] == \"cookie\":\n            text = str(self.headers.get(\"Cookie\"))\n        elif words[1] == \"pid\":",
        )
        .replace(
            "        self.end_headers()",
            "        if words[1] == \"kept\":\n            self.send_header(\"Cache-Control\", \"max-age=60\")\n        self.end_headers()",
        );
    let file = format!(
        "[server]\ntrusted_proxies = [\"loopback\"]\n[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", balance = \"cookie\", {keys} }}\n"
    );
    let door = Door::with(&file).file("app.py", telling).start();
    door.lines_until(if keys.contains("replicas = 3") { 3 } else { 2 }, Stream::Stderr, |line| {
        line.contains("ready in")
    });
    door
}

fn fetch(door: &Door, target: &str, fields: &str) -> Message {
    let mut wire = door.wire();
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    let answer = wire.response();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer
}

/// As a browser sends it back.
fn cookie_of(answer: &Message) -> String {
    let set = answer.field("set-cookie").expect("a cookie");
    format!("Cookie: theme=dark; {}\r\n", set.split(';').next().expect("a pair"))
}

#[test]
fn a_client_stays_with_its_replica_and_others_are_spread() {
    let door = door("replicas = 3");
    let mut pids = Vec::new();
    for _ in 0..6 {
        let first = fetch(&door, "/pid", "");
        let set = first.field("set-cookie").expect("a cookie");
        assert!(
            set.starts_with("onedoor-web=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
            "{set}"
        );
        assert_eq!(first.field("cache-control"), Some("private"));
        let cookie = cookie_of(&first);
        for _ in 0..6 {
            let again = fetch(&door, "/pid", &cookie);
            assert_eq!(again.text(), first.text());
            assert_eq!((again.field("set-cookie"), again.field("cache-control")), (None, None));
        }
        assert_eq!(fetch(&door, "/cookie", &cookie).text(), "theme=dark");
        pids.push(first.text().to_owned());
    }
    pids.sort();
    pids.dedup();
    assert!(pids.len() > 1, "{pids:?}");
}

#[test]
fn who_belongs_to_a_replica_that_is_gone_gets_another_and_its_cookie() {
    let door = door("replicas = 2");
    for gone in ["3", "0", "x", "99999"] {
        let moved = fetch(&door, "/pid", &format!("Cookie: onedoor-web={gone}\r\n"));
        let cookie = cookie_of(&moved);
        assert_eq!(fetch(&door, "/pid", &cookie).text(), moved.text(), "{gone}");
    }
    let last = fetch(&door, "/pid", "Cookie: onedoor-web=2\r\n");
    assert_eq!(last.field("set-cookie"), None);
    assert_eq!(run_onedoor(door.dir(), &["scale", "web=1"]).status.code(), Some(0));
    let moved = fetch(&door, "/pid", "Cookie: onedoor-web=2\r\n");
    assert_ne!(moved.text(), last.text());
    assert!(cookie_of(&moved).contains("onedoor-web=1"), "{}", cookie_of(&moved));
}

#[test]
fn a_replica_that_is_replaced_keeps_its_clients() {
    let door = door("replicas = 2");
    let before = fetch(&door, "/pid", "Cookie: onedoor-web=2\r\n");
    assert_eq!(run_onedoor(door.dir(), &["restart", "web"]).status.code(), Some(0));
    let after = fetch(&door, "/pid", "Cookie: onedoor-web=2\r\n");
    assert_ne!(before.text(), after.text());
    assert_eq!(after.field("set-cookie"), None);
}

#[test]
fn over_https_the_cookie_is_secure_and_what_caches_share_has_none() {
    let door = door("replicas = 2");
    let secure = fetch(&door, "/", "X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n");
    let set = secure.field("set-cookie").expect("a cookie");
    assert!(set.ends_with("; SameSite=Lax; Secure"), "{set}");
    let kept = fetch(&door, "/kept", "");
    assert_eq!((kept.field("set-cookie"), kept.field("cache-control")), (None, Some("max-age=60")));
}

#[test]
fn a_client_waits_for_its_own_replica_while_that_is_at_its_cap() {
    let door = door("replicas = 2, cap = 1");
    let own = fetch(&door, "/pid", "Cookie: onedoor-web=1\r\n").text().to_owned();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (own, mut wire) = (&own, door.wire());
            scope.spawn(move || {
                for _ in 0..20 {
                    wire.send("GET /pid HTTP/1.1\r\nHost: a\r\nCookie: onedoor-web=1\r\n\r\n");
                    let answer = wire.response();
                    assert_eq!((answer.text(), answer.field("set-cookie")), (&**own, None));
                }
            });
        }
    });
}

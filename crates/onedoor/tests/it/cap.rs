//! The promise: a process never has more requests at once than its app's `cap`; the others wait their turn, and none
//! is lost.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::kit::{Door, ECHO_PY, GUARD, Setting, Stream, Wire, signal};

const METRICS: &str = "[routes]\n\"/metrics\" = { builtin = \"metrics\" }\n";

/// An app that counts its requests: `/together/N` waits until N of its kind are there, `/gate/NAME` until a gate is
/// open, `/up` not at all; `/most` tells how many there ever were at once.
fn counting() -> String {
    let counted = r#"        words = self.path.split("/")
        global inside, most
        if words[1] == "most":
            return self.say(str(most))
        with lock:
            inside += 1
            most = max(most, inside)
        print("inside", self.path, flush=True)
        if words[1] == "together":
            barriers.setdefault(words[2], threading.Barrier(int(words[2]))).wait()
        if words[1] == "gate":
            open(words[2]).read()
        with lock:
            inside -= 1
        return self.say(self.path)

    def say(self, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def never(self):
"#;
    // Head and body in one write: two would wait for each other's acknowledgement (RFC 896).
    let counting = ECHO_PY
        .replace("        words = self.path.split(\"/\")\n", counted)
        .replace("    protocol_version =", "    wbufsize = -1\n    protocol_version =");
    assert_ne!(counting, ECHO_PY);
    format!("import threading\nlock, barriers, inside, most = threading.Lock(), {{}}, 0, 0\n{counting}")
}

fn app(keys: &str) -> Setting {
    let file = format!("[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", {keys} }}\n{METRICS}");
    Door::with(&file).file("app.py", counting())
}

fn ask(door: &Door, target: &str) -> Wire {
    let mut wire = door.wire();
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
    wire
}

/// Asks until so many requests wait.
fn await_waiting(door: &Door, count: usize) {
    let (began, wanted) = (Instant::now(), format!("onedoor_requests_held {count}"));
    while !door.fetch("/metrics").text().lines().any(|line| line == wanted) {
        assert!(began.elapsed() < GUARD, "never so many wait: {count}");
        thread::yield_now();
    }
}

fn inside(target: &'static str) -> impl Fn(&str) -> bool {
    move |line| line.contains("inside") && line.contains(target)
}

#[test]
fn of_many_connections_as_many_as_the_cap_are_served_at_once_and_all_in_the_end() {
    let door = app("cap = 4").start();
    let mut clients: Vec<_> = (0..64).map(|_| ask(&door, "/together/4")).collect();
    for client in &mut clients {
        let answer = client.response();
        assert_eq!((answer.status(), answer.text()), (200, "/together/4"));
    }
    assert_eq!(door.fetch("/most").text(), "4");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_closed_loop_of_many_over_several_replicas_never_passes_the_cap() {
    let door = app("cap = 3, replicas = 2, balance = \"least-conn\"").start();
    thread::scope(|scope| {
        for _ in 0..64 {
            let mut wire = door.wire();
            scope.spawn(move || {
                for _ in 0..20 {
                    let answer = wire.get("/up");
                    assert_eq!(answer.status(), 200, "{}", answer.text());
                }
            });
        }
    });
    for _ in 0..8 {
        let most: u32 = door.fetch("/most").text().parse().expect("a number");
        assert!(most <= 3, "{most}");
    }
}

#[test]
fn killed_and_restarted_replicas_forget_nobody_who_waits() {
    let door =
        app("cap = 2, replicas = 2, restart = { backoff = \"1ms..50ms\", give_up = \"never\" }").start();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..24 {
            let (over, mut wire) = (&over, door.wire());
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let answer = wire.get("/up");
                    assert_eq!(answer.status(), 200, "{}", answer.text());
                }
            });
        }
        for count in 1..=5 {
            door.lines_until(200 * count, Stream::Stdout, inside("/up"));
            signal(last_speaker(&door), "KILL");
        }
        over.store(true, Ordering::Relaxed);
    });
}

/// The process that has spoken last.
fn last_speaker(door: &Door) -> u32 {
    let lines = door.said(Stream::Stdout);
    let last = lines.iter().rev().find(|line| inside("/up")(line)).expect("it spoke");
    let line: serde_json::Value = serde_json::from_str(last).expect("JSON");
    u32::try_from(line["pid"].as_u64().expect("a pid")).expect("a pid")
}

#[test]
fn a_line_that_is_full_and_a_wait_that_is_over_are_503_with_retry_after() {
    let door = app("cap = 1, while_down = { for = \"10s\", queue = 1 }").gate("gate").start();
    let mut first = ask(&door, "/gate/gate");
    door.line(Stream::Stdout, inside("/gate"));
    let mut second = ask(&door, "/second");
    await_waiting(&door, 1);
    let refused = door.fetch("/third");
    assert_eq!(refused.status(), 503);
    assert!(refused.text().contains("(busy)"), "{}", refused.text());
    assert!(refused.field("retry-after").is_some());
    door.line(Stream::Stdout, |line| {
        line.contains("/third") && line.contains("the line for a place is full")
    });
    door.open_gate("gate");
    assert_eq!((first.response().status(), second.response().status()), (200, 200));
}

#[test]
fn a_request_that_finds_no_place_in_time_is_told_so() {
    let door = app("cap = 1, while_down = { do = \"refuse\", for = \"100ms\" }").gate("gate").start();
    std::iter::repeat_with(|| door.fetch("/most")).find(|answer| answer.status() == 200).unwrap();
    let mut first = ask(&door, "/gate/gate");
    door.line(Stream::Stdout, inside("/gate"));
    let refused = door.fetch("/late");
    assert_eq!(refused.status(), 503);
    assert!(refused.text().contains("(busy)"), "{}", refused.text());
    door.line(Stream::Stdout, |line| line.contains("/late") && line.contains("no place in"));
    let metrics = door.fetch("/metrics");
    assert!(metrics.text().contains("onedoor_refusals_total{cause=\"busy\"} 1\n"), "{}", metrics.text());
    door.open_gate("gate");
    assert_eq!(first.response().status(), 200);
}

#[test]
fn a_client_that_goes_away_leaves_the_line() {
    let door = app("cap = 1, while_down = { for = \"15s\", queue = 1 }").gate("gate").start();
    let mut first = ask(&door, "/gate/gate");
    door.line(Stream::Stdout, inside("/gate"));
    let second = ask(&door, "/second");
    await_waiting(&door, 1);
    drop(second);
    await_waiting(&door, 0);
    let mut third = ask(&door, "/third");
    await_waiting(&door, 1);
    door.open_gate("gate");
    assert_eq!((first.response().status(), third.response().status()), (200, 200));
    assert!(!door.said(Stream::Stdout).iter().any(|line| inside("/second")(line)));
}

#[test]
fn a_client_that_leaves_its_answer_makes_room() {
    let door = app("cap = 1").gate("gate").start();
    let first = ask(&door, "/gate/gate");
    door.line(Stream::Stdout, inside("/gate"));
    let mut second = ask(&door, "/second");
    await_waiting(&door, 1);
    drop(first);
    assert_eq!(second.response().status(), 200);
    door.open_gate("gate");
}

#[test]
fn a_websocket_has_its_place_for_as_long_as_it_lives() {
    let upgrading = counting().replace(
        "        if words[1] == \"gate\":",
        "        if words[1] == \"socket\":\n            self.wfile.write(b\"HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n\")\n            self.wfile.flush()\n            self.rfile.read()\n            self.close_connection = True\n            return\n        if words[1] == \"gate\":",
    );
    let door = app("cap = 1").file("app.py", upgrading).start();
    let mut socket = door.wire();
    socket.send("GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    assert_eq!(socket.head().status(), 101);
    let mut other = ask(&door, "/other");
    await_waiting(&door, 1);
    drop(socket);
    assert_eq!(other.response().status(), 200);
}

#[test]
fn gunicorns_workers_are_its_cap_unless_the_file_says_otherwise() {
    for (keys, together) in [("", 2), ("cap = 3", 3)] {
        let file = format!("[apps]\nweb = {{ run = \"./gunicorn -w 2 app:app\", path = \"/\", {keys} }}\n");
        let program = format!("#!/usr/bin/env python3\n{}", counting());
        let setting = Door::with(&file).file("gunicorn", program);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(setting.path().join("gunicorn"), executable).expect("it is the test's own");
        let door = setting.start();
        let most = format!("at most {together} requests at once");
        door.line(Stream::Stderr, |line| line.contains("ready in") && line.contains(&most));
        let target = format!("/together/{together}");
        let mut clients: Vec<_> = (0..12).map(|_| ask(&door, &target)).collect();
        for client in &mut clients {
            assert_eq!(client.response().status(), 200);
        }
        assert_eq!(door.fetch("/most").text(), together.to_string());
    }
}

//! The promise: no request fails because an app is starting or restarting. It waits, with a deadline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::kit::{Door, ECHO_PY, GUARD, Stream, Wire, signal};

/// An app that opens its port only when the test lets it.
fn gated(route: &str) -> Door {
    let file = format!(
        "[apps]\nslow = {{ run = \"python3 app.py\", path = \"/\", env = {{ GATE = \"gate\" }} }}\n[routes]\n\"/own\" = {{ respond = \"own\" }}\n\"/health\" = {{ builtin = \"health\" }}\n\"/ready\" = {{ builtin = \"ready\" }}\n{route}"
    );
    Door::with(&file).file("app.py", ECHO_PY).gate("gate").start()
}

#[test]
fn the_door_answers_before_its_apps_do() {
    let door = gated("");
    assert_eq!(door.fetch("/own").text(), "own");
    assert_eq!(door.fetch("/health").status(), 200);
    assert_eq!(door.fetch("/ready").status(), 503);
}

#[test]
fn a_request_before_the_app_is_ready_waits_and_is_served() {
    let door = gated("");
    let mut early = door.wire();
    early.send("POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    // The door is alive meanwhile, so the early request is really being held.
    assert_eq!(door.fetch("/own").text(), "own");
    door.open_gate("gate");
    let response = early.response();
    assert_eq!((response.status(), response.text()), (200, "POST /first body"));
    assert_eq!(door.fetch("/ready").status(), 200);
}

#[test]
fn many_requests_before_the_app_is_ready_are_all_served() {
    let door = gated("");
    let mut early: Vec<_> = (0..100).map(|_| door.wire()).collect();
    for (number, client) in early.iter_mut().enumerate() {
        client.send(format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"));
    }
    door.open_gate("gate");
    for (number, client) in early.iter_mut().enumerate() {
        assert_eq!(client.response().text(), format!("GET /{number}"));
    }
}

#[test]
fn a_held_request_gets_503_with_retry_after_at_its_deadline_and_the_log_says_why() {
    let door = gated("\"/hurry/*\" = { app = \"slow\", while_down = { do = \"hold\", for = \"300ms\" } }\n");
    let response = door.fetch("/hurry/x");
    assert_eq!(response.status(), 503);
    let seconds = response.field("retry-after").expect("Retry-After");
    assert!(seconds.parse::<u64>().is_ok(), "{seconds}");
    door.line(Stream::Stdout, |line| {
        line.contains("503") && line.contains("slow") && line.contains("starting")
    });
}

#[test]
fn while_down_refuse_does_not_wait() {
    let door = gated("\"/now/*\" = { app = \"slow\", while_down = { do = \"refuse\" } }\n");
    let response = door.fetch("/now/x");
    assert_eq!(response.status(), 503);
    assert!(response.field("retry-after").is_some());
}

#[test]
fn while_down_page_shows_a_browser_a_page_that_asks_again_and_tells_others_why() {
    let door = gated("\"/now/*\" = { app = \"slow\", while_down = { do = \"page\" } }\n");
    let mut browser = door.wire();
    browser.send("GET /now/x HTTP/1.1\r\nHost: a\r\nAccept: text/html,*/*;q=0.8\r\n\r\n");
    let page = browser.response();
    assert_eq!((page.status(), page.field("content-type")), (503, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("http-equiv=\"refresh\""), "{}", page.text());
    assert!(page.field("retry-after").is_some());
    let other = door.fetch("/now/x");
    assert_eq!((other.status(), other.field("content-type")), (503, Some("text/plain; charset=utf-8")));
    assert!(other.text().contains("(starting)"), "{}", other.text());
    // What the page asks for is the app, once it is there.
    door.open_gate("gate");
    assert_eq!(door.fetch("/held").status(), 200);
    browser.send("GET /now/x HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n");
    assert_eq!(browser.response().status(), 200);
}

#[test]
fn a_queue_that_is_full_refuses_at_once() {
    let door =
        gated("\"/few/*\" = { app = \"slow\", while_down = { do = \"hold\", for = \"10s\", queue = 1 } }\n");
    let mut clients: Vec<_> = (0..8).map(|_| door.wire()).collect();
    for client in &mut clients {
        client.send("GET /few/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }
    // The queue is counted per worker: with one place each, more requests than workers cannot all be held.
    door.lines_until(1, Stream::Stdout, |line| line.contains("503") && line.contains("full"));
    door.open_gate("gate");
}

#[test]
fn a_request_after_a_crash_is_held_until_the_app_is_back() {
    let door = Door::with("[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n")
        .file("app.py", ECHO_PY)
        .start();
    let first = door.fetch("/pid").text().to_owned();
    // An unsafe request that was sent and lost is not repeated: an honest 502 with the cause.
    let mut client = door.wire();
    client.send("POST /exit/3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 502);
    let second = door.fetch("/pid");
    assert_eq!(second.status(), 200);
    assert_ne!(second.text(), first, "another process answers");
}

#[test]
fn a_safe_request_lost_in_a_crash_is_repeated_at_the_next_generation() {
    // Dies at the first request it ever sees, and behaves from then on.
    let app = ECHO_PY.replace(
        "        if words[1] == \"exit\":",
        "        if words[1] == \"once\" and not os.path.exists(\"died\"):\n            open(\"died\", \"w\").close()\n            os._exit(1)\n        if words[1] == \"exit\":",
    );
    let door =
        Door::with("[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n").file("app.py", app).start();
    let response = door.fetch("/once/x");
    assert_eq!((response.status(), response.text()), (200, "GET /once/x"));
}

#[test]
fn ready_by_path_waits_for_a_good_answer() {
    let app = ECHO_PY.replace(
        "        self.send_response(200)",
        "        self.send_response(200 if words[1] != \"healthz\" or os.path.exists(\"warm\") else 500)",
    );
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", ready = { path = \"/healthz\", every = \"50ms\" } }\n[routes]\n\"/ready\" = { builtin = \"ready\" }\n";
    let door = Door::with(file).file("app.py", app).start();
    door.line(Stream::Stdout, |line| line.contains("listening"));
    assert_eq!(door.fetch("/ready").status(), 503);
    std::fs::write(door.dir().join("warm"), "").unwrap();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_eq!(door.fetch("/ready").status(), 200);
}

/// Set when it is dropped, so that a failing test lets its threads end.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn an_app_that_is_killed_under_load_costs_no_safe_request() {
    const CLIENTS: usize = 6;
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", restart = { backoff = \"10ms..20ms\", give_up = \"100 in 1m\" } }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    let (port, over, (tell, served)) = (door.port(), AtomicBool::new(false), mpsc::channel());
    let mut pid = door.fetch("/pid").text().to_owned();
    thread::scope(|scope| {
        let end = Over(&over);
        for client in 0..CLIENTS {
            let (tell, over) = (tell.clone(), &over);
            scope.spawn(move || {
                let mut kept = Wire::to(port);
                while !over.load(Ordering::SeqCst) {
                    // Half of them reconnect for each request.
                    if client % 2 == 0 {
                        kept = Wire::to(port);
                    }
                    let answer = kept.get("/load");
                    tell.send((answer.status(), answer.body)).ok();
                }
            });
        }
        for _ in 0..3 {
            for _ in 0..20 * CLIENTS {
                let (status, body) = served.recv_timeout(GUARD).expect("the clients are served");
                assert_eq!((status, &*body), (200, &b"GET /load"[..]));
            }
            signal(pid.parse().unwrap(), "KILL");
            pid = std::iter::repeat_with(|| door.fetch("/pid").text().to_owned())
                .find(|next| *next != pid)
                .unwrap();
        }
        drop(end);
    });
    while let Ok((status, body)) = served.try_recv() {
        assert_eq!((status, &*body), (200, &b"GET /load"[..]));
    }
}

#[test]
fn a_post_while_the_app_is_down_is_held_and_served_once() {
    // Waits at the gate from its second life on, and writes down whom it served.
    let app = ECHO_PY
        .replace("if \"GATE\" in os.environ:\n    open(os.environ[\"GATE\"]).read()", "if os.path.exists(\"gate\"):\n    open(\"gate\").read()")
        .replace(
            "        words = self.path.split(\"/\")",
            "        words = self.path.split(\"/\")\n        print(\"saw\", self.command, self.path, flush=True)",
        );
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", restart = { backoff = \"10ms..20ms\" } }\n[routes]\n\"/ready\" = { builtin = \"ready\" }\n";
    let door = Door::with(file).file("app.py", app).start();
    let pid = door.fetch("/pid").text().parse().unwrap();
    door.make_gate("gate");
    signal(pid, "KILL");
    std::iter::repeat_with(|| door.fetch("/ready")).find(|answer| answer.status() == 503).unwrap();
    let mut client = door.wire();
    client.send("POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nonce");
    assert_eq!(door.fetch("/ready").status(), 503, "the door is alive, and the app is not");
    door.open_gate("gate");
    let answer = client.response();
    assert_eq!((answer.status(), answer.text()), (200, "POST /pay once"));
    // Whatever the app would have seen of it, it has seen before this.
    assert_eq!(door.fetch("/after").status(), 200);
    door.line(Stream::Stdout, |line| line.contains("saw GET /after"));
    let paid = door.lines_until(1, Stream::Stdout, |line| line.contains("saw POST /pay"));
    assert_eq!(paid.len(), 1, "{paid:?}");
}

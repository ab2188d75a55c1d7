//! The promise: an app's processes come, go and are replaced under its requests, and none of these is lost.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::kit::{Door, ECHO_PY, GUARD, Stream, run_onedoor, signal};

/// Graceful, as real servers are: at TERM it takes nobody new, and ends what it has.
const GRACEFUL: &str = "import signal, threading\nsignal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=lambda: (server.shutdown(), os._exit(0))).start())\n";

fn app(keys: &str) -> Door {
    let file = format!("[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", {keys} }}\n");
    let door = Door::with(&file).file("app.py", format!("{GRACEFUL}{ECHO_PY}")).start();
    assert_eq!(door.fetch("/up").status(), 200);
    door
}

/// What a command says: its exit code, stdout, stderr.
fn said(door: &Door, arguments: &[&str]) -> (i32, String, String) {
    let output = run_onedoor(door.dir(), arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

fn done(door: &Door, arguments: &[&str]) {
    let (code, _, talk) = said(door, arguments);
    assert_eq!((code, talk.as_str()), (0, ""), "{arguments:?}");
}

fn status(door: &Door, app: &str) -> Value {
    let (code, out, talk) = said(door, &["status", "--json"]);
    assert_eq!(code, 0, "{talk}");
    let status: Value = serde_json::from_str(&out).expect("JSON");
    let apps = status["apps"].as_array().expect("apps").iter();
    apps.clone().find(|row| row["name"] == app).expect("the app").clone()
}

fn pids(door: &Door, app: &str) -> Vec<u64> {
    let status = status(door, app);
    status["processes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["pid"].as_u64().expect("a pid"))
        .collect()
}

/// Asks until the app is as wanted.
fn await_status(door: &Door, app: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = std::time::Instant::now();
    loop {
        let status = status(door, app);
        if wanted(&status) {
            return status;
        }
        assert!(began.elapsed() < GUARD, "never so: {status}");
        thread::yield_now();
    }
}

/// Clients in a closed loop, of every kind of request, while `disturb` does what it does.
fn under_load(door: &Door, methods: &[&str], disturb: impl FnOnce()) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..8 {
            let (over, method) = (&over, methods[number % methods.len()]);
            let mut wire = door.wire();
            scope.spawn(move || {
                let body = "x".repeat(if method == "POST" { 100_000 } else { 0 });
                while !over.load(Ordering::Relaxed) {
                    let length = body.len();
                    wire.send(format!(
                        "{method} /a HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
                    ));
                    let answer = wire.response();
                    assert_eq!(answer.status(), 200, "{method}: {}", answer.text());
                }
            });
        }
        disturb();
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn replicas_share_the_requests_and_each_is_a_process_of_its_own() {
    let door = app("replicas = 3");
    await_status(&door, "web", |status| {
        status["processes"]
            .as_array()
            .is_some_and(|all| all.iter().all(|it| it["state"] == "ready") && all.len() == 3)
    });
    let mut seen: Vec<String> = (0..12).map(|_| door.fetch("/pid").text().to_owned()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_restart_under_load_loses_no_request_of_any_method() {
    let door = app("replicas = 2");
    let before = pids(&door, "web");
    under_load(&door, &["GET", "POST"], || {
        for _ in 0..3 {
            done(&door, &["restart", "web"]);
        }
    });
    let after = pids(&door, "web");
    assert!(after.len() == 2 && after.iter().all(|pid| !before.contains(pid)), "{before:?} {after:?}");
}

#[test]
fn one_process_is_replaced_without_a_gap_as_well() {
    let door = app("socket = false");
    under_load(&door, &["GET", "POST"], || done(&door, &["restart", "web"]));
}

#[test]
fn a_fixed_port_is_freed_first_and_the_door_holds_what_comes() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
    let door = app(&format!("port = {port}"));
    let before = pids(&door, "web");
    under_load(&door, &["GET"], || done(&door, &["restart", "web"]));
    assert_ne!(pids(&door, "web"), before);
    let (code, _, talk) = said(&door, &["scale", "web=2"]);
    assert_eq!(code, 1);
    assert!(talk.contains("port"), "{talk}");
}

#[test]
fn killed_replicas_lose_no_get() {
    let door = app("replicas = 2, restart = { backoff = \"1ms..50ms\", give_up = \"never\" }");
    under_load(&door, &["GET"], || {
        for _ in 0..6 {
            let before = await_status(&door, "web", |status| status["state"] == "ready");
            let victim = before["processes"][0]["pid"].as_u64().expect("a process");
            signal(u32::try_from(victim).expect("a pid"), "KILL");
            await_status(&door, "web", |status| {
                !status["processes"].as_array().expect("a list").iter().any(|it| it["pid"] == victim)
            });
        }
    });
}

#[test]
fn a_successor_that_does_not_come_up_leaves_the_old_process_serving() {
    let door = app("");
    let before = pids(&door, "web");
    std::fs::write(door.dir().join("app.py"), "raise SystemExit('no database today')\n").expect("written");
    let (code, _, talk) = said(&door, &["restart", "web"]);
    assert_eq!(code, 1);
    assert!(talk.contains("web") && talk.contains("exit code 1"), "{talk}");
    assert_eq!(door.fetch("/still").text(), "GET /still");
    await_status(&door, "web", |status| status["processes"].as_array().is_some_and(|all| all.len() == 1));
    assert_eq!(pids(&door, "web"), before);
}

#[test]
fn an_app_is_stopped_started_and_scaled_while_the_others_go_on() {
    let file = "[apps]\nweb = \"python3 app.py\"\nother = \"python3 app.py\"\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    assert_eq!(door.fetch("/other/x").status(), 200);
    done(&door, &["stop", "other"]);
    assert_eq!(pids(&door, "other"), [0_u64; 0]);
    let refused = door.fetch("/other/x");
    assert_eq!(refused.status(), 503, "{}", refused.text());
    assert_eq!(door.fetch("/x").status(), 200);
    done(&door, &["start", "other"]);
    assert_eq!(door.fetch("/other/x").status(), 200);
    done(&door, &["scale", "other=3"]);
    assert_eq!(pids(&door, "other").len(), 3);
    done(&door, &["scale", "other=1"]);
    assert_eq!(pids(&door, "other").len(), 1);
}

#[test]
fn a_lazy_app_is_started_by_its_first_request_and_sleeps_when_nobody_asks() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", start = \"lazy\", stop_after_idle = \"200ms\" }\n[routes]\n\"/ready\" = { builtin = \"ready\" }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    assert_eq!(status(&door, "web")["state"], "idle");
    assert_eq!(door.fetch("/ready").status(), 200, "asleep is ready");
    assert_eq!(door.fetch("/x").text(), "GET /x");
    await_status(&door, "web", |status| {
        status["state"] == "idle" && status["processes"] == serde_json::json!([])
    });
    assert_eq!(door.fetch("/again").text(), "GET /again");
    assert_eq!(door.stop(), 0);
}

#[test]
fn what_is_needed_starts_first_and_stops_last() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", needs = \"db\" }\ndb = { run = \"python3 app.py\", path = \"/db\" }\n";
    let app = ECHO_PY.replace(
        "server.serve_forever()",
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), os._exit(0)))\nserver.serve_forever()",
    );
    let mut door = Door::with(file).file("app.py", app).start();
    assert_eq!(door.fetch("/x").status(), 200);
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    let said = |word: &str| -> Vec<String> {
        let lines =
            door.said(Stream::Stdout).into_iter().filter(|line| line.contains(&format!("\"{word}\"")));
        lines.map(|line| if line.contains("web") { "web".into() } else { "db".into() }).collect()
    };
    assert_eq!(said("listening"), ["db", "web"]);
    assert_eq!(said("bye"), ["web", "db"]);
}

#[test]
fn whoever_asks_for_what_is_not_there_is_told_so() {
    let door = app("");
    let (code, _, talk) = said(&door, &["restart", "wbe"]);
    assert_eq!(code, 1);
    assert!(talk.contains("\"wbe\""), "{talk}");
    let (code, _, talk) = said(&door, &["status", "-f", "other.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("no onedoor runs this file"), "{talk}");
    let (code, out, _) = said(&door, &["status"]);
    assert_eq!(code, 0);
    assert!(out.contains("web") && out.contains("ready"), "{out}");
}

#[test]
fn a_hostile_client_of_the_control_socket_hurts_nobody() {
    let file = "[apps]\nweb = \"python3 app.py\"\n[admin]\nsocket = \"control.sock\"\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    let path = door.dir().join("control.sock");
    // The kernel takes connections before the program does; its first answer comes after the socket.
    door.fetch("/");
    assert_eq!(std::fs::metadata(&path).expect("the socket").permissions().mode() & 0o777, 0o600);
    let talk = |words: &[u8]| {
        let mut socket = UnixStream::connect(&path).expect("somebody listens");
        socket.set_read_timeout(Some(GUARD)).expect("settable");
        // Hung up on in the middle, perhaps.
        socket.write_all(words).ok();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).ok();
        String::from_utf8(answer).expect("UTF-8")
    };
    // Some say nothing at all.
    let silent: Vec<_> = (0..20).map(|_| UnixStream::connect(&path).expect("somebody listens")).collect();
    assert!(talk(b"nonsense\n").contains("not JSON"));
    assert!(talk(b"{\"v\":9,\"do\":\"status\"}\n").contains("version"));
    assert!(talk(b"{\"v\":1,\"do\":\"scale\",\"app\":\"web\",\"replicas\":99999}\n").contains("1000"));
    assert!(talk(b"{\"v\":1,\"do\":\"format\"}\n").contains("format"));
    assert_eq!(talk(&vec![b'x'; 100_000]), "");
    await_status(&door, "web", |status| status["state"] == "ready");
    drop(silent);
    assert_eq!(door.stop(), 0);
    assert!(!path.exists(), "the socket was left");
}

#[test]
fn term_in_the_middle_of_a_restart_is_a_clean_end_that_leaves_nobody() {
    let mut door = app("replicas = 2");
    let (code, _, talk) = said(&door, &["restart", "web", "--no-wait"]);
    assert_eq!((code, talk.as_str()), (0, ""));
    let during = pids(&door, "web");
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    for pid in during {
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "{pid} was left");
    }
}

#[test]
fn planned_replacements_are_no_restarts_in_the_table() {
    let door = app("replicas = 2");
    done(&door, &["restart", "web"]);
    assert_eq!(status(&door, "web")["restarts"], 0);
    let victim = u32::try_from(pids(&door, "web")[0]).expect("a pid");
    signal(victim, "KILL");
    await_status(&door, "web", |status| status["restarts"] == 1);
}

//! The promise: an app is started cleanly, restarted when it dies, heard, found where it listens, and ended properly;
//! and the container's end tells the truth.

use crate::kit::{Door, ECHO_PY, Stream, signal};

const WEB: &str = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";

fn web() -> Door {
    Door::with(WEB).file("app.py", ECHO_PY).start()
}

#[test]
fn an_app_that_dies_is_restarted_and_its_death_is_told() {
    let door = web();
    let first = door.fetch("/pid").text().to_owned();
    signal(first.parse().unwrap(), "KILL");
    door.line(Stream::Stderr, |line| line.contains("web") && line.to_lowercase().contains("kill"));
    // The door may still believe in the dead process for a moment; the safe request survives that, too.
    let second = door.fetch("/pid");
    assert_eq!(second.status(), 200);
    assert_ne!(second.text(), first);
}

#[test]
fn an_apps_lines_come_prefixed_with_its_name_on_the_output_they_were_written_to() {
    let door = web();
    let out = door.line(Stream::Stdout, |line| line.contains("listening"));
    assert!(out.contains("web"), "{out}");
    let err = door.line(Stream::Stderr, |line| line.contains("a word on stderr"));
    assert!(err.contains("web"), "{err}");
}

#[test]
fn an_app_that_writes_more_than_anyone_reads_is_not_blocked() {
    let app = ECHO_PY.replace(
        "server.serve_forever()",
        "for _ in range(20000):\n    print('x' * 100)\nsys.stdout.flush()\nserver.serve_forever()",
    );
    let door = Door::with(WEB).file("app.py", app).start();
    assert_eq!(door.fetch("/still").text(), "GET /still");
}

#[test]
fn an_app_has_the_umask_that_the_file_says() {
    let file = "[apps]\nweb = { run = \"umask; exec python3 app.py\", path = \"/\", umask = \"027\" }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    door.line(Stream::Stdout, |line| line.contains("\"message\":\"0027\""));
}

#[test]
fn an_app_never_sees_the_public_port() {
    let door = web();
    let private = door.fetch("/environment/PORT").text().to_owned();
    assert_ne!(private, door.port().to_string());
    assert_eq!(door.fetch("/environment/HOST").text(), "127.0.0.1");
    assert_eq!(door.fetch("/environment/LISTEN_FDS").text(), "unset");
}

#[test]
fn the_apps_own_env_beats_what_onedoor_sets_and_the_operators_is_inherited() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", env = { HOST = \"own\", GREETING = \"${WHO:-nobody}\" } }\n";
    let door = Door::with(file)
        .file("app.py", ECHO_PY)
        .environment("WHO", "you")
        .environment("DEPLOYED", "yes")
        .start();
    assert_eq!(door.fetch("/environment/HOST").text(), "own");
    assert_eq!(door.fetch("/environment/GREETING").text(), "you");
    assert_eq!(door.fetch("/environment/DEPLOYED").text(), "yes");
}

#[test]
fn an_app_that_listens_elsewhere_is_found_and_used_and_that_is_said_once() {
    // A port of its own choice: the kernel's, told by nobody.
    let app = ECHO_PY.replace("port = int(os.environ.get(\"LISTEN\") or os.environ[\"PORT\"])", "port = 0");
    let door = Door::with(WEB).file("app.py", app).start();
    assert_eq!(door.fetch("/found").text(), "GET /found");
    let told = |line: &str| line.contains("web") && line.contains("port");
    door.line(Stream::Stderr, told);
    assert_eq!(door.fetch("/again").status(), 200);
}

#[test]
fn a_command_with_shell_syntax_runs_in_a_shell_and_any_other_without() {
    let file = "[apps]\nweb = { run = \"true && exec python3 app.py\", path = \"/\" }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_essential_app_that_gives_up_ends_the_container_with_its_code_and_the_last_lines_say_why() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", restart = { backoff = \"10ms..20ms\", give_up = \"3 in 1m\" } }\n";
    let app = "import sys\nprint('cannot find my database', file=sys.stderr)\nsys.exit(7)\n";
    let mut door = Door::with(file).file("app.py", app).launch();
    assert_eq!(door.exit_code(), 7);
    let last = door.said(Stream::Stderr);
    let last = last[last.len().saturating_sub(12)..].join("\n");
    assert!(last.contains("web") && last.contains('7') && last.contains("cannot find my database"), "{last}");
}

#[test]
fn an_optional_app_that_gives_up_leaves_the_others_alone() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\nbad = { run = \"python3 bad.py\", path = \"/bad\", restart = { backoff = \"10ms..20ms\", give_up = \"2 in 1m\" } }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).file("bad.py", "raise SystemExit(9)\n").start();
    let response = door.fetch("/bad/x");
    assert_eq!(response.status(), 503);
    assert!(response.field("retry-after").is_some());
    assert_eq!(door.fetch("/x").status(), 200);
}

#[test]
fn term_ends_everything_with_code_0() {
    let door = web();
    let app: u32 = door.fetch("/pid").text().parse().unwrap();
    assert_eq!(door.stop(), 0);
    assert!(!is_alive(app), "the app outlived its door");
}

#[test]
fn int_ends_everything_as_term_does() {
    let mut door = web();
    door.signal("INT");
    assert_eq!(door.exit_code(), 0);
}

#[test]
fn term_reaches_the_whole_group_behind_a_shell() {
    let file = "[apps]\nweb = { run = \"sh -c 'python3 app.py; true'\", path = \"/\" }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    let behind: u32 = door.fetch("/pid").text().parse().unwrap();
    assert_eq!(door.stop(), 0);
    assert!(!is_alive(behind), "the process behind the shell was left");
}

/// Deaf to TERM, and says so.
const DEAF: &str =
    "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('not listening', flush=True))\n";

#[test]
fn an_app_that_is_deaf_to_term_is_killed_after_its_grace() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", stop = { grace = \"300ms\" } }\n";
    let mut door = Door::with(file).file("app.py", format!("{DEAF}{ECHO_PY}")).start();
    let app: u32 = door.fetch("/pid").text().parse().unwrap();
    door.signal("TERM");
    door.line(Stream::Stdout, |line| line.contains("not listening"));
    assert_eq!(door.exit_code(), 0);
    assert!(!is_alive(app));
}

#[test]
fn a_second_signal_shortens_the_grace() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", stop = { grace = \"1h\" } }\n[server]\nstop_budget = \"1h\"\n";
    let mut door = Door::with(file).file("app.py", format!("{DEAF}{ECHO_PY}")).start();
    assert_eq!(door.fetch("/x").status(), 200);
    door.signal("TERM");
    door.line(Stream::Stdout, |line| line.contains("not listening"));
    door.signal("TERM");
    // An hour of grace would trip the guard.
    door.exit_code();
}

#[test]
fn a_request_in_flight_is_finished_and_health_fails_while_the_door_drains() {
    let app = ECHO_PY.replace("        words = self.path.split(\"/\")", "        words = self.path.split(\"/\")\n        if words[1] == \"slow\":\n            print(\"in flight\", flush=True)\n            open(\"gate\").read()");
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n[routes]\n\"/health\" = { builtin = \"health\" }\n";
    let mut door = Door::with(file).file("app.py", app).gate("gate").start();
    let mut health = door.wire();
    assert_eq!(health.get("/health").status(), 200);
    let mut slow = door.wire();
    slow.send("GET /slow/x HTTP/1.1\r\nHost: a\r\n\r\n");
    door.line(Stream::Stdout, |line| line.contains("in flight"));
    door.signal("TERM");
    // The signal is on its way: a kept connection is answered until the drain begins, then with 503 and a close.
    let last =
        std::iter::repeat_with(|| health.get("/health")).find(|answer| answer.status() != 200).unwrap();
    assert_eq!((last.status(), last.field("connection")), (503, Some("close")));
    door.open_gate("gate");
    assert_eq!(slow.response().text(), "GET /slow/x");
    assert_eq!(door.exit_code(), 0);
}

#[test]
fn two_doors_cannot_share_a_port_in_silence() {
    let first = Door::start("[routes]\n\"/*\" = { respond = \"first\" }\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:{}\"\n[routes]\n\"/*\" = {{ respond = \"second\" }}\n",
        first.port()
    );
    let mut second = Door::with(&file).launch();
    assert_ne!(second.exit_code(), 0);
    assert!(second.said(Stream::Stderr).join("\n").contains(&first.port().to_string()));
    assert_eq!(first.fetch("/").text(), "first");
}

#[test]
fn the_start_table_says_what_is_served_where() {
    let file = format!(
        "{WEB}[routes]\n\"/health\" = {{ builtin = \"health\" }}\n\"/google/*\" = {{ proxy = \"https://google.com\", strip = true }}\n"
    );
    let door = Door::with(&file).file("app.py", ECHO_PY).start();
    for word in ["web", "/health", "/google/*"] {
        door.line(Stream::Stderr, |line| line.contains(word));
    }
}

#[test]
fn usr1_writes_the_state_of_each_app_into_the_log() {
    let file = format!(
        "{WEB}bad = {{ run = \"python3 bad.py\", path = \"/bad\", restart = {{ backoff = \"1h..1h\" }} }}\nslow = {{ run = \"sleep 1000\", path = \"/slow\" }}\n"
    );
    let door = Door::with(&file).file("app.py", ECHO_PY).file("bad.py", "raise SystemExit(9)\n").start();
    assert_eq!(door.fetch("/x").status(), 200);
    door.line(Stream::Stderr, |line| line.contains("bad") && line.contains("next start"));
    door.signal("USR1");
    for (app, state) in [("web", "ready on "), ("bad", "down: "), ("slow", "starting ")] {
        let line = door.line(Stream::Stderr, |line| line.contains(app) && line.contains(state));
        assert!(line.contains("onedoor.toml:"), "where the app is written: {line}");
    }
}

/// Alive, and not a zombie that waits for its reaper.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

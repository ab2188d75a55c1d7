//! The promise: no app, however it behaves, keeps the program from ending cleanly, and none hurts its neighbour.

use std::fs;

use crate::kit::{Door, ECHO_PY, Setting, Stream, open_gate, start_as_pid1};

/// Who inherited `mark` in its environment, wherever it went, and is no zombie.
fn marked(mark: &str) -> Vec<(String, String)> {
    let processes = fs::read_dir("/proc").expect("/proc is there").flatten();
    let is_marked = |pid: &String| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    let pids = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let pids = pids.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let command = |pid: &String| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    pids.filter(is_marked).map(|pid| (pid.clone(), command(&pid))).collect()
}

/// An app that dies as soon as it has begun, one that never gets ready, and one that is being replaced.
const LOOPING: &str = "web = { run = \"sh -c 'echo turn; exit 3'\", path = \"/\", restart = { backoff = \"1ms..10ms\", give_up = \"never\" } }";
const STARTING: &str = "web = { run = \"sh -c 'echo turn; sleep 600 & sleep 600; wait'\", path = \"/\" }";
const ROLLING: &str = "web = { run = \"python3 app.py\", path = \"/\", replicas = 2, replace = \"overlap\", ready = { log = \"listening\" } }";

fn setting(app: &str, mark: &str) -> Setting {
    let (name, value) = mark.split_once('=').expect("a mark is a variable");
    let slow = ECHO_PY.replace("server = Server", "print('turn', flush=True)\nopen('gate').read() if __import__('os').path.exists('shut') else None\nserver = Server");
    Door::with(&format!("[server]\nstop_budget = \"5s\"\n[apps]\n{app}\n"))
        .file("app.py", slow)
        .gate("gate")
        .environment(name, value)
}

/// Sends the signals when the app has begun its turn, and sees everything end.
fn ends_cleanly(door: &mut Door, signals: &[&str], mark: &str) {
    for signal in signals {
        door.signal(signal);
    }
    assert_eq!(door.exit_code(), 0, "{signals:?}");
    assert_eq!(marked(mark), [], "{signals:?}");
}

fn in_the_middle_of_a_roll(door: &Door) {
    fs::write(door.dir().join("shut"), "").expect("the test's own folder");
    let output = crate::kit::run_onedoor(door.dir(), &["restart", "web", "--no-wait"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    // The successor of the first has begun, and is not ready.
    door.lines_until(3, Stream::Stdout, |line| line.contains("\"message\":\"turn\""));
}

#[test]
fn term_in_a_crash_loop_at_the_start_and_in_a_rolling_restart_is_a_clean_end() {
    for (number, app) in [LOOPING, STARTING, ROLLING].into_iter().enumerate() {
        for signals in [&["TERM"][..], &["TERM", "TERM"]] {
            let mark = format!("ONETRIAL=plain-{number}-{}-{}", signals.len(), std::process::id());
            let mut door = setting(app, &mark).launch();
            door.line(Stream::Stdout, |line| line.contains("\"message\":\"turn\""));
            if app == ROLLING {
                assert_eq!(door.fetch("/x").status(), 200);
                in_the_middle_of_a_roll(&door);
            }
            ends_cleanly(&mut door, signals, &mark);
        }
    }
}

#[test]
fn as_pid_1_term_in_a_crash_loop_at_the_start_and_in_a_rolling_restart_is_a_clean_end() {
    for (number, app) in [LOOPING, STARTING, ROLLING].into_iter().enumerate() {
        for signals in [&["TERM"][..], &["TERM", "TERM"]] {
            let mark = format!("ONETRIAL=first-{number}-{}-{}", signals.len(), std::process::id());
            let Some(mut door) = start_as_pid1(setting(app, &mark)) else { return };
            door.line(Stream::Stdout, |line| line.contains("\"message\":\"turn\""));
            if app == ROLLING {
                assert_eq!(door.fetch("/x").status(), 200);
                in_the_middle_of_a_roll(&door);
            }
            ends_cleanly(&mut door, signals, &mark);
        }
    }
}

const NEIGHBOURS: &str = "[server]\nstop_budget = \"5s\"\n[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\nbad = { run = \"python3 bad.py\", path = \"/bad\", start_timeout = \"2s\", while_down = { for = \"1s\" }, restart = { backoff = \"10ms..50ms\", give_up = \"never\" } }\n";

fn beside(bad: &str) -> Door {
    Door::with(NEIGHBOURS).file("app.py", ECHO_PY).file("bad.py", bad).start()
}

/// What a request to the bad app gets is the bad app's; its neighbour answers, and the end is clean.
fn hurts_nobody(bad: &str, statuses: &[u16]) -> Door {
    let door = beside(bad);
    assert_eq!(door.fetch("/x").status(), 200);
    let status = door.fetch("/bad/x").status();
    assert!(statuses.contains(&status), "{status}");
    assert_eq!(door.fetch("/x").text(), "GET /x");
    door
}

const LISTEN: &str =
    "import os, socket, time\nlistener = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\n";

#[test]
fn an_app_that_closes_every_connection_is_an_honest_502() {
    let door = hurts_nobody(&format!("{LISTEN}while True:\n    listener.accept()[0].close()\n"), &[502, 503]);
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_app_that_answers_nonsense_is_an_honest_502() {
    let door = hurts_nobody(
        &format!(
            "{LISTEN}while True:\n    peer = listener.accept()[0]\n    peer.sendall(b'\\0\\xffHTTP/9 maybe\\r\\n\\r\\n')\n    peer.close()\n"
        ),
        &[502, 503],
    );
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_app_that_ends_well_at_once_for_ever_is_503_and_does_not_burn_the_machine() {
    let door = hurts_nobody("", &[503]);
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_app_that_never_listens_is_503_and_the_log_says_what_it_waits_for() {
    let door = hurts_nobody("import time\ntime.sleep(600)\n", &[503]);
    door.line(Stream::Stderr, |line| line.contains("did not become ready within 2.0 s: it listens nowhere"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_app_that_takes_long_to_start_makes_its_requests_wait_and_nobody_elses() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\nbad = { run = \"python3 bad.py\", path = \"/bad\", strip = true }\n";
    let slow = format!("open('gate').read()\n{ECHO_PY}");
    let door = Door::with(file).file("app.py", ECHO_PY).file("bad.py", slow).gate("gate").start();
    let mut waiting = door.wire();
    waiting.send("GET /bad/x HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(door.fetch("/x").text(), "GET /x");
    open_gate(&door, "gate");
    assert_eq!(waiting.response().text(), "GET /x");
}

#[test]
fn who_left_its_session_twice_over_and_is_deaf_is_found_and_killed_at_the_end() {
    let daemons = format!(
        "import os, signal\nfor _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            os.setsid()\n            signal.signal(signal.SIGTERM, signal.SIG_IGN)\n            os.write(1, b'gone\\n')\n            __import__('time').sleep(600)\n        os._exit(0)\n{ECHO_PY}"
    );
    let mark = format!("ONETRIAL=daemons-{}", std::process::id());
    let (name, value) = mark.split_once('=').expect("a mark is a variable");
    let mut door = Door::with(
        "[server]\nstop_budget = \"3s\"\n[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n",
    )
    .file("app.py", daemons)
    .environment(name, value)
    .start();
    door.lines_until(3, Stream::Stdout, |line| line.contains("\"message\":\"gone\""));
    assert_eq!(door.fetch("/x").status(), 200);
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    assert_eq!(marked(&mark), []);
    assert!(
        door.said(Stream::Stderr).iter().any(|line| line.contains("left 3 processes behind, killed now"))
    );
}

#[test]
fn a_flood_on_stdout_does_not_keep_a_neighbour_from_answering() {
    let flood = format!("{LISTEN}import sys\nwhile True:\n    sys.stdout.write('x' * 4000 + '\\n')\n");
    let door = beside(&flood);
    for _ in 0..50 {
        assert_eq!(door.fetch("/x").status(), 200);
    }
    assert_eq!(door.stop(), 0);
}

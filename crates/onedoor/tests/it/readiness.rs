//! The promise: an app is ready when it says so, by the sign the operator chose, and not a moment before.

use crate::kit::{Door, ECHO_PY, Stream};

/// Sends one message to NOTIFY_SOCKET.
const SAY_PY: &str = r#"
import os, socket, sys

def say(text):
    address = os.environ["NOTIFY_SOCKET"]
    if address[0] == "@":
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(text.encode(), address)

if __name__ == "__main__":
    say(sys.argv[1])
"#;

/// The echo app, with `before` run while it listens already and is not ready.
fn echo_that(before: &str) -> String {
    let lines = before.lines().map(|line| format!("    {line}\n")).collect::<String>();
    ECHO_PY.replace(
        "server.serve_forever()",
        &format!("import threading\ndef later():\n{lines}\nthreading.Thread(target=later, daemon=True).start()\nserver.serve_forever()"),
    )
}

fn file(ready: &str) -> String {
    format!(
        "[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", ready = {ready} }}\n[routes]\n\"/ready\" = {{ builtin = \"ready\" }}\n"
    )
}

fn is_ready(line: &str) -> bool {
    line.contains("ready in ") && line.contains("web")
}

#[test]
fn an_app_is_ready_once_a_line_of_its_log_matches_though_it_accepted_before() {
    let app = echo_that("open('gate').read()\nprint('42 workers are up', file=sys.stderr, flush=True)");
    let door = Door::with(&file("{ log = '\\d+ workers are up$' }")).file("app.py", app).gate("gate").start();
    door.line(Stream::Stdout, |line| line.contains("listening"));
    assert_eq!(door.fetch("/ready").status(), 503);
    door.open_gate("gate");
    door.line(Stream::Stderr, is_ready);
    assert_eq!(door.fetch("/x").text(), "GET /x");
}

#[test]
fn an_app_that_says_its_line_too_early_must_still_accept() {
    let app = format!("print('all is up', flush=True)\nopen('gate').read()\n{ECHO_PY}");
    let door = Door::with(&file("{ log = 'all is up' }")).file("app.py", app).gate("gate").start();
    door.line(Stream::Stdout, |line| line.contains("all is up"));
    assert_eq!(door.fetch("/ready").status(), 503);
    door.open_gate("gate");
    assert_eq!(door.fetch("/x").text(), "GET /x");
}

#[test]
fn a_worker_is_ready_by_its_line_alone() {
    let file = "[apps]\nw = { run = \"python3 w.py\", essential = true, ready = { log = \"celery@\\\\w+ ready\" } }\n[routes]\n\"/ready\" = { builtin = \"ready\" }\n";
    let script =
        "import time\nopen('gate').read()\nprint('celery@host ready.', flush=True)\ntime.sleep(600)\n";
    let door = Door::with(file).file("w.py", script).gate("gate").start();
    assert_eq!(door.fetch("/ready").status(), 503);
    door.open_gate("gate");
    door.line(Stream::Stderr, |line| line.contains("ready in "));
    assert_eq!(door.fetch("/ready").status(), 200);
}

#[test]
fn an_app_that_never_says_its_line_is_told_what_was_missing() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", start_timeout = \"1s\", ready = { log = \"^never$\" } }\n";
    let mut door = Door::with(file).file("app.py", ECHO_PY).launch();
    assert_ne!(door.exit_code(), 0);
    door.line(Stream::Stderr, |line| line.contains("no line of its log matches `^never$`"));
}

#[test]
fn an_app_is_ready_once_it_notifies_and_its_status_is_told() {
    let app = echo_that("import say\nopen('gate').read()\nsay.say('READY=1\\nSTATUS=42 rooms are open')");
    let door =
        Door::with(&file("\"notify\"")).file("app.py", app).file("say.py", SAY_PY).gate("gate").start();
    door.line(Stream::Stdout, |line| line.contains("listening"));
    assert_eq!(door.fetch("/ready").status(), 503);
    door.open_gate("gate");
    door.line(Stream::Stderr, is_ready);
    door.line(Stream::Stderr, |line| line.contains("status: 42 rooms are open"));
    assert_eq!(door.fetch("/x").text(), "GET /x");
}

#[test]
fn where_no_folder_can_be_written_an_app_notifies_by_an_abstract_name() {
    let app =
        echo_that("import say\nprint('told', os.environ['NOTIFY_SOCKET'], flush=True)\nsay.say('READY=1')");
    let long = format!("/tmp/{}", "x".repeat(90));
    let setting = Door::with(&file("\"notify\"")).file("app.py", app).file("say.py", SAY_PY);
    // Whether the usual places can be written is the machine's business; either way it must become ready.
    let door = setting.environment("XDG_RUNTIME_DIR", &long).start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    door.line(Stream::Stdout, |line| line.contains("told @onedoor-") || line.contains("told /"));
}

#[test]
fn a_strangers_notification_is_ignored_and_said() {
    let app = echo_that("print('address', os.environ['NOTIFY_SOCKET'], flush=True)");
    let door = Door::with(&file("\"notify\"")).file("app.py", app).file("say.py", SAY_PY).start();
    let line = door.line(Stream::Stdout, |line| line.contains("address "));
    let path = line.split("address ").nth(1).expect("it was told").trim_end_matches(['"', '}']);
    let out = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
    out.send_to(b"READY=1", path).expect("the socket is there");
    door.line(Stream::Stderr, |line| {
        line.contains("NOTIFY_SOCKET was ignored") && line.contains("none of the app's")
    });
    assert_eq!(door.fetch("/ready").status(), 503);
}

#[test]
fn an_app_that_says_it_is_stopping_is_asked_no_more_though_it_still_accepts() {
    let app = echo_that("import say\nsay.say('READY=1')\nopen('gate').read()\nsay.say('STOPPING=1')");
    let door =
        Door::with(&file("\"notify\"")).file("app.py", app).file("say.py", SAY_PY).gate("gate").start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    door.open_gate("gate");
    door.line(Stream::Stderr, |line| line.contains("does not take connections any more"));
    assert_eq!(door.fetch("/ready").status(), 503);
}

#[test]
fn a_restarted_app_must_notify_anew() {
    let app = format!("import say, threading\n{ECHO_PY}").replace(
        "server.serve_forever()",
        "if not os.path.exists('again'):\n    open('again', 'w')\n    say.say('READY=1')\nserver.serve_forever()",
    );
    let door = Door::with(&file("\"notify\"")).file("app.py", app).file("say.py", SAY_PY).start();
    let first = door.fetch("/pid").text().to_owned();
    crate::kit::signal(first.parse().expect("a number"), "KILL");
    door.lines_until(2, Stream::Stdout, |line| line.contains("listening"));
    assert_eq!(door.fetch("/ready").status(), 503);
}

#[test]
fn an_app_is_ready_once_a_command_succeeds_in_its_folder_with_its_environment() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", env = { MARK = \"done\" }, ready = { exec = \"test -e $MARK\", every = \"100ms\" } }\n[routes]\n\"/ready\" = { builtin = \"ready\" }\n";
    let app = echo_that("open('gate').read()\nopen('done', 'w')");
    let door = Door::with(file).file("app.py", app).gate("gate").start();
    door.line(Stream::Stdout, |line| line.contains("listening"));
    assert_eq!(door.fetch("/ready").status(), 503);
    door.open_gate("gate");
    door.line(Stream::Stderr, is_ready);
    assert_eq!(door.fetch("/x").text(), "GET /x");
}

#[test]
fn a_command_that_says_no_is_quoted_when_time_is_up() {
    let file = "[apps]\nweb = { run = \"sleep 600\", path = \"/\" }\ndb = { run = \"sleep 600\", essential = true, start_timeout = \"1s\", ready = { exec = \"echo no response >&2; exit 2\" } }\n";
    let mut door = Door::with(file).launch();
    assert_ne!(door.exit_code(), 0);
    door.line(Stream::Stderr, |line| line.contains("exit code 2: no response"));
}

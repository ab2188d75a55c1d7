//! The promise: a changed file is applied while everything runs; what did not change is not touched, and a file with a
//! mistake changes nothing.

use std::fs;

use crate::kit::{Door, ECHO_PY, Stream, Wire, open_gate, run_onedoor, signal};

const BEFORE: &str = r#"
[apps]
web = { run = "python3 app.py", path = "/" }
api = { run = "python3 app.py", path = "/api", strip = true }
[routes]
"/hello" = { respond = "before" }
"#;

fn door() -> Door {
    Door::with(BEFORE).file("app.py", ECHO_PY).start()
}

/// Changes the file, reloads, and returns what it said.
fn reload(door: &Door, file: &str) -> (Option<i32>, String, String) {
    fs::write(door.dir().join("onedoor.toml"), file).expect("the test's own folder");
    let output = run_onedoor(door.dir(), &["reload"]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("onedoor writes UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn pid(door: &Door, path: &str) -> String {
    door.fetch(path).text().to_owned()
}

#[test]
fn routes_change_and_no_app_is_touched() {
    let door = door();
    let (web, api) = (pid(&door, "/pid"), pid(&door, "/api/pid"));
    let mut kept = door.wire();
    assert_eq!(kept.get("/hello").text(), "before");
    let after = BEFORE
        .replace("\"before\"", "\"after\"")
        .replace("[routes]", "[routes]\n\"/more\" = { app = \"api\" }");
    let (code, changes, _) = reload(&door, &after);
    assert_eq!((code, changes.as_str()), (Some(0), ""));
    assert_eq!(kept.get("/hello").text(), "after", "on a connection from before");
    assert_eq!(door.fetch("/more").text(), "GET /more");
    assert_eq!((pid(&door, "/pid"), pid(&door, "/api/pid")), (web, api));
    door.line(Stream::Stderr, |line| line.contains("reloaded: no app changed"));
}

#[test]
fn an_app_that_changed_is_replaced_and_the_others_go_on() {
    let door = door();
    let (web, api) = (pid(&door, "/pid"), pid(&door, "/api/pid"));
    let after = BEFORE.replace("strip = true", "strip = true, env = { LEVEL = \"two\" }");
    let (code, changes, _) = reload(&door, &after);
    assert_eq!((code, changes.as_str()), (Some(0), "api changed\n"));
    assert_eq!(door.fetch("/api/environment/LEVEL").text(), "two");
    assert_ne!(pid(&door, "/api/pid"), api);
    assert_eq!(pid(&door, "/pid"), web);
}

#[test]
fn apps_come_and_go() {
    let door = door();
    let gone: u32 = pid(&door, "/api/pid").parse().expect("a number");
    let after = BEFORE
        .replace("api = {", "new = {")
        .replace("\"/api\"", "\"/new\"")
        .replace("web = { run", "web = { replicas = 2, run");
    let (code, changes, _) = reload(&door, &after);
    assert_eq!(code, Some(0));
    let mut changes: Vec<&str> = changes.lines().collect();
    changes.sort_unstable();
    assert_eq!(changes, ["api removed", "new added", "web changed"]);
    assert_eq!(door.fetch("/new/x").text(), "GET /x");
    assert_eq!(door.fetch("/api/x").text(), "GET /api/x", "it is the root's now");
    while fs::exists(format!("/proc/{gone}")).expect("/proc can be read") {}
    let table = run_onedoor(door.dir(), &["status"]);
    let table = String::from_utf8(table.stdout).expect("onedoor writes UTF-8");
    assert!(table.contains("new") && !table.contains("api"), "{table}");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_file_that_is_gone_changes_nothing() {
    let door = door();
    let web = pid(&door, "/pid");
    fs::write(door.dir().join("Procfile"), "web: sleep 600\n").expect("the test's own folder");
    fs::remove_file(door.dir().join("onedoor.toml")).expect("the kit wrote it");
    let output = run_onedoor(door.dir(), &["reload"]);
    assert_eq!(output.status.code(), Some(1));
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(why.contains("onedoor.toml is gone; put it back"), "{why}");
    assert_eq!(pid(&door, "/pid"), web);
}

#[test]
fn a_file_with_a_mistake_changes_nothing_and_the_mistake_is_said() {
    let door = door();
    let web = pid(&door, "/pid");
    let (code, _, why) = reload(&door, &BEFORE.replace("path = \"/api\"", "pth = \"/api\""));
    assert_eq!(code, Some(1));
    assert!(why.contains("unknown key `pth`") && why.contains("onedoor.toml:4"), "{why}");
    assert_eq!(door.fetch("/hello").text(), "before");
    assert_eq!(pid(&door, "/pid"), web);
    door.line(Stream::Stderr, |line| line.contains("not reloaded, everything goes on as it was"));
}

#[test]
fn an_app_whose_new_form_does_not_get_ready_goes_on_as_it_was() {
    let door = door();
    let api = pid(&door, "/api/pid");
    let after = BEFORE.replace("api = { run = \"python3 app.py\"", "api = { run = \"python3 -c exit(3)\"");
    let (code, changes, _) = reload(&door, &after);
    assert_eq!(code, Some(0));
    assert!(changes.contains("the new process did not get ready"), "{changes}");
    assert_eq!(pid(&door, "/api/pid"), api);
}

#[test]
fn sighup_reloads() {
    let door = door();
    fs::write(door.dir().join("onedoor.toml"), BEFORE.replace("\"before\"", "\"after\""))
        .expect("own folder");
    signal(door.pid(), "HUP");
    door.line(Stream::Stderr, |line| line.contains("reloaded: no app changed"));
    assert_eq!(door.fetch("/hello").text(), "after");
}

#[test]
fn what_takes_a_new_start_is_said_and_left_as_it_was() {
    let door = door();
    let (code, changes, _) = reload(&door, &format!("server = {{ listen = \":1\", workers = 7 }}\n{BEFORE}"));
    assert_eq!(code, Some(0));
    assert!(changes.contains("server.listen changed: that takes a new start"), "{changes}");
    assert!(changes.contains("server.workers changed"), "{changes}");
    assert_eq!(door.fetch("/hello").text(), "before");
}

#[test]
fn an_exchange_ends_as_it_began_though_its_route_is_gone() {
    let app = ECHO_PY.replace(
        "words = self.path.split",
        "if self.path == '/slow':\n            open('gate').read()\n        words = self.path.split",
    );
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\nold = { run = \"python3 app.py\", path = \"/old\", strip = true }\n";
    let door = Door::with(file).file("app.py", app).gate("gate").start();
    assert_eq!(door.fetch("/old/x").status(), 200);
    let mut slow: Wire = door.wire();
    slow.send("GET /old/slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut other = door.wire();
    assert_eq!(other.get("/old/x").text(), "GET /x");
    fs::write(door.dir().join("onedoor.toml"), "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n")
        .expect("own folder");
    let output = run_onedoor(door.dir(), &["reload", "--no-wait"]);
    assert_eq!(output.status.code(), Some(0));
    while other.get("/old/x").text() == "GET /x" {}
    open_gate(&door, "gate");
    assert_eq!(slow.response().text(), "GET /slow");
}

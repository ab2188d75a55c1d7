//! The promise: `onedoor check --live` sees what leaves an app's prefix, and what it tells to write mends it.

use std::process::Output;

use crate::kit::{Door, run_onedoor};

/// An app that believes to be alone in the world; or that puts `$PREFIX` in front, if it is told to.
pub(crate) const PAGE_PY: &str = r#"
import http.server, os

prefix = os.environ["PREFIX"] if "knows" in os.environ else ""
pages = {
    "/": ("text/html", f'<!doctype html><link rel="stylesheet" href="{prefix}/style.css"><a href="{prefix}/about">about</a>'
                       f'<script>fetch("{prefix}/api/items")</script>'),
    "/about": ("text/html", "<!doctype html>about"),
    "/style.css": ("text/css", ""),
    "/api/items": ("application/json", "[]"),
}

class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, body = pages.get(self.path, (None, ""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
"#;

fn shop(more: &str) -> Door {
    let toml = format!("[apps.shop]\nrun = \"python3 app.py\"\npath = \"/shop\"\n{more}\n");
    let door = Door::with(&toml).file("app.py", PAGE_PY).start();
    // Held until the app is ready.
    door.fetch("/shop/");
    door
}

/// The file's own port is another one: the door's own word counts.
fn check(door: &Door, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        run_onedoor(door.dir(), &[&["check", "--live"], arguments].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it speaks UTF-8");
    (status.code().expect("it exits"), text(stdout), text(stderr))
}

#[test]
fn what_leaves_the_prefix_is_named_with_the_one_line_that_mends_it() {
    let door = shop("strip = true");
    let (code, out, _) = check(&door, &[]);
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("/shop/*  app shop, Python  (onedoor.toml:3)\n"), "{out}");
    for line in [
        "  escapes   style /style.css  on /shop/: nobody answers there\n",
        "  escapes   link /about  on /shop/: nobody answers there\n",
        "  escapes   request /api/items  on /shop/: nobody answers there\n",
        "  fix       make these relative (x, not /x), or put $PREFIX in front; or give the app a host of its own: \
         host = \"shop.localhost\" instead of path\n",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    let mended = shop("strip = true\nenv = { knows = \"1\" }");
    let (code, out, _) = check(&mended, &["shop"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("  fine      nothing leaves the prefix: 2 pages"), "{out}");
}

#[test]
fn an_app_that_wants_the_other_mode_is_told_which() {
    let (code, out, _) = check(&shop(""), &[]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("  trouble   GET /shop/ answers 404\n"), "{out}");
    assert!(
        out.contains("  fix       this app does not know its prefix: write strip = true in [apps.shop]\n"),
        "{out}"
    );
}

#[test]
fn programs_read_the_same_as_json() {
    let (code, out, _) = check(&shop("strip = true"), &["--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!((code, &told["ok"]), (1, &serde_json::json!(false)));
    assert_eq!(told["apps"][0]["escapes"][0]["written"], "/style.css");
}

#[test]
fn a_door_that_does_not_run_and_an_app_that_is_not_there_are_said() {
    let door = shop("strip = true");
    let (code, _, talk) = check(&door, &["shopp"]);
    assert_eq!((code, talk.as_str()), (2, "error: there is no app \"shopp\" in the file\n"));
    let dir = door.dir().to_owned();
    std::fs::write(dir.join("other.toml"), "[apps]\nweb = \"sleep 60\"\n").expect("it can be written");
    let (code, _, talk) = check(&door, &["-f", "other.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("no onedoor runs this file here"), "{talk}");
    assert!(talk.contains("start it with `onedoor`"), "{talk}");
}

#[test]
fn a_door_that_runs_another_file_at_the_same_socket_is_no_door_to_look_at() {
    let file = "[admin]\nsocket = \"admin.sock\"\n[apps.shop]\nrun = \"python3 app.py\"\npath = \"/shop\"\n";
    let door = Door::with(file).file("app.py", PAGE_PY).start();
    std::fs::write(door.dir().join("other.toml"), file).expect("it can be written");
    let (code, _, talk) = check(&door, &["-f", "other.toml"]);
    assert_eq!(code, 1);
    assert!(talk.contains("admin.sock runs ") && talk.contains("onedoor.toml, not this file"), "{talk}");
}

#[test]
fn an_app_that_is_not_ready_is_said_to_be_so() {
    let door = Door::with("[apps]\nshop = { run = \"sleep 600\", path = \"/shop\" }\n").start();
    let (code, out, _) = check(&door, &[]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("  trouble   it is starting; ask again when it is ready\n"), "{out}");
}

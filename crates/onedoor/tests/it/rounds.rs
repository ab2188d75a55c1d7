//! The promise: `onedoor dev` looks at the pages of each app below a prefix once it is ready, says what leaves the prefix
//! and what mends it, and is held up by none of it.

use std::fs;

use crate::kit::{Door, Setting, Stream, Terminal};
use crate::live::PAGE_PY;

fn shop(more: &str) -> Setting {
    let toml =
        format!("[apps]\nshop = {{ run = \"python3 app.py\", path = \"/shop\", strip = true }}\n{more}");
    Door::with(&toml).file("app.py", PAGE_PY)
}

#[test]
fn what_leaves_the_prefix_is_told_until_it_is_mended() {
    let door = shop("").command(&["dev"]).start();
    let told = door.line(Stream::Stderr, |line| line.contains("/shop/*: "));
    assert!(
        told.contains(
            "shop: /shop/*: style /style.css on /shop/: nobody answers there, and 2 more; make these"
        ),
        "{told}"
    );
    let mended = PAGE_PY.replace("os.environ[\"PREFIX\"] if \"knows\" in os.environ else \"\"", "\"/shop\"");
    fs::write(door.dir().join("app.py"), mended).expect("the test's own folder");
    door.line(Stream::Stderr, |line| line.ends_with("shop: nothing leaves its prefix any more"));
    // What was asked is not in the developer's log.
    door.fetch("/shop/about");
    door.line(Stream::Stdout, |line| line.starts_with("200 GET /shop/about"));
    let asked = door.said(Stream::Stdout).into_iter().filter(|line| line.contains("GET /shop")).count();
    assert_eq!(asked, 1);
}

#[test]
fn the_table_shows_it_above_the_keys() {
    let mut terminal = Terminal::with(shop(""), &["dev"]);
    terminal.until("these do not get along with their prefix:");
    terminal.until("/shop/*  style /style.css on /shop/: nobody answers there, and 2 more");
    terminal.until("make these relative (x, not /x)");
    terminal.until("q quit");
    terminal.types("q");
    assert_eq!(terminal.end(), "0; terminal: same");
}

#[test]
fn a_page_that_never_comes_holds_nothing_up() {
    let app = "import http.server, os, time\n\
        class App(http.server.BaseHTTPRequestHandler):\n    \
            def do_GET(self):\n        print('asked', self.headers['User-Agent'], flush=True); time.sleep(600)\n\
        http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), App).serve_forever()\n";
    let mut terminal = Terminal::with(shop("").file("app.py", app), &["dev"]);
    terminal.until("asked onedoor-check");
    terminal.types("h");
    terminal.until("this help");
    terminal.types("q");
    assert_eq!(terminal.end(), "0; terminal: same");
}

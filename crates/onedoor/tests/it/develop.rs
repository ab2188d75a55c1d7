//! The promise: `onedoor dev` shows a developer how the apps are, does what a key says, and leaves the terminal as it
//! found it, however it ends.

use std::fs;

use crate::kit::{Door, ECHO_PY, Message, Setting, Stream, Terminal};

const TWO_APPS: &str = r#"
[apps]
web = { run = "python3 app.py", path = "/" }
api = { run = "no-such-program", dev = "python3 app.py", path = "/api", strip = true }
[routes]
"/health" = { builtin = "health" }
"#;

fn two_apps() -> Setting {
    Door::with(TWO_APPS).file("app.py", ECHO_PY)
}

/// Both are up, and shown.
fn at_terminal() -> Terminal {
    let terminal = Terminal::with(two_apps(), &["dev"]);
    terminal.until("onedoor 0.1.0  ready in");
    terminal
}

#[test]
fn the_table_shows_each_app_and_q_ends_it_all() {
    let mut terminal = at_terminal();
    let web = terminal.until("1  /     web  ");
    assert!(web.contains("ready in") && web.contains("python3 app.py"), "{web}");
    let api = terminal.until("2  /api  api  ");
    assert!(api.contains("ready in") && api.contains("python3 app.py"), "{api}");
    terminal.until("/health  → built-in health");
    terminal.until("q quit");
    assert_eq!(terminal.fetch("/x").text(), "GET /x");
    assert_eq!(terminal.fetch("/api/x").text(), "GET /x");
    assert_eq!(terminal.modes(), "keys silent");
    terminal.types("q");
    assert_eq!(terminal.end(), "0; terminal: same");
}

#[test]
fn a_stop_signal_and_ctrl_c_leave_the_terminal_as_it_was() {
    let mut terminal = at_terminal();
    terminal.signal("TERM");
    assert_eq!(terminal.end(), "0; terminal: same");
    let mut terminal = at_terminal();
    terminal.types("\u{3}");
    assert_eq!(terminal.end(), "0; terminal: same");
}

#[test]
fn a_window_that_is_closed_ends_it() {
    let mut terminal = at_terminal();
    terminal.hang_up();
    assert_eq!(terminal.end(), "0; terminal: gone");
}

#[test]
fn ctrl_z_gives_the_terminal_back_until_it_goes_on() {
    let mut terminal = at_terminal();
    terminal.types("\u{1a}");
    terminal.until("stopped");
    assert_eq!(terminal.until("modes: "), "modes: lines echo");
    terminal.signal("CONT");
    terminal.until("q quit");
    assert_eq!(terminal.modes(), "keys silent");
    terminal.types("q");
    assert_eq!(terminal.end(), "0; terminal: same");
}

#[test]
fn r_starts_one_app_anew_and_the_others_go_on() {
    let mut terminal = at_terminal();
    let pids = |terminal: &Terminal| ["/pid", "/api/pid"].map(|path| terminal.fetch(path).text().to_owned());
    let before = pids(&terminal);
    terminal.types("r");
    terminal.until("restart which app?");
    terminal.types("2");
    terminal.until("api: ready in");
    let after = pids(&terminal);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
}

#[test]
fn l_shows_the_log_of_one_app_and_a_resize_draws_anew() {
    let mut terminal = at_terminal();
    terminal.types("l2");
    terminal.until("only the log of api");
    let first = terminal.until("a word on stderr");
    assert!(first.contains("api"), "{first}");
    terminal.types("la");
    terminal.until("web: ready in");
    terminal.resize(20, 40);
    // Cut where the terminal ends.
    let line = terminal.until("onedoor 0.1.0");
    assert!(!line.contains("http://localhost"), "{line}");
}

#[test]
fn without_a_terminal_there_are_lines_for_people_and_no_table() {
    let door = two_apps().command(&["dev"]).start();
    door.line(Stream::Stderr, |line| line.contains("listens on 127.0.0.1:"));
    door.line(Stream::Stderr, |line| line.starts_with("onedoor │ api: ready in"));
    door.fetch("/api/x");
    door.line(Stream::Stdout, |line| line.starts_with("200 GET /api/x → api"));
    assert!(door.said(Stream::Stderr).iter().all(|line| !line.contains("\u{1b}[")));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_port_that_is_taken_is_no_end_unless_it_was_asked_for() {
    let first = two_apps().command(&["dev"]).start();
    let taken = first.port().to_string();
    let second = two_apps().command(&["dev"]).environment("PORT", &taken).launch();
    let told = second.line(Stream::Stderr, |line| line.contains(" listens on port"));
    assert!(told.contains(&format!(" dev) listens on port {taken}: this is port ")), "{told}");
    second.line(Stream::Stderr, |line| line.contains("listens on 127.0.0.1:"));
    assert_eq!(second.stop(), 0);
    let mut third = two_apps().command(&["dev", "--port", &taken]).launch();
    assert_eq!(third.exit_code(), 1);
    third.line(Stream::Stderr, |line| line.contains("onedoor dev) listens there already"));
}

#[test]
fn an_app_that_ends_waits_until_it_is_wanted_and_the_door_goes_on() {
    let door =
        Door::with("[apps]\nweb = \"python3 app.py\"\n").file("app.py", ECHO_PY).command(&["dev"]).start();
    let before = door.fetch("/pid").text().to_owned();
    door.fetch("/exit/3");
    door.line(Stream::Stderr, |line| line.contains("web: ended with exit code 3"));
    assert_eq!(door.fetch("/pid").status(), 503);
    // Not for the first request, which may be a page that asks again and again.
    loop {
        let answer = door.fetch("/pid");
        if answer.status() == 200 {
            assert_ne!(answer.text(), before);
            break;
        }
    }
}

const WATCHED: &str = r#"
[apps]
web = { dir = "web", run = "python3 app.py", path = "/" }
api = { dir = "api", run = "python3 app.py", path = "/api", strip = true }
"#;

/// Two apps, each in its folder.
fn watched(words: &[&str]) -> Door {
    let setting = Door::with(WATCHED);
    for app in ["web", "api"] {
        fs::create_dir_all(setting.path().join(app).join("node_modules")).expect("the test's own folder");
        fs::write(setting.path().join(app).join("app.py"), ECHO_PY).expect("the test's own folder");
    }
    setting.command(words).start()
}

fn pids(door: &Door) -> [String; 2] {
    ["/pid", "/api/pid"].map(|path| door.fetch(path).text().to_owned())
}

fn save(door: &Door, name: &str, text: &str) {
    fs::write(door.dir().join(name), text).expect("the test's own folder");
}

#[test]
fn a_saved_file_starts_its_app_anew_and_no_request_fails() {
    let door = watched(&["dev"]);
    let before = pids(&door);
    // As editors do: another file that takes the name.
    save(&door, "api/.app.py.swp", "scratch");
    save(&door, "api/new.py", &ECHO_PY.replace("unset", "changed"));
    fs::rename(door.dir().join("api/new.py"), door.dir().join("api/app.py")).expect("the test's own folder");
    let told = door.line(Stream::Stderr, |line| line.contains("changed, restarting"));
    assert!(told.ends_with("api: app.py changed, restarting"), "{told}");
    // It may be on its way out, or its successor be starting: whoever asks waits.
    assert_eq!(door.fetch("/api/environment/NOTHING").text(), "changed");
    let after = pids(&door);
    assert_eq!(after[0], before[0]);
    assert_ne!(after[1], before[1]);
    assert_eq!(door.said(Stream::Stderr).iter().filter(|line| line.contains("restarting")).count(), 1);
}

#[test]
fn what_tools_write_and_git_ignores_starts_nothing_and_a_new_folder_is_watched() {
    let door = watched(&["dev"]);
    let before = pids(&door);
    save(&door, ".gitignore", "*.generated\n");
    save(&door, "web/node_modules/index.js", "");
    save(&door, "web/a.generated", "");
    save(&door, "web/app.log", "");
    fs::create_dir(door.dir().join("web/lib")).expect("the test's own folder");
    save(&door, "web/lib/util.py", "");
    let told = door.line(Stream::Stderr, |line| line.contains("changed, restarting"));
    assert!(told.contains("web: lib"), "{told}");
    door.lines_until(2, Stream::Stderr, |line| line.contains("web: ready in"));
    save(&door, "web/lib/util.py", "more");
    door.line(Stream::Stderr, |line| line.contains("web: lib/util.py changed, restarting"));
    door.lines_until(3, Stream::Stderr, |line| line.contains("web: ready in"));
    let after = pids(&door);
    assert_ne!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
}

#[test]
fn a_mistake_in_the_file_is_told_and_the_mended_file_is_applied() {
    let door = watched(&["dev"]);
    let before = pids(&door);
    save(&door, "onedoor.toml", &WATCHED.replace("strip", "stripp"));
    door.line(Stream::Stderr, |line| line.contains("onedoor.toml changed, reading it again"));
    let told = door.line(Stream::Stderr, |line| line.contains("not reloaded"));
    assert!(told.contains("did you mean `strip`"), "{told}");
    assert_eq!(pids(&door), before);
    save(&door, "onedoor.toml", &format!("{WATCHED}[routes]\n\"/hello\" = {{ respond = \"hi\" }}\n"));
    door.line(Stream::Stderr, |line| line.contains("reloaded: no app changed"));
    assert_eq!(door.fetch("/hello").text(), "hi");
    assert_eq!(pids(&door), before);
}

#[test]
fn an_app_that_failed_is_started_when_its_file_is_mended() {
    let door = watched(&["dev"]);
    pids(&door);
    save(&door, "web/app.py", "raise SystemExit('half a thought')");
    door.line(Stream::Stderr, |line| line.contains("web: ended with exit code 1"));
    assert_eq!(door.fetch("/x").status(), 503);
    assert_eq!(door.fetch("/api/x").text(), "GET /x");
    save(&door, "web/app.py", ECHO_PY);
    door.lines_until(2, Stream::Stderr, |line| line.contains("web: app.py changed, restarting"));
    assert_eq!(door.fetch("/x").text(), "GET /x");
}

#[test]
fn nothing_is_watched_that_is_not_to_be() {
    let door = watched(&["dev", "--no-watch"]);
    let before = pids(&door);
    save(&door, "web/app.py", "");
    save(&door, "onedoor.toml", "");
    door.fetch("/exit/3");
    door.line(Stream::Stderr, |line| line.contains("web: ended with exit code 3"));
    assert_eq!(pids(&door)[1], before[1]);
    assert!(door.said(Stream::Stderr).iter().all(|line| !line.contains("changed, re")));
}

#[test]
fn the_profile_of_development_is_laid_over_the_file() {
    let file = format!(
        "{TWO_APPS}\"/which\" = {{ respond = \"served\" }}\n[profile.dev.routes]\n\"/which\" = {{ respond = \"developed\" }}\n"
    );
    let door = Door::with(&file).file("app.py", ECHO_PY).command(&["dev"]).start();
    assert_eq!(door.fetch("/which").text(), "developed");
}

/// One GET with these fields.
fn get(door: &Door, target: &str, fields: &str) -> Message {
    let mut wire = door.wire();
    wire.send(format!("GET {target} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n"));
    wire.response()
}

const BROWSER: &str = "Host: localhost\r\nAccept: text/html,*/*;q=0.8\r\n";

const FAILING: &str = r#"
import sys
print("\x1b[31mError: no <such> module\x1b[0m & \"more\"", file=sys.stderr)
sys.exit(3)
"#;

#[test]
fn an_app_that_failed_is_named_with_its_last_words_to_a_developer_alone() {
    let toml = "[apps.api]\nrun = \"python3 app.py\"\npath = \"/api\"\nessential = false\nwhile_down = { do = \"refuse\" }\n[apps.web]\nrun = \"python3 web.py\"\npath = \"/\"\n";
    let setting = || Door::with(toml).file("app.py", FAILING).file("web.py", ECHO_PY);
    let door = setting().command(&["dev"]).start();
    door.line(Stream::Stderr, |line| line.contains("api: ended with exit code 3"));
    let page = get(&door, "/api/x", BROWSER);
    assert_eq!((page.status(), page.field("Content-Type")), (503, Some("text/html; charset=utf-8")));
    assert_eq!(page.field("Cache-Control"), Some("no-store"));
    for part in [
        "api does not answer",
        "ended with exit code 3",
        "python3 app.py",
        "onedoor.toml:1",
        "Error: no &lt;such&gt; module &amp; &quot;more&quot;",
        "/.onedoor/app/api",
    ] {
        assert!(page.text().contains(part), "{part} in {}", page.text());
    }
    let text = get(&door, "/api/x", "Host: localhost\r\n");
    assert_eq!((text.status(), text.field("Content-Type")), (503, Some("text/plain; charset=utf-8")));
    assert!(text.text().contains("  Error: no <such> module & \"more\"\n"), "{}", text.text());
    let state = get(&door, "/.onedoor/app/api", "Host: localhost\r\n");
    assert_eq!((state.status(), state.text()), (503, "down\n"));
    assert_eq!(get(&door, "/.onedoor/app/web", "Host: localhost\r\n").status(), 200);

    let door = setting().start();
    door.line(Stream::Stderr, |line| line.contains("exit code 3"));
    let terse = get(&door, "/api/x", BROWSER);
    assert_eq!(terse.status(), 503);
    for part in ["module", "python3", "onedoor.toml", "script", "exit code"] {
        assert!(!terse.text().contains(part), "{part} in {}", terse.text());
    }
    assert_eq!(get(&door, "/.onedoor/app/web", "Host: localhost\r\n").text(), "GET /.onedoor/app/web");
}

#[test]
fn each_app_is_at_its_name_below_localhost_whatever_its_mount() {
    let mut file = TWO_APPS.replace("path = \"/api\"", "path = \"/api\", host = \"*.example.com\"");
    // What the file says itself stands.
    file.push_str("\"web.localhost/*\" = { respond = \"my own\" }\n");
    let door = Door::with(&file).file("app.py", ECHO_PY).command(&["dev"]).start();
    let at = |host: &str, path: &str| get(&door, path, &format!("Host: {host}\r\n"));
    assert_eq!(at("api.localhost:3000", "/a/b").text(), "GET /a/b");
    assert_eq!(at("web.localhost", "/a/b").text(), "my own");
    assert_eq!(at("localhost", "/a/b").text(), "GET /a/b");
    let nobody = at("apo.localhost", "/");
    assert_eq!(nobody.status(), 404);
    assert!(
        nobody.text().contains("  api.localhost\n  web.localhost\n")
            || nobody.text().contains("  web.localhost\n  api.localhost\n"),
        "{}",
        nobody.text()
    );
}

//! The promise: `onedoor dev` shows a developer how the apps are, does what a key says, and leaves the terminal as it
//! found it, however it ends.

use crate::kit::{Door, ECHO_PY, Setting, Stream, Terminal};

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
    let told = second.line(Stream::Stderr, |line| line.contains("something else listens on port"));
    assert!(told.contains(&taken), "{told}");
    second.line(Stream::Stderr, |line| line.contains("listens on 127.0.0.1:"));
    assert_eq!(second.stop(), 0);
    let mut third = two_apps().command(&["dev", "--port", &taken]).launch();
    assert_eq!(third.exit_code(), 1);
    third.line(Stream::Stderr, |line| line.contains("something else listens there already"));
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

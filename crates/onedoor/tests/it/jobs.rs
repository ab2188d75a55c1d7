//! The promise: a job at the start comes before whoever needs it, and its failure is the end; a cron job runs when it
//! is due, never beside itself, and its failure is a warning; a stop stops jobs as it stops apps.

use std::os::unix::fs::PermissionsExt as _;

use crate::kit::{Door, ECHO_PY, Stream};

const MIGRATED: &str = r#"
[apps]
web = { run = "python3 app.py", path = "/", needs = "migrate" }
[jobs]
migrate = { run = "sh migrate.sh", on = "start" }
"#;

/// Every second.
fn beating(more: &str) -> String {
    format!(
        "[jobs]\nbeat = {{ run = \"sh beat.sh\", on = \"cron * * * * * *\"{more} }}\n[routes]\n\"/x\" = {{ respond = \"x\" }}\n"
    )
}

/// Says so when it is asked to leave.
const POLITE: &str = "trap 'echo leaving; exit 0' TERM\necho tock\nsleep 1000 &\nwait\n";

fn has(word: &'static str) -> impl Fn(&str) -> bool {
    move |line| line.contains(word)
}

/// The place of the first line with `word` in it.
fn place(door: &Door, stream: Stream, word: &'static str) -> usize {
    door.said(stream).iter().position(|line| line.contains(word)).expect("it was said")
}

#[test]
fn an_app_is_started_when_the_job_it_needs_is_done() {
    let door = Door::with(MIGRATED)
        .file("app.py", ECHO_PY)
        .file("migrate.sh", "read line < gate\necho tables made\n")
        .gate("gate")
        .start();
    door.line(Stream::Stderr, has("waits for migrate"));
    door.open_gate("gate");
    // A request that came before is held, as for any app that starts.
    assert_eq!(door.fetch("/made").text(), "GET /made");
    assert!(place(&door, Stream::Stdout, "tables made") < place(&door, Stream::Stdout, "listening"));
    door.line(Stream::Stderr, has("done in"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_job_that_fails_at_the_start_ends_it_with_its_code_and_its_words_and_no_app_was_started() {
    let mut door = Door::with(MIGRATED)
        .file("app.py", ECHO_PY)
        .file("migrate.sh", "echo no such table >&2\nexit 7\n")
        .launch();
    assert_eq!(door.exit_code(), 7);
    door.line(Stream::Stderr, has("last words: no such table"));
    let end = door.line(Stream::Stderr, has("what needs it is not started; exit code 7"));
    assert!(end.contains("onedoor.toml:5: job \\\"migrate\\\" ended with exit code 7"), "{end}");
    assert!(!door.said(Stream::Stdout).iter().any(|line| line.contains("listening")));
}

#[test]
fn a_job_that_cannot_be_started_ends_the_start_with_the_code_of_a_shell() {
    let file = MIGRATED
        .replace("sh migrate.sh", "./migrate")
        .replace("on = \"start\"", "on = \"start\", needs = \"clean\"")
        + "clean = { run = \"rm migrate\", on = \"start\" }\n";
    let setting = Door::with(&file).file("app.py", ECHO_PY).file("migrate", "#!/bin/sh\n");
    // There when the file is checked, and gone when its turn comes.
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(setting.path().join("migrate"), executable).expect("it is the test's own");
    assert_eq!(setting.launch().exit_code(), 127);
}

#[test]
fn a_job_that_ends_with_a_code_of_its_success_list_is_done() {
    let file = MIGRATED.replace("on = \"start\"", "on = \"start\", success = [3]");
    let door =
        Door::with(&file).file("app.py", ECHO_PY).file("migrate.sh", "echo nothing to do\nexit 3\n").start();
    assert_eq!(door.fetch("/made").text(), "GET /made");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_job_that_takes_too_long_at_the_start_ends_it() {
    let file = MIGRATED.replace("on = \"start\"", "on = \"start\", max = \"100ms\"");
    let mut door = Door::with(&file).file("app.py", ECHO_PY).file("migrate.sh", POLITE).launch();
    assert_eq!(door.exit_code(), 1);
    door.line(Stream::Stderr, has("took longer than its `max` of 0.1 s"));
}

#[test]
fn a_cron_job_runs_again_and_again() {
    let door = Door::with(&beating("")).file("beat.sh", "echo tock\n").start();
    door.lines_until(2, Stream::Stdout, has("tock"));
    door.signal("USR1");
    door.line(Stream::Stderr, has("sh beat.sh; onedoor.toml:2"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_cron_job_that_fails_is_a_warning_and_runs_again() {
    let door = Door::with(&beating("")).file("beat.sh", "echo out of ink >&2\nexit 3\n").start();
    let failed = door.lines_until(2, Stream::Stderr, has("ended with exit code 3 after"));
    assert!(failed[0].contains("warn") && failed[0].contains("next run at"), "{}", failed[0]);
    door.line(Stream::Stderr, has("last words: out of ink"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_run_that_is_due_while_the_one_before_still_runs_is_skipped() {
    let door = Door::with(&beating(""))
        .file("beat.sh", "echo tock\nread line < gate\necho over\n")
        .gate("gate")
        .start();
    door.line(Stream::Stderr, has("this one is skipped"));
    door.open_gate("gate");
    door.lines_until(2, Stream::Stdout, has("tock"));
    let out = door.said(Stream::Stdout);
    let runs: Vec<&String> =
        out.iter().filter(|line| line.contains("tock") || line.contains("over")).collect();
    assert!(runs[0].contains("tock") && runs[1].contains("over") && runs[2].contains("tock"), "{runs:?}");
}

#[test]
fn one_run_waits_for_the_end_of_the_one_before_and_no_more_than_one() {
    let door = Door::with(&beating(", overlap = \"queue\""))
        .file("beat.sh", "echo tock\nread line < gate\necho over\n")
        .gate("gate")
        .start();
    door.line(Stream::Stderr, has("this one waits for its end"));
    door.line(Stream::Stderr, has("one waits already; this one is skipped"));
    assert_eq!(door.said(Stream::Stdout).iter().filter(|line| line.contains("tock")).count(), 1);
    door.open_gate("gate");
    door.lines_until(2, Stream::Stdout, has("tock"));
}

#[test]
fn a_run_is_ended_for_the_next_where_that_is_wanted() {
    let door = Door::with(&beating(", overlap = \"kill\"")).file("beat.sh", POLITE).start();
    door.lines_until(2, Stream::Stdout, has("tock"));
    let out = door.said(Stream::Stdout);
    let runs: Vec<&String> =
        out.iter().filter(|line| line.contains("tock") || line.contains("leaving")).collect();
    assert!(runs[0].contains("tock") && runs[1].contains("leaving") && runs[2].contains("tock"), "{runs:?}");
}

#[test]
fn a_stop_ends_the_run_under_way_and_leaves_nobody() {
    let mut door = Door::with(&beating("")).file("beat.sh", POLITE).start();
    door.line(Stream::Stdout, has("tock"));
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    door.line(Stream::Stdout, has("leaving"));
    door.line(Stream::Stderr, has("every app has ended"));
}

#[test]
fn a_stop_during_a_job_of_the_start_is_no_failure() {
    let mut door = Door::with(MIGRATED).file("app.py", ECHO_PY).file("migrate.sh", POLITE).start();
    door.line(Stream::Stdout, has("tock"));
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    assert!(!door.said(Stream::Stdout).iter().any(|line| line.contains("listening")));
}

#[test]
fn what_a_run_leaves_running_is_ended() {
    let door = Door::with(MIGRATED)
        .file("app.py", ECHO_PY)
        .file("migrate.sh", "trap '' TERM\nsleep 1000 > /dev/null 2>&1 &\n")
        .start();
    door.line(Stream::Stderr, has("left 1 process running, killed now"));
    assert_eq!(door.fetch("/x").status(), 200);
}

#[test]
fn a_run_is_stopped_before_the_app_that_its_job_needs() {
    let file = "[apps]\nqueue = { run = \"sh queue.sh\" }\n".to_owned() + &beating(", needs = \"queue\"");
    let queue = POLITE.replace("leaving", "closed").replace("tock", "open");
    let mut door = Door::with(&file).file("queue.sh", queue).file("beat.sh", POLITE).start();
    door.line(Stream::Stdout, has("tock"));
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    assert!(place(&door, Stream::Stdout, "leaving") < place(&door, Stream::Stdout, "closed"));
}

//! The promise: onedoor is a proper PID 1: it hears signals that have no default there, reaps every orphan, and leaves
//! last.

use crate::kit::{Door, ECHO_PY, Stream, start_as_pid1};

const WEB: &str = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";

#[test]
fn as_pid_1_it_serves_hears_term_and_exits_0() {
    let Some(mut door) = start_as_pid1(Door::with(WEB).file("app.py", ECHO_PY)) else { return };
    assert_eq!(door.fetch("/x").text(), "GET /x");
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
}

#[test]
fn as_pid_1_it_hears_int_too() {
    let Some(mut door) = start_as_pid1(Door::with(WEB).file("app.py", ECHO_PY)) else { return };
    assert_eq!(door.fetch("/x").status(), 200);
    door.signal("INT");
    assert_eq!(door.exit_code(), 0);
}

/// At each request for `/orphan` a process is left behind by its parent, in a session of its own, and ends.
fn leaves_orphans() -> String {
    ECHO_PY.replace(
        "        if words[1] == \"pid\":",
        "        if words[1] == \"orphan\":\n            import subprocess\n            text = subprocess.run([\"sh\", \"-c\", \"setsid sh -c 'exit 0' & echo $!\"], capture_output=True, text=True).stdout.strip()\n        elif words[1] == \"pid\":",
    )
}

#[test]
fn as_pid_1_it_reaps_orphans() {
    let Some(door) = start_as_pid1(Door::with(WEB).file("app.py", leaves_orphans())) else { return };
    for _ in 0..20 {
        door.fetch("/orphan/x").text().parse::<u32>().unwrap();
    }
    reaps_to_the_last(&door);
}

#[test]
fn as_a_subreaper_it_reaps_orphans_without_being_pid_1() {
    let door = Door::with(WEB).file("app.py", leaves_orphans()).start();
    for _ in 0..20 {
        door.fetch("/orphan/x").text().parse::<u32>().unwrap();
    }
    reaps_to_the_last(&door);
}

/// A request for `/thousand` leaves a thousand processes behind, forked twice and in sessions of their own, that end a
/// moment later.
fn leaves_a_thousand() -> String {
    ECHO_PY.replace(
        "        if words[1] == \"pid\":",
        r#"        if words[1] == "thousand":
            import os, time
            for _ in range(1000):
                child = os.fork()
                if child == 0:
                    os.setsid()
                    if os.fork() == 0:
                        time.sleep(0.2)
                    os._exit(0)
                os.waitpid(child, 0)
            text = "left"
        elif words[1] == "pid":"#,
    )
}

#[test]
fn as_pid_1_a_thousand_orphans_leave_no_zombie() {
    let Some(door) = start_as_pid1(Door::with(WEB).file("app.py", leaves_a_thousand())) else { return };
    assert_eq!(door.fetch("/thousand").text(), "left");
    reaps_to_the_last(&door);
}

#[test]
fn as_a_subreaper_a_thousand_orphans_leave_no_zombie() {
    let door = Door::with(WEB).file("app.py", leaves_a_thousand()).start();
    assert_eq!(door.fetch("/thousand").text(), "left");
    reaps_to_the_last(&door);
}

/// Waits until the door has no child left but its app.
fn reaps_to_the_last(door: &Door) {
    let deadline = std::time::Instant::now() + crate::kit::GUARD;
    loop {
        let children: usize = std::fs::read_dir(format!("/proc/{}/task", door.pid()))
            .expect("the door is alive")
            .map_while(Result::ok)
            .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default())
            .map(|children| children.split_whitespace().count())
            .sum();
        if children == 1 {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{children} children are left");
        std::thread::yield_now();
    }
}

#[test]
fn as_pid_1_it_restarts_an_app_that_was_killed() {
    let Some(door) = start_as_pid1(Door::with(WEB).file("app.py", ECHO_PY)) else { return };
    let first = door.fetch("/pid").text().to_owned();
    let mut client = door.wire();
    client.send("POST /kill HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().status(), 502);
    assert_ne!(door.fetch("/pid").text(), first);
    door.line(Stream::Stderr, |line| line.contains("web"));
}

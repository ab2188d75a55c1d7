//! The promise: one command is run as init runs it, one app as the door runs it, and one command is served without a
//! file; and the doctor says what this place allows.

use std::fs;

use crate::kit::{
    Door, ECHO_PY, binary, run_onedoor, run_program, start_program, without_newer_calls, without_splice,
};

fn exec(words: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let arguments = [&["exec", "--"], words].concat();
    let output = run_onedoor(folder.path(), &arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is said is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_commands_exit_code_is_that_of_exec() {
    for (script, code) in
        [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -KILL $$", 137), ("kill -TERM $$", 143)]
    {
        assert_eq!(exec(&["sh", "-c", script]).0, Some(code), "{script}");
    }
    assert_eq!(exec(&["no-such-program"]).0, Some(127));
    assert_eq!(exec(&["/etc/passwd"]).0, Some(126));
}

#[test]
fn a_command_has_our_streams_its_own_group_and_the_signals_as_they_are_by_nature() {
    let script = "echo out; echo err >&2; test $(ps -o pgid= -p $$) = $$ && echo leads; grep SigBlk /proc/self/status; grep SigIgn /proc/self/status";
    let (code, out, err) = exec(&["sh", "-c", script]);
    assert_eq!((code, err.as_str()), (Some(0), "err\n"));
    assert_eq!(out, "out\nleads\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

#[test]
fn signals_reach_the_commands_group() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let onedoor = binary().display().to_string();
    for (signal, code) in [("TERM", "7"), ("INT", "8"), ("HUP", "9"), ("USR1", "10"), ("WINCH", "11")] {
        let script = format!("trap 'exit {code}' {signal}; echo $PPID; while true; do sleep 0.01; done");
        let around = format!("{onedoor} exec -- sh -c \"$1\"; echo $?");
        let running = start_program(folder.path(), "sh", &["-c", &around, "sh", &script]);
        let door = running.line();
        crate::kit::signal(door.trim().parse().expect("a number"), signal);
        assert_eq!(running.line().trim(), code, "{signal}");
    }
}

#[test]
fn whoever_the_command_leaves_behind_is_asked_to_go_and_reaped() {
    let daemon = "setsid sh -c 'trap \"echo asked > asked; exit\" TERM; echo $$ > pid; while true; do sleep 0.01; done' & while ! test -s pid; do sleep 0.01; done; exit 5";
    let folder = tempfile::tempdir().expect("a folder can be made");
    let output = run_onedoor(folder.path(), &["exec", "--", "sh", "-c", daemon]);
    assert_eq!(output.status.code(), Some(5));
    let pid = fs::read_to_string(folder.path().join("pid")).expect("the daemon wrote it");
    assert!(!fs::exists(format!("/proc/{}", pid.trim())).expect("/proc can be read"));
    assert_eq!(fs::read_to_string(folder.path().join("asked")).expect("it was asked"), "asked\n");
}

#[test]
fn as_pid_1_exec_reaps_orphans_and_passes_the_code_on() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let onedoor = binary().display().to_string();
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !run_program(folder.path(), "unshare", &[&unshare[..], &["true"]].concat()).status.success() {
        eprintln!("SKIPPED: this machine does not let us make a PID namespace");
        return;
    }
    let script = "for n in 1 2 3 4 5 6 7 8; do (setsid sh -c 'exit 0' &) ; done; sleep 0.3; ps -eo stat= | grep -c Z; exit 6";
    let words = [&unshare[..], &[&onedoor, "exec", "--", "sh", "-c", script]].concat();
    let output = run_program(folder.path(), "unshare", &words);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
}

#[test]
fn an_app_or_a_job_is_run_alone_with_what_it_has_under_the_door() {
    let file = r#"
[apps.web]
run = "sh -c 'echo $PORT-$LEVEL-$PREFIX-$(pwd); exit 4'"
path = "/web"
env = { LEVEL = "two" }
[jobs.migrate]
run = "echo migrated"
on = "start"
"#;
    let setting = Door::with(file);
    let web = run_onedoor(setting.path(), &["run", "web"]);
    let out = String::from_utf8(web.stdout).expect("UTF-8");
    let here = setting.path().canonicalize().expect("it is there");
    assert!(out.trim().ends_with(&format!("-two-/web-{}", here.display())), "{out}");
    let (port, _) = out.split_once('-').expect("a port comes first");
    assert!(String::from_utf8_lossy(&web.stderr).contains(&format!("web is told PORT={port}")));
    assert_eq!(web.status.code(), Some(4));
    let job = run_onedoor(setting.path(), &["run", "migrate"]);
    assert_eq!((job.status.code(), String::from_utf8_lossy(&job.stdout).as_ref()), (Some(0), "migrated\n"));
    let nobody = run_onedoor(setting.path(), &["run", "wbe"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("did you mean \"web\"?"));
}

#[test]
fn a_command_is_served_at_the_root_without_a_file() {
    let setting = Door::with("").file("app.py", ECHO_PY);
    fs::remove_file(setting.path().join("onedoor.toml")).expect("the kit wrote it");
    let door = setting.command(&["--", "python3", "app.py"]).start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_ne!(door.fetch("/environment/PORT").text(), door.port().to_string());
    assert_eq!(door.stop(), 0);
}

#[test]
fn the_doctor_says_what_there_is_and_what_is_done_instead() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let table = run_onedoor(folder.path(), &["doctor"]);
    assert_eq!(table.status.code(), Some(0));
    let text = String::from_utf8(table.stdout).expect("UTF-8");
    for what in [
        "door",
        "init",
        "sockets",
        "limits",
        "memory",
        "processes",
        "CPUs",
        "files",
        "sandbox",
        "calls",
        "IPv6",
        "platform",
    ] {
        assert!(text.contains(what), "{what} is missing:\n{text}");
    }
    let json = run_onedoor(folder.path(), &["doctor", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&json.stdout).expect("it is JSON");
    assert!(list.as_array().expect("a list").iter().all(|finding| finding["state"].is_string()));
}

fn diagnosed(output: std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// As by `docker exec`: the doctor is a process beside the door.
#[test]
fn the_doctor_looks_at_the_door_that_runs_and_not_at_itself() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";
    let setting = Door::with(file).file("app.py", ECHO_PY).environment("K_SERVICE", "zoo");
    let door = setting.with_descriptors(1500).start();
    let text = diagnosed(run_onedoor(door.dir(), &["doctor"]));
    for word in [
        format!("runs as process {} ", door.pid()),
        format!("PID {}, not 1 ", door.pid()),
        "1500 open files (hard limit 1500)".to_owned(),
        "Cloud Run".to_owned(),
    ] {
        assert!(text.contains(&word), "{word:?} is missing:\n{text}");
    }
    let dir = door.dir().to_owned();
    let elsewhere = tempfile::tempdir().expect("a folder can be made");
    assert!(diagnosed(run_onedoor(elsewhere.path(), &["doctor"])).contains("none runs here"));
    let named = diagnosed(run_onedoor(
        elsewhere.path(),
        &["doctor", "-f", &dir.join("onedoor.toml").to_string_lossy()],
    ));
    assert!(named.contains("runs as process"), "{named}");
}

#[test]
fn the_doctor_names_the_system_calls_that_a_filter_refuses() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";
    let Some(setting) = without_splice(Door::with(file).file("app.py", ECHO_PY)) else { return };
    let (around, dir) = (setting.around().to_vec(), setting.path().to_owned());
    let inside = |arguments: &[&str]| {
        let onedoor = binary();
        let onedoor = onedoor.to_string_lossy();
        let words: Vec<&str> =
            around.iter().map(String::as_str).chain([&*onedoor]).chain(arguments.iter().copied()).collect();
        diagnosed(run_program(&dir, words[0], &words[1..]))
    };
    let refused = "splice refused (EPERM)";
    let text = inside(&["doctor"]);
    assert!(text.contains(refused) && text.contains("copied through memory"), "{text}");
    let door = setting.start();
    let text = inside(&["doctor"]);
    assert!(text.contains(refused) && text.contains("what follows is about it"), "{text}");
    let text = diagnosed(run_onedoor(door.dir(), &["doctor"]));
    assert!(!text.contains(refused) && text.contains("outside of its sandbox"), "{text}");
}

/// A read-only root, nothing writable but /tmp, no rights and no new ones, no control groups: the same file.
#[test]
fn the_same_file_works_as_nobody_with_nothing_but_tmp() {
    let file = "[apps]\nweb = { run = \"/usr/bin/python3 app.py\", path = \"/\", limits = { memory = \"512MiB\" } }\n";
    let setting = Door::with(file).file("app.py", ECHO_PY);
    let is_root =
        std::os::unix::fs::MetadataExt::uid(&fs::metadata(setting.path()).expect("it is there")) == 0;
    if !is_root || !fs::exists("/usr/bin/setpriv").unwrap_or(false) {
        eprintln!("SKIPPED: only root can become nobody");
        return;
    }
    fs::set_permissions(setting.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("our folder");
    let poor = "mount -t tmpfs -o ro none /sys/fs/cgroup && mount --bind /tmp /tmp && mount -o remount,bind,ro / && exec setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs \"$@\"";
    let around = ["unshare", "--mount", "--fork", "sh", "-c", poor, "sh"];
    let door = setting.inside(&around).start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_filter_that_does_not_know_newer_calls_changes_nothing() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", replicas = 2, user = \"nobody\" }\n";
    // As root it also changes rights; as anybody else the file is simpler.
    let file = if std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").expect("/proc")) == 0 {
        file.replace("python3", "/usr/bin/python3")
    } else {
        file.replace(", user = \"nobody\"", "")
    };
    let Some(setting) = without_newer_calls(Door::with(&file).file("app.py", ECHO_PY)) else { return };
    fs::set_permissions(setting.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("our folder");
    let door = setting.start();
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_eq!(run_onedoor(door.dir(), &["restart", "web"]).status.code(), Some(0));
    assert_eq!(door.fetch("/x").text(), "GET /x");
    assert_eq!(door.stop(), 0);
}

//! The promise: a secret that a command tells is asked for at each start, reaches its app alone, and is shown nowhere.

use std::fs;

use crate::kit::{Door, ECHO_PY, Setting, Stream, run_onedoor};

/// `web` has what `vault.sh` tells, `api` has not.
fn door(vault: &str) -> Setting {
    let file = r#"
[admin]
socket = "control.sock"
[apps.web]
run = "python3 app.py $TOKEN"
path = "/"
secrets = { TOKEN = "cmd:sh vault.sh '${REALM:-some} realm'" }
restart = { backoff = "100ms..100ms" }
[apps.api]
run = "python3 app.py"
path = "/api"
strip = true
inherit_env = ["PATH"]
"#;
    let setting = Door::with(file).file("app.py", ECHO_PY).file("vault.sh", vault);
    setting.environment("VAULT_TOKEN", "opens-the-vault")
}

fn seen(door: &Door, name: &str) -> String {
    door.fetch(&format!("/environment/{name}")).text().to_owned()
}

#[test]
fn a_secret_is_asked_for_at_each_start_and_known_to_its_app_alone() {
    let door = door("echo \"$1, $VAULT_TOKEN, $(cat turn)\"").file("turn", "first").start();
    assert_eq!(seen(&door, "TOKEN"), "some realm, opens-the-vault, first");
    assert_eq!(door.fetch("/api/environment/TOKEN").text(), "unset");
    assert_eq!(door.fetch("/api/environment/VAULT_TOKEN").text(), "unset");
    let pid = door.fetch("/pid").text().to_owned();
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("the app runs");
    assert!(command.contains("app.py\0some realm, opens-the-vault, first\0"), "{command:?}");

    fs::write(door.dir().join("turn"), "second").expect("the test's folder can be written");
    assert_eq!(seen(&door, "TOKEN"), "some realm, opens-the-vault, first");
    assert_eq!(run_onedoor(door.dir(), &["restart", "web"]).status.code(), Some(0));
    assert_eq!(seen(&door, "TOKEN"), "some realm, opens-the-vault, second");
    let ours = fs::read(format!("/proc/{}/environ", door.pid())).expect("the door runs");
    assert!(!String::from_utf8_lossy(&ours).contains("second"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_start_whose_command_fails_is_tried_again_until_it_tells() {
    let vault = "test -e unsealed && echo t0k3n && exit; echo t0k3n; echo 'sealed, t0k3n' >&2; exit 2";
    let door = door(vault).launch();
    let said = "onedoor.toml:4: app \\\"web\\\" cannot be started: its secret TOKEN: `sh` ended with exit code 2: sealed, •••; run its command by hand";
    door.lines_until(2, Stream::Stderr, |line| line.contains(said) && line.contains("next start in"));
    fs::write(door.dir().join("unsealed"), "").expect("the test's folder can be written");
    assert_eq!(seen(&door, "TOKEN"), "t0k3n");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_stop_does_not_wait_for_a_command_that_never_ends() {
    let door =
        door("echo $$ > pid.new; mv pid.new pid; read line < gate; exec sleep 600").gate("gate").launch();
    door.open_gate("gate");
    let pid = fs::read_to_string(door.dir().join("pid")).expect("it wrote it before the gate");
    assert_eq!(door.stop(), 0);
    assert!(!fs::exists(format!("/proc/{}", pid.trim())).expect("/proc can be read"));
}

#[test]
fn a_program_that_is_not_there_is_a_mistake_and_none_of_the_arguments_is_shown() {
    let file = "[apps.web]\nrun = \"true\"\nsecrets = { A = \"cmd:no-such-vault ${KEY}\", B = \"cmd:./vault.sh\" }\n";
    let setting = Door::with(file).file("vault.sh", "").environment("KEY", "opens-the-vault");
    let mut door = setting.command(&["check"]).launch();
    door.line(Stream::Stderr, |line| line.contains("program `no-such-vault` was not found"));
    door.line(Stream::Stderr, |line| line.contains("vault.sh` may not be executed"));
    assert_eq!(door.exit_code(), 2);
    assert!(!door.said(Stream::Stderr).iter().any(|line| line.contains("opens-the-vault")));
}

#[test]
fn check_runs_no_command() {
    let door = door("touch asked; echo t0k3n");
    assert_eq!(run_onedoor(door.path(), &["check"]).status.code(), Some(0));
    assert!(!door.path().join("asked").exists());
}

#[test]
fn jobs_and_apps_by_themselves_have_secrets_as_well() {
    let file = r#"
[jobs.migrate]
run = "sh -c 'echo $TOKEN > told'"
on = "start"
secrets = { TOKEN = "cmd:sh vault.sh" }
[apps.web]
run = "python3 app.py"
path = "/"
needs = ["migrate"]
"#;
    let setting = Door::with(file).file("app.py", ECHO_PY);
    let setting = setting.file("vault.sh", "echo 'about to tell t0k3n' >&2; echo t0k3n");
    let output = run_onedoor(setting.path(), &["run", "migrate"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    assert_eq!(talk, "onedoor: migrate: its secret TOKEN: `sh` says: about to tell •••\n");
    let told = setting.path().join("told");
    assert_eq!(fs::read_to_string(&told).expect("the job wrote it"), "t0k3n\n");
    fs::remove_file(&told).expect("it is there");

    let door = setting.start();
    assert_eq!(door.fetch("/").status(), 200);
    assert_eq!(fs::read_to_string(&told).expect("the job wrote it"), "t0k3n\n");
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_app_by_itself_whose_secret_cannot_be_had_is_not_run() {
    let setting = door("echo t0k3n; echo no t0k3n today >&2; exit 1");
    let output = run_onedoor(setting.path(), &["run", "web"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        talk.contains("onedoor.toml:4: web: its secret TOKEN: `sh` ended with exit code 1: no ••• today"),
        "{talk}"
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(!talk.contains("t0k3n"), "{talk}");
}

#[test]
fn the_end_of_a_start_job_that_has_no_secret_says_so() {
    let file = "[jobs.migrate]\nrun = \"true\"\non = \"start\"\nsecrets = { TOKEN = \"cmd:true\" }\n[apps.web]\nrun = \"true\"\nneeds = [\"migrate\"]\n";
    let mut door = Door::with(file).launch();
    door.line(Stream::Stderr, |line| {
        line.contains(
            "job \\\"migrate\\\" cannot be started: its secret TOKEN: `true` ended well and printed nothing",
        )
    });
    assert_eq!(door.exit_code(), 1);
}

//! The promise: an app is who the file says, has no more than the file says, and knows only its own secrets.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use crate::kit::{Door, ECHO_PY, Setting, Stream, binary, run_onedoor, run_program};

/// Whether this test may do what takes root; says so if not.
fn are_root(setting: &Setting) -> bool {
    let are = fs::metadata(setting.path()).expect("the test's own folder").uid() == 0;
    if !are {
        eprintln!("SKIPPED: only root can start an app as another user");
    }
    are
}

/// Another user must be able to enter the folder.
fn open_to_all(setting: Setting) -> Setting {
    fs::set_permissions(setting.path(), fs::Permissions::from_mode(0o755)).expect("the test's own folder");
    setting
}

const WHO: &str = "import os, sys
print('I am', os.getuid(), os.getgid(), os.environ['HOME'], os.environ['USER'])
open('/dev/stdout', 'w').write('opened by its name\\n')
sys.stdout.flush()
";

#[test]
fn an_app_is_the_user_it_is_to_be_and_is_reached_on_a_socket_of_its_own() {
    let file = "[apps]\nweb = { run = \"/usr/bin/python3 app.py\", path = \"/\", user = \"nobody\" }\n";
    let setting = Door::with(file).file("app.py", format!("{WHO}{ECHO_PY}"));
    if !are_root(&setting) {
        return;
    }
    let door = open_to_all(setting).start();
    door.line(Stream::Stdout, |line| line.contains("I am 65534 65534 /nonexistent nobody"));
    door.line(Stream::Stdout, |line| line.contains("opened by its name"));
    assert_eq!(door.fetch("/x").status(), 200);
    assert_eq!(door.stop(), 0);
}

#[test]
fn another_users_unix_socket_is_its_own_and_reached_all_the_same() {
    let node =
        "require('http').createServer((q, s) => s.end(String(process.getuid()))).listen(process.env.SOCKET)";
    let file =
        "[apps]\nweb = { run = \"node app.js\", path = \"/\", socket = true, user = 4711, group = 4712 }\n";
    let setting = Door::with(file).file("app.js", node);
    if !are_root(&setting) {
        return;
    }
    let door = open_to_all(setting).start();
    assert_eq!(door.fetch("/").text(), "4711");
}

#[test]
fn a_user_that_is_not_there_is_said_with_the_one_that_was_meant() {
    let setting = Door::with("[apps]\nweb = { run = \"true\", path = \"/\", user = \"nobdy\" }\n");
    let output = run_onedoor(setting.path(), &["check"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("did you mean \"nobody\"?"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn who_is_not_root_can_start_no_app_as_somebody_else() {
    let setting = Door::with("[apps]\nweb = { run = \"true\", path = \"/\", user = \"nobody\" }\n");
    if !are_root(&setting) {
        return;
    }
    let setting = open_to_all(setting);
    let onedoor = binary().display().to_string();
    let drop = ["--reuid", "4711", "--regid", "4711", "--clear-groups", &onedoor, "check"];
    let output = run_program(setting.path(), "setpriv", &drop);
    let text = String::from_utf8(output.stderr).expect("onedoor writes UTF-8");
    let fact = "only root can start it as somebody else, and onedoor runs as user 4711";
    assert!(text.contains(fact), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_apps_files_are_counted() {
    let run = "ulimit -n; ulimit -Hn; exec python3 app.py";
    let file = format!("[apps]\nweb = {{ run = \"{run}\", path = \"/\", limits = {{ files = 77 }} }}\n");
    let door = Door::with(&file).file("app.py", ECHO_PY).start();
    door.lines_until(2, Stream::Stdout, |line| line.contains("\"message\":\"77\""));
}

const HUNGRY: &str = "import time
hoard = []
for _ in range(120):
    hoard.append(b'x' * (1 << 20))
print('is full', flush=True)
time.sleep(600)
";

#[test]
fn an_app_in_a_control_group_of_its_own_is_held_to_its_memory_and_its_end_told_with_the_figures() {
    let trials = ["/sys/fs/cgroup/memory/onedoor-trial", "/sys/fs/cgroup/onedoor-trial"];
    if !trials.iter().any(|trial| fs::create_dir(trial).and_then(|()| fs::remove_dir(trial)).is_ok()) {
        eprintln!("SKIPPED: no control group can be made here");
        return;
    }
    let file = "[apps]\nweb = { run = \"python3 app.py\", limits = { memory = \"64MiB\" }, restart = { when = \"never\" } }\n";
    let mut door = Door::with(file).file("app.py", HUNGRY).launch();
    door.line(Stream::Stderr, |line| {
        line.contains("memory ran out (it may use 64 MiB)") && line.contains("raise limits.memory")
    });
    assert_eq!(door.exit_code(), 137);
    let groups = fs::read_dir("/sys/fs/cgroup/memory").into_iter().flatten().flatten();
    let ours = format!("onedoor-{}-", door.pid());
    let left: Vec<_> =
        groups.filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Nothing can be made in an empty folder that is mounted read-only.
const WITHOUT_GROUPS: &[&str] = &[
    "unshare",
    "--mount",
    "--fork",
    "sh",
    "-c",
    "mount -t tmpfs -o ro none /sys/fs/cgroup && exec \"$@\"",
    "sh",
];

#[test]
fn without_control_groups_an_app_that_outgrows_its_memory_is_replaced_and_no_request_is_lost() {
    let app = ECHO_PY.replace(
        "words = self.path.split",
        "if self.path == '/eat':\n            hoard.append(b'x' * (100 << 20))\n        words = self.path.split",
    );
    let app = format!("hoard = []\n{app}");
    let limits = "limits = { memory = \"64MiB\", cpu = 0.5 }";
    let file = format!("[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", {limits} }}\n");
    let setting = Door::with(&file).file("app.py", app).inside(WITHOUT_GROUPS);
    if !are_root(&setting) {
        return;
    }
    let door = setting.start();
    door.line(Stream::Stderr, |line| {
        line.contains("no control group can be made") && line.contains("limits.memory")
    });
    door.line(Stream::Stderr, |line| line.contains("limits.cpu") && line.contains("runs on 1 CPU"));
    let first = door.fetch("/pid").text().to_owned();
    assert_eq!(door.fetch("/eat").status(), 200);
    door.line(Stream::Stderr, |line| line.contains("may use 64 MiB (limits.memory); it is replaced"));
    while door.fetch("/pid").text() == first {}
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_job_that_outgrows_its_memory_is_ended() {
    let file =
        "[jobs]\nfill = { run = \"python3 app.py\", on = \"start\", limits = { memory = \"64MiB\" } }\n";
    let setting = Door::with(file).file("app.py", HUNGRY).inside(WITHOUT_GROUPS);
    if !are_root(&setting) {
        return;
    }
    let mut door = setting.launch();
    door.line(Stream::Stderr, |line| line.contains("(limits.memory) and was ended"));
    assert_eq!(door.exit_code(), 1);
}

#[test]
fn an_app_knows_its_own_secrets_and_nobody_elses_and_no_output_shows_one() {
    let file = r#"
[apps.web]
run = "python3 app.py"
path = "/"
secrets = { TOKEN = "file:token", KEY = "env:STRIPE", MAIL = "env:MAIL" }
env_file = ".env"
env = { LEVEL = "own" }
[apps.api]
run = "python3 app.py"
path = "/api"
strip = true
"#;
    let setting = Door::with(file)
        .file("app.py", ECHO_PY)
        .file("token", "t0k3n-hidden\n")
        .file("mail", "m41l-hidden")
        .file(".env", "# a comment\nexport COLOUR='dark blue'\nLEVEL=dotenv\nPORT=1\n")
        .environment("STRIPE", "str1p3-hidden");
    let mail = setting.path().join("mail").display().to_string();
    let door = setting.environment("MAIL_FILE", &mail).start();
    let seen = |target: &str| door.fetch(target).text().to_owned();
    assert_eq!(seen("/environment/TOKEN"), "t0k3n-hidden");
    assert_eq!(seen("/environment/KEY"), "str1p3-hidden");
    assert_eq!(seen("/environment/MAIL"), "m41l-hidden");
    assert_eq!(seen("/environment/COLOUR"), "dark blue");
    assert_eq!(seen("/environment/LEVEL"), "own");
    assert_ne!(seen("/environment/PORT"), "1");
    for name in ["TOKEN", "KEY", "MAIL", "STRIPE", "MAIL_FILE", "COLOUR"] {
        assert_eq!(seen(&format!("/api/environment/{name}")), "unset", "{name}");
    }
    let logged = [door.said(Stream::Stdout), door.said(Stream::Stderr)].concat();
    assert!(!logged.iter().any(|text| text.contains("-hidden")), "{logged:?}");
}

#[test]
fn secrets_that_cannot_be_are_mistakes_that_do_not_repeat_them() {
    let file = r#"
[apps.web]
run = "true"
path = "/"
secrets = { A = "hunter2", B = "env:NOT_THERE", C = "file:/nowhere", D = "env:BOTH" }
"#;
    let setting = Door::with(file).environment("BOTH", "1").environment("BOTH_FILE", "/x");
    let mut door = setting.launch();
    for fact in [
        "does not say where the secret is kept",
        "neither NOT_THERE nor NOT_THERE_FILE is set",
        "/nowhere cannot be read",
        "both BOTH and BOTH_FILE are set",
    ] {
        door.line(Stream::Stderr, |line| line.contains(fact));
    }
    assert_eq!(door.exit_code(), 2);
}

//! The promise: a secret that a command tells is asked for at each start, and a secret of any kind reaches its app alone and
//! is shown nowhere.

use std::fs;

use crate::kit::{Door, ECHO_PY, Setting, Stream, binary, run_onedoor, run_program};

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
    assert!(talk.ends_with("onedoor: migrate: its secret TOKEN: `sh` says: about to tell •••\n"), "{talk}");
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

/// Every kind of secret, each with a value that is found wherever it is shown; apps that print theirs in every way.
const TALKATIVE: &str = r#"
[admin]
socket = "control.sock"
[apps.web]
run = "python3 app.py $FROM_FILE"
path = "/"
env_file = ".env"
[apps.web.secrets]
FROM_FILE = "file:key.pem"
FROM_ENV = "env:KEY"
FROM_NAMED = "env:NAMED"
FROM_COMMAND = "cmd:sh vault.sh hunter2-argument"
[apps.sealed]
run = "python3 app.py"
path = "/sealed"
while_down = { do = "refuse" }
secrets = { TOKEN = "cmd:sh vault.sh sealed" }
restart = { backoff = "100ms..1s", give_up = "never" }
[apps.crashing]
run = "sh -c 'echo my $TOKEN; echo failed with \"$TOKEN\" >&2; exit 3'"
path = "/crashing"
while_down = { do = "refuse" }
secrets = { TOKEN = "env:KEY" }
restart = { backoff = "100ms..1s", give_up = "never" }
[apps.probed]
run = "python3 app.py"
path = "/probed"
while_down = { do = "refuse" }
ready = { exec = "sh -c 'echo not ready with $TOKEN >&2; exit 1'", every = "100ms" }
start_timeout = "1s"
secrets = { TOKEN = "cmd:sh vault.sh ok" }
[jobs.migrate]
run = "sh -c 'echo migrated with $TOKEN'"
on = "start"
secrets = { TOKEN = "cmd:sh vault.sh ok" }
[jobs.quiet]
run = "sh -c 'test -n \"$TOKEN\"'"
on = "cron 0 0 1 1 *"
secrets = { TOKEN = "cmd:sh vault.sh ok" }
[routes]
"/metrics" = { builtin = "metrics" }
"/ready" = { builtin = "ready" }
"#;

const VAULT: &str = "echo asked for hunter2-by-command >&2
echo hunter2-by-command
test $1 != sealed || { echo no hunter2-by-command for you >&2; exit 4; }";

/// Prints what it knows: whole, in the middle of a line, as a traceback would, and bit by bit.
const TELLTALE: &str = "import os, sys, time
if 'FROM_FILE' in os.environ:
    print(dict(os.environ), flush=True)
    print(os.environ['FROM_FILE'], file=sys.stderr, flush=True)
    print('x' * 16377 + os.environ['FROM_ENV'], flush=True)
    sys.stderr.write('Password: ' + os.environ['FROM_COMMAND'][:9])
    sys.stderr.flush()
    time.sleep(1.2)
    print(os.environ['FROM_COMMAND'][9:], file=sys.stderr, flush=True)
    print('all told', flush=True)
";

fn talkative() -> Setting {
    let setting = Door::with(TALKATIVE)
        .file("app.py", format!("{TELLTALE}{ECHO_PY}"))
        .file("vault.sh", VAULT)
        .file("key.pem", "-----BEGIN-----\nhunter2-by-file\nhunter2-by-the-file\n-----END-----\n")
        .file("named", "hunter2-by-name\n")
        .file(".env", "COLOUR=blue\n")
        .environment("KEY", "hunter2-by-variable");
    let named = setting.path().join("named").display().to_string();
    setting.environment("NAMED_FILE", &named)
}

/// What of `shown` is a secret.
fn given_away(shown: &str) -> Vec<&str> {
    shown.lines().filter(|line| line.contains("hunter2")).collect()
}

/// What a command says about the file, as the same user with the same variables.
fn told(door: &Door, arguments: &[&str]) -> String {
    let onedoor = binary().display().to_string();
    let words = [&["KEY=hunter2-by-variable", "NAMED_FILE=named", &onedoor][..], arguments].concat();
    let output = run_program(door.dir(), "env", &words);
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat()
}

/// Everything that can be asked of a door, and of its file.
const COMMANDS: &[&str] = &[
    "check",
    "check --json",
    "check --format github",
    "explain /",
    "explain --json /crashing",
    "routes",
    "routes --json",
    "schema",
    "docs apps.*.secrets",
    "status",
    "status --json",
    "logs",
    "logs --json",
    "logs web",
    "events",
    "events --json",
    "health",
    "doctor",
    "run quiet",
    "restart web",
    "reload",
    "fmt --check",
    "version",
    "stop probed",
    "scale web=2",
];

#[test]
fn no_command_no_answer_no_log_shows_a_secret_of_any_kind() {
    let door = talkative().start();
    assert_eq!(seen(&door, "FROM_COMMAND"), "hunter2-by-command");
    assert_eq!(seen(&door, "FROM_NAMED"), "hunter2-by-name");
    assert_eq!(seen(&door, "FROM_ENV"), "hunter2-by-variable");
    door.line(Stream::Stdout, |line| line.contains("all told"));
    door.line(Stream::Stderr, |line| line.contains("no ••• for you"));
    door.line(Stream::Stderr, |line| line.contains("not ready with •••"));
    door.line(Stream::Stderr, |line| line.contains("failed with •••"));
    for path in ["/", "/sealed", "/crashing", "/probed", "/missing/..%2f", "/metrics", "/ready"] {
        let answer = door.fetch(path);
        assert_eq!(given_away(answer.text()), [""; 0], "{path}");
        let fields = answer.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
        assert_eq!(given_away(&fields.collect::<String>()), [""; 0], "{path}");
    }
    door.fetch("/exit/3");
    door.line(Stream::Stderr, |line| line.contains("ended with exit code 3"));
    door.signal("USR1");
    door.line(Stream::Stderr, |line| line.contains("python3 app.py $FROM_FILE"));
    for words in COMMANDS {
        let words: Vec<&str> = words.split(' ').collect();
        let said = told(&door, &words);
        assert!(!said.contains("panicked"), "{words:?}: {said}");
        assert_eq!(given_away(&said), [""; 0], "{words:?}");
    }
    let file = fs::read_to_string(door.dir().join("onedoor.toml")).expect("it is there");
    fs::write(door.dir().join("key.pem"), "hunter2-by-file\0").expect("the test's folder can be written");
    fs::write(door.dir().join(".env"), "COLOUR blue, hunter2-by-dotenv\n").expect("the same");
    let broken =
        file.replace("\"env:NAMED\"", "\"hunter2-in-the-file\"").replace("path = \"/probed\"", "pth = 1");
    fs::write(door.dir().join("onedoor.toml"), broken).expect("the same");
    for words in [&["check"][..], &["check", "--json"], &["check", "--format", "github"]] {
        let said = told(&door, words);
        assert!(said.contains("does not say where the secret is kept"), "{said}");
        assert!(said.contains("line 1 is not NAME=value"), "{said}");
        assert_eq!(given_away(&said), [""; 0], "{words:?}");
    }
    door.signal("HUP");
    door.line(Stream::Stderr, |line| line.contains("does not say where the secret is kept"));
    let ours = fs::read(format!("/proc/{}/environ", door.pid())).expect("the door runs");
    assert!(!String::from_utf8_lossy(&ours).contains("hunter2-by-command"));
    door.signal("TERM");
    door.line(Stream::Stderr, |line| line.contains("every app has ended"));
    for line in [door.said(Stream::Stdout), door.said(Stream::Stderr)].concat() {
        assert_eq!(given_away(&line), [""; 0]);
    }
}

#[test]
fn a_developer_is_shown_why_an_app_fails_and_no_secret() {
    let door = talkative().command(&["dev"]).start();
    door.line(Stream::Stderr, |line| line.contains("failed with •••"));
    for path in ["/sealed", "/crashing"] {
        assert_eq!(given_away(door.fetch(path).text()), [""; 0], "{path}");
    }
    door.signal("TERM");
    door.line(Stream::Stderr, |line| line.contains("every app has ended"));
    for line in [door.said(Stream::Stdout), door.said(Stream::Stderr)].concat() {
        assert_eq!(given_away(&line), [""; 0]);
    }
}

//! The promise: several files, profiles and JSON make one configuration, and everybody who is told of it means the same
//! onedoor.

use std::fs;

use crate::kit::{Door, ECHO_PY, Stream, run_onedoor};

const BASE: &str = r#"
[apps]
web = "python3 app.py"
[routes]
"/who" = { respond = "base" }
"/only" = { respond = "base" }
[profile.dev]
routes."/who" = { respond = "dev" }
apps.web.env.LEVEL = "dev"
"#;

#[test]
fn two_files_are_one_and_a_reload_reads_both_again() {
    let door = Door::with(BASE)
        .file("app.py", ECHO_PY)
        .file(
            "over.toml",
            "[apps.web]\nenv = { LEVEL = \"one\" }\n[routes]\n\"/who\" = { respond = \"over\" }\n",
        )
        .command(&["up", "-f", "onedoor.toml", "-f", "over.toml"])
        .start();
    assert_eq!(door.fetch("/who").text(), "over");
    assert_eq!(door.fetch("/only").text(), "base");
    assert_eq!(door.fetch("/environment/LEVEL").text(), "one");
    // It is known by its first file.
    assert_eq!(run_onedoor(door.dir(), &["status"]).status.code(), Some(0));
    fs::write(door.dir().join("over.toml"), "[apps.web]\nenv = { LEVEL = \"two\" }\n")
        .expect("the test's own folder");
    let output = run_onedoor(door.dir(), &["reload"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "web changed\n");
    assert_eq!(door.fetch("/who").text(), "base");
    assert_eq!(door.fetch("/environment/LEVEL").text(), "two");
    fs::write(door.dir().join("over.toml"), "[apps.web]\nenvy = 1\n").expect("the test's own folder");
    let output = run_onedoor(door.dir(), &["reload"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("over.toml:2:1"), "{output:?}");
}

#[test]
fn a_profile_is_chosen_by_a_flag_or_by_the_environment() {
    let by_flag = Door::with(BASE).file("app.py", ECHO_PY).command(&["up", "--profile", "dev"]).start();
    assert_eq!(by_flag.fetch("/who").text(), "dev");
    assert_eq!(by_flag.fetch("/environment/LEVEL").text(), "dev");
    let by_variable = Door::with(BASE).file("app.py", ECHO_PY).environment("ONEDOOR_PROFILE", "dev").start();
    assert_eq!(by_variable.fetch("/who").text(), "dev");
    assert_eq!(by_variable.fetch("/only").text(), "base");
}

#[test]
fn a_profile_that_is_not_there_starts_nothing() {
    let output = Door::with(BASE).file("app.py", ECHO_PY).command(&["up", "--profile", "prd"]);
    let mut door = output.launch();
    assert_eq!(door.exit_code(), 2);
    door.line(Stream::Stderr, |line| line.contains("there is no profile \"prd\""));
}

#[test]
fn a_folder_that_has_only_onedoor_json_is_served_by_it() {
    let setting = Door::with("").file("onedoor.json", r#"{ "routes": { "/who": { "respond": "json" } } }"#);
    fs::remove_file(setting.path().join("onedoor.toml")).expect("the test's own folder");
    let door = setting.start();
    assert_eq!(door.fetch("/who").text(), "json");
    assert_eq!(run_onedoor(door.dir(), &["status"]).status.code(), Some(0));
    let output = run_onedoor(door.dir(), &["explain", "/who"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("onedoor.json:1"), "{output:?}");
}

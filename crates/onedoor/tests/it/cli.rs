//! The promise: every mistake in the file is reported at once, with its place, its cause and its fix, and exit code 2;
//! and one can ask which route wins, and why, without starting anything.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Output;

use tempfile::TempDir;

use crate::kit::run_onedoor;

fn in_folder_with(toml: &str, arguments: &[&str]) -> Output {
    let dir = TempDir::new().expect("a folder for the test");
    fs::write(dir.path().join("onedoor.toml"), toml).expect("the folder can be written");
    run_onedoor(dir.path(), arguments)
}

fn talk(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `check` and `up` both refuse the file with code 2 and say all of `words`.
#[track_caller]
fn is_a_mistake(toml: &str, words: &[&str]) {
    for command in ["check", "up"] {
        let output = in_folder_with(toml, &[command]);
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(2), "onedoor {command}:\n{said}");
        for word in words {
            assert!(said.contains(word), "onedoor {command} does not say {word:?}:\n{said}");
        }
    }
}

#[test]
fn a_good_file_passes_check_with_code_0() {
    let output = in_folder_with(
        "[apps]\nweb = \"sh -c true\"\n[routes]\n\"/health\" = { builtin = \"health\" }\n",
        &["check"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

#[test]
fn the_zoos_own_file_passes_check() {
    let zoo = crate::kit::repository().join("examples/zoo");
    let output = run_onedoor(&zoo, &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
}

#[test]
fn machines_are_told_on_stdout_alone_and_the_edits_mend_the_file() {
    let toml = "[apps]\nweb = { run = \"true\", pathh = \"/\" }\n"; // typos: ignore
    let output = in_folder_with(toml, &["check", "--json"]);
    assert_eq!((output.status.code(), &*output.stderr), (Some(2), &b""[..]), "{}", talk(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let edit = &told["diagnostics"][0]["fix"]["edits"][0];
    let at = |name: &str| usize::try_from(edit[name].as_u64().expect("an offset")).expect("a small one");
    let text = edit["text"].as_str().expect("a text");
    let mended = [&toml[..at("start")], text, &toml[at("end")..]].concat();
    assert_eq!(mended, toml.replace("pathh", "path")); // typos: ignore

    let output = in_folder_with(toml, &["check", "--format", "github"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("::error file=onedoor.toml,line=2,col=23,"), "{told}");
}

#[test]
fn a_warning_is_a_failure_with_strict_unless_its_line_accepts_it() {
    let toml = "[apps]\nweb = \"sleep --port 3000\"\n";
    let strict = in_folder_with(toml, &["check", "--strict"]);
    assert_eq!(in_folder_with(toml, &["check"]).status.code(), Some(0));
    assert_eq!(strict.status.code(), Some(2));
    assert!(talk(&strict).contains("1 warning, and --strict takes none"), "{}", talk(&strict));
    let json = in_folder_with(toml, &["check", "--strict", "--json"]);
    assert_eq!(json.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&json.stdout).contains("\"ok\": true"), "it would start");
    let accepted = toml.replacen("\"\n", "\" # onedoor: allow(fixed-port)\n", 1);
    assert_eq!(in_folder_with(&accepted, &["check", "--strict"]).status.code(), Some(0), "{accepted}");
}

#[test]
fn a_folder_without_anything_is_told_to_machines_as_a_missing_file() {
    let dir = TempDir::new().expect("a folder for the test");
    let output = run_onedoor(dir.path(), &["check", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &told["diagnostics"][0]["code"]), (Some(2), &"no-file".into()));
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    is_a_mistake(
        "[apps]\nweb = { run = \"true\", pathh = \"/\" }\n",
        &["onedoor.toml:2:23", "pathh", "did you mean", "path"],
    ); // typos: ignore
}

#[test]
fn a_wrong_type_is_a_mistake() {
    is_a_mistake("[apps]\nweb = { run = \"true\", port = \"many\" }\n", &["onedoor.toml:2:", "port"]);
}

#[test]
fn toml_that_is_none_is_a_mistake() {
    is_a_mistake("[apps\n", &["onedoor.toml:1:"]);
}

#[test]
fn a_duplicate_route_is_a_mistake() {
    is_a_mistake(
        "[routes]\n\"/a\" = { respond = \"1\" }\n\"/a\" = { respond = \"2\" }\n",
        &["onedoor.toml:3:", "/a"],
    );
    is_a_mistake(
        "[apps]\nweb = { run = \"true\", path = \"/a\" }\n[routes]\n\"/a/*\" = { respond = \"2\" }\n",
        &["onedoor.toml:4:", "/a", "2 |"],
    );
}

#[test]
fn a_tie_is_a_mistake() {
    is_a_mistake(
        "[routes]\n\"/{a}/x\" = { respond = \"1\" }\n\"/{b}/x\" = { respond = \"2\" }\n",
        &["onedoor.toml:3:", "/{a}/x"],
    );
}

#[test]
fn a_star_behind_letters_is_a_mistake_with_a_fix() {
    is_a_mistake(
        "[apps]\nnode = { run = \"true\", path = \"/n\" }\n[routes]\n\"/node*\" = { app = \"node\" }\n",
        &["onedoor.toml:4:", "/nodejs", "\"/node/*\"", "^"],
    );
}

#[test]
fn an_unset_variable_is_a_mistake() {
    is_a_mistake(
        "[routes]\n\"/x\" = { proxy = \"http://${NO_SUCH_VARIABLE}/\" }\n",
        &["onedoor.toml:2:", "NO_SUCH_VARIABLE", ":-"],
    );
}

#[test]
fn two_apps_on_one_port_are_a_mistake() {
    is_a_mistake(
        "[apps]\na = { run = \"true\", path = \"/a\", port = 9300 }\nb = { run = \"true\", path = \"/b\", port = 9300 }\n",
        &["onedoor.toml:3:", "9300", "a"],
    );
}

#[test]
fn a_route_to_an_app_that_is_not_there_is_a_mistake() {
    is_a_mistake(
        "[apps]\nweb = \"true\"\n[routes]\n\"/x\" = { app = \"wep\" }\n",
        &["onedoor.toml:4:", "wep", "web"],
    );
}

#[test]
fn a_bad_url_is_a_mistake() {
    for url in
        ["ftp://a.test", "a.test", "http://", "http://a b", "http://a.test:99999", "http://user@a.test"]
    {
        is_a_mistake(&format!("[routes]\n\"/x\" = {{ proxy = \"{url}\" }}\n"), &["onedoor.toml:2:"]);
    }
}

#[test]
fn a_command_that_is_not_on_the_path_is_a_mistake() {
    is_a_mistake(
        "[apps]\nweb = \"no-such-command-anywhere --x\"\n",
        &["onedoor.toml:2:", "no-such-command-anywhere"],
    );
}

#[test]
fn a_missing_directory_is_a_mistake() {
    is_a_mistake(
        "[apps]\nweb = { run = \"true\", dir = \"nowhere\", path = \"/\" }\n",
        &["onedoor.toml:2:", "nowhere"],
    );
}

#[test]
fn a_file_that_serves_nothing_is_a_mistake_at_line_1() {
    is_a_mistake("[log]\naccess = \"off\"\n", &["onedoor.toml:1"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let toml = "[apps]\nweb = { run = \"true\", pathh = \"/\", dir = \"nowhere\" }\n[routes]\n\"/node*\" = { respond = \"\" }\n\"/x\" = { app = \"none\" }\n"; // typos: ignore
    is_a_mistake(toml, &["pathh", "nowhere", "/node*", "none"]); // typos: ignore
}

#[test]
fn a_missing_file_is_told_with_its_name_and_code_2() {
    let dir = TempDir::new().unwrap();
    let output = run_onedoor(dir.path(), &["check", "-f", "other.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(talk(&output).contains("other.toml"));
}

#[test]
fn an_unknown_command_is_code_2() {
    let dir = TempDir::new().unwrap();
    assert_eq!(run_onedoor(dir.path(), &["upp"]).status.code(), Some(2)); // typos: ignore
}

const ZOO: &str = "[apps]\npython = { run = \"true\", path = \"/\" }\nnode = { run = \"true\", path = \"/node\" }\n[routes]\n\"/google/*\" = { proxy = \"https://google.com\", strip = true }\n\"/health\" = { builtin = \"health\" }\n";

#[test]
fn explain_says_which_route_wins_what_the_upstream_sees_and_what_nearly_matched() {
    for (arguments, words) in [
        (&["explain", "/nodejs"][..], &["python", "/nodejs", "/node", "segment"][..]),
        (&["explain", "/node/a?b"], &["node", "/node/a?b", "onedoor.toml:3"]),
        (&["explain", "/google/search"], &["/google/*", "google.com", "/search"]),
        (&["explain", "GET", "/health"], &["health"]),
        (&["explain", "http://any.test/google"], &["/google/*", "google.com"]),
    ] {
        let output = in_folder_with(ZOO, arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", talk(&output));
        for word in words {
            assert!(said.contains(word), "{arguments:?} does not say {word:?}:\n{said}");
        }
    }
}

#[test]
fn explain_of_a_path_that_nobody_serves_says_so() {
    let output = in_folder_with("[routes]\n\"/x\" = { respond = \"\" }\n", &["explain", "/y"]);
    let said = talk(&output);
    assert!(said.contains("404"), "{said}");
}

#[test]
fn fmt_lays_a_file_out_once_and_keeps_its_mode() {
    let dir = TempDir::new().expect("a folder for the test");
    let file = dir.path().join("onedoor.toml");
    fs::write(&file, "[apps]\nweb={run=\"a\"} # w\r\nlonger  = \"b\"\n\n\n")
        .expect("the folder can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("the file is ours");
    let before = fs::read_to_string(&file).expect("it is text");

    let output = run_onedoor(dir.path(), &["fmt", "--check"]);
    assert_eq!(output.status.code(), Some(3), "{}", talk(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "onedoor.toml\n");
    assert_eq!(fs::read_to_string(&file).expect("it is text"), before, "--check writes nothing");

    let output = run_onedoor(dir.path(), &["fmt"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let after = fs::read_to_string(&file).expect("it is text");
    assert_eq!(after, "[apps]\nweb    = { run = \"a\" } # w\nlonger = \"b\"\n");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing is left beside it");

    let output = run_onedoor(dir.path(), &["fmt", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(talk(&output), "");
}

#[test]
fn fmt_writes_nothing_if_one_of_the_files_is_no_toml() {
    let dir = TempDir::new().expect("a folder for the test");
    for (name, text) in [("good.toml", "a=1\n"), ("bad.toml", "[apps\n"), ("door.json", "{}")] {
        fs::write(dir.path().join(name), text).expect("the folder can be written");
    }
    for (bad, words) in
        [("bad.toml", "bad.toml:1:"), ("door.json", "JSON"), ("none.toml", "there is no none.toml")]
    {
        let output = run_onedoor(dir.path(), &["fmt", "-f", "good.toml", "-f", bad]);
        assert_eq!(output.status.code(), Some(2), "{}", talk(&output));
        assert!(talk(&output).contains(words), "{}", talk(&output));
        assert_eq!(fs::read_to_string(dir.path().join("good.toml")).expect("it is text"), "a=1\n");
    }
    let shown = |command| talk(&run_onedoor(dir.path(), &[command, "-f", "bad.toml"]));
    let fmt = shown("fmt");
    let mistake = fmt.split("\n\n").next().expect("the first of its parts");
    assert!(mistake.starts_with("error[syntax]"), "{fmt}");
    assert!(shown("check").contains(mistake), "check says it in the same words: {mistake}");
}

#[test]
fn fmt_replaces_what_a_link_names_and_answers_stdin_on_stdout() {
    let dir = TempDir::new().expect("a folder for the test");
    fs::write(dir.path().join("real.toml"), "a=1").expect("the folder can be written");
    symlink("real.toml", dir.path().join("onedoor.toml")).expect("the folder can be written");
    assert_eq!(run_onedoor(dir.path(), &["fmt"]).status.code(), Some(0));
    assert!(dir.path().join("onedoor.toml").is_symlink());
    assert_eq!(fs::read_to_string(dir.path().join("real.toml")).expect("it is text"), "a = 1\n");

    let script = format!("echo 'b=2' | '{}' fmt -f -", crate::kit::binary().display());
    let output = crate::kit::run_program(dir.path(), "/bin/sh", &["-c", &script]);
    assert_eq!((output.status.code(), &*talk(&output)), (Some(0), "b = 2\n"));
}

//! The promise: the zoo's Dockerfile is what onedoor writes, builds onedoor from a clone of this repository, and is found
//! by a bare `docker build .` at its root.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use crate::kit::{binary, repository, run_onedoor, run_program};

const ZOO: [&str; 6] = ["dockerfile", "-f", "examples/zoo/onedoor.toml", "--context", ".", "--onedoor"];

#[test]
fn the_zoos_dockerfile_is_what_would_be_written() {
    let arguments = [&ZOO[..], &["source:.", "-o", "examples/zoo/Dockerfile", "--check"]].concat();
    let output = run_onedoor(&repository(), &arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "onedoor {}:\n{said}", arguments.join(" "));
}

#[test]
fn a_bare_build_at_the_root_of_the_repository_is_the_zoos() {
    let at_the_root = fs::read_link(repository().join("Dockerfile")).expect("a link at the root");
    assert_eq!(at_the_root.to_str(), Some("examples/zoo/Dockerfile"));
    let dockerfile = fs::read_to_string(repository().join("Dockerfile")).expect("the zoo has a Dockerfile");
    assert!(dockerfile.contains("\nENV PORT=8000\n"), "{dockerfile}");
    let ignored = fs::read_to_string(repository().join(".dockerignore")).expect("a .dockerignore");
    for line in ["**/.git", "**/.env", "**/.venv", "**/node_modules", "**/target"] {
        assert!(ignored.lines().any(|written| written == line), "{line} is not in .dockerignore");
    }
}

#[test]
fn what_cannot_be_a_context_is_told_with_the_remedy() {
    let dir = TempDir::new().expect("a folder for the test");
    fs::create_dir(dir.path().join("elsewhere")).expect("the folder can be written");
    fs::write(dir.path().join("onedoor.toml"), "[apps]\nweb = { run = \"node main.js\" }\n").expect("a file");
    for (arguments, word) in [
        (["--context", "elsewhere"], "--context elsewhere: "),
        (["--context", "nowhere"], "nowhere: No such file"),
        (["--onedoor", "source:."], "name the root of a clone of onedoor"),
    ] {
        let output = run_onedoor(dir.path(), &[&["dockerfile", "-o", "-"][..], &arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(word), "{word:?} is not in\n{said}");
    }
}

/// A folder with one app of Node's.
fn folder() -> TempDir {
    let dir = TempDir::new().expect("a folder for the test");
    fs::write(dir.path().join("main.js"), "require('http').createServer().listen(process.env.PORT)\n")
        .expect("a file");
    fs::write(dir.path().join("onedoor.toml"), "[apps]\nweb = \"node main.js\"\n").expect("a file");
    dir
}

#[test]
fn a_dockerfile_that_is_not_what_would_be_written_is_shown_with_what_differs() {
    let dir = folder();
    let check = ["dockerfile", "--onedoor", "0.1.0", "--check"];
    let missing = run_onedoor(dir.path(), &check);
    assert_eq!(missing.status.code(), Some(3), "there is none");
    assert_eq!(run_onedoor(dir.path(), &check[..3]).status.code(), Some(0));
    assert_eq!(run_onedoor(dir.path(), &check).status.code(), Some(0));
    let file = dir.path().join("Dockerfile");
    let text = fs::read_to_string(&file).expect("it was written");
    fs::write(&file, text.replace("ENV PORT=8000\n", "ENV PORT=9000\nENV MINE=1\n"))
        .expect("it can be changed");
    let differs = run_onedoor(dir.path(), &check);
    assert_eq!(differs.status.code(), Some(3));
    let shown = String::from_utf8_lossy(&differs.stdout).into_owned();
    assert!(shown.starts_with("--- Dockerfile\n+++ Dockerfile as it would be written\n@@ -"), "{shown}");
    assert!(
        shown.contains("\n USER 10001:10001\n-ENV PORT=9000\n-ENV MINE=1\n+ENV PORT=8000\n EXPOSE 8000\n"),
        "{shown}"
    );
}

#[test]
fn digests_are_asked_for_once_kept_in_a_file_and_built_on() {
    let dir = folder();
    let digest = format!("sha256:{}", "5".repeat(64));
    let tools = dir.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    let asked = dir.path().join("asked");
    let skopeo = format!("#!/bin/sh\necho \"$@\" >>{}\necho {digest}\n", asked.display());
    fs::write(tools.join("skopeo"), skopeo).expect("a program");
    fs::set_permissions(tools.join("skopeo"), fs::Permissions::from_mode(0o755)).expect("a program");
    let run = |arguments: &[&str]| {
        let path = format!("PATH={}:/usr/bin:/bin", tools.display());
        let own = binary().to_string_lossy().into_owned();
        let words = [path.as_str(), &own, "dockerfile", "--onedoor", "0.1.0", "--pin", "images.lock"];
        run_program(dir.path(), "env", &[&words[..], arguments].concat())
    };
    assert_eq!(run(&["--check"]).status.code(), Some(2), "a check asks nobody");
    assert!(!asked.exists());
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lock = fs::read_to_string(dir.path().join("images.lock")).expect("it was written");
    assert!(lock.contains(&format!("\nnode:24-trixie-slim {digest}\n")), "{lock}");
    let text = fs::read_to_string(dir.path().join("Dockerfile")).expect("it was written");
    assert!(text.contains(&format!("FROM node:24-trixie-slim@{digest} AS image\n")), "{text}");
    let times = fs::read_to_string(&asked).expect("it was asked").lines().count();
    assert_eq!(run(&["--check"]).status.code(), Some(0));
    assert_eq!(run(&["--force"]).status.code(), Some(0));
    assert_eq!(
        fs::read_to_string(&asked).expect("it was asked").lines().count(),
        times,
        "what is known is not asked again"
    );
}

#[test]
fn what_cannot_be_written_is_called_by_its_name_and_nothing_is_left_of_it() {
    let dir = folder();
    fs::create_dir(dir.path().join(".onedoor")).expect("a folder");
    fs::create_dir(dir.path().join(".onedoor/onedoor")).expect("a folder");
    let output = run_onedoor(dir.path(), &["dockerfile"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(".onedoor/onedoor cannot be written: "), "{said}");
    let left = fs::read_dir(dir.path().join(".onedoor")).expect("the folder").count();
    assert_eq!(left, 2, "the folder that is in the way, and .gitignore");
}

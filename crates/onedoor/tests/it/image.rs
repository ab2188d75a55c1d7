//! The promise: the zoo's Dockerfile is what onedoor writes, builds onedoor from a clone of this repository, and is found
//! by a bare `docker build .` at its root.

use std::fs;

use tempfile::TempDir;

use crate::kit::{repository, run_onedoor};

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

//! What only shows when the folders and programs are looked up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::config::{Env, Layers, load};

/// A folder with onedoor.toml and empty files; those that end in `*` are programs.
fn folder(toml: &str, files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("onedoor.toml"), toml).unwrap();
    for file in files {
        let name = file.trim_end_matches('*');
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let mode = if name == *file { 0o644 } else { 0o755 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    folder
}

/// The mistakes, with the folder's name taken out.
fn mistakes(folder: &Path, file: &str) -> String {
    let env = Env::made_of([("PATH", "bin")]);
    let text = match load(&Layers::new(vec![folder.join(file)], None), &env) {
        Ok(_) => "fine".to_owned(),
        Err(errors) => errors.to_string(),
    };
    text.replace(folder.to_str().unwrap(), "FOLDER")
}

#[test]
fn programs_are_looked_for_as_the_app_will_look_for_them() {
    let toml = "[apps]\na = { run = \"one\", dir = \"a\", path = \"/a\" }\nb = { run = \"two\", dir = \"a\", path = \"/b\" }\n\
                c = { run = \"three\", dir = \"a\", path = \"/c\" }\nd = { run = \"./four\", dir = \"a\", path = \"/d\" }\n\
                e = { run = \"$FIVE\", path = \"/e\" }\n";
    let files = ["a/.venv/bin/one*", "a/node_modules/.bin/two*", "a/bin/three*", "a/four*"];
    assert_eq!(mistakes(folder(toml, &files).path(), "onedoor.toml"), "fine");
}

#[test]
fn a_missing_program_or_folder_is_a_mistake_each() {
    let toml = "[apps]\na = { run = \"uvicron main:app\", path = \"/\" }\nb = { run = \"./b\", path = \"/b\" }\n\
                c = { run = \"./c.sh\", path = \"/c\" }\nd = { run = \"a | b\", path = \"/d\" }\n\
                e = { run = \"x\", dir = \"frontent\", path = \"/e\" }\n\
                [routes]\n\"/t\" = { proxy = \"https://h\", tls = { ca = \"ca.pem\" } }\n";
    let folder = folder(toml, &["c.sh", "frontend/x"]);
    insta::assert_snapshot!(mistakes(folder.path(), "onedoor.toml"));
}

#[test]
fn a_file_that_is_not_there_or_is_none_is_said_with_an_example() {
    let folder = folder("", &["latin1"]);
    fs::write(folder.path().join("latin1"), b"a = 1\nb = \"\xe9\"\n").unwrap();
    insta::assert_snapshot!(
        ["nothing.toml", "", "latin1"].map(|file| mistakes(folder.path(), file)).join("---\n")
    );
}

//! Several files, laid over one another.

use std::fs;

use tempfile::TempDir;

use crate::config::{Env, Layers, Loaded, load_to_ask};

/// A folder with these files, and how they are read.
struct Stack {
    folder: TempDir,
    layers: Layers,
}

impl Stack {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let layers = Layers::new(files.iter().map(|(name, _)| folder.path().join(name)).collect());
        Self { folder, layers }
    }

    #[track_caller]
    fn fine(&self) -> Loaded {
        self.load(&[]).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// What is wrong with them, with the folder's name taken out.
    fn mistakes(&self) -> String {
        self.load(&[]).err().unwrap_or_else(|| "fine".to_owned())
    }

    /// The table that is shown at the start, in few words.
    #[track_caller]
    fn table(&self) -> Vec<String> {
        let rows = self.fine().table.into_iter();
        rows.map(|row| self.without_folder(&format!("{} {} {}", row.at, row.what, row.place))).collect()
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, String> {
        let env = Env::made_of(variables.iter().copied());
        load_to_ask(&self.layers, &env).map_err(|errors| self.without_folder(&errors.to_string()))
    }

    fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

const BASE: &str = r#"
[server]
listen = ":8000"
limits = { body = "1MiB", fields = 50 }
[apps]
web = "node web.js"
[apps.api]
run = "node api.js"
path = "/api"
needs = ["web"]
env = { A = "1", B = "2" }
[routes]
"/old" = { redirect = "/new" }
"#;

#[test]
fn a_later_file_is_laid_over_an_earlier_one_key_by_key() {
    let over = "[server]\nlimits = { fields = 60 }\n[apps.api]\nneeds = []\nenv = { B = \"3\" }\n\
                [apps]\nmailer = { run = \"celery\" }\n[routes]\n\"/old\" = { redirect = \"/newer\" }\n";
    let stack = Stack::new(&[("a.toml", BASE), ("b.toml", over)]);
    let loaded = stack.fine();
    assert_eq!(loaded.proxy.limits.body_max, Some(1 << 20));
    assert_eq!(loaded.proxy.limits.head.fields_max, 60);
    let api = &loaded.apps.apps[1];
    assert!(api.needs.is_empty());
    assert_eq!(
        api.environment.own,
        [("A", "1"), ("B", "3")].map(|(name, value)| (name.into(), value.into()))
    );
    insta::assert_debug_snapshot!(stack.table());
}

#[test]
fn a_command_alone_and_a_table_are_two_spellings_of_one_app() {
    let stack = Stack::new(&[
        ("a.toml", "[apps]\nweb = \"node a.js\"\napi = { run = \"node b.js\", path = \"/x\" }\n"),
        ("b.toml", "[apps]\nweb = { replicas = 2 }\napi = \"node c.js\"\n"),
    ]);
    let apps = stack.fine().apps.apps;
    assert_eq!(apps[0].replicas, 2);
    assert_eq!(stack.table(), ["/* app web a.toml:2", "/x/* app api a.toml:3"]);
    insta::assert_debug_snapshot!(apps[1].command);
}

#[test]
fn every_file_is_checked_and_a_clash_is_shown_in_both() {
    let over = "[apps.api]\nport = 9000\ncolour = 1\n[apps.web]\nport = 9000\n[routes]\n\"GET /old\" = { app = \"api\", strip = 1 }\n";
    insta::assert_snapshot!(Stack::new(&[("a.toml", BASE), ("b.toml", over)]).mistakes());
    insta::assert_snapshot!(
        Stack::new(&[
            ("a.toml", "[apps]\nweb = { run = \"x\", port = 8000, path = \"/\" }\n"),
            (
                "b.toml",
                "[apps]\napi = { run = \"x\", port = 8001, path = \"/\" }\n[server]\nlisten = \":8000\"\n"
            )
        ])
        .mistakes()
    );
}

#[test]
fn every_file_that_cannot_be_read_is_named() {
    let stack = Stack::new(&[("a.toml", BASE), ("b.toml", ""), ("c.toml", "")]);
    fs::remove_file(&stack.layers.files[1]).unwrap();
    fs::remove_file(&stack.layers.files[2]).unwrap();
    insta::assert_snapshot!(stack.mistakes());
}

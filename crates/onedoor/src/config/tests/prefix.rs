//! `prefix`, `strip` and `rewrite`: what becomes of a mount, who decided it, and what the app is told.

use super::{fine, mistakes};
use crate::apps::spec::PrefixMode;
use crate::config::Loaded;

/// The start table's words for the row at `at`, and what the app called `a` is told.
fn told(text: &str, at: &str) -> (String, PrefixMode) {
    let loaded: Loaded = fine(text);
    let row = loaded.table.iter().find(|row| row.at == at).unwrap_or_else(|| panic!("{:?}", loaded.table));
    let app = loaded.apps.apps.iter().find(|app| &*app.name == "a").expect("app a");
    (row.what.clone(), app.prefix_mode)
}

#[test]
fn prefix_says_what_strip_says_and_auto_asks_the_framework() {
    for (run, said, what, mode) in [
        ("node x.js", "", "app a", PrefixMode::Kept),
        ("node x.js", "strip = true", "app a (strip)", PrefixMode::Stripped),
        ("node x.js", "prefix = \"strip\"", "app a (strip)", PrefixMode::Stripped),
        ("node x.js", "prefix = \"keep\"", "app a", PrefixMode::Kept),
        ("node x.js", "rewrite = \"/v2\"", "app a (rewrite /v2)", PrefixMode::Stripped),
        ("uvicorn m:app", "", "app a", PrefixMode::Kept),
        ("uvicorn m:app", "prefix = \"auto\"", "app a (strip: uvicorn)", PrefixMode::Stripped),
        ("gunicorn m:app", "prefix = \"auto\"", "app a (keep: gunicorn)", PrefixMode::Moved),
        ("gunicorn m:app", "prefix = \"keep\"", "app a", PrefixMode::Kept),
    ] {
        let app = format!("[apps.a]\nrun = \"{run}\"\npath = \"/a\"\n{said}\n");
        assert_eq!(told(&app, "/a/*"), (what.to_owned(), mode), "{run} {said}");
        let said = if said.is_empty() { String::new() } else { format!(", {said}") };
        let route = format!("[apps.a]\nrun = \"{run}\"\n[routes]\n\"/a/*\" = {{ app = \"a\"{said} }}\n");
        assert_eq!(told(&route, "/a/*"), (what.to_owned(), mode), "{run} {said}");
    }
}

#[test]
fn at_the_root_there_is_nothing_to_ask() {
    let text = "[apps.a]\nrun = \"node x.js\"\npath = \"/\"\nprefix = \"auto\"\n";
    assert_eq!(told(text, "/*"), ("app a".to_owned(), PrefixMode::Kept));
    assert!(fine(text).warnings.is_empty());
}

#[test]
fn an_auto_that_nobody_can_answer_keeps_the_prefix_and_says_so() {
    let loaded = fine("[apps.a]\nrun = \"node x.js\"\npath = \"/a\"\nprefix = \"auto\"\n");
    let said: Vec<String> = loaded.warnings.lines().collect();
    insta::assert_snapshot!(said.join("\n"));
    assert_eq!(loaded.apps.apps[0].prefix_mode, PrefixMode::Kept);
}

#[test]
fn two_words_for_one_thing_contradict_each_other() {
    insta::assert_snapshot!(mistakes(
        "[apps.a]\nrun = \"x\"\npath = \"/a\"\nprefix = \"keep\"\nstrip = true\n\
         [apps.b]\nrun = \"x\"\npath = \"/b\"\nstrip = true\nrewrite = \"/c\"\n\
         [routes]\n\"/c/*\" = { app = \"a\", rewrite = \"/d\", prefix = \"strip\" }\n"
    ));
}

#[test]
fn nobody_can_be_asked_about_what_is_behind_a_proxy() {
    insta::assert_snapshot!(mistakes(
        "[routes]\n\"/a/*\" = { proxy = \"http://h\", prefix = \"auto\" }\n\
         \"/b/*\" = { proxy = \"http://h\", prefix = \"stripped\" }\n"
    ));
}

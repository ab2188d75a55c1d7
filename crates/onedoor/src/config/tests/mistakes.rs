//! Every mistake as it is drawn, plainly, and what its fix makes of it. Accept a changed text only if it reads better.
//!
//! The mistakes are data, one file a topic, so that each of them is held against every promise below.

mod apps;
mod elsewhere;
mod images;
mod keys;
mod routes;
mod syntax;
mod values;

use std::collections::BTreeSet;

use super::{check, mistakes, this_round};
use crate::config::error::{Code, ConfigError};
use crate::config::source::Source;
use crate::config::{ConfigErrors, fix};

/// Its name, and the file.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        syntax::MISTAKES,
        keys::MISTAKES,
        values::MISTAKES,
        routes::MISTAKES,
        apps::MISTAKES,
        elsewhere::MISTAKES,
        images::MISTAKES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

fn found(text: &str) -> Vec<ConfigError> {
    check(text).err().map(|errors| errors.errors).unwrap_or_default()
}

fn facts(found: &[ConfigError]) -> Vec<(&'static str, String)> {
    found.iter().map(|error| (error.code.as_str(), error.fact.clone())).collect()
}

#[test]
fn there_are_more_than_a_hundred_and_each_has_a_name() {
    let names: BTreeSet<_> = all().map(|(name, _)| name).collect();
    assert_eq!(names.len(), all().count());
    assert!(names.len() > 200, "{}", names.len());
}

#[test]
fn each_is_drawn_with_its_place_its_cause_and_what_to_do() {
    for (name, text) in all() {
        insta::assert_snapshot!(name, mistakes(text));
    }
}

#[test]
fn a_fix_takes_its_mistake_away_and_brings_no_other() {
    let mut fixes = 0;
    for (name, text) in all() {
        let before = found(text);
        for error in before.iter().filter(|error| !error.fixes.is_empty()) {
            let [fix] = &error.fixes[..] else { panic!("{name}: {error:?}") };
            let mended = fix::applied(text, &fix.edits).unwrap_or_else(|| panic!("{name}: {fix:?}"));
            let after = facts(&found(&mended));
            let fact = (error.code.as_str(), error.fact.clone());
            let times = |all: &[(&str, String)]| all.iter().filter(|other| **other == fact).count();
            assert!(times(&after) < times(&facts(&before)), "{name}: still there: {fact:?}\n{mended}");
            // What was behind a key nobody knew, or behind what was no TOML, is seen only now.
            let hid = matches!(error.code, Code::Syntax | Code::DuplicateKey | Code::UnknownKey);
            let new: Vec<_> = after.iter().filter(|one| !facts(&before).contains(one)).collect();
            assert!(hid || new.is_empty(), "{name}: {fact:?} brought {new:?}\n{mended}");
            fixes += 1;
        }
    }
    assert!(fixes > 210, "{fixes}");
}

#[test]
fn rounds_of_fixes_come_to_an_end_and_leave_what_only_a_person_can_say() {
    let mut told = String::new();
    for (name, text) in all() {
        let mut text = text.to_owned();
        let mut rounds = 0;
        loop {
            let left = found(&text);
            let edits: Vec<_> = this_round(&left).flat_map(|fix| fix.edits.clone()).collect();
            if edits.is_empty() {
                let left: BTreeSet<&str> = left.iter().map(|error| error.code.as_str()).collect();
                let left: Vec<&str> = left.into_iter().collect();
                let left = if left.is_empty() { "fine".to_owned() } else { left.join(", ") };
                told.push_str(&[name, ": ", &left, "\n"].concat());
                break;
            }
            text = fix::applied(&text, &edits).unwrap_or_else(|| panic!("{name}: {edits:?}"));
            rounds += 1;
            assert!(rounds < 10, "{name} is never done:\n{text}");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_line_without_a_mistake_is_the_same_after_a_fix() {
    let comment = "# a comment \u{e9}  \t\n";
    for (name, text) in all().filter(|(name, _)| !name.starts_with("a_file_in_")) {
        let text = format!("{comment}{text}\n\n   {comment}");
        let left = found(&text);
        let edits: Vec<_> = this_round(&left).flat_map(|fix| fix.edits.clone()).collect();
        let mended = fix::applied(&text, &edits).unwrap();
        let kept = mended.starts_with(comment) || mended.contains(comment);
        assert!(kept && mended.ends_with(&format!("   {comment}")), "{name}:\n{mended}");
    }
}

#[test]
fn nothing_is_drawn_beyond_ascii_but_what_the_file_says() {
    for (name, text) in all() {
        let odd = mistakes(text).chars().find(|letter| !letter.is_ascii() && !text.contains(*letter));
        assert_eq!(odd, None, "{name}");
    }
}

#[test]
fn every_place_is_in_the_file() {
    for (name, text) in all() {
        let source = Source::new("f", text);
        for error in ConfigErrors::new(&source, found(text)).errors {
            let spans = error.places.iter().map(|place| place.span);
            let edits = error.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
            for span in spans.chain(edits) {
                assert!(text.get(span.start..span.end).is_some(), "{name}: {span:?}");
            }
        }
    }
}

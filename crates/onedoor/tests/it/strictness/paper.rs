//! The paper on strictness says of each rule which tests hold it, and says it truly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::kit::repository;

#[test]
fn the_paper_names_every_test_of_every_rule_and_no_other() {
    let mut held = BTreeMap::new();
    gather(&repository().join("crates"), &mut held);
    let paper = fs::read_to_string(repository().join("docs/strictness.md")).expect("the paper is there");
    for rule in 1..=43_u8 {
        let start = format!("| {rule} | ");
        let row = paper.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/strictness.md has no row for rule {rule}"));
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let named: BTreeSet<String> =
            cell.split('`').filter(|word| word.starts_with("rule_")).map(Into::into).collect();
        let tests = held.remove(&rule).unwrap_or_default();
        let shown: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
        assert_eq!(
            named,
            tests,
            "the tests of rule {rule} in docs/strictness.md should be: {}",
            shown.join(" ")
        );
    }
}

/// Every `fn rule_NN_…` below `folder`, by its number.
fn gather(folder: &Path, held: &mut BTreeMap<u8, BTreeSet<String>>) {
    for path in fs::read_dir(folder).expect("a folder can be read").flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather(&path, held);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source can be read");
            for rest in source.split("fn rule_").skip(1) {
                let Some(name) = rest.split('(').next() else { continue };
                let Some(number) = name.get(..2).and_then(|digits| digits.parse().ok()) else { continue };
                held.entry(number).or_default().insert(format!("rule_{name}"));
            }
        }
    }
}

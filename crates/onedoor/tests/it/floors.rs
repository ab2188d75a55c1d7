//! The promise: the house has floors. An import goes down, never sideways and never up.
//!
//! ```text
//! 7  main lib run     6  cli config control dev     5  prefix_doctor     4  proxy | apps
//! 3  registry init    2  observe suggest loopback
//! 1  onedoor-http1  onedoor-linux  onedoor-sorted  onedoor-draft (crates: Cargo itself keeps them below)
//! ```
//!
//! `proxy`, `registry`, `observe` and `loopback` are the crate onedoor-proxy; the others call them as if they were theirs.
//!
//! Within one part anything may import anything. Tests are free: they may stand on any floor.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::kit::repository;

fn floor(part: &str) -> Option<u8> {
    match part {
        "main" | "lib" | "run" => Some(7),
        "cli" | "config" | "control" | "dev" => Some(6),
        "prefix_doctor" => Some(5),
        "proxy" | "apps" => Some(4),
        "registry" | "init" => Some(3),
        "observe" | "suggest" | "loopback" => Some(2),
        _ => None,
    }
}

#[test]
fn an_import_goes_down_never_sideways_never_up() {
    let mut faults = BTreeSet::new();
    for (src, file) in sources() {
        let part = part_of(&src, &file);
        let place = file.strip_prefix(&src).expect("found below it").display().to_string();
        let Some(own) = floor(&part) else {
            faults.insert(format!(
                "{place}: part `{part}` stands on no floor; give it one here and in ARCHITECTURE.md"
            ));
            continue;
        };
        for other in imported_parts(&without_tests(&fs::read_to_string(&file).expect("a readable file"))) {
            match floor(&other) {
                _ if other == part => {}
                // main hands over to lib, and that to run: the one stair within a floor.
                Some(7) if part == "main" || part == "lib" => {}
                // cli commands load the file and speak to whoever runs it; neither knows anything of them.
                Some(6) if part == "cli" && matches!(&*other, "config" | "control" | "dev") => {}
                Some(theirs) if theirs < own => {}
                Some(theirs) => {
                    faults.insert(format!("{place}: floor {own} imports crate::{other} of floor {theirs}"));
                }
                None => {
                    faults.insert(format!("{place}: imports crate::{other}, which stands on no floor"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The files that have floors, each with the folder that its part is named below.
fn sources() -> Vec<(PathBuf, PathBuf)> {
    let houses = ["crates/onedoor/src", "crates/onedoor-proxy/src"].map(|house| repository().join(house));
    let files = |src: PathBuf| rust_files(&src).into_iter().map(move |file| (src.clone(), file));
    houses.into_iter().flat_map(files).filter(|(_, file)| !is_test(file)).collect()
}

#[test]
fn the_bytes_the_kernel_and_the_drafts_know_nothing_of_the_house() {
    for (name, forbidden) in [
        ("onedoor-http1", &["onedoor-draft", "onedoor-linux", "tokio", "rustix", "libc"][..]),
        ("onedoor-linux", &["onedoor-draft", "onedoor-http1", "tokio"][..]),
        ("onedoor-proxy", &["onedoor-draft", "clap", "toml", "annotate-snippets"][..]),
        ("onedoor-draft", &["onedoor-http1", "onedoor-linux", "tokio", "rustix", "libc"][..]),
    ] {
        let manifest = repository().join("crates").join(name).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("the crate has a manifest");
        for dependency in forbidden {
            let line = |line: &str| {
                line.starts_with(&format!("{dependency}.")) || line.starts_with(&format!("{dependency} "))
            };
            assert!(!manifest.lines().any(line), "{name} depends on {dependency}");
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder").map_while(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// `proxy/route/mod.rs` → `proxy`, `run.rs` → `run`.
fn part_of(src: &Path, file: &Path) -> String {
    let first =
        file.strip_prefix(src).expect("found below it").components().next().expect("a file has a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// `life_tests.rs`, `config/tests.rs`, `config/tests/mistakes.rs`.
fn is_test(file: &Path) -> bool {
    file.to_string_lossy().ends_with("tests.rs") || file.components().any(|part| part.as_os_str() == "tests")
}

/// Test modules stand last in a file, by the style of this house.
fn without_tests(source: &str) -> String {
    source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()
}

/// The parts named by `crate::part`, be it in a `use`, in a group of one, or in an expression.
fn imported_parts(source: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| {
            if line.contains("pub(in crate::") {
                line.split_once(") ").map_or("", |(_, rest)| rest)
            } else {
                line
            }
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            parts.extend(group_parts(group));
        } else {
            parts.insert(leading_name(rest));
        }
    }
    parts
}

/// `a::B, c::{D, E}}` → a, c.
fn group_parts(group: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut depth, mut fresh) = (0_u32, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            letter if fresh && letter.is_alphabetic() => {
                parts.push(leading_name(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    parts
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn imports_are_found_however_they_are_written() {
    let source = "use crate::registry::AppId;\nuse crate::{proxy::Config, apps::{A, B}, run};\nfn f() { crate::observe::log(); }\n// crate::ghost\npub(in crate::cli) use crate::init;\n";
    let found: Vec<String> = imported_parts(source).into_iter().collect();
    assert_eq!(found, ["apps", "init", "observe", "proxy", "registry", "run"]);
}

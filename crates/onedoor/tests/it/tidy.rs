//! The promise: the repository stays one that a stranger would want to work in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kit::repository;

/// Lines of code in one file, tests and comments not counted. Past it, two nouns live in one room.
const CODE_LINES_MAX: usize = 500;

const ARCHITECTURE_LINES_MAX: usize = 150;

#[test]
fn every_source_file_opens_with_what_it_is() {
    for file in files(&["crates"], &["rs"]) {
        let source = read(&file);
        assert!(source.starts_with("//! "), "{} does not open with //!", shown(&file));
    }
}

#[test]
fn no_source_file_has_grown_too_large() {
    for file in files(&["crates"], &["rs"]).into_iter().filter(|file| !is_test(file)) {
        let source = read(&file);
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines =
            code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        assert!(lines <= CODE_LINES_MAX, "{} has {lines} lines of code", shown(&file));
    }
}

/// The standard library's sort is compiled for each type: onedoor-sorted has the one that is compiled once. On the way of a
/// request a sort may be a copy of its own. What `collect` sorts is not seen here.
#[test]
fn there_is_one_sort_where_nobody_waits() {
    let is_cold = |file: &PathBuf| {
        let has_its_own =
            ["crates/onedoor-sorted", "crates/onedoor-proxy"].map(|home| repository().join(home));
        !is_test(file) && !has_its_own.iter().any(|home| file.starts_with(home))
    };
    for file in files(&["crates"], &["rs"]).into_iter().filter(is_cold) {
        let source = read(&file);
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let own = [".sort(", ".sort_by"].into_iter().find(|call| code.contains(call));
        assert!(own.is_none(), "{} calls {}..): say sorted::by", shown(&file), own.unwrap_or_default());
    }
}

#[test]
fn unsafe_stands_in_one_crate_alone() {
    for (name, root) in [
        ("onedoor", "main.rs"),
        ("onedoor-http1", "lib.rs"),
        ("onedoor-draft", "lib.rs"),
        ("onedoor-proxy", "lib.rs"),
        ("onedoor-sorted", "lib.rs"),
    ] {
        let root = repository().join("crates").join(name).join("src").join(root);
        assert!(read(&root).contains("#![forbid(unsafe_code)]"), "{name} does not forbid unsafe code");
    }
}

#[test]
fn every_rule_of_a_strict_proxy_has_a_test_of_its_number() {
    let sources: String = files(&["crates"], &["rs"]).iter().map(|file| read(file)).collect();
    // 37 and 38 are about HTTP/2, which is not served yet.
    for rule in (1..=43).filter(|rule| ![37, 38].contains(rule)) {
        assert!(sources.contains(&format!("fn rule_{rule:02}_")), "rule {rule} has no test");
    }
}

#[test]
fn nothing_names_a_machine_or_the_host_of_a_registry() {
    // Put together here, so that this file does not name them either.
    let hosts =
        [["crates", "io"], ["pypi", "org"], ["pythonhosted", "org"], ["npmjs", "org"], ["golang", "org"]]
            .map(|words| words.join("."));
    let folders =
        [["/ho", "me/"], ["/Us", "ers/"], ["/ro", "ot/"], ["/wo", "rk/"]].map(|words| words.concat());
    for file in files(
        &["crates", "scripts", "examples", "docs", ".ci", "fuzz", "bench"],
        &["rs", "sh", "md", "toml", "py", "js", "go", "txt", "run"],
    ) {
        for (number, line) in read(&file).lines().enumerate() {
            // The home of an image's own root, where package managers keep what they fetched, is no folder of ours.
            let is_in_an_image = line.contains("Cache::") || line.contains("--mount=type=cache");
            let names = |word: &&String| line.contains(word.as_str());
            let is_ours = |word: &&String| !(is_in_an_image && **word == ["/ro", "ot/"].concat());
            let found = hosts.iter().chain(&folders).filter(is_ours).find(names);
            assert!(
                found.is_none(),
                "{}:{} names {}",
                shown(&file),
                number + 1,
                found.map_or("", String::as_str)
            );
        }
    }
}

#[test]
fn the_architecture_fits_on_a_few_pages_and_names_only_what_is_there() {
    let text = read(&repository().join("ARCHITECTURE.md"));
    let lines = text.lines().count();
    assert!(lines <= ARCHITECTURE_LINES_MAX, "ARCHITECTURE.md has {lines} lines");
    for path in
        text.split('`').filter(|word| word.ends_with(".rs") && word.contains('/') && !word.contains(' '))
    {
        let there = [
            "",
            "crates/onedoor",
            "crates/onedoor/src",
            "crates/onedoor-draft/src",
            "crates/onedoor-proxy/src",
        ]
        .iter()
        .any(|base| repository().join(base).join(path).is_file());
        assert!(there, "ARCHITECTURE.md names {path}, which is not there");
    }
}

#[test]
fn the_papers_a_stranger_looks_for_are_there() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        assert!(repository().join(name).is_file(), "{name} is missing");
    }
}

#[test]
fn links_between_the_papers_lead_somewhere() {
    for file in files(&["docs"], &["md"]).into_iter().chain(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
            .map(|name| repository().join(name)),
    ) {
        let text = read(&file);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            let there = file.parent().expect("a file lies in a folder").join(path);
            assert!(there.exists(), "{} links to {target}, which is not there", shown(&file));
        }
    }
}

fn files(folders: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&repository().join(folder), extensions, &mut found);
    }
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    // What is built or installed below the project is not ours.
    const FOREIGN: [&str; 7] =
        [".venv", "node_modules", "target", "__pycache__", "corpus", "artifacts", ".git"];
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map_while(Result::ok).map(|entry| entry.path()) {
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_dir() && !FOREIGN.contains(&name.as_str()) {
            collect(&path, extensions, found);
        } else if path.is_file()
            && extensions.contains(&name.rsplit('.').next().unwrap_or_default())
            && !is_built(&path)
        {
            found.push(path);
        }
    }
}

fn is_test(file: &Path) -> bool {
    shown(file).ends_with("tests.rs") || shown(file).contains("/tests/")
}

/// `go build` names its program after the folder, so that it looks like a suffix.
fn is_built(path: &Path) -> bool {
    path.ends_with("go/go")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

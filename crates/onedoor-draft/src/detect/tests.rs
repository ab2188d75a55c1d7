//! Layouts as people have them, and what is made of each: app, mount, command, and because of which file.

use std::fs;

use crate::folder::Tree;
use crate::plan::{self, Plan, Prefix, Purpose};
use crate::procfile;
use crate::samples::{lay, layouts};

fn made(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    lay(files, dir.path()).unwrap();
    dir
}

fn planned(files: &[&str]) -> Plan {
    let dir = made(files);
    let tree = Tree::at(dir.path());
    procfile::of_folder(&tree).unwrap_or_else(|| plan::of_folder(&tree))
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.apps
        .iter()
        .map(|app| {
            let path = app.path.as_deref().unwrap_or("-");
            let strip = if app.prefix == Prefix::Stripped { " strip" } else { "" };
            format!("{} {path}{strip} | {} | {}", app.name, app.run, app.why.join("; "))
        })
        .collect()
}

#[test]
fn each_layout_is_understood_as_its_owner_would() {
    let mut faults = Vec::new();
    for layout in layouts() {
        let plan = planned(layout.files);
        let lines = lines(&plan);
        let fits = |(line, wanted): (&String, &&str)| {
            let mut parts = wanted.split(" | ");
            let beginning = parts.next().unwrap_or_default();
            line.starts_with(&format!("{beginning} | ")) && parts.all(|part| line.contains(part))
        };
        if lines.len() != layout.says.len() || !lines.iter().zip(layout.says).all(fits) {
            faults.push(format!(
                "{}:\n  found  {}\n  wanted {}",
                layout.name,
                lines.join("\n         "),
                layout.says.join("\n         ")
            ));
        }
    }
    assert!(layouts().count() >= 40);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_variable_files_values_are_not_copied() {
    for layout in layouts() {
        let text = planned(layout.files).draft(Purpose::Use).render();
        assert!(!text.contains("hunter2"), "{}: a secret was copied:\n{text}", layout.name);
    }
}

#[test]
fn every_language_has_a_layout() {
    let mut providers: Vec<_> =
        layouts().flat_map(|layout| planned(layout.files).found).map(|found| found.provider).collect();
    providers.sort();
    providers.dedup();
    assert_eq!(providers.len(), 12, "{providers:?}");
}

#[test]
fn the_paper_names_every_file_and_framework_that_is_known() {
    let paper = include_str!("../../../../docs/zero-config.md");
    for manifest in super::manifests() {
        assert!(paper.contains(&format!("`{manifest}`")), "docs/zero-config.md does not name {manifest}");
    }
    let found = layouts().flat_map(|layout| planned(layout.files).found);
    let known = super::javascript::frameworks().chain(found.filter_map(|found| found.framework));
    for framework in known {
        assert!(paper.contains(framework), "docs/zero-config.md does not name {framework}");
    }
}

#[test]
fn the_written_files_of_some_layouts() {
    for (name, label) in [
        ("the zoo", "zoo"),
        ("FastAPI in a package, by uv", "fastapi"),
        ("Celery beside FastAPI", "celery"),
        ("Django with gunicorn", "django"),
        ("Next.js standalone", "next"),
        ("a start script with variables and a fixed port", "node"),
        ("Go with two programs", "go"),
        ("a workspace whose root only delegates", "workspace"),
        ("prefixes for everybody", "prefixes"),
        ("a frontend beside an API at the root", "root_api"),
        ("a Procfile beats what would be found", "procfile"),
    ] {
        let layout = layouts().find(|layout| layout.name == name).unwrap_or_else(|| panic!("{name}"));
        insta::assert_snapshot!(label, planned(layout.files).draft(Purpose::Use).render());
    }
}

#[test]
fn what_is_broken_or_hostile_is_said_and_nothing_else_suffers() {
    let plan = planned(&[
        "a/package.json=not json",
        "b/pyproject.toml=not toml [",
        "c/Cargo.toml=[[[",
        "web/index.html",
    ]);
    assert_eq!(lines(&plan).len(), 1, "{plan:?}");
    let notes = plan.notes.join("\n");
    for part in ["a/package.json: is not JSON", "b/pyproject.toml: is not TOML", "c/Cargo.toml: is not TOML"]
    {
        assert!(notes.contains(part), "{part}: {notes}");
    }
}

#[test]
fn a_folders_name_that_looks_like_a_variable_is_only_a_name() {
    let text = planned(&["web/index.html", "${HOME}/index.php", "a\u{1b}[2J\nb/index.php"]);
    let text = text.draft(Purpose::Use).render();
    assert!(text.contains("dir = \"$${HOME}\"") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_folder_that_cannot_be_read_and_a_ring_of_links_are_passed() {
    let dir = made(&["web/index.html", "deep/"]);
    std::os::unix::fs::symlink("..", dir.path().join("deep/up")).unwrap();
    std::os::unix::fs::symlink("ring", dir.path().join("ring")).unwrap();
    std::os::unix::fs::symlink("/", dir.path().join("all")).unwrap();
    let deep = json_of_depth(100_000);
    fs::create_dir(dir.path().join("nested")).unwrap();
    fs::write(dir.path().join("nested/package.json"), deep).unwrap();
    let plan = plan::of_folder(&Tree::at(dir.path()));
    assert_eq!(lines(&plan).len(), 1, "{plan:?}");
}

fn json_of_depth(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn a_hundred_thousand_files_are_counted_and_not_looked_through() {
    let dir = made(&["package.json={\"scripts\":{\"start\":\"node x.js\"}}", "x.js=x.listen(1)", "logs/"]);
    for number in 0..20_000 {
        fs::File::create(dir.path().join(format!("logs/{number}"))).unwrap();
    }
    let plan = plan::of_folder(&Tree::at(dir.path()));
    assert_eq!(lines(&plan).len(), 1);
    assert!(
        plan.notes.iter().any(|note| note.contains("logs: has more than 5000 entries")),
        "{:?}",
        plan.notes
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]
    /// A file's text is a stranger's.
    #[test]
    fn whatever_the_files_say_nothing_breaks(
        name in proptest::sample::select(super::manifests().chain(["main.py", "server.js", "Procfile", "main.go", "x.csproj"]).collect::<Vec<_>>()),
        text in proptest::prop_oneof![
            "(.|\n){0,200}",
            "(web|[a-z]{1,5})?: ?[A-Z]=['\"$ a-z&*]{0,20}\n(release: x)?",
            "app ?= ?(fastapi.)?(FastAPI|Flask)\\((.|\n){0,20}",
            "\\{\"(scripts|dependencies|main|workspaces)\": ?(\\{\"start\": ?\"[a-z =$'&\\\\]{0,9}\"\\}|[0-9]|null)\\}",
        ],
    ) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), &text).unwrap();
        let tree = Tree::at(dir.path());
        let plan = procfile::of_folder(&tree).unwrap_or_else(|| plan::of_folder(&tree));
        let text = plan.draft(Purpose::Use).render();
        // A command may be nonsense, which `check` says; but what is written is TOML.
        let read: Result<toml::Table, _> = toml::from_str(&text);
        proptest::prop_assert!(read.is_ok(), "{}", text);
    }
}

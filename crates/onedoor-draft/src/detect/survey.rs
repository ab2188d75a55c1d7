//! Which folders are looked at: the root, and two levels below it.
//!
//! The first provider that knows a folder has it. Below an app only a manifest makes another one: its own sources and
//! pages are no apps.

use super::{Found, LANGUAGES, Provider, javascript, manifests, python};
use crate::folder::{Place, Tree, base, is_aside};

/// Levels below the root: `services/api`.
const DEPTH: usize = 2;

/// A folder of more apps is no project.
const FOLDERS_MOST: usize = 400;

/// Folders of an app that are neither started nor looked through.
const PARTS: [&str; 10] =
    ["src", "lib", "public", "static", "assets", "docs", "doc", "data", "config", "locales"];

/// Everything that is an app in this tree, in the order of its folders.
pub(crate) fn survey(tree: &Tree) -> Vec<Found> {
    let mut found = look(Place { tree, folder: "" }, Below::Nothing);
    let root = if found.is_empty() { Below::Nothing } else { Below::App };
    let mut looked_at = 0;
    for folder in tree.folders("") {
        walk(tree, &folder, 1, root, &mut looked_at, &mut found);
    }
    if looked_at >= FOLDERS_MOST {
        tree.trouble(format!(".: has more than {FOLDERS_MOST} folders; the others were not looked at"));
    }
    // Tests and examples are only meant where there is nothing else.
    if found.is_empty() {
        for folder in tree.folders("").iter().filter(|folder| is_aside(folder)) {
            found.extend(look(Place { tree, folder }, Below::Nothing));
        }
    }
    found
}

/// What this folder is, whatever lies above or below it, even if nothing in it is known to be started.
pub(crate) fn project_in(tree: &Tree, folder: &str) -> Option<Found> {
    let place = Place { tree, folder };
    let found = look(place, Below::Nothing).into_iter().next();
    found.or_else(|| python::project(place)).or_else(|| javascript::project(place))
}

/// What this provider makes of the folder, whoever else knows it; the bare provider where it sees nothing in it.
pub(crate) fn project_as(tree: &Tree, folder: &str, provider: Provider) -> Found {
    let place = Place { tree, folder };
    let all = LANGUAGES.iter().flat_map(|language| (language.look)(place));
    let projects = || [python::project(place), javascript::project(place)].into_iter().flatten();
    let mut known = all.chain(projects()).filter(|found| found.provider == provider);
    known.next().unwrap_or_else(|| Found::new(place, provider, ""))
}

/// `*.csproj` is any file that ends so.
fn has(place: Place<'_>, manifest: &str) -> bool {
    match manifest.strip_prefix('*') {
        Some(ending) => !place.files_ending(ending).is_empty(),
        None => place.has(manifest),
    }
}

/// What a folder lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Below {
    Nothing,
    App,
}

fn walk(
    tree: &Tree,
    folder: &str,
    depth: usize,
    below: Below,
    looked_at: &mut usize,
    found: &mut Vec<Found>,
) {
    if *looked_at >= FOLDERS_MOST || is_aside(folder) {
        return;
    }
    *looked_at += 1;
    let here = look(Place { tree, folder }, below);
    let below = if here.is_empty() { below } else { Below::App };
    found.extend(here);
    if depth < DEPTH {
        for inner in tree.folders(folder) {
            walk(tree, &inner, depth + 1, below, looked_at, found);
        }
    }
}

fn look(place: Place<'_>, below: Below) -> Vec<Found> {
    let is_part = below == Below::App && PARTS.contains(&base(place.folder));
    let is_project = || manifests().any(|manifest| has(place, manifest));
    if below == Below::App && (is_part || !is_project()) {
        return Vec::new();
    }
    let found = LANGUAGES
        .iter()
        .map(|language| (language.look)(place))
        .find(|found| !found.is_empty())
        .unwrap_or_default();
    // An app's pages lie below it as files; a site of its own is made by something.
    let is_page = |found: &Found| found.provider == Provider::Static && found.framework.is_none();
    if below == Below::App && found.iter().any(is_page) { Vec::new() } else { found }
}

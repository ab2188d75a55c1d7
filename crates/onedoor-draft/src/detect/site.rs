//! Files that a browser gets as they are: an index.html, or what MkDocs, Hugo and the like have built.

use super::{Fallback, Files, Found, PrefixHabit, Provider, Role};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["index.html", "mkdocs.yml", "hugo.toml", "_config.yml", "Staticfile"];

/// What makes a site, where it puts it, and how.
const MAKERS: [(&str, &str, &str, &str); 4] = [
    ("mkdocs.yml", "MkDocs", "site", "mkdocs build"),
    ("hugo.toml", "Hugo", "public", "hugo"),
    ("_config.yml", "Jekyll", "_site", "bundle exec jekyll build"),
    ("conf.py", "Sphinx", "_build/html", "sphinx-build -b html . _build/html"),
];

/// Folders that hold an index.html, the folder itself last but one for what is built.
const ROOTS: [&str; 6] = ["public", "site", "_site", "html", "_build/html", "dist"];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    let made = MAKERS.iter().find(|(manifest, ..)| {
        place.has(manifest)
            && (*manifest != "conf.py" || place.first_of(&["index.rst", "index.md"]).is_some())
    });
    let root = match made {
        Some((_, _, built, _)) => (*built).to_owned(),
        None if place.has("index.html") => ".".to_owned(),
        None => ROOTS.into_iter().find(|root| place.has(&format!("{root}/index.html")))?.to_owned(),
    };
    let mut found = Found::new(place, Provider::Static, "");
    found.role = Role::Pages;
    found.prefix = PrefixHabit::WantsStrip;
    match made {
        Some((manifest, maker, built, command)) => {
            found.framework = Some(maker);
            found.build = Some((*command).to_owned());
            found.because(place, manifest, *maker);
            if !place.has(&format!("{built}/index.html")) {
                found.misses(&format!("is not built yet (there is no {})", place.path(built)), command);
            }
        }
        None => {
            let index = if root == "." { "index.html".to_owned() } else { format!("{root}/index.html") };
            found.because(place, &index, "plain files");
        }
    }
    let has_page =
        made.is_some_and(|(_, maker, ..)| *maker == "MkDocs") || place.has(&format!("{root}/404.html"));
    if root == "." && place.folder.is_empty() {
        found.notes.push("everything in the folder is served, but hidden files".to_owned());
    }
    let fallback = if has_page { Fallback::Page } else { Fallback::Nothing };
    found.files = Some(Files { folder: root, fallback, hashed: None });
    Some(found)
}

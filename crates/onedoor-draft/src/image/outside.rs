//! What a container has to be given from outside, since no image may hold it, and what the image cannot do for an app:
//! files of variables, and another user.

use super::{Wanted, WantedApp};
use crate::folder::{Place, Tree, base};

/// Of an app's files of variables, those that are in its image, where that are not all.
pub(super) fn env_files_in(app: &WantedApp) -> Option<Vec<&str>> {
    let kept: Vec<&str> = app.env_files.iter().map(String::as_str).filter(|file| !is_secret(file)).collect();
    (kept.len() < app.env_files.len()).then_some(kept)
}

/// The .dockerignore keeps it out of the build, whatever folder it lies in.
fn is_secret(file: &str) -> bool {
    let name = base(file);
    name == ".env" || name.starts_with(".env.") && name != ".env.example"
}

/// The files of npm that hold a token, in these folders and above them: they are kept out of the build.
pub(super) fn tokens(tree: &Tree, folders: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for folder in folders.iter().flat_map(|folder| above(folder)) {
        let place = Place { tree, folder };
        let file = place.path(NPMRC);
        if holds_a_token(place) && !found.contains(&file) {
            found.push(file);
        }
    }
    found
}

pub(super) const NPMRC: &str = ".npmrc";

/// `//registry.example.com/:_authToken=npm_…`; one that a variable brings is none.
pub(super) fn holds_a_token(place: Place<'_>) -> bool {
    const KEYS: [&str; 3] = ["_authToken", "_auth", "_password"];
    let is_token = |line: &str| {
        line.split_once('=').is_some_and(|(key, value)| {
            let value = value.trim();
            KEYS.iter().any(|token| key.trim().ends_with(token))
                && !value.is_empty()
                && !value.starts_with("${")
        })
    };
    place.text(NPMRC).is_some_and(|text| text.lines().any(is_token))
}

/// The folder and those that it lies in, up to the root.
fn above(folder: &str) -> Vec<&str> {
    let mut folders = vec![folder];
    while let Some((above, _)) = folders.last().and_then(|folder| folder.rsplit_once('/')) {
        folders.push(above);
    }
    folders.push("");
    folders
}

pub(super) fn token_note(file: &str) -> String {
    format!(
        "{file}: holds a token, and is left out of the build: write ${{NPM_TOKEN}} there, or give the file to the build, build.secrets = {{ npmrc = \"~/.npmrc\" }} and `docker build --secret id=npmrc,src={file}`"
    )
}

pub(super) fn notes(wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    for app in &wanted.apps {
        for file in app.env_files.iter().filter(|file| is_secret(file)) {
            notes.push(format!(
                "{}: {file} is not in the image, which is no place for secrets: give its variables to the container (--env-file {file}); the image does not ask for the file",
                app.name
            ));
        }
    }
    notes.extend(wanted.apps.iter().filter_map(|app| {
        let user = app.user.as_deref()?;
        Some(format!(
            "{}: user = \"{user}\" takes root, and the image runs as 10001: take `user` out, or start the container as root (--user 0)",
            app.name
        ))
    }));
    notes
}

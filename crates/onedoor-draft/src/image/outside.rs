//! What a container has to be given from outside, since no image may hold it, and what the image cannot do for an app:
//! files of variables, and another user.

use super::{Wanted, WantedApp};
use crate::folder::base;

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

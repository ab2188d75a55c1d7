//! npm, pnpm, yarn or bun: by the packageManager field, else by the lock of the folder or its workspace.

use crate::folder::{Place, join};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

/// Each lock, and whose it is; the first that lies in a folder counts.
const LOCKS: [(&str, Manager); 6] = [
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("yarn.lock", Manager::Yarn),
    ("package-lock.json", Manager::Npm),
    ("npm-shrinkwrap.json", Manager::Npm),
];

/// The locks that this manager writes; of all of them, if none is named.
pub(crate) fn locks(manager: Option<&str>) -> impl Iterator<Item = &'static str> {
    let is_its = move |of: Manager| manager.is_none_or(|manager| of.name() == manager);
    LOCKS.into_iter().filter(move |(_, of)| is_its(*of)).map(|(lock, _)| lock)
}

impl Manager {
    pub(super) fn named(field: &str) -> Option<Self> {
        Some(match field.split('@').next()? {
            "npm" => Self::Npm,
            "pnpm" => Self::Pnpm,
            "yarn" => Self::Yarn,
            "bun" => Self::Bun,
            _ => return None,
        })
    }

    pub(super) fn by_lock(place: Place<'_>, folder: &str) -> Option<Self> {
        LOCKS.iter().find(|(lock, _)| place.tree.has(&join(folder, lock))).map(|(_, manager)| *manager)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
        }
    }

    pub(super) fn run(self, script: &str) -> String {
        match (self, script) {
            (Self::Npm, "start") => "npm start".to_owned(),
            (manager, script) => format!("{} run {script}", manager.name()),
        }
    }

    pub(super) fn install(self, place: Place<'_>) -> String {
        match self {
            Self::Npm if place.has("package-lock.json") => "npm ci".to_owned(),
            manager => format!("{} install", manager.name()),
        }
    }
}

/// The folder itself, then those it lies in, up to the root.
pub(super) fn ancestors(folder: &str) -> Vec<String> {
    let mut folders = vec![folder.to_owned()];
    let mut rest = folder;
    while !rest.is_empty() {
        rest = rest.rsplit_once('/').map_or("", |(above, _)| above);
        folders.push(rest.to_owned());
    }
    folders
}

//! A folder to be looked at: what it lists and what its files say, within limits.
//!
//! A stranger's folder may be a million files, a ring of links or a file that is a pipe. So everything here is
//! counted, only plain files are read, nothing is read that a link takes out of the root, and what could not be looked
//! at is remembered and said, never fatal.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A manifest or a source file that is longer was not written by hand.
const FILE_BYTES_MOST: u64 = 1 << 20;

/// All files together.
const BYTES_MOST: u64 = 32 << 20;

/// Entries of one folder.
const LISTED_MOST: usize = 5_000;

/// Source files read in one app's folder.
const SOURCES_MOST: usize = 60;

/// How deep below an app's folder its sources are looked for.
const SOURCE_DEPTH: usize = 3;

/// The folders that hold other people's code, or nothing that was written by hand.
const FOREIGN: [&str; 18] = [
    "node_modules",
    "vendor",
    "target",
    "dist",
    "build",
    "out",
    "venv",
    "env",
    "__pycache__",
    "bower_components",
    "site-packages",
    "_build",
    "deps",
    "bin",
    "obj",
    "coverage",
    "tmp",
    "log",
];

/// A folder with everything below it. One for each look: what was read is kept.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    texts: RefCell<BTreeMap<String, Option<Rc<str>>>>,
    bytes: Cell<u64>,
    troubles: RefCell<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A link, a pipe, a device: not looked at.
    Other,
}

impl Tree {
    pub(crate) fn at(root: &Path) -> Self {
        // Links are judged by where they lead, so the root has to be a place without any.
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Self { root, texts: RefCell::default(), bytes: Cell::new(0), troubles: RefCell::default() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What could not be looked at, once each.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.troubles.borrow().clone()
    }

    pub(super) fn trouble(&self, what: String) {
        let mut troubles = self.troubles.borrow_mut();
        if !troubles.contains(&what) {
            troubles.push(what);
        }
    }

    /// The entries of a folder in the order of their names.
    pub(crate) fn list(&self, folder: &str) -> Vec<Listed> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) => {
                self.trouble(format!("{}: cannot be read: {error}", shown(folder)));
                return Vec::new();
            }
        };
        let mut listed = Vec::new();
        for entry in entries.map_while(Result::ok) {
            if listed.len() == LISTED_MOST {
                let what = format!(
                    "{}: has more than {LISTED_MOST} entries; the others were not looked at",
                    shown(folder)
                );
                self.trouble(what);
                break;
            }
            // A name that is no UTF-8 is none of those that mean something.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_dir() => Kind::Folder,
                _ => Kind::Other,
            };
            listed.push(Listed { name, kind });
        }
        sorted::by(&mut listed, |one, other| one.name.cmp(&other.name));
        listed
    }

    /// The folders in `folder` that may hold something written by hand.
    pub(crate) fn folders(&self, folder: &str) -> Vec<String> {
        let own = |entry: &Listed| {
            entry.kind == Kind::Folder
                && !entry.name.starts_with('.')
                && !FOREIGN.contains(&entry.name.as_str())
        };
        self.list(folder).into_iter().filter(own).map(|entry| join(folder, &entry.name)).collect()
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok()
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok_and(|found| found.is_dir())
    }

    pub(crate) fn is_program(&self, path: &str) -> bool {
        let found = self.root.join(path).metadata();
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    }

    /// What the file says. None: there is none, or it is none that is read; the latter is said.
    pub(crate) fn text(&self, path: &str) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let text = match self.read(path) {
            Ok(text) => text,
            Err(why) => {
                self.trouble(format!("{path}: {why}"));
                None
            }
        };
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }

    fn read(&self, path: &str) -> Result<Option<Rc<str>>, String> {
        let file = self.root.join(path);
        if file.symlink_metadata().is_err() {
            return Ok(None);
        }
        let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
        let file = file.canonicalize().map_err(unreadable)?;
        if !file.starts_with(&self.root) {
            return Err("is a link that leaves the folder; not read".to_owned());
        }
        let about = file.metadata().map_err(unreadable)?;
        if !about.is_file() {
            return if about.is_dir() { Ok(None) } else { Err("is no plain file; not read".to_owned()) };
        }
        if about.len() > FILE_BYTES_MOST {
            return Err(format!("has {} bytes; more than 1 MiB is not read", about.len()));
        }
        let bytes = self.bytes.get() + about.len();
        if bytes > BYTES_MOST {
            return Err("not read: 32 MiB of the folder were read already".to_owned());
        }
        self.bytes.set(bytes);
        let bytes = fs::read(&file).map_err(unreadable)?;
        // A byte order mark is what some editors write.
        let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8; not read".to_owned())?;
        Ok(Some(Rc::from(text.strip_prefix('\u{feff}').unwrap_or(&text))))
    }
}

/// One folder of a tree, as a provider sees it: names are the folder's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) tree: &'a Tree,
    /// From the root; empty for the root itself.
    pub(crate) folder: &'a str,
}

impl Place<'_> {
    pub(crate) fn path(&self, name: &str) -> String {
        join(self.folder, name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tree.has(&self.path(name))
    }

    /// The first of these that is there.
    pub(crate) fn first_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.has(name))
    }

    pub(crate) fn text(&self, name: &str) -> Option<Rc<str>> {
        self.tree.text(&self.path(name))
    }

    pub(crate) fn json(&self, name: &str) -> Option<serde_json::Value> {
        let text = self.text(name)?;
        serde_json::from_str(&text)
            .map_err(|error| self.tree.trouble(format!("{}: is not JSON: {error}", self.path(name))))
            .ok()
    }

    pub(crate) fn toml(&self, name: &str) -> Option<toml::Table> {
        let text = self.text(name)?;
        let in_one_line = |error: toml::de::Error| error.message().replace('\n', " ");
        toml::from_str(&text)
            .map_err(|error| {
                self.tree.trouble(format!("{}: is not TOML: {}", self.path(name), in_one_line(error)));
            })
            .ok()
    }

    /// The names of the plain files in it that end so.
    pub(crate) fn files_ending(&self, ending: &str) -> Vec<String> {
        let is_one = |entry: &Listed| entry.kind == Kind::File && entry.name.ends_with(ending);
        self.tree.list(self.folder).into_iter().filter(is_one).map(|entry| entry.name).collect()
    }

    /// Its source files with what they say, those nearest to the folder first. `stop_at`: a folder that holds one of
    /// these is a project of its own.
    pub(crate) fn sources(&self, endings: &[&str], stop_at: &[&str]) -> Vec<Source> {
        let mut found = Vec::new();
        let mut layer = vec![self.folder.to_owned()];
        for depth in 0..=SOURCE_DEPTH {
            let mut below = Vec::new();
            for folder in &layer {
                if depth > 0 && stop_at.iter().any(|name| self.tree.has(&join(folder, name))) {
                    continue;
                }
                self.read_sources(folder, endings, &mut found);
                if found.len() >= SOURCES_MOST {
                    return found;
                }
                below.extend(self.tree.folders(folder).into_iter().filter(|folder| !is_aside(folder)));
            }
            layer = below;
            layer.truncate(SOURCES_MOST);
        }
        found
    }

    fn read_sources(&self, folder: &str, endings: &[&str], found: &mut Vec<Source>) {
        for entry in self.tree.list(folder) {
            let is_source =
                entry.kind == Kind::File && endings.iter().any(|ending| entry.name.ends_with(ending));
            if !is_source
                || entry.name.contains(".test.")
                || entry.name.contains("_test.")
                || found.len() >= SOURCES_MOST
            {
                continue;
            }
            let path = join(folder, &entry.name);
            if let Some(text) = self.tree.text(&path) {
                let name = path.strip_prefix(self.folder).unwrap_or(&path).trim_start_matches('/').to_owned();
                found.push(Source { name, text });
            }
        }
    }
}

/// A source file of an app, named from the app's folder.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: Rc<str>,
}

/// Folders with code that is not the app's own run: nothing is started from them.
pub(super) fn is_aside(folder: &str) -> bool {
    const ASIDE: [&str; 15] = [
        "test",
        "tests",
        "spec",
        "e2e",
        "example",
        "examples",
        "fixtures",
        "samples",
        "benchmarks",
        "bench",
        "migrations",
        "scripts",
        "templates",
        "testdata",
        "__tests__",
    ];
    ASIDE.contains(&base(folder))
}

/// The last name of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leaves_the_folder_a_pipe_and_a_huge_file_are_said_and_not_read() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "hidden").unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), dir.path().join("package.json")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("loop"), dir.path().join("loop")).unwrap();
        fs::File::create(dir.path().join("huge")).unwrap().set_len(50 << 20).unwrap();
        fs::write(dir.path().join("binary"), [0xff, 0xfe]).unwrap();
        fs::write(dir.path().join("fine"), "\u{feff}fine").unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
        let tree = Tree::at(dir.path());
        for name in ["package.json", "loop", "huge", "binary", "socket"] {
            assert_eq!(tree.text(name), None, "{name}");
        }
        assert_eq!(tree.text("fine").as_deref(), Some("fine"));
        assert_eq!(tree.text("nothing"), None);
        let troubles = tree.troubles().join("\n");
        for name in [
            "package.json: is a link that leaves",
            "loop: cannot",
            "huge: has 52428800",
            "binary: is not UTF-8",
            "socket: is no plain",
        ] {
            assert!(troubles.contains(name), "{name}: {troubles}");
        }
        assert!(!troubles.contains("nothing"));
    }
}

//! Which files are nobody's source: what .gitignore names, what tools make, what an editor leaves for a moment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Folders that tools fill, whether or not a .gitignore names them.
const FOLDERS: [&str; 24] = [
    ".git",
    ".hg",
    ".svn",
    ".idea",
    ".vscode",
    "node_modules",
    "bower_components",
    "__pycache__",
    ".venv",
    "venv",
    ".tox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "target",
    "dist",
    "build",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".cache",
    ".gradle",
    "coverage",
    "vendor",
];

/// Files that programs write while they run, and that editors write while they save.
const ENDINGS: [&str; 18] = [
    "~", ".swp", ".swx", ".swo", ".tmp", ".bak", ".pyc", ".pyo", ".log", ".pid", ".sock", ".lock", ".db",
    ".sqlite", ".sqlite3", "-journal", "-wal", "-shm",
];

/// What is not watched. Remembers the .gitignore files it has read.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    read: HashMap<PathBuf, Option<Gitignore>>,
}

impl Ignored {
    pub(super) fn is_folder(&mut self, path: &Path) -> bool {
        name_of(path).is_some_and(|name| FOLDERS.contains(&name)) || self.by_git(path, Kind::Folder)
    }

    pub(super) fn is_file(&mut self, path: &Path) -> bool {
        let is_passing = |name: &str| {
            // Emacs' locks and copies, vim's test whether it may write, and what sed, gedit and IntelliJ rename.
            let begins = [".#", "#", ".goutputstream-", ".sed"].iter().any(|begin| name.starts_with(begin));
            begins
                || name == "4913"
                || name.contains("___jb_")
                || ENDINGS.iter().any(|end| name.ends_with(end))
        };
        name_of(path).is_none_or(is_passing) || self.by_git(path, Kind::File)
    }

    /// A .gitignore has changed: they are read again.
    pub(super) fn forget(&mut self) {
        self.read.clear();
    }

    /// The nearest .gitignore that says something decides (gitignore(5)); they are looked for up to the repository.
    fn by_git(&mut self, path: &Path, kind: Kind) -> bool {
        for folder in path.ancestors().skip(1) {
            let rules = self.read.entry(folder.to_owned()).or_insert_with(|| read(folder));
            if let Some(rules) = rules {
                match rules.matched(path, kind == Kind::Folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            if folder.join(".git").exists() {
                return false;
            }
        }
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

fn read(folder: &Path) -> Option<Gitignore> {
    let file = folder.join(".gitignore");
    if !file.is_file() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(folder);
    // A line that git would not understand is no reason to ignore the others.
    drop(builder.add(file));
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_ignores_and_what_tools_and_editors_make_is_nobodys_source() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::create_dir_all(root.join("web/src")).unwrap();
        std::fs::write(root.join(".gitignore"), "*.gen.ts\n/out\n").unwrap();
        std::fs::write(root.join("web/.gitignore"), "!keep.gen.ts\nuploads/\n").unwrap();
        let mut ignored = Ignored::default();
        let files = [
            ("web/src/main.py", false),
            ("web/src/a.gen.ts", true),
            ("web/src/keep.gen.ts", false),
            ("web/src/.main.py.swp", true),
            ("web/src/main.py~", true),
            ("web/src/4913", true),
            ("web/src/#main.py#", true),
            ("web/src/main.pyc", true),
            ("web/db.sqlite3", true),
            ("web/uploads", false),
        ];
        for (file, expected) in files {
            assert_eq!(ignored.is_file(&root.join(file)), expected, "{file}");
        }
        let folders = [
            ("out", true),
            ("web/out", false),
            ("web/src", false),
            ("web/uploads", true),
            ("web/node_modules", true),
            ("web/.venv", true),
        ];
        for (folder, expected) in folders {
            assert_eq!(ignored.is_folder(&root.join(folder)), expected, "{folder}");
        }
        std::fs::write(root.join(".gitignore"), "").unwrap();
        ignored.forget();
        assert!(!ignored.is_file(&root.join("web/src/a.gen.ts")));
    }
}

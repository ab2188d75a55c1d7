//! What the kernel does not watch for us is looked through: file by file, by time and size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::ignored::Ignored;

/// How often what cannot be watched is looked through, at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Looking through more would cost more than it is worth.
const FILES_MAX: usize = 50_000;

/// Folders that are looked through, with all that is below them.
#[derive(Debug)]
pub(super) struct Looking {
    trees: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Seen>,
    files_most: usize,
    /// What the last look took.
    took: Duration,
}

impl Default for Looking {
    fn default() -> Self {
        Self { trees: Vec::new(), seen: BTreeMap::new(), files_most: FILES_MAX, took: Duration::ZERO }
    }
}

type Seen = (Option<SystemTime>, u64);

impl Looking {
    pub(super) fn is_needed(&self) -> bool {
        !self.trees.is_empty()
    }

    pub(super) fn takes(&mut self, tree: &Path) {
        self.trees.push(tree.to_owned());
        self.seen.clear();
    }

    /// Until the next look: a tenth of one processor is what it may cost.
    pub(super) fn pause(&self) -> Duration {
        LOOK_AGAIN.max(self.took * 10)
    }

    /// What is other than at the last look; nothing, at the first.
    pub(super) fn changed(&mut self, ignored: &mut Ignored) -> Vec<PathBuf> {
        let began = Instant::now();
        let mut found = BTreeMap::new();
        let mut left = self.trees.clone();
        while let Some(folder) = left.pop() {
            for entry in folder.read_dir().into_iter().flatten().flatten() {
                let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
                if kind.is_dir() && !ignored.is_folder(&path) {
                    left.push(path);
                } else if kind.is_file() && found.len() < self.files_most && !ignored.is_file(&path) {
                    let known = entry.metadata().map(|it| (it.modified().ok(), it.len()));
                    found.insert(path, known.unwrap_or_default());
                }
            }
        }
        self.took = began.elapsed();
        let before = std::mem::replace(&mut self.seen, found);
        if before.is_empty() {
            return Vec::new();
        }
        let is_other = |path: &&PathBuf| before.get(*path) != self.seen.get(*path);
        if self.seen.len() >= self.files_most || before.len() >= self.files_most {
            // One file more, and another is not looked at any more: only what was seen twice can have changed.
            let both = self.seen.keys().filter(|path| before.contains_key(*path));
            return both.filter(is_other).cloned().collect();
        }
        let new = self.seen.keys().filter(is_other);
        let gone = before.keys().filter(|path| !self.seen.contains_key(*path));
        new.chain(gone).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_finds_what_came_what_changed_and_what_went() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        std::fs::create_dir_all(root.join("node_modules/x")).unwrap();
        std::fs::write(root.join("a.py"), "1").unwrap();
        std::fs::write(root.join("b.py"), "1").unwrap();
        let (mut looking, mut ignored) = (Looking::default(), Ignored::default());
        assert!(!looking.is_needed());
        looking.takes(root);
        assert!(looking.is_needed());
        assert_eq!(looking.changed(&mut ignored), [""; 0].map(PathBuf::from));
        std::fs::write(root.join("a.py"), "22").unwrap();
        std::fs::write(root.join("c.py"), "").unwrap();
        std::fs::write(root.join("node_modules/x/index.js"), "").unwrap();
        std::fs::remove_file(root.join("b.py")).unwrap();
        let expected = ["a.py", "c.py", "b.py"].map(|name| root.join(name));
        assert_eq!(looking.changed(&mut ignored), expected);
        assert_eq!(looking.changed(&mut ignored), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn where_there_are_too_many_files_none_is_blamed_that_did_not_change() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        for name in 0..10 {
            std::fs::write(root.join(format!("{name}.py")), "1").unwrap();
        }
        let (mut looking, mut ignored) =
            (Looking { files_most: 5, ..Looking::default() }, Ignored::default());
        looking.takes(root);
        looking.changed(&mut ignored);
        let seen: Vec<PathBuf> = looking.seen.keys().cloned().collect();
        for name in 10..20 {
            std::fs::write(root.join(format!("{name}.py")), "1").unwrap();
        }
        assert_eq!(looking.changed(&mut ignored), [""; 0].map(PathBuf::from));
        let still = seen.into_iter().find(|path| looking.seen.contains_key(path));
        if let Some(still) = still {
            std::fs::write(&still, "22").unwrap();
            assert_eq!(looking.changed(&mut ignored), [still]);
        }
    }
}

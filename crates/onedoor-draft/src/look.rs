//! What a folder says: its Procfile, else what is found in it.

use std::path::{Path, PathBuf};

use crate::folder::Tree;
use crate::plan::{self, Plan};
use crate::procfile;

/// What was made of a folder.
#[derive(Debug)]
pub struct Look {
    /// What is to be started and served.
    pub plan: Plan,
    /// Who said so.
    pub source: Source,
    /// Where the folder is, without links.
    pub root: PathBuf,
}

/// Where a plan comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The folder's Procfile.
    Procfile,
    /// The files of the folder and of those below it.
    Folder,
}

/// Looks at a folder and at two levels below it. A Procfile is its owner's own words and goes first.
#[must_use]
pub fn look(folder: &Path) -> Look {
    let tree = Tree::at(folder);
    let root = tree.root().to_owned();
    match procfile::of_folder(&tree).filter(|plan| !plan.is_empty()) {
        Some(plan) => Look { plan, source: Source::Procfile, root },
        None => Look { plan: plan::of_folder(&tree), source: Source::Folder, root },
    }
}

//! Files in a folder of their own, read as one configuration.

use std::fs;

use tempfile::TempDir;

use crate::config::{Env, Layers, Loaded, load_to_ask};

/// A folder with these files, and how they are read.
pub(super) struct Stack {
    pub(super) folder: TempDir,
    pub(super) layers: Layers,
}

impl Stack {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let layers = Layers::new(files.iter().map(|(name, _)| folder.path().join(name)).collect(), None);
        Self { folder, layers }
    }

    /// One file, `onedoor.toml`.
    pub(super) fn of(text: &str) -> Self {
        Self::new(&[("onedoor.toml", text)])
    }

    /// With this profile chosen.
    pub(super) fn profile(mut self, name: &str) -> Self {
        self.layers.profile = Some(name.to_owned());
        self
    }

    #[track_caller]
    pub(super) fn fine(&self) -> Loaded {
        self.load(&[]).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// What is wrong with them, with the folder's name taken out.
    pub(super) fn mistakes(&self) -> String {
        self.load(&[]).err().unwrap_or_else(|| "fine".to_owned())
    }

    /// The table that is shown at the start, in few words.
    #[track_caller]
    pub(super) fn table(&self) -> Vec<String> {
        let rows = self.fine().table.into_iter();
        rows.map(|row| self.without_folder(&format!("{} {} {}", row.at, row.what, row.place))).collect()
    }

    pub(super) fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, String> {
        let env = Env::made_of(variables.iter().copied());
        load_to_ask(&self.layers, &env).map_err(|errors| self.without_folder(&errors.to_string()))
    }

    pub(super) fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

//! Folders for the apps' Unix sockets: one per app, closed to everyone else, in whatever place is writable.
//!
//! Nothing is promised about the file system but one writable folder among three (SUPERVISION.md rule 21).

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest path of a Unix socket: `sun_path` less its NUL (unix(7)).
const PATH_MAX: usize = 107;

/// As long as any: an instance's number and this.
const LONGEST_NAME: &str = "4294967295.sock";

/// Where the folders are made; the folder of all folders is made with the first and removed at the end.
#[derive(Debug)]
pub(in crate::apps) struct RuntimeDir {
    /// The place's name holds chance, so that in a shared `/tmp` nobody can have made it before us.
    name: String,
    bases: Vec<PathBuf>,
    /// The one among them that nobody but our user may enter.
    private: Option<PathBuf>,
}

/// The user and group that an app runs as, where they are not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl RuntimeDir {
    pub(in crate::apps) fn of_this_host() -> io::Result<Self> {
        let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let private = xdg.clone();
        let bases = xdg.into_iter().chain(["/run".into(), "/tmp".into(), "/dev/shm".into()]).collect();
        Ok(Self { name: format!("onedoor-{:.12}", super::unguessable()?), bases, private })
    }

    /// Makes the folder of an app in the first place that takes it.
    pub(super) fn folder_of(&self, app: &str, owner: Option<Owner>) -> io::Result<SocketFolder> {
        let mut refused = io::Error::from(io::ErrorKind::NotFound);
        // Nobody else may enter what is the user's own.
        let enterable = |base: &&PathBuf| owner.is_none() || Some(base.as_path()) != self.private.as_deref();
        for base in self.bases.iter().filter(enterable) {
            match self.folder_in(base, app, owner) {
                Ok(folder) => return Ok(folder),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    fn folder_in(&self, base: &Path, app: &str, owner: Option<Owner>) -> io::Result<SocketFolder> {
        let ours = base.join(&self.name);
        let folder = ours.join(app);
        if folder.join(LONGEST_NAME).as_os_str().as_bytes().len() > PATH_MAX {
            return Err(io::Error::from(io::ErrorKind::InvalidFilename));
        }
        make(&ours, 0o711)?;
        DirBuilder::new().mode(0o700).create(&folder)?;
        give(&folder, owner)?;
        Ok(SocketFolder { folder, owner })
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        for base in &self.bases {
            // Not there, or not empty because an app outlived us: either way there is nothing to be done.
            fs::remove_dir(base.join(&self.name)).ok();
        }
    }
}

/// The folder of one app, removed with what is in it when the app's life ends.
#[derive(Debug)]
pub(super) struct SocketFolder {
    folder: PathBuf,
    owner: Option<Owner>,
}

impl SocketFolder {
    /// The path of an instance's socket, with nothing there.
    pub(super) fn vacant_path(&self, instance: u64) -> io::Result<Arc<PathBuf>> {
        self.vacant(&name_of(instance)).map(Arc::new)
    }

    /// The path of a socket (its name no longer than [`LONGEST_NAME`]), with nothing there: bind(2) does not replace
    /// what a killed process left. The folder may be gone, too: whatever cleans `/tmp` does not ask.
    pub(super) fn vacant(&self, name: &str) -> io::Result<PathBuf> {
        if let Some(ours) = self.folder.parent() {
            make(ours, 0o711)?;
        }
        make(&self.folder, 0o700)?;
        give(&self.folder, self.owner)?;
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(path),
        }
    }

    pub(super) fn remove(&self, instance: u64) {
        // Never made, or gone with the folder: as it should be.
        fs::remove_file(self.folder.join(name_of(instance))).ok();
    }
}

fn name_of(instance: u64) -> String {
    format!("{instance}.sock")
}

/// To the user the app runs as.
pub(super) fn give(path: &Path, owner: Option<Owner>) -> io::Result<()> {
    match owner {
        Some(Owner { user, group }) => std::os::unix::fs::chown(path, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// Makes a folder that may be there already.
fn make(folder: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    fn runtime(bases: Vec<PathBuf>) -> RuntimeDir {
        RuntimeDir { name: "onedoor-test".into(), bases, private: None }
    }

    #[test]
    fn an_apps_folder_is_closed_to_others_and_gone_at_the_end() {
        let root = tempfile::tempdir().unwrap();
        let runtime = runtime(vec![root.path().join("missing"), root.path().into()]);
        let folder = runtime.folder_of("api", None).unwrap();
        let path = folder.vacant_path(1).unwrap();
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        drop(UnixListener::bind(&*path).unwrap());
        assert!(path.exists());
        folder.vacant_path(1).unwrap();
        assert!(!path.exists());
        drop(folder);
        drop(runtime);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_somebody_cleaned_away_is_made_again() {
        let root = tempfile::tempdir().unwrap();
        let runtime = runtime(vec![root.path().into()]);
        let folder = runtime.folder_of("api", None).unwrap();
        fs::remove_dir_all(root.path().join("onedoor-test")).unwrap();
        let path = folder.vacant_path(1).unwrap();
        drop(UnixListener::bind(&*path).unwrap());
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_place_whose_paths_would_be_too_long_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let long = root.path().join("x".repeat(100));
        fs::create_dir(&long).unwrap();
        let runtime = runtime(vec![long.clone(), root.path().into()]);
        let path = runtime.folder_of("api", None).unwrap().vacant_path(1).unwrap();
        assert!(!path.starts_with(&long) && path.as_os_str().len() <= PATH_MAX);
    }
}

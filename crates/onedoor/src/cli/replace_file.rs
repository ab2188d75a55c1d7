//! A file's text replaced as a whole: whoever reads it meanwhile, and whoever pulls the plug, finds the old text or the
//! new one, never a part. Its permissions and its owner stay.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: it is the file it leads to that is replaced.
    let path = path.canonicalize()?;
    let old = path.metadata()?;
    // Who may not write into the file may not replace it either, though its folder may allow that.
    drop(File::options().append(true).open(&path)?);
    beside(&path, text.as_bytes(), |file, beside| {
        file.set_permissions(old.permissions())?;
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            // Only root can; the text matters more.
            chown(beside, Some(old.uid()), Some(old.gid())).ok();
        }
        Ok(())
    })
}

/// The same for a file that need not be there yet.
pub(super) fn put(path: &Path, text: &str) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(_) => replace(path, text),
        Err(_) => beside(path, text.as_bytes(), |_, _| Ok(())),
    }
}

/// The same for a program, whatever is there.
pub(super) fn put_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    beside(path, bytes, |file, _| file.set_permissions(Permissions::from_mode(0o755)))
}

/// Writes it under another name in the same folder, and gives it its own when all of it is there.
fn beside(path: &Path, bytes: &[u8], finish: impl FnOnce(&File, &Path) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = File::options().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        finish(&file, &beside)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        fs::remove_file(&beside).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_text_is_new_and_all_else_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink("a", &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(replace(&folder.path().join("a"), "new").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_is_made_where_there_is_none_and_a_program_can_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let (file, program) = (folder.path().join("a"), folder.path().join("b"));
        for text in ["one", "two"] {
            put(&file, text).unwrap();
            put_program(&program, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(program.metadata().unwrap().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        assert!(put(&folder.path().join("none/a"), "text").is_err());
    }
}

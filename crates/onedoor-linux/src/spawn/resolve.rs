//! Finding a program as a shell would, but on the app's own PATH and in the app's own directory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::error::SpawnError;
use super::shown;

/// Where `program` is. With a slash in its name it is a path, relative to `dir`; without, it is looked for in the
/// directories of `path` (as in `PATH`: separated by colons, relative ones and empty ones meaning `dir`), and what
/// may not be executed is passed over, as execvp(3) does.
///
/// # Errors
/// [`SpawnError::NotFound`] and [`SpawnError::NotExecutable`].
pub fn resolve_program(program: &OsStr, path: &OsStr, dir: &Path) -> Result<PathBuf, SpawnError> {
    if program.is_empty() {
        return Err(SpawnError::NotFound { program: String::new(), looked_in: String::new() });
    }
    if program.as_bytes().contains(&b'/') {
        let candidate = dir.join(program);
        return match judge(&candidate) {
            Candidate::Fits => Ok(candidate),
            Candidate::Denied => Err(SpawnError::NotExecutable { program: shown(&candidate) }),
            Candidate::Absent => {
                Err(SpawnError::NotFound { program: shown(&candidate), looked_in: String::new() })
            }
        };
    }
    let mut denied = None;
    for entry in path.as_bytes().split(|byte| *byte == b':') {
        let candidate = dir.join(OsStr::from_bytes(entry)).join(program);
        match judge(&candidate) {
            Candidate::Fits => return Ok(candidate),
            Candidate::Denied => denied = denied.or(Some(candidate)),
            Candidate::Absent => {}
        }
    }
    Err(match denied {
        Some(candidate) => SpawnError::NotExecutable { program: shown(&candidate) },
        None => SpawnError::NotFound {
            program: program.to_string_lossy().into_owned(),
            looked_in: path.to_string_lossy().into_owned(),
        },
    })
}

enum Candidate {
    Fits,
    Denied,
    Absent,
}

fn judge(candidate: &Path) -> Candidate {
    match std::fs::metadata(candidate) {
        Ok(found) if found.is_dir() => Candidate::Absent,
        Ok(_) if rustix::fs::access(candidate, Access::EXEC_OK).is_ok() => Candidate::Fits,
        Ok(_) => Candidate::Denied,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Candidate::Denied,
        Err(_) => Candidate::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(path: &Path, mode: u32) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_program_is_found_on_the_apps_path_in_its_order() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        file(&dir.join("first/tool"), 0o755);
        file(&dir.join("second/tool"), 0o755);
        let path = format!("{0}/nowhere:{0}/first:{0}/second", dir.display());
        let found = resolve_program(OsStr::new("tool"), OsStr::new(&path), Path::new("/"));
        assert_eq!(found, Ok(dir.join("first/tool")));
    }

    #[test]
    fn what_may_not_be_executed_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        file(&dir.join("first/tool"), 0o644);
        std::fs::create_dir_all(dir.join("second/tool")).unwrap();
        file(&dir.join("third/tool"), 0o755);
        let found = resolve_program(OsStr::new("tool"), OsStr::new("first:second:third"), dir);
        assert_eq!(found, Ok(dir.join("third/tool")));
        let denied = resolve_program(OsStr::new("tool"), OsStr::new("first:second"), dir).unwrap_err();
        assert_eq!(denied, SpawnError::NotExecutable { program: shown(&dir.join("first/tool")) });
        assert_eq!(denied.exit_code(), 126);
    }

    #[test]
    fn relative_names_and_paths_belong_to_the_apps_directory() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        file(&dir.join("bin/tool"), 0o755);
        let tool = Ok(dir.join("bin/tool"));
        assert_eq!(resolve_program(OsStr::new("bin/tool"), OsStr::new(""), dir), tool);
        assert_eq!(resolve_program(OsStr::new("tool"), OsStr::new("bin"), dir), tool);
        let here = resolve_program(OsStr::new("tool"), OsStr::new("/nowhere:"), &dir.join("bin"));
        assert_eq!(here, tool);
    }

    #[test]
    fn an_absent_program_is_127_and_the_message_says_where_it_was_looked_for() {
        let error = resolve_program(OsStr::new("uvicorn"), OsStr::new("/a:/b"), Path::new("/")).unwrap_err();
        assert_eq!(error.exit_code(), 127);
        assert!(error.to_string().contains("/a:/b"), "{error}");
        assert_eq!(
            resolve_program(OsStr::new(""), OsStr::new("/bin"), Path::new("/")).unwrap_err().exit_code(),
            127
        );
    }
}

//! How onedoor gets into an image: a program or its sources in the build's folder, an image that has it, or this very
//! program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::replace_file;

/// Where this program is put beside the Dockerfile; git is told to leave it alone.
const OWN: &str = ".onedoor/onedoor";

/// Before the folder of its sources.
const SOURCES: &str = "source:";

/// The image that holds a version.
const IMAGE: &str = "ghcr.io/onedoor/onedoor";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This program, copied below the folder.
    Own,
    /// A file of the folder.
    File(String),
    Image(String),
    /// The folder of its sources.
    Sources(String),
}

impl Origin {
    /// What `--onedoor` means. A file that is there is meant before an image of that name.
    pub(super) fn of(asked: Option<&str>, folder: &Path) -> Result<Self, String> {
        let Some(asked) = asked else { return Ok(Self::Own) };
        if let Some(sources) = asked.strip_prefix(SOURCES) {
            return Self::of_sources(sources, folder);
        }
        if asked.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(Self::Image(format!("{IMAGE}:{asked}")));
        }
        let path = std::path::absolute(asked).unwrap_or_else(|_| PathBuf::from(asked));
        if path.is_file() {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            return super::relative(folder, &path).or_else(|| super::relative(folder, &real)).map(Self::File).ok_or_else(|| {
                format!("--onedoor {asked}: is not in {}, and a build sees only that folder: copy it there, or leave --onedoor out, and this program is copied", folder.display())
            });
        }
        let is_path = asked.starts_with(['.', '/']);
        if is_path {
            return Err(format!("--onedoor {asked}: there is no such file"));
        }
        Ok(Self::Image(asked.to_owned()))
    }

    fn of_sources(asked: &str, folder: &Path) -> Result<Self, String> {
        let sources = Path::new(asked)
            .canonicalize()
            .map_err(|error| format!("--onedoor {SOURCES}{asked}: cannot be read: {error}"))?;
        if !sources.join("crates/onedoor/Cargo.toml").is_file() {
            return Err(format!(
                "--onedoor {SOURCES}{asked}: has no crates/onedoor/Cargo.toml; name the root of a clone of onedoor"
            ));
        }
        let context = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        super::relative(&context, &sources).map(Self::Sources).ok_or_else(|| {
            format!("--onedoor {SOURCES}{asked}: is not in {}, and a build sees only that folder; --context names a folder that has both", folder.display())
        })
    }

    pub(super) fn for_the_image(&self) -> onedoor_draft::Origin {
        match self {
            Self::Own => onedoor_draft::Origin::File(OWN.to_owned()),
            Self::File(file) => onedoor_draft::Origin::File(file.clone()),
            Self::Image(image) => onedoor_draft::Origin::Image(image.clone()),
            Self::Sources(folder) => onedoor_draft::Origin::Sources(folder.clone()),
        }
    }

    /// Puts this program where the build finds it. Says the file that was written, if there is one.
    pub(super) fn put(&self, folder: &Path) -> Result<Option<PathBuf>, String> {
        if *self != Self::Own {
            return Ok(None);
        }
        let place = folder.join(OWN);
        let unwritten = |error: io::Error| format!("{} cannot be written: {error}", place.display());
        let own = fs::read("/proc/self/exe").map_err(unwritten)?;
        if fs::read(&place).is_ok_and(|there| there == own) {
            return Ok(None);
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(unwritten)?;
            replace_file::put(&parent.join(".gitignore"), "*\n").map_err(unwritten)?;
        }
        replace_file::put_program(&place, &own).map_err(unwritten)?;
        Ok(Some(place))
    }
}

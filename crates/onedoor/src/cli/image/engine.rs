//! Who can build an image here, and programs that are asked about images.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use onedoor_linux::spawn::{SpawnSpec, resolve_program};

use crate::init::{Keep, Kept, OnceError, Said, run_once};

/// A registry that is far away may take its time, and an image has to be fetched where nobody can ask for less.
const LIMIT: Duration = Duration::from_secs(10 * 60);

const SAID_MOST: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    Docker,
    Podman,
    Buildah,
}

impl Engine {
    /// The first that is on PATH.
    pub(super) fn found() -> Option<Self> {
        [Self::Docker, Self::Podman, Self::Buildah].into_iter().find(|engine| engine.is_here())
    }

    pub(super) fn is_here(self) -> bool {
        is_here(self.program())
    }

    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// OCI's own format has no place for a HEALTHCHECK.
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &["build"],
            Self::Podman | Self::Buildah => &["build", "--format", "docker"],
        }
    }
}

/// Whether a program is on PATH.
pub(super) fn is_here(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    resolve_program(program.as_ref(), &paths, Path::new("/")).is_ok()
}

/// What a program prints, or why it does not.
pub(super) fn ask(words: &[&str]) -> Result<String, String> {
    let (program, paths) =
        (words.first().copied().unwrap_or_default(), env::var_os("PATH").unwrap_or_default());
    let path = resolve_program(program.as_ref(), &paths, Path::new("/"))
        .map_err(|_| format!("{program} is not on PATH"))?;
    let mut spec = SpawnSpec::new(path, "/");
    spec.argv = words.iter().map(OsString::from).collect();
    spec.env = env::vars_os().collect();
    let mut said =
        Said { stdout: Kept::new(Keep::Last(SAID_MOST)), stderr: Kept::new(Keep::Last(SAID_MOST)) };
    let line = words.iter().take(3).copied().collect::<Vec<_>>().join(" ");
    match run_once(&spec, LIMIT, &mut said) {
        Ok(status) if status.success() => Ok(String::from_utf8_lossy(said.stdout.bytes()).trim().to_owned()),
        Ok(status) => {
            let complaint = String::from_utf8_lossy(said.stderr.bytes());
            let last = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
            Err(format!("`{line}`: {status}: {last}"))
        }
        Err(OnceError::TooLong) => Err(format!("`{line}` had not ended after 10 minutes")),
        Err(OnceError::Stopped(signal)) => Err(format!("`{line}` was ended by {signal}")),
        Err(OnceError::Spawn(error)) => Err(format!("`{line}`: {error}")),
        Err(OnceError::Signals(error)) => Err(format!("`{line}`: {error}")),
    }
}

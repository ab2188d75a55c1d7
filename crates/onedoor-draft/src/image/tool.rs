//! The package managers that a stage fetches for itself, by version: two builds a month apart are the same.

use super::dockerfile::{Cache, Stage, Step};

pub(super) const PIP: Cache = Cache::shared("pip", "/root/.cache/pip");
pub(super) const NPM: Cache = Cache::shared("npm", "/root/.npm");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Uv,
    Poetry,
    Pdm,
    Pipenv,
    Pnpm,
    Yarn,
}

impl Tool {
    /// Where nobody asks for another one.
    fn version(self) -> &'static str {
        match self {
            Self::Uv => "0.13.9",
            Self::Poetry => "2.2.1",
            Self::Pdm => "2.26.2",
            Self::Pipenv => "2026.0.3",
            Self::Pnpm => "10.24.0",
            Self::Yarn => "1.22.22",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Pipenv => "pipenv",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
        }
    }

    /// Installs it in the stage, in this version or in the one that is known to work.
    pub(super) fn fetch(self, version: Option<&str>, stage: &mut Stage) {
        let (package, name) = (self.package(), self.package().to_ascii_uppercase());
        stage.step(Step::Arg(format!("{name}={}", version.unwrap_or_else(|| self.version()))));
        match self {
            Self::Uv | Self::Poetry | Self::Pdm | Self::Pipenv => {
                stage.run_with(&[PIP], format!("pip install \"{package}==${name}\""))
            }
            Self::Pnpm | Self::Yarn => {
                stage.run_with(&[NPM], format!("npm install --global \"{package}@${name}\""))
            }
        };
    }
}

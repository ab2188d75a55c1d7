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
    /// The first one, which most locks are still of.
    Yarn,
    /// Yarn since 2: another program, under another name.
    Berry,
}

impl Tool {
    /// Where nobody asks for another one.
    fn version(self) -> &'static str {
        match self {
            Self::Uv => "0.13.9",
            Self::Poetry => "2.5.1",
            Self::Pdm => "2.29.4",
            Self::Pipenv => "2026.10.3",
            Self::Pnpm => "10.24.0",
            Self::Yarn => "1.22.22",
            Self::Berry => "4.18.1",
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
            Self::Berry => "@yarnpkg/cli-dist",
        }
    }

    /// The variable that holds its version.
    fn variable(self) -> &'static str {
        match self {
            Self::Uv => "UV",
            Self::Poetry => "POETRY",
            Self::Pdm => "PDM",
            Self::Pipenv => "PIPENV",
            Self::Pnpm => "PNPM",
            Self::Yarn | Self::Berry => "YARN",
        }
    }

    /// What has to be named beside it: its own bounds let a package in that it does not work with.
    fn beside(self) -> &'static str {
        match self {
            Self::Pdm => " \"hishel<2\"",
            Self::Uv | Self::Poetry | Self::Pipenv | Self::Pnpm | Self::Yarn | Self::Berry => "",
        }
    }

    /// Installs it in the stage, in this version or in the one that is known to work.
    pub(super) fn fetch(self, version: Option<&str>, stage: &mut Stage) {
        let (package, name, beside) = (self.package(), self.variable(), self.beside());
        stage.step(Step::Arg(format!("{name}={}", version.unwrap_or_else(|| self.version()))));
        match self {
            Self::Uv | Self::Poetry | Self::Pdm | Self::Pipenv => {
                stage.run_with(&[PIP], format!("pip install \"{package}==${name}\"{beside}"))
            }
            Self::Pnpm | Self::Yarn | Self::Berry => {
                stage.run_with(&[NPM], format!("npm install --global \"{package}@${name}\""))
            }
        };
    }
}

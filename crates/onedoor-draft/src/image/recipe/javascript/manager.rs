//! npm, pnpm, yarn or bun: how each installs, runs a script, and forgets what only a build needed.

use super::super::super::dockerfile::{Cache, Stage};
use super::super::super::runtime::{Company, Runtime};
use super::super::super::tool::{NPM, Tool};
use super::super::Unit;
use super::workspace::Workspace;
use crate::folder::Place;

const PNPM: Cache = Cache::shared("pnpm", "/root/.local/share/pnpm/store");
const BUN: Cache = Cache::shared("bun", "/root/.bun/install/cache");
const YARN: Cache = Cache::shared("yarn", "/usr/local/share/.cache/yarn");

/// A manager in the version that the project names.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    pub(super) kind: Kind,
    version: Option<String>,
    lock: Lock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    There,
    Missing,
}

impl Manager {
    pub(super) fn of(unit: &Unit<'_>, workspace: Option<&Workspace<'_>>) -> Self {
        let kind = match unit.found.and_then(|found| found.manager) {
            Some("pnpm") => Kind::Pnpm,
            Some("yarn") => Kind::Yarn,
            Some("bun") => Kind::Bun,
            _ => Kind::Npm,
        };
        let root = workspace.map_or_else(|| unit.place(), |workspace| workspace.root);
        let lock = root.first_of(kind.locks()).map_or(Lock::Missing, |_| Lock::There);
        Self { kind, version: named_version(root).or_else(|| named_version(unit.place())), lock }
    }

    /// Gets the manager itself, where the image does not have it.
    pub(super) fn fetch(&self, stage: &mut Stage) {
        match self.kind {
            Kind::Npm => {}
            Kind::Pnpm => Tool::Pnpm.fetch(self.version.as_deref(), stage),
            Kind::Yarn => Tool::Yarn.fetch(self.version.as_deref(), stage),
            Kind::Bun => {
                Runtime::Bun.copy_into(stage, Company::Alone);
                stage.env("PATH", "/opt/bun/bin:$PATH");
            }
        }
    }

    /// All packages of a folder, those that a build needs too.
    pub(super) fn install(&self, unit: &Unit<'_>, stage: &mut Stage) {
        self.fetch(stage);
        stage.copy(unit.manifests(self.kind.manifests()), "./");
        stage.install(&[self.kind.cache()], self.install_command());
    }

    pub(super) fn install_command(&self) -> &'static str {
        match (self.kind, self.lock) {
            (Kind::Npm, Lock::There) => "npm ci",
            (Kind::Npm, Lock::Missing) => "npm install",
            (Kind::Pnpm, Lock::There) => "pnpm install --frozen-lockfile",
            (Kind::Pnpm, Lock::Missing) => "pnpm install",
            (Kind::Yarn, Lock::There) => "yarn install --frozen-lockfile",
            (Kind::Yarn, Lock::Missing) => "yarn install",
            (Kind::Bun, Lock::There) => "bun install --frozen-lockfile",
            (Kind::Bun, Lock::Missing) => "bun install",
        }
    }

    pub(super) fn run(&self, script: &str) -> String {
        match self.kind {
            Kind::Npm => format!("npm run {script}"),
            Kind::Pnpm => format!("pnpm run {script}"),
            Kind::Yarn => format!("yarn run {script}"),
            Kind::Bun => format!("bun run {script}"),
        }
    }

    pub(super) fn prune(&self, stage: &mut Stage) {
        stage.run_with(
            &[self.kind.cache()],
            match self.kind {
                Kind::Npm => "npm prune --omit=dev",
                Kind::Pnpm => "CI=true pnpm prune --prod",
                Kind::Yarn => "yarn install --production --ignore-scripts --prefer-offline",
                // It has no word for it.
                Kind::Bun => "rm -rf node_modules && bun install --production",
            },
        );
    }
}

impl Kind {
    fn locks(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["package-lock.json", "npm-shrinkwrap.json"],
            Self::Pnpm => &["pnpm-lock.yaml"],
            Self::Yarn => &["yarn.lock"],
            Self::Bun => &["bun.lock", "bun.lockb"],
        }
    }

    /// What an installation reads.
    pub(super) fn manifests(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"],
            Self::Pnpm => {
                &["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs"]
            }
            Self::Yarn => &["package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"],
            Self::Bun => &["package.json", "bun.lock", "bun.lockb", "bunfig.toml", ".npmrc"],
        }
    }

    pub(super) fn cache(self) -> Cache {
        match self {
            Self::Npm => NPM,
            Self::Pnpm => PNPM,
            Self::Yarn => YARN,
            Self::Bun => BUN,
        }
    }
}

/// `pnpm@10.24.0+sha512.…` in packageManager.
fn named_version(place: Place<'_>) -> Option<String> {
    let json = place.json("package.json")?;
    let (_, version) = json.get("packageManager")?.as_str()?.split_once('@')?;
    let version = version.split('+').next()?;
    let is_version = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    (!version.is_empty() && version.chars().all(is_version)).then(|| version.to_owned())
}

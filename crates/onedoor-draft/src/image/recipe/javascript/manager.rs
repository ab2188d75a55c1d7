//! npm, pnpm, yarn (both of them) or bun: how each installs, runs a script, and forgets what only a build needed.

use super::super::super::dockerfile::{Cache, Stage};
use super::super::super::outside::{NPMRC, holds_a_token};
use super::super::super::runtime::{Company, Runtime};
use super::super::super::tool::{NPM, Tool};
use super::super::Unit;
use crate::detect::locks;
use crate::folder::Place;

const PNPM: Cache = Cache::shared("pnpm", "/root/.local/share/pnpm/store");
const BUN: Cache = Cache::shared("bun", "/root/.bun/install/cache");
const YARN: Cache = Cache::shared("yarn", "/usr/local/share/.cache/yarn");
const BERRY: Cache = Cache::shared("yarn-berry", "/root/.yarn/berry");

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
    Berry,
    Bun,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    There,
    Missing,
}

impl Manager {
    /// The one of the unit; `root` is where its lock lies.
    pub(super) fn of(unit: &Unit<'_>, root: Place<'_>) -> Self {
        let version = named_version(root).or_else(|| named_version(unit.place()));
        let kind = match unit.found.and_then(|found| found.manager) {
            Some("pnpm") => Kind::Pnpm,
            Some("yarn") if is_berry(root, version.as_deref()) => Kind::Berry,
            Some("yarn") => Kind::Yarn,
            Some("bun") => Kind::Bun,
            _ => Kind::Npm,
        };
        let lock = match locks(Some(kind.name())).any(|lock| root.has(lock)) {
            true => Lock::There,
            false => Lock::Missing,
        };
        Self { kind, version, lock }
    }

    /// Gets the manager itself, where the image does not have it.
    pub(super) fn fetch(&self, stage: &mut Stage) {
        match self.kind {
            Kind::Npm => {}
            Kind::Pnpm => Tool::Pnpm.fetch(self.version.as_deref(), stage),
            Kind::Yarn => Tool::Yarn.fetch(self.version.as_deref(), stage),
            Kind::Berry => {
                Tool::Berry.fetch(self.version.as_deref(), stage);
                // What is started there is Node, which knows nothing of Plug'n'Play.
                stage.env("YARN_NODE_LINKER", "node-modules");
            }
            Kind::Bun => {
                Runtime::Bun.copy_into(stage, Company::Alone);
                stage.env("PATH", "/opt/bun/bin:$PATH");
            }
        }
    }

    /// All packages of a folder, those that a build needs too.
    pub(super) fn install(&self, unit: &Unit<'_>, stage: &mut Stage) {
        self.fetch(stage);
        self.copy_manifests(unit.place(), stage);
        stage.install(&[self.kind.cache()], self.install_command());
    }

    /// What an installation reads.
    pub(super) fn copy_manifests(&self, root: Place<'_>, stage: &mut Stage) {
        let names = ["package.json"]
            .into_iter()
            .chain(locks(Some(self.kind.name())))
            .chain(self.kind.settings().iter().copied());
        let is_copied = |name: &&str| root.has(name) && !(*name == NPMRC && holds_a_token(root));
        stage.copy(names.filter(is_copied).map(|name| root.path(name)), "./");
        // Patches, plugins, the release that `yarnPath` names.
        if self.kind == Kind::Berry && root.has(".yarn") {
            stage.copy([format!("{}/", root.path(".yarn"))], ".yarn/");
        }
    }

    pub(super) fn install_command(&self) -> &'static str {
        match (self.kind, self.lock) {
            (Kind::Npm, Lock::There) => "npm ci",
            (Kind::Npm, Lock::Missing) => "npm install",
            (Kind::Pnpm, Lock::There) => "pnpm install --frozen-lockfile",
            (Kind::Pnpm, Lock::Missing) => "pnpm install",
            (Kind::Yarn, Lock::There) => "yarn install --frozen-lockfile",
            (Kind::Berry, Lock::There) => "yarn install --immutable",
            (Kind::Yarn | Kind::Berry, Lock::Missing) => "yarn install",
            (Kind::Bun, Lock::There) => "bun install --frozen-lockfile",
            (Kind::Bun, Lock::Missing) => "bun install",
        }
    }

    pub(super) fn run(&self, script: &str) -> String {
        match self.kind {
            Kind::Npm => format!("npm run {script}"),
            Kind::Pnpm => format!("pnpm run {script}"),
            Kind::Yarn | Kind::Berry => format!("yarn run {script}"),
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
                Kind::Berry => "yarn workspaces focus --all --production",
                // It has no word for it.
                Kind::Bun => "rm -rf node_modules && bun install --production",
            },
        );
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn | Self::Berry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// What an installation reads beside package.json and the lock.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &[".npmrc"],
            Self::Pnpm => &["pnpm-workspace.yaml", ".npmrc", ".pnpmfile.cjs"],
            Self::Yarn => &[".yarnrc", ".npmrc"],
            Self::Berry => &[".yarnrc.yml"],
            Self::Bun => &["bunfig.toml", ".npmrc"],
        }
    }

    pub(super) fn cache(self) -> Cache {
        match self {
            Self::Npm => NPM,
            Self::Pnpm => PNPM,
            Self::Yarn => YARN,
            Self::Berry => BERRY,
            Self::Bun => BUN,
        }
    }
}

/// The manifest or the lock says so; both are called yarn.
fn is_berry(root: Place<'_>, version: Option<&str>) -> bool {
    match version.and_then(|version| version.split('.').next()?.parse::<u32>().ok()) {
        Some(major) => major > 1,
        None => root.text("yarn.lock").is_some_and(|lock| lock.contains("\n__metadata:")),
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

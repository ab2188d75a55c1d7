//! A Dockerfile for all apps of a configuration, in however many languages: plain, readable, and the owner's to change.
//!
//! ```text
//!  Wanted (the configuration's apps) ─┐
//!                                     ├─▶ Unit, one per folder ─ recipe ─▶ Recipe ─┐
//!  the folders' files ─ detect ───────┘                                            ├─ assemble ─▶ Dockerfile ─▶ text
//!                                            the runtimes they need ───────────────┘
//! ```
//!
//! Pure but for reading the folder. Nothing is built, fetched or started here, and no value of a secret or of the
//! environment comes near a line of it.

mod assemble;
mod dockerfile;
#[cfg(test)]
mod fixtures;
mod ignore;
mod libraries;
mod outside;
mod recipe;
mod runtime;
#[cfg(test)]
mod tests;
mod tool;
mod version;

use std::path::Path;

use self::recipe::{Recipe, Standing, Start, Unit};
use crate::detect::{Found, found_in};
use crate::folder::Tree;

/// What the image is for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In the order of the file; jobs among them.
    pub apps: Vec<WantedApp>,
    /// What onedoor reads in there.
    pub configuration: Configuration,
    /// The configuration's folder from the build's context; empty where they are one.
    pub below: String,
    /// Where onedoor itself comes from.
    pub onedoor: Origin,
    /// Of the version that writes this.
    pub version: &'static str,
    /// The image's name, for its labels.
    pub name: Option<String>,
    /// The port that the door has where PORT is not set.
    pub port: u16,
    /// The profile that is laid over the files in the image.
    pub profile: Option<String>,
}

/// An app, as far as its image goes.
#[derive(Clone, Debug)]
pub struct WantedApp {
    /// As the file calls it.
    pub name: String,
    /// From the folder of the configuration; empty for that folder.
    pub dir: String,
    /// Its command, taken apart.
    pub words: Vec<String>,
    /// Whether it is to go on running.
    pub kind: Kind,
    /// Files of variables, from the folder of the configuration.
    pub env_files: Vec<String>,
    /// Whom the file has it run as.
    pub user: Option<String>,
}

/// What an app is to the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Under `[apps]`.
    App,
    /// Under `[jobs]`.
    Job,
}

/// What the door in the image reads.
#[derive(Clone, Debug)]
pub enum Configuration {
    /// These files of the folder, the later ones over the earlier.
    Files(Vec<String>),
    /// Nobody wrote one: this text, as it was found.
    Found(String),
}

/// How the binary gets into the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of the build's context.
    File(String),
    /// An image that has it as /onedoor.
    Image(String),
    /// The folder of its sources in the build's context, empty for that folder: it is built in a stage of its own.
    Sources(String),
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Image {
    /// The text of the Dockerfile.
    pub dockerfile: String,
    /// The text of its .dockerignore.
    pub ignore: String,
    /// What each folder is, and because of which files.
    pub plan: Vec<Planned>,
    /// What was decided between two readings, or could not be done.
    pub notes: Vec<String>,
}

/// A row of the plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The apps that are started in it.
    pub apps: Vec<String>,
    /// From the folder of the configuration; empty for that folder.
    pub dir: String,
    /// `Python`, `Node`; empty: nothing was recognised.
    pub provider: &'static str,
    /// `pip`, `pnpm`
    pub manager: &'static str,
    /// `main.py: app = FastAPI()`
    pub because: Vec<String>,
    /// True if this was never tried with the real tools.
    pub experimental: bool,
}

/// The image for these apps of the folder.
#[must_use]
pub fn image(folder: &Path, wanted: &Wanted) -> Image {
    let tree = Tree::at(folder);
    let mut dirs: Vec<&str> = Vec::new();
    for app in &wanted.apps {
        if !dirs.contains(&app.dir.as_str()) {
            dirs.push(&app.dir);
        }
    }
    let found: Vec<Vec<Found>> = dirs.iter().map(|dir| found_in(&tree, dir)).collect();
    let units: Vec<Unit<'_>> =
        dirs.iter().zip(&found).map(|(dir, found)| unit(&tree, dir, found, wanted)).collect();
    let recipes: Vec<Recipe> = units.iter().map(recipe::of).collect();
    let plan = units.iter().zip(&recipes).map(|(unit, recipe)| planned(unit, recipe)).collect();
    let mut notes = tree.troubles();
    notes.extend(recipes.iter().flat_map(|recipe| recipe.notes.iter().cloned()));
    notes.extend(assemble::notes(&recipes));
    notes.extend(outside::notes(wanted));
    Image {
        dockerfile: assemble::dockerfile(wanted, &units, &recipes).to_string(),
        ignore: ignore::text(&wanted.onedoor),
        plan,
        notes,
    }
}

fn unit<'a>(tree: &'a Tree, dir: &'a str, found: &'a [Found], wanted: &'a Wanted) -> Unit<'a> {
    let starts = wanted
        .apps
        .iter()
        .filter(|app| app.dir == dir)
        .map(|app| Start { app: &app.name, words: &app.words })
        .collect();
    Unit { tree, folder: dir, found: found.first(), starts }
}

fn planned(unit: &Unit<'_>, recipe: &Recipe) -> Planned {
    Planned {
        apps: unit.starts.iter().map(|start| start.app.to_owned()).collect(),
        dir: unit.folder.to_owned(),
        provider: unit.found.map_or("", |found| found.provider.name()),
        manager: unit.found.and_then(|found| found.manager).unwrap_or_default(),
        because: unit
            .found
            .map(|found| found.why.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
        experimental: recipe.standing == Standing::Experimental,
    }
}

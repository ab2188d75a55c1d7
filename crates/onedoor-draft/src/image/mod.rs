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
mod foreign;
mod ignore;
mod libraries;
mod outside;
mod overrides;
mod recipe;
mod runtime;
mod served;
#[cfg(test)]
mod tests;
mod tool;
mod version;
mod wanted;

use std::path::Path;

use self::recipe::{Recipe, Standing, Unit};
pub use self::wanted::{Build, Configuration, FOUND, Kind, MadeFrom, Origin, Start, Wanted, WantedApp};
use crate::detect::{Found, Provider, project_as, project_in};
use crate::folder::Tree;

/// What was made.
#[derive(Clone, Debug)]
pub struct Image {
    /// The text of the Dockerfile.
    pub dockerfile: String,
    /// The images that it is made from, without a digest; each once.
    pub images: Vec<String>,
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
    let folders = gathered(&wanted.apps);
    let found: Vec<Option<Found>> = folders.iter().map(|folder| found(&tree, folder)).collect();
    let mut units: Vec<Unit<'_>> =
        folders.iter().zip(&found).map(|(folder, found)| unit(&tree, folder, found.as_ref())).collect();
    let mut recipes: Vec<Recipe> = units.iter().map(recipe::of).collect();
    let nobody = Build::default();
    let files: Vec<&str> =
        wanted.files.iter().map(String::as_str).filter(|path| !served::is_taken(&recipes, path)).collect();
    let makers: Vec<Option<(String, Found)>> =
        files.iter().map(|path| served::project(&tree, path)).collect();
    for (path, maker) in files.into_iter().zip(&makers) {
        let (folder, found) = maker.as_ref().map_or((path, None), |(folder, found)| (folder, Some(found)));
        let unit = Unit { tree: &tree, folder, found, starts: Vec::new(), build: &nobody };
        recipes.push(match found {
            Some(_) => served::of_project(recipe::of(&unit), path),
            // The whole folder has more in it than files to be served: a stage looks after that.
            None if path.is_empty() => recipe::of(&unit),
            None => served::as_they_are(&tree, path),
        });
        units.push(unit);
    }
    let plan = units.iter().zip(&recipes).map(|(unit, recipe)| planned(unit, recipe)).collect();
    let mut notes = tree.troubles();
    notes.extend(recipes.iter().flat_map(|recipe| recipe.notes.iter().cloned()));
    notes.extend(assemble::notes(&recipes));
    notes.extend(outside::notes(wanted));
    let tokens = outside::tokens(&tree, &units.iter().map(|unit| unit.folder).collect::<Vec<_>>());
    notes.extend(tokens.iter().map(|file| outside::token_note(file)));
    let mut dockerfile = assemble::dockerfile(wanted, &units, &recipes);
    let images = dockerfile.images();
    dockerfile.pin(&wanted.pins);
    Image {
        dockerfile: dockerfile.to_string(),
        images,
        ignore: ignore::text(&wanted.onedoor, &wanted.below, &tokens),
        plan,
        notes,
    }
}

/// What is built as one: the apps of one folder, or a single app that comes from elsewhere.
struct Together<'a> {
    dir: &'a str,
    apps: Vec<&'a WantedApp>,
    build: Build,
}

fn gathered(apps: &[WantedApp]) -> Vec<Together<'_>> {
    let mut all: Vec<Together<'_>> = Vec::new();
    for app in apps {
        let is_of_folder = app.build.made_from == MadeFrom::Folder;
        let known = all
            .iter_mut()
            .find(|known| is_of_folder && known.build.made_from == MadeFrom::Folder && known.dir == app.dir);
        let Some(known) = known else {
            let build = Build { apt: app.build.apt.clone(), ..app.build.of_folder() };
            all.push(Together { dir: &app.dir, apps: vec![app], build });
            continue;
        };
        known.apps.push(app);
        if !known.build.changes_folder() {
            known.build = Build { apt: std::mem::take(&mut known.build.apt), ..app.build.of_folder() };
        }
        known.build.apt.extend(app.build.apt.iter().cloned());
    }
    all
}

/// The folder as its owner calls it, or as it looks.
fn found(tree: &Tree, together: &Together<'_>) -> Option<Found> {
    let Build { made_from: MadeFrom::Folder, provider, .. } = &together.build else { return None };
    match provider {
        Some(word) => Some(project_as(tree, together.dir, Provider::of_word(word)?)),
        None => project_in(tree, together.dir),
    }
}

fn unit<'a>(tree: &'a Tree, together: &'a Together<'a>, found: Option<&'a Found>) -> Unit<'a> {
    let starts = together
        .apps
        .iter()
        .map(|app| recipe::Start { app: &app.name, words: &app.words, instead: app.build.start.as_ref() })
        .collect();
    Unit { tree, folder: together.dir, found, starts, build: &together.build }
}

fn planned(unit: &Unit<'_>, recipe: &Recipe) -> Planned {
    Planned {
        apps: unit.starts.iter().map(|start| start.app.to_owned()).collect(),
        dir: unit.folder.to_owned(),
        provider: unit.provider(),
        manager: unit.found.and_then(|found| found.manager).unwrap_or_default(),
        because: unit.because(),
        experimental: recipe.standing == Standing::Experimental,
    }
}

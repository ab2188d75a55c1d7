//! Files that a browser gets as they are, and what makes them: MkDocs and Sphinx are built here.
//!
//! Whoever serves them is in the file's own command; onedoor does not serve files itself yet.

use super::super::runtime::{PYTHONS, Runtime};
use super::super::tool::PIP;
use super::{Recipe, Standing, Taken, Unit, plain};
use crate::folder::join;

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = plain::recipe(unit);
    let Some(found) = unit.found else { return recipe };
    let (maker, command) = match found.framework {
        Some("MkDocs") => ("mkdocs", "mkdocs build"),
        Some("Sphinx") => ("sphinx", "sphinx-build -b html . _build/html"),
        Some(other) => {
            let build = found.build.as_deref().unwrap_or("its build");
            recipe.notes.push(format!(
                "{}: {other} is not run in the image's build: run `{build}` first, and what it made is taken",
                unit.shown()
            ));
            return recipe;
        }
        None => return recipe,
    };
    let mut stage = unit.stage(Runtime::Python(PYTHONS.usual).build_image(), unit.home());
    let packages = match unit.place().has("requirements.txt") {
        true => {
            stage.copy(unit.manifests(&["requirements.txt"]), "./");
            "-r requirements.txt"
        }
        false => maker,
    };
    // hadolint wants a version where a name stands; there is none that the folder asks for.
    if packages == maker {
        stage.step(super::super::dockerfile::Step::Comment("hadolint ignore=DL3013".to_owned()));
    }
    stage.install(&[PIP], format!("pip install {packages}"));
    stage.copy([unit.sources()], "./").build(&[], command);
    let folder = found.files.as_ref().map_or("", |files| files.folder.as_str());
    recipe.taken = vec![Taken::Built(join(&unit.home(), folder))];
    recipe.stage = Some(stage);
    recipe.standing = Standing::Experimental;
    recipe
}

//! Nothing to be built: files as they are. The runtime is the one that their command names, as everywhere.

use super::super::runtime::SUITE;
use super::{Recipe, Taken, Unit};

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe::default();
    if unit.folder.is_empty() {
        // The whole folder has more in it than the app.
        let mut stage = unit.stage(format!("debian:{SUITE}-slim"), unit.home());
        stage.copy([unit.sources()], "./");
        recipe.stage = Some(stage);
        recipe.taken.push(Taken::Built(unit.home()));
    } else {
        recipe.taken.push(Taken::AsItIs { source: unit.sources(), place: format!("{}/", unit.home()) });
    }
    recipe
}

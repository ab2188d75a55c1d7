//! What is built elsewhere: an image that somebody made, or a Dockerfile of the app's own. The owner says what is taken.

use super::super::foreign::{self, Foreign, Surroundings};
use super::{Recipe, Start, Taken, Unit};

pub(super) fn image(unit: &Unit<'_>, image: &str, copy: &[String]) -> Recipe {
    let taken = |place: &String| Taken::Image { image: image.to_owned(), place: place.clone() };
    let mut recipe = common(unit);
    recipe.taken.extend(copy.iter().map(taken));
    recipe
}

pub(super) fn dockerfile(unit: &Unit<'_>, file: &str, copy: &[String]) -> Recipe {
    let mut recipe = common(unit);
    let name = unit.stage_name();
    let around = Surroundings { folder: unit.folder, name: &name };
    let Some(Foreign { arguments, mut stages }) =
        unit.tree.text(file).and_then(|text| foreign::read(&text, around))
    else {
        recipe.notes.push(format!(
            "{file}: is no Dockerfile that can be taken over: it has no FROM, cannot be read, or says `# escape=`"
        ));
        return recipe;
    };
    recipe.arguments = arguments;
    recipe.stage = stages.pop();
    recipe.sources = stages;
    recipe.taken.extend(copy.iter().map(|place| Taken::Built(place.clone())));
    recipe
}

/// It may want a C library, and certificates; what else it wants is told by the loader, before the first request.
fn common(unit: &Unit<'_>) -> Recipe {
    let test = |start: &Start<'_>| {
        let program = start.program();
        program.starts_with('/').then(|| format!("! ldd {program} 2>&1 | grep 'not found'"))
    };
    Recipe {
        taken: vec![Taken::Folder(unit.home())],
        packages: vec!["ca-certificates"],
        tests: unit.starts.iter().filter_map(test).collect(),
        ..Recipe::default()
    }
}

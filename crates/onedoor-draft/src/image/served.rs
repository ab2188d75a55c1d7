//! What the door serves itself: files that a project of the folder builds, or that lie there as they are.

use super::recipe::{HOME, Recipe, Taken};
use crate::detect::{Found, project_in};
use crate::folder::{Place, Tree, join};

/// The project that makes these files, with its folder: the nearest one above that says so.
pub(super) fn project(tree: &Tree, path: &str) -> Option<(String, Found)> {
    let mut folder = path;
    while let Some((above, _)) =
        folder.rsplit_once('/').or_else(|| (!folder.is_empty()).then_some(("", folder)))
    {
        folder = above;
        let found = project_in(tree, folder);
        let makes = |found: &Found| {
            found.files.as_ref().is_some_and(|files| join(folder, &files.folder).trim_matches('/') == path)
        };
        if let Some(found) = found.filter(makes) {
            return Some((folder.to_owned(), found));
        }
    }
    None
}

/// Of what builds them, the files alone: nothing of it runs in the image.
pub(super) fn of_project(recipe: Recipe, path: &str) -> Recipe {
    Recipe {
        stage: recipe.stage,
        taken: vec![Taken::Built(join(HOME, path))],
        notes: recipe.notes,
        standing: recipe.standing,
        ..Recipe::default()
    }
}

/// As they lie in the folder.
pub(super) fn as_they_are(tree: &Tree, path: &str) -> Recipe {
    let place = Place { tree, folder: path };
    let is_folder = tree.is_folder(place.folder);
    let slash = if is_folder { "/" } else { "" };
    let taken =
        Taken::AsItIs { source: format!("{path}{slash}"), place: format!("{}{slash}", join(HOME, path)) };
    let mut recipe = Recipe { taken: vec![taken], ..Recipe::default() };
    if !tree.has(path) && !is_folder {
        recipe.taken.clear();
        recipe.notes.push(format!(
            "{path}: is not there, and nothing here is known to build it: the image will not have it"
        ));
    }
    recipe
}

/// Whether an app brings them along.
pub(super) fn is_taken(recipes: &[Recipe], path: &str) -> bool {
    let whole = join(HOME, path);
    let whole = whole.trim_end_matches('/');
    let covers = |place: &str| {
        let place = place.trim_end_matches('/');
        whole == place || whole.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
    };
    recipes.iter().flat_map(|recipe| &recipe.taken).any(|taken| match taken {
        Taken::Built(place) | Taken::AsItIs { place, .. } | Taken::Image { place, .. } => covers(place),
        Taken::Folder(_) => false,
    })
}

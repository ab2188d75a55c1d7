//! Nothing to be built: files as they are, and the runtime that their command names.

use super::super::runtime::{Company, DOTNETS, JAVAS, NODES, PHPS, PYTHONS, RUBIES, Runtime, SUITE};
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
    for start in &unit.starts {
        match start.program() {
            "python" | "python3" => recipe.runtimes.push((Runtime::Python(PYTHONS.usual), Company::Alone)),
            "node" => recipe.runtimes.push((Runtime::Node(NODES.usual), Company::Alone)),
            "bun" | "bunx" => recipe.runtimes.push((Runtime::Bun, Company::Alone)),
            "deno" => recipe.runtimes.push((Runtime::Deno, Company::Alone)),
            "java" => recipe.runtimes.push((Runtime::Java(JAVAS.usual), Company::Alone)),
            "ruby" => recipe.runtimes.push((Runtime::Ruby(RUBIES.usual), Company::Alone)),
            "php" | "frankenphp" => recipe.runtimes.push((Runtime::Php(PHPS.usual), Company::Alone)),
            "dotnet" => recipe.runtimes.push((Runtime::DotNet(DOTNETS.usual), Company::Alone)),
            "npm" | "npx" => recipe.runtimes.push((Runtime::Node(NODES.usual), Company::Manager)),
            _ => {}
        }
    }
    recipe
}

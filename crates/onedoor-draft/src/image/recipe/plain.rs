//! Nothing to be built: files as they are, and the runtime that their command names.

use super::super::runtime::{Company, NODES, PYTHONS, Runtime};
use super::{Recipe, Taken, Unit};

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe {
        taken: vec![Taken::AsItIs { source: unit.sources(), place: format!("{}/", unit.home()) }],
        ..Recipe::default()
    };
    for start in &unit.starts {
        match start.program() {
            "python" | "python3" => recipe.runtimes.push((Runtime::Python(PYTHONS.usual), Company::Alone)),
            "node" => recipe.runtimes.push((Runtime::Node(NODES.usual), Company::Alone)),
            "npm" | "npx" => recipe.runtimes.push((Runtime::Node(NODES.usual), Company::Manager)),
            _ => {}
        }
    }
    recipe
}

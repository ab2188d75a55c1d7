//! Deno: modules are fetched into one folder that the image takes along; the sources run as they are.

use super::super::dockerfile::Cache;
use super::super::runtime::{Company, Runtime};
use super::{Recipe, Taken, Unit};

/// Where Deno looks for modules, in the build and in the image.
const MODULES: &str = "/opt/deno/modules";

const NPM: Cache = Cache::shared("deno-npm", "/root/.npm");

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { env: vec![("DENO_DIR", MODULES)], ..Recipe::default() };
    let mut stage = unit.stage(Runtime::Deno.build_image(), unit.home());
    Runtime::Deno.copy_into(&mut stage, Company::Alone);
    stage.env("PATH", "/opt/deno/bin:$PATH").env("DENO_DIR", MODULES);
    let manifests = unit.manifests(&["deno.json", "deno.jsonc", "deno.lock", "package.json"]);
    let has_manifest = !manifests.is_empty();
    if has_manifest {
        stage.copy(manifests, "./");
        stage.install(&[NPM], format!("mkdir -p {MODULES} && deno install"));
    }
    stage.copy([unit.sources()], "./");
    for main in unit.starts.iter().filter_map(|start| main(start.words)) {
        stage.build(&[], format!("deno cache {main}"));
    }
    if has_task(unit, "build") {
        stage.build(&[], "deno task build");
    }
    recipe.runtimes.push((Runtime::Deno, Company::Alone));
    recipe.taken.push(Taken::Built(MODULES.to_owned()));
    recipe.taken.push(Taken::Built(unit.home()));
    recipe.stage = Some(stage);
    recipe
}

/// The module that a command starts.
fn main(words: &[String]) -> Option<&str> {
    let is_module = |word: &&String| {
        [".ts", ".tsx", ".js", ".mjs"].iter().any(|end| word.ends_with(end)) && !word.starts_with('-')
    };
    let runs = words.first().is_some_and(|word| word == "deno");
    words.iter().find(is_module).filter(|_| runs).map(String::as_str)
}

fn has_task(unit: &Unit<'_>, name: &str) -> bool {
    unit.place().has("deno.json")
        && unit.place().json("deno.json").is_some_and(|json| !json["tasks"][name].is_null())
}

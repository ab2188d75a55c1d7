//! Rust: a program for the image's own machine, taken alone.

use super::super::dockerfile::Cache;
use super::super::runtime::SUITE;
use super::{Recipe, Start, Taken, Unit};
use crate::folder::{base, join};

const CACHES: [Cache; 2] = [
    Cache::shared("cargo-registry", "/usr/local/cargo/registry"),
    Cache::shared("cargo-git", "/usr/local/cargo/git"),
];

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe::default();
    let mut stage = unit.stage(format!("rust:1-{SUITE}"), unit.home());
    stage.copy([unit.sources()], "./");
    let locked = if unit.place().has("Cargo.lock") { " --locked" } else { "" };
    for start in &unit.starts {
        let Some((program, instead)) = program(start, unit) else { continue };
        stage.build(&CACHES, format!("cargo build --release{locked} --bin {program}"));
        recipe.taken.push(Taken::Built(join(&unit.home(), &format!("target/release/{program}"))));
        recipe.starts.extend(instead.map(|command| start.instead(command)));
    }
    // It is linked with the suite's own C library.
    recipe.packages.push("libgcc-s1");
    recipe.taken.extend(unit.data());
    recipe.stage = Some(stage);
    recipe
}

/// The binary that a command starts, and the command in the image where it is another one.
fn program(start: &Start<'_>, unit: &Unit<'_>) -> Option<(String, Option<String>)> {
    if start.runs_from_source("cargo") {
        let mut words = start.words.iter();
        let named = words.find(|word| *word == "--bin").and_then(|_| words.next()).cloned();
        let program = named.or_else(|| package(unit))?;
        let given = start.words.iter().skip_while(|word| *word != "--").skip(1).map(String::as_str);
        let own = format!("./target/release/{program}");
        let command: Vec<&str> = [own.as_str()].into_iter().chain(given).collect();
        let command = command.join(" ");
        return Some((program, Some(command)));
    }
    let own = start.program();
    own.contains("target/release/").then(|| (base(own).to_owned(), None))
}

fn package(unit: &Unit<'_>) -> Option<String> {
    let manifest = unit.place().toml("Cargo.toml")?;
    let package = manifest.get("package")?;
    let named = package.get("default-run").or_else(|| package.get("name"))?;
    named.as_str().map(str::to_owned)
}

//! Node and Bun: packages by the project's own manager, its build script, and then without what only the build needed.

mod manager;
mod workspace;

use self::manager::Manager;
use self::workspace::Workspace;
use super::super::libraries;
use super::super::runtime::{Company, NODES, Runtime};
use super::{Recipe, Taken, Unit};
use crate::detect::Provider;
use crate::folder::join;

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe::default();
    let is_bun = unit.found.is_some_and(|found| found.provider == Provider::Bun);
    let runtime = match is_bun {
        true => Runtime::Bun,
        false => Runtime::Node(unit.version(NODES, str::to_owned, &mut recipe.notes)),
    };
    if is_bun {
        recipe.runtimes.push((Runtime::Bun, Company::Alone));
    }
    if !is_bun || needs_node(unit) {
        let node = if is_bun { Runtime::Node(NODES.usual) } else { runtime };
        recipe.runtimes.push((node, company(unit)));
    }
    if !unit.place().has("package.json") {
        recipe.taken.push(Taken::AsItIs { source: unit.sources(), place: format!("{}/", unit.home()) });
        return recipe;
    }
    recipe.packages = libraries::of_javascript(unit.place());
    let workspace = Workspace::of(unit);
    let home = workspace.as_ref().map_or_else(|| unit.home(), Workspace::home);
    let mut stage = unit.stage(runtime.build_image(), home);
    let manager =
        Manager::of(unit, workspace.as_ref().map_or_else(|| unit.place(), |workspace| workspace.root));
    if let Some(workspace) = &workspace {
        workspace.build(&manager, &mut stage);
    } else {
        manager.install(unit, &mut stage);
        stage.copy([unit.sources()], "./");
        if unit.has_script("build") {
            stage.build(&[], manager.run("build"));
        }
    }
    if let Some(server) = standalone(unit) {
        // Next.js leaves its static files out of the standalone server.
        let public =
            if unit.place().has("public") { format!(" && cp -r public {server}/") } else { String::new() };
        if workspace.is_some() {
            stage.workdir(unit.home());
        }
        stage.run(format!("cp -r .next/static {server}/.next/{public}"));
        recipe.taken.push(Taken::Built(join(&unit.home(), ".next/standalone")));
    } else if let Some(workspace) = &workspace {
        workspace.prune(&manager, &mut stage);
        recipe.taken.extend(workspace.taken());
    } else {
        // Pages are served by a tool that is often there for the build alone.
        let serves_files = unit.found.is_some_and(|found| found.files.is_some());
        if unit.has_script("build") && !serves_files {
            manager.prune(&mut stage);
        }
        recipe.taken.push(Taken::Built(unit.home()));
    }
    recipe.stage = Some(stage);
    recipe
}

/// The folder of Next.js's own server, if a command starts it.
fn standalone(unit: &Unit<'_>) -> Option<String> {
    let mut words = unit.starts.iter().flat_map(|start| start.words);
    let word = words.find(|word| word.contains(".next/standalone/"))?;
    word.strip_suffix("/server.js").map(str::to_owned)
}

/// A project of Bun's may start a program of a package that says itself that it is Node's: `next start`.
fn needs_node(unit: &Unit<'_>) -> bool {
    unit.starts.iter().any(|start| !matches!(start.program(), "bun" | "bunx"))
}

/// npm is in the image only where a command asks for it.
fn company(unit: &Unit<'_>) -> Company {
    let asks = |word: &String| matches!(word.as_str(), "npm" | "npx");
    match unit.starts.iter().flat_map(|start| start.words).any(asks) {
        true => Company::Manager,
        false => Company::Alone,
    }
}

impl Unit<'_> {
    fn has_script(&self, name: &str) -> bool {
        self.place().json("package.json").is_some_and(|json| json["scripts"][name].is_string())
    }
}

//! .NET: published by the SDK, started by the runtime alone.

use super::super::dockerfile::Cache;
use super::super::runtime::{Company, DOTNETS, Runtime};
use super::{Recipe, Standing, Start, Taken, Unit};
use crate::folder::join;

const PACKAGES: Cache = Cache::shared("nuget", "/root/.nuget/packages");

/// Where what is published lies, if no command says otherwise.
const PUBLISHED: &str = "publish";

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { standing: Standing::Experimental, ..Recipe::default() };
    let read = |framework: &str| framework.trim_start_matches("net").to_owned();
    let runtime = Runtime::DotNet(unit.version(DOTNETS, read, &mut recipe.notes));
    let Some(project) = project(unit) else { return super::plain::recipe(unit) };
    let folder = unit.starts.iter().find_map(published).unwrap_or_else(|| PUBLISHED.to_owned());
    let mut stage = unit.stage(runtime.build_image(), unit.home());
    stage.copy([unit.source(&project)], "./");
    stage.install(&[PACKAGES], format!("dotnet restore \"{project}\""));
    stage.copy([unit.sources()], "./");
    stage.build(
        &[PACKAGES],
        format!("dotnet publish \"{project}\" --configuration Release --output {folder} -p:UseAppHost=false"),
    );
    for start in &unit.starts {
        if start.runs_from_source("dotnet") {
            let command = format!("dotnet {folder}/{}.dll", assembly(unit, &project));
            recipe.starts.push(start.instead(command));
        }
    }
    recipe.taken.push(Taken::Built(join(&unit.home(), &folder)));
    recipe.runtimes.push((runtime, Company::Alone));
    recipe.stage = Some(stage);
    recipe
}

fn project(unit: &Unit<'_>) -> Option<String> {
    let mut projects =
        [".csproj", ".fsproj"].into_iter().flat_map(|ending| unit.place().files_ending(ending));
    projects.next()
}

/// The folder of the dll that a command names.
fn published(start: &Start<'_>) -> Option<String> {
    let dll = start.words.get(1).filter(|word| word.ends_with(".dll"))?;
    Some(dll.rsplit_once('/')?.0.trim_start_matches("./").to_owned())
}

/// What the compiler calls its dll.
fn assembly(unit: &Unit<'_>, project: &str) -> String {
    let text = unit.place().text(project).unwrap_or_default();
    let named = text.split_once("<AssemblyName>").and_then(|(_, rest)| rest.split_once('<'));
    let own = project.rsplit_once('.').map_or(project, |(name, _)| name);
    named.map_or(own, |(name, _)| name.trim()).to_owned()
}

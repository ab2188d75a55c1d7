//! From recipes to the file: the stages in which folders are built, and the final one that takes what they made.

use std::collections::BTreeMap;

use super::dockerfile::{Cache, Dockerfile, Part, Stage, Step};
use super::outside;
use super::recipe::{HOME, Recipe, Taken, Unit};
use super::runtime::{Company, Runtime, SUITE};
use super::wanted::{self, Configuration, Kind, Origin, Wanted};
use crate::draft::{Draft, Entry, Value};
use crate::folder::join;

/// Whom the image runs as: nobody's number, so that no user of the host has it.
const USER: &str = "10001:10001";

/// What differs in the image from the file that its owner wrote.
const OVERLAY: &str = "/srv/onedoor.image.toml";

pub(super) fn dockerfile(wanted: &Wanted, units: &[Unit<'_>], recipes: &[Recipe]) -> Dockerfile {
    let mut stages: Vec<Stage> = vec![onedoor(&wanted.onedoor)];
    for recipe in recipes {
        stages.extend(recipe.sources.iter().cloned());
        stages.extend(recipe.stage.clone().map(|stage| lean(stage, wanted)));
    }
    let overlay = overlay(wanted, recipes);
    let written = configuration(wanted, overlay.as_deref());
    stages.extend(written.clone());
    stages.push(last(wanted, units, recipes, overlay.is_some(), written.is_some()));
    // Where onedoor comes from is told from the context, all else from the configuration's folder.
    stages.iter_mut().skip(1).for_each(|stage| stage.take_below(&wanted.below));
    Dockerfile {
        about: vec![
            "syntax=docker/dockerfile:1".to_owned(),
            format!("Written by onedoor {}. Write it anew: onedoor dockerfile", wanted.version),
        ],
        arguments: recipes.iter().flat_map(|recipe| recipe.arguments.iter().cloned()).collect(),
        stages,
    }
}

/// Who copies the whole folder has the copy of onedoor in it, too: away with it, before it is in the image twice.
fn lean(mut stage: Stage, wanted: &Wanted) -> Stage {
    let Origin::File(file) = &wanted.onedoor else { return stage };
    let is_whole = |step: &Step| matches!(step, Step::Copy { from: None, sources, .. } if sources == &["."]);
    if let Some(at) = stage.steps.iter().position(is_whole)
        && file.starts_with(".onedoor/")
    {
        let away =
            Step::Run { part: Part::Other, mounts: Vec::new(), commands: vec!["rm -rf .onedoor".to_owned()] };
        match stage.steps.get_mut(at + 1) {
            Some(Step::Run { mounts, commands, .. }) if mounts.is_empty() => {
                commands.insert(0, "rm -rf .onedoor".to_owned());
            }
            _ => stage.steps.insert(at + 1, away),
        }
    }
    stage
}

fn onedoor(origin: &Origin) -> Stage {
    match origin {
        Origin::Image(image) => Stage::new("onedoor", image.clone(), "onedoor itself"),
        Origin::File(file) => {
            let mut stage = Stage::new("onedoor", "scratch", "onedoor itself: one static program");
            stage.copy([file.clone()], "/onedoor");
            stage
        }
        Origin::Sources(folder) => sources(folder),
    }
}

/// A stage that builds onedoor as its own repository does.
fn sources(folder: &str) -> Stage {
    const HOME: &str = "/usr/src/onedoor";
    let mut stage = Stage::new("onedoor", format!("rust:1-{SUITE}"), "onedoor itself, from its sources");
    stage.workdir(HOME);
    stage.copy(["Cargo.toml", "Cargo.lock"].map(|file| join(folder, file)), "./");
    stage.copy(["build.sh", "rustc.sh"].map(|script| join(folder, &format!("scripts/{script}"))), "scripts/");
    stage.copy([join(folder, "crates/")], "crates/");
    let caches = [
        Cache::shared("cargo-registry", "/usr/local/cargo/registry"),
        Cache::locked("onedoor-target", "/usr/src/onedoor/target"),
    ];
    stage.run_with(&caches, "scripts/build.sh && cp dist/onedoor /onedoor");
    stage
}

/// What the image starts where its owner says so, or where the file's own command would build: a second file over the
/// first.
fn overlay(wanted: &Wanted, recipes: &[Recipe]) -> Option<String> {
    let mut draft = Draft::default();
    for app in &wanted.apps {
        let mut entry = Entry::named(&app.name);
        let mut starts = recipes.iter().flat_map(|recipe| &recipe.starts);
        let instead = starts.find(|instead| instead.app == app.name);
        let found = instead.map(|instead| instead.run.as_str().into());
        if let Some(command) = app.build.start.as_ref().map(value).or(found) {
            entry.say("run", command);
        }
        if let Some(instead) = instead.filter(|instead| !instead.env.is_empty() && app.build.start.is_none())
        {
            entry.say("env", Value::texts(instead.env.clone()));
        }
        if let Some(files) = outside::env_files_in(app) {
            entry.say("env_file", files);
        }
        match (entry.facts.is_empty(), app.kind) {
            (true, _) => {}
            (false, Kind::App) => draft.apps.push(entry),
            (false, Kind::Job) => draft.jobs.push(entry),
        }
    }
    (draft != Draft::default()).then(|| draft.render())
}

fn value(command: &wanted::Start) -> Value {
    match command {
        wanted::Start::Line(line) => line.as_str().into(),
        wanted::Start::Words(words) => Value::List(words.iter().map(|word| word.as_str().into()).collect()),
    }
}

/// A stage that writes what is in no file of the folder.
fn configuration(wanted: &Wanted, overlay: Option<&str>) -> Option<Stage> {
    let mut texts: Vec<(&str, &str)> = Vec::new();
    if let Configuration::Found(text) = &wanted.configuration {
        texts.push(("/srv/onedoor.toml", text));
    }
    texts.extend(overlay.map(|text| (OVERLAY, text)));
    if texts.is_empty() {
        return None;
    }
    let mut stage = Stage::new(
        "configuration",
        format!("debian:{SUITE}-slim"),
        "what the door reads and no file here says",
    );
    if texts.iter().any(|(_, text)| text.contains('$')) {
        // Its variables are for the door, not for this shell.
        stage.step(Step::Comment("hadolint ignore=SC2016".to_owned()));
    }
    for (file, text) in texts {
        let lines: Vec<String> = text.lines().map(quoted).collect();
        stage.run(format!(
            "mkdir -p {HOME} && printf '%s\\n' \\\n    {} \\\n    >{file}",
            lines.join(" \\\n    ")
        ));
    }
    Some(stage)
}

/// For a shell; no line of a Dockerfile ends in a backslash by accident.
fn quoted(line: &str) -> String {
    format!("'{}'", line.replace('\'', "'\\''"))
}

fn last(
    wanted: &Wanted,
    units: &[Unit<'_>],
    recipes: &[Recipe],
    has_overlay: bool,
    is_written: bool,
) -> Stage {
    let runtimes = runtimes(recipes);
    let base = runtimes.keys().next().copied().filter(|runtime| runtime.base().is_some());
    let mut packages = sorted::set(recipes.iter().flat_map(|recipe| &recipe.packages).copied());
    let others: Vec<(Runtime, Company)> = runtimes
        .iter()
        .skip(usize::from(base.is_some()))
        .map(|(runtime, company)| (*runtime, *company))
        .collect();
    packages.extend(others.iter().flat_map(|(runtime, _)| runtime.libraries()));
    packages.extend(units.iter().flat_map(|unit| &unit.build.apt).map(String::as_str));
    let setup = sorted::set(recipes.iter().flat_map(|recipe| &recipe.setup).map(String::as_str));
    let has_shell = !runtimes.is_empty() || !packages.is_empty() || !setup.is_empty();
    let from = match base.and_then(Runtime::base) {
        Some(image) => image,
        None if has_shell => format!("debian:{SUITE}-slim"),
        None => "gcr.io/distroless/static-debian13:nonroot".to_owned(),
    };
    let mut stage = Stage::new("image", from, "the image");
    if !packages.is_empty() {
        install(&packages.into_iter().collect::<Vec<_>>(), &mut stage);
    }
    for (runtime, company) in &others {
        runtime.copy_into(&mut stage, *company);
    }
    let programs = sorted::set(others.iter().filter_map(|(runtime, _)| runtime.programs()));
    if !programs.is_empty() {
        let programs: Vec<&str> = programs.into_iter().collect();
        stage.env("PATH", &format!("{}:$PATH", programs.join(":")));
    }
    for command in setup {
        stage.run(command);
    }
    let env = sorted::set(recipes.iter().flat_map(|recipe| &recipe.env));
    for (name, value) in env {
        stage.env(name, value);
    }
    stage.copy_from("onedoor", "/onedoor", "/onedoor");
    let tests: Vec<String> = runtimes.keys().map(|runtime| runtime.test()).collect();
    if !tests.is_empty() {
        stage.step(Step::Comment(
            "A library that is missing fails here, not at the first request.".to_owned(),
        ));
        for test in tests {
            stage.run(test);
        }
    }
    take(units, recipes, &mut stage);
    for test in recipes.iter().flat_map(|recipe| &recipe.tests) {
        stage.step(Step::Comment("hadolint ignore=DL4006".to_owned()));
        stage.run(test);
    }
    let files = files(wanted, has_overlay, is_written, &mut stage);
    stage.step(Step::Check(named(&["/onedoor", "check", "--build"], &files)));
    close(wanted, &files, &mut stage);
    stage
}

/// Each runtime once, with whatever one of its users needs, the best base first.
fn runtimes(recipes: &[Recipe]) -> BTreeMap<Runtime, Company> {
    let mut runtimes: BTreeMap<Runtime, Company> = BTreeMap::new();
    for (runtime, company) in recipes.iter().flat_map(|recipe| &recipe.runtimes) {
        let known = runtimes.entry(*runtime).or_insert(*company);
        *known = (*known).max(*company);
    }
    let all: Vec<Runtime> = runtimes.keys().copied().collect();
    runtimes.retain(|runtime, _| newer(*runtime, &all).is_none());
    runtimes
}

/// The one that is taken instead: of most languages only one version is found by its name.
fn newer(runtime: Runtime, all: &[Runtime]) -> Option<Runtime> {
    // A venv names its Python, and .NET chooses by the program.
    if matches!(runtime, Runtime::Python(_) | Runtime::DotNet(_)) {
        return None;
    }
    all.iter().copied().filter(|other| other.name() == runtime.name() && *other > runtime).max()
}

/// What is said of a version that an app asks for and does not get.
pub(super) fn notes(recipes: &[Recipe]) -> Vec<String> {
    let all: Vec<Runtime> =
        recipes.iter().flat_map(|recipe| &recipe.runtimes).map(|(runtime, _)| *runtime).collect();
    let replaced = sorted::set(all.iter().filter_map(|runtime| Some((*runtime, newer(*runtime, &all)?))));
    let shown = |runtime: Runtime| runtime.version().map(|version| version.to_string()).unwrap_or_default();
    replaced
        .into_iter()
        .map(|(one, other)| {
            let (name, one, other) = (one.name(), shown(one), shown(other));
            format!("{name} {one} and {name} {other} are asked for, and an image has one of them: everything runs on {other}; ask for the same everywhere")
        })
        .collect()
}

fn install(packages: &[&str], stage: &mut Stage) {
    let caches = [Cache::locked("apt", "/var/cache/apt"), Cache::locked("apt-lists", "/var/lib/apt/lists")];
    stage.step(Step::Comment("hadolint ignore=DL3008".to_owned()));
    stage.run_with(
        &caches,
        format!(
            "apt-get update \\\n && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {}",
            packages.join(" ")
        ),
    );
}

fn take(units: &[Unit<'_>], recipes: &[Recipe], stage: &mut Stage) {
    for (unit, recipe) in units.iter().zip(recipes) {
        for taken in &recipe.taken {
            match taken {
                Taken::Built(place) => stage.copy_from(unit.stage_name(), place.clone(), place.clone()),
                Taken::AsItIs { source, place } => stage.copy([source.clone()], place.clone()),
                Taken::Folder(place) => stage.workdir(place),
                Taken::Image { image, place } => stage.copy_from(image.clone(), place.clone(), place.clone()),
            };
        }
    }
}

/// Puts the configuration where it is read; the files in their order.
fn files(wanted: &Wanted, has_overlay: bool, is_written: bool, stage: &mut Stage) -> Vec<String> {
    let mut files: Vec<String> = match &wanted.configuration {
        Configuration::Files(files) => {
            stage.copy(files.clone(), format!("{HOME}/"));
            files.iter().map(|file| join(HOME, file.rsplit('/').next().unwrap_or(file))).collect()
        }
        Configuration::Found(_) => vec![format!("{HOME}/onedoor.toml")],
    };
    if is_written {
        stage.copy_from("configuration", format!("{HOME}/."), format!("{HOME}/"));
    }
    if has_overlay {
        files.push(OVERLAY.to_owned());
    }
    files
}

/// A command of onedoor's for these files.
fn named(words: &[&str], files: &[String]) -> Vec<String> {
    let files = files.iter().flat_map(|file| ["-f".to_owned(), file.clone()]);
    words.iter().map(|word| (*word).to_owned()).chain(files).collect()
}

fn close(wanted: &Wanted, files: &[String], stage: &mut Stage) {
    let mut labels = vec![("org.opencontainers.image.base.name".to_owned(), stage.from.clone())];
    if let Some(name) = &wanted.name {
        labels.insert(0, ("org.opencontainers.image.title".to_owned(), name.clone()));
    }
    stage.step(Step::Label(labels));
    stage.workdir(HOME);
    stage.step(Step::User(USER.to_owned()));
    stage.env("PORT", &wanted.port.to_string());
    if let Some(profile) = &wanted.profile {
        stage.env("ONEDOOR_PROFILE", profile);
    }
    stage.step(Step::Expose(wanted.port.to_string()));
    stage.step(Step::StopSignal("SIGTERM"));
    stage.step(Step::Healthcheck(named(&["/onedoor", "health"], files)));
    stage.step(Step::Entrypoint(vec!["/onedoor".to_owned()]));
    stage.step(Step::Cmd(named(&["up"], files)));
}

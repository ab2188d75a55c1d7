//! Python: the packages in a `.venv` in the app's folder, made where it will be used: a venv names its interpreter.

use super::super::dockerfile::{Cache, Stage};
use super::super::libraries;
use super::super::runtime::{Company, PYTHONS, Runtime};
use super::super::tool::{PIP, Tool};
use super::{Instead, Recipe, Start, Taken, Unit, line};

const UV: Cache = Cache::shared("uv", "/root/.cache/uv");

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe::default();
    let runtime = Runtime::Python(unit.version(PYTHONS, str::to_owned, &mut recipe.notes));
    let mut stage = unit.stage(runtime.build_image(), unit.home());
    match unit.found.and_then(|found| found.manager) {
        Some("uv") => uv(unit, &mut stage),
        Some("poetry") => poetry(unit, &mut stage),
        Some("pdm") => pdm(unit, &mut stage),
        Some("pipenv") => pipenv(unit, &mut stage),
        Some("pip") => pip(unit, runtime, &mut stage),
        _ => {
            stage.copy([unit.sources()], "./");
        }
    }
    recipe.starts = unit.starts.iter().filter_map(without_manager).collect();
    recipe.runtimes.push((runtime, Company::Alone));
    recipe.packages = libraries::of_python(unit.place());
    recipe.taken.push(Taken::Built(unit.home()));
    recipe.stage = Some(stage);
    recipe
}

/// The project itself is installed after its packages, since it changes more often.
fn uv(unit: &Unit<'_>, stage: &mut Stage) {
    Tool::Uv.fetch(None, stage);
    stage.env("UV_PYTHON_DOWNLOADS", "never").env("UV_LINK_MODE", "copy");
    stage.copy(unit.manifests(&["pyproject.toml", "uv.lock", ".python-version"]), "./");
    stage.install(&[UV], "uv sync --locked --no-dev --no-install-project");
    stage.copy([unit.sources()], "./");
    stage.install(&[UV], "uv sync --locked --no-dev");
}

fn poetry(unit: &Unit<'_>, stage: &mut Stage) {
    Tool::Poetry.fetch(None, stage);
    stage.env("POETRY_VIRTUALENVS_IN_PROJECT", "true");
    stage.copy(unit.manifests(&["pyproject.toml", "poetry.lock"]), "./");
    stage.install(&[], "poetry install --no-interaction --only main --no-root");
    stage.copy([unit.sources()], "./");
    // A project that is no package has nothing to be installed.
    stage.install(&[], "poetry install --no-interaction --only-root || true");
}

fn pdm(unit: &Unit<'_>, stage: &mut Stage) {
    Tool::Pdm.fetch(None, stage);
    stage.copy(unit.manifests(&["pyproject.toml", "pdm.lock"]), "./");
    stage.install(&[], "pdm config python.use_venv true && pdm sync --prod --no-self");
    stage.copy([unit.sources()], "./");
}

fn pipenv(unit: &Unit<'_>, stage: &mut Stage) {
    Tool::Pipenv.fetch(None, stage);
    stage.env("PIPENV_VENV_IN_PROJECT", "1");
    stage.copy(unit.manifests(&["Pipfile", "Pipfile.lock"]), "./");
    let install = if unit.place().has("Pipfile.lock") { "pipenv sync" } else { "pipenv install --skip-lock" };
    stage.install(&[PIP], install);
    stage.copy([unit.sources()], "./");
}

fn pip(unit: &Unit<'_>, runtime: Runtime, stage: &mut Stage) {
    let place = unit.place();
    // By its version, so that the venv does too: an image may have several.
    let python = runtime.version().map_or_else(|| "python3".to_owned(), |version| format!("python{version}"));
    if !place.has("requirements.txt") {
        stage.copy([unit.sources()], "./");
        stage.install(&[PIP], format!("{python} -m venv .venv && .venv/bin/pip install ."));
        return;
    }
    let needs_sources = place.text("requirements.txt").is_some_and(|text| names_files(&text));
    if needs_sources {
        stage.copy([unit.sources()], "./");
    } else {
        stage.copy(unit.manifests(&["requirements.txt"]), "./");
    }
    stage.install(&[PIP], format!("{python} -m venv .venv && .venv/bin/pip install -r requirements.txt"));
    if !needs_sources {
        stage.copy([unit.sources()], "./");
    }
}

/// `poetry run gunicorn app:app` without the manager, which is in no image: its venv is the app's own there.
fn without_manager(start: &Start<'_>) -> Option<Instead> {
    let [manager, run, rest @ ..] = start.words else { return None };
    if !matches!(manager.as_str(), "uv" | "poetry" | "pdm" | "pipenv") || run != "run" {
        return None;
    }
    // What stands before the command is for the manager.
    let options = rest.iter().take_while(|word| word.starts_with("--")).count();
    let command = line(rest.get(options..).unwrap_or_default());
    (!command.is_empty()).then(|| start.instead(command))
}

/// Whether it names other files: requirements, constraints, a folder.
fn names_files(requirements: &str) -> bool {
    requirements.lines().map(str::trim_start).any(|line| {
        ["-r", "-c", "-e", "--requirement", "--constraint", "--editable", ".", "/", "file:"]
            .iter()
            .any(|start| line.starts_with(start))
            || line.contains("@ file:")
    })
}

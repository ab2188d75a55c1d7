//! Python: which framework, which module and variable the server is to load, and who runs it.

mod framework;
mod source;

use self::source::{is_a_test, module_of};
use super::{Found, Provider, Role, routes};
use crate::folder::{Place, Source};

pub(super) const MANIFESTS: &[&str] = &[
    "pyproject.toml",
    "requirements.txt",
    "Pipfile",
    "setup.py",
    "manage.py",
    "uv.lock",
    "poetry.lock",
    "environment.yml",
];

/// A script with one of these names is what the folder is about.
const SCRIPTS: [&str; 10] = [
    "main.py",
    "app.py",
    "server.py",
    "run.py",
    "worker.py",
    "wsgi.py",
    "asgi.py",
    "bot.py",
    "__main__.py",
    "streamlit_app.py",
];

/// What a script holds that listens without a server of its own beside it.
const LISTENS: [&str; 12] = [
    "http.server",
    "HTTPServer",
    "socketserver",
    "serve_forever",
    "uvicorn.run",
    "app.run(",
    "web.run_app",
    "tornado",
    "waitress",
    "aiohttp.web",
    "start_server(",
    "environ[\"PORT\"]",
];

/// Who runs what another part of the app put into a queue, by what its source says.
const QUEUES: [(&str, &str, &str); 3] = [
    ("celery", "Celery(", "celery -A {module} worker --loglevel info"),
    ("dramatiq", "@dramatiq.actor", "dramatiq {module}"),
    ("arq", "class WorkerSettings", "arq {module}.WorkerSettings"),
];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    let Some(project) = Project::of(place) else { return Vec::new() };
    let mut found: Vec<Found> = project.served().into_iter().collect();
    found.extend(project.worker(&found));
    if found.is_empty() {
        found.extend(project.script());
    }
    found.iter_mut().for_each(|found| project.tell_environment(found));
    found
}

/// A project in which nothing that can be started is known: its packages are installed all the same.
pub(super) fn project(place: Place<'_>) -> Option<Found> {
    MANIFESTS.iter().find(|name| place.has(name))?;
    let mut found = Found::new(place, Provider::Python, "");
    Project::of(place)?.tell_environment(&mut found);
    Some(found)
}

/// What is known of the folder before anything is decided.
struct Project<'a> {
    place: Place<'a>,
    manifest: Option<&'static str>,
    /// The manifests' text in lower case: what it depends on is in there, whatever the tool's format.
    needs: String,
    sources: Vec<Source>,
}

impl<'a> Project<'a> {
    fn of(place: Place<'a>) -> Option<Self> {
        let manifest = MANIFESTS.iter().copied().find(|name| place.has(name));
        if manifest.is_none() && place.files_ending(".py").is_empty() {
            return None;
        }
        // Only read to hear of it when it is none.
        if place.has("pyproject.toml") {
            place.toml("pyproject.toml");
        }
        let mut needs = String::new();
        for name in [
            "pyproject.toml",
            "requirements.txt",
            "Pipfile",
            "requirements/base.txt",
            "environment.yml",
            "setup.py",
        ] {
            needs.push_str(&place.text(name).unwrap_or_default().to_ascii_lowercase());
            needs.push('\n');
        }
        // Without a manifest a folder is looked at by its own files alone: below it might be anything.
        let sources = match manifest {
            Some(_) => place.sources(&[".py"], MANIFESTS),
            None => own(place),
        };
        Some(Self { place, manifest, needs, sources })
    }

    /// True if the manifests name the package: as a word, not as a part of one.
    fn depends_on(&self, package: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
        self.needs.match_indices(package).any(|(at, _)| {
            let before = self.needs[..at].chars().next_back();
            let after = self.needs[at + package.len()..].chars().next();
            !before.is_some_and(is_part)
                && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
    }

    fn manifest_naming(&self, package: &str) -> Option<&'static str> {
        MANIFESTS.iter().copied().find(|name| {
            self.place.text(name).is_some_and(|text| text.to_ascii_lowercase().contains(package))
        })
    }

    fn served(&self) -> Option<Found> {
        self.streamlit()
            .or_else(|| self.django())
            .or_else(|| self.app_variable())
            .or_else(|| self.gradio())
            .or_else(|| self.notebooks())
    }

    fn worker(&self, beside: &[Found]) -> Option<Found> {
        let (package, source, command) = QUEUES.iter().find_map(|(package, sign, command)| {
            let source = self.best(|source| source.text.contains(sign))?;
            Some((*package, source, *command))
        })?;
        let module = module_of(&source.name);
        // A Django project's app is its package, not the file in it.
        let module = module.strip_suffix(".celery").unwrap_or(&module);
        let mut found = Found::new(self.place, Provider::Python, command.replace("{module}", module));
        found.role = Role::Worker;
        found.framework = Some(package);
        let manifest = self.manifest_naming(package);
        found.because(self.place, &source.name, format!("{package}'s app"));
        if let Some(manifest) = manifest {
            found.because(self.place, manifest, package);
        }
        self.check_server(&mut found, package);
        if !beside.is_empty() {
            found.name = Some("worker".to_owned());
        }
        Some(found)
    }

    fn script(&self) -> Option<Found> {
        let source =
            self.best(|source| SCRIPTS.contains(&source.name.as_str()) && !source.text.trim().is_empty())?;
        let mut found = Found::new(self.place, Provider::Python, format!("python3 {}", source.name));
        let sign = LISTENS.iter().find(|sign| source.text.contains(**sign));
        let listens = sign.is_some() || source.text.contains("\"PORT\"") || source.text.contains("'PORT'");
        // A library's or a tool's main.py is started by people.
        if !listens
            && self.manifest.is_none()
            && !["worker.py", "bot.py", "main.py", "app.py"].contains(&source.name.as_str())
        {
            return None;
        }
        found.role = if listens { Role::Listener } else { Role::Worker };
        found.because(
            self.place,
            &source.name,
            sign.map_or_else(|| "a script".to_owned(), |sign| (*sign).to_owned()),
        );
        found.routes = routes::of(&self.sources);
        Some(found)
    }

    /// The file that most looks like the one a server is to load, among those that `fit`.
    fn best(&self, fit: impl Fn(&Source) -> bool) -> Option<&Source> {
        let rank = |source: &&Source| {
            let file = source.name.rsplit('/').next().unwrap_or_default();
            let name = SCRIPTS.iter().position(|script| *script == file).unwrap_or(SCRIPTS.len());
            (source.name.matches('/').count(), name)
        };
        self.sources.iter().filter(|source| !is_a_test(&source.name) && fit(source)).min_by_key(rank)
    }

    fn check_server(&self, found: &mut Found, program: &str) {
        if let Some(venv) = self.venv().filter(|venv| *venv != ".venv") {
            let own = format!("{venv}/bin/{program}");
            if self.place.has(&own) {
                found.run = format!("{own}{}", found.run.strip_prefix(program).map_or("", |rest| rest));
            }
        }
    }

    fn venv(&self) -> Option<&'static str> {
        [".venv", "venv", "env"].into_iter().find(|venv| self.place.has(&format!("{venv}/pyvenv.cfg")))
    }

    /// Manager, version, `.venv`: what every app of the folder has.
    fn tell_environment(&self, found: &mut Found) {
        let (manager, install) = match () {
            () if self.place.has("uv.lock") => ("uv", "uv sync"),
            () if self.place.has("poetry.lock") => ("poetry", "poetry install"),
            () if self.place.has("pdm.lock") => ("pdm", "pdm install"),
            () if self.place.has("Pipfile") => ("pipenv", "pipenv install"),
            () if self.place.has("requirements.txt") => {
                ("pip", "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")
            }
            () if self.place.has("pyproject.toml") => {
                ("pip", "python3 -m venv .venv && .venv/bin/pip install .")
            }
            () => ("none", ""),
        };
        found.version = self.version();
        if install.is_empty() {
            return;
        }
        found.manager = Some(manager);
        found.install = Some(install.to_owned());
        match (manager, self.venv()) {
            (_, Some(_)) => {}
            ("poetry" | "pipenv", None) => found.run = format!("{manager} run {}", found.run),
            (_, None) if self.needs.trim().is_empty() => {}
            (_, None) => {
                let folder = found.folder.clone();
                found.misses_packages(".venv", install, &folder);
            }
        }
    }

    fn version(&self) -> Option<String> {
        let line = |name: &str| Some(self.place.text(name)?.trim().trim_start_matches("python-").to_owned());
        let required = || {
            let project = self.place.toml("pyproject.toml")?;
            Some(project.get("project")?.get("requires-python")?.as_str()?.to_owned())
        };
        line(".python-version")
            .or_else(required)
            .or_else(|| line("runtime.txt"))
            .filter(|text| !text.is_empty())
    }
}

/// Files directly in the folder.
fn own(place: Place<'_>) -> Vec<Source> {
    let read = |name: String| place.text(&name).map(|text| Source { name, text });
    place.files_ending(".py").into_iter().take(40).filter_map(read).collect()
}

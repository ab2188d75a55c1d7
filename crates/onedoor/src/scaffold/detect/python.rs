//! Python: which framework, which module and variable the server is to load, and who runs it.

use super::{Found, PrefixHabit, Provider, Role, routes};
use crate::scaffold::folder::{Place, Source};

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

/// A variable that holds an app, by the class that makes it; the servers that can run it, best first.
const APPS: [(&str, &str, &[&str]); 10] = [
    ("FastAPI", "FastAPI(", &["uvicorn", "granian", "hypercorn", "gunicorn", "fastapi"]),
    ("Starlette", "Starlette(", &["uvicorn", "granian", "hypercorn"]),
    ("Litestar", "Litestar(", &["litestar", "uvicorn"]),
    ("Quart", "Quart(", &["hypercorn", "uvicorn"]),
    ("Sanic", "Sanic(", &["sanic"]),
    ("Flask", "Flask(", &["gunicorn", "waitress", "granian", "flask"]),
    ("Dash", "Dash(", &["gunicorn", "python"]),
    ("Bottle", "Bottle(", &["gunicorn", "python"]),
    ("Falcon", "falcon.App(", &["gunicorn", "uvicorn"]),
    ("Connexion", "connexion.FlaskApp(", &["uvicorn", "python"]),
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

    fn streamlit(&self) -> Option<Found> {
        let source = self.best(|source| imports(&source.text, "streamlit"))?;
        let mut found = Found::new(self.place, Provider::Python, format!("streamlit run {}", source.name));
        found.framework = Some("Streamlit");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::Keeps;
        found.because(self.place, &source.name, "import streamlit");
        self.check_server(&mut found, "streamlit");
        Some(found)
    }

    fn gradio(&self) -> Option<Found> {
        let source =
            self.best(|source| imports(&source.text, "gradio") && source.text.contains(".launch("))?;
        let mut found = Found::new(self.place, Provider::Python, format!("python3 {}", source.name));
        found.framework = Some("Gradio");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::WantsStrip;
        found.because(self.place, &source.name, "import gradio, .launch()");
        Some(found)
    }

    fn notebooks(&self) -> Option<Found> {
        let package = ["jupyterlab", "notebook", "jupyter-server", "jupyter", "voila"]
            .into_iter()
            .find(|name| self.depends_on(name))?;
        let book = self.place.files_ending(".ipynb").into_iter().next();
        if book.is_none() && self.sources.iter().any(|source| SCRIPTS.contains(&source.name.as_str())) {
            return None;
        }
        let program = match package {
            "voila" => "voila",
            "notebook" => "jupyter notebook",
            "jupyter-server" => "jupyter server",
            _ => "jupyter lab",
        };
        let class = if package == "voila" { "Voila" } else { "ServerApp" };
        let options = format!(
            "--no-browser --{class}.base_url=$PREFIX/ --ServerApp.ip=$HOST --ServerApp.port=$PORT --ServerApp.allow_remote_access=True"
        );
        let mut found = Found::new(self.place, Provider::Python, format!("{program} {options}"));
        found.framework = Some("Jupyter");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::Keeps;
        if let Some(manifest) = self.manifest_naming(package) {
            found.because(self.place, manifest, package);
        }
        if let Some(book) = book {
            found.because(self.place, &book, "a notebook");
        }
        found.notes.push("Jupyter prints the token to log in with when it starts".to_owned());
        self.check_server(&mut found, if package == "voila" { "voila" } else { "jupyter" });
        Some(found)
    }

    fn django(&self) -> Option<Found> {
        if !self.place.has("manage.py") {
            return None;
        }
        let module = |file: &str| {
            let source = self.sources.iter().find(|source| source.name.ends_with(file))?;
            Some((source.name.clone(), module_of(&source.name)))
        };
        let wsgi = module("/wsgi.py");
        let asgi = module("/asgi.py");
        let (run, file) = match (wsgi, asgi) {
            (Some((file, module)), _) if self.depends_on("gunicorn") => {
                (format!("gunicorn {module}:application"), file)
            }
            (_, Some((file, module))) if self.depends_on("uvicorn") => {
                (format!("uvicorn {module}:application"), file)
            }
            (_, Some((file, module))) if self.depends_on("daphne") => {
                (format!("daphne -b $HOST -p $PORT {module}:application"), file)
            }
            (Some((file, module)), _) if self.depends_on("waitress") => {
                (format!("waitress-serve --listen=$HOST:$PORT {module}:application"), file)
            }
            _ => (DJANGO_DEV.to_owned(), "manage.py".to_owned()),
        };
        let mut found = Found::new(self.place, Provider::Python, run);
        found.framework = Some("Django");
        found.role = Role::Pages;
        found.dev = Some("python3 manage.py runserver $HOST:$PORT".to_owned());
        found.because(self.place, "manage.py", "a Django project");
        if file == "manage.py" {
            found.notes.push(
                "runserver is Django's server for development: add gunicorn to its dependencies".to_owned(),
            );
        } else {
            found.because(self.place, &file, "application");
            let server = found.run.split(' ').next().unwrap_or_default().to_owned();
            self.check_server(&mut found, &server);
        }
        found.routes = routes::of(&self.sources);
        Some(found)
    }

    fn app_variable(&self) -> Option<Found> {
        let (framework, servers, source, variable) =
            APPS.iter().find_map(|(framework, made_by, servers)| {
                let source = self.best(|source| variable_of(&source.text, made_by).is_some())?;
                let variable = variable_of(&source.text, made_by)?;
                Some((*framework, *servers, source, variable))
            })?;
        let server = servers.iter().copied().find(|server| self.depends_on(server));
        let (app, package) = self.where_from(&module_of(&source.name));
        let named = format!("{app}:{variable}");
        let server = server.unwrap_or_else(|| servers.first().copied().unwrap_or("python"));
        let run = match server {
            "uvicorn" | "granian" | "hypercorn" => with_binding(server, &named),
            "gunicorn" if framework == "FastAPI" => {
                format!("gunicorn -k uvicorn.workers.UvicornWorker {named}")
            }
            "gunicorn" if framework == "Dash" => format!("gunicorn {named}.server"),
            "gunicorn" => format!("gunicorn {named}"),
            "waitress" => format!("waitress-serve --listen=$HOST:$PORT {named}"),
            "flask" => format!("flask --app {named} run"),
            "fastapi" => format!("fastapi run --host $HOST --port $PORT {}", source.name),
            "litestar" => format!("litestar --app {named} run"),
            "sanic" => format!("sanic {named} --host $HOST --port $PORT"),
            _ => format!("python3 {}", source.name),
        };
        let mut found = Found::new(self.place, Provider::Python, run);
        found.dev = development_of(framework, server, &named);
        found.framework = Some(framework);
        found.role = if framework == "Dash" { Role::Pages } else { Role::Service };
        found.because(self.place, &source.name, format!("{variable} = {framework}()"));
        if let Some(package) = package {
            found.env.push(("PYTHONPATH".to_owned(), package));
        }
        match self.manifest_naming(server) {
            Some(manifest) => found.because(self.place, manifest, server),
            None if server == "python" => &mut found,
            None => {
                found.notes.push(format!(
                    "{server} is not among its dependencies; it is what usually runs {framework}"
                ));
                &mut found
            }
        };
        self.check_server(&mut found, server);
        found.routes = routes::of(&self.sources);
        Some(found)
    }

    /// A module under `src/` is imported without it.
    fn where_from(&self, module: &str) -> (String, Option<String>) {
        match module.strip_prefix("src.") {
            Some(inner) if !self.place.has("src/__init__.py") => (inner.to_owned(), Some("src".to_owned())),
            _ => (module.to_owned(), None),
        }
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

const DJANGO_DEV: &str = "python3 manage.py runserver --noreload $HOST:$PORT";

/// How each is told its place where it reads no variable for it.
fn with_binding(server: &str, app: &str) -> String {
    match server {
        "hypercorn" => format!("hypercorn --bind $HOST:$PORT {app}"),
        "granian" => format!("granian --interface asgi {app}"),
        _ => format!("{server} {app}"),
    }
}

fn development_of(framework: &str, server: &str, app: &str) -> Option<String> {
    match (framework, server) {
        (_, "uvicorn") => Some(format!("uvicorn --reload {app}")),
        ("Flask", _) => Some(format!("flask --app {app} run --debug")),
        _ => None,
    }
}

/// Files directly in the folder.
fn own(place: Place<'_>) -> Vec<Source> {
    let read = |name: String| place.text(&name).map(|text| Source { name, text });
    place.files_ending(".py").into_iter().take(40).filter_map(read).collect()
}

fn imports(text: &str, module: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let mut words = line.split([' ', '.', ',']);
        matches!(words.next(), Some("import" | "from")) && words.next() == Some(module)
    })
}

/// `app` in `app = FastAPI(`, `app: FastAPI = FastAPI(` at the beginning of a line.
fn variable_of(text: &str, made_by: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.split(':').next()?.trim_end();
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = value.trim_start();
        let value = match value.rsplit_once('.') {
            // `fastapi.FastAPI(`, but not `falcon.App(`.
            _ if value.starts_with(made_by) => value,
            _ => value.split_once('.').map_or(value, |(_, rest)| rest),
        };
        (is_name && value.starts_with(made_by)).then(|| name.to_owned())
    })
}

/// `app/main.py` is `app.main`.
fn module_of(name: &str) -> String {
    let name = name.strip_suffix(".py").unwrap_or(name);
    name.strip_suffix("/__init__").unwrap_or(name).replace('/', ".")
}

fn is_a_test(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.starts_with("test_") || file == "conftest.py" || file == "setup.py"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_holds_the_app_is_read_and_not_guessed() {
        for (text, made_by, expected) in [
            ("app = FastAPI()", "FastAPI(", Some("app")),
            ("api: FastAPI = FastAPI(title='x')", "FastAPI(", Some("api")),
            ("server = fastapi.FastAPI()", "FastAPI(", Some("server")),
            ("    app = FastAPI()", "FastAPI(", None),
            ("# app = FastAPI()", "FastAPI(", None),
            ("app = falcon.App()", "falcon.App(", Some("app")),
            ("x.app = Flask(__name__)", "Flask(", None),
            ("app=Flask(__name__)", "Flask(", Some("app")),
            ("app = MyFlask(x)", "Flask(", None),
        ] {
            assert_eq!(variable_of(text, made_by).as_deref(), expected, "{text}");
        }
    }
}

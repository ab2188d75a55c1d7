//! Python's frameworks: which one the sources use, and the server that runs it.

use super::source::{imports, module_of, variable_of};
use super::{Project, SCRIPTS};
use crate::detect::{Found, PrefixHabit, Provider, Role, routes};

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

impl Project<'_> {
    pub(super) fn streamlit(&self) -> Option<Found> {
        let source = self.best(|source| imports(&source.text, "streamlit"))?;
        let mut found = Found::new(self.place, Provider::Python, format!("streamlit run {}", source.name));
        found.framework = Some("Streamlit");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::Keeps;
        found.because(self.place, &source.name, "import streamlit");
        self.check_server(&mut found, "streamlit");
        Some(found)
    }

    pub(super) fn gradio(&self) -> Option<Found> {
        let source =
            self.best(|source| imports(&source.text, "gradio") && source.text.contains(".launch("))?;
        let mut found = Found::new(self.place, Provider::Python, format!("python3 {}", source.name));
        found.framework = Some("Gradio");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::WantsStrip;
        found.because(self.place, &source.name, "import gradio, .launch()");
        Some(found)
    }

    pub(super) fn notebooks(&self) -> Option<Found> {
        let package = ["jupyterlab", "notebook", "jupyter-server", "jupyter"]
            .into_iter()
            .find(|name| self.depends_on(name))?;
        let book = self.place.files_ending(".ipynb").into_iter().next();
        if book.is_none() && self.sources.iter().any(|source| SCRIPTS.contains(&source.name.as_str())) {
            return None;
        }
        let program = match package {
            "notebook" => "jupyter notebook",
            "jupyter-server" => "jupyter server",
            _ => "jupyter lab",
        };
        let mut found = Found::new(self.place, Provider::Python, format!("{program} {JUPYTER}"));
        found.framework = Some("Jupyter");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::Keeps;
        if let Some(manifest) = self.manifest_naming(package) {
            found.because(self.place, manifest, package);
        }
        if let Some(book) = book {
            found.because(self.place, &book, "a notebook");
        }
        found.notes.push(
            "Jupyter prints the token to log in with when it starts; it may run as root, as a container does"
                .to_owned(),
        );
        self.check_server(&mut found, "jupyter");
        Some(found)
    }

    pub(super) fn django(&self) -> Option<Found> {
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

    pub(super) fn app_variable(&self) -> Option<Found> {
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
}

/// Its own check of the Host knows nothing of the name the browser asked for, nor it that a container's root is nobody's.
const JUPYTER: &str = "--no-browser --allow-root --ServerApp.base_url=$PREFIX/ --ServerApp.ip=$HOST --ServerApp.port=$PORT \
                       --ServerApp.allow_remote_access=True";

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

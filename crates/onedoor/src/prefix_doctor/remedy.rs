//! The one line that makes a framework work below its prefix, by the framework and what its app's entry says now.
//!
//! What answers is known by its face (its page, its Server field), else by the command that starts it: `python app.py`
//! may be anything.

use super::fetch::Answer;
use crate::apps::framework::{self, Wants};
use crate::apps::spec::{AppSpec, PrefixMode};

/// What a page of each framework looks like; the first that fits.
const FACES: &[(&str, &[&str])] = &[
    ("Gradio", &["window.gradio_config"]),
    ("Streamlit", &["<title>Streamlit</title>"]),
    ("Jupyter", &["jupyter-config-data", "<title>Jupyter Server</title>", "<title>JupyterLab</title>"]),
    ("FastAPI", &["swagger-ui-dist", "FastAPI"]),
    ("Next.js", &["/_next/static/"]),
    ("Nitro", &["/_nuxt/"]),
    ("SvelteKit", &["/_app/immutable/"]),
    ("Astro", &["/_astro/"]),
    ("Dash", &["_dash-config", "_dash-component-suites"]),
    ("Bokeh", &["bk-root", "Bokeh.safely"]),
    ("Django", &["csrfmiddlewaretoken", "/static/admin/"]),
    ("Vite", &["/@vite/client", "type=\"module\" crossorigin src=\""]),
];

const SIGNATURES: &[(&str, &str)] = &[
    ("Express", "Express"),
    ("Next.js", "Next.js"),
    ("Flask", "Werkzeug"),
    ("Django", "WSGIServer"),
    ("Jupyter", "TornadoServer"),
];

/// What answers, as far as it can be told.
pub(super) fn framework(face: Option<&Answer>, app: &AppSpec) -> Option<&'static str> {
    let by_face = face.and_then(|answer| {
        let text = answer.text();
        let by_page = FACES.iter().find(|(_, signs)| signs.iter().any(|sign| text.contains(sign)));
        let by_signature = || SIGNATURES.iter().find(|(_, sign)| answer.signature.contains(sign));
        by_page.map(|(name, _)| *name).or_else(|| by_signature().map(|(name, _)| *name))
    });
    by_face.or_else(|| framework::wants(&app.command).map(|(name, _)| name))
}

/// An app, and what answers in it: the page's framework, which need not be the server that its command starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patient<'a> {
    pub(super) framework: Option<&'a str>,
    pub(super) app: &'a AppSpec,
    /// `/shop`
    pub(super) mount: &'a str,
}

impl Patient<'_> {
    /// What to write, and where.
    pub(super) fn remedy(&self) -> String {
        let Self { app, mount, .. } = self;
        let entry = format!("[apps.{}]", app.name);
        let stripped = app.prefix_mode == PrefixMode::Stripped;
        let strip = |then: &str| match (stripped, then) {
            (true, "") => self.last_resort(),
            (true, then) => then.to_owned(),
            (false, "") => format!("write strip = true in {entry}"),
            (false, then) => format!("write strip = true in {entry}, and {then}"),
        };
        let keep = |then: &str| match (stripped, then) {
            (false, "") => self.last_resort(),
            (false, then) => then.to_owned(),
            (true, "") => format!("take strip out of {entry}: it wants to see its prefix"),
            (true, then) => format!("take strip out of {entry}, and {then}"),
        };
        let server = framework::wants(&app.command);
        match self.framework.unwrap_or_default() {
            "FastAPI" | "uvicorn" => match server {
                Some(("uvicorn", _)) if !stripped => {
                    format!("write prefix = \"auto\" in {entry}: uvicorn tells the app")
                }
                _ => strip(
                    "tell it its prefix: --root-path $PREFIX, or FastAPI(root_path=os.environ[\"PREFIX\"])",
                ),
            },
            "Gradio" | "n8n" | "code-server" | "Puma" | "Rails" => strip(""),
            "Flask" => match server {
                Some(("gunicorn", _)) => {
                    format!("write prefix = \"auto\" in {entry}: gunicorn moves the app below its prefix")
                }
                _ => strip(
                    "write app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1), and url_for for every link",
                ),
            },
            "Django" => {
                let settings = "write FORCE_SCRIPT_NAME = os.environ.get(\"PREFIX\") and \
                                STATIC_URL = f\"{FORCE_SCRIPT_NAME or ''}/static/\" in settings.py";
                match server {
                    Some(("gunicorn", _)) if app.prefix_mode == PrefixMode::Moved => settings.to_owned(),
                    Some(("gunicorn", _)) => format!("write prefix = \"auto\" in {entry}, and {settings}"),
                    _ => strip(settings),
                }
            }
            "gunicorn" | "granian" | "JVM" | "Grafana" if app.prefix_mode != PrefixMode::Moved => {
                format!("write prefix = \"auto\" in {entry}: it moves the app below its prefix")
            }
            "Streamlit" | "Chainlit" | "Nitro" => keep(""),
            "Jupyter" => keep("add --ServerApp.base_url=$PREFIX/ to its command"),
            "Bokeh" => keep("add --prefix $PREFIX to its command"),
            "MLflow" => keep("add --static-prefix $PREFIX to its command"),
            "marimo" => keep("add --base-url $PREFIX to its command"),
            "Dash" => strip(
                "Dash(requests_pathname_prefix=os.environ[\"PREFIX\"] + \"/\", routes_pathname_prefix=\"/\")",
            ),
            "Next.js" | "Next.js standalone" => {
                keep(&format!("write basePath: \"{mount}\" in next.config.js, and build it again"))
            }
            "SvelteKit" => {
                keep(&format!("write paths: {{ base: \"{mount}\" }} in svelte.config.js, and build it again"))
            }
            "Astro" => keep(&format!("write base: \"{mount}\" in astro.config.mjs, and build it again")),
            "Vite" => keep(&format!("write base: \"{mount}/\" in vite.config.js")),
            "Express" => keep(&format!(
                "app.use(\"{mount}\", router), with links that begin with {mount} or are relative"
            )),
            "Phoenix" => strip(&format!("write url: [path: \"{mount}\"] in config/runtime.exs")),
            _ => self.last_resort(),
        }
    }

    /// Of an app that has nothing at its mount, where the other mode would find something. A framework that is known
    /// says it better than the mode alone.
    pub(super) fn other_mode(&self) -> String {
        if let Some(Wants::Strip | Wants::Keep) = self.framework.and_then(framework::wants_by_name) {
            return self.remedy();
        }
        let entry = format!("[apps.{}]", self.app.name);
        match self.app.prefix_mode {
            PrefixMode::Stripped => {
                format!("this app wants to see its prefix: take strip out of {entry}")
            }
            PrefixMode::Kept | PrefixMode::Moved => {
                format!("this app does not know its prefix: write strip = true in {entry}")
            }
        }
    }

    fn last_resort(&self) -> String {
        format!(
            "make these relative (x, not /x), or put $PREFIX in front; or give the app a host of its own: \
             host = \"{}.localhost\" instead of path",
            self.app.name
        )
    }
}

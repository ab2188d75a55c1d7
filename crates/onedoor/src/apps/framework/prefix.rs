//! How frameworks that make their own routes hear of the prefix that stands before them (FRAMEWORKS.md: STRIP or KEEP).
//!
//! What an app's own code decides is not here: nobody can know it from outside. Pure; who reads files is `config`.

use super::is_call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// By one of these flags; the first way to say it.
    Flag { flags: &'static [&'static str], write: &'static str },
    /// By a variable, which onedoor sets.
    Variable,
    /// By this variable, which onedoor sets where `prefix = "auto"` asks for it.
    Auto { variable: &'static str },
    /// Not at all: it answers at `/`.
    Nothing,
    /// By its configuration, and it cannot be without ([`SETTINGS`]).
    Setting,
}

const JUPYTER: Hears = Hears::Flag {
    flags: &["--ServerApp.base_url", "--NotebookApp.base_url", "--config"],
    write: "--ServerApp.base_url=$PREFIX/",
};
const BOKEH: Hears = Hears::Flag { flags: &["--prefix", "--root-path"], write: "--prefix $PREFIX" };
const MLFLOW: Hears = Hears::Flag { flags: &["--static-prefix"], write: "--static-prefix $PREFIX" };
const GRAFANA: Hears = Hears::Auto { variable: "GF_SERVER_SERVE_FROM_SUB_PATH" };

#[rustfmt::skip]
const TABLE: &[(&str, &[&str], Hears)] = &[
    ("Jupyter", &["jupyter", "lab"], JUPYTER),
    ("Jupyter", &["jupyter", "notebook"], JUPYTER),
    ("Jupyter", &["jupyter", "server"], JUPYTER),
    ("Jupyter", &["jupyter-lab"], JUPYTER),
    ("Jupyter", &["jupyter-server"], JUPYTER),
    ("marimo", &["marimo", "run"], Hears::Flag { flags: &["--base-url"], write: "--base-url $PREFIX" }),
    ("marimo", &["marimo", "edit"], Hears::Flag { flags: &["--base-url"], write: "--base-url $PREFIX" }),
    ("Bokeh", &["bokeh", "serve"], BOKEH),
    ("Panel", &["panel", "serve"], BOKEH),
    ("MLflow", &["mlflow", "server"], MLFLOW),
    ("MLflow", &["mlflow", "ui"], MLFLOW),
    ("Streamlit", &["streamlit", "run"], Hears::Variable),
    ("Chainlit", &["chainlit", "run"], Hears::Variable),
    ("Nuxt", &["node", ".output/server/index.mjs"], Hears::Variable),
    ("Next.js", &["next"], Hears::Setting),
    ("Next.js", &["node", ".next/standalone/server.js"], Hears::Setting),
    ("Grafana", &["grafana"], GRAFANA),
    ("Grafana", &["grafana-server"], GRAFANA),
    ("Gradio", &["gradio", "*.py"], Hears::Nothing),
    ("Shiny", &["shiny", "run"], Hears::Nothing),
    ("Ollama", &["ollama", "serve"], Hears::Nothing),
    ("code-server", &["code-server"], Hears::Nothing),
    ("n8n", &["n8n"], Hears::Nothing),
];

/// The framework that these words start, and how it hears of its prefix. None: nothing is known.
pub(crate) fn hears(words: &[String]) -> Option<(&'static str, Hears)> {
    TABLE.iter().find(|(_, call, _)| is_call(words, call)).map(|(name, _, hears)| (*name, *hears))
}

/// A configuration that says the prefix, in the folder of the app.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// What may start it.
    pub(crate) programs: &'static [&'static str],
    pub(crate) files: &'static [&'static str],
    /// The key.
    pub(crate) word: &'static str,
    /// How it is said.
    pub(crate) write: &'static str,
    /// The flag of the command that says it as well.
    pub(crate) flag: Option<&'static str>,
}

const NODE: &[&str] = &["next", "astro", "node", "npm", "pnpm", "yarn", "bun"];

#[rustfmt::skip]
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "Next.js", programs: NODE, flag: None,
        files: &["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"],
        word: "basePath", write: "basePath: \"{prefix}\"",
    },
    Setting {
        name: "SvelteKit", programs: NODE, flag: None,
        files: &["svelte.config.js", "svelte.config.ts"],
        word: "base", write: "kit: { paths: { base: \"{prefix}\" } }",
    },
    Setting {
        name: "Astro", programs: NODE, flag: None,
        files: &["astro.config.mjs", "astro.config.js", "astro.config.ts"],
        word: "base", write: "base: \"{prefix}\"",
    },
    Setting {
        name: "Vite", programs: &["vite"], flag: Some("--base"),
        files: &["vite.config.js", "vite.config.ts", "vite.config.mjs", "package.json"],
        word: "base", write: "base: \"{prefix}/\"",
    },
    Setting {
        name: "Gatsby", programs: &["gatsby", "npm", "pnpm", "yarn"], flag: None,
        files: &["gatsby-config.js", "gatsby-config.ts", "gatsby-config.mjs"],
        word: "pathPrefix", write: "pathPrefix: \"{prefix}\", and --prefix-paths beside build and serve",
    },
    Setting {
        name: "Angular", programs: &["ng", "node", "npm", "pnpm", "yarn"], flag: None,
        files: &["angular.json"],
        word: "baseHref", write: "\"baseHref\": \"{prefix}/\"",
    },
];

/// The framework of `words` that keeps a browser's session in the memory of its process.
const IN_MEMORY: [&str; 8] =
    ["Streamlit", "Gradio", "Shiny", "Bokeh", "Panel", "Chainlit", "marimo", "Jupyter"];

pub(crate) fn keeps_sessions(words: &[String]) -> Option<&'static str> {
    hears(words).map(|(name, _)| name).filter(|name| IN_MEMORY.contains(name))
}

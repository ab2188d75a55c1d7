//! What a folder is: the provider that knows it, how it is started, and because of which file.
//!
//! One file per provider. Each looks at one folder and says what it found, as data: `plan` decides names and mounts
//! from it, and whoever builds an image will ask it for versions and package managers. A provider never guesses
//! silently: what it could not find in a file is a note.

mod dotnet;
mod elixir;
mod go;
mod java;
mod javascript;
mod php;
mod python;
mod routes;
mod ruby;
mod rust;
mod site;
mod survey;
#[cfg(test)]
mod tests;

pub(crate) use javascript::locks;
pub(crate) use routes::{Knows, knows};
pub(crate) use survey::{project_as, project_in, survey};

use crate::folder::Place;

/// What was found in one folder, for one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// From the root; empty for the root itself.
    pub(crate) folder: String,
    pub(crate) provider: Provider,
    pub(crate) framework: Option<&'static str>,
    pub(crate) role: Role,
    /// Empty where there are but files to be served.
    pub(crate) run: String,
    /// What `onedoor dev` would run.
    pub(crate) dev: Option<String>,
    /// What has to be run before `run` works, other than installing.
    pub(crate) build: Option<String>,
    /// What installs its dependencies.
    pub(crate) install: Option<String>,
    /// `uv`, `pnpm`, `bundler`
    pub(crate) manager: Option<&'static str>,
    /// The language's version, as its file says it.
    pub(crate) version: Option<String>,
    /// The files that a browser gets as they are; onedoor serves them itself.
    pub(crate) files: Option<Files>,
    /// Where its own code says its routes are, if it does.
    pub(crate) routes: Vec<String>,
    pub(crate) prefix: PrefixHabit,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) why: Vec<Reason>,
    /// What is missing for it to start, in the order in which it is to be mended.
    pub(crate) missing: Vec<Missing>,
    pub(crate) notes: Vec<String>,
    /// Instead of the folder's name.
    pub(crate) name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Provider {
    Python,
    Deno,
    Bun,
    Node,
    Go,
    Rust,
    Ruby,
    Php,
    Java,
    DotNet,
    Elixir,
    Static,
}

/// What an app is for, as far as one can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Serves pages for people.
    Pages,
    /// Serves something by a web framework.
    Service,
    /// Listens, no more is known.
    Listener,
    /// Nothing in it listens.
    Worker,
}

/// A folder of built files, from the app's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) folder: String,
    pub(crate) fallback: Fallback,
    /// The folder in it whose files are called after what is in them.
    pub(crate) hashed: Option<&'static str>,
}

/// What an unknown path gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    Nothing,
    /// A single-page app: its index.html.
    Index,
    /// Its 404.html.
    Page,
}

/// What an app wants done with the prefix it is mounted at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrefixHabit {
    /// Its own routes decide, if they can be read.
    ByRoutes,
    /// It is told its prefix and keeps it.
    Keeps,
    /// It knows nothing of a prefix.
    WantsStrip,
    /// It is built for one prefix; this is how it is told.
    BuiltIn(&'static str),
}

/// What is not there yet, and the command that makes it, in this folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) fact: String,
    pub(crate) command: String,
    pub(crate) folder: String,
}

/// A file, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// From the root.
    pub(crate) file: String,
    pub(crate) fact: String,
}

impl Provider {
    /// As a configuration says it (`apps.*.build.provider`). None: it is no language.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, provider)| *provider)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Deno => "Deno",
            Self::Bun => "Bun",
            Self::Node => "Node",
            Self::Go => "Go",
            Self::Rust => "Rust",
            Self::Ruby => "Ruby",
            Self::Php => "PHP",
            Self::Java => "Java",
            Self::DotNet => ".NET",
            Self::Elixir => "Elixir",
            Self::Static => "static",
        }
    }
}

const WORDS: [(&str, Provider); 12] = [
    ("python", Provider::Python),
    ("node", Provider::Node),
    ("bun", Provider::Bun),
    ("deno", Provider::Deno),
    ("go", Provider::Go),
    ("rust", Provider::Rust),
    ("ruby", Provider::Ruby),
    ("php", Provider::Php),
    ("java", Provider::Java),
    ("dotnet", Provider::DotNet),
    ("elixir", Provider::Elixir),
    ("static", Provider::Static),
];

/// What a configuration may call a folder; the last: no language that has to be built.
pub const PROVIDERS: &[&str] = &[
    "python", "node", "bun", "deno", "go", "rust", "ruby", "php", "java", "dotnet", "elixir", "static",
    "none",
];

/// Who knows the folders of a language.
#[derive(Debug)]
pub struct Language {
    /// As people call it.
    pub name: &'static str,
    /// Files that make a folder a project of its own.
    pub manifests: &'static [&'static str],
    look: fn(Place<'_>) -> Vec<Found>,
}

const fn language(
    name: &'static str,
    manifests: &'static [&'static str],
    look: fn(Place<'_>) -> Vec<Found>,
) -> Language {
    Language { name, manifests, look }
}

/// In this order: the first that knows the folder has it. Other languages' projects hold a package.json for their
/// assets, so Node comes late; and an index.html lies almost anywhere.
pub const LANGUAGES: [Language; 10] = [
    language("Elixir", elixir::MANIFESTS, elixir::look),
    language("Ruby", ruby::MANIFESTS, ruby::look),
    language("PHP", php::MANIFESTS, php::look),
    language("Java", java::MANIFESTS, java::look),
    language(".NET", dotnet::MANIFESTS, dotnet::look),
    language("Go", go::MANIFESTS, go::look),
    language("Rust", rust::MANIFESTS, rust::look),
    language("Python", python::MANIFESTS, python::look),
    language("JavaScript", javascript::MANIFESTS, javascript::look),
    language("plain files", site::MANIFESTS, site::look),
];

/// The files that make a folder a project of its own.
pub(crate) fn manifests() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().flat_map(|language| language.manifests.iter().copied())
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.fact)
    }
}

impl Found {
    /// What is known of every folder; the provider says the rest.
    fn new(place: Place<'_>, provider: Provider, run: impl Into<String>) -> Self {
        Self {
            folder: place.folder.to_owned(),
            provider,
            framework: None,
            role: Role::Listener,
            run: run.into(),
            dev: None,
            build: None,
            install: None,
            manager: None,
            version: None,
            files: None,
            routes: Vec::new(),
            prefix: PrefixHabit::ByRoutes,
            env: Vec::new(),
            why: Vec::new(),
            missing: Vec::new(),
            notes: Vec::new(),
            name: None,
        }
    }

    fn because(&mut self, place: Place<'_>, name: &str, fact: impl Into<String>) -> &mut Self {
        let reason = Reason { file: place.path(name), fact: fact.into() };
        if !self.why.contains(&reason) {
            self.why.push(reason);
        }
        self
    }

    /// It cannot start before `command` was run in its folder.
    fn misses(&mut self, fact: &str, command: &str) -> &mut Self {
        let folder = self.folder.clone();
        self.missing.push(Missing { fact: fact.to_owned(), command: command.to_owned(), folder });
        self
    }

    /// The same for its packages, which come before everything that is built from them.
    fn misses_packages(&mut self, there_is_no: &str, command: &str, folder: &str) -> &mut Self {
        let fact = format!("packages are not installed (there is no {there_is_no})");
        self.missing.insert(0, Missing { fact, command: command.to_owned(), folder: folder.to_owned() });
        self
    }
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { fact, command, folder } = self;
        let place = if folder.is_empty() { String::new() } else { format!(" in {folder}") };
        write!(f, "{fact}: run `{command}`{place} first")
    }
}

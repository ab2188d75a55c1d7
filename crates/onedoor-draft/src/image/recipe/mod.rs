//! How a folder's apps get into the image: one file per provider.
//!
//! A recipe is data: the stage in which the folder is built, and what of it the final image takes. Manifests are copied
//! before sources, so that a change of a source does not install everything anew; what a package manager fetches stays
//! in a cache that no image holds.

mod deno;
mod dotnet;
mod elixir;
mod elsewhere;
mod go;
mod java;
mod javascript;
mod php;
mod plain;
mod python;
mod ruby;
mod rust;
mod site;

use super::dockerfile::Stage;
use super::overrides;
use super::runtime::{Company, Runtime, SUITE};
use super::version::{Choice, Known, Version};
use super::wanted::{self, Build, MadeFrom};
use crate::detect::{Found, Provider};
use crate::folder::{Place, Tree, base, join};

/// Where apps lie in the image: each in its own folder, at the place where it was built.
pub(super) const HOME: &str = "/srv";

/// A folder, what was found in it, and the apps that are started there.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    pub(super) tree: &'a Tree,
    /// From the root; empty for the root.
    pub(super) folder: &'a str,
    pub(super) found: Option<&'a Found>,
    pub(super) starts: Vec<Start<'a>>,
    /// What its owner says of it.
    pub(super) build: &'a Build,
}

/// An app's command, as its configuration says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'a> {
    pub(super) app: &'a str,
    pub(super) words: &'a [String],
    /// What its owner wants started in the image.
    pub(super) instead: Option<&'a wanted::Start>,
}

/// What comes of a unit.
#[derive(Clone, Debug, Default)]
pub(super) struct Recipe {
    /// None: nothing has to be built.
    pub(super) stage: Option<Stage>,
    /// Stages that this one is made from, and what they want said before the first of all.
    pub(super) sources: Vec<Stage>,
    pub(super) arguments: Vec<String>,
    pub(super) taken: Vec<Taken>,
    pub(super) runtimes: Vec<(Runtime, Company)>,
    /// Debian packages that its libraries need when they run.
    pub(super) packages: Vec<&'static str>,
    /// Commands that make the final image ready, before an app is in it.
    pub(super) setup: Vec<String>,
    /// Commands that fail where something is missing, once it is.
    pub(super) tests: Vec<String>,
    /// Variables of the final image, which the container's own beat.
    pub(super) env: Vec<(&'static str, &'static str)>,
    /// Commands that differ in the image: what is built there is started, not built at each start.
    pub(super) starts: Vec<Instead>,
    pub(super) notes: Vec<String>,
    pub(super) standing: Standing,
}

/// What an app is started by in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instead {
    pub(super) app: String,
    pub(super) run: String,
    /// Variables that its own command set.
    pub(super) env: Vec<(String, String)>,
}

/// What the final image takes, at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// From the unit's stage.
    Built(String),
    /// From the build's context, as it is: a path there, and its place.
    AsItIs { source: String, place: String },
    /// From another image.
    Image { image: String, place: String },
    /// Nothing: the folder that a command is started in.
    Folder(String),
}

/// Whether a recipe was ever followed with the real tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    #[default]
    Proven,
    Experimental,
}

/// How the unit is built and what is taken of it, with what its owner says of that.
pub(super) fn of(unit: &Unit<'_>) -> Recipe {
    let mut recipe = match &unit.build.made_from {
        MadeFrom::Folder => of_folder(unit),
        MadeFrom::Image { image, copy } => elsewhere::image(unit, image, copy),
        MadeFrom::Dockerfile { file, copy } => elsewhere::dockerfile(unit, file, copy),
    };
    if unit.build.changes_folder() {
        overrides::apply(unit.build, recipe.stage.get_or_insert_with(|| unit.bare_stage(&recipe.runtimes)));
        recipe.taken.iter_mut().for_each(|taken| unit.take_from_stage(taken));
    }
    for start in &unit.starts {
        for (runtime, company) in start.programs().filter_map(Runtime::of_program) {
            let is_there = recipe.runtimes.iter().any(|(known, _)| known.name() == runtime.name());
            if !is_there {
                recipe.runtimes.push((runtime, company));
            }
        }
    }
    recipe
}

fn of_folder(unit: &Unit<'_>) -> Recipe {
    match unit.found.map(|found| found.provider) {
        Some(Provider::Python) => python::recipe(unit),
        Some(Provider::Node | Provider::Bun) => javascript::recipe(unit),
        Some(Provider::Deno) => deno::recipe(unit),
        Some(Provider::Go) => go::recipe(unit),
        Some(Provider::Rust) => rust::recipe(unit),
        Some(Provider::Ruby) => ruby::recipe(unit),
        Some(Provider::Php) => php::recipe(unit),
        Some(Provider::Java) => java::recipe(unit),
        Some(Provider::DotNet) => dotnet::recipe(unit),
        Some(Provider::Elixir) => elixir::recipe(unit),
        Some(Provider::Static) => site::recipe(unit),
        None => plain::recipe(unit),
    }
}

impl<'a> Unit<'a> {
    pub(super) fn place(&self) -> Place<'a> {
        Place { tree: self.tree, folder: self.folder }
    }

    /// What the unit's stage is called: after its first app, or after its folder where the door serves its files.
    pub(super) fn stage_name(&self) -> String {
        match (self.starts.first(), base(self.folder)) {
            (Some(start), _) => format!("build-{}", start.app),
            (None, "") => "files".to_owned(),
            (None, folder) => {
                format!("files-{}", folder.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
            }
        }
    }

    /// Its folder in the image.
    pub(super) fn home(&self) -> String {
        join(HOME, self.folder).trim_end_matches('/').to_owned()
    }

    /// Of a name in its folder: where the build's context has it.
    pub(super) fn source(&self, name: &str) -> String {
        join(self.folder, name)
    }

    /// Its folder as a COPY names it.
    fn sources(&self) -> String {
        if self.folder.is_empty() { ".".to_owned() } else { format!("{}/", self.folder) }
    }

    /// Those of the names that are there, as a COPY names them.
    fn manifests(&self, names: &[&str]) -> Vec<String> {
        names.iter().filter(|name| self.place().has(name)).map(|name| self.source(name)).collect()
    }

    /// A stage for it: what it is, built in this image, in this folder.
    fn stage(&self, image: String, home: String) -> Stage {
        let mut apps: Vec<&str> = self.starts.iter().map(|start| start.app).collect();
        if apps.is_empty() {
            apps.push("files");
        }
        let kind = self.found.map_or("", |found| found.framework.unwrap_or_else(|| found.provider.name()));
        let mut stage = Stage::new(self.stage_name(), image, format!("{}: {kind}", apps.join(", ")));
        stage.workdir(home);
        stage
    }

    /// The stage of a folder that would be taken as it is, for whoever has something done in it.
    fn bare_stage(&self, runtimes: &[(Runtime, Company)]) -> Stage {
        let image = match runtimes.first() {
            Some((runtime, _)) => runtime.build_image(),
            None => format!("debian:{SUITE}-slim"),
        };
        let mut stage = self.stage(image, self.home());
        stage.copy([self.sources()], "./");
        stage
    }

    /// What the commands of a stage may have changed is not taken from the context.
    fn take_from_stage(&self, taken: &mut Taken) {
        if let Taken::AsItIs { source, .. } = taken
            && *source == self.sources()
        {
            *taken = Taken::Built(self.home());
        }
    }

    /// What it is, for the plan.
    pub(super) fn provider(&self) -> &'static str {
        match self.build.made_from {
            MadeFrom::Folder => self.found.map_or("", |found| found.provider.name()),
            MadeFrom::Image { .. } => "image",
            MadeFrom::Dockerfile { .. } => "Dockerfile",
        }
    }

    /// Because of which files it is that.
    pub(super) fn because(&self) -> Vec<String> {
        match &self.build.made_from {
            MadeFrom::Folder if self.build.provider.is_some() => vec!["build.provider".to_owned()],
            MadeFrom::Folder => {
                self.found.iter().flat_map(|found| &found.why).map(ToString::to_string).collect()
            }
            MadeFrom::Image { image, .. } => vec![image.clone()],
            MadeFrom::Dockerfile { file, .. } => vec![file.clone()],
        }
    }

    /// The folders beside a program that it may read when it runs.
    fn data(&self) -> Vec<Taken> {
        const DATA: [&str; 12] = [
            "templates",
            "views",
            "static",
            "public",
            "assets",
            "web",
            "www",
            "migrations",
            "locales",
            "i18n",
            "data",
            "config",
        ];
        let is_there = |name: &&str| self.tree.is_folder(&self.source(name));
        let taken = |name| Taken::AsItIs { source: self.source(name), place: join(&self.home(), name) };
        DATA.into_iter().filter(is_there).map(taken).collect()
    }

    /// The version that the folder asks for, as its language's files are read; with a note where it could not be had.
    fn version(&self, known: Known, read: impl Fn(&str) -> String, notes: &mut Vec<String>) -> Version {
        let found = || self.found.and_then(|found| found.version.as_deref()).map(read);
        let asked = self.build.version.clone().or_else(found).unwrap_or_default();
        let choice = known.choose(&asked);
        let name = self.found.map_or("", |found| found.provider.name());
        match &choice {
            Choice::Fits(_) => {}
            Choice::Unknown(version) => notes.push(format!(
                "{}: asks for {name} {asked}; {version} is none of those that were tried",
                self.shown()
            )),
            Choice::Unclear(version) => {
                notes
                    .push(format!("{}: {name} {asked} was not understood; {version} is taken", self.shown()));
            }
        }
        choice.version()
    }

    /// The folder, for a message.
    pub(super) fn shown(&self) -> &'a str {
        if self.folder.is_empty() { "." } else { self.folder }
    }
}

/// Words as one line, such that they are read as the same words again; a variable is left to whoever fills it in.
fn line(words: &[String]) -> String {
    let is_of_one_word = |word: &str| !word.is_empty() && !word.contains([' ', '\t', '\'', '"', '\\']);
    let quoted = |word: &String| match is_of_one_word(word) {
        true => word.clone(),
        false => shlex::try_quote(word).map_or_else(|_| word.clone(), std::borrow::Cow::into_owned),
    };
    words.iter().map(quoted).collect::<Vec<String>>().join(" ")
}

impl Start<'_> {
    /// Another command for it.
    fn instead(&self, run: impl Into<String>) -> Instead {
        Instead { app: self.app.to_owned(), run: run.into(), env: Vec::new() }
    }

    /// The program it starts with.
    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Everything that it starts with: of a line for a shell, the first word behind each sign.
    fn programs(&self) -> impl Iterator<Item = &str> {
        let line: Vec<&str> = match self.instead {
            None => self.words.iter().map(String::as_str).collect(),
            Some(wanted::Start::Line(line)) => line.split_whitespace().collect(),
            Some(wanted::Start::Words(words)) => words.iter().map(String::as_str).collect(),
        };
        let is_sign = |word: &str| matches!(word, "&&" | "||" | ";" | "|" | "exec");
        let begins: Vec<bool> =
            [true].into_iter().chain(line.iter().map(|word| is_sign(word) || word.ends_with(';'))).collect();
        line.into_iter().zip(begins).filter(|(_, begins)| *begins).map(|(word, _)| word)
    }

    /// True if it builds and starts at once: `go run`, `cargo run`.
    fn runs_from_source(&self, tool: &str) -> bool {
        self.program() == tool && self.words.get(1).is_some_and(|word| word == "run")
    }
}

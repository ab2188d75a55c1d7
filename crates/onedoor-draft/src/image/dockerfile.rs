//! A Dockerfile as data, and its text.
//!
//! Only what BuildKit, podman and buildah of Debian 12 all understand is in here: no heredocs, no `COPY --link`, no
//! `--start-interval` (docs/decisions/0083). The same data gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// Comment lines at the top.
    pub(super) about: Vec<String>,
    /// Instructions before the first FROM.
    pub(super) arguments: Vec<String>,
    pub(super) stages: Vec<Stage>,
}

/// From one FROM to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// A comment line above it.
    pub(super) about: String,
    pub(super) from: String,
    pub(super) built_on: BuiltOn,
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// Which machine's programs a stage runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BuiltOn {
    /// The image's own kind.
    Target,
    /// The builder's kind, since its compiler makes programs for any.
    Builder,
    /// As somebody else's Dockerfile says.
    Named(String),
}

/// One instruction, or a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Comment(String),
    /// Somebody else's instruction, as it is.
    Verbatim(String),
    Arg(String),
    Env(Vec<(String, String)>),
    Label(Vec<(String, String)>),
    Workdir(String),
    Copy {
        from: Option<String>,
        sources: Vec<String>,
        to: String,
    },
    Run {
        part: Part,
        mounts: Vec<Mount>,
        commands: Vec<String>,
    },
    /// A program of the image without a shell, which there may be none of.
    Check(Vec<String>),
    User(String),
    Expose(String),
    StopSignal(&'static str),
    Healthcheck(Vec<String>),
    Entrypoint(Vec<String>),
    Cmd(Vec<String>),
}

/// Which of the project's own words can stand instead of a command (`overrides`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What packages are installed by: `install`.
    Install,
    /// What is made of the sources: `build`.
    Build,
    /// None: it makes the stage ready, or takes away what is not for the image.
    Other,
}

/// What a command sees beside the stage's own files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mount {
    Cache(Cache),
    /// A file that whoever builds gives to this command alone; no layer has it.
    Secret {
        id: String,
        target: String,
    },
}

/// A folder that builds share and the image does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cache {
    pub(super) id: &'static str,
    pub(super) target: &'static str,
    pub(super) sharing: Sharing,
}

/// What two builds at once do with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    Shared,
    /// One waits for the other: apt can do no better.
    Locked,
}

impl Dockerfile {
    /// The images that it names, each once. What is built here is none, nor is what an argument names.
    pub(super) fn images(&self) -> Vec<String> {
        let stages: Vec<&str> = self.stages.iter().map(|stage| stage.name.as_str()).collect();
        let is_image = |name: &&String| {
            *name != "scratch" && !name.contains(['$', '@']) && !stages.contains(&name.as_str())
        };
        let named = self.stages.iter().flat_map(|stage| {
            let copied = stage.steps.iter().filter_map(|step| match step {
                Step::Copy { from, .. } => from.as_ref(),
                _ => None,
            });
            [&stage.from].into_iter().chain(copied)
        });
        let mut images = BTreeSet::new();
        for name in named.filter(is_image) {
            images.insert(name.clone());
        }
        images.into_iter().collect()
    }

    /// Has each of these images with its digest, and says so of the one that the last stage is made from.
    pub(super) fn pin(&mut self, pins: &BTreeMap<String, String>) {
        if let Some(stage) = self.stages.last_mut()
            && let Some(digest) = pins.get(&stage.from)
        {
            for step in &mut stage.steps {
                if let Step::Label(labels) = step {
                    labels.insert(0, ("org.opencontainers.image.base.digest".to_owned(), digest.clone()));
                }
            }
        }
        let pinned = |name: &mut String| {
            if let Some(digest) = pins.get(name) {
                name.extend(["@", digest]);
            }
        };
        for stage in &mut self.stages {
            pinned(&mut stage.from);
            for step in &mut stage.steps {
                if let Step::Copy { from: Some(from), .. } = step {
                    pinned(from);
                }
            }
        }
    }
}

impl Stage {
    pub(super) fn new(name: impl Into<String>, from: impl Into<String>, about: impl Into<String>) -> Self {
        let (name, from, about) = (name.into(), from.into(), about.into());
        Self { about, from, built_on: BuiltOn::Target, name, steps: Vec::new() }
    }

    pub(super) fn step(&mut self, step: Step) -> &mut Self {
        self.steps.push(step);
        self
    }

    pub(super) fn workdir(&mut self, folder: impl Into<String>) -> &mut Self {
        self.step(Step::Workdir(folder.into()))
    }

    /// From the build's context.
    pub(super) fn copy<S: Into<String>>(
        &mut self,
        sources: impl IntoIterator<Item = S>,
        to: impl Into<String>,
    ) -> &mut Self {
        let sources = sources.into_iter().map(Into::into).collect();
        self.step(Step::Copy { from: None, sources, to: to.into() })
    }

    /// From another stage or image.
    pub(super) fn copy_from(
        &mut self,
        from: impl Into<String>,
        source: impl Into<String>,
        to: impl Into<String>,
    ) -> &mut Self {
        self.step(Step::Copy { from: Some(from.into()), sources: vec![source.into()], to: to.into() })
    }

    /// Its files lie in a folder of the build's context.
    pub(super) fn take_below(&mut self, folder: &str) {
        if folder.is_empty() {
            return;
        }
        for step in &mut self.steps {
            let Step::Copy { from: None, sources, .. } = step else { continue };
            for source in sources {
                *source = if source == "." { format!("{folder}/") } else { format!("{folder}/{source}") };
            }
        }
    }

    /// A command of its own, or one more of the RUN before it: each is a layer.
    pub(super) fn run(&mut self, command: impl Into<String>) -> &mut Self {
        self.command(Part::Other, &[], command.into())
    }

    pub(super) fn run_with(&mut self, caches: &[Cache], command: impl Into<String>) -> &mut Self {
        self.command(Part::Other, caches, command.into())
    }

    /// Gets the packages that the project names.
    pub(super) fn install(&mut self, caches: &[Cache], command: impl Into<String>) -> &mut Self {
        self.command(Part::Install, caches, command.into())
    }

    /// Makes what is started, of sources that are there.
    pub(super) fn build(&mut self, caches: &[Cache], command: impl Into<String>) -> &mut Self {
        self.command(Part::Build, caches, command.into())
    }

    fn command(&mut self, part: Part, caches: &[Cache], command: String) -> &mut Self {
        if let Some(Step::Run { part: before, mounts, commands }) = self.steps.last_mut()
            && *before == part
            && mounts.is_empty()
            && caches.is_empty()
        {
            commands.push(command);
            return self;
        }
        let mounts = caches.iter().copied().map(Mount::Cache).collect();
        self.step(Step::Run { part, mounts, commands: vec![command] })
    }

    pub(super) fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.step(Step::Env(vec![(name.to_owned(), value.to_owned())]))
    }
}

impl Cache {
    pub(super) const fn shared(id: &'static str, target: &'static str) -> Self {
        Self { id, target, sharing: Sharing::Shared }
    }

    pub(super) const fn locked(id: &'static str, target: &'static str) -> Self {
        Self { id, target, sharing: Sharing::Locked }
    }
}

impl Display for Dockerfile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for line in &self.about {
            writeln!(f, "{}", comment(line))?;
        }
        for argument in &self.arguments {
            writeln!(f, "{argument}")?;
        }
        self.stages.iter().try_for_each(|stage| write!(f, "\n{stage}"))
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.about.is_empty() {
            writeln!(f, "{}", comment(&self.about))?;
        }
        let platform = match &self.built_on {
            BuiltOn::Target => String::new(),
            BuiltOn::Builder => "--platform=$BUILDPLATFORM ".to_owned(),
            BuiltOn::Named(platform) => format!("--platform={platform} "),
        };
        writeln!(f, "FROM {platform}{} AS {}", self.from, self.name)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comment(text) => f.write_str(&comment(text)),
            Self::Verbatim(text) => f.write_str(text),
            Self::Arg(name) => write!(f, "ARG {name}"),
            Self::Env(pairs) => write!(f, "ENV {}", assignments(pairs)),
            Self::Label(pairs) => write!(f, "LABEL {}", assignments(pairs)),
            Self::Workdir(folder) => write!(f, "WORKDIR {}", path(folder)),
            Self::Copy { from, sources, to } => {
                f.write_str("COPY ")?;
                if let Some(from) = from {
                    write!(f, "--from={from} ")?;
                }
                let words: Vec<String> = sources.iter().chain([to]).map(|word| literal(word)).collect();
                if words.iter().all(|word| is_plain(word)) {
                    return f.write_str(&words.join(" "));
                }
                f.write_str(&exec(&words))
            }
            Self::Run { part: _, mounts, commands } => {
                f.write_str("RUN ")?;
                for mount in mounts {
                    write!(f, "{mount} \\\n    ")?;
                }
                f.write_str(&commands.join(" \\\n && "))
            }
            Self::Check(words) => write!(f, "RUN {}", exec(words)),
            Self::User(user) => write!(f, "USER {user}"),
            Self::Expose(port) => write!(f, "EXPOSE {port}"),
            Self::StopSignal(signal) => write!(f, "STOPSIGNAL {signal}"),
            Self::Healthcheck(words) => {
                write!(f, "HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD {}", exec(words))
            }
            Self::Entrypoint(words) => write!(f, "ENTRYPOINT {}", exec(words)),
            Self::Cmd(words) => write!(f, "CMD {}", exec(words)),
        }
    }
}

impl Display for Mount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(cache) => cache.fmt(f),
            Self::Secret { id, target } => write!(f, "--mount=type=secret,id={id},target={target}"),
        }
    }
}

impl Display for Cache {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "--mount=type=cache,id={},target={}", self.id, self.target)?;
        match self.sharing {
            Sharing::Shared => Ok(()),
            Sharing::Locked => f.write_str(",sharing=locked"),
        }
    }
}

/// What comes from a file's name or a stranger's manifest may hold a line break, and a line is an instruction.
fn comment(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {one_line}").trim_end().to_owned()
}

fn assignments(pairs: &[(String, String)]) -> String {
    let said: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    said.join(" \\\n    ")
}

/// Without anything that a Dockerfile reads as more than itself.
fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@+=%$".contains(c);
    !word.is_empty() && word.chars().all(is_plain)
}

/// A file's name holds no variables, whatever it looks like.
fn literal(name: &str) -> String {
    name.replace('\\', "\\\\").replace('$', "\\$")
}

/// As ENV and LABEL read it: `$NAME` stays what it is there, a variable.
fn quoted(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " "))
}

fn path(path: &str) -> String {
    let path = literal(path);
    if is_plain(&path) { path } else { format!("\"{}\"", path.replace('"', "\\\"")) }
}

/// The form without a shell: a JSON list.
fn exec<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<String> = words.iter().map(|word| json(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_written_as_docker_reads_it() {
        let mut stage = Stage::new("build-api", "golang:1.26-trixie", "api: Go");
        stage.built_on = BuiltOn::Builder;
        stage.workdir("/srv/my api").copy(["go.mod", "go.sum"], "./").copy(["my api/"], "./");
        stage.run_with(&[Cache::shared("go", "/go/pkg/mod")], "go build -o api .");
        stage.run("a").run("b");
        stage.env("PATH", "/opt/node/bin:$PATH").env("GREETING", "say \"hi\"");
        stage.step(Step::Entrypoint(vec!["/onedoor".to_owned()]));
        insta::assert_snapshot!(stage, @r#"
        # api: Go
        FROM --platform=$BUILDPLATFORM golang:1.26-trixie AS build-api
        WORKDIR "/srv/my api"
        COPY go.mod go.sum ./
        COPY ["my api/", "./"]
        RUN --mount=type=cache,id=go,target=/go/pkg/mod \
            go build -o api .
        RUN a \
         && b
        ENV PATH=/opt/node/bin:$PATH
        ENV GREETING="say \"hi\""
        ENTRYPOINT ["/onedoor"]
        "#);
    }

    #[test]
    fn nothing_from_a_strangers_file_becomes_an_instruction() {
        let stage = Stage::new("a", "debian:trixie-slim", "kind\nRUN rm -rf /");
        assert_eq!(stage.to_string(), "# kind RUN rm -rf /\nFROM debian:trixie-slim AS a\n");
        assert_eq!(quoted("a\nUSER root"), "\"a USER root\"");
        assert_eq!(path("/srv/$HOME of \"web\""), r#""/srv/\$HOME of \"web\"""#);
    }
}

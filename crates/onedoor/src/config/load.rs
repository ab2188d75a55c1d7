//! From the files' names to what they mean: read, decode, merge, resolve, and all mistakes at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::behind::Mended;
use super::env::{Env, Purpose};
use super::error::{Code, ConfigError, ConfigErrors};
use super::merge::merge;
use super::proof;
use super::resolve::{self, Context, Disk, EXAMPLE, Loaded};
use super::section::Section;
use super::source::Source;
use super::{accepted, file, layers};

/// A file longer than this is no configuration; it would only fill the memory.
const FILE_BYTES_MOST: u64 = 4 << 20;

/// What is read where nothing is named.
const FILE_NAME: &str = "onedoor.toml";
const JSON_FILE_NAME: &str = "onedoor.json";

/// What a configuration is made of.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    /// The later ones are laid over the earlier ones. Relative paths in all of them start at the first one's folder.
    pub(crate) files: Vec<PathBuf>,
    /// The [profile.NAME] that is laid over them all.
    pub(crate) profile: Option<String>,
    naming: Naming,
}

/// Who says which files are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Usual,
    Asked,
}

impl Layers {
    /// These files, or what is read where none is named.
    pub(crate) fn new(files: Vec<PathBuf>, profile: Option<String>) -> Self {
        let (files, naming) = if files.is_empty() {
            (vec![PathBuf::from(default_file())], Naming::Usual)
        } else {
            (files, Naming::Asked)
        };
        Self { files, profile: profile.filter(|name| !name.is_empty()), naming }
    }

    /// True if nobody named a file and the usual one is not there.
    pub(crate) fn is_unnamed_and_missing(&self) -> bool {
        self.naming == Naming::Usual && self.files.iter().all(|file| file.symlink_metadata().is_err())
    }

    /// The one that a running onedoor is known by.
    pub(crate) fn first(&self) -> &Path {
        self.files.first().map_or_else(|| Path::new(FILE_NAME), PathBuf::as_path)
    }

    /// `onedoor.toml and prod.toml with profile dev`
    pub(crate) fn show(&self) -> String {
        let names: Vec<_> = self.files.iter().map(|file| file.display().to_string()).collect();
        let profile = self.profile.as_ref().map(|name| format!(" with profile {name}")).unwrap_or_default();
        format!("{}{profile}", names.join(" and "))
    }
}

/// Most often the first; the second is for what writes its configuration by program.
fn default_file() -> &'static str {
    if !Path::new(FILE_NAME).exists() && Path::new(JSON_FILE_NAME).exists() {
        JSON_FILE_NAME
    } else {
        FILE_NAME
    }
}

/// Reads the files and lays them over one another.
pub(crate) fn load(layers: &Layers, env: &Env) -> Result<Loaded, ConfigErrors> {
    load_with(layers, env, Disk::Real)
}

/// The same, but neither folders nor programs are looked up: what is only asked about need not be installed here.
pub(crate) fn load_to_ask(layers: &Layers, env: &Env) -> Result<Loaded, ConfigErrors> {
    load_with(layers, env, Disk::Untouched)
}

fn load_with(layers: &Layers, env: &Env, disk: Disk) -> Result<Loaded, ConfigErrors> {
    let Files { source, folder } = Files::read(layers)?;
    understand(&source, (env, layers.profile.as_deref()), &folder, disk)
}

/// The files as they were read, and the folder that relative paths start at.
pub(super) struct Files {
    pub(super) source: Source,
    folder: PathBuf,
}

impl Files {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigErrors> {
        let mut source: Option<Source> = None;
        let mut unreadable = Vec::new();
        for (index, path) in layers.files.iter().enumerate() {
            let name = path.to_string_lossy();
            let text = read(path).map_err(|error| match error.remedy {
                // Nobody begins with the second file.
                Some(_) if index > 0 && path.symlink_metadata().is_err() => {
                    error.remedy("check its path; every file that is named must be there")
                }
                _ => error,
            });
            match (text, &mut source) {
                (Ok(text), Some(source)) => source.add(&name, &text),
                (Ok(text), None) => source = Some(Source::new(&name, &text)),
                (Err(error), _) => unreadable.push(error),
            }
        }
        let source = source.unwrap_or_else(|| Source::new(FILE_NAME, ""));
        if !unreadable.is_empty() {
            return Err(ConfigErrors::new(&source, unreadable));
        }
        let first = std::path::absolute(layers.first()).unwrap_or_else(|_| layers.first().to_owned());
        let folder = first.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
        Ok(Self { source, folder })
    }

    /// What they would mean with these texts.
    pub(super) fn understand(
        &self,
        source: &Source,
        against: (&Env, Option<&str>),
    ) -> Result<Loaded, ConfigErrors> {
        understand(source, against, &self.folder, Disk::Real)
    }
}

/// A text that stands for a file in `folder`.
pub(crate) fn load_text(name: &str, text: &str, folder: &Path, env: &Env) -> Result<Loaded, ConfigErrors> {
    understand(&Source::new(name, text), (env, None), folder, Disk::Real)
}

/// The same without looking up folders and programs.
pub(crate) fn load_text_to_ask(
    name: &str,
    text: &str,
    folder: &Path,
    env: &Env,
) -> Result<Loaded, ConfigErrors> {
    understand(&Source::new(name, text), (env, None), folder, Disk::Untouched)
}

/// The same for a text, without touching the disk: every folder and program it names is taken to be there.
pub(crate) fn check_text(text: &str, env: &Env) -> Result<Loaded, ConfigErrors> {
    check_text_as(FILE_NAME, text, None, env)
}

/// The same for a text that stands in a file of this name, with this profile.
pub(crate) fn check_text_as(
    name: &str,
    text: &str,
    profile: Option<&str>,
    env: &Env,
) -> Result<Loaded, ConfigErrors> {
    understand(&Source::new(name, text), (env, profile), Path::new("/srv"), Disk::Untouched)
}

fn understand(
    source: &Source,
    against: (&Env, Option<&str>),
    folder: &Path,
    disk: Disk,
) -> Result<Loaded, ConfigErrors> {
    let judge = |source: &Source| match judged(source, against, folder, disk) {
        Ok(loaded) => loaded.warnings.found,
        Err(errors) => errors,
    };
    match judged(source, against, folder, disk) {
        Ok(mut loaded) => {
            proof::prove(source, &mut loaded.warnings.found, judge);
            Ok(loaded)
        }
        Err(mut errors) => {
            proof::prove(source, &mut errors, judge);
            if let Some(mended) = Mended::of(source, &errors) {
                let mut behind = judged(&mended.source, against, folder, disk).err().unwrap_or_default();
                proof::prove(&mended.source, &mut behind, judge);
                errors.retain(|error| error.code == Code::Syntax);
                errors.extend(behind.into_iter().map(|error| mended.in_the_original(error)));
            }
            Err(ConfigErrors::new(source, errors))
        }
    }
}

/// What it means, or what is wrong with it, the fixes yet untried.
fn judged(
    source: &Source,
    (env, profile): (&Env, Option<&str>),
    folder: &Path,
    disk: Disk,
) -> Result<Loaded, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let file = decode(source, env, profile, &mut errors);
    let mut context = Context {
        source,
        env,
        disk,
        folder,
        stop_budget: Duration::ZERO,
        listen: None,
        disabled: BTreeMap::new(),
        secret_variables: BTreeSet::new(),
        siblings: Default::default(),
        errors,
        warnings: Vec::new(),
    };
    if let Some(file) = file {
        let mut loaded = resolve::resolve(&file, &mut context);
        if env.purpose == Purpose::Build {
            // Keys with a variable in them stand as if they were not written.
            context.errors.retain(|error| error.code != Code::EnvUnset);
        }
        if context.errors.is_empty() {
            forget_repetitions(&mut loaded.warnings.found);
            accepted::leave_out(source, &mut loaded.warnings.found);
            return Ok(loaded);
        }
    }
    forget_what_a_duplicate_hides(&mut context.errors);
    if context.errors.iter().any(|error| error.code == Code::UnknownProfile) {
        // That profile may be where all of it is.
        context.errors.retain(|error| error.code != Code::EmptyFile);
    }
    forget_repetitions(&mut context.errors);
    Err(context.errors)
}

/// All files as one. None: what more could be said of them may be false, since half a document would be told of keys
/// that are missing only because the parser skipped them, and one for a newer onedoor of keys that it will know.
fn decode(
    source: &Source,
    env: &Env,
    profile: Option<&str>,
    errors: &mut Vec<ConfigError>,
) -> Option<Section> {
    let mut whole: Option<Section> = None;
    let mut is_understood = true;
    for file in source.files() {
        let mut said = Vec::new();
        let section = file::read(file, source, env, &mut said);
        if let Err(error) = layers::check_version(&section) {
            if error.code == Code::TooOld {
                is_understood = false;
                said.retain(|error| matches!(error.code, Code::Syntax | Code::DuplicateKey));
            }
            said.push(error);
        }
        is_understood &= said.iter().all(|error| error.code != Code::Syntax);
        errors.append(&mut said);
        whole = Some(match whole {
            Some(under) => merge(under, section),
            None => section,
        });
    }
    whole.filter(|_| is_understood).map(|file| {
        let profile = profile.or_else(|| profile_of_development(&file, env));
        layers::flatten(file, profile, errors)
    })
}

/// `[profile.dev]`, if there is one and nobody named another.
fn profile_of_development(file: &Section, env: &Env) -> Option<&'static str> {
    const NAME: &str = "dev";
    let is_there = file.table("profile").is_some_and(|profiles| profiles.key(NAME).is_some());
    (env.is_for_development() && is_there).then_some(NAME)
}

/// What defaults say is looked at once for each app; a mistake in them is one.
fn forget_repetitions(said: &mut Vec<ConfigError>) {
    let mut known = BTreeSet::new();
    said.retain(|one| known.insert((one.code.as_str(), one.position(), one.fact.clone())));
}

/// Of two equal keys the parser keeps one: what the other said is not missing.
fn forget_what_a_duplicate_hides(errors: &mut Vec<ConfigError>) {
    let twice: Vec<_> =
        errors.iter().filter(|error| error.code == Code::DuplicateKey).map(ConfigError::position).collect();
    let is_hidden = |error: &ConfigError| {
        matches!(error.code, Code::MissingKey | Code::NoTarget) && twice.contains(&error.position())
    };
    errors.retain(|error| !is_hidden(error));
}

pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let name = path.display();
    let unreadable = |error: std::io::Error| {
        let fact = format!("{name} cannot be read: {error}");
        ConfigError::outside(Code::NoFile, fact).remedy("check the path and its permissions")
    };
    let length = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let fact = format!("there is no {name}");
            let remedy = format!("write one; the common case is three lines:\n\n{}", EXAMPLE.trim_end());
            ConfigError::outside(Code::NoFile, fact).remedy(remedy)
        }
        _ => unreadable(error),
    })?;
    if length.is_dir() {
        let fact = format!("{name} is a folder");
        let file = path.join(FILE_NAME);
        return Err(ConfigError::outside(Code::NoFile, fact).remedy(format!("-f {}", file.display())));
    }
    if length.len() > FILE_BYTES_MOST {
        let fact = format!("{name} has {} bytes; a configuration has at most 4 MiB", length.len());
        return Err(ConfigError::outside(Code::NoFile, fact));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        ConfigError::outside(Code::Syntax, format!("{name}:{line}: not UTF-8"))
            .remedy("save the file as UTF-8")
    })
}

//! From a file's name to what it means: read, decode, resolve, and all mistakes at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::env::Env;
use super::error::{Code, ConfigError, ConfigErrors};
use super::file;
use super::resolve::{self, Context, Disk, EXAMPLE, Loaded};
use super::source::Source;

/// A file longer than this is no configuration; it would only fill the memory.
const FILE_BYTES_MOST: u64 = 4 << 20;

/// Reads the file at `path`. Relative paths in it start at its own folder.
pub(crate) fn load(path: &Path, env: &Env) -> Result<Loaded, ConfigErrors> {
    load_with(path, env, Disk::Real)
}

/// The same, but neither folders nor programs are looked up: what is only asked about need not be installed here.
pub(crate) fn load_to_ask(path: &Path, env: &Env) -> Result<Loaded, ConfigErrors> {
    load_with(path, env, Disk::Untouched)
}

fn load_with(path: &Path, env: &Env, disk: Disk) -> Result<Loaded, ConfigErrors> {
    let name = path.to_string_lossy();
    let text = read(path).map_err(|error| ConfigErrors::new(&Source::new(&name, ""), vec![error]))?;
    let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    understand(&Source::new(&name, &text), env, &folder, disk)
}

/// A text that stands for a file in `folder`.
pub(crate) fn load_text(name: &str, text: &str, folder: &Path, env: &Env) -> Result<Loaded, ConfigErrors> {
    understand(&Source::new(name, text), env, folder, Disk::Real)
}

/// The same for a text, without touching the disk: every folder and program it names is taken to be there.
pub(crate) fn check_text(text: &str, env: &Env) -> Result<Loaded, ConfigErrors> {
    understand(&Source::new("onedoor.toml", text), env, Path::new("/srv"), Disk::Untouched)
}

fn understand(source: &Source, env: &Env, folder: &Path, disk: Disk) -> Result<Loaded, ConfigErrors> {
    let mut errors = Vec::new();
    let file = file::read(source, env, &mut errors);
    let syntax_is_broken = errors.iter().any(|error| error.code == Code::Syntax);
    let mut context = Context {
        source,
        env,
        disk,
        folder,
        stop_budget: Duration::ZERO,
        secret_variables: BTreeSet::new(),
        errors,
        warnings: Vec::new(),
    };
    if !syntax_is_broken {
        let loaded = resolve::resolve(&file, &mut context);
        if context.errors.is_empty() {
            return Ok(loaded);
        }
    }
    forget_what_a_duplicate_hides(&mut context.errors);
    // Half a document would be told of keys that are missing only because the parser skipped them.
    Err(ConfigErrors::new(source, context.errors))
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

fn read(path: &Path) -> Result<String, ConfigError> {
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
        let file = path.join("onedoor.toml");
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

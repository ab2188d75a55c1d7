//! `check --fix`: the fixes of one round after another, until nothing changes. In memory; who writes is the caller.
//!
//! Of two fixes that touch the first wins, and the next round looks at the other again.

use std::fmt;
use std::path::PathBuf;

use super::Env;
use super::error::{ConfigError, ConfigErrors};
use super::fix::{self, Edit};
use super::load::{Files, Layers};
use super::resolve::Loaded;
use super::secrecy;
use super::source::{Source, Span};

/// A file that is not mended by then would not be by more.
const ROUNDS_MOST: usize = 24;

/// Files, and what was done to them.
#[derive(Debug)]
pub(crate) struct Mended {
    /// Those that changed, with their whole new text.
    pub(crate) files: Vec<MendedFile>,
    pub(crate) done: Vec<Done>,
    /// What they mean now, or what is left.
    pub(crate) outcome: Result<Loaded, ConfigErrors>,
}

#[derive(Debug)]
pub(crate) struct MendedFile {
    pub(crate) path: PathBuf,
    pub(crate) after: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// `onedoor.toml:3:12`, in the text as it was in its round.
    pub(crate) place: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// `onedoor.toml:3:12 pathh -> path`
impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, before, after } = self;
        let line = |text: &str| match text.split_once('\n') {
            Some((first, _)) => format!("{first} ..."),
            None => text.to_owned(),
        };
        match (before.as_str(), after.as_str()) {
            (before, "") => write!(f, "{place} took out {}", line(before)),
            ("", after) => write!(f, "{place} put in {}", line(after)),
            (before, after) => write!(f, "{place} {} -> {}", line(before), line(after)),
        }
    }
}

/// Reads the files and mends what can be mended.
pub(crate) fn mend(layers: &Layers, env: &Env) -> Result<Mended, ConfigErrors> {
    let files = Files::read(layers)?;
    let mut source = files.source.clone();
    let mut done = Vec::new();
    let against = (env, layers.profile.as_deref());
    let mut outcome = files.understand(&source, against);
    for _ in 0..ROUNDS_MOST {
        let round = fix::apart(found(&outcome).iter().filter_map(|error| error.fixes.first()));
        let edits: Vec<Edit> = round.flat_map(|fix| fix.edits.iter().cloned()).collect();
        let Some(edited) = source.edited(&edits).filter(|_| !edits.is_empty()) else { break };
        done.extend(edits.iter().map(|edit| told(&source, edit)));
        source = edited;
        outcome = files.understand(&source, against);
    }
    let texts = files.source.files().zip(source.files()).zip(&layers.files);
    let changed = texts.filter(|((before, after), _)| before.text != after.text);
    let files =
        changed.map(|((_, after), path)| MendedFile { path: path.clone(), after: after.text.to_string() });
    Ok(Mended { files: files.collect(), done, outcome })
}

fn found(outcome: &Result<Loaded, ConfigErrors>) -> &[ConfigError] {
    match outcome {
        Ok(loaded) => &loaded.warnings.found,
        Err(errors) => &errors.errors,
    }
}

/// Less what is the same on both sides, so that the change itself is seen.
fn told(source: &Source, edit: &Edit) -> Done {
    let shown = secrecy::masked(source);
    let before = shown.slice(edit.span);
    let same = before.chars().zip(edit.text.chars()).take_while(|(old, new)| old == new && *old == '\n');
    let skipped = same.count();
    let place = Span { start: edit.span.start + skipped, end: edit.span.end };
    let (line, column) = source.line_and_column(place);
    let name = &source.file_of(edit.span).name;
    Done {
        place: format!("{name}:{line}:{column}"),
        before: before.trim_end().to_owned(),
        after: secrecy::masked_text(edit.text.trim_matches('\n')).into_owned(),
    }
}

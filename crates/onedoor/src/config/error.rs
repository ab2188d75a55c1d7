//! What is wrong with the file: place, fact, remedy, and where it can be said to the byte, the fix.
//!
//! All mistakes are collected and shown in one run, sorted by position, each under a stable short code.
//! Never decides what is a mistake; `draw` draws them.

use std::fmt;

pub(crate) use super::code::Code;
use super::draw::{self, Paint};
use super::fix::Fix;
use super::source::{Source, Span};

/// One mistake, or one trap: its code says which.
#[derive(Clone, Debug)]
pub(crate) struct ConfigError {
    pub(crate) code: Code,
    /// The first is where the mistake is; the others are what it clashes with. Empty: the mistake is outside the file.
    pub(crate) places: Vec<Place>,
    pub(crate) fact: String,
    pub(crate) remedy: Option<String>,
    /// What might take it away, the likeliest first. Where a file was read, one at most is left, and it was tried.
    pub(crate) fixes: Vec<Fix>,
}

/// A place in the file, and what is to be said at it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) span: Span,
    pub(crate) label: String,
}

impl ConfigError {
    pub(super) fn new(code: Code, span: Span, fact: impl Into<String>) -> Self {
        let place = Place { span, label: String::new() };
        Self { code, places: vec![place], fact: fact.into(), remedy: None, fixes: Vec::new() }
    }

    /// A mistake that is in no place of the file.
    pub(super) fn outside(code: Code, fact: impl Into<String>) -> Self {
        Self { code, places: Vec::new(), fact: fact.into(), remedy: None, fixes: Vec::new() }
    }

    /// What is said at the first place, beside the caret.
    #[must_use]
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(first) = self.places.first_mut() {
            first.label = label.into();
        }
        self
    }

    /// A second place, which the first clashes with.
    #[must_use]
    pub(super) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.places.push(Place { span, label: label.into() });
        self
    }

    #[must_use]
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// What the remedy says, done: `text` instead of what stands in `span`.
    #[must_use]
    pub(super) fn replace(self, span: Span, text: impl Into<String>) -> Self {
        self.fix(Fix::replace(span, text))
    }

    #[must_use]
    pub(super) fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fixes.extend(fix.into());
        self
    }

    /// With the remedy and the fixes of one that knows better what was meant.
    #[must_use]
    pub(super) fn advised_by(self, better: Option<Self>) -> Self {
        match better {
            Some(better) => Self { remedy: better.remedy, fixes: better.fixes, ..self },
            None => self,
        }
    }

    pub(super) fn position(&self) -> Span {
        self.places.first().map_or_else(Span::default, |place| place.span)
    }
}

const IN_JSON: &str = "(the help is in TOML: its `[a.b]` and `key = value` are \"a\": {\"b\": ...} and \"key\": value in JSON)\n\n";

/// Everything wrong with the files, in their order. Never empty.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.render(Paint::Plain))]
pub(crate) struct ConfigErrors {
    pub(super) source_text: Source,
    pub(super) errors: Vec<ConfigError>,
}

impl ConfigErrors {
    pub(super) fn new(source_text: &Source, mut errors: Vec<ConfigError>) -> Self {
        sorted::by_key(&mut errors, ConfigError::position);
        Self { source_text: source_text.clone(), errors }
    }

    /// The code of the first, to be asked about.
    pub(crate) fn code(&self) -> Option<Code> {
        self.errors.first().map(|error| error.code)
    }

    /// All of them, as rustc draws its own; ends with a newline.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut out = draw::draw(&self.source_text, &self.errors, paint);
        out.push_str(&self.summary());
        out
    }

    /// Remedies are written in TOML, whatever the file is.
    fn a_remedy_is_in_another_notation(&self) -> bool {
        let is_json = |place: &Place| self.source_text.file_of(place.span).name.ends_with(".json");
        let is_toml = |remedy: &String| remedy.contains(" = ") || remedy.contains('[');
        self.errors.iter().any(|error| {
            error.places.first().is_some_and(is_json) && error.remedy.as_ref().is_some_and(is_toml)
        })
    }

    fn summary(&self) -> String {
        let in_files = || self.errors.iter().filter(|error| !error.places.is_empty());
        let mut names: Vec<&str> = Vec::new();
        for error in in_files() {
            let name = &*self.source_text.file_of(error.position()).name;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = names.join(" and ");
        let json = if self.a_remedy_is_in_another_notation() { IN_JSON } else { "" };
        let mistakes = match in_files().count() {
            0 => return String::new(),
            1 => format!("{json}1 mistake in {names}\n"),
            count => format!("{json}{count} mistakes in {names}\n"),
        };
        let mended = in_files().filter(|error| !error.fixes.is_empty()).count();
        match mended {
            0 => mistakes,
            1 if in_files().count() == 1 => format!("{mistakes}`onedoor check --fix` mends it\n"),
            count if in_files().count() == count => format!("{mistakes}`onedoor check --fix` mends them\n"),
            count => format!("{mistakes}`onedoor check --fix` mends {count} of them\n"),
        }
    }
}

/// What is legal in one file and hardly ever meant, in the order of the file. Mostly empty.
#[derive(Clone)]
pub(crate) struct Warnings {
    pub(super) source_text: Source,
    pub(super) found: Vec<ConfigError>,
}

impl fmt::Debug for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

impl Warnings {
    pub(super) fn new(source_text: &Source, mut found: Vec<ConfigError>) -> Self {
        sorted::by_key(&mut found, ConfigError::position);
        Self { source_text: source_text.clone(), found }
    }

    /// Those that are not meant for whoever is told.
    pub(crate) fn forget(&mut self, code: Code) {
        self.found.retain(|warning| warning.code != code);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// Drawn like mistakes; empty if there are none.
    pub(crate) fn render(&self, paint: Paint) -> String {
        draw::draw(&self.source_text, &self.found, paint)
    }

    /// `onedoor.toml:7: …`, one line each, for a log.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.found.iter().map(|warning| {
            let place = self.source_text.place(warning.position());
            match &warning.remedy {
                Some(remedy) => format!("{place}: {}: {remedy}", warning.fact),
                None => format!("{place}: {}", warning.fact),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_that_two_files_make_together_is_drawn_in_both() {
        let mut source = Source::new("a.toml", "x = 1\n");
        source.add("b.toml", "\nx = 2\n");
        let (first, second) = {
            let files: Vec<_> = source.files().collect();
            (files[0].span(0..1), files[1].span(1..2))
        };
        let clash =
            ConfigError::new(Code::Contradiction, second, "two").label("here").also(first, "and here");
        let other = ConfigError::new(Code::BadValue, first, "one");
        insta::assert_snapshot!(ConfigErrors::new(&source, vec![clash, other]).to_string());
    }
}

//! What is wrong with the file: place, fact, remedy.
//!
//! All mistakes are collected and shown in one run, sorted by position, each under a stable short code.
//! Knows how to draw them; never decides what is a mistake.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::source::{File, Source, Span};

/// A mistake's short name; stable, so that people can search for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Syntax,
    DuplicateKey,
    UnknownKey,
    NotYet,
    WrongType,
    BadValue,
    MissingKey,
    EmptyFile,
    NoFile,
    EnvUnset,
    EnvSyntax,
    AppName,
    TooMany,
    UnknownApp,
    BadCommand,
    CommandNotFound,
    DirMissing,
    FileMissing,
    PortTaken,
    PortPublic,
    BadListen,
    BadNetwork,
    BadUrl,
    BadHeader,
    Contradiction,
    NoTarget,
    TwoTargets,
    RouteKey,
    RouteGlob,
    RouteDuplicate,
    RouteTie,
    RouteRewrite,
    RouteWhen,
    RouteShadowed,
    UnknownProfile,
    TooOld,
}

impl Code {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownKey => "unknown-key",
            Self::NotYet => "not-yet",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
            Self::MissingKey => "missing-key",
            Self::EmptyFile => "empty-file",
            Self::NoFile => "no-file",
            Self::EnvUnset => "env-unset",
            Self::EnvSyntax => "env-syntax",
            Self::AppName => "app-name",
            Self::TooMany => "too-many",
            Self::UnknownApp => "unknown-app",
            Self::BadCommand => "bad-command",
            Self::CommandNotFound => "command-not-found",
            Self::DirMissing => "dir-missing",
            Self::FileMissing => "file-missing",
            Self::PortTaken => "port-taken",
            Self::PortPublic => "port-public",
            Self::BadListen => "bad-listen",
            Self::BadNetwork => "bad-network",
            Self::BadUrl => "bad-url",
            Self::BadHeader => "bad-header",
            Self::Contradiction => "contradiction",
            Self::NoTarget => "no-target",
            Self::TwoTargets => "two-targets",
            Self::RouteKey => "route-key",
            Self::RouteGlob => "route-glob",
            Self::RouteDuplicate => "route-duplicate",
            Self::RouteTie => "route-tie",
            Self::RouteRewrite => "route-rewrite",
            Self::RouteWhen => "route-when",
            Self::RouteShadowed => "route-shadowed",
            Self::UnknownProfile => "unknown-profile",
            Self::TooOld => "too-old",
        }
    }
}

/// One mistake.
#[derive(Clone, Debug)]
pub(crate) struct ConfigError {
    pub(crate) code: Code,
    /// The first is where the mistake is; the others are what it clashes with. Empty: the mistake is outside the file.
    pub(crate) places: Vec<Place>,
    pub(crate) fact: String,
    pub(crate) remedy: Option<String>,
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
        Self { code, places: vec![place], fact: fact.into(), remedy: None }
    }

    /// A mistake that is in no place of the file.
    pub(super) fn outside(code: Code, fact: impl Into<String>) -> Self {
        Self { code, places: Vec::new(), fact: fact.into(), remedy: None }
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

    pub(super) fn position(&self) -> Span {
        self.places.first().map_or_else(Span::default, |place| place.span)
    }
}

/// Something legal that is probably not meant. One line each: the file still works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// `onedoor.toml:7`
    pub(crate) place: std::sync::Arc<str>,
    pub(crate) text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// Whether messages are coloured: on a terminal that did not ask otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Colour,
}

const IN_JSON: &str = "(the help is in TOML: its `[a.b]` and `key = value` are \"a\": {\"b\": ...} and \"key\": value in JSON)\n\n";

/// Everything wrong with the files, in their order. Never empty.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.render(Paint::Plain))]
pub(crate) struct ConfigErrors {
    source_text: Source,
    errors: Vec<ConfigError>,
}

impl ConfigErrors {
    pub(super) fn new(source_text: &Source, mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(ConfigError::position);
        Self { source_text: source_text.clone(), errors }
    }

    /// All of them, as rustc draws its own; ends with a newline.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Colour => Renderer::styled(),
        };
        let mut out = String::new();
        for error in &self.errors {
            out.push_str(&renderer.render(&[self.group(error)]));
            out.push_str(if error.places.is_empty() { "\n" } else { "\n\n" });
        }
        out.push_str(&self.summary());
        out
    }

    fn summary(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for place in self.errors.iter().filter_map(|error| error.places.first()) {
            let name = &*self.source_text.file_of(place.span).name;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = names.join(" and ");
        let json = if self.a_remedy_is_in_another_notation() { IN_JSON } else { "" };
        match self.errors.iter().filter(|error| !error.places.is_empty()).count() {
            0 => String::new(),
            1 => format!("{json}1 mistake in {names}\n"),
            count => format!("{json}{count} mistakes in {names}\n"),
        }
    }

    /// Remedies are written in TOML, whatever the file is.
    fn a_remedy_is_in_another_notation(&self) -> bool {
        let is_json = |place: &Place| self.source_text.file_of(place.span).name.ends_with(".json");
        let is_toml = |remedy: &String| remedy.contains(" = ") || remedy.contains('[');
        self.errors.iter().any(|error| {
            error.places.first().is_some_and(is_json) && error.remedy.as_ref().is_some_and(is_toml)
        })
    }

    fn group<'a>(&'a self, error: &'a ConfigError) -> Group<'a> {
        let title = Level::ERROR.primary_title(error.fact.as_str()).id(error.code.as_str());
        let group = Group::with_title(title).elements(self.snippets(error));
        match &error.remedy {
            Some(remedy) => group.element(Level::HELP.message(remedy.as_str())),
            None => group,
        }
    }

    /// One for each file that has a place of it; the mistake's own first.
    fn snippets<'a>(&'a self, error: &'a ConfigError) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
        let mut files: Vec<&File> = Vec::new();
        for file in error.places.iter().map(|place| self.source_text.file_of(place.span)) {
            if !files.iter().any(|known| std::ptr::eq(*known, file)) {
                files.push(file);
            }
        }
        files.into_iter().map(|file| self.snippet(file, error)).collect()
    }

    fn snippet<'a>(
        &'a self,
        file: &'a File,
        error: &'a ConfigError,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let places = error.places.iter().enumerate();
        let here = places.filter(|(_, place)| std::ptr::eq(self.source_text.file_of(place.span), file));
        let annotations = here.map(|(index, place)| {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(inside(&file.text, file.local(place.span)));
            if place.label.is_empty() { annotation } else { annotation.label(place.label.as_str()) }
        });
        Snippet::source(&*file.text).path(&*file.name).annotations(annotations)
    }
}

/// The span cut to the text and to its first line: a table's whole body under carets would say nothing.
fn inside(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let first_line = text[start..end].find('\n').map_or(end, |length| start + length);
    start..first_line.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_outside_the_text_and_inside_a_character_are_drawn_without_panic() {
        assert_eq!(inside("é", 1..1), 0..2);
        assert_eq!(inside("abc", 7..9), 3..3);
        assert_eq!(inside("a\nb", 0..3), 0..1);
    }

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

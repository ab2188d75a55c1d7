//! How mistakes and traps are drawn: as rustc draws its own. Decides nothing.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::code::Severity;
use super::error::{Code, ConfigError};
use super::fix::Edit;
use super::secrecy;
use super::source::{File, Source, Span};

/// Whether messages are coloured: on a terminal that did not ask otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Colour,
}

/// Nobody reads further; and each is looked for in the whole file.
const DRAWN_MOST: usize = 100;

/// The first of `found`, an empty line behind each that has a place. What looks like a secret is not repeated.
pub(super) fn draw(source: &Source, found: &[ConfigError], paint: Paint) -> String {
    let renderer = match paint {
        Paint::Plain => Renderer::plain(),
        Paint::Colour => Renderer::styled(),
    };
    let source = &without_secrets(&secrecy::masked(source), found);
    let mut out = String::new();
    for error in found.iter().take(DRAWN_MOST) {
        out.push_str(&renderer.render(&[group(source, error)]));
        out.push_str(if error.places.is_empty() { "\n" } else { "\n\n" });
    }
    if found.len() > DRAWN_MOST {
        let more = (found.len() - DRAWN_MOST).to_string();
        out.extend(["and ", &more, " more behind these; --json tells them all\n\n"]);
    }
    out
}

/// The text with stars for what may be a secret that stands where its place should be named. One that is known for
/// another word for such a place has a fix.
fn without_secrets(source: &Source, found: &[ConfigError]) -> Source {
    let is_secret = |error: &&ConfigError| error.code == Code::SecretSource && error.fixes.is_empty();
    // A default is read once for each app.
    let spans = sorted::set(found.iter().filter(is_secret).map(ConfigError::position));
    let star = |byte: u8| if byte == b'\n' { '\n' } else { '*' };
    let stars = |span: Span| Edit { span, text: source.slice(span).bytes().map(star).collect() };
    let edits: Vec<Edit> = spans.into_iter().map(stars).collect();
    source.edited(&edits).unwrap_or_else(|| source.clone())
}

fn group<'a>(source: &'a Source, error: &'a ConfigError) -> Group<'a> {
    let level = match error.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(error.fact.as_str()).id(error.code.as_str());
    let group = Group::with_title(title).elements(snippets(source, error));
    match &error.remedy {
        Some(remedy) => group.element(Level::HELP.message(remedy.as_str())),
        None => group,
    }
}

/// One for each file that has a place of it; the mistake's own first.
fn snippets<'a>(source: &'a Source, error: &'a ConfigError) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut files: Vec<&File> = Vec::new();
    for file in error.places.iter().map(|place| source.file_of(place.span)) {
        if !files.iter().any(|known| std::ptr::eq(*known, file)) {
            files.push(file);
        }
    }
    files.into_iter().map(|file| snippet(source, file, error)).collect()
}

fn snippet<'a>(source: &'a Source, file: &'a File, error: &'a ConfigError) -> Snippet<'a, Annotation<'a>> {
    let places = error.places.iter().enumerate();
    let here = places.filter(|(_, place)| std::ptr::eq(source.file_of(place.span), file));
    let annotations = here.map(|(index, place)| {
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(inside(&file.text, file.local(place.span)));
        if place.label.is_empty() { annotation } else { annotation.label(place.label.as_str()) }
    });
    Snippet::source(&*file.text).path(&*file.name).annotations(annotations)
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
}

//! The texts of the files and places in them: byte spans, and the lines and columns a person counts.
//!
//! Every later part of `config` carries [`Span`]s; only messages turn them into lines. Never reads the disk.

use std::ops::Range;
use std::sync::Arc;

use super::fix::{self, Edit};

/// A range of bytes in the files ([`Source`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

impl<T> Located<T> {
    pub(super) fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// The files as they were read, one behind the other in one space of offsets, so that a [`Span`] alone says in which
/// of them it is.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    first: File,
    more: Vec<File>,
}

/// The name the operator gave it, and its text.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
    /// The offset of its first byte.
    pub(super) base: usize,
    /// Where its lines end: each place that is told asks for its line.
    newlines: Arc<[usize]>,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { first: File::new(name, text, 0), more: Vec::new() }
    }

    /// Puts a file behind the others.
    pub(super) fn add(&mut self, name: &str, text: &str) {
        // One byte apart, so that the end of a file is not the beginning of the next.
        let base = self.files().map(|file| file.base + file.text.len() + 1).max().unwrap_or(0);
        self.more.push(File::new(name, text, base));
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// The file that the span is in.
    pub(super) fn file_of(&self, span: Span) -> &File {
        self.more.iter().rev().find(|file| file.base <= span.start).unwrap_or(&self.first)
    }

    /// `onedoor.toml:3`, for messages and the start table.
    pub(super) fn place(&self, span: Span) -> Arc<str> {
        let (line, _) = self.line_and_column(span);
        Arc::from(format!("{}:{line}", self.file_of(span).name))
    }

    /// Both counted from 1; columns in characters, as editors do.
    pub(super) fn line_and_column(&self, span: Span) -> (usize, usize) {
        let file = self.file_of(span);
        let start = file.local(span).start;
        let at = if file.text.is_char_boundary(start) { start } else { file.text.len() };
        let (ended, _) = file.newlines.split_at(file.newlines.partition_point(|newline| *newline < at));
        let begins = ended.last().map_or(0, |newline| newline + 1);
        let (line, column) = (ended.len() + 1, file.text[begins..at].chars().count() + 1);
        (line, column)
    }

    /// What was written there; empty if the span is none of these texts'.
    pub(super) fn slice(&self, span: Span) -> &str {
        let file = self.file_of(span);
        file.text.get(file.local(span)).unwrap_or("")
    }

    /// What it would be with these edits made. None: they are out of bounds, or touch one another.
    pub(super) fn edited(&self, edits: &[Edit]) -> Option<Self> {
        let mut files = self.files().map(|file| Some((&*file.name, self.edited_text(file, edits)?)));
        let (name, text) = files.next()??;
        let mut edited = Self::new(name, &text);
        for file in files {
            let (name, text) = file?;
            edited.add(name, &text);
        }
        Some(edited)
    }

    fn edited_text(&self, file: &File, edits: &[Edit]) -> Option<String> {
        let here = edits.iter().filter(|edit| std::ptr::eq(self.file_of(edit.span), file));
        let local =
            here.map(|edit| Edit { span: Span::from(file.local(edit.span)), text: edit.text.clone() });
        fix::applied(&file.text, &local.collect::<Vec<_>>())
    }

    /// The offset where the line it begins in ends.
    pub(super) fn line_end(&self, span: Span) -> usize {
        let file = self.file_of(span);
        let start = file.local(span).start;
        let next = file.newlines.partition_point(|newline| *newline < start);
        file.base + file.newlines.get(next).copied().unwrap_or(file.text.len())
    }

    /// The whole line it begins in.
    pub(super) fn line(&self, span: Span) -> &str {
        let file = self.file_of(span);
        let (before, after) = file.text.split_at_checked(file.local(span).start).unwrap_or((&file.text, ""));
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(file.text.len(), |at| before.len() + at);
        file.text.get(start..end).unwrap_or("")
    }
}

impl File {
    fn new(name: &str, text: &str, base: usize) -> Self {
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self { name: Arc::from(name), text: Arc::from(text), base, newlines }
    }

    /// A span of this file as a range of its text.
    pub(super) fn local(&self, span: Span) -> Range<usize> {
        span.start.saturating_sub(self.base)..span.end.saturating_sub(self.base)
    }

    /// A range of its text as a span.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span { start: self.base + range.start, end: self.base + range.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one_and_in_characters() {
        let source = Source::new("f", "a = 1\né = 2\n");
        assert_eq!(source.line_and_column(Span::from(0..1)), (1, 1));
        assert_eq!(source.line_and_column(Span::from(9..10)), (2, 3));
        assert_eq!(source.line_and_column(Span::from(99..100)), (3, 1), "past the end is the end");
    }
    #[test]
    fn a_span_alone_says_in_which_file_it_is() {
        let mut source = Source::new("a", "x = 1");
        source.add("b", "");
        source.add("c", "\ny = 2");
        let files: Vec<_> = source.files().collect();
        let spans = [files[0].span(5..5), files[1].span(0..0), files[2].span(1..2)];
        assert_eq!(spans.map(|span| source.place(span).to_string()), ["a:1", "b:1", "c:2"]);
        assert_eq!(spans.map(|span| source.slice(span)), ["", "", "y"]);
        assert_eq!(spans.map(|span| source.line(span)), ["x = 1", "", "y = 2"]);
    }
}

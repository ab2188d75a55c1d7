//! The text of the file and places in it: byte spans, and the lines and columns a person counts.
//!
//! Every later part of `config` carries [`Span`]s; only messages turn them into lines. Never reads the disk.

use std::ops::Range;
use std::sync::Arc;

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.end
    }
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

/// The file as it was read: the name the operator gave it, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(super) name: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        Self { name: Arc::from(name), text: Arc::from(text) }
    }

    /// `onedoor.toml:3`, for messages and the start table.
    pub(super) fn place(&self, span: Span) -> Arc<str> {
        let (line, _) = self.line_and_column(span);
        Arc::from(format!("{}:{line}", self.name))
    }

    /// Both counted from 1; columns in characters, as editors do.
    pub(super) fn line_and_column(&self, span: Span) -> (usize, usize) {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        (line, column)
    }

    /// What was written there; empty if the span is none of this text's.
    pub(super) fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The whole line it begins in.
    pub(super) fn line(&self, span: Span) -> &str {
        let (before, after) = self.text.split_at_checked(span.start).unwrap_or((&self.text, ""));
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let end = after.find('\n').map_or(self.text.len(), |at| before.len() + at);
        self.text.get(start..end).unwrap_or("")
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
}

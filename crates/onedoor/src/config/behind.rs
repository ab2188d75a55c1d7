//! What is behind the broken places: the text is read once more as it would be with the syntax mended, and what is wrong
//! with that is told at the places of the text as it is.

use super::code::Code;
use super::error::ConfigError;
use super::fix::{self, Edit, Fix};
use super::source::{Source, Span};

/// The syntax that is mended, and the text it makes. None: some of it cannot be.
pub(super) struct Mended {
    pub(super) source: Source,
    edits: Vec<Edit>,
}

impl Mended {
    pub(super) fn of(source: &Source, found: &[ConfigError]) -> Option<Self> {
        let broken: Vec<ConfigError> =
            found.iter().filter(|error| error.code == Code::Syntax).cloned().collect();
        if broken.is_empty() || broken.iter().any(|error| error.fixes.is_empty()) {
            return None;
        }
        let fixes: Vec<&Fix> = fix::apart(broken.iter().filter_map(|error| error.fixes.first())).collect();
        if fixes.len() < broken.len() {
            return None;
        }
        let mut edits: Vec<Edit> = fixes.into_iter().flat_map(|fix| fix.edits.iter().cloned()).collect();
        sorted::by_key(&mut edits, |edit| edit.span);
        // A whole file in another language has no places that could be told.
        if edits.iter().any(|edit| source.slice(edit.span).trim().contains('\n')) {
            return None;
        }
        Some(Self { source: source.edited(&edits)?, edits })
    }

    /// What was found in the mended text, at its places in the broken one.
    pub(super) fn in_the_original(&self, mut error: ConfigError) -> ConfigError {
        for place in &mut error.places {
            place.span = self.original(place.span);
        }
        let fixes = std::mem::take(&mut error.fixes);
        error.fixes = fixes.into_iter().filter_map(|fix| self.original_fix(fix)).collect();
        error
    }

    /// None: it changes what is changed already; the next round has it.
    fn original_fix(&self, fix: Fix) -> Option<Fix> {
        let edit = |edit: Edit| {
            let span = self.original(edit.span);
            let is_apart =
                self.edits.iter().all(|known| known.span.end < span.start || span.end < known.span.start);
            is_apart.then_some(Edit { span, text: edit.text })
        };
        let edits = fix.edits.into_iter().map(edit).collect::<Option<Vec<_>>>()?;
        Some(Fix { edits, sentence: fix.sentence })
    }

    fn original(&self, span: Span) -> Span {
        let (start, end) = (self.offset(span.start, Side::Start), self.offset(span.end, Side::End));
        Span { start, end: end.max(start) }
    }

    /// Inside of what an edit wrote it is the one end or the other of what was there.
    fn offset(&self, at: usize, side: Side) -> usize {
        let mut moved: isize = 0;
        for edit in &self.edits {
            let start = edit.span.start.saturating_add_signed(moved);
            let end = start + edit.text.len();
            if at < start || at == start && side == Side::End {
                break;
            }
            if at < end {
                return if side == Side::Start { edit.span.start } else { edit.span.end };
            }
            moved += edit.text.len().cast_signed() - (edit.span.end - edit.span.start).cast_signed();
        }
        at.saturating_add_signed(-moved)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Start,
    End,
}

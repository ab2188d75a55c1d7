//! No fix is better than a wrong one: each is tried on the text before it is offered, and what does not help is
//! forgotten. Of several the one that leaves the least behind is kept.

use super::code::{Code, Severity};
use super::error::ConfigError;
use super::fix::Fix;
use super::source::Source;
use super::written::Notation;

/// Mistakes whose fixes are tried; whoever has more reads them again after the first round.
const TRIED_MOST: usize = 64;

/// Leaves each of `found` with at most one fix, which was tried. `judge` says what is wrong with a text.
pub(super) fn prove(source: &Source, found: &mut [ConfigError], judge: impl Fn(&Source) -> Vec<ConfigError>) {
    let before: Vec<Mistake> = found.iter().map(|error| Mistake::of(error, source)).collect();
    let with_fixes = found.iter_mut().zip(&before).filter(|(error, _)| !error.fixes.is_empty());
    for (tried, (error, mistake)) in with_fixes.enumerate() {
        let mut fixes = std::mem::take(&mut error.fixes);
        // They are written in TOML.
        let is_toml = |fix: &Fix| {
            fix.edits.iter().all(|edit| Notation::of(source.file_of(edit.span)) == Notation::Toml)
        };
        fixes.retain(is_toml);
        if tried >= TRIED_MOST {
            continue;
        }
        let judged = fixes.into_iter().filter_map(|fix| {
            let edited = source.edited(&fix.edits)?;
            let left = judge(&edited);
            let rank = rank(mistake, &before, &fix, (&left, &edited))?;
            Some((rank, fix))
        });
        let best = judged.min_by_key(|(rank, _)| *rank).map(|(_, fix)| fix);
        if let Some(fix) = best {
            if let Some(sentence) = &fix.sentence {
                error.remedy = Some(sentence.clone());
            }
            error.fixes.push(fix);
        }
    }
}

/// What tells two mistakes apart while the text moves under them.
#[derive(Clone, Debug)]
struct Mistake {
    code: Code,
    fact: String,
    /// Where it stands in its text; no part of what it is.
    at: usize,
    line_end: usize,
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.fact) == (other.code, &other.fact)
    }
}

impl Mistake {
    fn of(error: &ConfigError, source: &Source) -> Self {
        let at = error.position().start;
        let (_, column) = source.line_and_column(error.position());
        let line_end = at + source.line(error.position()).len().saturating_sub(column - 1);
        Self { code: error.code, fact: error.fact.clone(), at, line_end }
    }

    /// The parser stops at it, so what is behind it only shows once it is gone.
    fn hides(&self) -> bool {
        matches!(self.code, Code::Syntax | Code::DuplicateKey)
    }
}

/// How much is left after a fix, the less the better; None: it does not help.
fn rank(
    mistake: &Mistake,
    before: &[Mistake],
    fix: &Fix,
    (left, edited): (&[ConfigError], &Source),
) -> Option<(usize, usize)> {
    let after: Vec<Mistake> = left.iter().map(|error| Mistake::of(error, edited)).collect();
    let broken_before = before.iter().filter(|known| known.hides()).count();
    let broken_left = after.iter().filter(|one| one.hides()).count();
    let errors_left = left.iter().filter(|error| error.code.severity() == Severity::Error).count();
    if mistake.hides() {
        // The parser may have skipped what is broken further down; it sees that only now.
        let written: usize = fix.edits.iter().map(|edit| edit.text.len()).sum();
        let up_to_here = |at: usize| at <= mistake.line_end + written;
        let before_here = before.iter().filter(|known| known.hides() && up_to_here(known.at)).count();
        let left_here = after.iter().filter(|one| one.hides() && up_to_here(one.at)).count();
        let is_past = broken_left < broken_before || left_here < before_here;
        return is_past.then_some((broken_left, errors_left));
    }
    let times = |all: &[Mistake], one: &Mistake| all.iter().filter(|other| *other == one).count();
    let is_trap = mistake.code.severity() == Severity::Warning;
    if times(&after, mistake) >= times(before, mistake)
        || broken_left > broken_before
        || is_trap && errors_left > 0
    {
        return None;
    }
    // A key that is understood now may have a wrong value; a value that was replaced may not.
    let is_new = |error: &&ConfigError| {
        let one = Mistake::of(error, edited);
        times(&after, &one) > times(before, &one)
    };
    // Under its right name a key may say what does not go together; that is the next thing to be told.
    // And a warning is about what the mistake has hidden.
    let blames = |error: &&ConfigError| match mistake.code {
        Code::UnknownKey => match error.code {
            Code::UnknownKey | Code::NotYet | Code::MissingKey | Code::NoTarget => true,
            // The value it was moved with, and nobody knows how it was meant.
            Code::WrongType => error.fixes.is_empty(),
            _ => false,
        },
        _ => is_trap || error.code.severity() == Severity::Error,
    };
    let blames_the_fix = left.iter().filter(is_new).filter(blames).any(|error| written_by(fix, error));
    (!blames_the_fix).then_some((broken_left, errors_left))
}

/// Whether the error stands in what the fix wrote.
fn written_by(fix: &Fix, error: &ConfigError) -> bool {
    let place = error.position();
    let mut moved: isize = 0;
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    edits.into_iter().any(|edit| {
        let start = edit.span.start.saturating_add_signed(moved);
        let end = start + edit.text.len();
        moved += edit.text.len().cast_signed() - (edit.span.end - edit.span.start).cast_signed();
        !edit.text.is_empty() && start < place.end.max(place.start + 1) && place.start < end
    })
}

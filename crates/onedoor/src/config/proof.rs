//! No fix is better than a wrong one: each is tried on the text before it is offered, and what does not help is
//! forgotten. Of several the one that leaves the least behind is kept.
//!
//! All are tried together first, since nearly always all of them help; then halves of those that do not, down to each
//! alone.

use std::collections::HashMap;

use super::code::{Code, Severity};
use super::error::ConfigError;
use super::fix::{self, Fix};
use super::source::Source;
use super::written::Notation;

/// How often a text is read again; the fixes that are not reached by then wait for the next round.
const TRIES_MOST: usize = 128;

/// Leaves each of `found` with at most one fix, which was tried. `judge` says what is wrong with a text.
pub(super) fn prove(source: &Source, found: &mut [ConfigError], judge: impl Fn(&Source) -> Vec<ConfigError>) {
    let before: Vec<Mistake> = found.iter().map(|error| Mistake::of(error, source)).collect();
    let mut trial = Trial { source, tally: Tally::of(&before), before: &before, judge, tries: 0 };
    // They are written in TOML.
    let is_toml =
        |fix: &Fix| fix.edits.iter().all(|edit| Notation::of(source.file_of(edit.span)) == Notation::Toml);
    let mut proposed = Vec::new();
    for (at, error) in found.iter_mut().enumerate() {
        let mut fixes = std::mem::take(&mut error.fixes);
        fixes.retain(is_toml);
        if !fixes.is_empty() {
            proposed.push(Proposed { at, fixes });
        }
    }
    for (at, fix) in trial.of(&proposed) {
        let error = &mut found[at];
        if let Some(sentence) = &fix.sentence {
            error.remedy = Some(sentence.clone());
        }
        error.fixes.push(fix);
    }
}

/// What might take one mistake away.
struct Proposed {
    /// The place of the mistake among those found.
    at: usize,
    /// Never empty.
    fixes: Vec<Fix>,
}

struct Trial<'p, J> {
    source: &'p Source,
    before: &'p [Mistake],
    tally: Tally<'p>,
    judge: J,
    tries: usize,
}

impl<J: Fn(&Source) -> Vec<ConfigError>> Trial<'_, J> {
    /// The fix that is kept of each, where one helps.
    fn of(&mut self, proposed: &[Proposed]) -> Vec<(usize, Fix)> {
        if self.tries >= TRIES_MOST {
            return Vec::new();
        }
        match proposed {
            [] => Vec::new(),
            [one] => self.alone(one).map(|fix| (one.at, fix)).into_iter().collect(),
            all if self.help_together(all) => all.iter().map(|one| (one.at, one.fixes[0].clone())).collect(),
            all => {
                let (first, second) = all.split_at(all.len() / 2);
                let mut kept = self.of(first);
                kept.extend(self.of(second));
                kept
            }
        }
    }

    /// Whether the first fix of each takes its mistake away, and none brings another.
    fn help_together(&mut self, all: &[Proposed]) -> bool {
        let fixes = || all.iter().map(|one| &one.fixes[0]);
        if fix::apart(fixes()).count() < all.len() {
            return false;
        }
        let edits: Vec<_> = fixes().flat_map(|fix| fix.edits.iter().cloned()).collect();
        let Some(edited) = self.source.edited(&edits) else { return false };
        self.tries += 1;
        let after: Vec<Mistake> =
            (self.judge)(&edited).iter().map(|error| Mistake::of(error, &edited)).collect();
        let after_tally = Tally::of(&after);
        let gone = Tally::of(all.iter().map(|one| &self.before[one.at]));
        after.iter().all(|one| {
            let left = self.tally.times(one).saturating_sub(gone.times(one));
            after_tally.times(one) <= left
        })
    }

    /// The one that leaves the least behind.
    fn alone(&mut self, one: &Proposed) -> Option<Fix> {
        let mut best: Option<((usize, usize), &Fix)> = None;
        for fix in &one.fixes {
            let Some(edited) = self.source.edited(&fix.edits) else { continue };
            self.tries += 1;
            let left = (self.judge)(&edited);
            let Some(rank) = self.rank(&self.before[one.at], fix, (&left, &edited)) else { continue };
            if best.is_none_or(|(best, _)| rank < best) {
                best = Some((rank, fix));
            }
        }
        best.map(|(_, fix)| fix.clone())
    }

    /// How much is left after a fix, the less the better; None: it does not help.
    fn rank(
        &self,
        mistake: &Mistake,
        fix: &Fix,
        (left, edited): (&[ConfigError], &Source),
    ) -> Option<(usize, usize)> {
        let before = self.before;
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
        let tally = Tally::of(&after);
        let is_trap = mistake.code.severity() == Severity::Warning;
        if tally.times(mistake) >= self.tally.times(mistake)
            || broken_left > broken_before
            || is_trap && errors_left > 0
        {
            return None;
        }
        let new = left.iter().zip(&after).filter(|(_, one)| tally.times(one) > self.tally.times(one));
        let blames_the_fix = new
            .map(|(error, _)| error)
            .filter(|error| mistake.blames(error))
            .any(|error| written_by(fix, error));
        (!blames_the_fix).then_some((broken_left, errors_left))
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

impl Mistake {
    fn of(error: &ConfigError, source: &Source) -> Self {
        let at = error.position().start;
        let line_end = source.line_end(error.position());
        Self { code: error.code, fact: error.fact.clone(), at, line_end }
    }

    /// The parser stops at it, so what is behind it only shows once it is gone.
    fn hides(&self) -> bool {
        matches!(self.code, Code::Syntax | Code::DuplicateKey)
    }

    /// Whether a fix that wrote what is wrong with it is no fix of this mistake.
    fn blames(&self, error: &ConfigError) -> bool {
        match self.code {
            // A key that is understood now may have a wrong value, and under its right name it may say what does not
            // go together: that is the next thing to be told. A value that was replaced may not.
            Code::UnknownKey => match error.code {
                Code::UnknownKey | Code::NotYet | Code::MissingKey | Code::NoTarget => true,
                // The value it was moved with, and nobody knows how it was meant.
                Code::WrongType => error.fixes.is_empty(),
                _ => false,
            },
            // A warning is about what the mistake has hidden.
            code => code.severity() == Severity::Warning || error.code.severity() == Severity::Error,
        }
    }
}

/// How often each stands there.
struct Tally<'m>(HashMap<(&'static str, &'m str), usize>);

impl<'m> Tally<'m> {
    fn of(all: impl IntoIterator<Item = &'m Mistake>) -> Self {
        let mut times = HashMap::new();
        for one in all {
            *times.entry((one.code.as_str(), one.fact.as_str())).or_default() += 1;
        }
        Self(times)
    }

    fn times(&self, one: &Mistake) -> usize {
        self.0.get(&(one.code.as_str(), one.fact.as_str())).copied().unwrap_or(0)
    }
}

/// Whether the error stands in what the fix wrote.
fn written_by(fix: &Fix, error: &ConfigError) -> bool {
    let place = error.position();
    let mut moved: isize = 0;
    let mut edits: Vec<_> = fix.edits.iter().collect();
    sorted::by_key(&mut edits, |edit| edit.span);
    edits.into_iter().any(|edit| {
        let start = edit.span.start.saturating_add_signed(moved);
        let end = start + edit.text.len();
        moved += edit.text.len().cast_signed() - (edit.span.end - edit.span.start).cast_signed();
        !edit.text.is_empty() && start < place.end.max(place.start + 1) && place.start < end
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::source::Span;

    /// A mistake for each `x` of the text, and what would be written in its place.
    fn mistakes(source: &Source, instead: &str) -> Vec<ConfigError> {
        let text = source.files().map(|file| file.text.to_string()).collect::<String>();
        let places = text.match_indices('x').map(|(at, _)| Span { start: at, end: at + 1 });
        places
            .map(|span| {
                let error = ConfigError::new(Code::BadValue, span, "an x");
                error.fix((!instead.is_empty()).then(|| Fix::replace(span, instead)))
            })
            .collect()
    }

    fn tries(text: &str, instead: &str) -> (usize, usize) {
        let source = Source::new("f", text);
        let mut found = mistakes(&source, instead);
        let tries = Cell::new(0);
        prove(&source, &mut found, |edited| {
            tries.set(tries.get() + 1);
            mistakes(edited, "")
        });
        (tries.get(), found.iter().filter(|error| !error.fixes.is_empty()).count())
    }

    #[test]
    fn a_thousand_fixes_that_all_help_are_tried_once() {
        assert_eq!(tries(&"x ".repeat(1000), "y"), (1, 1000));
    }

    #[test]
    fn fixes_that_do_not_help_are_not_tried_without_end() {
        let (tries, kept) = tries(&"x ".repeat(1000), "x");
        assert_eq!(kept, 0);
        assert!(tries <= TRIES_MOST, "{tries}");
    }
}

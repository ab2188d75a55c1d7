//! A segment's regex, `{x:[0-9]+}`: anchored at both ends, bytes, ASCII classes; and whether two of them can match
//! the same segment, which is how ties between them are found when the table is built.
//!
//! It sees the normalised segment, so `/` and a decoded `%2F` never occur in it.

use std::collections::HashSet;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, meta};

/// What one regex may compile to.
const NFA_BYTES_MAX: usize = 1 << 20;
/// How many pairs of states are looked at to tell two regexes apart.
const OVERLAP_STATES_MAX: usize = 20_000;

/// Searching takes scratch memory from a pool inside (one per thread after the first use, never waiting for a
/// lock), so lookups through a regex allocate only until every worker has used it once.
#[derive(Debug)]
pub(super) struct SegmentRegex {
    text: Box<str>,
    compiled: meta::Regex,
}

/// Whether two regexes match a common segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    Never,
    /// A shortest segment that both match.
    At(Vec<u8>),
    /// Too large to tell.
    Unknown,
}

impl SegmentRegex {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.is_ascii() {
            return Err(
                "paths are percent-encoded when they are matched; only ASCII can occur in them".to_owned()
            );
        }
        // Parsed alone first: `a)|(b` would be valid inside of our own parentheses.
        syntax::parse_with(text, &syntax_config()).map_err(|error| last_line(&error))?;
        let compiled = meta::Regex::builder()
            .syntax(syntax_config())
            .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(NFA_BYTES_MAX)))
            .build(&anchored(text))
            .map_err(|error| {
                error.syntax_error().map_or_else(|| error.to_string(), |error| last_line(&error))
            })?;
        Ok(Self { text: text.into(), compiled })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, segment: &[u8]) -> bool {
        self.compiled.is_match(Input::new(segment).anchored(Anchored::Yes))
    }

    /// Walks both automata side by side, breadth first, until both accept.
    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        match (Walker::new(&self.text), Walker::new(&other.text)) {
            (Some(left), Some(right)) => first_common(left, right).unwrap_or(Overlap::Unknown),
            _ => Overlap::Unknown,
        }
    }
}

/// A comment of `(?x)` in `text` would swallow the closing parenthesis; that is an error, not another meaning.
fn anchored(text: &str) -> String {
    format!(r"\A(?:{text})\z")
}

fn syntax_config() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

/// The parser's errors are drawings of several lines; their last line says what is wrong.
fn last_line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let line = text.trim_end().rsplit('\n').next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

struct Walker {
    automaton: DFA,
    cache: Cache,
}

impl Walker {
    fn new(text: &str) -> Option<Self> {
        let automaton = DFA::builder()
            .syntax(syntax_config())
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(NFA_BYTES_MAX)))
            // Giving up instead of clearing: the walk keeps ids of states, and a cleared cache would forget them.
            .configure(DFA::config().match_kind(MatchKind::All).minimum_cache_clear_count(Some(0)))
            .build(&anchored(text))
            .ok()?;
        let cache = automaton.create_cache();
        Some(Self { automaton, cache })
    }

    fn start(&mut self) -> Option<LazyStateID> {
        let input = Input::new(b"").anchored(Anchored::Yes);
        self.automaton.start_state_forward(&mut self.cache, &input).ok()
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Option<LazyStateID> {
        self.automaton.next_state(&mut self.cache, state, byte).ok()
    }

    /// Whether a segment that ends here is matched; matches are told one step late.
    fn accepts(&mut self, state: LazyStateID) -> Option<bool> {
        self.automaton.next_eoi_state(&mut self.cache, state).ok().map(|end| end.is_match())
    }
}

/// One step of the walk: where it led to, from which step, and by which byte.
struct Step {
    states: (LazyStateID, LazyStateID),
    from: Option<usize>,
    byte: u8,
}

/// None: it would take too long, or too much memory.
fn first_common(mut left: Walker, mut right: Walker) -> Option<Overlap> {
    let start = (left.start()?, right.start()?);
    let mut steps: Vec<Step> = Vec::new();
    // The start is not in here: it stands for the empty segment, which no capture matches, and may be met again.
    let mut seen = HashSet::new();
    let mut from = None;
    loop {
        let states = from.map_or(start, |at: usize| steps[at].states);
        for byte in segment_bytes() {
            let next = (left.next(states.0, byte)?, right.next(states.1, byte)?);
            if next.0.is_dead() || next.1.is_dead() || !seen.insert(next) {
                continue;
            }
            steps.push(Step { states: next, from, byte });
            if left.accepts(next.0)? && right.accepts(next.1)? {
                return Some(Overlap::At(way_to_last(&steps)));
            }
        }
        if steps.len() > OVERLAP_STATES_MAX {
            return None;
        }
        // The list is its own queue: breadth first.
        let following = from.map_or(0, |at| at + 1);
        if following == steps.len() {
            return Some(Overlap::Never);
        }
        from = Some(following);
    }
}

fn way_to_last(steps: &[Step]) -> Vec<u8> {
    let mut way = Vec::new();
    let mut at = steps.last();
    while let Some(step) = at {
        way.push(step.byte);
        at = step.from.map(|from| &steps[from]);
    }
    way.reverse();
    way
}

/// What a normalised segment can consist of, the most readable first: an example is made of it.
fn segment_bytes() -> impl Iterator<Item = u8> {
    let readable = (b'0'..=b'9').chain(b'a'..=b'z').chain(b'A'..=b'Z').chain(*b"-_~.");
    let others = (b'!'..=b'~').filter(|byte| !byte.is_ascii_alphanumeric() && !b"-_~./?#\\".contains(byte));
    readable.chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(text: &str) -> SegmentRegex {
        SegmentRegex::parse(text).unwrap()
    }

    #[test]
    fn a_regex_matches_the_whole_segment_or_not_at_all() {
        for (text, segment, matches) in [
            ("[0-9]+", "42", true),
            ("[0-9]+", "42a", false),
            ("[0-9]+", "a42", false),
            ("a|ab", "ab", true),
            ("a|ab", "abc", false),
            (r"\d{4}-\d{2}", "2024-05", true),
            ("(?i)node", "NODE", true),
            ("", "", true),
        ] {
            assert_eq!(regex(text).matches(segment.as_bytes()), matches, "{text} {segment}");
        }
    }

    #[test]
    fn a_regex_cannot_break_out_of_its_anchors() {
        for text in ["a)|(b", "(?x)a#", "(", "[", "a{2", "caf\u{e9}"] {
            assert!(SegmentRegex::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn two_regexes_overlap_where_one_segment_satisfies_both() {
        for (left, right, overlap) in [
            ("[0-9]+", "[a-z]+", Overlap::Never),
            ("[0-9]+", "[0-9a-f]+", Overlap::At(b"0".to_vec())),
            ("a.*", ".*z", Overlap::At(b"az".to_vec())),
            ("[0-9]{3}", "[0-9]{4}", Overlap::Never),
            // Only the empty segment would satisfy both.
            ("[0-9]*", "[a-z]*", Overlap::Never),
            ("v1|v2", "v2|v3", Overlap::At(b"v2".to_vec())),
            (r"\d+", "[0-9]+", Overlap::At(b"0".to_vec())),
        ] {
            assert_eq!(regex(left).overlap(&regex(right)), overlap, "{left} {right}");
            assert_eq!(regex(right).overlap(&regex(left)), overlap, "{right} {left}");
        }
    }
}

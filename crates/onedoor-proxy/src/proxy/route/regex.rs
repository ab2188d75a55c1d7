//! A regex of the file, `{x:[0-9]+}` or `"~[0-9]+"`: anchored at both ends, bytes, ASCII classes; and what two of them
//! have in common, which is how ties and shadowed routes are found when the table is built.
//!
//! In a path it sees the normalised segment, so `/` and a decoded `%2F` never occur in it.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

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
pub(super) struct WholeRegex {
    text: Box<str>,
    compiled: meta::Regex,
}

/// Whether two regexes match a common text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    Never,
    /// A shortest text that both match.
    At(Vec<u8>),
    /// Too large to tell.
    Unknown,
}

/// What a regex is matched with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matter {
    /// A normalised segment, which is never empty.
    Segment,
    /// The value of a field, a parameter or a cookie: any bytes, perhaps none.
    Value,
}

impl fmt::Debug for WholeRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WholeRegex").field(&self.text).finish()
    }
}

impl WholeRegex {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.is_ascii() {
            return Err("it is matched with bytes, so it is written in ASCII; a byte is \\xC3".to_owned());
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

    /// The one that matches just this text.
    pub(super) fn of_text(text: &[u8]) -> Option<Self> {
        let mut escaped = String::with_capacity(text.len() * 4);
        for byte in text {
            write!(escaped, r"\x{byte:02X}").ok()?;
        }
        Self::parse(&escaped).ok()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn matches(&self, segment: &[u8]) -> bool {
        self.compiled.is_match(Input::new(segment).anchored(Anchored::Yes))
    }

    /// Whether some text is matched by both.
    pub(super) fn overlap(&self, other: &Self, matter: Matter) -> Overlap {
        let both = |left: State, right: State| left == State::Accepts && right == State::Accepts;
        let is_lost = |left: State, right: State| left == State::Dead || right == State::Dead;
        match (Walker::new(&self.text), Walker::new(&other.text)) {
            (Some(left), Some(right)) => Walk { left, right, matter, wanted: both, is_lost }
                .first()
                .map_or(Overlap::Unknown, |found| found.map_or(Overlap::Never, Overlap::At)),
            _ => Overlap::Unknown,
        }
    }

    /// Whether it matches all that `other` matches; false where that is too large to tell.
    pub(super) fn covers(&self, other: &Self, matter: Matter) -> bool {
        let missed = |left: State, right: State| left != State::Accepts && right == State::Accepts;
        let is_lost = |_: State, right: State| right == State::Dead;
        match (Walker::new(&self.text), Walker::new(&other.text)) {
            (Some(left), Some(right)) => {
                Walk { left, right, matter, wanted: missed, is_lost }.first() == Some(None)
            }
            _ => false,
        }
    }
}

/// A comment of `(?x)` in `text` would swallow the closing parenthesis; that is an error, not another meaning.
pub(super) fn anchored(text: &str) -> String {
    format!(r"\A(?:{text})\z")
}

pub(super) fn syntax_config() -> syntax::Config {
    // `.*` is everything: a decoded value may hold a line feed.
    syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true)
}

/// The parser's errors are drawings of several lines; their last line says what is wrong.
fn last_line(error: &dyn fmt::Display) -> String {
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

    /// What would be if the text ended here; matches are told one step late.
    fn look(&mut self, state: LazyStateID) -> Option<State> {
        if state.is_dead() {
            return Some(State::Dead);
        }
        let end = self.automaton.next_eoi_state(&mut self.cache, state).ok()?;
        Some(if end.is_match() { State::Accepts } else { State::Goes })
    }
}

/// Where one of the two automata is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Accepts,
    /// Not yet, perhaps later.
    Goes,
    /// Never, whatever follows.
    Dead,
}

/// One step of the walk: where it led to, from which step, and by which byte.
struct Step {
    states: (LazyStateID, LazyStateID),
    from: Option<usize>,
    byte: u8,
}

/// Both automata side by side, breadth first, in search of the first text that is `wanted` of them.
struct Walk<W, L> {
    left: Walker,
    right: Walker,
    matter: Matter,
    wanted: W,
    /// Nothing that follows can be wanted.
    is_lost: L,
}

impl<W: Fn(State, State) -> bool, L: Fn(State, State) -> bool> Walk<W, L> {
    /// One of each kind that neither automaton tells apart.
    fn bytes(&self) -> Vec<u8> {
        let (left, right) = (self.left.automaton.byte_classes(), self.right.automaton.byte_classes());
        let mut kinds = HashSet::new();
        self.matter.bytes().filter(|byte| kinds.insert((left.get(*byte), right.get(*byte)))).collect()
    }

    /// None: it would take too long, or too much memory. Some(None): there is no such text.
    fn first(mut self) -> Option<Option<Vec<u8>>> {
        let start = (self.left.start()?, self.right.start()?);
        if self.matter == Matter::Value && (self.wanted)(self.left.look(start.0)?, self.right.look(start.1)?)
        {
            return Some(Some(Vec::new()));
        }
        let bytes = self.bytes();
        let mut steps: Vec<Step> = Vec::new();
        // The start is not in here: it stands for the empty text, and may be met again.
        let mut seen = HashSet::new();
        let mut from = None;
        loop {
            let states = from.map_or(start, |at: usize| steps[at].states);
            for byte in bytes.iter().copied() {
                let next = (self.left.next(states.0, byte)?, self.right.next(states.1, byte)?);
                if !seen.insert(next) {
                    continue;
                }
                let (left, right) = (self.left.look(next.0)?, self.right.look(next.1)?);
                if (self.is_lost)(left, right) {
                    continue;
                }
                steps.push(Step { states: next, from, byte });
                if (self.wanted)(left, right) {
                    return Some(Some(way_to_last(&steps)));
                }
            }
            if steps.len() > OVERLAP_STATES_MAX {
                return None;
            }
            // The list is its own queue: breadth first.
            let following = from.map_or(0, |at| at + 1);
            if following == steps.len() {
                return Some(None);
            }
            from = Some(following);
        }
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

impl Matter {
    /// What it can consist of, the most readable first: an example is made of it.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        let readable = (b'0'..=b'9').chain(b'a'..=b'z').chain(b'A'..=b'Z').chain(*b"-_~.");
        let others = (0..=u8::MAX).filter(move |byte| {
            let is_readable = byte.is_ascii_alphanumeric() || b"-_~.".contains(byte);
            !is_readable
                && (self == Self::Value || (byte.is_ascii_graphic() && !b"/?#\\\"<>[]^`{|}".contains(byte)))
        });
        readable.chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(text: &str) -> WholeRegex {
        WholeRegex::parse(text).unwrap()
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
            assert!(WholeRegex::parse(text).is_err(), "{text}");
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
            assert_eq!(regex(left).overlap(&regex(right), Matter::Segment), overlap, "{left} {right}");
            assert_eq!(regex(right).overlap(&regex(left), Matter::Segment), overlap, "{right} {left}");
        }
    }

    #[test]
    fn a_value_may_be_empty_and_hold_any_byte() {
        let overlap = |left, right| regex(left).overlap(&regex(right), Matter::Value);
        assert_eq!(overlap("[0-9]*", "[a-z]*"), Overlap::At(Vec::new()));
        assert_eq!(overlap("a/.", "./b"), Overlap::At(b"a/b".to_vec()));
        assert_eq!(overlap(r"\n+", ".*"), Overlap::At(b"\n".to_vec()));
    }

    #[test]
    fn one_regex_covers_another_where_it_matches_all_that_the_other_matches() {
        for (left, right, covers) in [
            (".*", "[0-9]+", true),
            ("[^/]+", "[0-9]+", true),
            (r"\d+", "[0-9]+", true),
            ("[0-9]+", r"\d+", true),
            ("[0-9a-f]+", "[0-9]+", true),
            ("[0-9]+", "[0-9a-f]+", false),
            ("a|b", "a", true),
            ("a", "a|b", false),
            ("[0-9]+", "[0-9]*", true),
        ] {
            assert_eq!(regex(left).covers(&regex(right), Matter::Segment), covers, "{left} {right}");
        }
        assert!(!regex("[0-9]+").covers(&regex("[0-9]*"), Matter::Value), "the empty value");
    }
}

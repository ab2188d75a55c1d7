//! Many regexes as one automaton: which of them match a text is found in one walk along it, however many there are.
//!
//! The automaton is made as it is walked, so a text that leads nowhere new costs what its length says. One that leads
//! to new states each time costs what trying every regex would.

use std::collections::HashSet;
use std::sync::Arc;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchKind};
use smallvec::SmallVec;

use super::regex::{Matter, WholeRegex, anchored, syntax_config};

/// How many states are looked at to tell which regexes of a set have texts in common.
const PAIRS_STATES_MAX: usize = 100_000;
/// How many pairs are worth knowing.
const PAIRS_MAX: usize = 1_000_000;
/// What those states may take.
const PAIRS_BYTES_MAX: usize = 128 << 20;

/// Which regexes match, by their place in the set; nearly always one or none.
pub(super) type Matching = SmallVec<[usize; 4]>;

pub(super) struct RegexSet {
    regexes: Vec<Arc<WholeRegex>>,
    /// None: it would be too large; then each regex is tried.
    joint: Option<Joint>,
}

struct Joint {
    automaton: DFA,
    /// One per thread that is at it; lookups allocate until each has been made and knows its texts.
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync>>,
}

impl std::fmt::Debug for RegexSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.regexes).finish()
    }
}

impl RegexSet {
    pub(super) fn new(regexes: Vec<Arc<WholeRegex>>) -> Self {
        let joint = automaton(&regexes, DFA::config()).map(|automaton| {
            let make = automaton.clone();
            let make: Box<dyn Fn() -> Cache + Send + Sync> = Box::new(move || make.create_cache());
            Joint { automaton, caches: Pool::new(make) }
        });
        Self { regexes, joint }
    }

    /// In no particular order.
    pub(super) fn matching(&self, text: &[u8]) -> Matching {
        self.joint.as_ref().and_then(|joint| joint.matching(text)).unwrap_or_else(|| {
            let all = self.regexes.iter().enumerate();
            all.filter(|(_, regex)| regex.matches(text)).map(|(at, _)| at).collect()
        })
    }

    /// All pairs that have a text in common, the lower place first; None: too many states to tell.
    pub(super) fn overlaps(regexes: &[Arc<WholeRegex>], matter: Matter) -> Option<HashSet<(usize, usize)>> {
        let config = DFA::config().minimum_cache_clear_count(Some(0)).cache_capacity(PAIRS_BYTES_MAX);
        let automaton = automaton(regexes, config)?;
        let mut cache = automaton.create_cache();
        let start = automaton.start_state_forward(&mut cache, &whole(b"")).ok()?;
        let (mut pairs, mut seen, mut queue) = (HashSet::new(), HashSet::new(), vec![start]);
        // One of each kind that the automaton does not tell apart.
        let mut kinds = HashSet::new();
        let classes = automaton.byte_classes();
        let bytes: Vec<u8> = matter.bytes().filter(|byte| kinds.insert(classes.get(*byte))).collect();
        while let Some(state) = queue.pop() {
            for byte in &bytes {
                let next = automaton.next_state(&mut cache, state, *byte).ok()?;
                if next.is_dead() || !seen.insert(next) {
                    continue;
                }
                let end = automaton.next_eoi_state(&mut cache, next).ok()?;
                if end.is_match() {
                    let count = automaton_matches(&automaton, &cache, end);
                    let alike = count.iter().enumerate();
                    pairs.extend(alike.flat_map(|(at, one)| {
                        count[at + 1..].iter().map(|other| (*one.min(other), *one.max(other)))
                    }));
                }
                queue.push(next);
            }
            if seen.len() > PAIRS_STATES_MAX || pairs.len() > PAIRS_MAX {
                return None;
            }
        }
        Some(pairs)
    }
}

impl Joint {
    /// None: the automaton gave up.
    fn matching(&self, text: &[u8]) -> Option<Matching> {
        let mut cache = self.caches.get();
        let mut state = self.automaton.start_state_forward(&mut cache, &whole(text)).ok()?;
        for byte in text {
            state = self.automaton.next_state(&mut cache, state, *byte).ok()?;
            if state.is_dead() {
                return Some(Matching::new());
            }
        }
        let end = self.automaton.next_eoi_state(&mut cache, state).ok()?;
        if !end.is_match() {
            return Some(Matching::new());
        }
        Some(automaton_matches(&self.automaton, &cache, end))
    }
}

fn automaton_matches(automaton: &DFA, cache: &Cache, end: regex_automata::hybrid::LazyStateID) -> Matching {
    (0..automaton.match_len(cache, end))
        .map(|at| automaton.match_pattern(cache, end, at).as_usize())
        .collect()
}

fn automaton(regexes: &[Arc<WholeRegex>], config: regex_automata::hybrid::dfa::Config) -> Option<DFA> {
    let patterns: Vec<String> = regexes.iter().map(|regex| anchored(regex.text())).collect();
    DFA::builder()
        .syntax(syntax_config())
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .configure(config.match_kind(MatchKind::All).skip_cache_capacity_check(true))
        .build_many(&patterns)
        .ok()
}

fn whole(text: &[u8]) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regexes(texts: &[&str]) -> Vec<Arc<WholeRegex>> {
        texts.iter().map(|text| Arc::new(WholeRegex::parse(text).unwrap())).collect()
    }

    #[test]
    fn a_set_finds_what_trying_each_finds() {
        let all = regexes(&["[0-9]+", "a.*", ".*b", "(?i)node", "a|ab", "", "x{3}", "[^a]+", "ab"]);
        let set = RegexSet::new(all.clone());
        for text in ["", "1", "12a", "ab", "a", "b", "NoDe", "xxx", "xx", "aab", "\n", "caf\u{e9}"] {
            let tried = all.iter().enumerate().filter(|(_, regex)| regex.matches(text.as_bytes()));
            let tried: Vec<usize> = tried.map(|(at, _)| at).collect();
            let mut found = set.matching(text.as_bytes()).to_vec();
            found.sort_unstable();
            assert_eq!(found, tried, "{text}");
        }
    }

    #[test]
    fn a_thousand_regexes_are_one_walk() {
        let texts: Vec<String> = (0..1000).map(|number| format!("v{number}-[a-z]+")).collect();
        let all = regexes(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(RegexSet::overlaps(&all, Matter::Segment), Some(HashSet::new()));
        let set = RegexSet::new(all);
        assert_eq!(set.matching(b"v999-abc").as_slice(), [999]);
        assert_eq!(set.matching(b"v1000-abc").as_slice(), [0; 0]);
    }

    #[test]
    fn all_pairs_with_a_text_in_common_are_found() {
        let all = regexes(&["[0-9]+", "[0-9a-f]+", "[g-z]+", "a.*", "zz"]);
        let pairs = RegexSet::overlaps(&all, Matter::Segment).unwrap();
        assert_eq!(pairs, HashSet::from([(0, 1), (1, 3), (2, 4)]));
    }
}

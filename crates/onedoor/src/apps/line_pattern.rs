//! A regex for the lines of an app: linear in the line however it is written, and bounded in memory.
//!
//! Lines are bytes, so it matches bytes: `\d` and its like are ASCII, other characters stand for themselves.

use std::fmt;
use std::sync::Arc;

use regex_automata::meta;
use regex_automata::util::syntax;

/// What one regex may compile to.
const NFA_BYTES_MAX: usize = 1 << 20;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct LinePattern {
    text: Arc<str>,
    compiled: meta::Regex,
}

impl LinePattern {
    /// The error is a sentence for whoever wrote it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let compiled = meta::Regex::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(NFA_BYTES_MAX)))
            .build(text)
            .map_err(|error| match error.syntax_error() {
                Some(syntax) => last_line(&syntax.to_string()),
                None => error.to_string(),
            })?;
        Ok(Self { text: text.into(), compiled })
    }

    pub(super) fn matches(&self, line: &[u8]) -> bool {
        self.compiled.is_match(line)
    }
}

/// The parser's errors are drawings of several lines; their last line says what is wrong.
fn last_line(drawing: &str) -> String {
    let line = drawing.trim_end().rsplit('\n').next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

impl PartialEq for LinePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for LinePattern {}

impl fmt::Debug for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinePattern({:?})", self.text)
    }
}

impl fmt::Display for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_in_a_line_of_any_bytes() {
        for (pattern, line, matches) in [
            ("listening on .*:[0-9]+", &b"12:00 listening on http://127.0.0.1:8080"[..], true),
            ("^ready$", b"ready", true),
            ("^ready$", b"not ready", false),
            (r"took \d+ ms", b"\xff took 12 ms", true),
            ("prêt", "tout est prêt".as_bytes(), true),
            ("(?i)started", b"Server STARTED", true),
        ] {
            assert_eq!(LinePattern::parse(pattern).unwrap().matches(line), matches, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said_in_one_line() {
        for wrong in ["(", "[a", "a{99999999}", r"\p{Greek}"] {
            let why = LinePattern::parse(wrong).unwrap_err();
            assert!(!why.is_empty() && !why.contains('\n'), "{wrong}: {why}");
        }
    }
}

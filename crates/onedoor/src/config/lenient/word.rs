//! A value without quotes: `node x.js`, `30s`, `${PORT}`, `yes`, `08000`, `null`.

use super::key::begins_with_key;
use super::{Reader, Reading, Within};
use crate::config::fix::quoted;

pub(super) const NO_VALUE: &str = "there is no such value in TOML";

impl Reader<'_> {
    pub(super) fn word(&mut self, within: Within) {
        let start = self.at;
        let mut word = word_of(self.line(), within).trim_end();
        if within == Within::Line {
            word = word.trim_end_matches([',', ';', ' ']);
        }
        if let Some((first, rest)) = word.split_once([' ', '\t'])
            && within != Within::Line
            && is_scalar(first)
            && (within == Within::List || begins_with_key(rest.trim_start()))
        {
            word = first;
        }
        let range = start..start + word.len();
        self.at = range.end;
        if word.is_empty() {
            let after = range.start..range.start;
            self.slip(after, "a value is missing here", "write one behind the =, or take the key out");
            return;
        }
        if is_scalar(word) {
            return;
        }
        if let Some(number) = spoilt_number(word, self.reading) {
            self.slip(range.clone(), format!("`{word}` is no number of TOML"), format!("write {number}"))
                .mend(range, number);
            return;
        }
        let lower = word.to_ascii_lowercase();
        if matches!(lower.as_str(), "null" | "nil" | "none" | "undefined" | "~") {
            self.slip(range, NO_VALUE, "leave the key out for its default");
            return;
        }
        let flag = match lower.as_str() {
            "true" | "yes" | "on" | "y" => Some("true"),
            "false" | "no" | "off" | "n" => Some("false"),
            _ => None,
        };
        if let (Some(flag), Reading::Typed) = (flag, self.reading) {
            let fact = format!("`{word}` is neither true nor false");
            self.slip(range.clone(), fact, format!("write {flag}")).mend(range, flag.to_owned());
            return;
        }
        // `A="b",C="d"` is one text.
        let is_whole = word.contains("=\"") || word.contains("='");
        let bare = if is_whole { word } else { word.trim_matches(['"', '\'', '\u{201c}', '\u{201d}']) };
        let variable = bare.strip_prefix('$').filter(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        });
        let ours = match (variable, self.reading) {
            (Some(name), Reading::Typed) => quoted(&format!("${{{name}}}")),
            _ => quoted(bare),
        };
        let fact = if bare == word {
            "a text stands in quotes"
        } else {
            "a quote is missing at the beginning of this"
        };
        self.slip(range.clone(), fact, format!("write {ours}")).mend(range, ours);
    }
}

fn is_scalar(word: &str) -> bool {
    !word.contains('\n') && format!("a = {word}").parse::<toml::Table>().is_ok()
}

/// Up to where a value without quotes can go. `${A}` is part of it.
fn word_of(line: &str, within: Within) -> &str {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match letter {
            '{' if before == '$' || depth > 0 => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '#' if before.is_whitespace() => return &line[..at],
            ',' | '}' if within == Within::Table => return &line[..at],
            ']' if within == Within::Table && line[at + 1..].trim().is_empty() => return &line[..at],
            '}' if within == Within::List && line[at + 1..].trim().is_empty() => return &line[..at],
            ')' if within == Within::Table && !line[..at].contains('(') => return &line[..at],
            ',' | ']' if within == Within::List => return &line[..at],
            _ => {}
        }
        before = letter;
    }
    line
}

/// `08000`, `3,000`, `027`
fn spoilt_number(word: &str, reading: Reading) -> Option<String> {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let is_number = !digits.is_empty()
        && word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, ',' | '_' | '\''));
    if !is_number
        || !word.starts_with(|first: char| first.is_ascii_digit())
        || !word.ends_with(|last: char| last.is_ascii_digit())
    {
        return None;
    }
    match reading {
        Reading::Typed => Some(digits.trim_start_matches('0').to_owned()).filter(|number| !number.is_empty()),
        Reading::Text => Some(quoted(word)),
    }
}

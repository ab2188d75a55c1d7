//! Strings: quotes that are missing, of the wrong kind or inside one another, and backslashes.

use super::key::begins_with_key;
use super::{Reader, Within};
use crate::config::fix::quoted;

/// Quotes that are none in TOML, and what closes each.
const FOREIGN: [(char, &[char]); 7] = [
    ('\u{201c}', &['\u{201d}', '\u{201c}', '"']),
    ('\u{201d}', &['\u{201d}', '"']),
    ('\u{201e}', &['\u{201c}', '\u{201d}', '"']),
    ('\u{2018}', &['\u{2019}', '\u{2018}', '\'']),
    ('\u{2019}', &['\u{2019}', '\'']),
    ('\u{ab}', &['\u{bb}']),
    ('`', &['`']),
];

impl Reader<'_> {
    pub(super) fn string(&mut self, within: Within) {
        let start = self.at;
        let line = self.line();
        let open = line.chars().next().unwrap_or('"');
        if let Some((_, closing)) = FOREIGN.iter().find(|(quote, _)| *quote == open) {
            return self.foreign(open, closing);
        }
        let triple: String = [open; 3].iter().collect();
        if line.starts_with(&triple) {
            return self.long(&triple);
        }
        match closing_quote(line, open) {
            Some(end) if self.may_follow(&line[end + 1..], within) => {
                self.at = start + end + 1;
                self.backslashes(start, end, open);
            }
            Some(end) => match quote_inside(line, end, within) {
                Some(last) => {
                    let range = start..start + last + 1;
                    let ours = quoted(&line[1..last]);
                    let fact = "a quote ends the string here; one inside needs the other kind around it";
                    let place = start + end..start + end + 1;
                    self.slip(place, fact, format!("write {ours}")).mend(range.clone(), ours);
                    self.at = range.end;
                }
                None => {
                    self.at = start + end + 1;
                    self.backslashes(start, end, open);
                }
            },
            None => self.not_closed_string(open, within),
        }
    }

    /// Whether a value may end here.
    fn may_follow(&self, after: &str, within: Within) -> bool {
        let after_spaces = after.trim_start();
        let first = after_spaces.chars().next();
        match within {
            _ if first.is_none_or(|first| matches!(first, '#' | ',' | ';')) => true,
            Within::Line => after.starts_with([' ', '\t']) || after_spaces.starts_with('/'),
            Within::Table => first == Some('}') || begins_with_key(after_spaces),
            Within::List => {
                matches!(first, Some(']' | '"' | '\'')) && after != after_spaces || first == Some(']')
            }
        }
    }

    fn foreign(&mut self, open: char, closing: &[char]) {
        let line = self.line();
        let inside = &line[open.len_utf8()..];
        let end = inside.find(closing).or_else(|| closing_quote(line, open));
        let (text, length) = match end {
            Some(at) => {
                let close = inside[at..].chars().next().map_or(0, char::len_utf8);
                (&inside[..at], open.len_utf8() + at + close)
            }
            None => (inside.trim_end(), line.trim_end().len()),
        };
        let range = self.at..self.at + length;
        let ours = quoted(text);
        let fact = match open {
            '`' => "a backtick is no quote of TOML",
            '\u{ab}' => "these are no quotes of TOML",
            _ => "curly quotes are no quotes of TOML",
        };
        self.slip(range.clone(), fact, format!("write {ours}")).mend(range.clone(), ours);
        self.at = range.end;
    }

    /// `"""` or `'''`.
    fn long(&mut self, triple: &str) {
        let start = self.at;
        let inside = self.rest_from(start + 3);
        if let Some(end) = inside.find(triple) {
            self.at = start + 3 + end + 3;
            return;
        }
        let line = self.line().trim_end();
        let ours = quoted(&line[3..]);
        let range = start..start + line.len();
        self.slip(
            start..start + 3,
            format!("the string that begins with {triple} has no end"),
            format!("write {ours}, or end it with {triple}"),
        )
        .mend(range.clone(), ours);
        self.at = range.end;
    }

    fn not_closed_string(&mut self, open: char, within: Within) {
        let start = self.at;
        let line = self.line().trim_end();
        let mut inside = &line[1..];
        if within == Within::Line {
            if let Some((text, _)) = inside.split_once(" #") {
                inside = text.trim_end();
            }
        } else {
            inside = &inside[..end_of_item(inside)];
        }
        let length = 1 + inside.len();
        // Closed by a quote of another kind.
        let other = ['"', '\'', '\u{201d}', '\u{201c}', '\u{2019}', '`'];
        let text = inside.strip_suffix(other).unwrap_or(inside);
        let text = if text == inside { text.trim_end_matches([',', ';']) } else { text };
        let ours = if text.contains(open) || text.contains('\\') {
            quoted(text)
        } else {
            format!("{open}{text}{open}")
        };
        let fact = match text == inside {
            true => "this string is not closed".to_owned(),
            false => format!("this string begins with `{open}` and has to end with it"),
        };
        let range = start..start + length;
        self.slip(range.clone(), fact, format!("write {ours}")).mend(range.clone(), ours);
        self.at = range.end;
    }

    /// `"C:\app"`, `"\d+"`
    fn backslashes(&mut self, start: usize, end: usize, open: char) {
        let inside = self.part(start + 1..start + end);
        if open == '\'' || format!("a = \"{inside}\"").parse::<toml::Table>().is_ok() {
            return;
        }
        let mut letters = inside.char_indices();
        let bad = loop {
            match letters.next() {
                Some((at, '\\')) => {
                    let escape = letters.next().map(|(_, letter)| letter);
                    if !escape.is_some_and(|escape| "btnfre\"\\xuU".contains(escape)) {
                        break at;
                    }
                }
                Some(_) => {}
                None => return,
            }
        };
        let ours = quoted(inside);
        let range = start..start + end + 1;
        let bad = start + 1 + bad;
        let after = self.rest_from(bad).chars().nth(1).map_or(1, |letter| 1 + letter.len_utf8());
        let escape = self.part(bad..bad + after).to_owned();
        let fact = format!("`{escape}` has no meaning in double quotes");
        self.slip(bad..bad + after, fact, format!("in single quotes a backslash is a backslash: {ours}"))
            .mend(range, ours);
    }
}

/// The quote that closes the string the line begins with.
fn closing_quote(line: &str, open: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in line.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if open == '"' => escaped = true,
            letter if letter == open => return Some(at),
            _ => {}
        }
    }
    None
}

/// The last quote of a string with quotes inside: `"grep "x" y"`.
fn quote_inside(line: &str, first: usize, within: Within) -> Option<usize> {
    let open = line.chars().next()?;
    let ends = match within {
        Within::Line => line.len(),
        Within::Table | Within::List => line.len().min(first + end_of_item(line.get(first..)?)),
    };
    let last = line.get(..ends)?.rfind(open)?;
    (last > first).then_some(last)
}

/// Where an item of a table or a list ends whose quote is missing: at the comma before the next key, or at the bracket.
fn end_of_item(text: &str) -> usize {
    let next_key =
        text.match_indices(',').map(|(at, _)| at).find(|at| begins_with_key(text[at + 1..].trim_start()));
    let bracket = text.trim_end().trim_end_matches(['}', ']', ' ', '#']).len();
    next_key.unwrap_or(bracket).min(text.len())
}

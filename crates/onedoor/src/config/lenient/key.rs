//! A key and what separates it from its value: `/x = …`, `web: …`, `run => …`, `run "x"`.

use std::ops::Range;

use super::{Reader, Within};
use crate::config::fix::quoted;

/// Letters, digits, `-` and `_`.
pub(super) fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// A key of TOML, dotted ones too.
pub(super) fn is_key(text: &str) -> bool {
    format!("{text} = 1").parse::<toml::Table>().is_ok()
}

/// Whether what stands here reads like `key = `.
pub(super) fn begins_with_key(text: &str) -> bool {
    separator(text, Within::Line).is_some_and(|found| {
        let key = text[..found.range.start].trim();
        is_key(key) || is_bare(key) || key.starts_with(['/', '"'])
    })
}

struct Separator {
    range: Range<usize>,
    sign: &'static str,
}

/// The first sign in `text` that is outside quotes and separates.
fn separator(text: &str, within: Within) -> Option<Separator> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '=' | ':') => {
                let rest = &text[at..];
                let sign = ["==", "=>", "=", ":=", ":"].into_iter().find(|sign| rest.starts_with(sign))?;
                let after = rest[sign.len()..].chars().next();
                let ends = sign != ":"
                    || after.is_none_or(|after| after.is_whitespace() || "\"'{[\u{201c}".contains(after));
                if ends {
                    return Some(Separator { range: at..at + sign.len(), sign });
                }
            }
            (None, ',' | '}' | ']') if within == Within::Table => return None,
            (None, _) => {}
        }
    }
    None
}

impl Reader<'_> {
    /// Reads key and separator; whether a value is to follow.
    pub(super) fn key(&mut self, within: Within) -> bool {
        let start = self.at;
        let line = self.line();
        let Some(Separator { range, sign }) = separator(line, within).or_else(|| unclosed(line)) else {
            return self.without_separator();
        };
        let key = line[..range.start].trim_end();
        self.key_text(start..start + key.len());
        let range = start + range.start..start + range.end;
        if sign != "=" {
            let instead = if key.len() == range.start - start { " =" } else { "=" };
            let fact = format!("a key and its value are separated by `=`, not by `{sign}`");
            self.slip(range.clone(), fact, "write =").mend(range.clone(), instead.to_owned());
        }
        self.at = range.end;
        true
    }

    /// `web:` above indented lines, as YAML has it: what is below is a table.
    pub(super) fn opens_a_block(&mut self) -> bool {
        let line = self.line();
        let before = self.part(0..self.at);
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let own = indent(before.rsplit('\n').next().unwrap_or(before));
        let code = line.split('#').next().unwrap_or(line).trim_end();
        let Some(name) = code.strip_suffix(':').map(str::trim_end).filter(|name| is_bare(name)) else {
            return false;
        };
        let below = self.rest_from(self.at + line.len()).lines().find(|line| !line.trim().is_empty());
        if !below.is_some_and(|below| indent(below) > own && begins_with_key(below.trim_start())) {
            return false;
        }
        let dot = if self.table.is_empty() { "" } else { "." };
        let ours = format!("[{}{dot}{name}]", self.table);
        let all = self.at..self.at + code.len();
        self.slip(
            all.clone(),
            "a table has a header; how far its lines are indented says nothing",
            format!("write {ours}"),
        )
        .mend(all, ours);
        self.at += line.len();
        true
    }

    fn key_text(&mut self, range: Range<usize>) {
        let key = self.part(range.clone());
        if is_key(key) || key.is_empty() {
            return;
        }
        let bare = key.trim_matches(['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']);
        let ours = quoted(bare);
        let (fact, place) = match key.chars().next() {
            _ if key.starts_with(bare) && key.ends_with(bare) => (
                format!("the key `{key}` needs quotes: it is more than letters, digits, `-` and `_`"),
                range.clone(),
            ),
            Some('"' | '\'') if !key.ends_with(['"', '\'']) => {
                ("the quote of this key is not closed".to_owned(), range.clone())
            }
            _ => ("these are not the quotes of TOML".to_owned(), range.clone()),
        };
        self.slip(place, fact, format!("put it in quotes: {ours}")).mend(range, ours);
    }

    /// `run "x"`, `apps {`, `web`
    fn without_separator(&mut self) -> bool {
        let line = self.line();
        let code = line.trim_end();
        let all = self.at..self.at + code.len();
        if let Some(name) = code.strip_suffix('{').map(str::trim_end).filter(|name| is_key(name)) {
            let ours = format!("[{name}]");
            self.slip(
                all.clone(),
                "a table has a header, and no braces around its lines",
                format!("write {ours}"),
            )
            .mend(all, ours);
            return false;
        }
        let first = code.split([' ', '\t']).next().unwrap_or(code);
        let value = code[first.len()..].trim_start();
        if is_key(first) && value.starts_with(|begin: char| "\"'{[".contains(begin) || begin.is_ascii_digit())
        {
            let here = self.at + first.len()..self.at + first.len();
            let fact = format!("a `=` is missing between `{first}` and its value");
            let shown = value.trim_end_matches(';');
            self.slip(self.at..self.at + first.len(), fact, format!("write {first} = {shown}"))
                .mend(here, " =".to_owned());
            self.at += first.len();
            return true;
        }
        if is_key(first) && first == code {
            self.slip(
                all,
                format!("`{code}` has no value"),
                format!("write {code} = \"...\", or [{code}] for a table"),
            );
        }
        false
    }
}

/// `"/x = "y"`: the key's own quote swallowed the sign.
fn unclosed(line: &str) -> Option<Separator> {
    line.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let at = line.find(" = ").map(|at| at + 1).or_else(|| line.find('='))?;
    Some(Separator { range: at..at + 1, sign: "=" })
}

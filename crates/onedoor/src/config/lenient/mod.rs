//! What people write when they mean TOML: read as it was meant, each slip with its place and its repair.
//!
//! ```text
//! text ── statements ──▶ header │ key, separator, value, rest of the line
//!                                          value ──▶ string │ table │ list │ word
//! ```
//!
//! Only asked where the real parser has given up, so it may be wrong: what it proposes is tried (`proof`) before anyone
//! hears of it. Never decides whether a text is TOML.

mod header;
mod key;
mod list;
mod string;
mod word;

use std::ops::Range;

/// Which of two readings is taken where both make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// `yes` is true, `08` is a number.
    Typed,
    /// They are texts.
    Text,
}

/// One thing that is not TOML, and what makes it so.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    pub(super) range: Range<usize>,
    pub(super) fact: String,
    pub(super) sentence: String,
    /// None: nobody can know what is missing.
    pub(super) repair: Option<(Range<usize>, String)>,
}

impl Slip {
    fn mend(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.repair = Some((range, text.into()));
    }
}

/// A header, or a key with its value: from its first byte to where the next one begins.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) range: Range<usize>,
    pub(super) slips: Vec<Slip>,
}

/// All statements of the text, those without slips too.
pub(super) fn statements(text: &str, reading: Reading) -> Vec<Statement> {
    let mut reader = Reader { text, at: 0, table: "", depth: 0, reading, slips: Vec::new() };
    let mut found: Vec<Statement> = Vec::new();
    loop {
        reader.skip_blank_lines();
        let start = reader.at;
        if let Some(last) = found.last_mut() {
            last.range.end = start;
        }
        if reader.rest().is_empty() {
            return found;
        }
        reader.statement();
        // Whatever it was, there is something behind it.
        reader.at = reader.at.max(start + reader.rest_from(start).chars().next().map_or(1, char::len_utf8));
        let slips = std::mem::take(&mut reader.slips);
        found.push(Statement { range: start..reader.at, slips });
    }
}

/// Where a value stands, so that it is known what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Line,
    Table,
    List,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// What stands in the last header; empty at the top.
    table: &'t str,
    /// How many brackets are open.
    depth: usize,
    reading: Reading,
    slips: Vec<Slip>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.rest_from(self.at)
    }

    fn rest_from(&self, at: usize) -> &'t str {
        self.text.get(at..).unwrap_or("")
    }

    fn part(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or("")
    }

    /// The rest of this line, without its end.
    fn line(&self) -> &'t str {
        let rest = self.rest();
        rest.split('\n').next().unwrap_or(rest).trim_end_matches('\r')
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\u{a0}']).len();
    }

    fn skip_blank_lines(&mut self) {
        loop {
            let rest = self.rest();
            self.at +=
                rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.line().len();
        }
    }

    fn slip(
        &mut self,
        range: Range<usize>,
        fact: impl Into<String>,
        sentence: impl Into<String>,
    ) -> &mut Slip {
        self.slips.push(Slip { range, fact: fact.into(), sentence: sentence.into(), repair: None });
        let last = self.slips.len() - 1;
        &mut self.slips[last]
    }

    fn statement(&mut self) {
        let line = self.line();
        if let Some(marker) = foreign_comment(line) {
            self.comment_of_another_language(marker);
            self.at += line.len();
        } else if line.starts_with('[') {
            self.header();
        } else if let Some(closing) = line.chars().next().filter(|first| "}])".contains(*first)) {
            let range = self.at..self.at + 1;
            let slip = self.slip(range.clone(), format!("this `{closing}` closes nothing"), "take it out");
            slip.mend(range, String::new());
            self.at += 1;
            self.end_of_line();
        } else {
            self.assignment();
        }
    }

    fn comment_of_another_language(&mut self, marker: &str) {
        let range = self.at..self.at + marker.len();
        let fact = format!("a comment begins with `#`, not with `{marker}`");
        self.slip(range.clone(), fact, "write #").mend(range, "#".to_owned());
    }

    fn assignment(&mut self) {
        let start = self.at;
        for (prefix, why) in [
            ("export ", "a key stands alone"),
            ("set ", "a key stands alone"),
            ("let ", "a key stands alone"),
            ("- ", "a key stands alone; there are no dashes in TOML"),
        ] {
            if self.line().starts_with(prefix) && self.line().contains(['=', ':']) {
                let range = self.at..self.at + prefix.len();
                self.slip(range.clone(), why, format!("take out `{}`", prefix.trim()))
                    .mend(range, String::new());
                self.at += prefix.len();
            }
        }
        if self.opens_a_block() {
            return;
        }
        if self.key(Within::Line) {
            self.skip_spaces();
            self.value(Within::Line);
            self.end_of_line();
            // Of `path = null` nothing is left.
            let end = self.at + usize::from(self.rest().starts_with('\n'));
            if let [only] = &mut self.slips[..]
                && only.repair.is_none()
                && only.fact == word::NO_VALUE
            {
                only.mend(start..end, "");
            }
        } else {
            self.at += self.line().len();
        }
    }

    fn value(&mut self, within: Within) {
        match self.next() {
            Some(
                '"' | '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' | '\u{ab}',
            ) => self.string(within),
            Some('{') => self.table('}'),
            Some('(') if self.line().contains('=') => self.table(')'),
            Some('[') => self.list(),
            _ => self.word(within),
        }
    }

    /// What may stand behind a value: nothing, or a comment.
    fn end_of_line(&mut self) {
        self.skip_spaces();
        let line = self.line();
        let all = self.at..self.at + line.len();
        if line.is_empty() || line.starts_with('#') {
        } else if let Some(marker) = foreign_comment(line) {
            self.comment_of_another_language(marker);
        } else if let Some(sign) = line.chars().next().filter(|first| ",;}])".contains(*first)) {
            let range = self.at..self.at + 1;
            let fact = match sign {
                ',' | ';' => format!("a line does not end with `{sign}`"),
                closing => format!("this `{closing}` closes nothing"),
            };
            self.slip(range.clone(), fact, "take it out").mend(range, String::new());
            self.at += 1;
            return self.end_of_line();
        } else if key::begins_with_key(line) {
            let here = self.at..self.at;
            self.slip(all, "two keys on one line", "begin a new line").mend(here, "\n".to_owned());
            return;
        } else {
            self.slip(all, "nothing may follow a value on its line", "put it in the quotes, or take it out");
        }
        self.at += line.len();
    }
}

/// `// …`, `; …`, `-- …`
fn foreign_comment(line: &str) -> Option<&'static str> {
    let marker = ["//", ";", "--", "REM "].into_iter().find(|marker| line.starts_with(marker))?;
    let text = &line[marker.len()..];
    // `//` may begin a path, and a lone `;` ends a line.
    let is_comment = match marker {
        "//" => text.starts_with([' ', '\t']) || text.is_empty(),
        ";" => !text.trim().is_empty(),
        _ => true,
    };
    is_comment.then_some(marker.trim_end())
}

#[cfg(test)]
mod tests;

//! The words of a Caddyfile, line by line: what is quoted, what goes on in the next line, what is a comment.
//!
//! As Caddy reads them: blanks part words, `"…"` and backticks hold them together, `\` at the end of a line goes on,
//! `<<MARK` takes the lines up to `MARK`; a brace is one only where it stands alone. Nothing is understood yet.

use crate::import::fault::Fault;
use crate::import::finding::Place;

/// The words of a line, and how it ends.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    pub(super) end: End,
    pub(super) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Plain,
    /// With a `{`.
    Open,
    /// It is a `}`, and has no words.
    Close,
}

struct Lexer<'t> {
    rest: &'t str,
    place: Place,
    lines: Vec<Line>,
    words: Vec<String>,
    /// Where the first of the words stands.
    began: Place,
}

pub(super) fn lines(name: &str, text: &str) -> Result<Vec<Line>, Fault> {
    let place = Place { file: name.into(), line: 1 };
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lexer = Lexer { rest, began: place.clone(), place, lines: Vec::new(), words: Vec::new() };
    while let Some(letter) = lexer.rest.chars().next() {
        lexer.next(letter)?;
    }
    lexer.end_line(End::Plain);
    Ok(lexer.lines)
}

impl Lexer<'_> {
    fn next(&mut self, letter: char) -> Result<(), Fault> {
        match letter {
            '\n' => {
                // A list of addresses goes on behind its comma.
                if !self.words.last().is_some_and(|word| word.ends_with(',')) {
                    self.end_line(End::Plain);
                }
                self.take();
            }
            '#' => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            }
            '\\' if self.rest.starts_with("\\\n") || self.rest.starts_with("\\\r\n") => {
                while self.take() != Some('\n') {}
            }
            letter if letter.is_whitespace() => drop(self.take()),
            '"' | '`' => {
                let word = self.quoted(letter)?;
                self.add(word);
            }
            _ => self.plain()?,
        }
        Ok(())
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        if letter == '\n' {
            self.place.line += 1;
        }
        Some(letter)
    }

    fn add(&mut self, word: String) {
        self.words.push(word);
    }

    fn end_line(&mut self, end: End) {
        let place = match self.words.is_empty() {
            true => self.place.clone(),
            false => self.began.clone(),
        };
        if end == End::Open || !self.words.is_empty() {
            let end = if end == End::Close { End::Plain } else { end };
            self.lines.push(Line { words: std::mem::take(&mut self.words), end, place });
        }
        if end == End::Close {
            self.lines.push(Line { words: Vec::new(), end, place: self.place.clone() });
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let place = self.place.clone();
        self.begin();
        self.take();
        let mut text = String::new();
        while let Some(letter) = self.take() {
            match letter {
                '\\' if quote == '"' && self.rest.starts_with('"') => text.extend(self.take()),
                letter if letter == quote => return Ok(text),
                letter => text.push(letter),
            }
        }
        Err(Fault::at(&place, format!("the quote {quote} is not closed")).remedy("close it"))
    }

    /// The first word of a line says where the line stands.
    fn begin(&mut self) {
        if self.words.is_empty() {
            self.began = self.place.clone();
        }
    }

    fn plain(&mut self) -> Result<(), Fault> {
        self.begin();
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "{" => self.end_line(End::Open),
            "}" => self.end_line(End::Close),
            _ => match word.strip_prefix("<<").filter(|mark| is_mark(mark) && at_line_end(self.rest)) {
                Some(mark) => {
                    let text = self.heredoc(mark)?;
                    self.add(text);
                }
                None => self.add(word.replace("\\\"", "\"").replace("\\{", "{").replace("\\}", "}")),
            },
        }
        Ok(())
    }

    /// The lines up to the one that begins with the mark, less the mark's own indent.
    fn heredoc(&mut self, mark: &str) -> Result<String, Fault> {
        let place = self.place.clone();
        while self.take().is_some_and(|letter| letter != '\n') {}
        let mut lines: Vec<&str> = Vec::new();
        loop {
            if self.rest.is_empty() {
                return Err(Fault::at(&place, format!("the text behind <<{mark} does not end"))
                    .remedy(format!("put {mark} on a line of its own")));
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            let line = &self.rest[..end];
            let inner = line.trim_start();
            let is_last = inner
                .strip_prefix(mark)
                .is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace));
            if is_last {
                let indent = &line[..line.len() - inner.len()];
                self.rest = &self.rest[indent.len() + mark.len()..];
                let lines: Vec<&str> =
                    lines.iter().map(|line| line.strip_prefix(indent).unwrap_or(line)).collect();
                return Ok(lines.join("\n"));
            }
            lines.push(line.trim_end_matches('\r'));
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            self.place.line += 1;
        }
    }
}

fn is_mark(mark: &str) -> bool {
    !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn at_line_end(rest: &str) -> bool {
    rest.trim_start_matches(['\r', ' ', '\t']).starts_with('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_caddy_parts_them() {
        let text = "a \"b c\" `d \"e\"` x#y # no\n respond <<X\n  one\n    two\n  X 200\n{\n}\nlong \\\n  line {\n}\na.com,\nb.com {\n}\n";
        let lines = lines("f", text).expect("it is read");
        let shown: Vec<String> = lines
            .iter()
            .map(|line| format!("{} {} {:?}", line.place.line, line.words.join("|"), line.end))
            .collect();
        assert_eq!(
            shown,
            [
                "1 a|b c|d \"e\"|x#y Plain",
                "2 respond|one\n  two|200 Plain",
                "6  Open",
                "7  Close",
                "8 long|line Open",
                "10  Close",
                "11 a.com,|b.com Open",
                "13  Close",
            ]
        );
    }
}

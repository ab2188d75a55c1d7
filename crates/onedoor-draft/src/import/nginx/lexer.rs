//! The words of an nginx configuration: what is quoted, what ends a directive, what is a comment.
//!
//! As nginx reads them: a brace or semicolon ends a plain word, a backslash takes the next letter, `${name}` is part
//! of its word. Nothing is understood yet.

use crate::import::fault::Fault;
use crate::import::finding::Place;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
}

pub(super) struct Lexer<'t> {
    rest: &'t str,
    place: Place,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(name: &str, text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest: text, place: Place { file: name.into(), line: 1 } }
    }

    /// Where the next token is looked for.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The next token and where it begins; None at the end.
    pub(super) fn token(&mut self) -> Result<Option<(Token, Place)>, Fault> {
        self.skip_blanks();
        let place = self.place();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let token = match first {
            ';' => self.only(Token::Semicolon),
            '{' => self.only(Token::Open),
            '}' => self.only(Token::Close),
            '"' | '\'' => self.quoted(first, &place)?,
            _ => self.plain(),
        };
        Ok(Some((token, place)))
    }

    /// Skips foreign code up to the brace that closes the one just read.
    pub(super) fn skip_block(&mut self) -> Result<(), Fault> {
        let place = self.place();
        let mut depth = 1_usize;
        while let Some(letter) = self.take() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(Fault::at(&place, "this block is not closed").remedy("add a `}`"))
    }

    fn only(&mut self, token: Token) -> Token {
        self.take();
        token
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        if letter == '\n' {
            self.place.line += 1;
        }
        Some(letter)
    }

    fn skip_blanks(&mut self) {
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                }
                letter if letter.is_ascii_whitespace() => {
                    self.take();
                }
                _ => return,
            }
        }
    }

    fn quoted(&mut self, quote: char, place: &Place) -> Result<Token, Fault> {
        self.take();
        let mut text = String::new();
        while let Some(letter) = self.take() {
            match letter {
                '\\' => match self.take() {
                    Some(letter) => text.extend(escaped(letter)),
                    None => break,
                },
                letter if letter == quote => return Ok(Token::Word(text)),
                letter => text.push(letter),
            }
        }
        Err(Fault::at(place, format!("the quote {quote} is not closed")).remedy("close it"))
    }

    fn plain(&mut self) -> Token {
        let mut text = String::new();
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                ';' => break,
                '{' if !text.ends_with('$') => break,
                letter if letter.is_ascii_whitespace() => break,
                '\\' => {
                    self.take();
                    if let Some(letter) = self.take() {
                        text.extend(escaped(letter));
                    }
                }
                letter => {
                    self.take();
                    text.push(letter);
                }
            }
        }
        Token::Word(text)
    }
}

/// What nginx makes of a backslash and a letter; before others it stays, as regexes need it.
fn escaped(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'n' => ('\n', None),
        't' => ('\t', None),
        'r' => ('\r', None),
        '"' | '\'' | '\\' => (letter, None),
        _ => ('\\', Some(letter)),
    };
    [first].into_iter().chain(second)
}

//! How a TOML file is laid out: the same keys, values, comments and order, with other blanks. Text → text.
//!
//! It reads the tokens of the parser's own lexer and writes each of them down again; only what stands between them
//! changes. Nothing the author set by hand is taken out of a value: blanks are put in where none are, so columns stay.

use std::path::Path;

use toml_parser::Source as Lexed;
use toml_parser::lexer::TokenKind;

use super::error::ConfigErrors;
use super::source::Source;
use super::{load, written};

/// A file's text, and the same laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Layout {
    /// The error is why it cannot be read, or why it is no TOML.
    pub(crate) fn of_file(path: &Path) -> Result<Self, ConfigErrors> {
        let name = path.to_string_lossy();
        let text =
            load::read(path).map_err(|error| ConfigErrors::new(&Source::new(&name, ""), vec![error]))?;
        Self::of_text(&name, text)
    }

    pub(crate) fn of_text(name: &str, text: String) -> Result<Self, ConfigErrors> {
        let source = Source::new(name, &text);
        let mut errors = Vec::new();
        for file in source.files() {
            written::read(file, &source, &mut errors);
        }
        if !errors.is_empty() {
            return Err(ConfigErrors::new(&source, errors));
        }
        let after = lay_out(&text);
        Ok(Self { before: text, after })
    }

    pub(crate) fn is_as_it_was(&self) -> bool {
        self.before == self.after
    }
}

/// A token and how it is spelt.
#[derive(Clone, Copy, Debug)]
struct Word<'t> {
    kind: TokenKind,
    text: &'t str,
}

/// What begins on a line of its own.
#[derive(Debug)]
enum Statement {
    Blank,
    /// A comment that has the line for itself.
    Comment(String),
    Header {
        table: String,
        shown: String,
    },
    Entry {
        key: String,
        value: String,
    },
}

/// What `text` says, laid out. It must be TOML.
fn lay_out(text: &str) -> String {
    let statements: Vec<Statement> = split(text).iter().map(|words| read(words)).collect();
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let (mut is_aligned, mut blank_is_due) = (false, false);
    let mut rest = &statements[..];
    while let Some(first) = rest.first() {
        // Entries of a section whose values are one line each stand in one column, as long as nothing comes between.
        let block =
            if is_aligned { rest.iter().take_while(|next| one_line_key(next).is_some()).count() } else { 0 };
        let (now, later) = rest.split_at(block.max(1));
        rest = later;
        if matches!(first, Statement::Blank) {
            blank_is_due = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut blank_is_due) {
            out.push('\n');
        }
        if let Statement::Header { table, .. } = first {
            is_aligned = lists_entries(table);
        }
        let width = now.iter().filter_map(one_line_key).map(width).max().filter(|_| block > 0).unwrap_or(0);
        for statement in now {
            write(statement, width, &mut out);
            out.push('\n');
        }
    }
    out
}

fn write(statement: &Statement, column: usize, out: &mut String) {
    match statement {
        Statement::Blank => {}
        Statement::Comment(text) => out.push_str(text),
        Statement::Header { shown, .. } => out.push_str(shown),
        Statement::Entry { key, value } => {
            out.push_str(key);
            out.extend(std::iter::repeat_n(' ', column.saturating_sub(width(key))));
            out.push_str(" = ");
            out.push_str(value);
        }
    }
}

/// The key of an entry that is one line.
fn one_line_key(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Entry { key, value } if !value.contains('\n') => Some(key),
        _ => None,
    }
}

fn width(key: &str) -> usize {
    key.chars().count()
}

/// Tables with an app, a job or a route on each line.
fn lists_entries(table: &str) -> bool {
    let path: Vec<&str> = table.split('.').collect();
    matches!(path[..], ["apps" | "jobs" | "routes"] | ["profile", _, "apps" | "jobs" | "routes"])
}

/// The words of each statement, without the line's end. Lines within brackets belong to what opened them.
fn split(text: &str) -> Vec<Vec<Word<'_>>> {
    let mut statements = vec![Vec::new()];
    let mut depth = 0_usize;
    for token in Lexed::new(text).lex() {
        let kind = token.kind();
        match kind {
            TokenKind::Newline if depth == 0 => {
                statements.push(Vec::new());
                continue;
            }
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => depth += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => depth = depth.saturating_sub(1),
            _ => {}
        }
        let text = text.get(token.span().start()..token.span().end()).unwrap_or("");
        if let Some(statement) = statements.last_mut().filter(|_| kind != TokenKind::Eof) {
            statement.push(Word { kind, text });
        }
    }
    statements
}

fn read(words: &[Word<'_>]) -> Statement {
    let start = words.iter().position(|word| word.kind != TokenKind::Whitespace).unwrap_or(words.len());
    let words = words.get(start..).unwrap_or(&[]);
    let Some(first) = words.first() else { return Statement::Blank };
    let end_of_name = match first.kind {
        TokenKind::Comment => return Statement::Comment(without_trailing(first.text).to_owned()),
        TokenKind::LeftSquareBracket => words.iter().position(|word| word.kind == TokenKind::Comment),
        _ => words.iter().position(|word| word.kind == TokenKind::Equals),
    };
    let (name, after) = words.split_at(end_of_name.unwrap_or(words.len()));
    let is_name = |word: &&Word<'_>| word.kind != TokenKind::Whitespace;
    let shown: String = name.iter().filter(is_name).map(|word| word.text).collect();
    if first.kind != TokenKind::LeftSquareBracket {
        return Statement::Entry { key: shown, value: spaced(after.get(1..).unwrap_or(&[])) };
    }
    let table =
        shown.strip_prefix('[').and_then(|shown| shown.strip_suffix(']')).unwrap_or(&shown).to_owned();
    // The author's distance to a comment is kept.
    let tail = name.iter().rposition(|word| is_name(&word)).map_or(0, |last| last + 1);
    let comment = spaced_behind(words.get(tail..).unwrap_or(&[]));
    Statement::Header { table, shown: shown + &comment }
}

/// A value and the comment behind it.
fn spaced(words: &[Word<'_>]) -> String {
    let start = words.iter().position(|word| word.kind != TokenKind::Whitespace).unwrap_or(words.len());
    spaced_behind(words.get(start..).unwrap_or(&[])).trim_start_matches([' ', '\t']).to_owned()
}

/// The words with a blank where one is missing, and none at the end of a line.
fn spaced_behind(words: &[Word<'_>]) -> String {
    let mut out = String::new();
    let mut before = None;
    for word in words {
        match word.kind {
            TokenKind::Newline => {
                out.truncate(without_trailing(&out).len());
                out.push('\n');
            }
            TokenKind::Comment => {
                if !out.ends_with([' ', '\t', '\n']) {
                    out.push(' ');
                }
                out.push_str(without_trailing(word.text));
            }
            kind => {
                if before.is_some_and(|before| needs_blank(before, kind)) {
                    out.push(' ');
                }
                out.push_str(word.text);
            }
        }
        before = Some(word.kind);
    }
    out.truncate(without_trailing(&out).len());
    out
}

/// `{ a = 1, b = [1, 2] }`
fn needs_blank(before: TokenKind, after: TokenKind) -> bool {
    use TokenKind::{
        Comma, Equals, LeftCurlyBracket, Newline, RightCurlyBracket, RightSquareBracket, Whitespace,
    };
    if matches!(before, Whitespace | Newline) || matches!(after, Whitespace | Comma) {
        return false;
    }
    match (before, after) {
        (Comma, RightSquareBracket) | (LeftCurlyBracket, RightCurlyBracket) => false,
        _ => {
            matches!(before, Comma | LeftCurlyBracket | Equals) || matches!(after, RightCurlyBracket | Equals)
        }
    }
}

fn without_trailing(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\r'])
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;

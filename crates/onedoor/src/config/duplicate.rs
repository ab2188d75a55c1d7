//! The same key twice: where the first is, and what would make one of the two. Only proposes.

use toml::de::Error;

use super::error::{Code, ConfigError};
use super::fix::{Edit, Fix};
use super::remedy;
use super::source::{File, Source, Span};
use super::written::{Table, Written};

/// What the parser calls it.
pub(super) fn is_one(error: &Error) -> bool {
    error.message() == "duplicate key"
}

pub(super) fn key(error: &Error, (file, source): (&File, &Source), document: &Table) -> ConfigError {
    let span = file.span(error.span().unwrap_or_default());
    if let Some(again) = Header::at(file, span) {
        return again.error(file, span);
    }
    let fact = format!("the key {} is given twice", source.slice(span));
    let error =
        ConfigError::new(Code::DuplicateKey, span, fact).remedy(remedy::of_duplicate(source.slice(span)));
    let Some(first) = first_of(span, (file, source), document) else { return error };
    let line = |span: Span| source.line(span).trim();
    let error = error.also(first, "the first");
    // Twice the very same line: one is enough.
    if line(first) == line(span) && source.line(span).trim_start().starts_with(source.slice(span)) {
        let local = file.local(span).start;
        let start = file.text.get(..local).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let end = line_end(&file.text, start);
        return error.fix(Fix::replace(file.span(start..end), ""));
    }
    error
}

/// The parser does not say where the first of two equal keys is: the last before it that is spelt the same and stands
/// like it, at the beginning of a line or within one.
fn first_of(second: Span, (file, source): (&File, &Source), document: &Table) -> Option<Span> {
    let begins_line = |span: Span| {
        let before = file.text.get(..file.local(span).start).unwrap_or("");
        before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty() || line.trim() == "[")
    };
    let mut keys = Vec::new();
    collect_keys(document, &mut keys);
    let is_like = |key: &Span| {
        key.start < second.start
            && source.slice(*key) == source.slice(second)
            && begins_line(*key) == begins_line(second)
    };
    keys.into_iter().filter(is_like).max()
}

fn collect_keys(table: &Table, keys: &mut Vec<Span>) {
    for (key, value) in table {
        keys.push(key.span);
        collect_keys_in(&value.value, keys);
    }
}

fn collect_keys_in(value: &Written, keys: &mut Vec<Span>) {
    match value {
        Written::Table(table) => collect_keys(table, keys),
        Written::List(items) => items.iter().for_each(|item| collect_keys_in(&item.value, keys)),
        Written::Text(_)
        | Written::Integer(_)
        | Written::Float(_)
        | Written::Bool(_)
        | Written::Time(_)
        | Written::Null => {}
    }
}

/// A header that opens a table again: `[apps]`, and `[apps]` further down.
struct Header<'f> {
    name: &'f str,
    start: usize,
}

impl<'f> Header<'f> {
    fn at(file: &'f File, span: Span) -> Option<Self> {
        let at = file.local(span).start;
        let start = file.text.get(..at)?.rfind('\n').map_or(0, |at| at + 1);
        let name = header_name(file.text.get(start..)?.lines().next()?)?;
        Some(Self { name, start })
    }

    fn error(&self, file: &File, span: Span) -> ConfigError {
        let Self { name, start } = *self;
        let fact = format!("the table [{name}] is opened twice");
        let error = ConfigError::new(Code::DuplicateKey, span, fact).remedy("put it all below the first");
        let text = &*file.text;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if at >= start {
                break;
            }
            if header_name(line) == Some(name) {
                let opening = line.len() - line.trim_start().len();
                let first = file.span(at + opening..at + line.trim_end().len());
                return error.also(first, "the first").fix(self.moved(file, at));
            }
            at += line.len();
        }
        error
    }

    /// Its lines put below those of the first.
    fn moved(&self, file: &File, first: usize) -> Option<Fix> {
        let text = &*file.text;
        let body = line_end(text, self.start);
        let lines = text.get(body..end_of_table(text, body))?;
        // The empty lines and the comments behind them belong to what follows.
        let own = lines
            .trim_end()
            .rsplit_once("\n\n")
            .filter(|(_, last)| is_comments(last))
            .map_or(lines, |(own, _)| own);
        let lines = own.trim_end();
        let end = line_end(text, body + lines.len());
        let into = end_of_table(text, line_end(text, first));
        if into >= self.start {
            return Some(Fix::replace(file.span(self.start..body), ""));
        }
        // Before the empty lines, and the comments, that belong to what follows.
        let into = text.get(..into)?.trim_end().len();
        let gone = Edit { span: file.span(self.start..end), text: String::new() };
        let put = Edit { span: file.span(into..into), text: format!("\n{lines}") };
        Some(Fix::of(vec![put, gone]))
    }
}

fn is_comments(lines: &str) -> bool {
    lines.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// `apps.web` of `[apps.web]  # …`
fn header_name(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('[')?;
    let (name, after) = inside.split_once(']')?;
    let after = after.trim();
    let is_header = !name.starts_with('[') && (after.is_empty() || after.starts_with('#'));
    is_header.then_some(name.trim())
}

fn line_end(text: &str, from: usize) -> usize {
    text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at + 1)
}

/// Where the next header begins.
fn end_of_table(text: &str, from: usize) -> usize {
    let mut at = from;
    for line in text.get(from..).unwrap_or("").split_inclusive('\n') {
        if line.trim_start().starts_with('[') && header_name(line).is_some() {
            break;
        }
        at += line.len();
    }
    at
}

//! TOML → the tree. The parser goes on behind a mistake, so all of them are found.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Integer, Table, Written};
use crate::config::error::{Code, ConfigError};
use crate::config::remedy;
use crate::config::source::{File, Located, Source, Span};

pub(super) fn read(file: &File, source: &Source, errors: &mut Vec<ConfigError>) -> Table {
    let (document, syntax) = DeTable::parse_recoverable(&file.text);
    let table = table(document.get_ref(), file);
    errors.extend(syntax.iter().map(|error| mistake(error, (file, source), &table)));
    table
}

fn table(table: &DeTable<'_>, file: &File) -> Table {
    let pair = |(key, value): (&Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (Located::new(name.clone().into_owned(), file.span(key.span())), located(value, file))
    };
    let mut written: Vec<_> = table.iter().map(pair).collect();
    // The parser sorts keys by name; the operator's order is that of the spans.
    written.sort_by_key(|(key, _)| key.span);
    written
}

fn located(value: &Spanned<DeValue<'_>>, file: &File) -> Located<Written> {
    let written = match value.get_ref() {
        DeValue::String(text) => Written::Text(text.clone().into_owned()),
        DeValue::Integer(number) => Written::Integer(Integer {
            spelt: number.to_string(),
            value: i64::from_str_radix(number.as_str(), number.radix()).ok(),
        }),
        DeValue::Float(number) => Written::Float(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Written::Bool(*flag),
        DeValue::Datetime(time) => Written::Time(time.to_string()),
        DeValue::Array(items) => Written::List(items.iter().map(|item| located(item, file)).collect()),
        DeValue::Table(below) => Written::Table(table(below, file)),
    };
    Located::new(written, file.span(value.span()))
}

fn mistake(error: &toml::de::Error, (file, source): (&File, &Source), table: &Table) -> ConfigError {
    let span = file.span(error.span().unwrap_or_default());
    if error.message() != "duplicate key" {
        let fact = format!("not TOML: {}", error.message());
        let found = ConfigError::new(Code::Syntax, span, fact);
        return match remedy::of_syntax(error.message(), source.line(span), source.slice(span)) {
            Some(remedy) => found.remedy(remedy),
            None => found,
        };
    }
    let fact = format!("the key {} is given twice", source.slice(span));
    let error = ConfigError::new(Code::DuplicateKey, span, fact);
    let error = match first_of(span, (file, source), table) {
        Some(first) => error.also(first, "the first"),
        None => error,
    };
    error.remedy(remedy::of_duplicate(source.slice(span)))
}

/// The parser does not say where the first of two equal keys is: the last before it that is spelt the same and stands
/// like it, at the beginning of a line or within one.
fn first_of(second: Span, (file, source): (&File, &Source), table: &Table) -> Option<Span> {
    let begins_line = |span: Span| {
        let before = file.text.get(..file.local(span).start).unwrap_or("");
        before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty() || line.trim() == "[")
    };
    let mut keys = Vec::new();
    collect_keys(table, &mut keys);
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

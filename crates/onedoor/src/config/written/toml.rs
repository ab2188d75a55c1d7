//! TOML → the tree. The parser goes on behind a mistake, so all of them are found.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Integer, Table, Written};
use crate::config::error::ConfigError;
use crate::config::source::{File, Located, Source};
use crate::config::{duplicate, syntax};

pub(super) fn read(file: &File, source: &Source, errors: &mut Vec<ConfigError>) -> Table {
    let (document, syntax) = DeTable::parse_recoverable(&file.text);
    let table = table(document.get_ref(), file);
    let (twice, broken): (Vec<_>, Vec<_>) = syntax.iter().partition(|error| duplicate::is_one(error));
    errors.extend(twice.iter().map(|error| duplicate::key(error, (file, source), &table)));
    errors.extend(syntax::explain(file, &broken));
    table
}

fn table(table: &DeTable<'_>, file: &File) -> Table {
    let pair = |(key, value): (&Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (Located::new(name.clone().into_owned(), file.span(key.span())), located(value, file))
    };
    let mut written: Vec<_> = table.iter().map(pair).collect();
    // The parser sorts keys by name; the operator's order is that of the spans.
    sorted::by_key(&mut written, |(key, _)| key.span);
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

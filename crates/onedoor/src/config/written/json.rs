//! JSON → the tree, strictly: no comments, no trailing commas, no key twice. The parser ends at the first mistake.

use std::collections::BTreeMap;

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged as _};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Integer, Table, Written};
use crate::config::error::{Code, ConfigError};
use crate::config::remedy as proposed;
use crate::config::source::{File, Located, Span};

/// How editors find the schema; nothing of ours.
const SCHEMA: &str = "$schema";

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn read(file: &File, errors: &mut Vec<ConfigError>) -> Table {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let skipped = file.text.len() - text.len();
    let reader = &mut Reader { file, skipped, errors };
    match parse_to_ast(text, &CollectOptions::default(), &STRICT).map(|parsed| parsed.value) {
        Ok(Some(Value::Object(object))) => {
            let mut table = reader.table(object);
            table.retain(|(key, _)| key.value != SCHEMA);
            table
        }
        Ok(other) => {
            let span = other.map_or_else(Span::default, |value| reader.span(value.range()));
            let error = ConfigError::new(Code::Syntax, span, "a configuration in JSON is an object");
            reader
                .errors
                .push(error.remedy("the smallest one: { \"apps\": { \"web\": \"uvicorn main:app\" } }"));
            Table::new()
        }
        Err(error) => {
            let error = reader.mistake(&error, text);
            reader.errors.push(error);
            Table::new()
        }
    }
}

struct Reader<'a> {
    file: &'a File,
    /// Bytes in front of what the parser sees.
    skipped: usize,
    errors: &'a mut Vec<ConfigError>,
}

impl Reader<'_> {
    fn span(&self, range: Range) -> Span {
        self.file.span(range.start + self.skipped..range.end + self.skipped)
    }

    fn table(&mut self, object: Object<'_>) -> Table {
        let mut firsts: BTreeMap<String, Span> = BTreeMap::new();
        let mut table = Table::new();
        for ObjectProp { name, value, .. } in object.properties {
            let span = self.span(name.range());
            let name = name.into_string();
            if let Some(first) = firsts.get(&name) {
                let fact = format!("the key \"{name}\" is given twice");
                let error = ConfigError::new(Code::DuplicateKey, span, fact);
                self.errors.push(error.also(*first, "the first").remedy(proposed::of_duplicate(&name)));
                continue;
            }
            firsts.insert(name.clone(), span);
            let value = self.located(value);
            table.push((Located::new(name, span), value));
        }
        table
    }

    fn located(&mut self, value: Value<'_>) -> Located<Written> {
        let span = self.span(value.range());
        let written = match value {
            Value::StringLit(text) => Written::Text(text.value.into_owned()),
            Value::NumberLit(number) if number.value.contains(['.', 'e', 'E']) => {
                Written::Float(number.value.to_owned())
            }
            Value::NumberLit(number) => {
                Written::Integer(Integer { spelt: number.value.to_owned(), value: number.value.parse().ok() })
            }
            Value::BooleanLit(flag) => Written::Bool(flag.value),
            Value::NullKeyword(_) => Written::Null,
            Value::Array(Array { elements, .. }) => {
                Written::List(elements.into_iter().map(|element| self.located(element)).collect())
            }
            Value::Object(object) => Written::Table(self.table(object)),
        };
        Located::new(written, span)
    }

    fn mistake(&self, error: &ParseError, text: &str) -> ConfigError {
        let said = error.kind().to_string();
        let mut letters = said.chars();
        let said = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters);
        let fact = format!("not JSON: {}", said.collect::<String>());
        let found = ConfigError::new(Code::Syntax, self.span(error.range()), fact);
        match remedy(error.kind(), text) {
            Some(remedy) => found.remedy(remedy),
            None => found,
        }
    }
}

fn remedy(kind: &ParseErrorKind, text: &str) -> Option<&'static str> {
    match kind {
        _ if !text.trim_start().starts_with(['{', '/']) => Some(
            "a file that ends in .json begins with `{`; one in TOML has another name, such as onedoor.toml",
        ),
        ParseErrorKind::CommentsNotAllowed => {
            Some("JSON has no comments: take it out, keep it in a key that starts with x-, or write TOML")
        }
        ParseErrorKind::TrailingCommasNotAllowed => Some("take out the comma before the bracket"),
        ParseErrorKind::ExpectedComma => Some("put a comma before it"),
        ParseErrorKind::SingleQuotedStringsNotAllowed => Some("JSON's quotes are double: \"...\""),
        ParseErrorKind::ExpectedStringObjectProperty | ParseErrorKind::UnexpectedWord => {
            Some("put it in double quotes")
        }
        _ => None,
    }
}

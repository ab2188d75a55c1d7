//! What stands in brackets: texts, numbers, or tables of one shape. Every item has its place, and a mistake in one is
//! said there.

use super::super::catalogue::{self, Kind, Row};
use super::super::error::{Code, ConfigError};
use super::super::fix::quoted;
use super::super::named_list;
use super::super::remedy::{self, Proposal};
use super::super::section::Value;
use super::super::source::{Located, Span};
use super::super::written::Written;
use super::{Reader, proposing};

pub(super) fn is_taken(row: &Row) -> bool {
    let is_list = |kind: &Kind| {
        matches!(kind, Kind::TextList | Kind::Command | Kind::Commands | Kind::IntList { .. } | Kind::Tables)
    };
    row.kinds.iter().any(is_list)
}

/// Of the numbers that a list of this row holds.
pub(super) fn bounds(row: &Row) -> Option<(i64, i64)> {
    row.kinds.iter().find_map(|kind| match *kind {
        Kind::IntList { min, max } => Some((min, max)),
        _ => None,
    })
}

impl Reader<'_> {
    /// Only for a row that takes one.
    pub(super) fn list(
        &mut self,
        row: &'static Row,
        shown: &str,
        items: &[Located<Written>],
        span: Span,
    ) -> Option<Value> {
        match bounds(row) {
            Some(bounds) => self.ints(items, bounds),
            None if row.kinds.contains(&Kind::Tables) => self.tables(row, shown, items, span),
            None => self.texts(row, shown, items),
        }
    }

    /// What is no table is said and left out.
    fn tables(
        &mut self,
        row: &'static Row,
        shown: &str,
        items: &[Located<Written>],
        span: Span,
    ) -> Option<Value> {
        if items.is_empty() {
            let error = ConfigError::new(Code::BadValue, span, format!("{shown} is an empty list"));
            self.errors.push(error.remedy("put a table into it, or take the key out"));
            return None;
        }
        let mut tables = Vec::with_capacity(items.len());
        for Located { value, span } in items {
            if let Written::Table(table) = value {
                tables.push(Located::new(self.section(catalogue::shape(row), shown, table), *span));
                continue;
            }
            let fact = format!("{shown} is a list of tables, and this is {}", value.describe());
            let error = ConfigError::new(Code::WrongType, *span, fact);
            let proposal = match value {
                Written::Text(text) => remedy::of_text(row, text),
                Written::List(_) => Some(Proposal::only("one list holds all of them: [{ ... }, { ... }]")),
                other => remedy::of_value(row, other, self.source.slice(*span)),
            };
            self.errors.push(proposing(error, *span, proposal));
        }
        Some(Value::Tables(tables))
    }

    fn texts(&mut self, row: &Row, shown: &str, items: &[Located<Written>]) -> Option<Value> {
        let literal = row.kinds.iter().any(|kind| matches!(kind, Kind::Command | Kind::Commands));
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            let span = item.span;
            let text = match &item.value {
                Written::Text(text) if literal => Some(text.clone()),
                Written::Text(text) => self.interpolated(text, span),
                other => {
                    let fact = format!("{shown} is a list of strings, and this is {}", other.describe());
                    let error = ConfigError::new(Code::WrongType, span, fact);
                    self.errors.push(match other {
                        Written::Table(_) if row.kinds.contains(&Kind::Table) => {
                            let error =
                                error.remedy(format!("in single brackets it is one table: [{shown}]"));
                            error.fix(named_list::of_one(items, self.source))
                        }
                        Written::List(_) | Written::Table(_) | Written::Null | Written::Text(_) => error,
                        Written::Integer(_) if row.path == "server.listen" => {
                            proposing(error, span, remedy::of_value(row, other, self.source.slice(span)))
                        }
                        Written::Integer(_) | Written::Float(_) | Written::Bool(_) | Written::Time(_) => {
                            let text = quoted(self.source.slice(span));
                            error.remedy(format!("in quotes: {text}")).replace(span, text)
                        }
                    });
                    None
                }
            };
            texts.extend(text.map(|text| Located::new(text, span)));
        }
        (texts.len() == items.len()).then_some(Value::List(texts))
    }

    fn ints(&mut self, items: &[Located<Written>], (min, max): (i64, i64)) -> Option<Value> {
        let mut numbers = Vec::with_capacity(items.len());
        for item in items {
            let span = item.span;
            let number = match &item.value {
                Written::Integer(number) => number.value,
                // A number can only come from a variable as text.
                Written::Text(text) if self.source.slice(span).contains("${") => {
                    self.interpolated(text, span)?.parse().ok()
                }
                Written::Text(_)
                | Written::Float(_)
                | Written::Bool(_)
                | Written::Time(_)
                | Written::Null
                | Written::List(_)
                | Written::Table(_) => None,
            };
            match number.filter(|number| (min..=max).contains(number)) {
                Some(number) => numbers.push(Located::new(number, span)),
                None => {
                    let fact = format!("{} is no whole number from {min} to {max}", self.source.slice(span));
                    let error = ConfigError::new(Code::BadValue, span, fact);
                    let unquoted = match &item.value {
                        Written::Text(text) => text.parse::<i64>().ok(),
                        _ => None,
                    };
                    self.errors.push(match unquoted.filter(|number| (min..=max).contains(number)) {
                        Some(number) => error
                            .remedy(format!("without the quotes: {number}"))
                            .replace(span, number.to_string()),
                        None => error,
                    });
                }
            }
        }
        (numbers.len() == items.len()).then_some(Value::Ints(numbers))
    }
}

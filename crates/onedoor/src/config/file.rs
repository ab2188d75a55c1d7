//! One file: what is written in it → sections of checked values, every one with its place.
//!
//! Walks the document against the catalogue and reports every unknown key, wrong type, bad word and unset variable at
//! once. Knows nothing of what the values mean together: that is `resolve`.

mod list;

use serde_json::Value as Json;

use super::catalogue::{self, Kind, Row, Status};
use super::env::Env;
use super::error::{Code, ConfigError};
use super::fix::{Fix, quoted};
use super::interpolate::{Piece, interpolate, pieces};
use super::remedy::Proposal;
use super::section::{Entry, Node, Origin, Section, Value};
use super::source::{File, Located, Source, Span};
use super::unknown::Stray;
use super::written::{self, Integer, Table, Written};
use super::{byte_size, duration, named_list, remedy, suggest};

/// One file of `source`, whole; what could not be understood is missing from it and said in `errors`.
pub(super) fn read(file: &File, source: &Source, env: &Env, errors: &mut Vec<ConfigError>) -> Section {
    let (mut found, mut decoded) = (Vec::new(), Vec::new());
    let table = written::read(file, source, &mut found);
    let mut reader = Reader { source, document: &table, env, errors: &mut decoded, unset: Vec::new() };
    let section = reader.section("", "", &table);
    // Behind a broken place the parser guesses which table it is in; what is said about keys there may be false.
    let broken = found.iter().filter(|error| error.code == Code::Syntax).map(ConfigError::position).min();
    // And what it makes up for what it cannot read has no place.
    let is_sure = |error: &ConfigError| {
        broken.is_none_or(|broken| (file.base + 1..broken.start).contains(&error.position().start))
    };
    found.extend(decoded.into_iter().filter(is_sure));
    errors.append(&mut found);
    section
}

struct Reader<'a> {
    source: &'a Source,
    document: &'a Table,
    env: &'a Env,
    errors: &'a mut Vec<ConfigError>,
    /// The variables that the value at hand lacks.
    unset: Vec<ConfigError>,
}

impl Reader<'_> {
    /// `pattern` is the table's path in the catalogue, `shown` its path in this file.
    fn section(&mut self, pattern: &str, shown: &str, table: &Table) -> Section {
        let mut entries = Vec::new();
        for (key, value) in table {
            let name = key.value.as_str();
            if name.starts_with("x-") {
                continue;
            }
            let place = key.span;
            let Some(row) = catalogue::child(pattern, name) else {
                let stray = Stray { pattern, shown, name, key: place, value, document: self.document };
                self.errors.push(stray.error(self.source));
                entries.push(Entry::new(Located::new(name.to_owned(), place), None));
                continue;
            };
            let shown = below(shown, name);
            let node = match row.status {
                Status::Supported => self.value(row, &shown, value),
                Status::NotYet => {
                    self.errors.push(not_yet(&format!("`{shown}`"), place));
                    None
                }
            };
            entries.push(Entry::new(Located::new(name.to_owned(), place), node));
        }
        Section { pattern: pattern.to_owned(), origin: Origin::Table, entries }
    }

    fn value(&mut self, row: &'static Row, shown: &str, value: &Located<Written>) -> Option<Node> {
        let span = value.span;
        let decoded = self.decoded(row, shown, value);
        // Whether they are missed is known when the layers have been merged.
        let unset = std::mem::take(&mut self.unset);
        let value = if unset.is_empty() { decoded? } else { Value::Unset(unset) };
        Some(Node { span, value })
    }

    fn decoded(&mut self, row: &'static Row, shown: &str, value: &Located<Written>) -> Option<Value> {
        let span = value.span;
        match &value.value {
            Written::Text(text) => self.string(row, shown, text, span),
            Written::Integer(number) => self.integer(row, shown, number, span),
            Written::Float(number) if number_kind(row).is_some() => self.float(row, shown, number, span),
            Written::Bool(flag) if row.kinds.contains(&Kind::Bool) => Some(Value::Bool(*flag)),
            Written::List(items) if list::is_taken(row) => self.list(row, shown, items, span),
            Written::Table(table) if row.kinds.contains(&Kind::Table) => {
                Some(Value::Table(self.section(catalogue::shape(row), shown, table)))
            }
            Written::Table(table)
                if row
                    .kinds
                    .iter()
                    .any(|kind| matches!(kind, Kind::TextMap | Kind::LiteralMap | Kind::EnvMap)) =>
            {
                Some(Value::Table(self.text_map(row, shown, table)))
            }
            other if row.kinds.contains(&Kind::Json) => self.json(other, span).map(Value::Json),
            other => {
                let error = wrong_type(row, shown, other, Located::new(self.source.slice(span), span));
                let by_name = match other {
                    Written::List(items) => named_list::by_name(row, items, span, self.source)
                        .or_else(|| named_list::of_one(items, self.source)),
                    _ => None,
                };
                self.errors.push(error.fix(by_name));
                None
            }
        }
    }

    fn string(&mut self, row: &'static Row, shown: &str, text: &str, span: Span) -> Option<Value> {
        if row.kinds.iter().any(|kind| matches!(kind, Kind::Command | Kind::Commands)) {
            return Some(Value::Text(text.to_owned()));
        }
        let text = self.interpolated(text, span)?;
        let from_variable = self.source.slice(span).contains("${");
        for kind in row.kinds {
            let value = match *kind {
                Kind::Text => Some(Value::Text(text.clone())),
                Kind::Duration => duration::parse(&text).map(Value::Duration),
                Kind::Size => byte_size::parse(&text).map(Value::Size),
                Kind::Word { now, .. } => now.contains(&text.as_str()).then(|| Value::Text(text.clone())),
                Kind::Json => Some(Value::Json(Json::String(text.clone()))),
                // A number or a flag can only come from a variable as text.
                Kind::Int { min, max } if from_variable => {
                    text.parse().ok().filter(|number| (min..=max).contains(number)).map(Value::Int)
                }
                Kind::Thousandths { min, max } if from_variable => {
                    thousandths(&text).filter(|number| (min..=max).contains(number)).map(Value::Thousandths)
                }
                Kind::Bool if from_variable => text.parse().ok().map(Value::Bool),
                Kind::Int { .. }
                | Kind::Thousandths { .. }
                | Kind::Bool
                | Kind::TextList
                | Kind::IntList { .. }
                | Kind::Command
                | Kind::Commands
                | Kind::TextMap
                | Kind::LiteralMap
                | Kind::EnvMap
                | Kind::Table
                | Kind::Tables => None,
            };
            if value.is_some() {
                return value;
            }
        }
        let error = bad_string(row, shown, &text, span);
        self.errors.push(error);
        None
    }

    fn integer(&mut self, row: &'static Row, shown: &str, number: &Integer, span: Span) -> Option<Value> {
        let Integer { spelt, value: parsed } = number;
        for kind in row.kinds {
            match (*kind, *parsed) {
                (Kind::Int { min, max }, Some(parsed)) if (min..=max).contains(&parsed) => {
                    return Some(Value::Int(parsed));
                }
                (Kind::Thousandths { min, max }, Some(parsed)) => {
                    let parsed = parsed.checked_mul(1000).filter(|number| (min..=max).contains(number));
                    if let Some(parsed) = parsed {
                        return Some(Value::Thousandths(parsed));
                    }
                }
                (Kind::Json, Some(parsed)) => return Some(Value::Json(Json::from(parsed))),
                _ => {}
            }
        }
        let expected = catalogue::describe(row.kinds);
        let mut error =
            ConfigError::new(Code::WrongType, span, format!("{shown} = {spelt} is not {expected}"));
        if row.kinds.iter().any(|kind| matches!(kind, Kind::Int { .. } | Kind::Thousandths { .. })) {
            error.code = Code::BadValue;
        } else if row.kinds.iter().any(|kind| matches!(kind, Kind::Duration | Kind::Size)) {
            error = error.label("without a unit");
        }
        let proposal = remedy::of_value(row, &Written::Integer(number.clone()), self.source.slice(span));
        self.errors.push(proposing(error, span, proposal));
        None
    }

    fn float(&mut self, row: &'static Row, shown: &str, number: &str, span: Span) -> Option<Value> {
        let (min, max) = number_kind(row)?;
        let parsed = thousandths(number).filter(|number| (min..=max).contains(number));
        if parsed.is_none() {
            let expected = catalogue::describe(row.kinds);
            let fact = format!("{shown} = {number} is not {expected}");
            self.errors.push(ConfigError::new(Code::BadValue, span, fact));
        }
        parsed.map(Value::Thousandths)
    }

    /// Names and texts; numbers and flags are taken as they are written. Each can be overridden by itself.
    fn text_map(&mut self, row: &Row, shown: &str, table: &Table) -> Section {
        let mut entries = Vec::with_capacity(table.len());
        for (key, Located { value, span }) in table {
            let span = *span;
            let made = match value {
                Written::Text(text) if row.kinds.contains(&Kind::EnvMap) => {
                    self.pieces(text, span).map(Value::Pieces)
                }
                Written::Text(text) if row.kinds.contains(&Kind::LiteralMap) => {
                    Some(Value::Text(text.clone()))
                }
                Written::Text(text) => self.interpolated(text, span).map(Value::Text),
                Written::Integer(number) => Some(Value::Text(number.spelt.clone())),
                Written::Float(number) => Some(Value::Text(number.clone())),
                Written::Bool(flag) => Some(Value::Text(flag.to_string())),
                other @ (Written::Time(_) | Written::Null | Written::List(_) | Written::Table(_)) => {
                    let fact = format!("{shown}.{} is not a string", key.value);
                    let error = ConfigError::new(Code::WrongType, span, fact);
                    self.errors.push(error.label(format!("this is {}", other.describe())));
                    None
                }
            };
            let unset = std::mem::take(&mut self.unset);
            let value = if unset.is_empty() { made } else { Some(Value::Unset(unset)) };
            entries.push(Entry::new(key.clone(), value.map(|value| Node { span, value })));
        }
        Section { pattern: row.path.to_owned(), origin: Origin::Table, entries }
    }

    fn json(&mut self, value: &Written, span: Span) -> Option<Json> {
        Some(match value {
            Written::Text(text) => Json::String(self.interpolated(text, span)?),
            Written::Integer(number) => Json::from(number.value?),
            // JSON knows neither infinity nor "not a number".
            Written::Float(number) => number.parse::<f64>().ok().map_or(Json::Null, Json::from),
            Written::Bool(flag) => Json::Bool(*flag),
            Written::Time(time) => Json::String(time.clone()),
            Written::Null => Json::Null,
            Written::List(items) => {
                let items = items.iter().map(|item| self.json(&item.value, item.span));
                Json::Array(items.collect::<Option<_>>()?)
            }
            Written::Table(table) => {
                let mut object = serde_json::Map::new();
                for (key, value) in table {
                    object.insert(key.value.clone(), self.json(&value.value, value.span)?);
                }
                Json::Object(object)
            }
        })
    }

    /// The text with its variables filled in. None: one is wrong, and that was said; or it is not set.
    fn interpolated(&mut self, text: &str, span: Span) -> Option<String> {
        let made = interpolate(text, span, self.source, self.env);
        made.map_err(|errors| self.could_not_fill_in(errors)).ok()
    }

    /// The same for a text of `env`.
    fn pieces(&mut self, text: &str, span: Span) -> Option<Vec<Piece>> {
        let made = pieces(text, span, self.source, self.env);
        made.map_err(|errors| self.could_not_fill_in(errors)).ok()
    }

    fn could_not_fill_in(&mut self, errors: Vec<ConfigError>) {
        let (unset, wrong): (Vec<_>, Vec<_>) =
            errors.into_iter().partition(|error| error.code == Code::EnvUnset);
        self.unset.extend(unset);
        self.errors.extend(wrong);
    }
}

/// `apps.web.run`, `routes."/x".proxy`
fn below(shown: &str, name: &str) -> String {
    let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let dot = if shown.is_empty() { "" } else { "." };
    if bare { format!("{shown}{dot}{name}") } else { format!("{shown}{dot}\"{name}\"") }
}

fn number_kind(row: &Row) -> Option<(i64, i64)> {
    row.kinds.iter().find_map(|kind| match *kind {
        Kind::Thousandths { min, max } => Some((min, max)),
        _ => None,
    })
}

/// `1.5` is 1500; more than three decimals are no number here.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return None;
    }
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(part)
}

/// A key or a word of the language that this version cannot do.
fn not_yet(what: &str, place: Span) -> ConfigError {
    ConfigError::new(Code::NotYet, place, format!("{what} is not supported yet"))
        .remedy("take it out; `onedoor docs` lists what this version knows")
}

fn wrong_type(row: &Row, shown: &str, found: &Written, written: Located<&str>) -> ConfigError {
    let fact = format!("{shown} takes {}", catalogue::describe(row.kinds));
    let error = ConfigError::new(Code::WrongType, written.span, fact);
    let error = error.label(format!("this is {}", found.describe()));
    proposing(error, written.span, remedy::of_value(row, found, written.value))
}

fn proposing(error: ConfigError, span: Span, proposal: Option<Proposal>) -> ConfigError {
    let Some(Proposal { sentence, toml }) = proposal else { return error };
    error.remedy(sentence).fix(toml.map(|toml| Fix::replace(span, toml)))
}

fn bad_string(row: &Row, shown: &str, text: &str, span: Span) -> ConfigError {
    let words = row.kinds.iter().filter_map(|kind| match kind {
        Kind::Word { now, later } => Some((*now, *later)),
        _ => None,
    });
    let mut near = None;
    for (now, later) in words {
        if later.contains(&text) {
            return not_yet(&format!("{shown} = \"{text}\""), span);
        }
        near = near.or_else(|| suggest::nearest(text, now.iter().copied()));
    }
    let fact = format!("{shown} = \"{text}\" is not {}", catalogue::describe(row.kinds));
    let mut error = ConfigError::new(Code::BadValue, span, fact);
    if row.kinds.iter().all(|kind| {
        matches!(
            kind,
            Kind::Int { .. }
                | Kind::Thousandths { .. }
                | Kind::Bool
                | Kind::Table
                | Kind::Tables
                | Kind::TextMap
                | Kind::EnvMap
        )
    }) {
        error.code = Code::WrongType;
    }
    if let Some(near) = near {
        return error.remedy(format!("did you mean \"{near}\"?")).replace(span, quoted(near));
    }
    proposing(error, span, remedy::of_text(row, text))
}

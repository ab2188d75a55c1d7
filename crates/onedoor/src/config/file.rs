//! The TOML shape: text → sections of checked values, every one with its place.
//!
//! Walks the document against the catalogue and reports every unknown key, wrong type, bad word and unset variable at
//! once. Knows nothing of what the values mean together: that is `resolve`.

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::catalogue::{self, Kind, Row, Status};
use super::env::Env;
use super::error::{Code, ConfigError};
use super::interpolate::interpolate;
use super::section::{Entry, Node, Origin, Section, Value};
use super::source::{File, Located, Source, Span};
use super::{byte_size, duration, remedy, suggest};

/// One file of `source`, whole; what could not be understood is missing from it and said in `errors`.
pub(super) fn read(file: &File, source: &Source, env: &Env, errors: &mut Vec<ConfigError>) -> Section {
    let (document, syntax) = DeTable::parse_recoverable(&file.text);
    let (mut found, mut decoded) = (Vec::new(), Vec::new());
    let mut reader = Reader { file, source, env, errors: &mut decoded };
    let section = reader.section("", "", document.get_ref());
    found.extend(syntax.iter().map(|error| syntax_error(error, (file, source), document.get_ref())));
    // Behind a broken place the parser guesses which table it is in; what is said about keys there may be false.
    let broken = found.iter().filter(|error| error.code == Code::Syntax).map(ConfigError::position).min();
    found.extend(decoded.into_iter().filter(|error| broken.is_none_or(|broken| error.position() < broken)));
    errors.append(&mut found);
    section
}

fn syntax_error(
    error: &toml::de::Error,
    (file, source): (&File, &Source),
    document: &DeTable<'_>,
) -> ConfigError {
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
    let error = match first_of(span, (file, source), document) {
        Some(first) => error.also(first, "the first"),
        None => error,
    };
    error.remedy("keep one of them")
}

/// The parser does not say where the first of two equal keys is: the last before it that is spelt the same and stands
/// like it, at the beginning of a line or within one.
fn first_of(second: Span, (file, source): (&File, &Source), document: &DeTable<'_>) -> Option<Span> {
    let begins_line = |span: Span| {
        let before = file.text.get(..file.local(span).start).unwrap_or("");
        before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty() || line.trim() == "[")
    };
    let mut keys = Vec::new();
    collect_keys(document, file, &mut keys);
    let is_like = |key: &Span| {
        key.start < second.start
            && source.slice(*key) == source.slice(second)
            && begins_line(*key) == begins_line(second)
    };
    keys.into_iter().filter(is_like).max()
}

fn collect_keys(table: &DeTable<'_>, file: &File, keys: &mut Vec<Span>) {
    for (key, value) in table {
        keys.push(file.span(key.span()));
        if let DeValue::Table(table) = value.get_ref() {
            collect_keys(table, file, keys);
        }
    }
}

struct Reader<'a> {
    file: &'a File,
    source: &'a Source,
    env: &'a Env,
    errors: &'a mut Vec<ConfigError>,
}

impl Reader<'_> {
    /// `pattern` is the table's path in the catalogue, `shown` its path in this file.
    fn section(&mut self, pattern: &str, shown: &str, table: &DeTable<'_>) -> Section {
        // The parser sorts keys by name; the operator's order is that of the spans.
        let mut written: Vec<_> = table.iter().collect();
        written.sort_by_key(|(key, _)| key.span().start);
        let mut entries = Vec::new();
        for (key, value) in written {
            let name = key.get_ref().as_ref();
            if name.starts_with("x-") {
                continue;
            }
            let place = self.file.span(key.span());
            let Some(row) = catalogue::child(pattern, name) else {
                let error = self.unknown(pattern, shown, name, place);
                self.errors.push(error);
                entries.push(Entry { key: Located::new(name.to_owned(), place), node: None });
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
            entries.push(Entry { key: Located::new(name.to_owned(), place), node });
        }
        Section { pattern: pattern.to_owned(), origin: Origin::Table, entries }
    }

    fn unknown(&self, pattern: &str, shown: &str, name: &str, place: Span) -> ConfigError {
        let home = if shown.is_empty() { String::new() } else { format!(" in {shown}") };
        let error = ConfigError::new(Code::UnknownKey, place, format!("unknown key `{name}`{home}"));
        if let Some(ours) = remedy::synonym(name, catalogue::keys_of(pattern)) {
            return error.remedy(format!("it is called `{ours}` here"));
        }
        let mut homes = catalogue::homes(name).filter(|home| *home != pattern);
        match (suggest::nearest(name, catalogue::keys_of(pattern)), homes.next()) {
            (Some(near), _) => error.remedy(format!("did you mean `{near}`?")),
            (None, Some("")) => error.remedy(format!("`{name}` stands at the top of the file")),
            (None, Some(home)) => {
                error.remedy(format!("`{name}` is a key of [{}]", home.replace('*', "NAME")))
            }
            (None, None) => {
                let keys: Vec<_> = catalogue::keys_of(pattern).filter(|key| *key != "*").collect();
                error.remedy(format!("known here: {}; keys that start with x- are yours", keys.join(", ")))
            }
        }
    }

    fn value(&mut self, row: &'static Row, shown: &str, value: &Spanned<DeValue<'_>>) -> Option<Node> {
        let span = self.file.span(value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => self.string(row, shown, text, span),
            DeValue::Integer(number) => self.integer(row, shown, number, span),
            DeValue::Float(number) if number_kind(row).is_some() => self.float(row, shown, number, span),
            DeValue::Boolean(flag) if row.kinds.contains(&Kind::Bool) => Some(Value::Bool(*flag)),
            DeValue::Array(items) if accepts_list(row) => {
                let literal = row.kinds.contains(&Kind::Command);
                self.list(shown, items, literal)
            }
            DeValue::Array(items) if let Some(bounds) = int_list(row) => self.ints(items, bounds),
            DeValue::Table(table) if row.kinds.contains(&Kind::Table) => {
                Some(Value::Table(self.section(row.path, shown, table)))
            }
            DeValue::Table(table) if row.kinds.contains(&Kind::TextMap) => {
                Some(Value::Map(self.text_map(shown, table)))
            }
            other if row.kinds.contains(&Kind::Json) => self.json(other, span).map(Value::Json),
            other => {
                self.errors.push(wrong_type(row, shown, other, span));
                None
            }
        }?;
        Some(Node { span, value })
    }

    fn string(&mut self, row: &'static Row, shown: &str, text: &str, span: Span) -> Option<Value> {
        if row.kinds.contains(&Kind::Command) {
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
                | Kind::TextMap
                | Kind::Table => None,
            };
            if value.is_some() {
                return value;
            }
        }
        let error = bad_string(row, shown, &text, span);
        self.errors.push(error);
        None
    }

    fn integer(
        &mut self,
        row: &'static Row,
        shown: &str,
        number: &toml::de::DeInteger<'_>,
        span: Span,
    ) -> Option<Value> {
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
        for kind in row.kinds {
            match (*kind, parsed) {
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
            ConfigError::new(Code::WrongType, span, format!("{shown} = {number} is not {expected}"));
        if row.kinds.iter().any(|kind| matches!(kind, Kind::Int { .. } | Kind::Thousandths { .. })) {
            error.code = Code::BadValue;
        } else if row.kinds.contains(&Kind::Duration) {
            error = error.label("without a unit").remedy(format!("with its unit: \"{number}s\""));
        } else if row.kinds.contains(&Kind::Size) {
            let remedy = format!("with its unit: \"{number}KiB\" or \"{number}MiB\"");
            error = error.label("without a unit").remedy(remedy);
        } else if int_list(row).is_some() {
            error = error.remedy(format!("in brackets: [{number}]"));
        } else if let Some(remedy) = remedy::of_value(row, &DeValue::Integer(number.clone())) {
            error = error.remedy(remedy);
        }
        self.errors.push(error);
        None
    }

    fn float(
        &mut self,
        row: &'static Row,
        shown: &str,
        number: &toml::de::DeFloat<'_>,
        span: Span,
    ) -> Option<Value> {
        let (min, max) = number_kind(row)?;
        let parsed = thousandths(number.as_str()).filter(|number| (min..=max).contains(number));
        if parsed.is_none() {
            let expected = catalogue::describe(row.kinds);
            let fact = format!("{shown} = {number} is not {expected}");
            self.errors.push(ConfigError::new(Code::BadValue, span, fact));
        }
        parsed.map(Value::Thousandths)
    }

    fn list(&mut self, shown: &str, items: &[Spanned<DeValue<'_>>], literal: bool) -> Option<Value> {
        let mut texts = Vec::with_capacity(items.len());
        let mut whole = true;
        for item in items {
            let span = self.file.span(item.span());
            let text = match item.get_ref() {
                DeValue::String(text) if literal => Some(text.clone().into_owned()),
                DeValue::String(text) => self.interpolated(text, span),
                other => {
                    let fact = format!("{shown} is a list of strings, and this is {}", a(other.type_str()));
                    self.errors.push(ConfigError::new(Code::WrongType, span, fact));
                    None
                }
            };
            whole &= text.is_some();
            texts.extend(text.map(|text| Located::new(text, span)));
        }
        whole.then_some(Value::List(texts))
    }

    fn ints(&mut self, items: &[Spanned<DeValue<'_>>], (min, max): (i64, i64)) -> Option<Value> {
        let mut numbers = Vec::with_capacity(items.len());
        for item in items {
            let span = self.file.span(item.span());
            let number = match item.get_ref() {
                DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
                // A number can only come from a variable as text.
                DeValue::String(text) if self.source.slice(span).contains("${") => {
                    self.interpolated(text, span)?.parse().ok()
                }
                DeValue::String(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_)
                | DeValue::Array(_)
                | DeValue::Table(_) => None,
            };
            match number.filter(|number| (min..=max).contains(number)) {
                Some(number) => numbers.push(Located::new(number, span)),
                None => {
                    let fact = format!("{} is no whole number from {min} to {max}", self.source.slice(span));
                    let error = ConfigError::new(Code::BadValue, span, fact);
                    let unquoted = match item.get_ref() {
                        DeValue::String(text) => text.parse::<i64>().ok(),
                        _ => None,
                    };
                    self.errors.push(match unquoted.filter(|number| (min..=max).contains(number)) {
                        Some(number) => error.remedy(format!("without the quotes: {number}")),
                        None => error,
                    });
                }
            }
        }
        (numbers.len() == items.len()).then_some(Value::Ints(numbers))
    }

    /// Names and texts; numbers and flags are taken as they are written.
    fn text_map(&mut self, shown: &str, table: &DeTable<'_>) -> Vec<(Located<String>, Located<String>)> {
        let mut written: Vec<_> = table.iter().collect();
        written.sort_by_key(|(key, _)| key.span().start);
        let mut pairs = Vec::with_capacity(written.len());
        for (key, value) in written {
            let span = self.file.span(value.span());
            let text = match value.get_ref() {
                DeValue::String(text) => self.interpolated(text, span),
                DeValue::Integer(number) => Some(number.to_string()),
                DeValue::Float(number) => Some(number.to_string()),
                DeValue::Boolean(flag) => Some(flag.to_string()),
                other @ (DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_)) => {
                    let fact = format!("{shown}.{} is not a string", key.get_ref());
                    let error = ConfigError::new(Code::WrongType, span, fact);
                    self.errors.push(error.label(format!("this is {}", a(other.type_str()))));
                    None
                }
            };
            if let Some(text) = text {
                let key = Located::new(key.get_ref().clone().into_owned(), self.file.span(key.span()));
                pairs.push((key, Located::new(text, span)));
            }
        }
        pairs
    }

    fn json(&mut self, value: &DeValue<'_>, span: Span) -> Option<Json> {
        Some(match value {
            DeValue::String(text) => Json::String(self.interpolated(text, span)?),
            DeValue::Integer(number) => {
                Json::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
            }
            // JSON knows neither infinity nor "not a number".
            DeValue::Float(number) => number.as_str().parse::<f64>().ok().map_or(Json::Null, Json::from),
            DeValue::Boolean(flag) => Json::Bool(*flag),
            DeValue::Datetime(time) => Json::String(time.to_string()),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.json(item.get_ref(), self.file.span(item.span())));
                Json::Array(items.collect::<Option<_>>()?)
            }
            DeValue::Table(table) => {
                let mut object = serde_json::Map::new();
                for (key, value) in table {
                    let value = self.json(value.get_ref(), self.file.span(value.span()))?;
                    object.insert(key.get_ref().clone().into_owned(), value);
                }
                Json::Object(object)
            }
        })
    }

    fn interpolated(&mut self, text: &str, span: Span) -> Option<String> {
        match interpolate(text, span, self.source, self.env) {
            Ok(text) => Some(text),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }
}

/// `apps.web.run`, `routes."/x".proxy`
fn below(shown: &str, name: &str) -> String {
    let bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let dot = if shown.is_empty() { "" } else { "." };
    if bare { format!("{shown}{dot}{name}") } else { format!("{shown}{dot}\"{name}\"") }
}

fn int_list(row: &Row) -> Option<(i64, i64)> {
    row.kinds.iter().find_map(|kind| match *kind {
        Kind::IntList { min, max } => Some((min, max)),
        _ => None,
    })
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

fn accepts_list(row: &Row) -> bool {
    row.kinds.iter().any(|kind| matches!(kind, Kind::TextList | Kind::Command))
}

/// A key or a word of the language that this version cannot do.
fn not_yet(what: &str, place: Span) -> ConfigError {
    ConfigError::new(Code::NotYet, place, format!("{what} is not supported yet"))
        .remedy("take it out; `onedoor docs` lists what this version knows")
}

fn wrong_type(row: &Row, shown: &str, found: &DeValue<'_>, span: Span) -> ConfigError {
    let fact = format!("{shown} takes {}", catalogue::describe(row.kinds));
    let error =
        ConfigError::new(Code::WrongType, span, fact).label(format!("this is {}", a(found.type_str())));
    match remedy::of_value(row, found) {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
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
        matches!(kind, Kind::Int { .. } | Kind::Thousandths { .. } | Kind::Bool | Kind::Table | Kind::TextMap)
    }) {
        error.code = Code::WrongType;
    }
    if let Some(near) = near {
        return error.remedy(format!("did you mean \"{near}\"?"));
    }
    match remedy::of_text(row, text) {
        Some(remedy) => error.remedy(remedy),
        None => error,
    }
}

fn a(found: &str) -> String {
    match found {
        "integer" | "array" => format!("an {found}"),
        _ => format!("a {found}"),
    }
}

//! The JSON Schema of the file, from the catalogue alone: what editors complete and check while one types.
//!
//! It is draft-07, which taplo (Even Better TOML), tombi and the JSON servers of editors all know. It refuses no file that
//! the decoder takes: every scalar may be a text with `${…}` in it, and what values mean together it does not know.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::catalogue::{self, Kind, OF_ONE_APP, OF_THE_FILE, Row, Status};

/// Names of apps and jobs (CONFIG.md §1.6).
const NAME: &str = "^[a-z][a-z0-9-]{0,39}$";

/// Any name but those that are ignored (`x-…`), without looking ahead: not every validator can.
const OWN_NAME: &str = "^([^x]|x[^-]|x$)";

/// A text in which a variable is filled in may become anything.
const VARIABLE: &str = "\\$\\{";

const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";

const SIZE: &str = "^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)$";

/// The whole schema.
pub(crate) fn schema() -> Value {
    let mut whole = object(table("", &Scope::default()));
    let head = [
        ("$schema", json!("http://json-schema.org/draft-07/schema#")),
        ("title", json!("onedoor.toml")),
        (
            "description",
            json!("What onedoor starts, watches and serves. `onedoor docs KEY` says more about a key."),
        ),
    ];
    whole.extend(head.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let definitions = [
        ("variable", json!({ "type": "string", "pattern": VARIABLE })),
        ("app", Value::Object(object(table("apps.*", &Scope { left_out: &[] })))),
        ("route", Value::Object(object(table("routes.*", &Scope::default())))),
        ("default", Value::Object(object(table("apps.*", &Scope { left_out: OF_ONE_APP })))),
        ("profile", Value::Object(object(table("", &Scope { left_out: OF_THE_FILE })))),
    ];
    whole.insert("definitions".to_owned(), json!(sorted::map(definitions)));
    Value::Object(whole)
}

/// Which keys of a table are not its own here.
#[derive(Default)]
struct Scope {
    left_out: &'static [&'static str],
}

/// The keys of the table at `path`, and what stands for keys of the operator's own.
#[derive(Default)]
struct Keys {
    fixed: BTreeMap<String, Value>,
    patterns: BTreeMap<String, Value>,
}

fn table(path: &str, scope: &Scope) -> Keys {
    let mut keys = Keys::default();
    let here = catalogue::rows().filter(|row| row.parent() == path && row.status == Status::Supported);
    for row in here.filter(|row| !scope.left_out.contains(&row.key())) {
        match (row.key(), path) {
            ("*", "apps" | "jobs") => drop(keys.patterns.insert(NAME.to_owned(), value(row))),
            ("*", _) => drop(keys.patterns.insert(OWN_NAME.to_owned(), value(row))),
            (key, _) => drop(keys.fixed.insert(key.to_owned(), value(row))),
        }
    }
    keys
}

fn object(keys: Keys) -> Map<String, Value> {
    let Keys { fixed, mut patterns } = keys;
    patterns.insert("^x-".to_owned(), json!(true));
    let object = json!({
        "type": "object",
        "properties": fixed,
        "patternProperties": patterns,
        "additionalProperties": false,
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn value(row: &Row) -> Value {
    let mut forms: Vec<Value> = row.kinds.iter().flat_map(|kind| forms_of(*kind, row)).collect();
    let is_settled = |kind: &Kind| {
        matches!(
            kind,
            Kind::Text
                | Kind::Command
                | Kind::Commands
                | Kind::Table
                | Kind::Tables
                | Kind::TextMap
                | Kind::LiteralMap
                | Kind::EnvMap
                | Kind::Json
        )
    };
    if !row.kinds.iter().all(is_settled) && !row.kinds.contains(&Kind::Text) {
        forms.push(json!({ "$ref": "#/definitions/variable" }));
    }
    let mut schema = match forms.len() {
        1 => forms.remove(0),
        _ => json!({ "anyOf": forms }),
    };
    if schema.get("$ref").is_some() {
        // Beside a $ref draft-07 hears nothing else.
        schema = json!({ "allOf": [schema] });
    }
    let default = if row.default.is_empty() { String::new() } else { format!("\nDefault: {}", row.default) };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(format!("{}{default}", row.text)));
        if let Some(default) = default_of(row) {
            schema.insert("default".to_owned(), default);
        }
    }
    schema
}

/// Only where the default is a value, and not a story.
fn default_of(row: &Row) -> Option<Value> {
    let value: Value = serde_json::from_str(row.default).ok()?;
    let fits = match &value {
        Value::Bool(_) => row.kinds.contains(&Kind::Bool),
        Value::Number(_) => {
            row.kinds.iter().any(|kind| matches!(kind, Kind::Int { .. } | Kind::Thousandths { .. }))
        }
        Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null => true,
    };
    fits.then_some(value)
}

fn forms_of(kind: Kind, row: &Row) -> Vec<Value> {
    match kind {
        Kind::Text => vec![json!({ "type": "string" })],
        Kind::Int { min, max: i64::MAX } => vec![json!({ "type": "integer", "minimum": min })],
        Kind::Int { min, max } => vec![json!({ "type": "integer", "minimum": min, "maximum": max })],
        Kind::Thousandths { min, max } => {
            vec![json!({ "type": "number", "minimum": in_units(min), "maximum": in_units(max) })]
        }
        Kind::Bool => vec![json!({ "type": "boolean" })],
        Kind::Duration => vec![json!({ "type": "string", "pattern": DURATION })],
        Kind::Size => vec![json!({ "type": "string", "pattern": SIZE })],
        Kind::Word { now, .. } => vec![json!({ "enum": now })],
        Kind::TextList => vec![list(json!({ "type": "string" }))],
        Kind::IntList { min, max } => {
            let number = json!({ "type": "integer", "minimum": min, "maximum": max });
            vec![list(json!({ "anyOf": [number, { "$ref": "#/definitions/variable" }] }))]
        }
        Kind::Command => vec![
            json!({ "type": "string", "minLength": 1 }),
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        ],
        Kind::Commands => vec![
            json!({ "type": "string", "minLength": 1 }),
            list(json!({ "type": "string", "minLength": 1 })),
        ],
        Kind::TextMap | Kind::LiteralMap | Kind::EnvMap => {
            vec![
                json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } }),
            ]
        }
        Kind::Json => vec![json!({})],
        Kind::Table => vec![table_of(row)],
        Kind::Tables => vec![list(table_of(row))],
    }
}

fn table_of(row: &Row) -> Value {
    match row.path {
        "apps.*" => json!({ "$ref": "#/definitions/app" }),
        "routes.*" => json!({ "$ref": "#/definitions/route" }),
        "defaults.app" => json!({ "$ref": "#/definitions/default" }),
        "profile.*" => json!({ "$ref": "#/definitions/profile" }),
        own => Value::Object(object(table(own, &Scope::default()))),
    }
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn in_units(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;

//! The schema takes what the decoder takes, and refuses what an editor can know to be wrong.

use regex_automata::meta::Regex;

use super::*;
use crate::config::{Env, check_text};

/// The words of draft-07 that the schema uses, as the specification has them.
fn is_valid(value: &Value, schema: &Value, root: &Value) -> bool {
    let Value::Object(words) = schema else { return schema == &json!(true) };
    words.iter().all(|(word, said)| match word.as_str() {
        "$ref" => {
            let name = said.as_str().unwrap().strip_prefix("#/definitions/").unwrap();
            is_valid(value, &root["definitions"][name], root)
        }
        "anyOf" => said.as_array().unwrap().iter().any(|schema| is_valid(value, schema, root)),
        "allOf" => said.as_array().unwrap().iter().all(|schema| is_valid(value, schema, root)),
        "enum" => said.as_array().unwrap().contains(value),
        "type" => match said {
            Value::String(name) => is_a(value, name),
            names => names.as_array().unwrap().iter().any(|name| is_a(value, name.as_str().unwrap())),
        },
        "pattern" => value.as_str().is_none_or(|text| finds(said, text)),
        "minimum" => value.as_f64().is_none_or(|number| number >= said.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|number| number <= said.as_f64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= said.as_u64().unwrap()),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= said.as_u64().unwrap()),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| is_valid(item, said, root))),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            object
                .iter()
                .filter(|(key, _)| !is_known(key, words))
                .all(|(_, value)| is_valid(value, said, root))
        }),
        "properties" => value.as_object().is_none_or(|object| {
            object.iter().all(|(key, value)| said.get(key).is_none_or(|schema| is_valid(value, schema, root)))
        }),
        "patternProperties" => value.as_object().is_none_or(|object| {
            let fits = |key: &str, value: &Value| {
                let mut patterns = said.as_object().unwrap().iter();
                patterns
                    .all(|(pattern, schema)| !finds(&json!(pattern), key) || is_valid(value, schema, root))
            };
            object.iter().all(|(key, value)| fits(key, value))
        }),
        "$schema" | "title" | "description" | "default" | "definitions" => true,
        other => panic!("what does {other} mean?"),
    })
}

fn is_known(key: &str, words: &Map<String, Value>) -> bool {
    let by_name = words.get("properties").is_some_and(|properties| properties.get(key).is_some());
    let patterns = words.get("patternProperties").and_then(Value::as_object);
    by_name || patterns.is_some_and(|patterns| patterns.keys().any(|pattern| finds(&json!(pattern), key)))
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

fn finds(pattern: &Value, text: &str) -> bool {
    Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
}

fn fits(text: &str) -> bool {
    let value: Value = toml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    is_valid(&value, &schema(), &schema())
}

#[test]
fn what_the_decoder_takes_fits() {
    let good = [
        include_str!("tests/zoo.toml"),
        "x-mine = 1\napps.web = { run = [\"a\", \"b\"], path = \"/\", x-note = { a = 1 }, env = { A = 1, B = true } }\n",
        "server = { listen = [\":80\", \"unix:/p\"], workers = \"auto\", timeout = { idle = \"${IDLE:-5s}\" } }\napps.web = \"a\"\n",
        "apps.web = { run = \"a\", port = \"${N:-80}\", limits = { cpu = 1.5, memory = \"1GiB\" }, ready = { path = \"/\", every = \"1s\" } }\n",
        "apps.web = \"a\"\ndefaults.app.restart = { when = \"never\" }\nprofile.dev.apps.web.run = \"b\"\n",
        "jobs.a = { run = \"a\", on = \"cron @daily\", success = [1, 2] }\n[routes.\"/a\"]\nrespond = { json = { a = [1] } }\n",
        "[[routes.\"/a\"]]\nrespond = \"x\"\nwhen = { header = { A = \"1\" } }\n[[routes.\"/a\"]]\nrespond = \"y\"\n",
    ];
    for text in good {
        check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(fits(text), "{text}");
    }
}

#[test]
fn what_an_editor_can_know_to_be_wrong_does_not() {
    let bad = [
        "app.web = \"a\"\n",
        "apps.Web = \"a\"\n",
        "apps.web = { run = \"a\", pathh = \"/\" }\n",
        "apps.web = { run = 1 }\n",
        "apps.web = { run = [] }\n",
        "apps.web = { run = \"a\", port = 70000 }\n",
        "apps.web = { run = \"a\", port = \"80\" }\n",
        "apps.web = { run = \"a\", strip = \"yes\" }\n",
        "apps.web = { run = \"a\", start_timeout = \"5 s\" }\n",
        "apps.web = { run = \"a\", limits = { memory = 512 } }\n",
        "apps.web = { run = \"a\", restart = { when = \"sometimes\" } }\n",
        "[volumes]\ndata = \"later\"\n[apps]\nweb = \"a\"\n",
        "defaults.app.run = \"a\"\n",
        "profile.dev.profile.x.name = \"a\"\n",
        "server.listen = 80\n",
        "jobs.a = { run = \"a\", on = \"start\", path = \"/\" }\n",
        "[routes]\n\"/a\" = { respond = 1 }\n",
        "[routes]\n\"/a\" = { app = \"a\", while_down = \"hold\" }\n",
    ];
    for text in bad {
        assert!(check_text(text, &Env::made_of([])).is_err(), "{text}");
        assert!(!fits(text), "{text}");
    }
}

#[test]
fn the_schema_in_the_repository_is_what_this_version_says() {
    let kept = include_str!("../../../../docs/onedoor.schema.json");
    let made = format!("{:#}\n", schema());
    assert!(kept == made, "run: cargo run -p onedoor -- schema > docs/onedoor.schema.json");
}

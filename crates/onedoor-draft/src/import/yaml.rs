//! YAML as a tree with lines, the same for every format written in it (and for JSON, which is YAML). Anchors, aliases
//! and merges are resolved by the parser, within its limits of depth, nodes and aliases.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::fault::Fault;
use super::files::Input;
use super::finding::Place;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    /// Any scalar, as text.
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

pub(super) fn read(input: &Input) -> Result<Node, Fault> {
    let parsed: Result<Spanned<Bare>, _> = serde_saphyr::from_str(&input.text);
    match parsed {
        Ok(bare) => Ok(node(bare)),
        Err(error) => {
            let line = error.location().map_or(1, |place| usize::try_from(place.line()).unwrap_or(1)).max(1);
            let place = Place { file: input.name.as_str().into(), line };
            // The parser's own text draws the place again below its first line.
            let text = error.without_snippet().to_string();
            let fact = text.lines().next().unwrap_or("it cannot be read").trim().to_owned();
            Err(Fault::at(&place, fact))
        }
    }
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Null | Value::List(_) | Value::Table(_) => None,
        }
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Table(entries) => entries,
            Value::Null | Value::Text(_) | Value::List(_) => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Null | Value::Text(_) | Value::Table(_) => &[],
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(known, _)| known == key).map(|(_, node)| node)
    }

    pub(super) fn said(&self, key: &str) -> Option<&str> {
        self.entry(key)?.text()
    }

    /// A text, or the texts of a list.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.value {
            Value::Text(text) => vec![text.clone()],
            Value::List(items) => items.iter().filter_map(Self::text).map(str::to_owned).collect(),
            Value::Null | Value::Table(_) => Vec::new(),
        }
    }

    /// `NAME: value` of a table, or `NAME=value` of a list; None: without a value.
    pub(super) fn pairs(&self) -> Vec<(String, Option<String>)> {
        match &self.value {
            Value::Table(entries) => {
                entries.iter().map(|(name, node)| (name.clone(), node.text().map(str::to_owned))).collect()
            }
            Value::List(items) => items
                .iter()
                .filter_map(Self::text)
                .map(|text| match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (text.to_owned(), None),
                })
                .collect(),
            Value::Null | Value::Text(_) => Vec::new(),
        }
    }

    /// On one line, for the report.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Null => String::new(),
            Value::Text(text) => text.clone(),
            Value::List(items) => {
                format!("[{}]", items.iter().take(8).map(Self::shown).collect::<Vec<_>>().join(", "))
            }
            Value::Table(entries) => {
                let one = |(key, node): &(String, Self)| format!("{key}: {}", node.shown());
                format!("{{{}}}", entries.iter().take(8).map(one).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// As it comes from the parser.
enum Bare {
    Null,
    Text(String),
    List(Vec<Spanned<Self>>),
    Table(Vec<(String, Spanned<Self>)>),
}

fn node(spanned: Spanned<Bare>) -> Node {
    let line = usize::try_from(spanned.referenced.line()).unwrap_or(1).max(1);
    let value = match spanned.value {
        Bare::Null => Value::Null,
        Bare::Text(text) => Value::Text(text),
        Bare::List(items) => Value::List(items.into_iter().map(node).collect()),
        Bare::Table(entries) => {
            Value::Table(entries.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
    };
    Node { line, value }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Bare;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Bare, E> {
        Ok(Bare::Null)
    }

    fn visit_none<E>(self) -> Result<Bare, E> {
        Ok(Bare::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bare, D::Error> {
        Bare::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Bare, E> {
        Ok(Bare::Text(flag.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Bare, E> {
        Ok(Bare::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Bare, E> {
        Ok(Bare::Text(number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Bare, E> {
        Ok(Bare::Text(number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Bare, E> {
        Ok(Bare::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Bare, E> {
        Ok(Bare::Text(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Bare, E> {
        Ok(Bare::Text(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bare, E> {
        Ok(Bare::Text(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bare, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element()? {
            found.push(item);
        }
        Ok(Bare::List(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Bare, A::Error> {
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry::<Key, Spanned<Bare>>()? {
            found.push((entry.0.0, entry.1));
        }
        Ok(Bare::Table(found))
    }
}

/// A key of any scalar kind, as text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Bare::deserialize(deserializer)? {
            Bare::Text(text) => Ok(Self(text)),
            Bare::Null => Ok(Self("null".to_owned())),
            Bare::List(_) | Bare::Table(_) => Err(serde::de::Error::custom("a key is a plain word")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(&Input { name: "f.yaml".to_owned(), text: text.to_owned(), folder: None }) {
            Ok(node) => node.shown(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn anchors_and_merges_are_resolved_and_mistakes_have_a_line() {
        assert_eq!(shown("a: &x {b: 1}\nc:\n  <<: *x\n  d: yes\n"), "{a: {b: 1}, c: {d: true, b: 1}}");
        assert_eq!(shown("1: [a, 2.5, null, true]"), "{1: [a, 2.5, , true]}");
        assert!(shown("a: 1\nb: [\n").starts_with("f.yaml:"), "{}", shown("a: 1\nb: [\n"));
    }
}

//! A table of the file after decoding: checked values, asked for by key, each with its place.
//!
//! Every question is checked against the catalogue in debug builds, so a slip in a key cannot hide as "not given".

use std::time::Duration;

use super::catalogue;
use super::error::ConfigError;
use super::interpolate::Piece;
use super::source::{Located, Span};

#[derive(Clone, Debug)]
pub(super) struct Section {
    /// Its path in the catalogue: `apps.*.ready`.
    pub(super) pattern: String,
    pub(super) origin: Origin,
    /// In the order of the file.
    pub(super) entries: Vec<Entry>,
}

/// What the operator wrote that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Table,
    /// An app's command alone, to which another layer added keys. Such an app is served under its name.
    Command,
    /// One route that was laid over a list of them, which is at this place.
    OverAList(Span),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Located<String>,
    /// None: the key or its value was wrong, and that was said.
    pub(super) node: Option<Node>,
    pub(super) whose: Whose,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The table that it stands in.
    Own,
    /// `[defaults.app]`: a wish. Where it has no meaning it is passed over.
    Defaults,
}

impl Entry {
    pub(super) fn new(key: Located<String>, node: Option<Node>) -> Self {
        Self { key, node, whose: Whose::Own }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    /// A number, times a thousand.
    Thousandths(i64),
    Bool(bool),
    Duration(Duration),
    Size(u64),
    List(Vec<Located<String>>),
    Ints(Vec<Located<i64>>),
    /// Of the operator's own names; a table like any other until it is settled.
    Map(Vec<(Located<String>, Located<String>)>),
    /// A text of `env`, in which the addresses of apps are left open.
    Pieces(Vec<Piece>),
    /// `env`, once it is settled.
    Env(Vec<(Located<String>, Located<Vec<Piece>>)>),
    Json(serde_json::Value),
    Table(Section),
    /// Each with its place. Never empty, unless what stood in it was wrong.
    Tables(Vec<Located<Section>>),
    /// It needs variables that are not set; a mistake each, if no other layer overrides it. None is left when it is
    /// settled.
    Unset(Vec<ConfigError>),
}

impl Section {
    /// What stands in for a table nobody wrote.
    pub(super) fn empty(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), origin: Origin::Table, entries: Vec::new() }
    }

    /// Where the key stands, whether or not its value was understood.
    pub(super) fn key(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|entry| entry.key.span)
    }

    /// Something in it was wrong and was said. What seems to be missing may be just that: no second complaint.
    pub(super) fn is_flawed(&self) -> bool {
        self.entries.iter().any(|entry| entry.node.is_none())
    }

    pub(super) fn node(&self, key: &str) -> Option<&Node> {
        self.entry(key)?.node.as_ref()
    }

    pub(super) fn text(&self, key: &str) -> Option<Located<&str>> {
        let node = self.node(key)?;
        match &node.value {
            Value::Text(text) => Some(Located::new(text.as_str(), node.span)),
            _ => None,
        }
    }

    pub(super) fn int(&self, key: &str) -> Option<Located<i64>> {
        let node = self.node(key)?;
        match node.value {
            Value::Int(number) => Some(Located::new(number, node.span)),
            _ => None,
        }
    }

    pub(super) fn ints(&self, key: &str) -> Option<&[Located<i64>]> {
        match &self.node(key)?.value {
            Value::Ints(numbers) => Some(numbers),
            _ => None,
        }
    }

    pub(super) fn thousandths(&self, key: &str) -> Option<i64> {
        match self.node(key)?.value {
            Value::Thousandths(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.node(key)?.value {
            Value::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        match self.node(key)?.value {
            Value::Duration(duration) => Some(duration),
            _ => None,
        }
    }

    pub(super) fn size(&self, key: &str) -> Option<Located<u64>> {
        let node = self.node(key)?;
        match node.value {
            Value::Size(size) => Some(Located::new(size, node.span)),
            _ => None,
        }
    }

    /// The strings of a list, or the one string that stands in for it.
    pub(super) fn list(&self, key: &str) -> Option<Vec<Located<&str>>> {
        let node = self.node(key)?;
        match &node.value {
            Value::List(items) => {
                Some(items.iter().map(|item| Located::new(item.value.as_str(), item.span)).collect())
            }
            Value::Text(text) => Some(vec![Located::new(text.as_str(), node.span)]),
            _ => None,
        }
    }

    pub(super) fn map(&self, key: &str) -> &[(Located<String>, Located<String>)] {
        match self.node(key).map(|node| &node.value) {
            Some(Value::Map(pairs)) => pairs,
            _ => &[],
        }
    }

    pub(super) fn env(&self, key: &str) -> &[(Located<String>, Located<Vec<Piece>>)] {
        match self.node(key).map(|node| &node.value) {
            Some(Value::Env(pairs)) => pairs,
            _ => &[],
        }
    }

    pub(super) fn json(&self, key: &str) -> Option<&serde_json::Value> {
        match &self.node(key)?.value {
            Value::Json(json) => Some(json),
            _ => None,
        }
    }

    pub(super) fn table(&self, key: &str) -> Option<&Self> {
        match &self.node(key)?.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// False: it comes from the defaults, or is not there.
    pub(super) fn is_own(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|entry| entry.whose == Whose::Own)
    }

    /// The first word that is not the defaults'.
    pub(super) fn own_word(&self) -> Option<Span> {
        self.entries.iter().find(|entry| entry.whose == Whose::Own).map(|entry| entry.key.span)
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        debug_assert!(
            catalogue::child(&self.pattern, key).is_some(),
            "asked for `{key}` in `{}`, which the catalogue does not have",
            self.pattern
        );
        self.entries.iter().find(|entry| entry.key.value == key)
    }
}

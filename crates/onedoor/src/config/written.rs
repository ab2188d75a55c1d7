//! What stands in a file before anybody asks what it means: one tree for both notations, TOML and JSON.
//!
//! Every key and value has its place. What cannot be read is said and left out; no key of the language is known here.

mod json;
mod toml;

use super::error::ConfigError;
use super::source::{File, Located, Source};

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    Text(String),
    Integer(Integer),
    /// As it was spelt.
    Float(String),
    Bool(bool),
    /// A date or a time, as it was spelt.
    Time(String),
    /// JSON's null.
    Null,
    List(Vec<Located<Self>>),
    Table(Table),
}

/// In the order of the file; no key stands in it twice.
pub(super) type Table = Vec<(Located<String>, Located<Written>)>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    pub(super) spelt: String,
    /// None: more than 64 bits.
    pub(super) value: Option<i64>,
}

impl Written {
    /// "an integer", for messages.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bool(_) => "a boolean",
            Self::Time(_) => "a datetime",
            Self::Null => "null",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// The two ways to write a configuration down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Toml,
    Json,
}

impl Notation {
    /// The file's name says it.
    pub(super) fn of(file: &File) -> Self {
        if file.name.ends_with(".json") { Self::Json } else { Self::Toml }
    }
}

/// The file's tree, as far as it can be read; what is wrong with it goes to `errors`.
pub(super) fn read(file: &File, source: &Source, errors: &mut Vec<ConfigError>) -> Table {
    match Notation::of(file) {
        Notation::Toml => toml::read(file, source, errors),
        Notation::Json => json::read(file, errors),
    }
}

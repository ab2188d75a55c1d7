//! Why a file could not be read as what it was said to be: place, fact, remedy.

use std::fmt;

use super::finding::Place;

/// Place, fact, remedy.
#[derive(Debug)]
pub struct Fault {
    /// `nginx.conf:3`, or the file alone.
    place: String,
    fact: String,
    remedy: Option<String>,
}

impl Fault {
    pub(super) fn at(place: &Place, fact: impl Into<String>) -> Self {
        Self { place: place.to_string(), fact: fact.into(), remedy: None }
    }

    pub(super) fn of_file(file: &str, fact: impl Into<String>) -> Self {
        Self { place: file.to_owned(), fact: fact.into(), remedy: None }
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fact)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

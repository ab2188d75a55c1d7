//! The language as its users meet it: every mistake drawn, every default told, and no text that breaks it.

mod accepted;
mod conditions;
mod defaults;
mod develop;
mod layers;
mod layers_broken;
mod lists;
mod mistakes;
mod never_panics;
mod on_disk;
mod prefix;
mod stack;
mod traps;
mod wishes;

use super::error::ConfigError;
use super::fix::{self, Fix};
use super::{ConfigErrors, Env, Loaded, check_text, check_text_as};

/// The fixes that `check --fix` would make at once.
fn this_round(found: &[ConfigError]) -> impl Iterator<Item = &Fix> {
    fix::apart(found.iter().filter_map(|error| error.fixes.first()))
}

/// Against an empty environment.
fn check(text: &str) -> Result<Loaded, ConfigErrors> {
    check_text(text, &Env::made_of([]))
}

#[track_caller]
fn fine(text: &str) -> Loaded {
    check(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// All mistakes in `text`, drawn plainly.
#[track_caller]
fn mistakes(text: &str) -> String {
    match check(text) {
        Ok(loaded) => panic!("nothing is wrong with it: {loaded:?}"),
        Err(errors) => errors.to_string(),
    }
}

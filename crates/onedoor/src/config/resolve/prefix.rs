//! What becomes of a mount on the way to its app: `strip`, `rewrite` and `prefix` say the same thing in three ways, and
//! here they become one.
//!
//! `prefix = "auto"` asks what the app's framework wants; the start table and `explain` say what was chosen and why.

use super::{Context, take_out};
use crate::apps::framework::{self, Wants};
use crate::apps::spec::{Command, PrefixMode};
use crate::config::error::{Code, ConfigError};
use crate::config::section::Section;
use crate::config::source::{Located, Span};

/// What an app's or a route's own entry says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said<'a> {
    Nothing,
    Keep,
    /// The mount is cut off; the place is the key's.
    Strip(Span),
    StripNamed(Located<&'a str>),
    Rewrite(Located<&'a str>),
    Auto(Span),
}

/// What is done, for an app whose framework has been asked where that was wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) change: Change<'a>,
    /// The framework that decided it, where it was left to one.
    pub(super) because: Option<&'static str>,
    pub(super) mode: PrefixMode,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Keep,
    Strip(Span),
    StripNamed(Located<&'a str>),
    Rewrite(Located<&'a str>),
}

impl<'a> Said<'a> {
    pub(super) fn of(section: &'a Section) -> Self {
        // A route's `strip` may name what is cut; an app's may not.
        let named = if section.pattern == "routes.*" { section.text("strip") } else { None };
        let strip = section.key("strip").unwrap_or_default();
        match (section.text("rewrite"), named, section.flag("strip"), section.text("prefix")) {
            (Some(to), _, _, _) => Self::Rewrite(to),
            (None, Some(prefix), _, _) => Self::StripNamed(prefix),
            (None, None, Some(true), _) => Self::Strip(strip),
            (None, None, Some(false), _) => Self::Keep,
            (None, None, None, Some(word)) => match word.value {
                "strip" => Self::Strip(word.span),
                "auto" => Self::Auto(word.span),
                _ => Self::Keep,
            },
            (None, None, None, None) => Self::Nothing,
        }
    }

    /// For what is no app of ours: nobody can be asked, and `auto` beside `proxy` was refused.
    pub(super) fn without_app(self) -> Chosen<'a> {
        let change = match self {
            Self::Nothing | Self::Keep | Self::Auto(_) => Change::Keep,
            Self::Strip(place) => Change::Strip(place),
            Self::StripNamed(prefix) => Change::StripNamed(prefix),
            Self::Rewrite(to) => Change::Rewrite(to),
        };
        let mode = match change {
            Change::Keep => PrefixMode::Kept,
            Change::Strip(_) | Change::StripNamed(_) | Change::Rewrite(_) => PrefixMode::Stripped,
        };
        Chosen { change, because: None, mode }
    }

    /// For the app that this command starts.
    pub(super) fn for_app(self, command: &Command) -> Chosen<'a> {
        let Self::Auto(place) = self else { return self.without_app() };
        match framework::wants(command) {
            Some((name, Wants::Strip)) => {
                Chosen { change: Change::Strip(place), because: Some(name), mode: PrefixMode::Stripped }
            }
            Some((name, Wants::Keep)) => {
                Chosen { change: Change::Keep, because: Some(name), mode: PrefixMode::Moved }
            }
            Some((_, Wants::Unknown)) | None => {
                Chosen { change: Change::Keep, because: None, mode: PrefixMode::Kept }
            }
        }
    }

    /// The place of an `auto` that nobody could answer.
    pub(super) fn unanswered(self, command: &Command) -> Option<Span> {
        let Self::Auto(place) = self else { return None };
        matches!(framework::wants(command), Some((_, Wants::Unknown)) | None).then_some(place)
    }
}

impl Chosen<'_> {
    /// ` (strip)`, for the start table.
    pub(super) fn note(&self) -> String {
        match (self.change, self.because) {
            (Change::Rewrite(to), _) => format!(" (rewrite {})", to.value),
            (Change::StripNamed(prefix), _) => format!(" (strip {})", prefix.value),
            (Change::Strip(_), None) => " (strip)".to_owned(),
            (Change::Strip(_), Some(name)) => format!(" (strip: {name})"),
            (Change::Keep, Some(name)) => format!(" (keep: {name})"),
            (Change::Keep, None) => String::new(),
        }
    }
}

/// Two keys that say what becomes of the path.
pub(super) fn check_one(section: &Section, context: &mut Context<'_>) {
    let given: Vec<(&str, Span)> =
        ["prefix", "strip", "rewrite"].iter().filter_map(|key| Some((*key, section.key(key)?))).collect();
    let [(first, place), .., (second, other)] = given[..] else { return };
    let fact = format!("`{first}` and `{second}` both say what becomes of the path");
    let error = ConfigError::new(Code::Contradiction, other, fact).also(place, "the other");
    let error = error.remedy(match first {
        "prefix" => "keep one of them; prefix = \"strip\" is what strip = true does",
        _ => "keep one of them; rewrite = \"/\" is what strip = true does",
    });
    // What replaces the mount cuts it off as well.
    let is_said_twice = (first, second) == ("strip", "rewrite") && section.flag("strip").is_some();
    let gone = is_said_twice.then(|| take_out(section, "strip", context)).flatten();
    context.errors.push(error.fix(gone));
}

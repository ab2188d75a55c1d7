//! What a file says of its own layers: which onedoor it needs, the profile over it, the defaults under its apps.
//!
//! The order: the files are merged, the chosen profile is laid over them, the defaults are put under every app, and
//! only then is it known which unset variables are missed.

use super::catalogue::{self, OF_ONE_APP, OF_THE_FILE};
use super::error::{Code, ConfigError};
use super::interpolate::Piece;
use super::merge::{as_app_table, merge};
use super::section::{Entry, Node, Section, Value, Whose};
use super::source::{Located, Span};
use super::suggest;

/// The file, less its layers: what is left is what is meant.
pub(super) fn flatten(mut file: Section, profile: Option<&str>, errors: &mut Vec<ConfigError>) -> Section {
    refuse_misplaced(&mut file, errors);
    let profiles = take_table(&mut file, "profile");
    if let Some(wanted) = profile {
        match choose(profiles.as_ref(), wanted) {
            Ok(chosen) => file = merge(file, chosen),
            Err(error) => {
                errors.push(error);
                // Whether it would have overridden what is not set, nobody knows.
                return settle(file, &mut Vec::new());
            }
        }
    }
    if let (None, Some(profiles)) = (profile, &profiles) {
        errors.extend(all_is_in_profiles(&file, profiles));
    }
    let defaults =
        take_table(&mut file, "defaults").and_then(|mut defaults| take_table(&mut defaults, "app"));
    if let Some(mut defaults) = defaults {
        mark_as_defaults(&mut defaults);
        put_under_apps(&mut file, &defaults);
    }
    settle(file, errors)
}

/// Keys that have no meaning in a layer are said and taken out.
fn refuse_misplaced(file: &mut Section, errors: &mut Vec<ConfigError>) {
    refuse_defaults(file, errors);
    for entry in table_mut(file, "profile").into_iter().flat_map(|profiles| &mut profiles.entries) {
        let Some(Node { value: Value::Table(profile), .. }) = &mut entry.node else { continue };
        refuse_defaults(profile, errors);
        refuse(profile, OF_THE_FILE, errors, |key| {
            let fact = format!("`{key}` is of the file as a whole, not of a profile");
            (fact, "put it at the top of the file".to_owned())
        });
    }
}

fn refuse_defaults(file: &mut Section, errors: &mut Vec<ConfigError>) {
    let Some(defaults) = table_mut(file, "defaults").and_then(|defaults| table_mut(defaults, "app")) else {
        return;
    };
    refuse(defaults, OF_ONE_APP, errors, |key| {
        let fact = format!("`{key}` cannot be the same for every app");
        (fact, format!("give it to the app that it is meant for: [apps.NAME], and below it {key} = ..."))
    });
}

fn refuse(
    section: &mut Section,
    keys: &[&str],
    errors: &mut Vec<ConfigError>,
    say: impl Fn(&str) -> (String, String),
) {
    section.entries.retain(|entry| {
        let key = entry.key.value.as_str();
        let is_wrong = keys.contains(&key);
        if is_wrong && entry.node.is_some() {
            let (fact, remedy) = say(key);
            errors.push(ConfigError::new(Code::UnknownKey, entry.key.span, fact).remedy(remedy));
        }
        !is_wrong
    });
}

/// The profile of that name; an empty one if it was flawed, which was said.
fn choose(profiles: Option<&Section>, wanted: &str) -> Result<Section, ConfigError> {
    let entries = profiles.map_or(&[][..], |profiles| &profiles.entries);
    if let Some(entry) = entries.iter().find(|entry| entry.key.value == wanted) {
        return Ok(match &entry.node {
            Some(Node { value: Value::Table(profile), .. }) => profile.clone(),
            _ => Section::empty(""),
        });
    }
    let names: Vec<&str> = entries.iter().map(|entry| entry.key.value.as_str()).collect();
    let error = ConfigError::outside(Code::UnknownProfile, format!("there is no profile \"{wanted}\""));
    Err(match suggest::nearest(wanted, names.iter().copied()) {
        Some(near) => error.remedy(format!("did you mean --profile {near}?")),
        None if names.is_empty() => error.remedy(format!("nothing says [profile.{wanted}]")),
        None => error.remedy(format!("the profiles are: {}", names.join(", "))),
    })
}

/// However deep a word stands, it is a default.
fn mark_as_defaults(section: &mut Section) {
    for entry in &mut section.entries {
        entry.whose = Whose::Defaults;
        if let Some(Node { value: Value::Table(table), .. }) = &mut entry.node {
            mark_as_defaults(table);
        }
    }
}

/// A file that is empty without a profile, and none was chosen. Said here, it is not said again as an empty file.
fn all_is_in_profiles(file: &Section, profiles: &Section) -> Option<ConfigError> {
    if !file.entries.is_empty() {
        return None;
    }
    let first = profiles.entries.first()?;
    let fact = "nothing is served without a profile, and none is chosen";
    let error = ConfigError::new(Code::EmptyFile, first.key.span, fact);
    Some(error.remedy(format!("choose one: --profile {}", first.key.value)))
}

/// Every app says what the defaults say, unless it says otherwise.
fn put_under_apps(file: &mut Section, defaults: &Section) {
    for entry in table_mut(file, "apps").into_iter().flat_map(|apps| &mut apps.entries) {
        let Some(node) = entry.node.take() else { continue };
        let node = as_app_table(node);
        entry.node = Some(match node {
            Node { span, value: Value::Table(own) } => {
                let origin = own.origin;
                let merged = Section { origin, ..merge(defaults.clone(), own) };
                Node { span, value: Value::Table(merged) }
            }
            other => other,
        });
    }
}

/// After the last merge: what is not set now is missed, and tables of the operator's own names become maps.
fn settle(mut section: Section, errors: &mut Vec<ConfigError>) -> Section {
    for entry in &mut section.entries {
        let Some(Node { span, value }) = entry.node.take() else { continue };
        let value = match value {
            Value::Unset(unset) => {
                errors.extend(unset);
                continue;
            }
            Value::Table(names) if catalogue::is_text_map(&names.pattern) => {
                Value::Map(settle(names, errors).entries.into_iter().filter_map(pair).collect())
            }
            Value::Table(names) if catalogue::is_env_map(&names.pattern) => {
                Value::Env(settle(names, errors).entries.into_iter().filter_map(variable).collect())
            }
            Value::Table(table) => Value::Table(settle(table, errors)),
            Value::Tables(tables) => Value::Tables(
                tables
                    .into_iter()
                    .map(|Located { value, span }| Located::new(settle(value, errors), span))
                    .collect(),
            ),
            other => other,
        };
        entry.node = Some(Node { span, value });
    }
    section
}

fn pair(entry: Entry) -> Option<(Located<String>, Located<String>)> {
    match entry.node? {
        Node { span, value: Value::Text(text) } => Some((entry.key, Located::new(text, span))),
        _ => None,
    }
}

fn variable(entry: Entry) -> Option<(Located<String>, Located<Vec<Piece>>)> {
    let Node { span, value } = entry.node?;
    let pieces = match value {
        Value::Pieces(pieces) => pieces,
        Value::Text(text) => vec![Piece::Text(text)],
        _ => return None,
    };
    Some((entry.key, Located::new(pieces, span)))
}

/// What is wrong with `min_version`, or with our being older than it.
pub(super) fn check_version(file: &Section) -> Result<(), ConfigError> {
    let Some(wanted) = file.text("min_version") else { return Ok(()) };
    let ours = env!("CARGO_PKG_VERSION");
    match version(wanted.value) {
        None => {
            let fact = format!("min_version = \"{}\" is no version", wanted.value.escape_debug());
            Err(ConfigError::new(Code::BadValue, wanted.span, fact)
                .remedy("write it as \"0.3\" or \"0.3.1\""))
        }
        Some(needed) if version(ours).is_some_and(|ours| ours < needed) => {
            Err(too_old(wanted.value, ours, wanted.span))
        }
        Some(_) => Ok(()),
    }
}

fn too_old(wanted: &str, ours: &str, place: Span) -> ConfigError {
    let fact = format!("this file needs onedoor {wanted}, and this is {ours}");
    ConfigError::new(Code::TooOld, place, fact)
        .remedy("install a newer onedoor; nothing else in the file was judged, since it may hold what this one does not know")
}

fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split('.');
    let mut number = || match parts.next() {
        None => Some(0),
        Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse().ok(),
        Some(_) => None,
    };
    let version = [number()?, number()?, number()?];
    parts.next().is_none().then_some(version)
}

fn take_table(section: &mut Section, key: &str) -> Option<Section> {
    let at = section.entries.iter().position(|entry| entry.key.value == key)?;
    match section.entries.remove(at).node?.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn table_mut<'s>(section: &'s mut Section, key: &str) -> Option<&'s mut Section> {
    let entry = section.entries.iter_mut().find(|entry| entry.key.value == key)?;
    match &mut entry.node.as_mut()?.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("0.3"), Some([0, 3, 0]));
        assert!(version("0.10") > version("0.9.9"));
        assert_eq!(["", ".", "0.3.", "v1", "0.3-rc", "1.2.3.4", "1.+2"].map(version), [None; 7]);
    }
}

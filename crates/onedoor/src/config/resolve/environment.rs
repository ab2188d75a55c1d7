//! What variables an app sees: `env`, `inherit_env`, `env_file` (CONFIG.md §1.6 "Environment").
//!
//! `.env` files are read at each start of the app; here it is only tried whether they can be.

use std::ffi::OsString;
use std::path::PathBuf;

use super::secrets::secrets;
use super::{Context, siblings};
use crate::apps::dotenv;
use crate::apps::spec::{EnvValue, Environment};
use crate::config::error::{Code, ConfigError};
use crate::config::interpolate::Piece;
use crate::config::section::{Section, Value};
use crate::config::source::Located;

pub(super) fn environment(section: &Section, context: &mut Context<'_>) -> Environment {
    Environment {
        inherited: inherited(section, context),
        files: files(section, context),
        own: own(section, context),
        secrets: secrets(section, context),
    }
}

/// The public PORT and what others told onedoor are not the app's business.
pub(super) fn is_onedoors_own(name: &str) -> bool {
    matches!(name, "PORT" | "NOTIFY_SOCKET" | "WATCHDOG_USEC" | "WATCHDOG_PID")
        || name.starts_with("ONEDOOR_")
        || name.starts_with("LISTEN_")
}

fn inherited(section: &Section, context: &mut Context<'_>) -> Vec<(OsString, OsString)> {
    let named = match section.node("inherit_env").map(|node| &node.value) {
        Some(Value::List(names)) => Some(names),
        _ => None,
    };
    context.errors.extend(named.into_iter().flatten().filter_map(no_name));
    let is_inherited = |name: &OsString| {
        let Some(text) = name.to_str() else { return named.is_none() };
        !is_onedoors_own(text)
            && !context.secret_variables.contains(text)
            && named.is_none_or(|names| names.iter().any(|wanted| wanted.value == text))
    };
    let inherited = context.env.iter().filter(|(name, _)| is_inherited(name));
    inherited.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `*` and `A=b`, which would inherit nothing at all.
fn no_name(name: &Located<String>) -> Option<ConfigError> {
    let error = |fact: String| ConfigError::new(Code::BadValue, name.span, fact);
    match name.value.split_once('=') {
        Some((variable, _)) => {
            let fact = format!("`inherit_env` names variables, and gives {variable} no value");
            Some(
                error(fact)
                    .remedy(format!("what the app gets besides is in env = {{ {variable} = \"...\" }}")),
            )
        }
        None if name.value.contains('*') => {
            let fact = format!("`{}` is the name of no variable: nothing would be inherited", name.value);
            Some(error(fact).remedy("name each, or write inherit_env = \"all\""))
        }
        None => None,
    }
}

fn own(section: &Section, context: &mut Context<'_>) -> Vec<(String, EnvValue)> {
    let mut own = Vec::new();
    for (name, value) in section.env("env") {
        let has_nul =
            value.value.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains('\0')));
        if can_be_named(name, context) && !has_nul {
            own.push((name.value.clone(), siblings::value(&value.value, context)));
        } else if has_nul {
            context.errors.push(no_variable(name));
        }
    }
    own
}

pub(super) fn can_be_named(name: &Located<String>, context: &mut Context<'_>) -> bool {
    let can = !name.value.is_empty() && !name.value.contains(['=', '\0']);
    if !can {
        context.errors.push(no_variable(name));
    }
    can
}

fn no_variable(name: &Located<String>) -> ConfigError {
    let fact = format!("`{}` cannot be a variable", name.value.escape_debug());
    let error = ConfigError::new(Code::BadValue, name.span, fact);
    error.remedy("a name has no `=`, and neither name nor value holds a NUL")
}

fn files(section: &Section, context: &mut Context<'_>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for written in section.list("env_file").unwrap_or_default() {
        let path = context.folder.join(written.value);
        if context.has_disk()
            && let Err(error) = dotenv(&path)
        {
            let fact = format!("{} cannot be read: {error}", path.display());
            let error = ConfigError::new(Code::FileMissing, written.span, fact);
            context
                .errors
                .push(error.remedy("lines of NAME=value; a relative path starts at the folder of this file"));
        }
        files.push(path);
    }
    files
}

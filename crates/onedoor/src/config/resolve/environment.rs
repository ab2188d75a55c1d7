//! What variables an app sees: `env`, `inherit_env`, `env_file`, `secrets` (CONFIG.md §1.6 "Environment").
//!
//! Secrets and `.env` files are read at each start of the app; here it is only tried whether they can be.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use super::{Context, siblings};
use crate::apps::spec::{EnvValue, Environment, Secret, SecretSource};
use crate::apps::{dotenv, secret_file};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::{Fix, quoted};
use crate::config::interpolate::Piece;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};
use crate::config::{suggest, surgery};

const FORMS: &str = "\"file:/run/secrets/NAME\" or \"env:NAME\"";

/// The container's variables that hold a secret of one of `members`: nobody else is to see them.
pub(super) fn secret_variables<'a>(members: impl Iterator<Item = &'a Section>) -> BTreeSet<String> {
    let named = |section: &'a Section| {
        let sources =
            section.map("secrets").iter().filter_map(|(_, source)| source.value.strip_prefix("env:"));
        sources.flat_map(|name| [name.to_owned(), format!("{name}_FILE")])
    };
    members.flat_map(named).collect()
}

pub(super) fn environment(section: &Section, context: &mut Context<'_>) -> Environment {
    Environment {
        inherited: inherited(section, context),
        files: files(section, context),
        own: own(section, context),
        secrets: secrets(section, context),
    }
}

/// The public PORT and what others told onedoor are not the app's business.
fn is_onedoors_own(name: &str) -> bool {
    matches!(name, "PORT" | "NOTIFY_SOCKET" | "WATCHDOG_USEC" | "WATCHDOG_PID")
        || name.starts_with("ONEDOOR_")
        || name.starts_with("LISTEN_")
}

fn inherited(section: &Section, context: &Context<'_>) -> Vec<(OsString, OsString)> {
    let named = match section.node("inherit_env").map(|node| &node.value) {
        Some(Value::List(names)) => Some(names),
        _ => None,
    };
    let is_inherited = |name: &OsString| {
        let Some(text) = name.to_str() else { return named.is_none() };
        !is_onedoors_own(text)
            && !context.secret_variables.contains(text)
            && named.is_none_or(|names| names.iter().any(|wanted| wanted.value == text))
    };
    let inherited = context.env.iter().filter(|(name, _)| is_inherited(name));
    inherited.map(|(name, value)| (name.clone(), value.clone())).collect()
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

fn can_be_named(name: &Located<String>, context: &mut Context<'_>) -> bool {
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

fn secrets(section: &Section, context: &mut Context<'_>) -> Vec<(String, SecretSource)> {
    let own = section.env("env");
    let mut secrets = Vec::new();
    for (name, source) in section.map("secrets") {
        if !can_be_named(name, context) {
            continue;
        }
        if let Some((Located { span: place, .. }, Located { span: value, .. })) =
            own.iter().find(|(own, _)| own.value == name.value)
        {
            let fact = format!("{} is a secret and in `env`", name.value);
            let error = ConfigError::new(Code::Contradiction, name.span, fact).also(*place, "in `env`");
            let gone = surgery::take_out(context.source, *place, *value).map(|edit| Fix::of(vec![edit]));
            context.errors.push(error.remedy("keep the secret").fix(gone));
        }
        match source_of(source, context) {
            Ok(source) => secrets.push((name.value.clone(), source)),
            Err(error) => context.errors.push(error),
        }
    }
    secrets
}

fn source_of(written: &Located<String>, context: &Context<'_>) -> Result<SecretSource, ConfigError> {
    if let Some(path) = written.value.strip_prefix("file:") {
        return from_file(context.folder.join(path), written.span, context);
    }
    let Some(name) = written.value.strip_prefix("env:") else {
        // What is written may be the secret itself: it is not repeated.
        let error =
            ConfigError::new(Code::BadValue, written.span, "this does not say where the secret is kept");
        let error = match meant_source(&written.value) {
            Some(meant) => error.replace(written.span, quoted(&meant)),
            None => error,
        };
        return Err(error
            .label("neither file: nor env:")
            .remedy(format!("{FORMS}; never the secret itself")));
    };
    let file = format!("{name}_FILE");
    let container =
        |wanted: &str| context.env.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    match (container(name), container(&file)) {
        (Some(value), None) => Ok(SecretSource::Value(Secret(value.clone()))),
        (None, Some(path)) => from_file(PathBuf::from(path), written.span, context),
        (Some(_), Some(_)) => {
            let fact = format!("both {name} and {file} are set, and only one can be meant");
            Err(ConfigError::new(Code::Contradiction, written.span, fact).remedy("set one of them"))
        }
        (None, None) if !context.has_disk() => Ok(SecretSource::Value(Secret(OsString::new()))),
        (None, None) => {
            let fact = format!("neither {name} nor {file} is set");
            let error = ConfigError::new(Code::EnvUnset, written.span, fact);
            let names: Vec<&str> = context.env.iter().filter_map(|(name, _)| name.to_str()).collect();
            Err(match suggest::nearest(name, names.iter().copied()) {
                Some(near) => {
                    let meant = format!("env:{near}");
                    error.remedy(format!("did you mean \"{meant}\"?")).replace(written.span, quoted(&meant))
                }
                None => error.remedy("set one of them for the container"),
            })
        }
    }
}

/// `/run/secrets/x`, `$X`, `env.X`
fn meant_source(text: &str) -> Option<String> {
    let is_name = |name: &&str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if text.starts_with("/run/secrets/") || text.starts_with("/etc/") || text.starts_with("./") {
        return Some(format!("file:{text}"));
    }
    if let Some(path) = text.strip_prefix("file://").or_else(|| text.strip_prefix("file ")) {
        return Some(format!("file:{}", path.trim()));
    }
    let name =
        ["$", "env.", "env/", "ENV:", "env "].into_iter().find_map(|start| text.strip_prefix(start))?;
    Some(name).filter(is_name).map(|name| format!("env:{name}"))
}

fn from_file(path: PathBuf, place: Span, context: &Context<'_>) -> Result<SecretSource, ConfigError> {
    if context.has_disk()
        && let Err(error) = secret_file(&path)
    {
        let fact = format!("{} cannot be read: {error}", path.display());
        let error = ConfigError::new(Code::FileMissing, place, fact);
        return Err(error.remedy("is it mounted, and may the user onedoor runs as read it?"));
    }
    Ok(SecretSource::File(path))
}

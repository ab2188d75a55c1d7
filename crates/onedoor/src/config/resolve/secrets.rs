//! `secrets`: what only one app may see, and whether it can be had (CONFIG.md §1.4).
//!
//! Files are read, and commands run, at each start of the app; here it is only tried whether a file can be read, and
//! looked whether a program is there. What is written may be the secret itself: no message repeats it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use super::environment::{can_be_named, is_onedoors_own};
use super::shell_only::{ShellOnly, shell_only};
use crate::apps::secret::{Secret, SecretCommand, SecretSource};
use crate::apps::secret_file;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::{Fix, quoted};
use crate::config::section::Section;
use crate::config::source::{Located, Span};
use crate::config::{suggest, surgery};

const FORMS: &str = "\"file:/run/secrets/NAME\", \"env:NAME\" or \"cmd:PROGRAM ARGUMENTS\"";

/// Programs that read what a shell reads.
const SHELLS: &[&str] = &["sh", "ash", "bash", "dash", "ksh", "zsh", "busybox"];

/// The container's variables that hold a secret of one of `members`: nobody else is to see them.
pub(super) fn secret_variables<'a>(members: impl Iterator<Item = &'a Section>) -> BTreeSet<String> {
    let named = |section: &'a Section| {
        let sources =
            section.map("secrets").iter().filter_map(|(_, source)| source.value.strip_prefix("env:"));
        sources.flat_map(|name| [name.to_owned(), format!("{name}_FILE")])
    };
    sorted::set(members.flat_map(named))
}

pub(super) fn secrets(section: &Section, context: &mut Context<'_>) -> Vec<(String, SecretSource)> {
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
        if is_set_by_us(&name.value) {
            let fact = format!("{} belongs to onedoor: no secret can have this name", name.value);
            let error = ConfigError::new(Code::Contradiction, name.span, fact);
            context.errors.push(error.remedy("give the secret another name"));
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
    if let Some(line) = written.value.strip_prefix("cmd:") {
        return from_command(line, written.span, context);
    }
    let Some(name) = written.value.strip_prefix("env:") else {
        let error =
            ConfigError::new(Code::SecretSource, written.span, "this does not say where the secret is kept");
        let error = match meant_source(&written.value) {
            Some(meant) if is_plain(written.span, context) => error.replace(written.span, quoted(&meant)),
            Some(_) | None => error,
        };
        return Err(error
            .label("none of file:, env:, cmd:")
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

/// Whoever overrode one of these would listen, or speak, where nobody hears it.
fn is_set_by_us(name: &str) -> bool {
    is_onedoors_own(name) || name == "SOCKET"
}

/// Nothing of the value came from a variable, so that a fix may repeat it.
fn is_plain(place: Span, context: &Context<'_>) -> bool {
    !context.source.slice(place).contains("${")
}

/// `/run/secrets/x`, `$X`, `env.X`, `exec:x`, `op://x`
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
    if text.starts_with("op://") {
        return Some(format!("cmd:op read {text}"));
    }
    let command = ["cmd ", "CMD:", "exec:", "command:", "run:", "shell:"];
    if let Some(line) = command.into_iter().find_map(|start| text.strip_prefix(start)) {
        return Some(format!("cmd:{}", line.trim()));
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

fn from_command(line: &str, place: Span, context: &Context<'_>) -> Result<SecretSource, ConfigError> {
    let wrong = |fact: &str| ConfigError::new(Code::BadCommand, place, fact);
    let Some(words) = shlex::split(line) else {
        return Err(wrong("a quote is opened and never closed").remedy("close it, or write \\\""));
    };
    let Some(program) = words.first().filter(|program| !program.is_empty()) else {
        let remedy = "\"cmd:vault read -field=token secret/app\": it prints the value to stdout";
        return Err(wrong("the command that tells the secret is empty").remedy(remedy));
    };
    if words.iter().any(|word| word.contains('\0')) {
        return Err(wrong("a command cannot hold a NUL character"));
    }
    if let Some((name, _)) = program.split_once('=').filter(|(name, _)| !name.contains('/')) {
        let error = wrong(&format!("`{name}=` is an assignment, not a program"));
        let meant = is_plain(place, context).then(|| quoted(&format!("cmd:env {}", line.trim())));
        return Err(error
            .remedy(format!("put env in front of it: \"cmd:env {name}=VALUE PROGRAM\""))
            .fix(meant.map(|text| Fix::replace(place, text))));
    }
    if let Some(found) = unread(program, line) {
        return Err(for_a_shell(&found, line, place, context));
    }
    let variables =
        context.env.iter().filter(|(name, _)| name.to_str().is_none_or(|name| !is_onedoors_own(name)));
    let environment = sorted::map(variables.map(|(name, value)| (name.clone(), value.clone())));
    let command = SecretCommand { words, dir: context.folder.to_owned(), environment: Arc::new(environment) };
    if context.has_disk()
        && let Err(error) = command.spec()
    {
        let error = ConfigError::new(Code::CommandNotFound, place, error.to_string());
        return Err(error.remedy(
            "install it in the image; with a slash it is looked for from the folder of this file, else on onedoor's PATH",
        ));
    }
    Ok(SecretSource::Command(command))
}

/// What a shell would have to read, and none does.
fn unread<'a>(program: &str, line: &'a str) -> Option<ShellOnly<'a>> {
    let is_shell = SHELLS.contains(&program.rsplit('/').next().unwrap_or(program));
    shell_only(line).filter(|found| match found {
        // The script of `sh -c "…"` is in quotes, and the shell's business.
        ShellOnly::Variable(_) => !is_shell,
        ShellOnly::Syntax(text) => !(is_shell && ["`", "$("].contains(text)),
    })
}

fn for_a_shell(found: &ShellOnly<'_>, line: &str, place: Span, context: &Context<'_>) -> ConfigError {
    let error =
        |fact: String| ConfigError::new(Code::BadCommand, place, fact).label("this runs without a shell");
    match found {
        ShellOnly::Variable(name) => error(format!("`${name}` would be passed on as it is"))
            .remedy(format!("${{{name}}} is onedoor's own variable; in single quotes it stays as it is")),
        ShellOnly::Syntax(text) => {
            let meant = shlex::try_quote(line.trim()).ok().filter(|_| is_plain(place, context));
            let meant = meant.map(|script| Fix::replace(place, quoted(&format!("cmd:sh -c {script}"))));
            error(format!("`{text}` would be passed on as it is"))
                .remedy("\"cmd:sh -c 'LINE'\" asks for a shell; then how the last program ends counts")
                .fix(meant)
        }
    }
}

//! What an app's processes may be and use: `umask`, `user`, `group`, `limits`.

use onedoor_linux::account::{Account, Accounts, NoAccount};

use super::Context;
use crate::apps::spec::{Isolation, Limits};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};
use crate::config::suggest;

/// Every permission there is: the rest of the bits mean nothing to umask(2).
const UMASK_MOST: u32 = 0o777;

const ROOT: u32 = 0;

/// Below this no program can even be loaded.
const MEMORY_LEAST: u64 = 1 << 20;

pub(super) fn isolation(section: &Section, context: &mut Context<'_>) -> Isolation {
    Isolation {
        umask: umask(section, context),
        account: account(section, context),
        user: name(section, "user").map(|user| user.value),
        limits: limits(section, context),
    }
}

/// `umask = "027"`: octal, as everywhere else (umask(1)).
fn umask(section: &Section, context: &mut Context<'_>) -> Option<u32> {
    let written = section.text("umask")?;
    let is_octal =
        !written.value.is_empty() && written.value.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    let umask = u32::from_str_radix(written.value, 8).ok().filter(|umask| is_octal && *umask <= UMASK_MOST);
    if umask.is_none() {
        let fact = format!("`{}` is no umask", written.value.escape_debug());
        let error = ConfigError::new(Code::BadValue, written.span, fact);
        let error = error.remedy("up to three octal digits: \"022\", \"027\", \"077\"");
        let meant = written.value.trim().trim_start_matches("0o");
        context.errors.push(error.replace(written.span, quoted(meant)));
    }
    umask
}

/// Who the app is to be, if not whom onedoor is. Only root can make it somebody else.
fn account(section: &Section, context: &mut Context<'_>) -> Option<Account> {
    let (user, group) = (name(section, "user"), name(section, "group"));
    let place = user.as_ref().or(group.as_ref())?.span;
    // A check for another machine: its users are not known here.
    if !context.has_disk() {
        return None;
    }
    let text = |name: &Option<Located<String>>| name.as_ref().map(|name| name.value.clone());
    let (user_name, group_name) = (text(&user), text(&group));
    let found = Accounts::of_this_machine().find(user_name.as_deref(), group_name.as_deref());
    let account = match found {
        Ok(account) => account?,
        Err(error) => {
            let place = match &error {
                NoAccount::Group { .. } => group.map_or(place, |group| group.span),
                NoAccount::User { .. } | NoAccount::NumberWithoutGroup { .. } => place,
            };
            context.errors.push(nobody(&error, place));
            return None;
        }
    };
    let we_are = context.env.machine.user;
    if we_are == ROOT {
        return Some(account);
    }
    // A container that is not root's already: what is asked for is so, or cannot be.
    if group.is_some() || account.identity.user != we_are {
        let fact = format!("only root can start it as somebody else, and onedoor runs as user {we_are}");
        let error = ConfigError::new(Code::BadValue, place, fact);
        context
            .errors
            .push(error.remedy("take it out, or start the container as root (no `USER` in the image)"));
    }
    None
}

fn nobody(error: &NoAccount, place: Span) -> ConfigError {
    let found = ConfigError::new(Code::BadValue, place, error.to_string());
    let wanted = match error {
        NoAccount::User { name, .. } | NoAccount::Group { name, .. } => name.as_str(),
        NoAccount::NumberWithoutGroup { number } => {
            return found.remedy(format!("say both: user = {number}, group = {number}"));
        }
    };
    if let Some((user, group)) = wanted.split_once(':') {
        return found.remedy(format!("say user = \"{user}\", group = \"{group}\""));
    }
    match suggest::nearest(wanted, error.known().iter().map(String::as_str)) {
        Some(near) => found.remedy(format!("did you mean \"{near}\"?")).replace(place, quoted(near)),
        None => found.remedy("make it in the image (useradd, adduser), or give a number"),
    }
}

/// A name, or a number with or without quotes.
fn name(section: &Section, key: &str) -> Option<Located<String>> {
    let node = section.node(key)?;
    match &node.value {
        Value::Text(text) => Some(Located::new(text.clone(), node.span)),
        Value::Int(number) => Some(Located::new(number.to_string(), node.span)),
        Value::Bool(_)
        | Value::Thousandths(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::List(_)
        | Value::Ints(_)
        | Value::Map(_)
        | Value::Env(_)
        | Value::Pieces(_)
        | Value::Json(_)
        | Value::Table(_)
        | Value::Tables(_)
        | Value::Unset(_) => None,
    }
}

fn limits(section: &Section, context: &mut Context<'_>) -> Limits {
    let Some(limits) = section.table("limits") else { return Limits::default() };
    let count = |key| limits.int(key).and_then(|count| u64::try_from(count.value).ok());
    let memory = limits.size("memory");
    if let Some(memory) = memory.as_ref().filter(|memory| memory.value < MEMORY_LEAST) {
        let fact = format!("no program runs in {} bytes", memory.value);
        let error = ConfigError::new(Code::BadValue, memory.span, fact);
        let error = error.remedy("a size such as \"512MiB\"");
        // Nobody means bytes.
        let meant = format!("\"{}MiB\"", memory.value);
        context.errors.push(if memory.value >= 16 { error.replace(memory.span, meant) } else { error });
    }
    let cpu = limits.thousandths("cpu").and_then(|cpu| u64::try_from(cpu).ok());
    Limits {
        memory: memory.map(|memory| memory.value),
        cpu,
        files: count("files"),
        processes: count("processes"),
    }
}

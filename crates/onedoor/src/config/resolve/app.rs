//! `[apps]`, first look: which apps there are, what they are called, and where they are served by their own words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Context, policy};
use crate::config::error::{Code, ConfigError};
use crate::config::section::{Entry, Node, Origin, Section, Value};
use crate::config::source::{Located, Span};
use crate::proxy::route::{Balance, LineLimits, WhileDown};
use crate::registry::AppId;

const APPS_MOST: usize = 1000;
const NAME_MOST: usize = 40;

/// An app's entry in the file, understood so far as its routes need it.
pub(super) struct Draft<'a> {
    pub(super) id: AppId,
    pub(super) name: Located<&'a str>,
    /// None: a plain command.
    pub(super) section: Option<&'a Section>,
    pub(super) run: Option<&'a Node>,
    pub(super) mount: Option<Mount<'a>>,
}

/// How an app takes requests, as its own entry says.
pub(super) struct AppTerms {
    pub(super) while_down: WhileDown,
    pub(super) line: LineLimits,
    pub(super) balance: Balance,
}

impl AppTerms {
    /// Of what is no app of ours.
    pub(super) const NONE: Self =
        Self { while_down: policy::HOLD, line: policy::LINE, balance: Balance::RoundRobin };
}

/// Where an app is served by its own words.
#[derive(Clone, Debug)]
pub(super) struct Mount<'a> {
    pub(super) path: Located<Cow<'a, str>>,
    pub(super) host: Option<Located<&'a str>>,
    /// `apps.node.path = "/node"`
    pub(super) name: String,
}

impl Draft<'_> {
    /// The only app a request to `/` of any host can mean.
    pub(super) fn is_at_root(&self) -> bool {
        self.mount.as_ref().is_some_and(|mount| mount.host.is_none() && mount.path.value == "/")
    }

    /// What its routes say unless they say otherwise.
    pub(super) fn terms(&self) -> AppTerms {
        let while_down = self.section.and_then(|section| section.table("while_down"));
        AppTerms {
            while_down: while_down.map_or(policy::HOLD, policy::while_down),
            line: while_down.map_or(policy::LINE, policy::line),
            balance: self.balance(),
        }
    }

    fn balance(&self) -> Balance {
        match self.section.and_then(|section| section.text("balance")).map(|word| word.value) {
            Some("least-conn") => Balance::LeastConn,
            Some("ip-hash") => Balance::IpHash,
            Some("cookie") => Balance::Cookie,
            _ => Balance::RoundRobin,
        }
    }
}

/// The apps that are there for another profile only, each with the place that says so.
pub(super) fn disabled(apps: Option<&Section>) -> BTreeMap<String, Span> {
    let entries = apps.map_or(&[][..], |apps| &apps.entries);
    let place = |entry: &Entry| match &entry.node.as_ref()?.value {
        Value::Table(section) if section.flag("enabled") == Some(false) => section.key("enabled"),
        _ => None,
    };
    sorted::map(entries.iter().filter_map(|entry| Some((entry.key.value.clone(), place(entry)?))))
}

/// The apps in the order of the file, less those that are not enabled. What is no app at all is said and left out.
pub(super) fn drafts<'a>(apps: Option<&'a Section>, context: &mut Context<'_>) -> Vec<Draft<'a>> {
    let entries = apps.map_or(&[][..], |apps| &apps.entries);
    if let Some(first_too_many) = entries.get(APPS_MOST) {
        let fact = format!("more than {APPS_MOST} apps");
        context.errors.push(ConfigError::new(Code::TooMany, first_too_many.key.span, fact));
    }
    let mut drafts = Vec::new();
    for entry in entries.iter().take(APPS_MOST) {
        check_name("app", &entry.key, context);
        if context.disabled.contains_key(&entry.key.value) {
            continue;
        }
        let id = AppId(u16::try_from(drafts.len()).unwrap_or(u16::MAX));
        drafts.extend(draft(id, entry, context));
    }
    drafts
}

fn draft<'a>(id: AppId, entry: &'a Entry, context: &mut Context<'_>) -> Option<Draft<'a>> {
    let name = Located::new(entry.key.value.as_str(), entry.key.span);
    let node = entry.node.as_ref()?;
    let Value::Table(section) = &node.value else {
        return Some(Draft { id, name, section: None, run: Some(node), mount: Some(mount_by_name(name)) });
    };
    let dev = context.env.is_for_development().then(|| section.node("dev")).flatten();
    let run = dev.or_else(|| section.node("run"));
    if run.is_none() && !section.is_flawed() {
        let fact = format!("app \"{}\" has no `run`", name.value);
        let error = ConfigError::new(Code::MissingKey, name.span, fact);
        context.errors.push(error.remedy("say how it is started: run = \"node server.js\""));
    }
    let host = section.text("host");
    let mount = match (section.text("path"), host) {
        (Some(path), host) => Some(Mount {
            path: Located::new(path.value.into(), path.span),
            host,
            name: format!("apps.{}.path = \"{}\"", name.value, path.value),
        }),
        (None, Some(host)) => Some(Mount {
            path: Located::new("/".into(), host.span),
            host: Some(host),
            name: format!("apps.{}.host = \"{}\"", name.value, host.value),
        }),
        (None, None) if section.origin == Origin::Command => Some(mount_by_name(name)),
        (None, None) => None,
    };
    Some(Draft { id, name, section: Some(section), run, mount })
}

/// An app that is nothing but its command is served: `web` at /, any other at /NAME.
fn mount_by_name<'a>(name: Located<&str>) -> Mount<'a> {
    let path = if name.value == "web" { "/".to_owned() } else { format!("/{}", name.value) };
    Mount { path: Located::new(path.into(), name.span), host: None, name: format!("apps.{}", name.value) }
}

/// `noun`: what it would be the name of.
pub(super) fn check_name(noun: &str, key: &Located<String>, context: &mut Context<'_>) {
    let name = key.value.as_str();
    let fine = name.len() <= NAME_MOST
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fine {
        return;
    }
    let fact = format!("`{name}` is no {noun} name");
    let error = ConfigError::new(Code::AppName, key.span, fact);
    let better: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .skip_while(|character| !character.is_ascii_lowercase())
        .take(NAME_MOST)
        .collect();
    let grammar = "a-z first, then a-z, 0-9 and -, at most 40 characters";
    context.errors.push(if better.is_empty() {
        error.remedy(grammar)
    } else {
        error.remedy(format!("`{better}` would be one ({grammar})")).replace(key.span, better)
    });
}

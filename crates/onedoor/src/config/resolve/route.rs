//! `[routes]`, first look: one target each, only keys that mean something beside it, and the pattern of the key.

use std::collections::BTreeMap;
use std::ops::Range;

use super::app::{AppTerms, Draft as AppDraft};
use super::prefix::{self, Said};
use super::{Context, policy, take_out};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::{Fix, quoted};
use crate::config::foreign_pattern;
use crate::config::section::{Entry, Origin, Section, Value};
use crate::config::source::{Located, Span};
use crate::config::suggest;
use crate::proxy::route::{Builtin, EncodedSlashPolicy, Pattern, PatternError, PatternFault, RoutePolicy};
use crate::registry::AppId;

/// A route of the file, understood but for its rewriting.
pub(super) struct Draft<'a> {
    pub(super) key: Located<&'a str>,
    pub(super) standing: Standing,
    pub(super) section: &'a Section,
    pub(super) pattern: Pattern,
    pub(super) target: Target<'a>,
}

/// How its key stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Alone,
    /// One of the list that its key has; the place is the item's.
    OneOfSeveral(Span),
}

impl Draft<'_> {
    /// Where the route is written.
    pub(super) fn place(&self) -> Span {
        match self.standing {
            Standing::Alone => self.key.span,
            Standing::OneOfSeveral(place) => place,
        }
    }

    pub(super) fn app(&self) -> Option<AppId> {
        match self.target {
            Target::App { app, .. } => Some(app),
            Target::Proxy(_)
            | Target::Respond(_)
            | Target::Redirect(_)
            | Target::Builtin(_)
            | Target::Files(_) => None,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    App {
        app: AppId,
        name: &'a str,
    },
    Proxy(Located<&'a str>),
    /// None: `body` or `json` beside it say the answer, or its own table does.
    Respond(Option<Located<&'a str>>),
    Redirect(Located<&'a str>),
    Builtin(Builtin),
    Files(Located<&'a str>),
}

/// The targets, and which keys mean something beside each.
const TARGETS: [(&str, &[&str]); 6] = [
    (
        "app",
        &["prefix", "strip", "rewrite", "host", "encoded_slash", "limits", "when", "priority", "while_down"],
    ),
    ("proxy", &["prefix", "strip", "rewrite", "host", "tls", "encoded_slash", "limits", "when", "priority"]),
    (
        "respond",
        &["status", "body", "json", "type", "headers", "encoded_slash", "limits", "when", "priority"],
    ),
    ("redirect", &["status", "encoded_slash", "limits", "when", "priority"]),
    ("builtin", &["encoded_slash", "limits", "when", "priority"]),
    (
        "static",
        &[
            "index",
            "spa",
            "not_found",
            "cache",
            "precompressed",
            "encoded_slash",
            "limits",
            "when",
            "priority",
        ],
    ),
];

/// These alone make an answer, too.
const ANSWER: [&str; 3] = ["body", "json", "status"];

pub(super) fn drafts<'a>(
    routes: Option<&'a Section>,
    apps: &[AppDraft<'_>],
    context: &mut Context<'_>,
) -> Vec<Draft<'a>> {
    let entries = routes.map_or(&[][..], |routes| &routes.entries);
    let mut drafts = Vec::with_capacity(entries.len());
    for entry in entries {
        let key = Located::new(entry.key.value.as_str(), entry.key.span);
        let pattern = match Pattern::parse(key.value) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                context.errors.push(pattern_error(key, &error, context));
                None
            }
        };
        for (standing, section) in written_under(entry) {
            let place = if let Standing::OneOfSeveral(place) = standing { place } else { key.span };
            let target = target(Located::new(key.value, place), section, apps, context);
            if let (Some(pattern), Some(target)) = (pattern.clone(), target) {
                drafts.push(Draft { key, standing, section, pattern, target });
            }
        }
    }
    drafts
}

/// The routes of one key.
fn written_under(entry: &Entry) -> Vec<(Standing, &Section)> {
    match entry.node.as_ref().map(|node| &node.value) {
        Some(Value::Table(section)) => vec![(Standing::Alone, section)],
        Some(Value::Tables(sections)) if let [one] = &sections[..] => vec![(Standing::Alone, &one.value)],
        Some(Value::Tables(sections)) => {
            sections.iter().map(|one| (Standing::OneOfSeveral(one.span), &one.value)).collect()
        }
        _ => Vec::new(),
    }
}

/// Where a route serves an app, and what it says becomes of that prefix.
pub(super) struct Routed<'a> {
    /// Never empty.
    pub(super) prefix: String,
    pub(super) said: Said<'a>,
}

/// The apps that routes name, each with the first of those routes that has a prefix; an app that has the root, too, has none.
pub(super) fn apps_routed<'a>(routes: &[Draft<'a>]) -> BTreeMap<AppId, Option<Routed<'a>>> {
    let mut routed: BTreeMap<AppId, Option<Routed<'_>>> = BTreeMap::new();
    for route in routes {
        if let Some(app) = route.app() {
            let first = routed.entry(app).or_default();
            let prefix = route.pattern.mount_prefix().filter(|prefix| !prefix.is_empty());
            if let (None, Some(prefix)) = (&first, prefix) {
                *first = Some(Routed { prefix, said: Said::of(route.section) });
            }
        }
    }
    for route in routes.iter().filter(|route| route.pattern.mount_prefix().as_deref() == Some("")) {
        if let Some(at_root) = route.app().and_then(|app| routed.get_mut(&app)) {
            *at_root = None;
        }
    }
    routed
}

/// What every route may say, whatever its target.
pub(super) fn route_policy(section: Option<&Section>, body_max: Option<u64>, app: AppTerms) -> RoutePolicy {
    let nothing = Section::empty("routes.*");
    let section = section.unwrap_or(&nothing);
    let encoded_slash = match section.text("encoded_slash").map(|word| word.value) {
        Some("reject") => EncodedSlashPolicy::Reject,
        _ => EncodedSlashPolicy::Keep,
    };
    let body = section.table("limits").and_then(|limits| limits.size("body"));
    RoutePolicy {
        body_max: body.map(|size| size.value).or(body_max),
        encoded_slash,
        while_down: section.table("while_down").map_or(app.while_down, policy::while_down),
        line: section.table("while_down").map_or(app.line, policy::line),
        balance: app.balance,
    }
}

fn target<'a>(
    key: Located<&str>,
    section: &'a Section,
    apps: &[AppDraft<'_>],
    context: &mut Context<'_>,
) -> Option<Target<'a>> {
    let mut given = TARGETS
        .iter()
        .filter_map(|(target, beside)| section.key(target).map(|place| (*target, *beside, place)));
    let (target, beside, place) = match given.next() {
        Some(target) => target,
        None => match ANSWER.iter().find_map(|key| section.key(key)) {
            Some(place) => ("respond", TARGETS[2].1, place),
            None if section.is_flawed() => return None,
            None => {
                let fact = format!("the route `{}` does not say who answers", key.value);
                let error = ConfigError::new(Code::NoTarget, key.span, fact);
                let error = match section.origin {
                    Origin::OverAList(list) => error.also(list, "this list is replaced by it as a whole"),
                    Origin::Table | Origin::Command => error,
                };
                let remedy = "give it one of app, proxy, respond, redirect, builtin, static";
                context.errors.push(error.remedy(remedy));
                return None;
            }
        },
    };
    if let Some((second, _, other)) = given.next() {
        let fact = format!("the route `{}` has two targets, {target} and {second}", key.value);
        let error = ConfigError::new(Code::TwoTargets, other, fact).also(place, "the other");
        context
            .errors
            .push(error.remedy("keep one of them; who else should answer needs a route of its own"));
        return None;
    }
    check_beside(section, target, beside, context);
    match target {
        "app" => app(section.text("app")?, apps, context),
        "proxy" => Some(Target::Proxy(section.text("proxy")?)),
        "static" => Some(Target::Files(section.text("static")?)),
        "redirect" => Some(Target::Redirect(section.text("redirect")?)),
        "builtin" => match section.text("builtin")?.value {
            "health" => Some(Target::Builtin(Builtin::Health)),
            "metrics" => Some(Target::Builtin(Builtin::Metrics)),
            _ => Some(Target::Builtin(Builtin::Ready)),
        },
        _ => Some(Target::Respond(section.text("respond"))),
    }
}

fn check_beside(section: &Section, target: &str, beside: &[&str], context: &mut Context<'_>) {
    for entry in section.entries.iter().filter(|entry| entry.node.is_some()) {
        let key = entry.key.value.as_str();
        if key == target || beside.contains(&key) {
            continue;
        }
        let fact = format!("`{key}` has no meaning beside `{target}`");
        let mut error = ConfigError::new(Code::Contradiction, entry.key.span, fact);
        if let Some(place) = section.key(target) {
            error = error.also(place, "the target");
        }
        context.errors.push(match (key, target) {
            ("body", "app" | "proxy") => error
                .remedy("to limit the request's: limits = { body = \"10MiB\" }")
                .replace(entry.key.span, "limits.body"),
            _ => error
                .remedy(format!("beside it may stand: {}", beside.join(", ")))
                .fix(take_out(section, key, context)),
        });
    }
    prefix::check_one(section, context);
    if let (Some(word), "proxy") = (section.text("prefix").filter(|word| word.value == "auto"), target) {
        let fact = "`auto` asks the framework of an app, and nothing is known of what is behind a `proxy`";
        let error = ConfigError::new(Code::Contradiction, word.span, fact);
        context.errors.push(error.remedy("say prefix = \"strip\" or \"keep\""));
    }
}

fn app<'a>(wanted: Located<&'a str>, apps: &[AppDraft<'_>], context: &mut Context<'_>) -> Option<Target<'a>> {
    if let Some(app) = apps.iter().find(|app| app.name.value == wanted.value) {
        return Some(Target::App { app: app.id, name: wanted.value });
    }
    if let Some(place) = context.disabled.get(wanted.value) {
        let fact = format!("the route names app \"{}\", which is not enabled", wanted.value);
        let error = ConfigError::new(Code::UnknownApp, wanted.span, fact).also(*place, "said here");
        let remedy = "where the app is off, let something else answer: respond = { status = 503 }";
        context.errors.push(error.remedy(remedy));
        return None;
    }
    let error =
        ConfigError::new(Code::UnknownApp, wanted.span, format!("there is no app \"{}\"", wanted.value));
    let names = || apps.iter().map(|app| app.name.value);
    context.errors.push(match suggest::nearest(wanted.value, names()) {
        Some(near) => error.remedy(format!("did you mean \"{near}\"?")).replace(wanted.span, quoted(near)),
        None if apps.is_empty() => error.remedy("the file has no [apps]"),
        None => error.remedy(format!("the apps are: {}", names().collect::<Vec<_>>().join(", "))),
    });
    None
}

/// A route's pattern's own complaint, put at its place in the file.
pub(super) fn pattern_error(
    written: Located<&str>,
    error: &PatternError,
    context: &Context<'_>,
) -> ConfigError {
    complaint(written, error, foreign_pattern::of_route(written.value), context)
}

/// The same of an app's `path`.
pub(super) fn mount_error(
    written: Located<&str>,
    error: &PatternError,
    context: &Context<'_>,
) -> ConfigError {
    complaint(written, error, foreign_pattern::of_mount(written.value), context)
}

fn complaint(
    written: Located<&str>,
    error: &PatternError,
    foreign: Option<foreign_pattern::Meant>,
    context: &Context<'_>,
) -> ConfigError {
    let code = match error.fault {
        PatternFault::StarAfterText { .. } | PatternFault::StarInside => Code::RouteGlob,
        _ => Code::RouteKey,
    };
    let place = within(written, &error.range, context);
    let fact = match &error.fault {
        PatternFault::StarAfterText { .. } => format!("`{}` {}", written.value, error.fault),
        fault => format!("`{}`: {fault}", written.value),
    };
    let found = ConfigError::new(code, place, fact);
    if let Some(foreign_pattern::Meant { pattern, note }) = foreign {
        return found.remedy(format!("write \"{pattern}\"{note}")).replace(written.span, quoted(&pattern));
    }
    if foreign_pattern::names_methods(written.value) {
        return found.remedy("a key has one method, or none for all: write a route for each");
    }
    let found = found.fix(error.fix.as_ref().map(|meant| Fix::replace(written.span, quoted(meant))));
    let remedy = match (&error.fix, &error.fault) {
        (Some(fix), _) => format!("write \"{fix}\""),
        (None, PatternFault::DuplicateCapture(name)) => format!("call one of them otherwise: {{{name}2}}"),
        (None, PatternFault::UnclosedCapture) => "close it: {name}, {name:[0-9]+} or {rest...}".to_owned(),
        (None, _) => "a key is written [METHOD ][host]/path: \"/api/*\", \"GET example.com/x\"".to_owned(),
    };
    found.remedy(remedy)
}

/// The place in the file of a range of a string's text; the whole string where escapes make that unclear.
pub(super) fn within(written: Located<&str>, range: &Range<usize>, context: &Context<'_>) -> Span {
    match context.source.slice(written.span).find(written.value) {
        Some(at) if !written.value.is_empty() => {
            let start = written.span.start + at;
            Span { start: start + range.start, end: start + range.end }
        }
        _ => written.span,
    }
}

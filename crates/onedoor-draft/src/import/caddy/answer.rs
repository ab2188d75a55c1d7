//! What Caddy answers itself: `redir`, `respond`, `error`, `abort`; and files, for later.

use crate::draft::Entry;
use crate::import::finding::Item;
use crate::import::sketch::{Answer, Route, Standing};

use super::put::{Desk, Made};
use super::scope::Scope;
use super::settings::FILES;
use super::text;
use super::tree::Directive;

const RUNNING: &str = "it is made of what is known only while it runs: let the app answer it";
const HTTPS: &str =
    "it sends plain HTTP to https. onedoor does not end TLS yet: who ends it in front does this, too";

/// Where the client is sent.
enum Target {
    /// The origin or a prefix, before the path as it came.
    Before(String),
    /// Just there.
    There(String),
}

pub(super) fn redirected(desk: &mut Desk<'_>, directive: &Directive, args: &[String], scope: &Scope) -> bool {
    let item = directive.item;
    let code = match args.get(1).map_or("temporary", String::as_str) {
        "temporary" => 302,
        "permanent" => 301,
        code => match code.parse::<i64>() {
            Ok(code @ (301 | 302 | 303 | 307 | 308)) => code,
            _ => {
                desk.ledger.missing(item, format!("`{code}` is no redirect: write its route by hand"));
                return false;
            }
        },
    };
    let to = text::short(args.first().map_or("", String::as_str));
    if ["https://{host}", "https://{http.request.host}"].iter().any(|own| to.starts_with(own)) {
        desk.ledger.missing(item, HTTPS);
        return false;
    }
    let Some(target) = target(&to) else {
        desk.ledger.missing(item, RUNNING);
        return false;
    };
    if to.ends_with("{path}") {
        desk.ledger.changed(item, "the query was dropped; onedoor keeps it");
    }
    desk.put(scope, item, &|landing| {
        let mut entry = Entry::default();
        let names_rest = match &target {
            Target::Before(before) => {
                let to = format!("{before}{}", landing.seen);
                entry.say("redirect", if to.is_empty() { "/".to_owned() } else { to });
                false
            }
            Target::There(to) => {
                entry.say("redirect", to.as_str());
                landing.is_tree
            }
        };
        entry.say("status", code);
        Some(Made { answer: Answer::Own, entry, names_rest })
    })
}

fn target(to: &str) -> Option<Target> {
    let to = to.replacen("{scheme}://", "https://", 1);
    let before = to.strip_suffix("{uri}").or_else(|| to.strip_suffix("{path}"));
    let text = before.unwrap_or(&to);
    if text::is_running(text) || to.is_empty() {
        return None;
    }
    let text = text::value(text);
    Some(match before {
        Some(_) => Target::Before(text.trim_end_matches('/').to_owned()),
        None => Target::There(text),
    })
}

/// `respond [BODY] [STATUS]`, `error [MESSAGE] STATUS`, `abort`.
pub(super) fn answered(directive: &Directive, args: &[String], desk: &mut Desk<'_>) -> Entry {
    let item = directive.item;
    let (mut body, mut status) = (None, None);
    for arg in args {
        match arg.parse::<i64>().ok().filter(|code| (100..=999).contains(code)) {
            Some(code) => status = Some(code),
            None => body = Some(arg.clone()),
        }
    }
    for child in directive.children() {
        match child.name.as_str() {
            "body" => {
                body = Some(child.arg(0).to_owned());
                desk.ledger.converted(child.item, "body");
            }
            "close" => desk.ledger.unneeded(child.item, "the connection may be used again"),
            "message" => desk.ledger.unneeded(child.item, "nobody reads it but error pages"),
            _ => desk.ledger.missing(child.item, "onedoor answers a status and a body"),
        }
    }
    if directive.name == "error" {
        body = None;
        status = status.or(Some(500));
    }
    if directive.name == "abort" {
        desk.ledger.changed(item, "Caddy closed the connection without a word; the answer is 403 now");
        status = Some(403);
    }
    if body.as_deref().is_some_and(text::is_running_in_words) {
        desk.ledger.changed(
            item,
            "the placeholders in its text are not filled in: let the app answer if they matter",
        );
    }
    let mut entry = Entry::default();
    if status.is_some() || body.is_none() {
        entry.say("status", status.unwrap_or(200).clamp(200, 599));
    }
    if let Some(body) = body {
        entry.say("body", text::value(&body));
    }
    entry
}

/// `file_server`, as lines for when onedoor serves files.
pub(super) fn files(desk: &mut Desk<'_>, scope: &Scope, item: Item) {
    desk.ledger.missing(item, FILES);
    let root = scope.root.as_deref().unwrap_or(".");
    let is_spa = scope.tried.as_deref().is_some_and(|last| last.starts_with('/') && !last.contains(".php"));
    for landing in scope.landings() {
        let mut route = Route::new(landing.path.clone(), Answer::Own, item);
        let folder = match landing.is_tree {
            true => format!("{}{}", root.trim_end_matches('/'), landing.seen),
            false => format!("{}{}", root.trim_end_matches('/'), landing.seen.trim_end_matches('/')),
        };
        route.entry.say("static", if folder.is_empty() { "/" } else { &folder });
        if is_spa {
            route.entry.say("spa", true);
        }
        route.host.clone_from(&scope.host);
        route.standing = Standing::Later;
        desk.sketch.routes.push(route);
    }
}

pub(super) fn made(entry: &Entry) -> impl Fn(&super::scope::Landing) -> Option<Made> + '_ {
    |_| Some(Made::own(entry.clone()))
}

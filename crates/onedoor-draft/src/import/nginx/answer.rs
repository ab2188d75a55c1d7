//! What nginx answers itself: `return`, and `rewrite` to somewhere else.

use crate::draft::{Entry, Value};
use crate::import::finding::Item;
use crate::import::path_regex::{self, Filled};
use crate::import::sketch::{Answer, Route, literal};

use super::location::{Desk, Locus};
use super::scope::Scope;
use super::tree::Directive;

const REDIRECTS: [&str; 5] = ["301", "302", "303", "307", "308"];
const HTTPS: &str =
    "it sends plain HTTP to https. onedoor does not end TLS yet: who ends it in front does this, too";
const PARTS: &str = "it is not made of whole segments that the path matched: let the app answer it";
const RUNNING: &str = "it is made of what is known only while it runs: let the app answer it";

pub(super) fn returned(desk: &mut Desk<'_>, directive: &Directive, locus: &Locus, scope: &Scope, item: Item) {
    let (first, second) = (directive.arg(0), directive.arg(1));
    let (code, text) = match (directive.args.len(), first.contains("://")) {
        (1, true) => ("302", first),
        _ => (first, second),
    };
    if REDIRECTS.contains(&code) && !text.is_empty() {
        return redirected(desk, directive, (code, text), locus, scope, item);
    }
    let Ok(status) = code.parse::<i64>() else {
        return desk.ledger.missing(directive.item, RUNNING);
    };
    let status = match status {
        444 => {
            desk.ledger
                .changed(directive.item, "nginx closed the connection without a word; the answer is 403 now");
            403
        }
        200..=599 => status,
        _ => return desk.ledger.missing(directive.item, format!("onedoor answers 200 to 599, not {status}")),
    };
    if text.contains('$') {
        let how = "the variables in its text are not filled in: let the app answer if they matter";
        desk.ledger.changed(directive.item, how);
    }
    let mut entry = Entry::default();
    if status != 200 || text.is_empty() {
        entry.say("status", status);
    }
    if !text.is_empty() {
        entry.say("body", text);
        fields(desk, &mut entry, scope);
    }
    desk.ledger.converted(directive.item, "an answer of onedoor's own");
    desk.put_each(locus, &entry, scope, item);
}

/// Content-Type and whatever else `add_header` says.
fn fields(desk: &mut Desk<'_>, entry: &mut Entry, scope: &Scope) {
    let mut others: Vec<(String, String)> = Vec::new();
    let mut media = scope.default_type.clone();
    for (name, value, item) in scope.headers.iter().filter(|(_, value, _)| !value.contains('$')) {
        if name.eq_ignore_ascii_case("content-type") {
            media = Some(value.clone());
        } else {
            others.push((name.clone(), value.clone()));
        }
        desk.ledger.converted(*item, "headers of the answer onedoor makes itself");
    }
    if let Some(media) = media.filter(|media| !media.is_empty() && media != "application/octet-stream") {
        entry.say("type", media);
    }
    if !others.is_empty() {
        entry.say("headers", Value::texts(others));
    }
}

/// Where the client is sent: the origin, and the path with its variables.
struct Target {
    origin: String,
    path: String,
}

fn target(text: &str) -> Option<Target> {
    let mut text = text.trim_end_matches("$is_args$args").trim_end_matches("?$args").to_owned();
    for here in ["$scheme://$host", "$scheme://$http_host", "$scheme://$server_name", "//$host"] {
        if let Some(path) = text.strip_prefix(here) {
            text = path.to_owned();
        }
    }
    let text = text.replacen("$scheme://", "https://", 1);
    let (origin, path) = match text.find("://") {
        Some(at) => {
            let start = at + 3;
            let end = text[start..].find(['/', '$', '?']).map_or(text.len(), |end| start + end);
            text.split_at(end)
        }
        None => ("", text.as_str()),
    };
    let is_plain = !origin.contains('$') && (origin.is_empty() || origin.len() > "https://".len());
    is_plain.then(|| Target { origin: origin.to_owned(), path: path.to_owned() })
}

fn redirected(
    desk: &mut Desk<'_>,
    directive: &Directive,
    (code, text): (&str, &str),
    locus: &Locus,
    scope: &Scope,
    item: Item,
) {
    if ["https://$host", "https://$http_host", "https://$server_name"].iter().any(|own| text.starts_with(own))
    {
        return desk.ledger.missing(directive.item, HTTPS);
    }
    let Some(Target { origin, path }) = target(text) else {
        return desk.ledger.missing(directive.item, RUNNING);
    };
    let mut put = |key: String, to: String| {
        let mut route = Route::new(key, Answer::Own, item);
        route.entry.say("redirect", to);
        route.entry.say("status", code.parse::<i64>().unwrap_or(302));
        desk.ledger.converted(directive.item, "a redirect; the query is kept");
        desk.put(route, scope, item);
    };
    let keeps_path = matches!(path.as_str(), "$request_uri" | "$uri");
    match locus {
        _ if keeps_path && origin.is_empty() => desk.ledger.missing(directive.item, "it redirects to itself"),
        Locus::Prefix(_) | Locus::Exact(_) if keeps_path => {
            for key in locus.paths() {
                let same = key.strip_suffix("/*").unwrap_or(&key).to_owned();
                put(key, format!("{origin}{same}"));
            }
        }
        Locus::Regex(keys) => {
            for key in keys {
                match (keeps_path, key.fill(&path)) {
                    (false, Some(Filled::Mount(mount))) => put(key.path(), format!("{origin}{mount}")),
                    (false, Some(Filled::Whole(whole))) => put(key.whole_path(), format!("{origin}{whole}")),
                    (true, _) | (false, None) => return desk.ledger.missing(directive.item, RUNNING),
                }
            }
        }
        Locus::Prefix(_) | Locus::Exact(_) if path.contains('$') => {
            desk.ledger.missing(directive.item, RUNNING);
        }
        Locus::Prefix(_) | Locus::Exact(_) => {
            for key in locus.paths() {
                // The rest of the path is not kept: the target is all of it.
                let key = key
                    .strip_suffix("/*")
                    .map_or_else(|| key.clone(), |mount| format!("{mount}/{{rest...}}"));
                put(key, format!("{origin}{}", spelled(&path)));
            }
        }
    }
}

/// `rewrite REGEX TARGET permanent|redirect`, or an internal one, which is no redirect.
pub(super) fn rewritten(desk: &mut Desk<'_>, directive: &Directive, scope: &Scope) {
    let (regex, to, flag) = (directive.arg(0), directive.arg(1), directive.arg(2));
    let code = match flag {
        "permanent" => 301,
        "redirect" => 302,
        _ if to.contains("://") => 302,
        _ => {
            let instead =
                "onedoor rewrites in the route of whoever answers: write rewrite = … or strip = … there";
            return desk.ledger.missing(directive.item, instead);
        }
    };
    if to.starts_with("https://$host")
        || to.starts_with("https://$server_name")
        || to.starts_with("https://$http_host")
    {
        return desk.ledger.missing(directive.item, HTTPS);
    }
    let (to, drops_query) = match to.strip_suffix('?') {
        Some(to) => (to, true),
        None => (to, false),
    };
    let (shape, target) = match (path_regex::shape(regex), target(to)) {
        (Ok(shape), Some(target)) => (shape, target),
        (Err(why), _) => {
            return desk
                .ledger
                .missing(directive.item, format!("{why}: write its paths as routes with redirect"));
        }
        (Ok(_), None) => return desk.ledger.missing(directive.item, RUNNING),
    };
    if drops_query {
        desk.ledger.changed(directive.item, "the query was dropped; onedoor keeps it");
    }
    if let Some(difference) = shape.difference {
        desk.ledger.changed(directive.item, difference);
    }
    for key in &shape.keys {
        let (path, to) = match key.fill(&target.path) {
            Some(Filled::Mount(mount)) => (key.path(), mount),
            Some(Filled::Whole(whole)) => (key.whole_path(), whole),
            None => return desk.ledger.missing(directive.item, PARTS),
        };
        let mut route = Route::new(path, Answer::Own, directive.item);
        route.entry.say("redirect", format!("{}{to}", target.origin));
        route.entry.say("status", code);
        desk.put(route, scope, directive.item);
    }
}

/// The path of a target, whose query and fragment stay what they are.
fn spelled(path: &str) -> String {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    format!("{}{}", literal(&path[..end]), &path[end..])
}

//! The directives of a site in the order in which Caddy asks them, which is not that of the file: by their name, and
//! among equals the longer path first. Only `route` is taken as it is written.

use crate::draft::Entry;
use crate::import::finding::Verdict;
use crate::import::sketch::literal;

use super::answer;
use super::matcher::{self, Matcher};
use super::proxy;
use super::put::{self, Desk};
use super::scope::{Layer, Scope, What};
use super::settings;
use super::text;
use super::tree::Directive;

/// Caddy's own order; what is not named is asked for nothing here.
const ORDER: [&str; 25] = [
    "root",
    "log",
    "header",
    "request_body",
    "redir",
    "method",
    "rewrite",
    "uri",
    "try_files",
    "basic_auth",
    "basicauth",
    "forward_auth",
    "request_header",
    "encode",
    "templates",
    "handle",
    "route",
    "abort",
    "error",
    "respond",
    "metrics",
    "reverse_proxy",
    "php_fastcgi",
    "file_server",
    "acme_server",
];

/// `handle` in `handle` in `handle`.
const DEPTH_MOST: usize = 24;

pub(super) fn block(desk: &mut Desk<'_>, directives: &[Directive], scope: &mut Scope, depth: usize) -> bool {
    scope.known = matcher::named(directives, &scope.known, desk.ledger);
    let mut ranked: Vec<&Directive> =
        directives.iter().filter(|directive| !directive.name.starts_with('@')).collect();
    sorted::by_key(&mut ranked, |directive| rank(directive, scope));
    each(desk, &ranked, scope, depth)
}

/// What is in a `route`.
fn as_written(desk: &mut Desk<'_>, directives: &[Directive], scope: &mut Scope, depth: usize) -> bool {
    scope.known = matcher::named(directives, &scope.known, desk.ledger);
    let written: Vec<&Directive> =
        directives.iter().filter(|directive| !directive.name.starts_with('@')).collect();
    each(desk, &written, scope, depth)
}

fn each(desk: &mut Desk<'_>, directives: &[&Directive], scope: &mut Scope, depth: usize) -> bool {
    let mut is_answered = false;
    for directive in directives {
        is_answered |= one(desk, directive, scope, depth);
    }
    is_answered
}

fn rank(directive: &Directive, scope: &Scope) -> (usize, usize, usize) {
    let name = if directive.name == "handle_path" { "handle" } else { directive.name.as_str() };
    let first = ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let (matcher, _) = asked(directive, scope);
    let by_path = match &matcher {
        None => (2, 0),
        Some(matcher) => match matcher.paths.as_slice() {
            [path] => (0, usize::MAX - path.trim_end_matches("/*").len()),
            _ => (1, 0),
        },
    };
    (first, by_path.0, by_path.1)
}

/// The matcher before its arguments, and the arguments.
fn asked(directive: &Directive, scope: &Scope) -> (Option<Matcher>, Vec<String>) {
    let args = directive.args.clone();
    let Some((first, rest)) = args.split_first() else { return (None, args) };
    let takes_none =
        matches!(directive.name.as_str(), "try_files" | "tls" | "log" | "bind" | "handle_errors");
    // Alone it is what they do, not for whom.
    let is_alone = rest.is_empty() && matches!(directive.name.as_str(), "root" | "rewrite" | "try_files");
    if takes_none || is_alone {
        return (None, args);
    }
    let rest = rest.to_vec();
    match first.chars().next() {
        Some('*') if first == "*" => (None, rest),
        Some('/') => (Some(matcher::of_path(first)), rest),
        Some('@') => {
            let trouble = || Matcher { trouble: Some(format!("there is no {first}")), ..Matcher::default() };
            (Some(scope.known.get(first).cloned().unwrap_or_else(trouble)), rest)
        }
        _ => (None, args),
    }
}

/// True if it answers something.
fn one(desk: &mut Desk<'_>, directive: &Directive, scope: &mut Scope, depth: usize) -> bool {
    let (matcher, args) = asked(directive, scope);
    let matcher = matcher.unwrap_or_default();
    if !directive.arg(0).starts_with('@') {
        for difference in &matcher.differences {
            desk.ledger.changed(directive.item, difference.clone());
        }
    }
    if matches!(directive.name.as_str(), "abort" | "error" | "respond") {
        return refused_or_said(desk, directive, &matcher, &args, scope);
    }
    if is_guard(directive) {
        guard(desk, directive, &matcher, &args, scope);
        return false;
    }
    if !matcher.strangers_to.is_empty() {
        let how = "it is for whoever is not in some networks: write the route, and one with when = { ip = … } for the others";
        desk.ledger.missing(directive.item, how);
        return false;
    }
    let inner = match scope.within(&matcher) {
        Ok(inner) => inner,
        Err(why) => {
            let why = format!("{why}, which no route says: let the app decide, or write the routes by hand");
            directive.abandon(desk.ledger, &Verdict::Missing(why));
            return false;
        }
    };
    match directive.name.as_str() {
        "reverse_proxy" => proxy::proxied(desk, directive, &args, &inner),
        "redir" => answer::redirected(desk, directive, &args, &inner),
        "handle" | "handle_path" | "route" => grouped(desk, directive, inner, depth),
        "file_server" => {
            answer::files(desk, &inner, directive.item);
            settings::settle(directive, desk.ledger);
            true
        }
        _ => {
            change(desk, directive, &args, &inner, scope);
            false
        }
    }
}

/// `handle`, `handle_path`, `route`.
fn grouped(desk: &mut Desk<'_>, directive: &Directive, mut inner: Scope, depth: usize) -> bool {
    if depth >= DEPTH_MOST {
        desk.ledger.missing(directive.item, format!("blocks nest more than {DEPTH_MOST} deep"));
        return false;
    }
    if directive.name == "handle_path" {
        let before = inner.base.clone();
        let mounts = sorted::set(inner.asked.paths.iter().map(|path| path.trim_end_matches("/*").to_owned()));
        if let [mount] = mounts.iter().cloned().collect::<Vec<_>>().as_slice() {
            inner.base.clone_from(mount);
        }
        for mount in mounts {
            let prefix = mount.strip_prefix(&before).filter(|rest| !rest.is_empty()).unwrap_or(&mount);
            inner.lay(vec![format!("{mount}/*")], What::Cut(prefix.to_owned()));
        }
    }
    let paths = inner.asked.paths.clone();
    let is_answered = match directive.name.as_str() {
        "route" => as_written(desk, directive.children(), &mut inner, depth + 1),
        _ => block(desk, directive.children(), &mut inner, depth + 1),
    };
    match is_answered {
        true => desk.ledger.converted(directive.item, "what is inside of it"),
        false if directive.name == "route" => desk.ledger.converted(directive.item, "what is inside of it"),
        false => {
            let how = format!(
                "nothing of it is converted that answers: Caddy sent an empty 200 or a file, now \"{}\" goes to the next best route",
                paths.join("\", \"")
            );
            desk.ledger.changed(directive.item, how);
        }
    }
    is_answered
}

/// What changes requests before they are answered, or says something about files.
fn change(desk: &mut Desk<'_>, directive: &Directive, args: &[String], inner: &Scope, scope: &mut Scope) {
    let item = directive.item;
    let paths = inner.asked.paths.clone();
    let first = args.first().map_or("", String::as_str);
    match (directive.name.as_str(), first) {
        ("root", folder) => {
            scope.root = Some(text::value(folder));
            desk.ledger.converted(item, "in the commented routes, where there are files");
        }
        ("try_files", _) => {
            scope.tried = args.last().map(|last| text::short(last));
            desk.ledger.missing(item, "no files are tried: what is proxied is answered by the app alone, what are files is a comment at the end");
        }
        ("uri", "strip_prefix") => {
            let prefix = format!("/{}", args.get(1).map_or("", String::as_str).trim_matches('/'));
            let mount = literal(&prefix);
            let from = scope.absolute(&mount);
            desk.ledger.converted(item, "strip");
            scope.lay(vec![format!("{from}/*")], What::Cut(mount));
            if scope.asked.paths.iter().all(|path| matcher::covers(&format!("{from}/*"), path)) {
                scope.base = from;
            }
        }
        ("rewrite", to) => rewritten(desk, directive, to, paths, scope),
        ("request_body", _) => {
            for child in directive.children() {
                match (child.name.as_str(), size(child.arg(0))) {
                    ("max_size", Some(size)) => {
                        desk.ledger
                            .converted(child.item, format!("limits = {{ body = \"{size}\" }} in its routes"));
                        scope.lay(paths.clone(), What::Body(size));
                    }
                    _ => desk.ledger.missing(child.item, "write [server] limits or timeout"),
                }
            }
            desk.ledger.converted(item, "what is inside of it");
        }
        ("log", _) => directive.abandon(
            desk.ledger,
            &Verdict::Changed(
                "access lines go to stdout, in onedoor's own form (JSON, or for people on a terminal)"
                    .to_owned(),
            ),
        ),
        ("metrics", _) => {
            desk.ledger.changed(item, "builtin = \"metrics\": onedoor's own counters, for Prometheus");
            let mut entry = Entry::default();
            entry.say("builtin", "metrics");
            desk.put(inner, item, &answer::made(&entry));
        }
        ("uri", _) => desk.ledger.missing(
            item,
            "onedoor changes whole segments at the front: write strip or rewrite in the route",
        ),
        (name, _) => directive.abandon(desk.ledger, &settings::verdict(name)),
    }
}

fn rewritten(desk: &mut Desk<'_>, directive: &Directive, to: &str, paths: Vec<String>, scope: &mut Scope) {
    let item = directive.item;
    let to = text::short(to);
    let before = to.strip_suffix("{uri}").or_else(|| to.strip_suffix("{path}"));
    let (written, what): (&str, fn(String) -> What) = match before {
        Some(before) => (before.trim_end_matches('/'), What::Prepend),
        None => (to.as_str(), What::Whole),
    };
    if written.contains(['{', '?', '$']) || !(written.starts_with('/') || before.is_some()) {
        desk.ledger.missing(item, format!("`{to}` is made of what is known only while it runs, or changes the query: write rewrite in the route"));
        return;
    }
    desk.ledger.converted(item, format!("rewrite, on the way to \"{written}\""));
    scope.lay(paths, what(literal(written)));
}

fn size(text: &str) -> Option<String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let (unit, factor) = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => ("B", 1_u64),
        "kb" | "k" => ("B", 1_000),
        "mb" | "m" => ("B", 1_000_000),
        "gb" | "g" => ("B", 1_000_000_000),
        "kib" => ("KiB", 1),
        "mib" => ("MiB", 1),
        "gib" => ("GiB", 1),
        _ => return None,
    };
    Some(format!("{}{unit}", number.checked_mul(factor)?))
}

fn is_guard(directive: &Directive) -> bool {
    matches!(
        directive.name.as_str(),
        "basic_auth" | "basicauth" | "forward_auth" | "jwtauth" | "authorize" | "authenticate"
    )
}

fn guard(desk: &mut Desk<'_>, directive: &Directive, matcher: &Matcher, args: &[String], scope: &mut Scope) {
    let how = "onedoor cannot ask who comes in yet (`auth` is planned). What it guarded answers 403 now, so that nothing is \
               open by accident: let the app ask, then use the line beside the route";
    desk.ledger.missing(directive.item, how);
    for child in directive.children() {
        child.abandon(desk.ledger, &Verdict::Missing(format!("see {} around it", directive.name)));
    }
    let by = match args.first() {
        Some(first) => format!("{} {first}", directive.name),
        None => directive.name.clone(),
    };
    let paths = closed_paths(matcher, scope);
    scope.lay(paths, What::Guard(by));
}

/// Where a guard stands; everywhere, if its matcher says what onedoor cannot.
fn closed_paths(matcher: &Matcher, scope: &Scope) -> Vec<String> {
    if matcher.trouble.is_some() || matcher.paths.is_empty() {
        return scope.asked.paths.clone();
    }
    matcher.paths.iter().map(|path| scope.absolute(path)).collect()
}

/// An answer of Caddy's own; one that refuses some requests stands before all that comes after it.
fn refused_or_said(
    desk: &mut Desk<'_>,
    directive: &Directive,
    matcher: &Matcher,
    args: &[String],
    scope: &mut Scope,
) -> bool {
    let entry = answer::answered(directive, args, desk);
    let is_refusal = put::is_refusal(&entry);
    let unsaid = if matcher.strangers_to.is_empty() { None } else { Some(matcher.strangers_to.clone()) };
    let inner = scope.within(&Matcher { strangers_to: Vec::new(), ..matcher.clone() });
    let (Ok(inner), true) = (inner, unsaid.is_none() || is_refusal) else {
        if is_refusal {
            let by = format!("{} {}", directive.name, directive.args.join(" "));
            let how = "whom it refused is not known here. What it stood before answers 403 now, so that nothing is open by accident";
            desk.ledger.missing(directive.item, how);
            let paths = closed_paths(matcher, scope);
            scope.lay(paths, What::Guard(by));
        } else {
            let how = "its matcher asks for what no route says: let the app answer it";
            desk.ledger.missing(directive.item, how);
        }
        return false;
    };
    if let Some(nets) = unsaid {
        scope.layers.push(Layer { paths: inner.asked.paths.clone(), what: What::Only(nets) });
        desk.refuse_strangers(&inner, directive.item, &entry);
        return false;
    }
    let is_put = desk.put(&inner, directive.item, &answer::made(&entry));
    if is_refusal && matcher.is_conditional() {
        let asked = Box::new(inner.asked.clone());
        scope.layers.push(Layer { paths: inner.asked.paths.clone(), what: What::Refuse(asked, entry) });
    }
    is_put
}

//! Which requests a directive is for: `*`, `/path*`, or a matcher with a name, as paths, hosts, methods and conditions.

use std::collections::BTreeMap;

use crate::import::finding::{Item, Ledger};
use crate::import::path_regex::{self, Key};
use crate::import::sketch::{literal, subtree};

use super::text::as_regex;
use super::tree::Directive;

/// All that it asks for has to hold; of each list one thing. An empty list asks for nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Matcher {
    pub(super) name: String,
    pub(super) hosts: Vec<String>,
    pub(super) methods: Vec<String>,
    /// As onedoor writes them, from where the path stands now.
    pub(super) paths: Vec<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) nets: Vec<String>,
    /// Whoever does not come from these networks.
    pub(super) strangers_to: Vec<String>,
    /// What onedoor cannot ask.
    pub(super) trouble: Option<String>,
    /// What it takes that Caddy did not, or the other way round.
    pub(super) differences: Vec<String>,
}

const NETWORKS: [&str; 6] =
    ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"];

/// The named ones of a block, on top of those around it.
pub(super) fn named(
    directives: &[Directive],
    around: &BTreeMap<String, Matcher>,
    ledger: &mut Ledger,
) -> BTreeMap<String, Matcher> {
    let mut known = around.clone();
    for directive in directives.iter().filter(|directive| directive.name.starts_with('@')) {
        let mut matcher = Matcher { name: capture_name(&directive.name), ..Matcher::default() };
        if let Some((name, args)) = directive.args.split_first() {
            matcher.ask(name, args, &[], directive.item, ledger);
        }
        for child in directive.children() {
            matcher.ask(&child.name, &child.args, child.children(), child.item, ledger);
        }
        if !ledger.is_settled(directive.item) {
            ledger.converted(directive.item, "the routes of who names it");
        }
        known.insert(directive.name.clone(), matcher);
    }
    known
}

/// `/api*`, standing before a directive's arguments.
pub(super) fn of_path(path: &str) -> Matcher {
    let mut matcher = Matcher::default();
    matcher.paths(&[path.to_owned()]);
    matcher
}

impl Matcher {
    pub(super) fn is_conditional(&self) -> bool {
        !(self.headers.is_empty() && self.query.is_empty() && self.nets.is_empty())
    }

    fn ask(&mut self, name: &str, args: &[String], children: &[Directive], item: Item, ledger: &mut Ledger) {
        match name {
            "path" => self.paths(args),
            "host" => self.hosts.extend(args.iter().cloned()),
            "method" => self.methods.extend(args.iter().map(|method| method.to_ascii_uppercase())),
            "path_regexp" => match path_regex::shape(args.last().map_or("", String::as_str)) {
                Ok(shape) => {
                    self.differences.extend(shape.difference.map(str::to_owned));
                    self.paths.extend(shape.keys.iter().map(Key::path));
                }
                Err(why) => self.trouble = Some(why),
            },
            "header" => self.header(args),
            "query" => {
                for pair in args {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    either(
                        &mut self.query,
                        name,
                        if value == "*" { "~.*".to_owned() } else { exactly(value) },
                    );
                }
            }
            "remote_ip" | "client_ip" => self.nets.extend(networks(args)),
            "not" => return self.not(args, children, item, ledger),
            "file" => {
                self.trouble = Some("it asks whether there is a file".to_owned());
            }
            _ => self.trouble = Some(format!("it asks for {name}")),
        }
        match &self.trouble {
            Some(why) => ledger.missing(item, format!("{why}, which no route says: let the app decide")),
            None => ledger.converted(item, "the routes of who names it"),
        }
        for difference in &self.differences {
            ledger.changed(item, difference.clone());
        }
    }

    fn not(&mut self, args: &[String], children: &[Directive], item: Item, ledger: &mut Ledger) {
        let inline = args.split_first().map(|(name, args)| (name.as_str(), args));
        let inner: Vec<(&str, &[String])> = inline
            .into_iter()
            .chain(children.iter().map(|child| (child.name.as_str(), child.args.as_slice())))
            .collect();
        for child in children {
            ledger.converted(child.item, "see `not` around it");
        }
        match inner.as_slice() {
            [("remote_ip" | "client_ip", args)] => {
                self.strangers_to.extend(networks(args));
                ledger.converted(item, "when = { ip = … } of the routes that stay open");
            }
            [("file", _)] => {
                ledger.changed(
                    item,
                    "no files are tried: who stands behind it answers all, and has to serve the files, too",
                );
            }
            _ => {
                self.trouble = Some("it asks for what a request is not".to_owned());
                ledger.missing(
                    item,
                    "onedoor has no `not`: write a route for what is meant, the more exact one wins",
                );
            }
        }
    }

    fn header(&mut self, args: &[String]) {
        if let Some(name) = args.first().filter(|name| is_unaskable(name)) {
            self.trouble = Some(format!(
                "no condition asks for {name} (WebSockets pass by themselves: a path tells them apart)"
            ));
            return;
        }
        match args {
            [name] if name.starts_with('!') => {
                self.trouble = Some("it asks for a header that is not there".to_owned())
            }
            [name] => either(&mut self.headers, name, "~.*".to_owned()),
            [name, value] => either(&mut self.headers, name, wanted(value)),
            _ => self.trouble = Some("it asks for no header".to_owned()),
        }
    }

    fn paths(&mut self, patterns: &[String]) {
        for pattern in patterns {
            match path(pattern) {
                Ok(path) => {
                    // Where both /x and /x/* are asked for, the route is just what was meant.
                    let is_both = pattern
                        .strip_suffix("/*")
                        .is_some_and(|mount| patterns.iter().any(|other| other == mount));
                    if !is_both {
                        self.differences.extend(difference(pattern));
                    }
                    if !self.paths.contains(&path) {
                        self.paths.push(path);
                    }
                }
                Err(why) => self.trouble = Some(why),
            }
        }
        let all = self.paths.clone();
        self.paths.retain(|path| !all.contains(&format!("{path}/*")));
    }
}

/// Of the connection, or written anew by onedoor.
fn is_unaskable(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "connection",
        "upgrade",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "host",
        "cookie",
        "content-length",
        "expect",
        "via",
        "forwarded",
        "x-real-ip",
        "x-request-id",
    ];
    let name = name.trim_start_matches('!').to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || ["x-forwarded-", "proxy", "http2-", "max-forwards"].iter().any(|start| name.starts_with(start))
}

/// Several values of one name: any of them.
fn either(pairs: &mut Vec<(String, String)>, name: &str, value: String) {
    match pairs.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, known)) => *known = format!("~(?:{}|{})", bare(known), bare(&value)),
        None => pairs.push((name.to_owned(), value)),
    }
}

fn bare(value: &str) -> String {
    match value.strip_prefix('~') {
        Some(text) if text.starts_with('~') => as_regex(text),
        Some(regex) => regex.to_owned(),
        None => as_regex(value),
    }
}

fn exactly(value: &str) -> String {
    if value.starts_with('~') { format!("~{value}") } else { value.to_owned() }
}

/// A star at either end of a field's value is anything.
fn wanted(value: &str) -> String {
    if value == "*" {
        return "~.*".to_owned();
    }
    let inner = value.trim_matches('*');
    if inner.len() == value.len() {
        return exactly(value);
    }
    let star = |is: bool| if is { ".*" } else { "" };
    format!("~{}{}{}", star(value.starts_with('*')), as_regex(inner), star(value.ends_with('*')))
}

fn networks(args: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for arg in args {
        match arg.as_str() {
            "private_ranges" => found.extend(NETWORKS.map(str::to_owned)),
            "forwarded" => {}
            _ => found.push(arg.clone()),
        }
    }
    found
}

fn path(pattern: &str) -> Result<String, String> {
    if pattern == "*" {
        return Ok("/*".to_owned());
    }
    if !pattern.starts_with('/') {
        return Err(format!("`{pattern}` asks for how a path ends, not how it begins"));
    }
    let stars = pattern.matches('*').count();
    match pattern.strip_suffix('*') {
        None if stars == 0 => Ok(literal(pattern)),
        Some(start) if stars == 1 => Ok(subtree(start)),
        _ => {
            let mut number = 0;
            let mut segment = |text: &str| match text {
                "*" => {
                    number += 1;
                    Ok(format!("{{p{number}}}"))
                }
                text if text.contains('*') => Err(format!("`{pattern}` has a star inside of a segment")),
                text => Ok(literal(text)),
            };
            let segments: Result<Vec<String>, String> = pattern.split('/').map(&mut segment).collect();
            Ok(segments?.join("/"))
        }
    }
}

fn difference(pattern: &str) -> Option<String> {
    let start = pattern.strip_suffix('*').filter(|start| !start.contains('*'))?;
    match start.strip_suffix('/') {
        _ if start.len() <= 1 => None,
        Some(mount) => {
            Some(format!("`{pattern}` left {mount} itself to others; the route \"{mount}/*\" takes it, too"))
        }
        None => {
            Some(format!("`{pattern}` took {start}x as well; the route \"{start}/*\" takes whole segments"))
        }
    }
}

/// `@canary-users` as what a route may call the rest of a path.
fn capture_name(name: &str) -> String {
    let mut name: String = name
        .trim_start_matches('@')
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' })
        .collect();
    name.truncate(24);
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.insert(0, 'm');
    }
    name
}

/// Whether whatever `inner` takes `outer` takes, too.
pub(super) fn covers(outer: &str, inner: &str) -> bool {
    outer == inner
        || outer
            .strip_suffix("/*")
            .is_some_and(|mount| inner == mount || inner.starts_with(&format!("{mount}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_caddy_is_a_key_of_onedoor() {
        for (pattern, expected) in [
            ("*", Ok("/*")),
            ("/", Ok("/")),
            ("/*", Ok("/*")),
            ("/api/*", Ok("/api/*")),
            ("/node*", Ok("/node/*")),
            ("/robots.txt", Ok("/robots.txt")),
            ("/u/*/posts", Ok("/u/{p1}/posts")),
            ("*.php", Err(())),
            ("/a*b", Err(())),
        ] {
            assert_eq!(path(pattern).as_deref().map_err(|_| ()), expected, "{pattern}");
        }
    }

    #[test]
    fn values_of_fields_are_texts_or_regexes() {
        for (value, expected) in [
            ("websocket", "websocket"),
            ("*Upgrade*", "~.*Upgrade.*"),
            ("*", "~.*"),
            ("v1.*", "~v1\\..*"),
            ("~x", "~~x"),
        ] {
            assert_eq!(wanted(value), expected);
        }
        let mut pairs = vec![("A".to_owned(), "x".to_owned())];
        either(&mut pairs, "a", "~y.*".to_owned());
        assert_eq!(pairs[0].1, "~(?:x|y.*)");
    }
}

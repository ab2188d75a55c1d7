//! Where a key belongs that stands in the wrong table; and where that is one place, the key put there.

use super::Stray;
use crate::config::catalogue::{self, OF_ONE_APP};
use crate::config::error::ConfigError;
use crate::config::fix::{self, Edit, Fix, quoted};
use crate::config::source::{Located, Source, Span};
use crate::config::written::{Table, Written};
use crate::config::{surgery, synonyms};

impl Stray<'_> {
    /// What is true of this key alone.
    pub(super) fn of_its_own(self, source: &Source) -> Option<(String, Option<Fix>)> {
        let Self { pattern, name, .. } = self;
        match (pattern, name) {
            ("routes.*", "method" | "methods" | "verb") => {
                let sentence = "the method stands in the route's key: \"GET /path\"";
                Some((sentence.to_owned(), self.in_the_key(source)))
            }
            ("server", "host" | "ip" | "interface") => {
                let sentence = "it belongs to `listen`: \"0.0.0.0:8000\"";
                Some((sentence.to_owned(), self.with_its_port(source)))
            }
            ("", name) if self.is_of_an_app_alone(name) => {
                let line = source.file_of(self.key).span(0..0).start;
                let at = self.document.iter().map(|(key, _)| key.span.start).min().unwrap_or(line);
                let header = Edit { span: Span { start: at, end: at }, text: "[apps.web]\n".to_owned() };
                Some(("an app has a name: write [apps.web] above it".to_owned(), Some(Fix::of(vec![header]))))
            }
            _ => None,
        }
    }

    /// `run = "x"` and all that goes with it, in a file without `[apps]`.
    fn is_of_an_app_alone(self, name: &str) -> bool {
        let of_app = |name: &str| synonyms::of_key("apps.*", name);
        let is_plain = |value: &Written| !matches!(value, Written::Table(_));
        let runs = |(key, value): &(Located<String>, Located<Written>)| {
            of_app(&key.value) == Some("run") && key.value != "process" && is_plain(&value.value)
        };
        of_app(name).is_some()
            && self.document.iter().any(runs)
            && self.document.iter().all(|(key, _)| key.value != "apps")
    }

    /// `method = "GET"` in front of the route's path.
    fn in_the_key(self, source: &Source) -> Option<Fix> {
        let method = match &self.value.value {
            Written::Text(method) => method,
            Written::List(items) => match &items[..] {
                [Located { value: Written::Text(method), .. }] => method,
                _ => return None,
            },
            _ => return None,
        };
        let routes = table_at(self.document, "routes")?;
        let has_it = |value: &Written| match value {
            Written::Table(table) => table.iter().any(|(key, _)| key.span == self.key),
            _ => false,
        };
        let (route, _) = routes.iter().find(|(_, value)| has_it(&value.value))?;
        let key = quoted(&format!("{} {}", method.to_ascii_uppercase(), route.value));
        let gone = surgery::take_out(source, self.key, self.value.span)?;
        Some(Fix::of(vec![Edit { span: route.span, text: key }, gone]))
    }

    /// `host` and `port` of the door as one `listen`.
    fn with_its_port(self, source: &Source) -> Option<Fix> {
        let Written::Text(host) = &self.value.value else { return None };
        let host = if host == "localhost" { "127.0.0.1" } else { host.as_str() };
        let server = table_at(self.document, "server")?;
        let (port, number) =
            server.iter().find(|(key, _)| matches!(key.value.as_str(), "port" | "listen"))?;
        let number_text = match &number.value {
            Written::Integer(number) => &number.spelt,
            Written::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text,
            _ => return None,
        };
        let gone = surgery::take_out(source, self.key, self.value.span)?;
        let listen = quoted(&format!("{host}:{number_text}"));
        Some(Fix::of(vec![
            gone,
            Edit { span: port.span, text: "listen".to_owned() },
            Edit { span: number.span, text: listen },
        ]))
    }

    /// A key of another table.
    pub(super) fn at_home(self, error: ConfigError, source: &Source) -> ConfigError {
        let Self { pattern, shown, name, .. } = self;
        let homes: Vec<&str> = catalogue::homes(name).filter(|home| *home != pattern).collect();
        let below = |home: &&&str| {
            pattern.is_empty() && !home.contains('*') && !home.is_empty()
                || home.strip_prefix(pattern).is_some_and(|end| end.starts_with('.') && !end.contains('*'))
        };
        let dotted = homes
            .iter()
            .find(below)
            .map(|home| home.strip_prefix(pattern).unwrap_or(home).trim_start_matches('.'));
        if pattern == "defaults" && catalogue::keys_of("apps.*").any(|key| key == name) {
            let error = error.remedy(format!("for every app it is written in [defaults.app]: {name} = ..."));
            return error.fix(self.renamed(&format!("app.{name}"), source));
        }
        match (homes.first(), dotted) {
            (_, Some(table)) => {
                let ours = format!("{table}.{name}");
                let error = error.remedy(format!("it is a key of `{table}`: {ours}"));
                error.fix(self.renamed(&ours, source)).fix(self.moved(table, source))
            }
            (Some(&""), None) => {
                let error = error.remedy(format!("`{name}` stands at the top of the file"));
                error.fix(self.moved("", source))
            }
            (Some(home), None) => {
                let error = error.remedy(format!("`{name}` is a key of [{}]", home.replace('*', "NAME")));
                match home.contains('*') {
                    true => error.fix(self.to_the_only_one(&homes, source)),
                    false => error.fix(self.moved(home, source)),
                }
            }
            (None, None) => {
                let is_fit = |key: &&str| match shown.ends_with("defaults.app") {
                    true => !OF_ONE_APP.contains(key),
                    false => *key != "*",
                };
                let keys: Vec<_> = catalogue::keys_of(pattern).filter(is_fit).collect();
                error.remedy(format!("known here: {}; keys that start with x- are yours", keys.join(", ")))
            }
        }
    }

    /// Into the one app, job or route of the file that could have it.
    fn to_the_only_one(self, homes: &[&str], source: &Source) -> Option<Fix> {
        let all = ["apps", "jobs", "routes"].into_iter();
        let fit = all.filter(|table| homes.iter().any(|home| home.strip_suffix(".*") == Some(table)));
        let mut places = fit
            .filter_map(|table| Some((table, table_at(self.document, table)?)))
            .flat_map(|(table, entries)| entries.iter().map(move |entry| (table, entry)));
        let (table, (name, place)) = places.next().filter(|_| places.next().is_none())?;
        let gone = surgery::take_out(source, self.key, self.value.span)?;
        let entry = self.entry(source);
        let put = match &place.value {
            Written::Table(_) if source.slice(place.span).starts_with('{') => {
                let at = place.span.start + 1;
                Edit { span: Span { start: at, end: at }, text: format!(" {entry},") }
            }
            Written::Table(_) => {
                let at = behind_header(source, name.span)?;
                Edit { span: Span { start: at, end: at }, text: format!("{entry}\n") }
            }
            Written::Text(_) if table == "apps" => {
                let command = source.slice(place.span);
                let path = if name.value == "web" { "/".to_owned() } else { format!("/{}", name.value) };
                let path = match self.name {
                    "path" | "host" => String::new(),
                    _ => format!("path = {}, ", quoted(&path)),
                };
                Edit { span: place.span, text: format!("{{ run = {command}, {path}{entry} }}") }
            }
            _ => return None,
        };
        Some(Fix::of(vec![gone, put]).saying(format!("it is a key of {table}.{}: put it there", name.value)))
    }

    fn entry(self, source: &Source) -> String {
        format!("{} = {}", fix::key(self.name), source.slice(self.value.span))
    }

    /// Its line put under the header of `home`, or before the first header where there is none.
    fn moved(self, home: &str, source: &Source) -> Option<Fix> {
        if let Some(headers) = self.moved_headers(home, source) {
            return Some(headers);
        }
        let gone = surgery::take_out(source, self.key, self.value.span)?;
        let around = source.file_of(self.key);
        let entry = self.entry(source);
        let header = format!("[{home}]");
        let mut at = around.base;
        let mut behind_header = None;
        for line in around.text.split_inclusive('\n') {
            at += line.len();
            if line.split('#').next().is_some_and(|code| code.trim() == header) && line.ends_with('\n') {
                behind_header = Some(at);
                break;
            }
        }
        let text = match behind_header {
            _ if home.is_empty() => format!("{entry}\n"),
            Some(_) => format!("{entry}\n"),
            None => format!("{home}.{entry}\n"),
        };
        let at = behind_header.unwrap_or(around.base);
        // Into the very place it is taken from.
        if gone.span.start <= at && at <= gone.span.end {
            return Some(Fix::of(vec![Edit { span: gone.span, text }]));
        }
        Some(Fix::of(vec![gone, Edit { span: Span { start: at, end: at }, text }]))
    }

    /// `[server.routes]` as `[routes]`, and what is below it.
    fn moved_headers(self, home: &str, source: &Source) -> Option<Fix> {
        let is_header = source.line(self.key).trim_start().starts_with('[');
        let Written::Table(_) = self.value.value else { return None };
        let theirs = format!("{}.{}", self.shown, self.name);
        let ours = if home.is_empty() { self.name.to_owned() } else { format!("{home}.{}", self.name) };
        let around = source.file_of(self.key);
        let mut at = around.base;
        let mut edits = Vec::new();
        for line in around.text.split_inclusive('\n') {
            let inside = line.trim_start().trim_start_matches('[');
            let start = at + line.len() - inside.len();
            at += line.len();
            let is_below = inside.strip_prefix(&theirs).is_some_and(|rest| rest.starts_with(['.', ']']));
            if line.trim_start().starts_with('[') && is_below {
                edits.push(Edit { span: Span { start, end: start + theirs.len() }, text: ours.clone() });
            }
        }
        (is_header && !edits.is_empty()).then(|| Fix::of(edits))
    }
}

fn table_at<'t>(document: &'t Table, name: &str) -> Option<&'t Table> {
    let (_, value) = document.iter().find(|(key, _)| key.value == name)?;
    match &value.value {
        Written::Table(table) => Some(table),
        _ => None,
    }
}

/// The line behind the header that `name` stands in.
fn behind_header(source: &Source, name: Span) -> Option<usize> {
    let file = source.file_of(name);
    source.line(name).trim_start().starts_with('[').then_some(())?;
    let at = file.local(name).end;
    let line_end = file.text.get(at..)?.find('\n')?;
    Some(file.base + at + line_end + 1)
}

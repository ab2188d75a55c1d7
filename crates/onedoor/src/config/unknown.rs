//! A key that its table does not have: what was probably meant by it, and where it belongs. Only proposes.

use super::catalogue::{self, OF_ONE_APP};
use super::error::{Code, ConfigError};
use super::fix::{self, Edit, Fix};
use super::source::{Located, Source, Span};
use super::surgery;
use super::written::Written;
use super::{suggest, synonyms};

/// A key where nobody expected it.
#[derive(Clone, Copy)]
pub(super) struct Stray<'a> {
    /// Its table's path in the catalogue, and in this file.
    pub(super) pattern: &'a str,
    pub(super) shown: &'a str,
    pub(super) name: &'a str,
    pub(super) key: Span,
    pub(super) value: &'a Located<Written>,
}

impl Stray<'_> {
    pub(super) fn error(self, source: &Source) -> ConfigError {
        let Self { pattern, shown, name, key, .. } = self;
        let home = if shown.is_empty() { String::new() } else { format!(" in {shown}") };
        let error = ConfigError::new(Code::UnknownKey, key, format!("unknown key `{name}`{home}"));
        let ours = match &self.value.value {
            // Where to: of the two that it could mean, a path is no server, and a client is seldom sent to one.
            Written::Text(text) if name == "to" && pattern == "routes.*" && text.contains("://") => {
                Some("proxy")
            }
            _ => synonyms::of_key(pattern, name),
        };
        if let Some(ours) = ours {
            let error = error.remedy(format!("it is called `{ours}` here"));
            return error.fix(self.renamed(ours, source));
        }
        if let Some(near) = suggest::nearest(name, catalogue::keys_of(pattern)) {
            return error.remedy(format!("did you mean `{near}`?")).fix(self.renamed(near, source));
        }
        let (app, route) = (self.as_app(source), self.as_route());
        if app.is_some() || route.is_some() {
            return error.remedy("write [apps] or [routes] above it").fix(app).fix(route);
        }
        if let Some(why) = needless(pattern, name) {
            let gone = surgery::take_out(source, key, self.value.span).map(|edit| Fix::of(vec![edit]));
            return error.remedy(format!("take it out: {why}")).fix(gone);
        }
        match synonyms::near_key(pattern, name) {
            Some(ours) if catalogue::homes(name).next().is_none() => {
                error.remedy(format!("did you mean `{ours}`?")).fix(self.renamed(ours, source))
            }
            _ => self.at_home(error, source),
        }
    }

    /// A key of another table.
    fn at_home(self, error: ConfigError, source: &Source) -> ConfigError {
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
                error.fix(if home.contains('*') { None } else { self.moved(home, source) })
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

    /// The key under another name, in every header that has it.
    fn renamed(self, ours: &str, source: &Source) -> Fix {
        let around = source.file_of(self.key);
        let mut edits = vec![Edit { span: self.key, text: ours.to_owned() }];
        if self.pattern.is_empty() && matches!(&self.value.value, Written::Table(_) | Written::List(_)) {
            let mut base = around.base;
            for line in around.text.split_inclusive('\n') {
                let inside = line.trim_start().trim_start_matches('[').trim_start();
                let start = base + line.len() - inside.len();
                base += line.len();
                let is_header = line.trim_start().starts_with('[');
                let rest = inside.strip_prefix(self.name);
                let same = is_header && rest.is_some_and(|rest| rest.trim_start().starts_with(['.', ']']));
                let span = Span { start, end: start + self.name.len() };
                if same && span != self.key {
                    edits.push(Edit { span, text: ours.to_owned() });
                }
            }
        }
        Fix::of(edits)
    }

    /// An app at the top of the file: `web = "node x"`, `[web]` with a `run` in it.
    fn as_app(self, source: &Source) -> Option<Fix> {
        let is_app = match &self.value.value {
            Written::Text(_) => !self.name.starts_with('/'),
            Written::Table(table) => table
                .iter()
                .any(|(key, _)| key.value == "run" || synonyms::of_key("apps.*", &key.value) == Some("run")),
            _ => false,
        };
        let is_name = fix::key(self.name) == self.name;
        (is_app && is_name && self.pattern.is_empty()).then(|| {
            let ours = format!("apps.{}", self.name);
            self.renamed(&ours, source).saying(format!("an app stands in [apps]: {ours}"))
        })
    }

    /// A route at the top of the file.
    fn as_route(self) -> Option<Fix> {
        let is_route = self.name.contains('/') && self.pattern.is_empty();
        is_route.then(|| {
            let ours = format!("routes.{}", fix::quoted(self.name));
            Fix::replace(self.key, ours).saying("a route stands in [routes]")
        })
    }

    /// Its line put under the header of `home`, or before the first header where there is none.
    fn moved(self, home: &str, source: &Source) -> Option<Fix> {
        let gone = surgery::take_out(source, self.key, self.value.span)?;
        let around = source.file_of(self.key);
        let entry = format!("{} = {}", fix::key(self.name), source.slice(self.value.span));
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
}

/// What other programs need to be told and onedoor does not.
fn needless(pattern: &str, name: &str) -> Option<&'static str> {
    let log = "what an app prints is in onedoor's log";
    match (pattern, name) {
        (
            "apps.*" | "jobs.*",
            "stdout_logfile" | "stderr_logfile" | "logfile" | "stdout" | "stderr" | "log_file",
        ) => Some(log),
        ("apps.*" | "jobs.*", "redirect_stderr" | "stdout_logfile_maxbytes" | "stderr_logfile_maxbytes") => {
            Some(log)
        }
        ("apps.*", "autostart" | "daemon" | "daemonize" | "nodaemon") => {
            Some("every app is started, and kept running")
        }
        ("apps.*", "container_name" | "process_name") => Some("an app is called by its key"),
        ("", "version") => Some("the file has no version"),
        ("", "nodaemon") => Some("onedoor stays in the foreground"),
        _ => None,
    }
}

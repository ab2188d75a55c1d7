//! A key that its table does not have: what was probably meant by it, and where it belongs. Only proposes.

mod home;
mod needless;

use super::catalogue;
use super::error::{Code, ConfigError};
use super::fix::{self, Edit, Fix};
use super::source::{Located, Source, Span};
use super::written::{Table, Written};
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
    /// The whole file, to see where else it could stand.
    pub(super) document: &'a Table,
}

impl Stray<'_> {
    pub(super) fn error(self, source: &Source) -> ConfigError {
        let Self { pattern, shown, name, key, .. } = self;
        let home = if shown.is_empty() { String::new() } else { format!(" in {shown}") };
        let error = ConfigError::new(Code::UnknownKey, key, format!("unknown key `{name}`{home}"));
        if let Some((sentence, fix)) = self.of_its_own(source) {
            return error.remedy(sentence).fix(fix);
        }
        if let Some(ours) = self.synonym() {
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
        if let Some((sentence, fix)) = self.needless(source) {
            return error.remedy(sentence).fix(fix);
        }
        match synonyms::near_key(pattern, name) {
            Some(ours) if catalogue::homes(name).next().is_none() => {
                error.remedy(format!("did you mean `{ours}`?")).fix(self.renamed(ours, source))
            }
            _ => self.at_home(error, source),
        }
    }

    /// What it is called here.
    fn synonym(self) -> Option<&'static str> {
        let Self { pattern, name, value, .. } = self;
        let is_table = matches!(value.value, Written::Table(_) | Written::List(_));
        match &value.value {
            // Where to: of the two that it could mean, a path is no server, and a client is seldom sent to one.
            Written::Text(text) if name == "to" && pattern == "routes.*" && text.contains("://") => {
                Some("proxy")
            }
            // fly.toml
            Written::Text(_) if pattern.is_empty() && name == "app" => Some("name"),
            _ => synonyms::of_key(pattern, name).filter(|ours| {
                is_table
                    || !pattern.is_empty()
                    || !matches!(*ours, "apps" | "routes" | "server" | "jobs" | "log")
            }),
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
            // More than a word, and no key that some table has.
            Written::Text(text) => {
                !self.name.starts_with('/') && text.contains([' ', '/', '.']) && !is_known(self.name)
            }
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
}

/// Whether some table has it, under this name or another.
fn is_known(name: &str) -> bool {
    ["apps.*", "server", "routes.*", "jobs.*"].iter().any(|table| synonyms::of_key(table, name).is_some())
        || catalogue::rows().any(|row| row.key() == name)
}

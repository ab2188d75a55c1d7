//! A [`Draft`] as the text of an `onedoor.toml`: readable, commented, the same for the same draft.
//!
//! Only TOML 1.0 is written, which every editor and formatter understands. An entry that fits on a line is an inline
//! table, as people write them; one that does not, or whose facts have reasons of their own, gets a table of its own
//! below those. What the values mean is not judged here.

use std::fmt::Write as _;

use crate::draft::{Draft, Entry, Fact, Value};

/// A line that is longer is hard to read in a diff.
const COLUMNS_MOST: usize = 110;

impl Draft {
    /// The text of the file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut page = Page::default();
        page.comments(&self.notes);
        if !self.top.facts.is_empty() || !self.top.notes.is_empty() {
            page.gap();
            page.comments(&self.top.notes);
            page.facts(&self.top.facts);
        }
        page.table("server", &self.server);
        page.section("apps", &self.apps);
        page.section("jobs", &self.jobs);
        page.section("routes", &self.routes);
        page.table("log", &self.log);
        page.development(&self.dev_apps, &self.dev_routes);
        if !self.afterwords.is_empty() {
            page.gap();
            page.comments(&self.afterwords);
        }
        page.text
    }
}

#[derive(Debug, Default)]
struct Page {
    text: String,
}

impl Page {
    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comments(&mut self, notes: &[String]) {
        for line in notes.iter().flat_map(|note| comment_lines(note)) {
            self.line(line.trim_end());
        }
    }

    fn facts(&mut self, facts: &[Fact]) {
        for Fact { key, value, because } in facts {
            let said = format!("{} = {}", quoted_key(key), inline(value));
            match because {
                None => self.line(&said),
                Some(because) => self.line(&format!("{said}  {}", one_comment(because))),
            }
        }
    }

    /// `[server]`, unless nothing is said about it.
    fn table(&mut self, name: &str, entry: &Entry) {
        if entry.facts.is_empty() && entry.notes.is_empty() {
            return;
        }
        self.gap();
        self.comments(&entry.notes);
        self.line(&format!("[{name}]"));
        self.facts(&entry.facts);
    }

    /// `[profile.dev]`, a line for each entry.
    fn development(&mut self, apps: &[Entry], routes: &[Entry]) {
        if apps.is_empty() && routes.is_empty() {
            return;
        }
        self.gap();
        self.line("# `onedoor dev` does this instead.");
        self.line("[profile.dev]");
        for (section, entries) in [("apps", apps), ("routes", routes)] {
            for entry in entries {
                self.comments(&entry.notes);
                let name = quoted_key(&entry.name);
                self.line(&format!("{section}.{name} = {}", inline_facts(&entry.facts)));
            }
        }
    }

    /// `[apps]` with what fits on a line each, then `[apps.NAME]` for the others.
    fn section(&mut self, name: &str, entries: &[Entry]) {
        let (short, long): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|entry| is_short(entry));
        if !short.is_empty() {
            self.gap();
            self.line(&format!("[{name}]"));
            let names: Vec<String> = short.iter().map(|entry| quoted_key(&entry.name)).collect();
            let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
            for (entry, name) in short.iter().zip(&names) {
                self.comments(&entry.notes);
                self.line(&format!("{name:width$} = {}", inline_facts(&entry.facts)));
            }
        }
        for entry in long {
            self.gap();
            self.comments(&entry.notes);
            self.line(&format!("[{name}.{}]", quoted_key(&entry.name)));
            self.facts(&entry.facts);
        }
    }
}

fn is_short(entry: &Entry) -> bool {
    let has_reasons = entry.facts.iter().any(|fact| fact.because.is_some());
    let length = || quoted_key(&entry.name).chars().count() + 3 + inline_facts(&entry.facts).chars().count();
    !has_reasons && length() <= COLUMNS_MOST
}

fn inline_facts(facts: &[Fact]) -> String {
    inline_table(facts.iter().map(|fact| (&fact.key, &fact.value)))
}

fn inline_table<'a>(pairs: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let pairs: Vec<String> =
        pairs.map(|(key, value)| format!("{} = {}", quoted_key(key), inline(value))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(number) if number.is_nan() => "nan".to_owned(),
        Value::Decimal(number) => format!("{number:?}"),
        Value::Flag(flag) => flag.to_string(),
        Value::List(list) => format!("[{}]", list.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(pairs) => inline_table(pairs.iter().map(|(key, value)| (key, value))),
    }
}

fn quoted_key(key: &str) -> String {
    let is_bare = !key.is_empty()
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    // A literal key is legal, but nobody writes one.
    if is_bare { key.to_owned() } else { basic(key) }
}

/// In single quotes where that saves backslashes: a command with quotes, a regular expression.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains(|c: char| c == '\'' || (c.is_control() && c != '\t'));
    if is_plain && text.contains(['"', '\\']) { format!("'{text}'") } else { basic(text) }
}

fn basic(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // The C1 characters are legal, but a terminal may obey them.
            c if c.is_control() => {
                write!(out, "\\u{:04X}", u32::from(c)).expect("a String takes whatever is written to it");
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A note may have lines of its own.
fn comment_lines(note: &str) -> Vec<String> {
    note.split('\n').map(one_comment).collect()
}

/// A comment ends at its line's end, so nothing in it may be one; nor may it speak to a terminal.
fn one_comment(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_empty() { "#".to_owned() } else { format!("# {}", text.trim_end()) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn a_text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-z ]{0,12}", "[\"'\\\\#\n\r\t\u{7f}\u{85}\u{0}=\\[\\]{}]{0,8}"]
    }

    fn a_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            a_text().prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            any::<bool>().prop_map(Value::Flag),
            (-1e18..1e18_f64).prop_map(Value::Decimal),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::List),
                vec((a_text(), inner), 0..4).prop_map(|pairs| Value::Table(unique(pairs))),
            ]
        })
    }

    fn unique<T>(pairs: Vec<(String, T)>) -> Vec<(String, T)> {
        let mut seen = std::collections::BTreeSet::new();
        pairs.into_iter().filter(|(key, _)| seen.insert(key.clone())).collect()
    }

    fn an_entry(name: impl Strategy<Value = String>) -> impl Strategy<Value = Entry> {
        let fact = (a_text(), a_value(), proptest::option::of(a_text()));
        (name, vec(a_text(), 0..3), vec(fact, 0..5)).prop_map(|(name, notes, facts)| {
            let mut entry = Entry { name, notes, facts: Vec::new() };
            for (key, value, because) in facts {
                entry.put(Fact { key, value, because });
            }
            entry
        })
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        vec(an_entry(a_text()), 0..4).prop_map(|entries| {
            unique(entries.into_iter().map(|entry| (entry.name.clone(), entry)).collect())
                .into_iter()
                .map(|(_, entry)| entry)
                .collect()
        })
    }

    fn as_toml(value: &Value) -> toml::Value {
        match value {
            Value::Text(text) => toml::Value::String(text.clone()),
            Value::Integer(number) => toml::Value::Integer(*number),
            Value::Decimal(number) => toml::Value::Float(*number),
            Value::Flag(flag) => toml::Value::Boolean(*flag),
            Value::List(list) => toml::Value::Array(list.iter().map(as_toml).collect()),
            Value::Table(pairs) => {
                toml::Value::Table(pairs.iter().map(|(key, value)| (key.clone(), as_toml(value))).collect())
            }
        }
    }

    fn table_of(entry: &Entry) -> toml::Value {
        toml::Value::Table(entry.facts.iter().map(|fact| (fact.key.clone(), as_toml(&fact.value))).collect())
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_draft_the_file_says_the_same(
            notes in vec(a_text(), 0..3),
            afterwords in vec(a_text(), 0..3),
            server in an_entry(Just(String::new())),
            apps in entries(),
            routes in entries(),
        ) {
            let draft = Draft { notes, afterwords, server, apps, routes, ..Draft::default() };
            let text = draft.render();
            let read: toml::Table = toml::from_str(&text).map_err(|error| {
                TestCaseError::fail(format!("{error}\n{text}"))
            })?;
            for (section, entries) in [("apps", &draft.apps), ("routes", &draft.routes)] {
                let found = read.get(section).and_then(toml::Value::as_table);
                prop_assert_eq!(found.map_or(0, toml::Table::len), entries.len());
                for entry in entries {
                    let found = found.and_then(|section| section.get(&entry.name));
                    prop_assert_eq!(found, Some(&table_of(entry)), "{}", text);
                }
            }
            if !draft.server.facts.is_empty() {
                prop_assert_eq!(read.get("server"), Some(&table_of(&draft.server)));
            }
        }
    }

    fn the_zoo() -> Draft {
        let mut draft = Draft::default();
        for (name, run, path) in [("python", "uvicorn main:app", "/"), ("node", "node main.js", "/node")] {
            let mut app = Entry::named(name);
            app.note(format!("{name}/main: a reason")).say("dir", name).say("run", run).say("path", path);
            draft.apps.push(app);
        }
        let mut health = Entry::named("/health");
        health.say("builtin", "health");
        draft.routes.push(health);
        draft
    }

    #[test]
    fn short_entries_are_lines_as_people_write_them() {
        insta::assert_snapshot!(the_zoo().render(), @r#"
        [apps]
        # python/main: a reason
        python = { dir = "python", run = "uvicorn main:app", path = "/" }
        # node/main: a reason
        node   = { dir = "node", run = "node main.js", path = "/node" }

        [routes]
        "/health" = { builtin = "health" }
        "#);
    }

    #[test]
    fn long_entries_and_those_with_reasons_are_tables_below_the_short_ones() {
        let mut draft = the_zoo();
        draft.notes.push("Written by a test.".to_owned());
        draft.top.say("name", "shop");
        draft.server.say_because("listen", "0.0.0.0:${PORT:-8000}", "the ONE port");
        let mut worker = Entry::named("worker");
        worker
            .say_because("run", "sh -c \"echo \\\"hi\\\"\"", "Procfile:2")
            .say("env", Value::texts([("A", "it's"), ("b.c", "1")]))
            .say("needs", vec!["python"])
            .say("replicas", 2)
            .say("limits", Value::Table(vec![("cpu".to_owned(), Value::Decimal(1.5))]));
        draft.apps.insert(0, worker);
        draft.afterwords.push("TODO: nothing".to_owned());
        insta::assert_snapshot!(draft.render(), @r#"
        # Written by a test.

        name = "shop"

        [server]
        listen = "0.0.0.0:${PORT:-8000}"  # the ONE port

        [apps]
        # python/main: a reason
        python = { dir = "python", run = "uvicorn main:app", path = "/" }
        # node/main: a reason
        node   = { dir = "node", run = "node main.js", path = "/node" }

        [apps.worker]
        run = 'sh -c "echo \"hi\""'  # Procfile:2
        env = { A = "it's", "b.c" = "1" }
        needs = ["python"]
        replicas = 2
        limits = { cpu = 1.5 }

        [routes]
        "/health" = { builtin = "health" }

        # TODO: nothing
        "#);
    }
}

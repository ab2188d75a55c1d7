//! What the files of another program say, in words that are nobody's: programs, where they listen, and who answers
//! which path. `assemble` makes the draft of an `onedoor.toml` of it.

use crate::draft::{Entry, Value};

use super::finding::Item;

/// All that was understood of all the files.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    pub(super) services: Vec<Service>,
    pub(super) jobs: Vec<Entry>,
    pub(super) routes: Vec<Route>,
    pub(super) server: Entry,
    pub(super) log: Entry,
    /// Comment lines for the end of the file.
    pub(super) afterwords: Vec<String>,
    /// Whose file is among those given: what they proxied is known, and they are not started any more.
    pub(super) formats: Vec<super::Format>,
}

/// A program that is started.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) app: Entry,
    /// What it was called in its file.
    pub(super) called: String,
    /// Where its file tells of it.
    pub(super) item: Item,
    /// Where it is known to listen.
    pub(super) listens: Vec<Address>,
    pub(super) reach: Reach,
}

/// Who could reach a program before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Whoever could reach its port.
    Outside,
    /// Only its siblings.
    Siblings,
}

/// Where somebody listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    /// A port of this container.
    Port(u16),
    /// A Unix socket.
    Socket(String),
    /// Another machine, or a service by its name.
    Far { host: String, port: Option<u16> },
}

/// A path and who answers it.
#[derive(Debug)]
pub(super) struct Route {
    /// None: on any.
    pub(super) host: Option<String>,
    /// As onedoor writes it: `/api/*`.
    pub(super) path: String,
    pub(super) answer: Answer,
    /// What else is said of it: strip, rewrite, limits. Its name is not used.
    pub(super) entry: Entry,
    pub(super) standing: Standing,
    pub(super) item: Item,
}

#[derive(Debug)]
pub(super) enum Answer {
    /// One of those who listen there.
    Upstream(Upstream),
    /// What the entry says: respond, redirect, builtin, static.
    Own,
}

#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) addresses: Vec<Address>,
    /// What its file called them; a program of this name is one of them.
    pub(super) called: Option<String>,
    pub(super) scheme: &'static str,
    pub(super) host: HostHeader,
    /// How one of them is chosen, and where that is said.
    pub(super) balance: Option<(&'static str, Item)>,
}

/// Which Host the upstream sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostHeader {
    /// The client's.
    Keep,
    /// The upstream's own name.
    Upstream,
}

/// Whether a route may be served as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Open,
    /// It was guarded by something onedoor cannot do yet: 403 is safer than nobody at the door.
    Closed {
        guard: String,
    },
    /// It needs a part of onedoor that is not there yet: written as a comment.
    Later,
}

impl Address {
    /// `127.0.0.1:80`, `localhost`, `unix:/run/x.sock`, `web:3000`. None: no address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:").or_else(|| text.strip_prefix("unix/")) {
            let path = path.trim_start_matches("//").trim_end_matches(':');
            let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
            return Some(Self::Socket(path));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse::<u16>().ok()?))
            }
            _ => (text, None),
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]:".contains(&byte);
        if !host.bytes().all(is_host) {
            return None;
        }
        match (is_here(host), port) {
            (true, port) => Some(Self::Port(port.unwrap_or(80))),
            (false, port) => Some(Self::Far { host: host.to_owned(), port }),
        }
    }

    /// As it stands in a URL or after `unix:`.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Port(port) => format!("127.0.0.1:{port}"),
            Self::Socket(path) => format!("unix:{path}"),
            Self::Far { host, port: Some(port) } => format!("{host}:{port}"),
            Self::Far { host, port: None } => host.clone(),
        }
    }
}

/// Whether the host is this container itself.
pub(super) fn is_here(host: &str) -> bool {
    matches!(host, "" | "localhost" | "0.0.0.0" | "[::]" | "[::1]" | "::1" | "::" | "*")
        || host.starts_with("127.")
}

impl Route {
    pub(super) fn new(path: impl Into<String>, answer: Answer, item: Item) -> Self {
        let (path, entry) = (path.into(), Entry::default());
        Self { host: None, path, answer, entry, standing: Standing::Open, item }
    }

    /// The key of the file.
    pub(super) fn key(&self) -> String {
        match (&self.host, self.path.split_once(' ')) {
            (None, _) => self.path.clone(),
            (Some(host), None) => format!("{host}{}", self.path),
            (Some(host), Some((method, path))) => format!("{method} {host}{path}"),
        }
    }
}

/// What an entry says of a key.
pub(super) fn fact<'e>(entry: &'e Entry, key: &str) -> Option<&'e Value> {
    entry.facts.iter().find(|fact| fact.key == key).map(|fact| &fact.value)
}

/// The same, where it is a text.
pub(super) fn said<'e>(entry: &'e Entry, key: &str) -> Option<&'e str> {
    match fact(entry, key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// A name of the language, `[a-z][a-z0-9-]*`, that is not taken yet.
pub(super) fn app_name(called: &str, is_taken: impl Fn(&str) -> bool) -> String {
    const LETTERS_MOST: usize = 36;
    let mut name = String::new();
    for letter in called.chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => name.push(letter),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let mut name = name.trim_start_matches(|first: char| !first.is_ascii_lowercase()).to_owned();
    name.truncate(LETTERS_MOST);
    let name = name.trim_end_matches('-');
    let name = if name.is_empty() { "app" } else { name };
    if !is_taken(name) {
        return name.to_owned();
    }
    (2..).map(|number| format!("{name}-{number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

/// `"/x/*"` for what begins with `/x` by whole segments; the root is `/*`.
pub(super) fn subtree(path: &str) -> String {
    format!("{}/*", literal(path.trim_end_matches('/')))
}

/// A path that stands for itself in a key.
pub(super) fn literal(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '*' | '?' | '#' | '{' | '}' | '%' | '"' | ' ' | '\\' | '\0'..='\x1f' | '\x7f' => {
                text.push_str(&spelled(letter));
            }
            letter => text.push(letter),
        }
    }
    text
}

/// `%2A`: only letters of ASCII are spelled so.
fn spelled(letter: char) -> String {
    format!("%{:02X}", u32::from(letter))
}

/// A text as a value of the file: `${` and `$$` would mean something there.
pub(super) fn value_text(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        made.push(letter);
        if letter == '$' && matches!(letters.peek(), Some('{' | '$')) {
            made.push('$');
        }
    }
    made
}

/// Words as a command: a plain string where that means the same, else the exact list.
pub(super) fn command(words: &[String]) -> Value {
    let plain = |word: &String| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=,@%+${}".contains(&byte))
    };
    if words.iter().all(plain) {
        return Value::Text(words.join(" "));
    }
    Value::from(words.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (text, expected) in [
            ("127.0.0.1:8000", Some(Address::Port(8000))),
            ("localhost", Some(Address::Port(80))),
            ("[::1]:3000", Some(Address::Port(3000))),
            ("unix:/run/app.sock", Some(Address::Socket("/run/app.sock".into()))),
            ("unix:/run/app.sock:", Some(Address::Socket("/run/app.sock".into()))),
            ("unix//run/app.sock", Some(Address::Socket("/run/app.sock".into()))),
            ("web:3000", Some(Address::Far { host: "web".into(), port: Some(3000) })),
            ("api.example.com", Some(Address::Far { host: "api.example.com".into(), port: None })),
            ("web:port", None),
            ("$backend", None),
        ] {
            assert_eq!(Address::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn names_become_names_of_the_language() {
        let taken = ["api"];
        for (called, expected) in [
            ("celery_beat", "celery-beat"),
            ("API", "api-2"),
            ("1password", "password"),
            ("laravel-worker:00", "laravel-worker-00"),
            ("__", "app"),
        ] {
            assert_eq!(app_name(called, |name| taken.contains(&name)), expected);
        }
    }
}

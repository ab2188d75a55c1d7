//! What a configuration that we write is to say: names, values and, for each of them, the reason.
//!
//! `init` fills a draft from what it finds, `init --from` from another program's file. The keys are those of the
//! language, by their own names, so that nothing here has to be changed for a new one; what does not belong there is
//! found by `check`, as in anybody's file. Writing it down is `render`'s.

/// A configuration to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Comment lines at the top.
    pub notes: Vec<String>,
    /// What stands above every table, such as `name`.
    pub top: Entry,
    /// `[server]`
    pub server: Entry,
    /// `[log]`
    pub log: Entry,
    /// Each name once, as in the other two lists.
    pub apps: Vec<Entry>,
    /// `[jobs]`
    pub jobs: Vec<Entry>,
    /// Named by their keys: `"/api/*"`, `"POST example.com/upload"`.
    pub routes: Vec<Entry>,
    /// `[profile.dev]`: what `onedoor dev` starts besides.
    pub dev_apps: Vec<Entry>,
    /// The routes that are others there.
    pub dev_routes: Vec<Entry>,
    /// Comment lines at the end: what had no place, and what is left to do.
    pub afterwords: Vec<String>,
}

/// One table of the file: an app, a job, a route, `[server]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Empty where the table has no name of its own.
    pub name: String,
    /// Comment lines above it.
    pub notes: Vec<String>,
    /// In the order in which they are written; each key once.
    pub facts: Vec<Fact>,
}

/// `key = value  # because`
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// By its own name.
    pub key: String,
    /// What is said of it.
    pub value: Value,
    /// A comment beside it.
    pub because: Option<String>,
}

/// What a key can be given.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a point.
    Decimal(f64),
    /// True or false.
    Flag(bool),
    /// An array.
    List(Vec<Self>),
    /// An inline table; each key once.
    Table(Vec<(String, Self)>),
}

impl Entry {
    /// An empty table of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Says `key = value`, instead of what was said of that key before.
    pub fn say(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.put(Fact { key: key.to_owned(), value: value.into(), because: None })
    }

    /// The same with its reason, as a comment beside it.
    pub fn say_because(
        &mut self,
        key: &str,
        value: impl Into<Value>,
        because: impl Into<String>,
    ) -> &mut Self {
        self.put(Fact { key: key.to_owned(), value: value.into(), because: Some(because.into()) })
    }

    /// A comment line above it.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    pub(super) fn put(&mut self, fact: Fact) -> &mut Self {
        match self.facts.iter_mut().find(|known| known.key == fact.key) {
            Some(known) => *known = fact,
            None => self.facts.push(fact),
        }
        self
    }
}

impl Value {
    /// A table of texts, such as `env`.
    #[must_use]
    pub fn texts<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Table(pairs.into_iter().map(|(key, value)| (key.into(), Self::Text(value.into()))).collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

//! A regex over a whole path, as nginx, Caddy, Unit and Traefik have them, as keys of onedoor: `^/users/([0-9]+)$` is
//! `/users/{p1:[0-9]+}`. Only what means the same by whole segments; everything else is refused with the reason.

use super::sketch::literal;

/// More keys than this for one regex are no clearer than the regex.
const KEYS_MOST: usize = 16;

/// Keys that together match what the regex matches.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) keys: Vec<Key>,
    /// True of the keys, and not quite what the regex said.
    pub(super) difference: Option<&'static str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    /// Without a final slash; empty is the root.
    prefix: String,
    end: End,
    /// `1` or a name, and what stands for it in a rewrite.
    captures: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Exact,
    /// With its final slash.
    Slash,
    Subtree {
        /// The capture that holds what follows.
        rest: Option<(String, Slash)>,
    },
}

/// Whether a capture of the rest begins with its slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slash {
    Inside,
    Before,
}

/// What a replacement such as `/v2/$1` is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The mount is replaced by this; what follows it stays.
    Mount(String),
    /// The whole path is this; the key must be `Key::whole_path`.
    Whole(String),
}

const LOOSER: &str = "it also matched paths that only begin with the same text; the key takes whole segments";

/// How a regex may end: its text, what that means, and which groups it has.
const TAILS: &[(&str, Tail)] = &[
    ("(/|$)(.*)", Tail::Rest { groups: 2, slash: Slash::Before, looser: false }),
    ("(?:/|$)(.*)", Tail::Rest { groups: 1, slash: Slash::Before, looser: false }),
    ("(/.*)?", Tail::Rest { groups: 1, slash: Slash::Inside, looser: false }),
    ("(/?.*)", Tail::Rest { groups: 1, slash: Slash::Inside, looser: true }),
    ("(/.*)", Tail::Rest { groups: 1, slash: Slash::Inside, looser: false }),
    ("/?(.*)", Tail::Rest { groups: 1, slash: Slash::Before, looser: true }),
    ("/(.*)", Tail::Rest { groups: 1, slash: Slash::Before, looser: false }),
    ("/(.+)", Tail::Rest { groups: 1, slash: Slash::Before, looser: false }),
    ("(?:/.*)?", Tail::Below { looser: false }),
    ("(/|$)", Tail::Below { looser: false }),
    ("(?:/|$)", Tail::Below { looser: false }),
    ("/?.*", Tail::Below { looser: true }),
    ("/.*", Tail::Below { looser: false }),
    ("/.+", Tail::Below { looser: false }),
    ("(.*)", Tail::Rest { groups: 1, slash: Slash::Inside, looser: true }),
    (".*", Tail::Below { looser: true }),
    ("/?", Tail::ExactOrSlash),
];

#[derive(Clone, Copy)]
enum Tail {
    Rest { groups: usize, slash: Slash, looser: bool },
    Below { looser: bool },
    ExactOrSlash,
}

pub(super) fn shape(regex: &str) -> Result<Shape, String> {
    let body = regex.strip_prefix("(?i)").unwrap_or(regex).replace("\\/", "/");
    let Some(body) = body.strip_prefix('^') else {
        return Err("it looks for its text anywhere in the path".to_owned());
    };
    let (body, is_closed) = match body.strip_suffix('$') {
        Some(body) if !body.ends_with('\\') => (body, true),
        _ => (body, false),
    };
    let tail = TAILS.iter().find_map(|(text, tail)| Some((body.strip_suffix(text)?, *tail)));
    // Without `$` a final optional slash says nothing.
    let tail = tail.filter(|(_, tail)| is_closed || !matches!(tail, Tail::ExactOrSlash));
    let (head, tail) = match tail {
        Some((head, tail)) if !head.ends_with('\\') => (head, Some(tail)),
        _ => (body, None),
    };
    let ends_in_slash = head.ends_with('/');
    let mut groups = 0;
    let mut keys = vec![Key::default()];
    let head = head.strip_suffix('/').unwrap_or(head);
    if !head.is_empty() {
        let Some(head) = head.strip_prefix('/') else {
            return Err("it does not begin with a slash".to_owned());
        };
        for segment in segments(head)? {
            keys = with_segment(keys, &segment, &mut groups)?;
        }
    }
    let (ends, looser) = ends(tail, is_closed, ends_in_slash, groups);
    let keys: Vec<Key> =
        keys.iter().flat_map(|key| ends.iter().map(|end| Key { end: end.clone(), ..key.clone() })).collect();
    let is_root = keys.iter().all(|key| key.prefix.is_empty());
    Ok(Shape { keys, difference: (looser && !is_root).then_some(LOOSER) })
}

fn ends(tail: Option<Tail>, is_closed: bool, ends_in_slash: bool, groups: usize) -> (Vec<End>, bool) {
    match tail {
        Some(Tail::Rest { groups: own, slash, looser }) => {
            let rest = Some(((groups + own).to_string(), slash));
            (vec![End::Subtree { rest }], looser && !ends_in_slash)
        }
        Some(Tail::Below { looser }) => (vec![End::Subtree { rest: None }], looser && !ends_in_slash),
        Some(Tail::ExactOrSlash) => (vec![End::Exact, End::Slash], false),
        None if is_closed => (vec![if ends_in_slash { End::Slash } else { End::Exact }], false),
        None => (vec![End::Subtree { rest: None }], !ends_in_slash),
    }
}

/// Cut at the slashes outside of groups and classes.
fn segments(head: &str) -> Result<Vec<String>, String> {
    let mut found = vec![String::new()];
    let (mut depth, mut in_class) = (0_usize, false);
    let mut letters = head.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '/' if depth == 0 && !in_class => {
                found.push(String::new());
                continue;
            }
            '/' if !in_class => return Err("a group of it spans several segments".to_owned()),
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push(letter);
            if letter == '\\' {
                last.extend(letters.next());
            }
        }
    }
    if found.iter().any(|segment| segment.starts_with(['?', '*', '+'])) {
        return Err("a slash of it is optional or repeated".to_owned());
    }
    Ok(found)
}

fn with_segment(keys: Vec<Key>, segment: &str, groups: &mut usize) -> Result<Vec<Key>, String> {
    if let Some(text) = plain(segment) {
        let text = literal(&text);
        return Ok(keys.into_iter().map(|key| key.followed_by(&text, None)).collect());
    }
    let first_group = *groups + 1;
    *groups += capturing_groups(segment);
    let (name, inside) = match whole_group(segment) {
        Some((name, inside)) => (name, inside),
        None => (Group::None, segment),
    };
    let name = match name {
        Group::Named(name) => Some((name.to_owned(), name.to_owned())),
        Group::Numbered => Some((first_group.to_string(), format!("p{first_group}"))),
        Group::None => None,
    };
    if let Some(words) = alternatives(inside).filter(|_| inside != segment) {
        if keys.len() * words.len() > KEYS_MOST {
            return Err(format!("it stands for more than {KEYS_MOST} paths"));
        }
        let each = |key: &Key| -> Vec<Key> {
            let capture = |word: &str| name.as_ref().map(|(name, _)| (name.clone(), word.to_owned()));
            words.iter().map(|word| key.clone().followed_by(word, capture(word))).collect()
        };
        return Ok(keys.iter().flat_map(each).collect());
    }
    stays_in_its_segment(inside)?;
    let (capture, written) = match name {
        Some((capture, written)) => (Some((capture, format!("{{{written}}}"))), written),
        None => (None, format!("s{}", keys.first().map_or(1, |key| key.prefix.matches('/').count() + 1))),
    };
    let text = match inside {
        "[^/]+" | "[^/]*" => format!("{{{written}}}"),
        _ => format!("{{{written}:{}}}", inside.replace("(?<", "(?P<")),
    };
    Ok(keys.into_iter().map(|key| key.followed_by(&text, capture.clone())).collect())
}

/// The text a segment without regex syntax stands for.
fn plain(segment: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = segment.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next()? {
                letter if letter.is_ascii_alphanumeric() => return None,
                letter => text.push(letter),
            },
            '.' | '(' | ')' | '[' | ']' | '{' | '}' | '?' | '*' | '+' | '|' | '^' | '$' => return None,
            letter => text.push(letter),
        }
    }
    Some(text)
}

enum Group<'t> {
    None,
    Numbered,
    Named(&'t str),
}

/// `(…)` around a whole segment.
fn whole_group(segment: &str) -> Option<(Group<'_>, &str)> {
    let inside = segment.strip_prefix('(')?.strip_suffix(')')?;
    if inside.ends_with('\\') || inside.replace("\\(", "").replace("\\)", "").contains(['(', ')']) {
        return None;
    }
    if let Some(inside) = inside.strip_prefix("?:") {
        return Some((Group::None, inside));
    }
    if let Some(named) = inside.strip_prefix("?<").or_else(|| inside.strip_prefix("?P<")) {
        let (name, inside) = named.split_once('>')?;
        return Some((Group::Named(name), inside));
    }
    (!inside.starts_with('?')).then_some((Group::Numbered, inside))
}

/// `api|auth`: words that stand for themselves.
fn alternatives(inside: &str) -> Option<Vec<String>> {
    inside
        .contains('|')
        .then(|| inside.split('|').map(|word| Some(literal(&plain(word)?))).collect())
        .flatten()
}

fn capturing_groups(text: &str) -> usize {
    let text = text.replace("\\\\", "").replace("\\(", "");
    let after = |at: usize| &text[at + 1..];
    text.match_indices('(')
        .filter(|(at, _)| {
            !after(*at).starts_with('?') || after(*at).starts_with("?<") || after(*at).starts_with("?P<")
        })
        .count()
}

fn stays_in_its_segment(inside: &str) -> Result<(), String> {
    let mut in_class = false;
    let mut letters = inside.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if matches!(letters.next(), Some('S' | 'D' | 'W')) => {
                return Err("a class of it matches slashes as well".to_owned());
            }
            '[' if !in_class => {
                in_class = true;
                let class: String = letters.clone().take_while(|letter| *letter != ']').collect();
                if class.starts_with('^') && !class.contains('/') {
                    return Err("a class of it matches slashes as well".to_owned());
                }
            }
            ']' => in_class = false,
            '.' if !in_class => return Err("its `.` matches slashes as well".to_owned()),
            '{' | '}' if in_class => return Err("it has braces in a class".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

impl Key {
    fn followed_by(mut self, segment: &str, capture: Option<(String, String)>) -> Self {
        self.prefix.push('/');
        self.prefix.push_str(segment);
        self.captures.extend(capture);
        self
    }

    /// As a key is written.
    pub(super) fn path(&self) -> String {
        match self.end {
            End::Exact if self.prefix.is_empty() => "/".to_owned(),
            End::Exact => self.prefix.clone(),
            End::Slash => format!("{}/", self.prefix),
            End::Subtree { .. } => format!("{}/*", self.prefix),
        }
    }

    /// The same paths, in a key whose rewrite is the whole path.
    pub(super) fn whole_path(&self) -> String {
        match self.end {
            End::Subtree { .. } => format!("{}/{{rest...}}", self.prefix),
            End::Exact | End::Slash => self.path(),
        }
    }

    /// The mount as it is cut off by `strip = true`; None where it has captures or is none.
    pub(super) fn mount(&self) -> Option<&str> {
        (matches!(self.end, End::Subtree { .. }) && !self.prefix.contains('{'))
            .then_some(self.prefix.as_str())
    }

    /// The replacement with its `$1`; None where a variable of it is none of the captures.
    pub(super) fn fill(&self, template: &str) -> Option<Filled> {
        let rest = match &self.end {
            End::Subtree { rest } => rest.as_ref(),
            End::Exact | End::Slash => None,
        };
        let (mut text, mut kept) = (String::new(), false);
        let mut left = template;
        while let Some((before, after)) = left.split_once('$') {
            text.push_str(&literal(before));
            let (name, after) = variable(after)?;
            left = after;
            match rest {
                Some((rest, slash)) if *rest == name => {
                    // Only at the end does what follows the mount stay as it is.
                    if !after.is_empty() || kept {
                        return None;
                    }
                    kept = true;
                    match slash {
                        Slash::Before => text = text.strip_suffix('/')?.to_owned(),
                        Slash::Inside => {}
                    }
                }
                _ => text.push_str(&self.captures.iter().find(|(known, _)| *known == name)?.1),
            }
        }
        text.push_str(&literal(left));
        if kept {
            return Some(Filled::Mount(if text.is_empty() { "/".to_owned() } else { text }));
        }
        Some(Filled::Whole(text))
    }
}

/// `1…` and `{1}…`: the name, and what follows.
fn variable(after: &str) -> Option<(String, &str)> {
    if let Some(braced) = after.strip_prefix('{') {
        let (name, after) = braced.split_once('}')?;
        return Some((name.to_owned(), after));
    }
    let is_number = after.starts_with(|first: char| first.is_ascii_digit());
    let end = match is_number {
        true => 1,
        false => {
            after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len())
        }
    };
    (end > 0).then(|| (after[..end].to_owned(), &after[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(regex: &str) -> String {
        match shape(regex) {
            Ok(shape) => {
                let mut text = shape.keys.iter().map(Key::path).collect::<Vec<_>>().join(" ");
                if shape.difference.is_some() {
                    text.push_str(" (looser)");
                }
                text
            }
            Err(why) => format!("! {why}"),
        }
    }

    #[test]
    fn a_regex_that_goes_by_segments_becomes_keys() {
        for (regex, expected) in [
            ("^/api/", "/api/*"),
            ("^/api", "/api/* (looser)"),
            ("^/api(/|$)", "/api/*"),
            ("^/api(/|$)(.*)", "/api/*"),
            ("^/health$", "/health"),
            ("^/health/?$", "/health /health/"),
            (r"^/users/(\d+)$", r"/users/{p1:\d+}"),
            (r"^/users/(?<id>[0-9]+)/avatar$", "/users/{id:[0-9]+}/avatar"),
            ("^/users/([^/]+)/?$", "/users/{p1} /users/{p1}/"),
            ("^/(api|auth)/", "/api/* /auth/*"),
            ("^/(?:admin|docs)$", "/admin /docs"),
            (r"^/v[0-9]+/(.*)$", "/{s1:v[0-9]+}/*"),
            (r"^/favicon\.ico$", "/favicon.ico"),
            ("^/(.*)$", "/*"),
            ("^(.*)$", "/*"),
            ("^/$", "/"),
            (r"\.php$", "! it looks for its text anywhere in the path"),
            ("^/a/(.+)/b$", "! its `.` matches slashes as well"),
            ("^/a(/b)?$", "! a group of it spans several segments"),
        ] {
            assert_eq!(paths(regex), expected, "{regex}");
        }
    }

    #[test]
    fn replacements_are_filled_with_the_captures() {
        for (regex, template, expected) in [
            ("^/api/(.*)$", "/$1", Some(Filled::Mount("/".into()))),
            ("^/api(/.*)$", "$1", Some(Filled::Mount("/".into()))),
            ("^/api/(.*)$", "/v2/$1", Some(Filled::Mount("/v2".into()))),
            ("^/api(/|$)(.*)", "/$2", Some(Filled::Mount("/".into()))),
            ("^/api/(.*)$", "/one", Some(Filled::Whole("/one".into()))),
            (r"^/u/(\d+)/(.*)$", "/v2/$1/$2", Some(Filled::Mount("/v2/{p1}".into()))),
            (r"^/u/(?<id>\d+)$", "/user/${id}", Some(Filled::Whole("/user/{id}".into()))),
            ("^/(a|b)/(.*)$", "/x-$1/$2", Some(Filled::Mount("/x-a".into()))),
            ("^/api/(.*)$", "/x?path=$1", None),
            ("^/api/(.*)$", "/$args", None),
        ] {
            let shape = shape(regex).expect("a shape");
            assert_eq!(shape.keys[0].fill(template), expected, "{regex} {template}");
        }
    }
}

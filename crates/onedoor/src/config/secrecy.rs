//! What looks like a secret, by its name or by its shape: for the trap that warns of it, and so that no message repeats it.
//!
//! Judged by letters alone, of texts that may be no TOML. Where it errs a message hides a harmless word, or a trap is
//! not told: what it hides is never changed.

use std::borrow::Cow;
use std::ops::Range;

use super::source::Source;

/// What the name of a variable that holds a secret ends with.
const NAMES: [&str; 16] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "AUTH_KEY",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "PRIVATE_KEY",
    "SECRET_KEY",
    "SECRET_KEY_BASE",
    "SIGNING_KEY",
    "CREDENTIALS",
];

/// What reaches every browser by its purpose.
const PUBLIC: [&str; 6] = ["NEXT_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_", "VITE_", "REACT_APP_", "GATSBY_"];

/// How the keys of well-known services begin, and so many letters at least follow.
const SHAPES: [(&str, usize); 18] = [
    ("sk_live_", 8),
    ("rk_live_", 8),
    ("sk_test_", 8),
    ("whsec_", 8),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 15),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("sk-ant-", 20),
    ("sk-proj-", 20),
    ("npm_", 30),
    ("hf_", 30),
];

const PEM: &str = "-----BEGIN ";

/// Whether a variable of this name is there to hold a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let is_public = PUBLIC.iter().any(|start| name.starts_with(start));
    !is_public && (name == "AUTHORIZATION" || NAMES.iter().any(|end| name.ends_with(end)))
}

/// Whether the value of such a variable gives it away: no switch, no number of little use, no place where it is kept.
pub(super) fn is_telling(value: &str) -> bool {
    let value = value.trim();
    let is_switch = matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null"
    );
    let is_number = value.len() < 6 && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_elsewhere =
        ["file:", "env:", "cmd:", "/", "./", "$", "{", "["].iter().any(|start| value.starts_with(start));
    !is_switch && !is_number && !is_elsewhere
}

/// The part of a text that is a secret by its shape: a service's key, a PEM block, the password in a URL.
pub(super) fn part(text: &str) -> Option<Range<usize>> {
    key(text).or_else(|| pem(text)).or_else(|| password_in_url(text))
}

fn key(text: &str) -> Option<Range<usize>> {
    SHAPES.iter().find_map(|(start, least)| {
        let (at, _) = text.match_indices(start).find(|(at, _)| !text[..*at].ends_with(is_of_a_key))?;
        let length = text[at + start.len()..]
            .find(|letter| !is_of_a_key(letter))
            .unwrap_or(text.len() - at - start.len());
        (length >= *least).then(|| at..at + start.len() + length)
    })
}

fn is_of_a_key(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

fn pem(text: &str) -> Option<Range<usize>> {
    let start = text.find(PEM).filter(|at| text[*at..].contains("PRIVATE KEY"))?;
    Some(start..text.len())
}

/// `postgres://shop:hunter2@db/shop`
fn password_in_url(text: &str) -> Option<Range<usize>> {
    let after = text.find("://")? + 3;
    let authority =
        text[after..].find(['/', '?', '#', ' ', '"', '\'']).map_or(text.len(), |length| after + length);
    let at = after + text[after..authority].rfind('@')?;
    let colon = after + text[after..at].find(':')?;
    let password = colon + 1..at;
    is_telling(text.get(password.clone())?).then_some(password)
}

/// The files as messages show them: of the same length, and with stars where something looks like a secret.
pub(super) fn masked(source: &Source) -> Cow<'_, Source> {
    if source.files().all(|file| matches!(masked_text(&file.text), Cow::Borrowed(_))) {
        return Cow::Borrowed(source);
    }
    let mut files = source.files().map(|file| (&*file.name, masked_text(&file.text)));
    let Some((name, text)) = files.next() else { return Cow::Borrowed(source) };
    let mut shown = Source::new(name, &text);
    files.for_each(|(name, text)| shown.add(name, &text));
    Cow::Owned(shown)
}

/// A text with stars, byte for byte.
pub(super) fn masked_text(text: &str) -> Cow<'_, str> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        hidden.extend(in_line(line).into_iter().map(|range| start + range.start..start + range.end));
        start += line.len();
    }
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match hidden.iter().any(|range| range.contains(&at)) {
            true => shown.extend(std::iter::repeat_n('*', letter.len_utf8())),
            false => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// What stands behind a name and `=` or `:`, and what has the shape of a secret, wherever it stands.
fn in_line(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let name = before
            .rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '-')
            .next();
        if !name.is_some_and(is_secret_name) {
            continue;
        }
        let start = at + 1 + (line[at + 1..].len() - line[at + 1..].trim_start().len());
        let value = value(&line[start..]);
        let value = start + value.start..start + value.end;
        if is_telling(&line[value.clone()]) {
            found.push(value);
        }
    }
    let mut start = 0;
    while let Some(range) = part(&line[start..]) {
        let (from, to) = (start + range.start, start + range.end);
        found.push(from..to);
        start = to;
    }
    found
}

/// What stands in the quotes, or the first word.
fn value(text: &str) -> Range<usize> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let end =
        |from: usize, stop: fn(char) -> bool| text[from..].find(stop).map_or(text.len(), |at| from + at);
    match quote {
        Some('"') => 1..end(1, |letter| letter == '"' || letter == '\n'),
        Some(_) => 1..end(1, |letter| letter == '\'' || letter == '\n'),
        None => 0..end(0, |letter| letter.is_whitespace() || matches!(letter, ',' | '"' | '\'' | '}' | ']')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_a_secret_is_behind_it() {
        for name in [
            "API_TOKEN",
            "DB_PASSWORD",
            "PGPASSWORD",
            "SECRET_KEY",
            "STRIPE_API_KEY",
            "django-secret-key",
            "SECRET",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "TOKEN_TTL",
            "MAX_TOKENS",
            "DB_PASSWORD_FILE",
            "KEY",
            "NEXT_PUBLIC_API_KEY",
            "VITE_TOKEN",
            "PWD",
            "PATH",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn what_has_the_shape_of_a_secret_is_found_in_any_text() {
        let of = |text: &str| part(text).map(|range| text[range].to_owned()).unwrap_or_default();
        assert_eq!(of("x sk_live_4eC39HqLyjWD y"), "sk_live_4eC39HqLyjWD");
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7EXAMPLE");
        assert_eq!(of("postgres://shop:hunter2@db:5432/shop"), "hunter2");
        for text in [
            "postgres://shop@db/shop",
            "redis://:${PW}@db",
            "http://h:80/a@b",
            "task_live_xyz",
            "AKIA",
            "http://a:b/",
            "hf_x",
        ] {
            assert_eq!(of(text), "", "{text}");
        }
    }

    #[test]
    fn a_line_is_shown_with_stars_of_the_same_length() {
        for (line, shown) in [
            ("env = { API_TOKEN = \"hunter2\", A = \"b\" }", "env = { API_TOKEN = \"*******\", A = \"b\" }"),
            ("API_TOKEN = hunter2", "API_TOKEN = *******"),
            ("\"DB_PASSWORD\": \"h\u{e9}\"", "\"DB_PASSWORD\": \"***\""),
            ("env = [\"DB_PASSWORD=hunter2\"]", "env = [\"DB_PASSWORD=*******\"]"),
            (
                "run = \"./x --token=abcdef --db postgres://a:b@c/d\"",
                "run = \"./x --token=****** --db postgres://a:*@c/d\"",
            ),
        ] {
            assert_eq!(masked_text(line), shown);
            assert_eq!(masked_text(line).len(), line.len());
        }
        for line in [
            "API_TOKEN = \"env:API_TOKEN\"",
            "API_TOKEN = \"${TOKEN}\"",
            "[secrets]",
            "secret = {",
            "web = \"a\"",
        ] {
            assert!(matches!(masked_text(line), Cow::Borrowed(_)), "{line}");
        }
    }
}

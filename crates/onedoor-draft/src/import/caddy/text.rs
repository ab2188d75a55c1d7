//! Placeholders in texts: `{$PORT:8080}` is the environment's when Caddy reads its file, `{uri}` the request's.

use crate::import::sketch::value_text;

/// The request's own, which are known only while it runs, by their short names.
const LONG: [(&str, &str); 8] = [
    ("{http.request.uri.path}", "{path}"),
    ("{http.request.uri}", "{uri}"),
    ("{http.request.orig_uri}", "{uri}"),
    ("{http.request.orig_uri.path}", "{path}"),
    ("{http.request.host}", "{host}"),
    ("{http.request.hostport}", "{host}"),
    ("{hostport}", "{host}"),
    ("{http.request.scheme}", "{scheme}"),
];

/// A text as a value of the file: `{$NAME:else}` is `${NAME:-else}`.
pub(super) fn value(text: &str) -> String {
    replaced(&value_text(text), |name, otherwise| format!("${{{name}:-{otherwise}}}"))
}

/// The text with what stands in it for variables that are not set. None: one of them has nothing.
pub(super) fn defaults(text: &str) -> Option<String> {
    let mut is_whole = true;
    let made = replaced(text, |_, otherwise| {
        is_whole &= !otherwise.is_empty();
        otherwise.to_owned()
    });
    is_whole.then_some(made)
}

pub(super) fn has_variable(text: &str) -> bool {
    text.contains("{$")
}

fn replaced(text: &str, mut by: impl FnMut(&str, &str) -> String) -> String {
    let mut made = String::with_capacity(text.len());
    let mut left = text;
    while let Some(at) = left.find("{$") {
        let (before, after) = (&left[..at], &left[at + 2..]);
        made.push_str(before);
        let end = after.find('}').unwrap_or(after.len());
        let (name, otherwise) = after[..end].split_once(':').unwrap_or((&after[..end], ""));
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_name
            && end < after.len()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && !otherwise.contains('{')
        {
            made.push_str(&by(name, otherwise));
            left = &after[end + 1..];
        } else {
            made.push_str("{$");
            left = after;
        }
    }
    made + left
}

/// The same with short names.
pub(super) fn short(text: &str) -> String {
    LONG.iter().fold(text.to_owned(), |text, (long, short)| text.replace(long, short))
}

/// A placeholder is left in it.
pub(super) fn is_running(text: &str) -> bool {
    text.contains('{') && !has_only_variables(text)
}

/// The same in a text for people, where a brace may be just that.
pub(super) fn is_running_in_words(text: &str) -> bool {
    [
        "{host}", "{uri}", "{path}", "{method}", "{remote", "{http.", "{time.", "{system.", "{query.",
        "{header.", "{re.",
    ]
    .iter()
    .any(|placeholder| text.contains(placeholder))
}

fn has_only_variables(text: &str) -> bool {
    !replaced(text, |_, _| String::new()).contains('{')
}

/// Letters as a regex that means them.
pub(super) fn as_regex(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for letter in text.chars() {
        if r".+*?()|[]{}^$\".contains(letter) {
            made.push('\\');
        }
        made.push(letter);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_those_of_onedoor() {
        for (text, expected) in [
            (":{$PORT:8080}", ":${PORT:-8080}"),
            ("{$A}-{$B:x}", "${A:-}-${B:-x}"),
            ("{$}", "{$}"),
            ("{uri} $x ${y}", "{uri} $x $${y}"),
        ] {
            assert_eq!(value(text), expected);
        }
        assert_eq!(defaults("localhost:{$P:1}"), Some("localhost:1".to_owned()));
        assert_eq!(defaults("localhost:{$P}"), None);
    }
}

//! One text that holds several things, as other programs' files have them: `a, b`, `A=b C=d`. Only proposes.

use super::fix::{self, quoted};

/// `["a", "b"]` of `a, b` or `a b`. None: it is one thing.
pub(super) fn listed(text: &str) -> Option<String> {
    let comma = text.contains([',', ';']);
    let is_between = |letter: char| match comma {
        true => matches!(letter, ',' | ';'),
        false => letter.is_whitespace(),
    };
    let parts: Vec<&str> = text.split(is_between).map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_list = parts.len() > 1 && parts.iter().all(|part| !part.contains(char::is_whitespace));
    is_list.then(|| bracketed(&parts))
}

/// `["a", "b"]`
pub(super) fn bracketed(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
    format!("[{}]", parts.join(", "))
}

/// `{ A = "b", C = "d" }` of `A=b`, `A=b C=d`, `A="b",C="d"`, `A: b`.
pub(super) fn variables<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<String> {
    let mut pairs = Vec::new();
    for text in texts {
        pairs.extend(of_one_text(text.trim())?);
    }
    braced(&pairs)
}

/// `{ A = "b" }`; None if there is nothing to put in it.
pub(super) fn braced(pairs: &[(&str, String)]) -> Option<String> {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{} = {value}", fix::key(name))).collect();
    (!pairs.is_empty()).then(|| format!("{{ {} }}", pairs.join(", ")))
}

/// Several variables if each part reads like one, else the one that the whole text is.
fn of_one_text(text: &str) -> Option<Vec<(&str, String)>> {
    if let Some(several) = all_of(text) {
        return Some(several);
    }
    if is_name(text) && !text.contains(|letter: char| letter.is_ascii_lowercase()) {
        // Compose: as it is outside.
        return Some(vec![(text, quoted(&format!("${{{text}:-}}")))]);
    }
    let (name, value) = text.split_once('=').or_else(|| text.split_once(": "))?;
    let name = name.trim();
    is_name(name).then(|| vec![(name, quoted(unquoted(value.trim())))])
}

/// `A=b C=d` of systemd, `A="b",C="d"` of supervisord.
fn all_of(text: &str) -> Option<Vec<(&str, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // systemd puts its quotes around the whole.
        let outer = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let inside = outer.map_or(rest, |_| &rest[1..]);
        let (name, behind) = inside.split_once('=')?;
        let (value, behind) = match outer {
            Some(quote) => behind.split_once(quote)?,
            None => value_of(behind),
        };
        if !is_name(name) {
            return None;
        }
        pairs.push((name, quoted(value)));
        rest = behind.trim_start_matches([',', ';', ' ', '\t', '\n']);
        let is_apart = rest.is_empty() || rest.len() < behind.len();
        if !is_apart {
            return None;
        }
    }
    Some(pairs).filter(|pairs| !pairs.is_empty())
}

fn value_of(text: &str) -> (&str, &str) {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some((value, behind)) = quote.and_then(|quote| text[1..].split_once(quote)) {
        return (value, behind);
    }
    text.split_at(text.find([',', ';', ' ', '\t', '\n']).unwrap_or(text.len()))
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote).and_then(|value| value.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

fn is_name(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_in_a_text() {
        let table = [
            ("db, cache", "[\"db\", \"cache\"]"),
            ("db cache", "[\"db\", \"cache\"]"),
            (":80,:81", "[\":80\", \":81\"]"),
            ("10.0.0.0/8; 192.168.0.0/16;", "[\"10.0.0.0/8\", \"192.168.0.0/16\"]"),
        ];
        for (text, toml) in table {
            assert_eq!(listed(text).as_deref(), Some(toml), "{text}");
        }
        for text in ["", "db", "db,", "my cache, db"] {
            assert_eq!(listed(text), None, "{text}");
        }
    }

    #[test]
    fn variables_are_found_in_a_text() {
        let table = [
            ("A=b", "{ A = \"b\" }"),
            ("A=b C=d", "{ A = \"b\", C = \"d\" }"),
            ("A=b, C=d", "{ A = \"b\", C = \"d\" }"),
            ("A=\"b c\",C=\"d\"", "{ A = \"b c\", C = \"d\" }"),
            ("\"A=b c\" 'C=d'", "{ A = \"b c\", C = \"d\" }"),
            ("A=b c", "{ A = \"b c\" }"),
            ("A=x=y", "{ A = \"x=y\" }"),
            ("A: b", "{ A = \"b\" }"),
            ("A", "{ A = \"${A:-}\" }"),
            ("A=", "{ A = \"\" }"),
        ];
        for (text, toml) in table {
            assert_eq!(variables([text]).as_deref(), Some(toml), "{text}");
        }
        assert_eq!(variables(["A=b", "not one"]), None);
        assert_eq!(variables(["none"]), None);
        assert_eq!(variables([]), None);
    }
}

//! `${VAR}`, `${VAR:-default}`, `${VAR:?why}`, `$$` (CONFIG.md §1.4): onedoor's own environment, at load.
//!
//! An unset variable is a mistake, never an empty string. A bare `$` stays what it is. Commands do not come here:
//! they see the app's environment, at spawn.

use super::env::Env;
use super::error::{Code, ConfigError};
use super::fix::Fix;
use super::source::{Source, Span};
use super::suggest;

/// The text with every `${…}` replaced, or what is wrong with it. `span` is the whole value's.
pub(super) fn interpolate(
    text: &str,
    span: Span,
    source: &Source,
    env: &Env,
) -> Result<String, Vec<ConfigError>> {
    let mut out = String::with_capacity(text.len());
    let mut errors = Vec::new();
    let mut finder = Finder { source, span, from: span.start };
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
            continue;
        }
        let Some(body) = rest.strip_prefix("${") else {
            out.push('$');
            rest = &rest[1..];
            continue;
        };
        let Some(end) = body.find('}') else {
            let place = finder.find(rest);
            let name = body.len() - body.trim_start_matches(is_of_a_name).len();
            let close = place.start + "${".len() + name;
            let close = Span { start: close, end: close };
            errors.push(
                ConfigError::new(Code::EnvSyntax, place, "`${` without its `}`")
                    .remedy("close it, or write `$${` for the characters themselves")
                    .replace(close, "}"),
            );
            return Err(errors);
        };
        let written = &rest[..end + 3];
        match expand(&body[..end], written, &mut finder, env) {
            Ok(value) => out.push_str(value),
            Err(error) => errors.push(*error),
        }
        rest = &body[end + 1..];
    }
    out.push_str(rest);
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// One `${body}`. A default may not hold a `}`; that is the price of reading it at a glance.
fn expand<'a>(
    body: &'a str,
    written: &str,
    finder: &mut Finder<'_>,
    env: &'a Env,
) -> Result<&'a str, Box<ConfigError>> {
    let place = finder.find(written);
    let (name, fallback) = match body.split_once(':') {
        None => (body, Fallback::None),
        Some((name, rest)) => match (rest.strip_prefix('-'), rest.strip_prefix('?')) {
            (Some(default), _) => (name, Fallback::Default(default)),
            (None, Some(why)) => (name, Fallback::Why(why)),
            (None, None) => return Err(Box::new(not_a_variable(written, place))),
        },
    };
    if name.starts_with("app.") {
        let fact = format!("`{written}` is not supported yet");
        return Err(Box::new(ConfigError::new(Code::NotYet, place, fact)));
    }
    if !is_name(name) {
        return Err(Box::new(not_a_variable(written, place)));
    }
    // As in the shell, `:-` and `:?` take an empty value for none; a plain `${VAR}` may be empty.
    let value = env.text(name);
    match (value, fallback) {
        (Some(value), Fallback::None) => Ok(value),
        (Some(value), Fallback::Default(_) | Fallback::Why(_)) if !value.is_empty() => Ok(value),
        (_, Fallback::Default(default)) => Ok(default),
        (_, Fallback::Why(why)) => {
            let why = if why.is_empty() { "it is needed here" } else { why };
            let fact = format!("{name} is not set: {why}");
            Err(Box::new(ConfigError::new(Code::EnvUnset, place, fact).remedy(format!("set {name}"))))
        }
        (None, Fallback::None) => {
            let error = ConfigError::new(Code::EnvUnset, place, format!("{written} is not set"));
            let names: Vec<&str> = env.iter().filter_map(|(name, _)| name.to_str()).collect();
            Err(Box::new(match suggest::nearest(name, names.iter().copied().filter(|name| name.len() > 2)) {
                Some(near) => {
                    let meant = format!("${{{near}}}");
                    error.remedy(format!("did you mean {meant}?")).replace(place, meant)
                }
                None => {
                    let remedy = format!("set {name}, or give it a default: ${{{name}:-...}}");
                    // The one variable whose default everybody knows.
                    let port = (name == "PORT").then(|| Fix::replace(place, "${PORT:-8000}"));
                    error.remedy(remedy).fix(port)
                }
            }))
        }
    }
}

enum Fallback<'a> {
    None,
    Default(&'a str),
    Why(&'a str),
}

fn not_a_variable(written: &str, place: Span) -> ConfigError {
    let error = ConfigError::new(Code::EnvSyntax, place, format!("`{written}` names no variable"));
    let body = written.trim_start_matches("${").trim_end_matches('}');
    match meant(body) {
        Some(meant) => error.remedy(format!("write {meant}")).replace(place, meant),
        None => {
            error.remedy("write ${VAR}, ${VAR:-default} or ${VAR:?why it is needed}; `$$` is a plain `$`")
        }
    }
}

/// `${ VAR }`, `${env.VAR}`, and the shell's `${VAR-x}`, `${VAR:=x}`; `${VAR:x}` of Spring.
fn meant(body: &str) -> Option<String> {
    let body = body.trim();
    let body =
        ["env.", "env:", "ENV.", "ENV:"].iter().find_map(|start| body.strip_prefix(start)).unwrap_or(body);
    let end = body.len() - body.trim_start_matches(is_of_a_name).len();
    let (name, rest) = body.split_at(end);
    if !is_name(name) {
        return None;
    }
    let sign = |starts: &[&str]| starts.iter().find_map(|start| rest.strip_prefix(start));
    if rest.is_empty() {
        return Some(format!("${{{name}}}"));
    }
    if let Some(why) = sign(&[":?", "?"]) {
        return Some(format!("${{{name}:?{why}}}"));
    }
    let default = sign(&[":-", ":=", ": ", ":", "=", "-", "|"])?;
    let is_rest_of_a_name =
        rest.starts_with('-') && default.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (!is_rest_of_a_name && !default.starts_with('+')).then(|| format!("${{{name}:-{default}}}"))
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Finds in the file what was found in the value. They differ where the TOML string has escapes, so it searches, and
/// falls back to the whole value.
struct Finder<'a> {
    source: &'a Source,
    span: Span,
    from: usize,
}

impl Finder<'_> {
    fn find(&mut self, written: &str) -> Span {
        let ahead = self.source.slice(Span { start: self.from, end: self.span.end });
        match ahead.find(written) {
            Some(at) => {
                let start = self.from + at;
                self.from = start + written.len();
                Span { start, end: self.from }
            }
            None => self.span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpolated(text: &str) -> Result<String, Vec<&'static str>> {
        let env = Env::made_of([("A", "1"), ("EMPTY", "")]);
        let source = Source::new("f", text);
        interpolate(text, Span::from(0..text.len()), &source, &env)
            .map_err(|errors| errors.iter().map(|error| error.code.as_str()).collect())
    }

    #[test]
    fn variables_defaults_and_dollars() {
        let table = [
            ("plain", "plain"),
            ("${A}", "1"),
            ("x${A}y${A}", "x1y1"),
            ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${NONE:-d}", "d"),
            ("${NONE:-}", ""),
            ("${NONE:-a:b}", "a:b"),
            ("${A:?needed}", "1"),
            ("$A costs $5", "$A costs $5"),
            ("$${A}", "${A}"),
            ("end $", "end $"),
        ];
        for (text, expected) in table {
            assert_eq!(interpolated(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_a_mistake_each() {
        assert_eq!(interpolated("${NONE} ${NONE:?why} ${EMPTY:?why}"), Err(vec!["env-unset"; 3]));
        assert_eq!(interpolated("${A"), Err(vec!["env-syntax"]));
        assert_eq!(interpolated("${} ${1X} ${A:+b} ${a b}"), Err(vec!["env-syntax"; 4]));
        assert_eq!(interpolated("${app.web.url}"), Err(vec!["not-yet"]));
    }
}

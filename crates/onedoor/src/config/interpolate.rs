//! `${VAR}`, `${VAR:-default}`, `${VAR:?why}`, `$$` (CONFIG.md §1.4): onedoor's own environment, at load.
//!
//! An unset variable is a mistake, never an empty string. A bare `$` stays what it is. Commands do not come here:
//! they see the app's environment, at spawn.
//!
//! `${app.NAME.url}` is known at spawn, too: where it may stand, it stays a piece of its own.

use super::env::Env;
use super::error::{Code, ConfigError};
use super::fix::Fix;
use super::source::{Located, Source, Span};
use super::suggest;
use crate::loopback::variable_of;

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `${app.NAME.url}`, with the name.
    UrlOf(Located<String>),
}

/// The text with every `${…}` replaced, or what is wrong with it. `span` is the whole value's.
pub(super) fn interpolate(
    text: &str,
    span: Span,
    source: &Source,
    env: &Env,
) -> Result<String, Vec<ConfigError>> {
    let (mut out, mut errors) = (String::with_capacity(text.len()), Vec::new());
    for piece in pieces(text, span, source, env)? {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::UrlOf(app) => errors.push(no_address_here(&app)),
        }
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

fn no_address_here(app: &Located<String>) -> ConfigError {
    let fact = format!("`${{app.{}.url}}` is known only when apps are started", app.value);
    ConfigError::new(Code::EnvSyntax, app.span, fact).remedy(format!(
        "it can stand in `env`; a command reads ${}; a route says app = \"{}\"",
        variable_of(&app.value),
        app.value
    ))
}

/// The same for a value that is made when a process is started.
pub(super) fn pieces(
    text: &str,
    span: Span,
    source: &Source,
    env: &Env,
) -> Result<Vec<Piece>, Vec<ConfigError>> {
    let mut pieces = Vec::new();
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
            Ok(Expanded::Text(value)) => out.push_str(value),
            Ok(Expanded::UrlOf(app)) => {
                pieces.push(Piece::Text(std::mem::take(&mut out)));
                pieces.push(Piece::UrlOf(app));
            }
            Err(error) => errors.push(*error),
        }
        rest = &body[end + 1..];
    }
    out.push_str(rest);
    pieces.push(Piece::Text(out));
    pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    if errors.is_empty() { Ok(pieces) } else { Err(errors) }
}

enum Expanded<'a> {
    Text(&'a str),
    UrlOf(Located<String>),
}

/// One `${body}`. A default may not hold a `}`; that is the price of reading it at a glance.
fn expand<'a>(
    body: &'a str,
    written: &str,
    finder: &mut Finder<'_>,
    env: &'a Env,
) -> Result<Expanded<'a>, Box<ConfigError>> {
    let place = finder.find(written);
    if let Some(property) = body.strip_prefix("app.") {
        return url_of(property, written, place).map(Expanded::UrlOf).map_err(Box::new);
    }
    let (name, fallback) = match body.split_once(':') {
        None => (body, Fallback::None),
        Some((name, rest)) => match (rest.strip_prefix('-'), rest.strip_prefix('?')) {
            (Some(default), _) => (name, Fallback::Default(default)),
            (None, Some(why)) => (name, Fallback::Why(why)),
            (None, None) => return Err(Box::new(not_a_variable(written, place))),
        },
    };
    if !is_name(name) {
        return Err(Box::new(not_a_variable(written, place)));
    }
    // As in the shell, `:-` and `:?` take an empty value for none; a plain `${VAR}` may be empty.
    let value = env.text(name);
    match (value, fallback) {
        (Some(value), Fallback::None) => Ok(Expanded::Text(value)),
        (Some(value), Fallback::Default(_) | Fallback::Why(_)) if !value.is_empty() => {
            Ok(Expanded::Text(value))
        }
        (_, Fallback::Default(default)) => Ok(Expanded::Text(default)),
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

fn url_of(property: &str, written: &str, place: Span) -> Result<Located<String>, ConfigError> {
    match property.rsplit_once('.') {
        Some((app, "url")) => Ok(Located::new(app.to_owned(), place)),
        Some((app, _)) => {
            let fact = format!("`{written}` is nothing an app has");
            let meant = format!("${{app.{app}.url}}");
            let error = ConfigError::new(Code::EnvSyntax, place, fact);
            Err(error.remedy(format!("write {meant}")).replace(place, meant))
        }
        None => {
            let fact = format!("`{written}` does not say what of the app");
            let meant = format!("${{app.{property}.url}}");
            let error = ConfigError::new(Code::EnvSyntax, place, fact);
            Err(error.remedy(format!("write {meant}")).replace(place, meant))
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
        assert_eq!(interpolated("${app.web.url}"), Err(vec!["env-syntax"]));
    }

    #[test]
    fn an_address_is_a_piece_of_its_own_and_cannot_come_out_of_a_variable() {
        let env = Env::made_of([("A", "${app.api.url}")]);
        let pieces_of = |text: &str| {
            let source = Source::new("f", text);
            pieces(text, Span::from(0..text.len()), &source, &env)
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        let address = |app: &str, span| Piece::UrlOf(Located::new(app.to_owned(), Span::from(span)));
        assert_eq!(
            pieces_of("<${app.api.url}/v1>").unwrap(),
            [text("<"), address("api", 1..15), text("/v1>")]
        );
        assert_eq!(pieces_of("${A} $${app.api.url}").unwrap(), [text("${app.api.url} ${app.api.url}")]);
        assert_eq!(pieces_of("").unwrap(), []);
        for wrong in ["${app.api}", "${app.api.port}", "${app.}"] {
            assert_eq!(pieces_of(wrong).unwrap_err()[0].code.as_str(), "env-syntax", "{wrong}");
        }
    }
}

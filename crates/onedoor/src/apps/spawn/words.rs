//! The words of a command, expanded: `$PORT`, `${PREFIX}` and whatever else the app's environment has.
//!
//! Pure. A name that the environment does not have stays as it is written: a `$` in an argument may well be meant.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::apps::spec::Command;

/// The argv of `command`, with the variables that `lookup` knows.
pub(super) fn argv(command: &Command, lookup: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    match command {
        Command::Exec(words) => words.iter().map(|word| expand(word, &lookup)).collect(),
        // The shell expands for itself.
        Command::Shell(line) => vec!["sh".into(), "-c".into(), for_shell(line).into()],
    }
}

/// True if the command asks for `$name`.
pub(super) fn mentions(command: &Command, name: &str) -> bool {
    let asks = |text: &str| {
        pieces(text).iter().any(|piece| match piece {
            Piece::Variable { name: found, .. } => *found == name,
            Piece::Text(_) => false,
        })
    };
    match command {
        Command::Exec(words) => words.iter().any(|word| asks(word)),
        Command::Shell(line) => asks(line),
    }
}

/// Words that mean something to the shell alone.
const SHELL_WORDS: &[&str] = &[
    "!", ".", ":", "[[", "source", "cd", "command", "eval", "exec", "exit", "export", "for", "if", "case",
    "read", "readonly", "set", "shift", "time", "trap", "type", "ulimit", "umask", "unset", "until", "wait",
    "while",
];

/// `exec` saves a process that would only wait, but it takes a plain command: after `exec a && b`, b never runs,
/// and `exec X=1 a` looks for a program named `X=1`. Signals reach the whole group either way.
fn for_shell(line: &str) -> String {
    let first = line.split_ascii_whitespace().next().unwrap_or_default();
    let plain = !line.contains([';', '&', '|', '(', ')', '{', '\n']);
    if plain && !first.contains('=') && !SHELL_WORDS.contains(&first) {
        format!("exec {line}")
    } else {
        line.to_owned()
    }
}

fn expand(word: &str, lookup: impl Fn(&str) -> Option<OsString>) -> OsString {
    let mut expanded = OsString::with_capacity(word.len());
    for piece in pieces(word) {
        match piece {
            Piece::Text(text) => expanded.push(text),
            Piece::Variable { name, written } => {
                expanded.push(lookup(name).unwrap_or_else(|| OsStr::from_bytes(written.as_bytes()).into()));
            }
        }
    }
    expanded
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Variable { name: &'a str, written: &'a str },
}

fn pieces(mut word: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    while let Some(dollar) = word.find('$') {
        let (text, from) = word.split_at(dollar);
        if !text.is_empty() {
            found.push(Piece::Text(text));
        }
        let len = match variable_at(from) {
            Some((name, len)) => {
                found.push(Piece::Variable { name, written: &from[..len] });
                len
            }
            None => {
                found.push(Piece::Text("$"));
                1
            }
        };
        word = &from[len..];
    }
    if !word.is_empty() {
        found.push(Piece::Text(word));
    }
    found
}

/// The name in `$NAME…` or `${NAME}…`, and how much of the text it takes.
fn variable_at(text: &str) -> Option<(&str, usize)> {
    let after = text.strip_prefix('$')?;
    let (rest, around) = match after.strip_prefix('{') {
        Some(inner) => (inner, 3),
        None => (after, 1),
    };
    let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let (name, after_name) = rest.split_at(len);
    let named = name.starts_with(|first: char| !first.is_ascii_digit());
    let closed = around == 1 || after_name.starts_with('}');
    (named && closed).then_some((name, len + around))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<OsString> {
        match name {
            "PORT" => Some("21001".into()),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_of_the_app_are_expanded_and_others_stay() {
        for (word, expanded) in [
            ("$PORT", "21001"),
            ("127.0.0.1:$PORT", "127.0.0.1:21001"),
            ("${PORT}1", "210011"),
            ("$PORTS", "$PORTS"),
            ("a$EMPTY-b", "a-b"),
            ("^[a-z]+$", "^[a-z]+$"),
            ("$1 $$ ${PORT", "$1 $$ ${PORT"),
            ("${PORT:-1}", "${PORT:-1}"),
            ("größe=$PORT€", "größe=21001€"),
        ] {
            assert_eq!(expand(word, known), OsString::from(expanded), "{word}");
        }
    }

    #[test]
    fn a_shell_line_runs_with_exec_only_where_exec_is_harmless() {
        assert_eq!(for_shell("node main.js > log"), "exec node main.js > log");
        assert_eq!(for_shell("migrate && serve"), "migrate && serve");
        assert_eq!(for_shell("A=1 serve > log"), "A=1 serve > log");
        assert_eq!(for_shell("exec serve"), "exec serve");
        assert_eq!(for_shell("exit 5"), "exit 5");
    }

    #[test]
    fn a_command_that_asks_for_a_socket_is_heard() {
        let exec = |word: &str| Command::Exec(vec!["serve".into(), word.into()]);
        assert!(mentions(&exec("unix:$SOCKET"), "SOCKET"));
        assert!(mentions(&Command::Shell("serve ${SOCKET} | cat".into()), "SOCKET"));
        assert!(!mentions(&exec("$SOCKETS"), "SOCKET"));
    }
}

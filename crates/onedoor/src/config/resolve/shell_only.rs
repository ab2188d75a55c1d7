//! What of a command line only a shell would understand, for commands that run without one.
//!
//! Pure. It follows quotes as a shell does, and is no parser of shells: it says what strikes the eye.

/// What stands in a line that nobody would read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ShellOnly<'a> {
    /// `|`, `&&`, `>`, `` ` ``, `$(…)`
    Syntax(&'a str),
    /// `$NAME`, by its name.
    Variable(&'a str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// The first of it.
pub(super) fn shell_only(line: &str) -> Option<ShellOnly<'_>> {
    let mut quotes = Quotes::None;
    let mut letters = line.char_indices();
    while let Some((at, letter)) = letters.next() {
        let here = &line[at..at + letter.len_utf8()];
        match (quotes, letter) {
            (Quotes::Single, '\'') | (Quotes::Double, '"') => quotes = Quotes::None,
            (Quotes::Single, _) => {}
            (Quotes::None, '\'') => quotes = Quotes::Single,
            (Quotes::None, '"') => quotes = Quotes::Double,
            (_, '\\') => drop(letters.next()),
            (_, '`') => return Some(ShellOnly::Syntax(here)),
            (_, '$') if line[at..].starts_with("$(") => return Some(ShellOnly::Syntax("$(")),
            (_, '$') => {
                if let Some(name) = name_in(&line[at + 1..]) {
                    return Some(ShellOnly::Variable(name));
                }
            }
            (Quotes::Double, _) => {}
            (Quotes::None, '<' | '>') => return Some(ShellOnly::Syntax(here)),
            // Inside a word they may be of an address: `x?a=1&b=2`.
            (Quotes::None, '|' | '&' | ';') if is_at_an_end_of_a_word(line, at) => {
                return Some(ShellOnly::Syntax(here));
            }
            (Quotes::None, _) => {}
        }
    }
    None
}

fn is_at_an_end_of_a_word(line: &str, at: usize) -> bool {
    let is_space = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
    is_space(line[..at].chars().next_back()) || is_space(line[at + 1..].chars().next())
}

fn name_in(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let name = &text[..end.unwrap_or(text.len())];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_act_on_is_found_and_what_is_quoted_is_not() {
        use ShellOnly::{Syntax, Variable};
        for (line, found) in [
            ("vault read x", None),
            ("vault read x | jq .a", Some(Syntax("|"))),
            ("a && b", Some(Syntax("&"))),
            ("a;", Some(Syntax(";"))),
            ("a 2>/dev/null", Some(Syntax(">"))),
            ("a \"$(b)\"", Some(Syntax("$("))),
            ("a `b`", Some(Syntax("`"))),
            ("a $HOME/x", Some(Variable("HOME"))),
            ("a \"$HOME\"", Some(Variable("HOME"))),
            ("a '$HOME | b > c'", None),
            ("a \\$HOME \\| b", None),
            ("op read op://vault/item?attribute=otp&x=1", None),
            ("awk '{print $1}' f", None),
            ("a $1 $ $5", None),
            ("jq \".a | .b\" f", None),
        ] {
            assert_eq!(shell_only(line), found, "{line}");
        }
    }
}

//! `onedoor explain CODE`: what a code means, with a file that has it and the same as it was meant; and all of them as
//! Markdown (docs/diagnostics.md).

use std::io::{self, Write};

use crate::config::code::{Code, Explained, Severity};

/// What one word asks for, if it is no path or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Code(Code),
    /// No code, but close to one.
    Nearly(Code),
}

impl Word {
    /// None: it is a request, or nothing that could be helped.
    pub(super) fn of(request: &[String]) -> Option<Self> {
        let [word] = request else { return None };
        let is_request = word.contains(['/', '?', '*']);
        Code::named(word)
            .map(Self::Code)
            .or_else(|| Code::nearest(word).map(Self::Nearly))
            .filter(|_| !is_request)
    }
}

pub(super) fn write(code: Code, out: &mut dyn Write) -> io::Result<()> {
    let Explained { means, wrong, right } = code.explained();
    writeln!(out, "{} ({})\n\n{means}", code.as_str(), severity(code))?;
    for (title, text) in [("Wrong:", wrong), ("Right:", right)].iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "\n{title}")?;
        for line in text.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

fn severity(code: Code) -> &'static str {
    match code.severity() {
        Severity::Error => "an error: nothing is started",
        Severity::Warning => "a warning: it works, and is hardly ever meant",
    }
}

/// The list of docs/diagnostics.md, below its heading `## The codes`.
#[cfg(test)]
fn markdown() -> String {
    let of = |code: &Code| {
        let Explained { means, wrong, right } = code.explained();
        let kind = match code.severity() {
            Severity::Error => "",
            Severity::Warning => " (a warning)",
        };
        let head = format!("### {}{kind}\n\n{means}\n", code.as_str());
        if wrong.is_empty() {
            return head;
        }
        format!("{head}\n```text\n# wrong\n{wrong}\n```\n\n```toml\n# right\n{right}\n```\n")
    };
    Code::ALL.iter().map(of).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Option<Word> {
        Word::of(&[word.to_owned()])
    }

    #[test]
    fn a_word_is_a_code_or_close_to_one_and_what_has_a_slash_is_a_request() {
        assert_eq!(of("unknown-key"), Some(Word::Code(Code::UnknownKey)));
        assert_eq!(of("unknown-kye"), Some(Word::Nearly(Code::UnknownKey)));
        assert_eq!(of("/syntax"), None);
        assert_eq!(of("http://syntax"), None);
        assert_eq!(of("banana-split-of-the-day"), None);
        assert_eq!(Word::of(&["GET".to_owned(), "/".to_owned()]), None);
    }

    #[test]
    fn an_explanation_shows_the_wrong_and_the_right() {
        let mut out = Vec::new();
        write(Code::RouteGlob, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn the_paper_lists_every_code_as_it_is() {
        let made = markdown();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics.md");
        let paper = std::fs::read_to_string(path).unwrap();
        let (head, listed) = paper.split_once("## The codes\n\n").unwrap();
        if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
            std::fs::write(path, format!("{head}## The codes\n\n{made}")).unwrap();
            return;
        }
        assert!(listed == made, "docs/diagnostics.md is stale: run this test with INSTA_UPDATE=always");
    }
}

//! A command as its traps see it: the programs it calls with their words, and where each word is written.

use crate::apps::framework;
use crate::apps::spec::Command;
use crate::config::fix::{Edit, Fix, quoted};
use crate::config::section::{Node, Value};
use crate::config::source::{Located, Source, Span};
use crate::config::surgery;

pub(super) struct Line<'a> {
    source: &'a Source,
    node: &'a Node,
    /// Each program with its words, the wrappers gone.
    pub(super) calls: Vec<Vec<String>>,
}

impl<'a> Line<'a> {
    pub(super) fn of(command: &Command, node: &'a Node, source: &'a Source) -> Self {
        Self { source, node, calls: framework::calls(command) }
    }

    /// The whole command.
    pub(super) fn whole(&self) -> Span {
        self.node.span
    }

    /// Where the word stands; the whole command where that is not sure.
    pub(super) fn place(&self, word: &str) -> Span {
        match &self.node.value {
            Value::List(items) => only(items, word).map(|item| item.span),
            _ => self.in_text(word),
        }
        .unwrap_or(self.node.span)
    }

    /// Another word in its place.
    pub(super) fn replaced(&self, word: &str, by: &str) -> Option<Edit> {
        match &self.node.value {
            Value::List(items) => Some(Edit { span: only(items, word)?.span, text: quoted(by) }),
            _ => Some(Edit { span: self.in_text(word)?, text: by.to_owned() }),
        }
    }

    /// The command without the word.
    pub(super) fn without(&self, word: &str) -> Option<Fix> {
        if let Value::List(items) = &self.node.value {
            let item = only(items, word)?;
            return surgery::take_out(self.source, item.span, item.span).map(|edit| Fix::of(vec![edit]));
        }
        let place = self.in_text(word)?;
        let before = self.source.slice(Span { start: self.node.span.start, end: place.start });
        let blank = before.len() - before.trim_end_matches(' ').len();
        Some(Fix::replace(Span { start: place.start - blank, end: place.end }, ""))
    }

    /// More words at its end.
    pub(super) fn with(&self, words: &str) -> Option<Fix> {
        let end = self.node.span.end.checked_sub(1)?;
        let at = Span { start: end, end };
        match &self.node.value {
            Value::List(items) => {
                let last = items.last()?.span.end;
                let more: String = words.split(' ').map(|word| format!(", {}", quoted(word))).collect();
                Some(Fix::replace(Span { start: last, end: last }, more))
            }
            Value::Text(line) => {
                let written = self.source.slice(self.node.span);
                let is_plain =
                    written.len() == line.len() + 2 && !line.contains(['|', '&', ';', '<', '>', '#']);
                is_plain.then(|| Fix::replace(at, format!(" {words}")))
            }
            _ => None,
        }
    }

    /// The word in the text of the file, if it is there once.
    fn in_text(&self, word: &str) -> Option<Span> {
        let written = self.source.slice(self.node.span);
        let is_part = |letter: char| letter.is_alphanumeric() || "-_./:$".contains(letter);
        let stands_alone = |at: &usize| {
            let (before, after) = (&written[..*at], &written[at + word.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        };
        let mut places = written.match_indices(word).map(|(at, _)| at).filter(stands_alone);
        let at = places.next().filter(|_| !word.is_empty() && places.next().is_none())?;
        let start = self.node.span.start + at;
        Some(Span { start, end: start + word.len() })
    }
}

fn only<'i>(items: &'i [Located<String>], word: &str) -> Option<&'i Located<String>> {
    let mut same = items.iter().filter(|item| item.value == word);
    same.next().filter(|_| same.next().is_none())
}

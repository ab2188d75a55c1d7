//! What would take a mistake away: changes of the text, down to the byte.
//!
//! Only described here. Whether a fix helps is found out in `proof`; who applies it is `mend`.

use std::collections::BTreeMap;

use super::source::Span;

/// One change: what stands in `span` is replaced. An empty span is an insertion, an empty text a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}

/// Changes that belong together; none touches another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fix {
    pub(crate) edits: Vec<Edit>,
    /// What to do, in words; where there is none, the mistake's own remedy says it.
    pub(crate) sentence: Option<String>,
}

impl Fix {
    pub(super) fn of(edits: Vec<Edit>) -> Self {
        Self { edits, sentence: None }
    }

    pub(super) fn replace(span: Span, text: impl Into<String>) -> Self {
        Self::of(vec![Edit { span, text: text.into() }])
    }

    #[must_use]
    pub(super) fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.sentence = Some(sentence.into());
        self
    }
}

/// Those that can be made at once: of two that touch each other the first. No edit touches another.
pub(super) fn apart<'f>(fixes: impl IntoIterator<Item = &'f Fix>) -> impl Iterator<Item = &'f Fix> {
    // Where each edit that is taken begins and ends; none of them touches another, so the nearest before tells.
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    fixes.into_iter().filter(move |fix| {
        let is_free = |edit: &Edit| {
            taken.range(..=edit.span.end).next_back().is_none_or(|(_, end)| *end < edit.span.start)
        };
        let is_apart = fix.edits.iter().all(is_free);
        if is_apart {
            for Edit { span, .. } in &fix.edits {
                let end = taken.entry(span.start).or_insert(span.end);
                *end = (*end).max(span.end);
            }
        }
        is_apart
    })
}

/// `text` as a TOML string, in the plainest quotes that hold it.
pub(super) fn quoted(text: &str) -> String {
    let is_control = |letter: char| letter.is_control() && letter != '\t';
    if text.contains(['"', '\\']) && !text.contains('\'') && !text.contains(is_control) {
        return format!("'{text}'");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            letter if is_control(letter) => {
                let code = format!("\\u{:04X}", u32::from(letter));
                out.push_str(&code);
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// The text with its edits made, which are in bounds and apart from one another; their order is not asked for.
pub(super) fn applied<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    sorted::by_key(&mut edits, |edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start)?);
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span { start, end }, text: text.to_owned() }
    }

    #[test]
    fn edits_are_made_wherever_they_stand_and_never_twice_in_one_place() {
        assert_eq!(applied("abcd", &[edit(3, 4, "D"), edit(0, 1, "")]).as_deref(), Some("bcD"));
        assert_eq!(applied("abcd", &[edit(1, 1, "x"), edit(4, 4, "y")]).as_deref(), Some("axbcdy"));
        assert_eq!(applied("abcd", &[edit(0, 3, "x"), edit(2, 4, "y")]), None);
        assert_eq!(applied("abcd", &[edit(0, 9, "x")]), None);
    }

    #[test]
    fn of_fixes_that_touch_the_first_is_made() {
        let fixes = [(0, 2), (2, 3), (5, 9), (6, 6), (3, 4), (9, 9)]
            .map(|(start, end)| Fix::of(vec![edit(start, end, "x")]));
        let made: Vec<_> = apart(&fixes).map(|fix| fix.edits[0].span.start).collect();
        assert_eq!(made, [0, 5, 3]);
    }

    #[test]
    fn a_string_in_quotes_is_read_as_itself() {
        for text in ["a", "a\"b", "\\d+", "it's", "it's \"so\"", "a\nb\t\u{1}", "é"] {
            let document: toml::Table = format!("a = {}", quoted(text)).parse().unwrap();
            assert_eq!(document["a"].as_str(), Some(text));
        }
    }
}

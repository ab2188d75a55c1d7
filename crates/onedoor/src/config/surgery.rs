//! Taking an entry out of a TOML text, and putting one beside another, as a careful person would: with its comma, or with
//! its line. Looks at the text alone.

use super::fix::Edit;
use super::source::{Source, Span};

/// How an entry stands in the text.
enum Stands {
    /// On lines of its own, from the first byte to behind the last line's end.
    OnItsLines(Span),
    /// Between the braces or brackets of a line.
    Inline(Span),
}

/// Takes out the entry that begins at `key` and ends with `value`. None where it is a table with a header.
pub(super) fn take_out(source: &Source, key: Span, value: Span) -> Option<Edit> {
    let span = match stands(source, key, value)? {
        Stands::OnItsLines(lines) => lines,
        Stands::Inline(entry) => with_a_comma(source, entry),
    };
    Some(Edit { span, text: String::new() })
}

/// Takes out the table whose header `name` stands in, with the tables inside it. None: it has no header.
pub(super) fn take_out_table(source: &Source, name: Span) -> Option<Edit> {
    let file = source.file_of(name);
    let header = source.line(name).trim();
    let whole = header.strip_prefix('[').and_then(|inside| inside.split(']').next())?;
    let before = file.text.get(..file.local(name).start)?;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let mut at = start;
    // The empty lines and the comments behind it belong to what follows.
    let mut end = start;
    for (index, line) in file.text.get(start..)?.split_inclusive('\n').enumerate() {
        let inside = line.trim_start().strip_prefix('[').map(|inside| inside.trim_start_matches('['));
        let is_inside = |inside: &str| inside.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        if index > 0 && inside.is_some_and(|inside| !is_inside(inside)) {
            break;
        }
        at += line.len();
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            end = at;
        }
    }
    Some(Edit { span: file.span(start..end), text: String::new() })
}

/// Puts `entry` behind the one that ends with `value`.
pub(super) fn put_beside(source: &Source, key: Span, value: Span, entry: &str) -> Option<Edit> {
    let at = Span { start: value.end, end: value.end };
    Some(match stands(source, key, value)? {
        Stands::OnItsLines(lines) => {
            let indent = source.slice(Span { start: lines.start, end: key.start });
            let indent: String = indent.chars().take_while(|letter| letter.is_whitespace()).collect();
            let end = Span { start: lines.end, end: lines.end };
            let ends_line = source.slice(lines).ends_with('\n');
            let text = if ends_line { format!("{indent}{entry}\n") } else { format!("\n{indent}{entry}") };
            Edit { span: end, text }
        }
        Stands::Inline(_) => Edit { span: at, text: format!(", {entry}") },
    })
}

fn stands(source: &Source, key: Span, value: Span) -> Option<Stands> {
    let text = source.file_of(key);
    if value.end < key.end {
        return None;
    }
    let base = text.base;
    let text = &*text.text;
    let (key, end) = (key.start.checked_sub(base)?, value.end.checked_sub(base)?);
    let before = text.get(..key)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    // A dotted key begins with its first part.
    let dotted = before.len()
        - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c)).len();
    let key = if before.ends_with('.') { key - dotted } else { key };
    let start_of_line = text.get(line..key)?;
    if start_of_line.trim_start().starts_with('[') && !start_of_line.contains('=') {
        return None;
    }
    let after = text.get(end..)?;
    let line_end = after.find('\n').map_or(text.len(), |at| end + at + 1);
    let tail = text.get(end..line_end)?.trim();
    let span = |start: usize, end: usize| Span { start: base + start, end: base + end };
    if start_of_line.trim().is_empty() && (tail.is_empty() || tail.starts_with('#')) {
        return Some(Stands::OnItsLines(span(line, line_end)));
    }
    Some(Stands::Inline(span(key, end)))
}

/// The entry with the comma behind it, or else the one before it.
fn with_a_comma(source: &Source, entry: Span) -> Span {
    let around = source.file_of(entry);
    let (base, text) = (around.base, &*around.text);
    let behind = text.get(entry.end - base..).unwrap_or("");
    let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t', '\n', '\r']).len();
    let to_comma = blank(behind);
    if let Some(rest) = behind[to_comma..].strip_prefix(',') {
        return Span { start: entry.start, end: entry.end + to_comma + 1 + blank(rest) };
    }
    let before = text.get(..entry.start - base).unwrap_or("").trim_end_matches([' ', '\t', '\n', '\r']);
    match before.strip_suffix(',') {
        Some(before) => Span { start: base + before.len(), end: entry.end },
        None => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::fix;

    fn at(text: &str, part: &str) -> Span {
        let start = text.find(part).unwrap();
        Span { start, end: start + part.len() }
    }

    fn without(text: &str, key: &str, value: &str) -> String {
        let edit = take_out(&Source::new("f", text), at(text, key), at(text, value)).unwrap();
        fix::applied(text, &[edit]).unwrap()
    }

    #[test]
    fn an_entry_goes_with_its_comma_or_its_line() {
        assert_eq!(without("a = { b = 1, c = 2 }", "b", "1"), "a = { c = 2 }");
        assert_eq!(without("a = { b = 1, c = 2 }", "c", "2"), "a = { b = 1 }");
        assert_eq!(without("a = { b = 1 }", "b", "1"), "a = {  }");
        assert_eq!(without("x = 0\nb = 1 # why\nc = 2\n", "b", "1"), "x = 0\nc = 2\n");
        assert_eq!(without("x = 0\nq.b = 1", "b", "1"), "x = 0\n");
    }

    #[test]
    fn a_table_goes_with_all_that_is_below_its_header() {
        let text = "[a]\nx = 1\n[b]\ny = 1\n[b.c]\nz = 1\n[d]\n";
        let edit = take_out_table(&Source::new("f", text), at(text, "b")).unwrap();
        assert_eq!(fix::applied(text, &[edit]).unwrap(), "[a]\nx = 1\n[d]\n");
        assert!(take_out_table(&Source::new("f", "b = {}"), Span { start: 0, end: 1 }).is_none());
    }

    #[test]
    fn an_entry_comes_behind_the_other() {
        let with = |text: &str, key, value| {
            let edit = put_beside(&Source::new("f", text), at(text, key), at(text, value), "z = 9").unwrap();
            fix::applied(text, &[edit]).unwrap()
        };
        assert_eq!(with("a = { b = 1, c = 2 }", "b", "1"), "a = { b = 1, z = 9, c = 2 }");
        assert_eq!(with("x = 0\n  b = 1 # why\nc = 2\n", "b", "1"), "x = 0\n  b = 1 # why\n  z = 9\nc = 2\n");
        assert_eq!(with("b = 1", "b", "1"), "b = 1\nz = 9");
    }
}

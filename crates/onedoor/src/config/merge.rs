//! One layer of the file over another: tables key by key, everything else as a whole, the later word wins.
//!
//! Pure, and after decoding: each layer was checked by itself, and every value keeps the place it was written at.

use std::collections::BTreeMap;

use super::catalogue;
use super::section::{Entry, Node, Origin, Section, Value};
use super::source::Located;

type Name = Located<String>;
type Table = Located<Section>;

/// What `over` says, and for the rest what `under` says.
pub(super) fn merge(mut under: Section, over: Section) -> Section {
    let places: BTreeMap<String, usize> =
        under.entries.iter().enumerate().map(|(at, entry)| (entry.key.value.clone(), at)).collect();
    for entry in over.entries {
        match places.get(&entry.key.value).and_then(|at| under.entries.get_mut(*at)) {
            Some(known) => put_over(known, entry),
            None => under.entries.push(entry),
        }
    }
    under
}

fn put_over(known: &mut Entry, over: Entry) {
    let (under, node) = match (known.node.take(), over.node) {
        // It was flawed, and that was said. What a part of it would lack is nobody's mistake.
        (None, Some(Node { value: Value::Table(_), .. })) | (_, None) => return,
        (None, node @ Some(_)) => return *known = Entry { key: over.key, node },
        (Some(under), Some(node)) => (under, node),
    };
    *known = match alike(under, node) {
        Ok((under, node)) => merge_tables((known.key.clone(), under), (over.key, node)),
        Err(node) => Entry { key: over.key, node: Some(node) },
    };
}

/// Both as tables, else the latter. An app that is nothing but its command is one with that `run`.
fn alike(under: Node, over: Node) -> Result<(Table, Table), Node> {
    let is_app = |node: &Node| matches!(&node.value, Value::Table(section) if section.pattern == "apps.*");
    let (under, over) = if is_app(&under) || is_app(&over) {
        (as_app_table(under), as_app_table(over))
    } else {
        (under, over)
    };
    match (under, over) {
        (Node { span: below, value: Value::Table(under) }, Node { span, value: Value::Table(over) }) => {
            Ok((Located::new(under, below), Located::new(over, span)))
        }
        (_, over) => Err(over),
    }
}

/// An app's command alone as the table that says the same; a table stays what it is.
pub(super) fn as_app_table(node: Node) -> Node {
    if !matches!(node.value, Value::Text(_) | Value::List(_)) {
        return node;
    }
    let span = node.span;
    let run = Entry { key: Located::new("run".to_owned(), span), node: Some(node) };
    let section = Section { pattern: "apps.*".to_owned(), origin: Origin::Command, entries: vec![run] };
    Node { span, value: Value::Table(section) }
}

/// Where the later one says what the whole is (who answers, what is run), that is its place. If that is another than
/// before, what was said beside the old one has no meaning beside the new one.
fn merge_tables((name, under): (Name, Table), (over_name, over): (Name, Table)) -> Entry {
    let (old, new) = (form(&under.value), form(&over.value));
    let (name, span) = if new.is_some() { (over_name, over.span) } else { (name, under.span) };
    let is_another = old.is_some() && new.is_some() && old != new;
    let section = if is_another { over.value } else { merge(under.value, over.value) };
    Entry { key: name, node: Some(Node { span, value: Value::Table(section) }) }
}

/// Which of its forms the table has.
fn form(section: &Section) -> Option<usize> {
    let forms = catalogue::forms(&section.pattern);
    let says = |keys: &&[&str]| section.entries.iter().any(|entry| keys.contains(&entry.key.value.as_str()));
    forms.iter().position(says)
}

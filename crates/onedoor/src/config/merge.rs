//! One layer of the file over another: tables key by key, everything else as a whole, the later word wins.
//!
//! Pure, and after decoding: each layer was checked by itself, and every value keeps the place it was written at.

use std::collections::BTreeMap;

use super::section::{Entry, Node, Origin, Section, Value};
use super::source::Located;

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
    let (under, over_node) = match (known.node.take(), over.node) {
        // It was flawed, and that was said. What a part of it would lack is nobody's mistake.
        (None, Some(Node { value: Value::Table(_), .. })) | (_, None) => return,
        (None, node @ Some(_)) => {
            *known = Entry { key: over.key, node };
            return;
        }
        (Some(under), Some(over)) => (under, over),
    };
    let is_app = matches!(&under.value, Value::Table(section) if section.pattern == "apps.*")
        || matches!(&over_node.value, Value::Table(section) if section.pattern == "apps.*");
    let (under, over_node) = if is_app { (as_table(under), as_table(over_node)) } else { (under, over_node) };
    match (under, over_node) {
        (Node { span, value: Value::Table(under) }, Node { value: Value::Table(over), .. }) => {
            known.node = Some(Node { span, value: Value::Table(merge(under, over)) });
        }
        (Node { span, value: Value::Map(under) }, Node { value: Value::Map(over), .. }) => {
            known.node = Some(Node { span, value: Value::Map(merge_maps(under, over)) });
        }
        (_, node) => *known = Entry { key: over.key, node: Some(node) },
    }
}

/// An app that is nothing but its command, as the table that says the same.
fn as_table(node: Node) -> Node {
    if !matches!(node.value, Value::Text(_) | Value::List(_)) {
        return node;
    }
    let span = node.span;
    let run = Entry { key: Located::new("run".to_owned(), span), node: Some(node) };
    let section = Section { pattern: "apps.*".to_owned(), origin: Origin::Command, entries: vec![run] };
    Node { span, value: Value::Table(section) }
}

type Pairs = Vec<(Located<String>, Located<String>)>;

fn merge_maps(mut under: Pairs, over: Pairs) -> Pairs {
    for (key, value) in over {
        match under.iter_mut().find(|(known, _)| known.value == key.value) {
            Some(known) => *known = (key, value),
            None => under.push((key, value)),
        }
    }
    under
}

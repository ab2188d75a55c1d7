//! One layer of the file over another: tables key by key, everything else as a whole, the later word wins.
//!
//! Pure, and after decoding: each layer was checked by itself, and every value keeps the place it was written at.

mod rival;

use super::catalogue;
use super::section::{Entry, Node, Origin, Section, Value};
use super::source::{Located, Span};

type Name = Located<String>;
type Table = Located<Section>;

/// What `over` says, and for the rest what `under` says.
pub(super) fn merge(mut under: Section, over: Section) -> Section {
    rival::give_way(&mut under, &over);
    let places = under.entries.iter().enumerate().map(|(at, entry)| (entry.key.value.clone(), at));
    let places = sorted::map(places);
    for entry in over.entries {
        match places.get(&entry.key.value).and_then(|at| under.entries.get_mut(*at)) {
            Some(known) => put_over(known, entry),
            None => under.entries.push(entry),
        }
    }
    under
}

fn put_over(known: &mut Entry, over: Entry) {
    let list = match &known.node {
        Some(Node { span, value: Value::Tables(_) }) => Some(*span),
        _ => None,
    };
    let (under, node) = match (known.node.take(), over.node) {
        // It was flawed, and that was said. What a part of it would lack is nobody's mistake.
        (None, Some(Node { value: Value::Table(_), .. })) | (_, None) => return,
        (None, node @ Some(_)) => return *known = Entry { node, ..over },
        (Some(under), Some(node)) => (under, node),
    };
    *known = match alike(under, node) {
        Ok((under, node)) => merge_tables((known.key.clone(), under), (over.key, node)),
        Err(node) => Entry { node: Some(replacing(list, node)), ..over },
    };
}

/// A list has no part that one table could change: it is replaced, and the table remembers what it replaced.
fn replacing(list: Option<Span>, mut node: Node) -> Node {
    if let (Some(list), Value::Table(section)) = (list, &mut node.value) {
        section.origin = Origin::OverAList(list);
    }
    node
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
    let run = Entry::new(Located::new("run".to_owned(), span), Some(node));
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
    Entry::new(name, Some(Node { span, value: Value::Table(section) }))
}

/// Which of its forms the table has.
fn form(section: &Section) -> Option<usize> {
    let forms = catalogue::forms(&section.pattern);
    let says = |keys: &&[&str]| section.entries.iter().any(|entry| keys.contains(&entry.key.value.as_str()));
    forms.iter().position(says)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// A tree whose keys say what kind of value they have, as the catalogue's do: `t` tables, `v` values.
    fn tree(depth: u32) -> BoxedStrategy<Section> {
        let value = (0..2_usize, any::<i64>(), 0..1000_usize)
            .prop_map(|(key, number, at)| entry(format!("v{key}"), at, Value::Int(number)));
        let one = if depth == 0 {
            value.boxed()
        } else {
            let table = (0..2_usize, tree(depth - 1), 0..1000_usize);
            prop_oneof![
                value,
                table.prop_map(|(key, table, at)| entry(format!("t{key}"), at, Value::Table(table)))
            ]
            .boxed()
        };
        proptest::collection::vec(one, 0..4)
            .prop_map(|mut entries: Vec<Entry>| {
                entries.sort_by(|left, right| left.key.value.cmp(&right.key.value));
                entries.dedup_by(|left, right| left.key.value == right.key.value);
                Section { entries, ..Section::empty("test") }
            })
            .boxed()
    }

    fn entry(key: String, at: usize, value: Value) -> Entry {
        let span = Span::from(at..at + 1);
        Entry::new(Located::new(key, span), Some(Node { span, value }))
    }

    /// What it says, without order and place.
    fn said(section: &Section, path: &str, all: &mut BTreeMap<String, i64>) {
        for Entry { key, node, .. } in &section.entries {
            let path = format!("{path}.{}", key.value);
            match node.as_ref().map(|node| &node.value) {
                Some(Value::Table(table)) => said(table, &path, all),
                Some(Value::Int(number)) => drop(all.insert(path, *number)),
                other => panic!("{other:?}"),
            }
        }
    }

    fn all_said(section: &Section) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        said(section, "", &mut all);
        all
    }

    proptest! {
        #[test]
        fn three_layers_are_the_same_whichever_two_are_merged_first(a in tree(2), b in tree(2), c in tree(2)) {
            let left = merge(merge(a.clone(), b.clone()), c.clone());
            let right = merge(a, merge(b, c));
            prop_assert_eq!(format!("{left:?}"), format!("{right:?}"));
        }

        #[test]
        fn the_upper_layer_says_all_it_says_and_the_lower_one_the_rest(under in tree(2), over in tree(2)) {
            let mut expected = all_said(&under);
            expected.extend(all_said(&over));
            prop_assert_eq!(all_said(&merge(under, over)), expected);
        }

        #[test]
        fn what_lies_under_a_layer_that_says_everything_changes_nothing(over in tree(2), other in tree(2)) {
            let under = merge(other.clone(), over.clone());
            let over = merge(over, other);
            prop_assert_eq!(all_said(&merge(under, over.clone())), all_said(&over));
        }
    }
}

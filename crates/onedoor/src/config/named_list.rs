//! `[[apps]]` with a `name` in each, where the name is the key: `[apps.web]`. And a list that holds the one table that
//! was wanted. Only proposes.

use super::catalogue::Row;
use super::fix::{self, Edit, Fix};
use super::source::{Located, Source, Span};
use super::surgery;
use super::written::{Table, Written};

const NAMES: &[&str] = &["name", "id"];
const PATHS: &[&str] =
    &["path", "match", "pattern", "location", "prefix", "from", "source", "src", "uri", "route"];

/// The list as tables under their names.
pub(super) fn by_name(row: &Row, items: &[Located<Written>], list: Span, source: &Source) -> Option<Fix> {
    let named: Vec<Named> = items.iter().map(|item| Named::of(row, item, source)).collect::<Option<_>>()?;
    let mut edits = Vec::new();
    let is_inline = source.slice(list).starts_with('[') && !source.slice(list).starts_with("[[");
    if is_inline {
        let (open, close) = (Span { end: list.start + 1, ..list }, Span { start: list.end - 1, ..list });
        edits.push(Edit { span: open, text: "{ ".to_owned() });
        edits.push(Edit { span: close, text: " }".to_owned() });
    }
    for (at, one) in named.into_iter().enumerate() {
        edits.extend(one.gone);
        let Located { span, .. } = items.get(at)?;
        if is_inline {
            let here = Span { start: span.start, end: span.start };
            edits.push(Edit { span: here, text: format!("{} = ", one.key) });
        } else {
            let next = items.get(at + 1).map(|next| next.span.start);
            edits.extend(headers(*span, next, (row.key(), &one.key), source)?);
        }
    }
    let sentence = match row.path {
        "routes" => "a route's key is its path: [routes.\"/path\"]".to_owned(),
        path => format!("the name is the key: [{path}.NAME]"),
    };
    Some(Fix::of(edits).saying(sentence))
}

/// `[[x]]`, of which there is one, as `[x]`.
pub(super) fn of_one(items: &[Located<Written>], source: &Source) -> Option<Fix> {
    let [Located { value: Written::Table(_), span }] = items else { return None };
    let (header, name) = header_at(*span, source)?;
    Some(Fix::replace(header, format!("[{name}]")))
}

/// What one item is to be called, and what of it goes for that.
struct Named {
    key: String,
    gone: Vec<Edit>,
}

impl Named {
    fn of(row: &Row, item: &Located<Written>, source: &Source) -> Option<Self> {
        let Written::Table(table) = &item.value else { return None };
        let mut gone = Vec::new();
        let mut take = |names: &[&str]| {
            let (text, edit) = text_of(table, names, source)?;
            gone.push(edit);
            Some(text)
        };
        let name = match row.path {
            "routes" => {
                let mut path = take(PATHS)?;
                let is_mount = table.iter().any(|(key, _)| matches!(key.value.as_str(), "strip" | "prefix"));
                if is_mount && !path.ends_with('*') {
                    path = format!("{}/*", path.trim_end_matches('/'));
                }
                let method = take(&["method"]).map(|method| format!("{method} ")).unwrap_or_default();
                // The other `host` of a route is a word.
                let is_name = text_of(table, &["host"], source).is_some_and(|(host, _)| host.contains('.'));
                let host = if is_name { take(&["host"])? } else { String::new() };
                format!("{method}{host}{path}")
            }
            "apps" | "jobs" => take(NAMES)?,
            _ => return None,
        };
        Some(Self { key: fix::key(&name), gone })
    }
}

fn text_of(table: &Table, names: &[&str], source: &Source) -> Option<(String, Edit)> {
    let mut found = table.iter().filter(|(key, _)| names.contains(&key.value.as_str()));
    let (key, value) = found.next()?;
    let Written::Text(text) = &value.value else { return None };
    Some((text.clone(), surgery::take_out(source, key.span, value.span)?))
}

/// The header at `item`, and those of the tables inside it up to `next`.
fn headers(item: Span, next: Option<usize>, (list, key): (&str, &str), source: &Source) -> Option<Vec<Edit>> {
    let (header, _) = header_at(item, source)?;
    let mut edits = vec![Edit { span: header, text: format!("[{list}.{key}]") }];
    let file = source.file_of(item);
    let until = next.map_or(file.text.len(), |next| next - file.base);
    let mut at = header.end - file.base;
    for line in file.text.get(at..until)?.split_inclusive('\n') {
        let inside = line.trim_start().trim_start_matches('[');
        let start = at + line.len() - inside.len();
        at += line.len();
        let is_header = line.trim_start().starts_with('[');
        if is_header && inside.strip_prefix(list).is_some_and(|rest| rest.starts_with('.')) {
            let behind = start + list.len();
            edits.push(Edit { span: file.span(behind..behind), text: format!(".{key}") });
        }
    }
    Some(edits)
}

/// `[[apps]]`, and what stands in it.
fn header_at(item: Span, source: &Source) -> Option<(Span, String)> {
    let file = source.file_of(item);
    let start = file.local(item).start;
    let inside = file.text.get(start..)?.strip_prefix("[[")?;
    let length = inside.find("]]").filter(|length| !inside[..*length].contains('\n'))?;
    Some((file.span(start..start + 2 + length + 2), inside[..length].trim().to_owned()))
}

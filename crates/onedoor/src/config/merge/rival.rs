//! Keys that cannot both hold, one in each of two layers: the later layer's word makes the earlier one's void.
//!
//! Two of them in one layer are a contradiction, and stay one: `resolve` says it.

use crate::config::section::{Entry, Section, Value};

const MOUNT: &[&str] = &["prefix", "strip", "rewrite"];
const ANSWER: &[&str] = &["respond", "body", "json"];

/// Takes out of `under` what cannot hold beside the word of `over`.
pub(super) fn give_way(under: &mut Section, over: &Section) {
    let void: Vec<&str> =
        over.entries.iter().flat_map(|entry| rivals(&over.pattern, entry)).copied().collect();
    let is_said = |section: &Section, key: &str| section.entries.iter().any(|entry| entry.key.value == key);
    under.entries.retain(|entry| {
        let key = entry.key.value.as_str();
        !void.contains(&key) || is_said(over, key)
    });
    if matches!(&*over.pattern, "apps.*" | "jobs.*") {
        names_give_way(under, (over, "secrets"), "env");
        names_give_way(under, (over, "env"), "secrets");
    }
}

/// The keys that say the same thing in another way, or that mean nothing beside this one.
fn rivals(pattern: &str, entry: &Entry) -> &'static [&'static str] {
    let value = entry.node.as_ref().map(|node| &node.value);
    match (pattern, entry.key.value.as_str(), value) {
        ("apps.*" | "routes.*", key, _) if MOUNT.contains(&key) => MOUNT,
        ("routes.*", key, _) if ANSWER.contains(&key) => ANSWER,
        ("apps.*", "port", _) => &["socket"],
        ("apps.*", "socket", Some(Value::Bool(true))) => &["port"],
        ("apps.*", "socket", Some(Value::Text(word))) if word == "activate" => &["port"],
        ("routes.*", "proxy", Some(Value::Text(url))) if !url.starts_with("https:") => &["tls"],
        ("jobs.*", "on", Some(Value::Text(word))) if word == "start" => &["tz", "overlap"],
        _ => &[],
    }
}

/// A variable is a secret or it is not.
fn names_give_way(under: &mut Section, (over, said): (&Section, &str), rival: &str) {
    let Some(names) = table(over, said) else { return };
    let entry = under.entries.iter_mut().find(|entry| entry.key.value == rival);
    let Some(Value::Table(void)) = entry.and_then(|entry| entry.node.as_mut()).map(|node| &mut node.value)
    else {
        return;
    };
    void.entries.retain(|entry| names.entries.iter().all(|name| name.key.value != entry.key.value));
}

fn table<'s>(section: &'s Section, key: &str) -> Option<&'s Section> {
    let entry = section.entries.iter().find(|entry| entry.key.value == key)?;
    match &entry.node.as_ref()?.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

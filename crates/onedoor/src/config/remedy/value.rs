//! The same for a value that is no text: a number, a flag, a list, a table.

use super::{NO_LIMIT, Proposal, a_port, variables, words};
use crate::config::amount::a_duration;
use crate::config::catalogue::{Kind, Row};
use crate::config::fix::quoted;
use crate::config::source::Located;
use crate::config::written::{Table, Written};
use crate::config::{several, synonyms};

/// A value that is no string and not what the key takes; `written` is its text in the file.
pub(in crate::config) fn of_value(row: &Row, value: &Written, written: &str) -> Option<Proposal> {
    let one_of_its_own = match value {
        Written::List(items) => of_list(row, items),
        Written::Table(table) => of_table(row, table),
        Written::Integer(number) => of_integer(row, number.value?),
        Written::Float(number) => of_float(row, number),
        Written::Bool(flag) => of_flag(row, *flag),
        Written::Null => return Some(Proposal::only("leave the key out")),
        Written::Text(_) | Written::Time(_) => None,
    };
    if one_of_its_own.is_some() {
        return one_of_its_own;
    }
    let is_scalar = !matches!(value, Written::List(_) | Written::Table(_) | Written::Text(_));
    match row.path {
        "routes" => {
            Some(Proposal::only("write [routes], and a line for each: \"/path\" = { app = \"NAME\" }"))
        }
        "apps" => Some(Proposal::only("write [apps], and a line for each: NAME = \"command\"")),
        "apps.*.run" | "apps.*" | "apps.*.port" => None,
        "apps.*.env" | "jobs.*.env" => Some(Proposal::only("write { NAME = \"value\" }")),
        _ if is_scalar && (row.kinds.contains(&Kind::Text) || row.kinds.contains(&Kind::TextList)) => {
            let text = quoted(written);
            Some(Proposal::write(text.as_str()).saying(format!("in quotes: {text}")))
        }
        _ => None,
    }
}

fn of_integer(row: &Row, number: i64) -> Option<Proposal> {
    let has = |wanted: fn(&Kind) -> bool| row.kinds.iter().any(wanted);
    match row.path {
        "server.listen" => return Some(Proposal::write(format!("\":{number}\""))),
        "apps.*.replicas" if number == 0 => {
            return Some(Proposal::only("1 is the least; enabled = false leaves the app out"));
        }
        "routes.*" | "routes.*.respond" => {
            let is_status = (200..600).contains(&number);
            return is_status.then(|| Proposal::write(format!("{{ status = {number} }}")));
        }
        "apps.*.restart.backoff" if number > 0 => {
            return Some(Proposal::write(format!("\"{number}s..{number}s\"")));
        }
        "apps.*.restart.give_up" => return Some(Proposal::write(format!("\"{number} in 5m\""))),
        "apps.*.umask" | "jobs.*.umask" => return Some(Proposal::write(format!("\"{number:03}\""))),
        "apps.*.stop" | "jobs.*.stop" => {
            return Some(Proposal::write(format!("{{ grace = \"{number}s\" }}")));
        }
        _ => {}
    }
    if let Some((min, max)) = int_list(row) {
        let listed = Proposal::write(format!("[{number}]")).saying(format!("in brackets: [{number}]"));
        return (min..=max).contains(&number).then_some(listed);
    }
    if has(|kind| *kind == Kind::Bool) && matches!(number, 0 | 1) {
        return Some(Proposal::write((number == 1).to_string()));
    }
    if has(|kind| *kind == Kind::Duration) {
        return Some(seconds_or_millis(row, number));
    }
    if has(|kind| *kind == Kind::Size) {
        return Some(bytes(row, number));
    }
    if has(|kind| matches!(kind, Kind::Word { now, .. } if now.contains(&"auto"))) && number == 0 {
        return Some(Proposal::write("\"auto\""));
    }
    None
}

fn int_list(row: &Row) -> Option<(i64, i64)> {
    row.kinds.iter().find_map(|kind| match *kind {
        Kind::IntList { min, max } => Some((min, max)),
        _ => None,
    })
}

/// Small numbers are seconds, and whole thousands milliseconds wherever nobody waits for hours.
pub(super) fn seconds_or_millis(row: &Row, number: i64) -> Proposal {
    let with_unit = |ours: String| {
        let sentence = format!("with its unit: {ours}");
        Proposal::write(ours).saying(sentence)
    };
    let may_last = matches!(row.key(), "max" | "tunnel" | "stop_after_idle" | "backoff");
    match number {
        ..0 => Proposal::only(NO_LIMIT),
        0..1000 => with_unit(format!("\"{number}s\"")),
        _ if number % 1000 == 0 && !may_last => {
            with_unit(format!("\"{}s\"", number / 1000)).noting("as it is in milliseconds")
        }
        _ if number % 60 == 0 && number % 1000 != 0 => with_unit(format!("\"{number}s\"")),
        _ => Proposal::only(format!("with its unit: \"{number}s\" or \"{number}ms\"")),
    }
}

/// Nobody limits a body to ten bytes, so a small number had its unit forgotten.
fn bytes(row: &Row, number: i64) -> Proposal {
    if number <= 0 {
        return Proposal::only(NO_LIMIT);
    }
    let unit =
        [("GiB", 30), ("MiB", 20), ("KiB", 10)].into_iter().find(|(_, bits)| number % (1_i64 << bits) == 0);
    if let Some((unit, bits)) = unit {
        return Proposal::write(format!("\"{}{unit}\"", number >> bits));
    }
    if row.path.ends_with("limits.memory") && (1..65_536).contains(&number) {
        return Proposal::write(format!("\"{number}MiB\"")).saying(format!("with its unit: \"{number}MiB\""));
    }
    if number >= 1000 {
        return Proposal::write(format!("\"{number}B\"")).saying(format!("with its unit: \"{number}B\""));
    }
    Proposal::only(format!("with its unit: \"{number}KiB\" or \"{number}MiB\""))
}

fn of_float(row: &Row, text: &str) -> Option<Proposal> {
    if row.kinds.contains(&Kind::Duration) {
        return a_duration(&format!("{text}s")).map(|better| Proposal::write(quoted(&better)));
    }
    // `3000.0`
    let whole = text.split_once('.').filter(|(_, part)| part.bytes().all(|byte| byte == b'0'))?.0;
    let takes_one = row.kinds.iter().any(|kind| matches!(kind, Kind::Int { .. }));
    takes_one.then(|| Proposal::write(whole))
}

fn of_flag(row: &Row, flag: bool) -> Option<Proposal> {
    match row.path {
        "apps.*.restart" => {
            Some(Proposal::write(format!("{{ when = \"{}\" }}", if flag { "always" } else { "never" })))
        }
        "routes.*.host" => Some(Proposal::write(if flag { "\"keep\"" } else { "\"upstream\"" })),
        "apps.*.live" if flag => Some(Proposal::write("\"accept\"")),
        _ => {
            let words: Vec<&'static str> = words(row).collect();
            let word = synonyms::of_word(row.path, &words, &flag.to_string())?;
            Some(Proposal::write(quoted(word)))
        }
    }
}

fn of_list(row: &Row, items: &[Located<Written>]) -> Option<Proposal> {
    let texts: Option<Vec<&str>> = items
        .iter()
        .map(|item| match &item.value {
            Written::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    if row.kinds.iter().any(|kind| matches!(kind, Kind::TextMap | Kind::EnvMap)) {
        let made = match texts {
            Some(texts) => variables(texts),
            None => names_and_values(items).map(Proposal::write),
        };
        return made;
    }
    if row.path == "apps.*.host" && items.len() > 1 {
        let sentence = "one host here; each other one is a route: \"other.example/*\" = { app = \"NAME\" }";
        return Some(Proposal::only(sentence));
    }
    let [only] = items else { return None };
    if let (Written::Text(text), "apps") = (&only.value, row.path) {
        return several::braced(&[("web", quoted(text))]).map(Proposal::write);
    }
    let takes_text = row.kinds.iter().any(|kind| matches!(kind, Kind::Text | Kind::Word { .. }));
    match &only.value {
        Written::Text(text) if row.path == "apps.*.port" => {
            a_port(text).map(|port| Proposal::write(port.to_string()))
        }
        Written::Text(text) if takes_text => {
            let text = quoted(text);
            Some(Proposal::write(text.as_str()).saying(format!("without the brackets: {text}")))
        }
        Written::Integer(number) if row.kinds.iter().any(|kind| matches!(kind, Kind::Int { .. })) => {
            let sentence = format!("without the brackets: {}", number.spelt);
            Some(Proposal::write(number.spelt.as_str()).saying(sentence))
        }
        _ => None,
    }
}

/// `[{ name = "A", value = "b" }]` of Kubernetes.
fn names_and_values(items: &[Located<Written>]) -> Option<String> {
    let pair = |item: &Located<Written>| {
        let Written::Table(table) = &item.value else { return None };
        let [_, _] = &table[..] else { return None };
        let Written::Text(name) = entry(table, &["name", "key"])? else { return None };
        let value = match entry(table, &["value"])? {
            Written::Text(value) => quoted(value),
            Written::Integer(number) => quoted(&number.spelt),
            Written::Bool(flag) => quoted(&flag.to_string()),
            _ => return None,
        };
        Some((name.clone(), value))
    };
    let pairs: Vec<(String, String)> = items.iter().map(pair).collect::<Option<_>>()?;
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    several::braced(&pairs)
}

fn of_table(row: &Row, table: &Table) -> Option<Proposal> {
    if row.path.ends_with(".needs") {
        // Compose: depends_on = { db = { condition = "…" } }
        let names: Vec<&str> = table.iter().map(|(name, _)| name.value.as_str()).collect();
        return (!names.is_empty()).then(|| Proposal::write(several::bracketed(&names)));
    }
    if row.path == "server.listen" {
        let host = match entry(table, &["host", "address", "addr", "ip", "hostname"]) {
            Some(Written::Text(host)) => host.as_str(),
            _ => "",
        };
        let port = match entry(table, &["port"])? {
            Written::Integer(port) => &port.spelt,
            Written::Text(port) => port,
            _ => return None,
        };
        return Some(Proposal::write(quoted(&format!("{host}:{port}"))));
    }
    // Kubernetes: httpGet = { path = "/healthz", port = 3000 }
    match entry(table, &[row.key()]) {
        Some(Written::Text(text)) if row.kinds.contains(&Kind::Text) => Some(Proposal::write(quoted(text))),
        _ => None,
    }
}

fn entry<'t>(table: &'t Table, names: &[&str]) -> Option<&'t Written> {
    let found = table.iter().find(|(key, _)| names.contains(&key.value.as_str()));
    found.map(|(_, value)| &value.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue;

    fn row(path: &str) -> &'static Row {
        catalogue::rows().find(|row| row.path == path).unwrap()
    }

    #[test]
    fn a_number_without_a_unit_gets_one_only_if_there_is_no_doubt() {
        let told = |path, number| {
            of_integer(row(path), number).and_then(|proposal| proposal.toml).unwrap_or_default()
        };
        assert_eq!(told("server.timeout.idle", 75), "\"75s\"");
        assert_eq!(told("server.timeout.idle", 3600), "\"3600s\"");
        assert_eq!(told("server.timeout.idle", 5000), "\"5s\"");
        assert_eq!(told("server.timeout.idle", 5001), "");
        assert_eq!(told("jobs.*.max", 36_000), "");
        assert_eq!(told("apps.*.restart.backoff", 5), "\"5s..5s\"");
        assert_eq!(told("server.limits.body", 10_485_760), "\"10MiB\"");
        assert_eq!(told("server.limits.body", 10), "");
        assert_eq!(told("apps.*.limits.memory", 512), "\"512MiB\"");
    }
}

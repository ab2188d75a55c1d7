//! What to write instead of a value of the wrong kind, or of one as another program's file has it.
//!
//! Only proposes; whether something is a mistake is decided elsewhere. No proposal is better than a wrong one.

use super::amount::{a_duration, a_size};
use super::catalogue::{Kind, Row};
use super::fix::{self, quoted};
use super::source::Located;
use super::synonyms;
use super::written::{Table, Written};

/// Something better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) sentence: String,
    /// The value as it stands in the file. None: there is more than one thing it could be.
    pub(super) toml: Option<String>,
}

impl Proposal {
    fn write(toml: impl Into<String>) -> Self {
        let toml = toml.into();
        Self { sentence: format!("write {toml}"), toml: Some(toml) }
    }

    fn saying(self, sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), ..self }
    }

    pub(super) fn only(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), toml: None }
    }
}

/// A key that is given twice. Several routes may have one.
pub(super) fn of_duplicate(key: &str) -> &'static str {
    if key.contains('/') {
        "keep one of them; two routes of one key are written as a list of both"
    } else {
        "keep one of them"
    }
}

/// A string that is not what the key takes.
pub(super) fn of_text(row: &Row, text: &str) -> Option<Proposal> {
    let takes = |wanted: fn(&Kind) -> bool| row.kinds.iter().any(wanted);
    let trimmed = text.trim();
    let words: Vec<&'static str> = words(row).collect();
    if let Some(word) = synonyms::of_word(row.path, &words, text) {
        return Some(Proposal::write(quoted(word)));
    }
    if let Some(sentence) = of_its_table(row, text) {
        return Some(Proposal::only(sentence));
    }
    if let Some(table) = in_its_table(row, text) {
        return Some(table);
    }
    if let Some(port) = a_port(trimmed).filter(|_| row.path == "apps.*.port") {
        return Some(Proposal::write(port.to_string()));
    }
    let number = trimmed.parse::<i64>().ok();
    let fits = |number: i64| {
        row.kinds.iter().any(|kind| match *kind {
            Kind::Int { min, max } | Kind::IntList { min, max } => (min..=max).contains(&number),
            Kind::Thousandths { .. } => true,
            _ => false,
        })
    };
    if let Some(number) = number.filter(|number| fits(*number)) {
        let listed = takes(|kind| matches!(kind, Kind::IntList { .. }));
        return Some(match listed {
            true => Proposal::write(format!("[{number}]")).saying(format!("in brackets: [{number}]")),
            false => unquoted(&number.to_string()),
        });
    }
    if takes(|kind| matches!(kind, Kind::Thousandths { .. })) {
        return of_cpus(trimmed);
    }
    if takes(|kind| *kind == Kind::Bool) {
        return a_flag(trimmed).map(|flag| {
            if flag.to_string() == text { unquoted(text) } else { Proposal::write(flag.to_string()) }
        });
    }
    if takes(|kind| *kind == Kind::Duration) {
        return a_duration(trimmed).map(|duration| Proposal::write(quoted(&duration)));
    }
    if takes(|kind| *kind == Kind::Size) {
        return a_size(trimmed).map(|size| Proposal::write(quoted(&size)));
    }
    if matches!(row.kinds, [Kind::TextMap | Kind::EnvMap]) {
        return pairs([text].into_iter()).or_else(|| Some(Proposal::only("write { NAME = \"value\" }")));
    }
    None
}

fn unquoted(text: &str) -> Proposal {
    Proposal::write(text).saying(format!("without the quotes: {text}"))
}

fn words(row: &Row) -> impl Iterator<Item = &'static str> {
    row.kinds.iter().flat_map(|kind| {
        match *kind {
            Kind::Word { now, .. } => now,
            _ => &[],
        }
        .iter()
        .copied()
    })
}

/// A word that names a key of its table, or nothing that could be one.
fn of_its_table(row: &Row, text: &str) -> Option<&'static str> {
    match (row.path, text) {
        ("apps.*.ready" | "apps.*.live", "path" | "http") => Some("say which: { path = \"/healthz\" }"),
        ("apps.*.ready", "log") => Some("say what it prints: { log = \"listening on\" }"),
        ("apps.*.ready" | "apps.*.live", "exec") => Some("say which command: { exec = \"./check\" }"),
        ("apps.*.prefix", text) if text.starts_with('/') => Some("where an app is served is its `path`"),
        ("profile.*", _) => Some("write [profile.NAME], and below it the keys that change"),
        ("defaults.app", _) => Some("write [defaults.app], and below it keys of an app"),
        _ => None,
    }
}

/// What stands for one key of its table.
fn in_its_table(row: &Row, text: &str) -> Option<Proposal> {
    let (key, value) = match row.path {
        "apps.*.ready" | "apps.*.live" if text.starts_with('/') => ("path", text),
        "apps.*.ready" | "apps.*.live" if text.contains("://") => ("path", path_of(text)?),
        "apps.*.restart" => {
            ("when", synonyms::of_word("apps.*.restart.when", &["always", "on-failure", "never"], text)?)
        }
        "apps.*.stop" | "jobs.*.stop" => {
            let signals = ["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"];
            match (synonyms::of_word("apps.*.stop.signal", &signals, text), a_duration_or_itself(text)) {
                (Some(signal), _) => ("signal", signal),
                (None, Some(grace)) => return Some(table("grace", &grace)),
                (None, None) => return None,
            }
        }
        "apps.*.while_down" => {
            ("do", synonyms::of_word("apps.*.while_down.do", &["hold", "page", "refuse"], text)?)
        }
        "apps.*.limits" | "jobs.*.limits" => {
            return a_size_or_itself(text).map(|size| table("memory", &size));
        }
        "routes.*" if text.contains("://") || text.starts_with("unix:") => ("proxy", text),
        "routes.*" if text.starts_with('/') => ("redirect", text),
        "routes.*" if text.starts_with("localhost:") || text.starts_with(':') => {
            return Some(table(
                "proxy",
                &format!("http://{}{text}", if text.starts_with(':') { "localhost" } else { "" }),
            ));
        }
        "routes.*" => ("app", text),
        "jobs.*" => {
            let (start, cron) =
                (format!("{{ run = {}, on = \"start\" }}", quoted(text)), "on = \"cron @daily\"");
            return Some(Proposal::only(format!("write {start}, or {cron}")));
        }
        _ => return None,
    };
    Some(table(key, value))
}

fn table(key: &str, value: &str) -> Proposal {
    Proposal::write(format!("{{ {key} = {} }}", quoted(value)))
}

fn a_duration_or_itself(text: &str) -> Option<String> {
    super::duration::parse(text).map(|_| text.to_owned()).or_else(|| a_duration(text))
}

fn a_size_or_itself(text: &str) -> Option<String> {
    super::byte_size::parse(text).map(|_| text.to_owned()).or_else(|| a_size(text))
}

/// `/healthz` of `http://localhost:3000/healthz`
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    Some(&rest[rest.find('/')?..])
}

/// `3000` of `:3000`, `3000/tcp`, `3000:3000`, `localhost:3000`
fn a_port(text: &str) -> Option<u16> {
    let text = text.trim_end_matches("/tcp");
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let last = text.rsplit(':').next().unwrap_or(text);
    let is_address = text == last
        || ["", "localhost", "127.0.0.1", "0.0.0.0", last].contains(&&text[..text.len() - last.len() - 1]);
    port(last).filter(|_| is_address)
}

fn a_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" | "enabled" => Some(true),
        "false" | "no" | "off" | "0" | "n" | "disabled" => Some(false),
        _ => None,
    }
}

/// `500m` of Kubernetes is half a CPU; `"1.5"` needs no quotes.
fn of_cpus(text: &str) -> Option<Proposal> {
    if let Some(millis) = text.strip_suffix('m').and_then(|millis| millis.parse::<u32>().ok()) {
        return Some(Proposal::write(format!("{}", f64::from(millis) / 1000.0)));
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0)?;
    (text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')).then(|| unquoted(&number.to_string()))
}

/// `A=1` is `{ A = "1" }`, as Compose's lists have it.
fn pairs<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Proposal> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        Some(format!("{} = {}", fix::key(name.trim()), quoted(bare)))
    };
    let pairs = texts.map(pair).collect::<Option<Vec<_>>>().filter(|pairs| !pairs.is_empty())?;
    Some(Proposal::write(format!("{{ {} }}", pairs.join(", "))))
}

/// A value that is no string and not what the key takes; `written` is its text in the file.
pub(super) fn of_value(row: &Row, value: &Written, written: &str) -> Option<Proposal> {
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
        return Some(seconds_or_millis(number));
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

/// Whole minutes are seconds and small numbers are, too; 5000 could be either.
fn seconds_or_millis(number: i64) -> Proposal {
    let sentence = format!("with its unit: \"{number}s\"");
    match number {
        0..1000 => Proposal::write(format!("\"{number}s\"")).saying(sentence),
        _ if number > 0 && number % 60 == 0 && number % 1000 != 0 => {
            Proposal::write(format!("\"{number}s\"")).saying(sentence)
        }
        _ => Proposal::only(format!("{sentence} or \"{number}ms\"")),
    }
}

/// Nobody limits a body to ten bytes, so a small number had its unit forgotten.
fn bytes(row: &Row, number: i64) -> Proposal {
    let unit = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
        .into_iter()
        .find(|(_, bits)| number > 0 && number % (1_i64 << bits) == 0);
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
    let is_duration = row.kinds.contains(&Kind::Duration);
    is_duration
        .then(|| a_duration(&format!("{text}s")))
        .flatten()
        .map(|better| Proposal::write(quoted(&better)))
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
    if let (true, Some(texts)) =
        (row.kinds.iter().any(|kind| matches!(kind, Kind::TextMap | Kind::EnvMap)), &texts)
        && let Some(pairs) = pairs(texts.iter().copied())
    {
        return Some(pairs);
    }
    if row.path == "apps.*.host" && items.len() > 1 {
        let sentence = "one host here; each other one is a route: \"other.example/*\" = { app = \"NAME\" }";
        return Some(Proposal::only(sentence));
    }
    let [only] = items else { return None };
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

fn of_table(row: &Row, table: &Table) -> Option<Proposal> {
    if row.path.ends_with(".needs") {
        // Compose: depends_on = { db = { condition = "…" } }
        let names: Vec<String> = table.iter().map(|(name, _)| quoted(&name.value)).collect();
        return (!names.is_empty()).then(|| Proposal::write(format!("[{}]", names.join(", "))));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue;

    fn row(path: &str) -> &'static Row {
        catalogue::rows().find(|row| row.path == path).unwrap()
    }

    #[test]
    fn what_is_proposed_for_a_text_would_be_accepted() {
        let told =
            |path, text| of_text(row(path), text).and_then(|proposal| proposal.toml).unwrap_or_default();
        let table = [
            ("apps.*.ready", "/healthz", "{ path = \"/healthz\" }"),
            ("apps.*.ready", "http://localhost:3000/up", "{ path = \"/up\" }"),
            ("apps.*.port", "80", "80"),
            ("apps.*.port", "3000:3000", "3000"),
            ("apps.*.port", "x:3000", ""),
            ("apps.*.strip", "yes", "true"),
            ("apps.*.env", "A=b", "{ A = \"b\" }"),
            ("apps.*.restart", "unless-stopped", "{ when = \"always\" }"),
            ("apps.*.restart", "sometimes", ""),
            ("apps.*.stop", "SIGINT", "{ signal = \"INT\" }"),
            ("apps.*.stop", "30", "{ grace = \"30s\" }"),
            ("apps.*.limits.cpu", "500m", "0.5"),
            ("server.timeout.idle", "5", "\"5s\""),
            ("server.timeout.idle", "75 seconds", "\"75s\""),
            ("server.limits.body", "10M", "\"10MiB\""),
            ("server.limits.body", "much", ""),
        ];
        for (path, text, toml) in table {
            assert_eq!(told(path, text), toml, "{path} = {text}");
        }
    }

    #[test]
    fn a_number_without_a_unit_gets_one_only_if_there_is_no_doubt() {
        let told = |path, number| {
            of_integer(row(path), number).and_then(|proposal| proposal.toml).unwrap_or_default()
        };
        assert_eq!(told("server.timeout.idle", 75), "\"75s\"");
        assert_eq!(told("server.timeout.idle", 3600), "\"3600s\"");
        assert_eq!(told("server.timeout.idle", 5000), "");
        assert_eq!(told("server.limits.body", 10_485_760), "\"10MiB\"");
        assert_eq!(told("server.limits.body", 10), "");
        assert_eq!(told("apps.*.limits.memory", 512), "\"512MiB\"");
    }
}

//! What to write instead of a value of the wrong kind, or of one as another program's file has it.
//!
//! Only proposes; whether something is a mistake is decided elsewhere. No proposal is better than a wrong one.

mod value;

pub(super) use value::of_value;

use super::amount::{a_duration, a_size};
use super::catalogue::{Kind, Row};
use super::fix::quoted;
use super::{several, synonyms};

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

    fn noting(self, note: &str) -> Self {
        Self { sentence: format!("{}, {note}", self.sentence), ..self }
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
    if takes(|kind| matches!(kind, Kind::Duration | Kind::Size)) && is_no_limit(trimmed) {
        return Some(Proposal::only(NO_LIMIT));
    }
    if takes(|kind| *kind == Kind::Duration) {
        return match number {
            Some(number) => Some(value::seconds_or_millis(row, number)),
            None => a_duration(trimmed).map(|duration| Proposal::write(quoted(&duration))),
        };
    }
    if takes(|kind| *kind == Kind::Size) {
        return a_size(trimmed).map(|size| Proposal::write(quoted(&size)));
    }
    if matches!(row.kinds, [Kind::TextMap | Kind::EnvMap]) {
        return variables([text]).or_else(|| Some(Proposal::only("write { NAME = \"value\" }")));
    }
    if takes(|kind| *kind == Kind::TextList) {
        let one = || (!trimmed.is_empty()).then(|| several::bracketed(&[trimmed]));
        return several::listed(trimmed).or_else(one).map(Proposal::write);
    }
    None
}

const NO_LIMIT: &str = "leave the key out for its default, or name one that is never reached";

fn is_no_limit(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["infinity", "infinite", "unlimited", "never", "none", "no", "off", "-1"].contains(&lower.as_str())
}

/// What a list or a text of other programs' sets.
fn variables<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Proposal> {
    several::variables(texts).map(Proposal::write)
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
        ("server.timeout", _) => {
            Some("say for what: { idle = \"75s\" }, header, body, connect, first_byte, tunnel")
        }
        ("server.limits" | "routes.*.limits", _) => Some("say of what: { body = \"10MiB\" }"),
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
        "apps" => ("web", text),
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

/// `3000` of `:3000`, `3000/tcp`, `80:3000`, `localhost:3000`
fn a_port(text: &str) -> Option<u16> {
    let text = text.trim_end_matches("/tcp");
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let last = text.rsplit(':').next().unwrap_or(text);
    // The second of Compose's two is the app's own.
    let is_address = text == last
        || port(&text[..text.len() - last.len() - 1]).is_some()
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
}

//! What to write instead of a value of the wrong kind, of a word from another program's file, or of what is no TOML.
//!
//! Only proposes; whether something is a mistake is decided elsewhere. No proposal is better than a wrong one.

use super::catalogue::{Kind, Row};
use super::written::Written;
use super::{byte_size, duration};

/// Names that other programs have for one of our keys.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("run", &["command", "cmd", "exec", "entrypoint", "process"]),
    ("dir", &["cwd", "workdir", "working_dir", "working_directory", "directory", "folder"]),
    ("path", &["prefix", "mount", "location", "path_prefix"]),
    ("env", &["environment", "vars", "variables"]),
    ("ready", &["health", "healthcheck", "health_check", "readiness"]),
    ("host", &["hostname", "domain", "server_name", "subdomain"]),
    ("strip", &["strip_prefix", "stripprefix", "strip_path_prefix"]),
    ("proxy", &["upstream", "proxy_pass", "backend", "url", "target", "reverse_proxy"]),
    ("app", &["service", "process"]),
    ("respond", &["return", "response", "text", "reply"]),
    ("status", &["code", "status_code"]),
    ("redirect", &["redirect_to", "to", "location"]),
    ("listen", &["bind", "address", "addr", "port"]),
    ("workers", &["threads", "worker_processes"]),
    ("start_timeout", &["startup_timeout", "boot_timeout"]),
];

/// Our name for what another program calls `typed`, if it is among `keys`.
pub(super) fn synonym<'k>(typed: &str, mut keys: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    keys.find(|key| SYNONYMS.iter().any(|(ours, theirs)| ours == key && theirs.contains(&typed)))
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
pub(super) fn of_text(row: &Row, text: &str) -> Option<String> {
    let takes = |wanted: fn(&Kind) -> bool| row.kinds.iter().any(wanted);
    let in_its_table = match row.path {
        "apps.*.ready" | "apps.*.live" if text.starts_with('/') => Some("path"),
        "apps.*.restart" => Some("when"),
        "apps.*.stop" => Some("signal"),
        "apps.*.while_down" => Some("do"),
        "routes.*" if text.contains("://") || text.starts_with("unix:") => Some("proxy"),
        "routes.*" if text.starts_with('/') => Some("redirect"),
        "routes.*" => Some("app"),
        _ => None,
    };
    if let Some(key) = in_its_table {
        return Some(format!("write {{ {key} = \"{text}\" }}"));
    }
    let of_its_table = match (row.path, text) {
        ("apps.*.ready" | "apps.*.live", "path" | "http") => Some("say which: { path = \"/healthz\" }"),
        ("apps.*.ready", "log") => Some("say what it prints: { log = \"listening on\" }"),
        ("apps.*.ready" | "apps.*.live", "exec") => Some("say which command: { exec = \"./check\" }"),
        ("profile.*", _) => Some("write [profile.NAME], and below it the keys that change"),
        ("defaults.app", _) => Some("write [defaults.app], and below it keys of an app"),
        _ if takes(|kind| *kind == Kind::TextMap) => Some("write { NAME = \"value\" }"),
        _ => None,
    };
    if let Some(remedy) = of_its_table {
        return Some(remedy.to_owned());
    }
    if takes(|kind| matches!(kind, Kind::Int { .. })) && text.parse::<i64>().is_ok() {
        return Some(format!("without the quotes: {text}"));
    }
    if takes(|kind| matches!(kind, Kind::IntList { .. })) && text.parse::<i64>().is_ok() {
        return Some(format!("in brackets: [{text}]"));
    }
    if takes(|kind| *kind == Kind::Bool) && (text == "true" || text == "false") {
        return Some(format!("without the quotes: {text}"));
    }
    if takes(|kind| *kind == Kind::Duration) {
        return a_duration(text).map(|duration| format!("write \"{duration}\""));
    }
    if takes(|kind| *kind == Kind::Size) {
        return a_size(text).map(|size| format!("write \"{size}\""));
    }
    None
}

fn a_duration(text: &str) -> Option<String> {
    let close: String = text.split_whitespace().collect::<String>().to_ascii_lowercase();
    let digits = close.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = close.split_at(digits);
    let unit = match unit {
        "" | "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hour" | "hours" => "h",
        "day" | "days" => "d",
        "msec" | "millis" | "milliseconds" => "ms",
        other => other,
    };
    let better = format!("{number}{unit}");
    (better != text && duration::parse(&better).is_some()).then_some(better)
}

fn a_size(text: &str) -> Option<String> {
    let close: String = text.split_whitespace().collect();
    let digits = close.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = close.split_at(digits);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => "B",
        "k" | "kib" => "KiB",
        "m" | "mib" => "MiB",
        "g" | "gib" => "GiB",
        "kb" => "KB",
        "mb" => "MB",
        "gb" => "GB",
        _ => return None,
    };
    let better = format!("{number}{unit}");
    (better != text && byte_size::parse(&better).is_some()).then_some(better)
}

/// A value that is no string and not what the key takes.
pub(super) fn of_value(row: &Row, value: &Written) -> Option<String> {
    let scalar = match value {
        Written::Integer(number) => Some(number.spelt.clone()),
        Written::Float(spelt) | Written::Time(spelt) => Some(spelt.clone()),
        Written::Bool(flag) => Some(flag.to_string()),
        Written::Null => return Some("leave the key out".to_owned()),
        Written::Text(_) | Written::List(_) | Written::Table(_) => None,
    };
    match (row.path, value, scalar) {
        ("routes", ..) => {
            Some("write [routes], and a line for each: \"/path\" = { app = \"NAME\" }".to_owned())
        }
        ("apps", ..) => Some("write [apps], and a line for each: NAME = \"command\"".to_owned()),
        ("apps.*.env", ..) => Some("write { NAME = \"value\" }".to_owned()),
        ("apps.*.host", Written::List(_), _) => Some(
            "one host here; each other one is a route: \"other.example/*\" = { app = \"NAME\" }".to_owned(),
        ),
        ("log.access", Written::Bool(flag), _) => {
            Some(format!("write \"{}\"", if *flag { "on" } else { "off" }))
        }
        ("server.listen", Written::Integer(_), Some(port)) => Some(format!("write \":{port}\"")),
        ("routes.*" | "routes.*.respond", Written::Integer(number), Some(status))
            if number.value.is_some_and(|status| (200..600).contains(&status)) =>
        {
            Some(format!("write {{ status = {status} }}"))
        }
        ("apps.*.restart", Written::Bool(flag), _) => {
            Some(format!("write {{ when = \"{}\" }}", if *flag { "always" } else { "never" }))
        }
        ("apps.*.run" | "apps.*" | "apps.*.port", ..) => None,
        (_, _, Some(scalar)) if row.kinds.contains(&Kind::Text) => Some(format!("in quotes: \"{scalar}\"")),
        _ => None,
    }
}

/// What is probably meant where the file is no TOML: `line` is the broken line, `written` the broken place in it.
pub(super) fn of_syntax(message: &str, line: &str, written: &str) -> Option<String> {
    let line = line.trim();
    let is_key = message.contains("key");
    if line.starts_with('{') && is_key {
        return Some("this looks like JSON: call the file onedoor.json, or write TOML: [apps], and below it NAME = \"command\"".to_owned());
    }
    if line.starts_with('/') && is_key {
        let key = line.split([' ', '=', '\t']).next().unwrap_or(line);
        return Some(format!("put the key in quotes: \"{key}\""));
    }
    if message.contains("must be quoted") && !written.is_empty() {
        let value = written.trim_end_matches(['}', ']', ' ']);
        return Some(format!("write \"{value}\""));
    }
    if line.matches('"').count() % 2 == 1 {
        return Some("a quote is missing in this line".to_owned());
    }
    if message.contains("cannot extend value of type array") {
        return Some("it is a list in brackets: what is to be in it is written there".to_owned());
    }
    if message.contains("missing comma") {
        return Some("put a comma before it".to_owned());
    }
    if is_key && line.contains(':') && !line.contains('=') {
        return Some("this looks like YAML; in TOML: [apps], and below it NAME = \"command\"".to_owned());
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
    fn a_synonym_leads_to_a_key_of_the_same_table() {
        for (ours, _) in SYNONYMS {
            assert!(catalogue::rows().any(|row| row.key() == *ours), "{ours}");
        }
        assert_eq!(synonym("cwd", catalogue::keys_of("apps.*")), Some("dir"));
        assert_eq!(synonym("cwd", catalogue::keys_of("routes.*")), None);
    }

    #[test]
    fn what_is_proposed_for_a_text_would_be_accepted() {
        let told = |path, text| of_text(row(path), text).unwrap_or_default();
        assert_eq!(told("apps.*.ready", "/healthz"), "write { path = \"/healthz\" }");
        assert_eq!(told("apps.*.port", "80"), "without the quotes: 80");
        assert_eq!(told("server.timeout.idle", "5"), "write \"5s\"");
        assert_eq!(told("server.timeout.idle", "75 seconds"), "write \"75s\"");
        assert_eq!(told("server.timeout.idle", "1h30m"), "");
        assert_eq!(told("server.limits.body", "10M"), "write \"10MiB\"");
        assert_eq!(told("server.limits.body", "10 mb"), "write \"10MB\"");
        assert_eq!(told("server.limits.body", "much"), "");
    }
}

//! The catalogue's defaults are those of `resolve`: writing one down changes nothing.

use super::fine;
use crate::config::catalogue::{self, Status};

/// The default as TOML, where it is one: `"auto"` of `"auto": the platform's`.
fn as_toml(default: &str) -> Option<&str> {
    match default.strip_prefix('"') {
        Some(inside) => inside.find('"').map(|end| &default[..end + 2]),
        None if default == "{}" || default == "[0]" || default == "true" || default == "false" => {
            Some(default)
        }
        None => default.parse::<i64>().ok().map(|_| default),
    }
}

/// A file around `key = value`, and the same file without it.
fn files(path: &str, value: &str) -> Option<(String, String)> {
    let mut parts = path.split('.');
    let (head, star) = (parts.next()?, if path.contains('*') { parts.next() } else { None });
    let keys: Vec<&str> = parts.collect();
    let (base, needed) = match (head, star, &keys[..]) {
        ("apps", Some(_), ["ready" | "live", _]) => {
            ("[apps.a]\nrun = \"x\"\npath = \"/\"\n", "path = \"/h\", ")
        }
        ("apps", Some(_), [_, ..]) => ("[apps.a]\nrun = \"x\"\npath = \"/\"\n", ""),
        ("routes", Some(_), ["respond", _]) => ("[routes.\"/a\"]\n", "body = \"x\", "),
        ("routes", Some(_), ["index" | "spa" | "cache" | "precompressed"]) => {
            ("[routes.\"/a/*\"]\nstatic = \"a\"\n", "")
        }
        ("routes", Some(_), ["status" | "headers"]) => ("[routes.\"/a\"]\nrespond = \"x\"\n", ""),
        ("routes", Some(_), ["body"]) => ("[routes.\"/a\"]\nstatus = 200\n", ""),
        ("routes", Some(_), ["host"]) => ("[routes.\"/a\"]\nproxy = \"https://h\"\n", ""),
        ("routes", Some(_), [_, ..]) => ("[apps.w]\nrun = \"w\"\n[routes.\"/a/*\"]\napp = \"w\"\n", ""),
        ("server" | "log", None, [_, ..]) => ("[apps]\nweb = \"x\"\n", ""),
        _ => return None,
    };
    let header = if star.is_none() { format!("[{head}]\n") } else { String::new() };
    match &keys[..] {
        [key] => Some((format!("{base}{header}{key} = {value}\n"), format!("{base}{header}"))),
        [table, key] => Some((
            format!("{base}{header}{table} = {{ {needed}{key} = {value} }}\n"),
            format!("{base}{header}{table} = {{ {} }}\n", needed.trim_end_matches(", ")),
        )),
        _ => None,
    }
}

#[test]
fn writing_a_default_down_changes_nothing() {
    let mut compared = Vec::new();
    for row in catalogue::rows().filter(|row| row.status == Status::Supported) {
        // `[::]:8000` written down insists on IPv6; left out, a host without it is fine.
        if row.path == "server.listen" {
            continue;
        }
        let Some((with, without)) = as_toml(row.default).and_then(|value| files(row.path, value)) else {
            continue;
        };
        let (with, without) = (format!("{:?}", fine(&with)), format!("{:?}", fine(&without)));
        let trust = |text: String| text.replace("why: Some(\"trusted_proxies\")", "why: None");
        assert_eq!(trust(with), trust(without), "{}", row.path);
        compared.push(row.path);
    }
    assert!(compared.len() >= 30, "{compared:?}");
    assert!(compared.contains(&"server.timeout.first_byte") && compared.contains(&"apps.*.restart.backoff"));
}

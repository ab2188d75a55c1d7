//! A file that is not TOML at all but JSON or YAML: said once, and put into TOML where nothing is lost by it.

use super::error::{Code, ConfigError};
use super::fix::{self, Fix};
use super::source::File;

/// What is said instead of everything the parser stumbled over.
pub(super) fn whole_file(file: &File) -> Option<ConfigError> {
    let text = file.text.trim_start_matches('\u{feff}');
    let skipped = file.text.len() - text.trim_start().len();
    let first_line = file.span(skipped..skipped + text.trim_start().lines().next().unwrap_or("").len());
    let whole = file.span(0..file.text.len());
    if text.trim_start().starts_with('{') {
        let error = ConfigError::new(Code::Syntax, first_line, "this is JSON, and the file is to be TOML");
        let toml = serde_json::from_str(text).ok().and_then(|json| toml_of_json(&json));
        let error = error.remedy("in TOML: [apps], and below it NAME = \"command\"; or call it onedoor.json");
        return Some(error.fix(toml.map(|toml| Fix::replace(whole, toml))));
    }
    if let Some(program) = program(text) {
        let Program { what, converter } = program;
        let error =
            ConfigError::new(Code::Syntax, first_line, format!("this is {what}, and no onedoor.toml"));
        return Some(error.remedy(format!("convert it: onedoor init --from {converter} FILE")));
    }
    if is_yaml(text) {
        let error = ConfigError::new(Code::Syntax, first_line, "this is YAML, and the file is to be TOML");
        let toml = yaml(text).and_then(|json| toml_of_json(&json));
        let error = error.remedy("in TOML: [apps], and below it NAME = \"command\"");
        // Comments would be lost.
        let has_comments = text.lines().any(|line| line.contains('#'));
        return Some(error.fix(toml.filter(|_| !has_comments).map(|toml| Fix::replace(whole, toml))));
    }
    None
}

/// Whose file it is, and who converts it.
struct Program {
    what: &'static str,
    converter: &'static str,
}

/// By what stands in no other file; anything of ours in it, and it is taken for ours.
fn program(text: &str) -> Option<Program> {
    let lines = || text.lines().map(str::trim);
    let begins = |starts: &[&str]| lines().any(|line| starts.iter().any(|start| line.starts_with(start)));
    if begins(&["[apps", "[routes", "[server]", "[jobs"]) {
        return None;
    }
    let opens = |line: &str| line.ends_with('{');
    if begins(&["ExecStart=", "ExecStart ="]) && begins(&["[Service]"]) {
        return Some(Program { what: "a unit of systemd", converter: "unit" });
    }
    if begins(&["proxy_pass ", "fastcgi_pass ", "server_name "]) && lines().any(opens) {
        return Some(Program { what: "nginx's configuration", converter: "nginx" });
    }
    if begins(&["reverse_proxy ", "handle_path ", "file_server"]) && lines().any(opens) {
        return Some(Program { what: "a Caddyfile", converter: "caddy" });
    }
    None
}

/// Tables below the top get headers; what is deeper stays in one line.
fn toml_of_json(json: &serde_json::Value) -> Option<String> {
    let top = json.as_object()?;
    let is_table = |value: &serde_json::Value| value.is_object();
    let mut parts = vec![lines(top.iter().filter(|(_, value)| !is_table(value)))?];
    for (key, value) in top {
        if let Some(table) = value.as_object() {
            parts.push(format!("[{}]\n{}", fix::key(key), lines(table.iter())?));
        }
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("\n"))
}

fn lines<'j>(entries: impl Iterator<Item = (&'j String, &'j serde_json::Value)>) -> Option<String> {
    let given = entries.filter(|(_, value)| !value.is_null());
    given.map(|(key, value)| Some(format!("{} = {}\n", fix::key(key), inline(value)?))).collect()
}

fn inline(value: &serde_json::Value) -> Option<String> {
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(flag) => flag.to_string(),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => fix::quoted(text),
        serde_json::Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(inline).collect();
            format!("[{}]", items?.join(", "))
        }
        serde_json::Value::Object(table) => {
            let entry = |(key, value): (&String, &serde_json::Value)| {
                Some(format!("{} = {}", fix::key(key), inline(value)?))
            };
            let entries: Option<Vec<_>> =
                table.iter().filter(|(_, value)| !value.is_null()).map(entry).collect();
            format!("{{ {} }}", entries?.join(", "))
        }
    })
}

/// `apps:` on a line of its own, indented lines below it, and not one line of TOML.
fn is_yaml(text: &str) -> bool {
    let mut lines =
        text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let opens =
        |line: &str| line.trim_end().strip_suffix(':').is_some_and(|name| !name.contains(['=', '"', ' ']));
    let is_toml = |line: &str| line.starts_with('[') || line.contains(" = ");
    lines.clone().any(|line| !line.starts_with(' ') && (opens(line) || line.starts_with("---")))
        && !lines.any(is_toml)
}

/// Maps, lists of scalars and scalars by their indentation. None: there is more to it.
fn yaml(text: &str) -> Option<serde_json::Value> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && line.trim() != "---")
        .map(|line| (line.len() - line.trim_start().len(), line.trim()))
        .collect();
    let mut at = 0;
    let value = block(&lines, &mut at)?;
    (at == lines.len()).then_some(value)
}

fn block(lines: &[(usize, &str)], at: &mut usize) -> Option<serde_json::Value> {
    let (indent, first) = *lines.get(*at)?;
    if first.starts_with("- ") {
        let mut items = Vec::new();
        while let Some((_, line)) = lines.get(*at).filter(|(depth, _)| *depth == indent) {
            let item = line.strip_prefix("- ")?;
            if item.contains(": ") && !item.starts_with(['"', '\'']) {
                return None;
            }
            items.push(scalar(item)?);
            *at += 1;
        }
        return Some(serde_json::Value::Array(items));
    }
    let mut map = serde_json::Map::new();
    while let Some((_, line)) = lines.get(*at).filter(|(depth, _)| *depth == indent) {
        let (key, value) = line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))?;
        *at += 1;
        let deeper = lines
            .get(*at)
            .is_some_and(|(depth, line)| *depth > indent || *depth == indent && line.starts_with("- "));
        let value = match value.trim() {
            "" if deeper => block(lines, at)?,
            "" => serde_json::Value::Null,
            value => scalar(value)?,
        };
        map.insert(key.trim().trim_matches(['"', '\'']).to_owned(), value);
    }
    Some(serde_json::Value::Object(map))
}

fn scalar(text: &str) -> Option<serde_json::Value> {
    let text = text.trim();
    if text.starts_with(['{', '[', '&', '*', '|', '>', '!']) {
        return serde_json::from_str(text).ok();
    }
    let inside = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    if let Some(inside) = inside('"').or_else(|| inside('\'')) {
        return Some(inside.into());
    }
    Some(match text {
        "true" | "yes" | "on" => true.into(),
        "false" | "no" | "off" => false.into(),
        "null" | "~" => serde_json::Value::Null,
        _ => text.parse::<i64>().map_or_else(|_| text.into(), Into::into),
    })
}

//! Traps: what is legal, cheaply seen, and hardly ever meant. Each becomes a warning; none stops the start.

use super::app::Draft;
use crate::apps::spec::{AppSpec, Command, PrefixMode};
use crate::config::error::{Code, ConfigError};
use crate::config::fix;
use crate::config::source::Located;
use crate::proxy::route::{Action, Ask, Details, Found, Matched, Routes};

/// More redirects than any browser follows.
const HOPS_MOST: usize = 20;

/// `:id`, `<id>`, `[id]`: what other routers call a capture, and here is plain text.
pub(super) fn foreign_capture(key: Located<&str>) -> Option<ConfigError> {
    let path = key.value.get(key.value.find('/')?..)?;
    let name = |segment: &str| {
        let name = match segment.as_bytes() {
            [b':', ..] => segment.strip_prefix(':')?,
            [b'<', ..] => segment.strip_prefix('<')?.strip_suffix('>')?,
            [b'[', ..] => segment.strip_prefix('[')?.strip_suffix(']')?,
            _ => return None,
        };
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !name.is_empty()).then(|| name.to_owned())
    };
    let (segment, name) =
        path.split('/').find_map(|segment| name(segment).map(|name| (segment.to_owned(), name)))?;
    let fact = format!("\"{segment}\" matches only itself");
    let meant = key.value.replacen(&format!("/{segment}"), &format!("/{{{name}}}"), 1);
    let trap = ConfigError::new(Code::ForeignCapture, key.span, fact);
    Some(trap.remedy(format!("any segment is written {{{name}}}")).replace(key.span, fix::quoted(&meant)))
}

/// `api/*`: what is in front of the first slash is a host, and few hosts have a name without a dot.
pub(super) fn bare_host(key: Located<&str>) -> Option<ConfigError> {
    let (method, pattern) = match key.value.split_once(' ') {
        Some((method, pattern)) => (format!("{method} "), pattern.trim_start()),
        None => (String::new(), key.value),
    };
    let host = pattern.split('/').next().filter(|host| !host.is_empty() && *host != "localhost")?;
    let is_one_word = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let fact = format!("\"{host}\" is taken for a host");
    let meant = fix::quoted(&format!("{method}/{pattern}"));
    let trap = ConfigError::new(Code::BareHost, key.span, fact);
    is_one_word.then(|| trap.remedy(format!("a path begins with a slash: {meant}")).replace(key.span, meant))
}

/// Whether a client that follows the redirects of the route written so never arrives: `"/a/*" = { redirect = "/a" }`.
pub(super) fn goes_round(routes: &Routes, written: &str) -> bool {
    let Some(Example { method, mut host, mut path }) = example(written) else { return false };
    for _ in 0..HOPS_MOST {
        let details = Details::default();
        let ask = Ask { method: method.as_bytes(), host: host.as_bytes(), path: path.as_bytes(), details };
        let Found::Route(matched) = routes.find(&ask) else { return false };
        let Some(location) = location(&matched, &path) else { return false };
        let (next_host, next_path) = match location.split_once("://") {
            Some((_, rest)) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => (host.as_str(), location.as_str()),
        };
        let next_path = next_path.split(['?', '#']).next().unwrap_or_default();
        (host, path) = (next_host.to_owned(), next_path.to_owned());
    }
    true
}

/// A request that a pattern matches; None where that takes thought.
fn example(written: &str) -> Option<Example> {
    let (method, rest) = written.split_once(' ').unwrap_or(("GET", written));
    let (host, path) = rest.split_at(rest.find('/')?);
    if path.contains('{') {
        return None;
    }
    let path = match path.strip_suffix('*') {
        Some(start) => format!("{start}x"),
        None => path.to_owned(),
    };
    Some(Example { method: method.to_owned(), host: host.replace('*', "a"), path })
}

struct Example {
    method: String,
    host: String,
    path: String,
}

fn location(matched: &Matched<'_>, path: &str) -> Option<String> {
    let Action::Redirect(redirect) = &matched.route.action else { return None };
    let mut location = Vec::new();
    redirect.location(matched, path.as_bytes(), None, &mut location);
    String::from_utf8(location).ok()
}

/// A command that sends its work to the background, and a prefix cut off for a framework that wants to see it.
pub(super) fn of_app(app: &AppSpec, draft: &Draft<'_>) -> Option<ConfigError> {
    let name = &app.name;
    let run = draft.run.map_or(draft.name.span, |run| run.span);
    let (line, in_shell) = match &app.command {
        Command::Shell(line) => (line.clone(), line.trim_end().ends_with('&')),
        Command::Exec(words) => (words.join(" "), false),
    };
    let is_daemon = line.split_ascii_whitespace().any(|word| word == "--daemon" || word == "--daemonize");
    if in_shell || is_daemon {
        let sign = if in_shell { "&" } else { "--daemon" };
        let fact = format!("app \"{name}\" goes to the background and will seem to have ended");
        let trap = ConfigError::new(Code::Background, run, fact);
        return Some(trap.remedy(format!("leave {sign} out: onedoor itself keeps it running")));
    }
    let is_next = line.contains(".next/standalone") || line.contains("next start");
    let wants_prefix = is_next && app.prefix_mode == PrefixMode::Stripped;
    wants_prefix.then(|| {
        let fact = format!("app \"{name}\": Next.js wants to see its prefix (basePath)");
        let section = draft.section;
        let place = section.and_then(|section| section.key("strip").or_else(|| section.key("rewrite")));
        let trap = ConfigError::new(Code::PrefixStripped, place.unwrap_or(run), fact);
        trap.remedy("leave strip and rewrite out")
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, check_text};

    fn warnings(text: &str) -> Vec<String> {
        let loaded = check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
        loaded.warnings.lines().collect()
    }

    #[test]
    fn a_pattern_without_its_slash_is_taken_for_a_host_and_a_real_host_is_one() {
        let around = |key: &str| warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\" }}"));
        assert!(around("api/*")[0].contains("a path begins with a slash: \"/api/*\""));
        assert!(around("GET api/*")[0].contains("\"GET /api/*\""));
        for host in ["localhost/*", "api.example/*", "*.example/*", "/api/*", "GET /api"] {
            assert_eq!(around(host), [""; 0], "{host}");
        }
    }

    #[test]
    fn a_redirect_that_comes_back_to_itself_is_a_trap() {
        let around = |routes: &str| warnings(&format!("[routes]\n{routes}")).len();
        assert_eq!(around("\"/a\" = { redirect = \"/a\" }"), 1);
        assert_eq!(around("\"/a/*\" = { redirect = \"/a\" }"), 1);
        assert_eq!(around("\"/*\" = { redirect = \"/new\" }"), 1, "it grows for ever");
        assert_eq!(around("\"/a\" = { redirect = \"/b?x\" }\n\"/b\" = { redirect = \"/a\" }"), 2);
        assert_eq!(around("\"h.example/*\" = { redirect = \"https://h.example\" }"), 1);
        assert_eq!(around("\"www.h.example/*\" = { redirect = \"https://h.example\" }"), 0);
        assert_eq!(around("\"/old/*\" = { redirect = \"/new\" }"), 0);
        assert_eq!(around("\"/a\" = { redirect = \"/a/\" }"), 0);
        assert_eq!(around("\"/*\" = { redirect = \"https://h.example\" }"), 1, "of its own host, too");
    }

    #[test]
    fn a_capture_in_the_spelling_of_another_router_is_a_trap() {
        for key in ["/u/:id", "GET /u/<id>/x", "h.example/u/[id]"] {
            let said = warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\" }}"));
            assert_eq!(said.len(), 1, "{key}");
            assert!(said[0].contains("any segment is written {id}"), "{said:?}");
        }
        assert_eq!(warnings("[routes]\n\"/a:b/x:y\" = { respond = \"\" }"), [""; 0]);
    }

    #[test]
    fn a_command_that_goes_to_the_background_and_a_stripped_next_are_traps() {
        let about = |app: &str| warnings(&format!("[apps.a]\npath = \"/a\"\n{app}"));
        assert_eq!(about("run = \"node x.js &\"").len(), 1);
        assert_eq!(about("run = \"gunicorn a --daemon\"").len(), 1);
        assert_eq!(about("run = \"a && b\"").len(), 0);
        assert_eq!(about("run = \"node .next/standalone/server.js\"\nstrip = true").len(), 1);
        assert_eq!(about("run = \"node .next/standalone/server.js\"").len(), 0);
    }
}

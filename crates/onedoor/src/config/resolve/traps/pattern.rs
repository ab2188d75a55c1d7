//! Patterns in the spelling of another router, or without their slash.

use crate::config::error::{Code, ConfigError};
use crate::config::fix;
use crate::config::source::Located;
use crate::proxy::route::EncodedSlashPolicy;

/// `:id`, `<id>`, `[id]`: what other routers call a capture, and here is plain text.
pub(in crate::config::resolve) fn foreign_capture(key: Located<&str>) -> Option<ConfigError> {
    let path = key.value.get(key.value.find('/')?..)?;
    let name = |segment: &str| {
        if let Some(name) = typed(segment) {
            return Some(name);
        }
        let name = match segment.as_bytes() {
            [b':', ..] => segment.strip_prefix(':')?,
            [b'<', ..] => segment.strip_prefix('<')?.strip_suffix('>')?,
            [b'$', ..] => segment.strip_prefix('$')?,
            [b'[', ..] => segment.strip_prefix('[')?.strip_suffix(']')?,
            _ => return None,
        };
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !name.is_empty()).then(|| name.to_owned())
    };
    let (segment, name) =
        path.split('/').find_map(|segment| name(segment).map(|name| (segment.to_owned(), name)))?;
    let fact = match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')?.split_once(':')) {
        Some((_, word)) => {
            format!("\"{segment}\" matches only the word \"{word}\": behind the colon is a regex")
        }
        None => format!("\"{segment}\" matches only itself"),
    };
    let meant = key.value.replacen(&format!("/{segment}"), &format!("/{{{name}}}"), 1);
    let trap = ConfigError::new(Code::ForeignCapture, key.span, fact);
    Some(
        trap.remedy(format!("a part of the path is written {{{name}}}"))
            .replace(key.span, fix::quoted(&meant)),
    )
}

/// `{id:int}`, `<int:id>`: the types of other routers, and how they are said here.
fn typed(segment: &str) -> Option<String> {
    let braces = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')?.split_once(':'));
    let angles = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')?.split_once(':'));
    let (name, kind) = braces.or_else(|| angles.map(|(kind, name)| (name, kind)))?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(())?;
    Some(match kind {
        "int" | "integer" | "number" => format!("{name}:[0-9]+"),
        "str" | "string" | "slug" | "uuid" => name.to_owned(),
        "path" => format!("{name}..."),
        _ => return None,
    })
}

/// `api/*`: what is in front of the first slash is a host, and few hosts have a name without a dot.
pub(in crate::config::resolve) fn bare_host(key: Located<&str>) -> Option<ConfigError> {
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

/// `/a%2Fb`: apps and people read a slash there, and the door never does.
pub(in crate::config::resolve) fn encoded_slash(
    key: Located<&str>,
    policy: EncodedSlashPolicy,
) -> Option<ConfigError> {
    let at = key.value.find("%2F").or_else(|| key.value.find("%2f"))?;
    let escape = key.value.get(at..at + 3)?;
    let meant = key.value.replace(escape, "/");
    let fact = match policy {
        EncodedSlashPolicy::Keep => {
            format!("{escape} is no slash here: this matches only a path that has it encoded")
        }
        EncodedSlashPolicy::Reject => {
            format!("{escape} in a path is refused here by encoded_slash = \"reject\": this never matches")
        }
    };
    let trap = ConfigError::new(Code::EncodedSlash, key.span, fact);
    Some(
        trap.remedy(format!("for a slash write one: {}", fix::quoted(&meant)))
            .replace(key.span, fix::quoted(&meant)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

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
    fn a_capture_in_the_spelling_of_another_router_is_a_trap() {
        for (key, meant) in
            [("/u/{id:int}", "{id:[0-9]+}"), ("/u/<int:id>", "{id:[0-9]+}"), ("/u/<path:x>", "{x...}")]
        {
            let said = warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\" }}"));
            assert!(said.len() == 1 && said[0].contains(meant), "{key}: {said:?}");
        }
        assert_eq!(warnings("[routes]\n\"/u/{id:[a-z]+}\" = { respond = \"\" }"), [""; 0]);
        for key in ["/u/:id", "GET /u/<id>/x", "h.example/u/[id]", "/u/$id"] {
            let said = warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\" }}"));
            assert_eq!(said.len(), 1, "{key}");
            assert!(said[0].contains("a part of the path is written {id}"), "{said:?}");
        }
        assert_eq!(warnings("[routes]\n\"/a:b/x:y\" = { respond = \"\" }"), [""; 0]);
    }

    #[test]
    fn an_encoded_slash_in_a_pattern_is_a_trap() {
        let around =
            |key: &str, more: &str| warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\"{more} }}"));
        assert!(around("/a%2Fb", "")[0].contains("write one: \"/a/b\""));
        assert!(around("/a%2fb/*", ", encoded_slash = \"reject\"")[0].contains("this never matches"));
        assert_eq!(around("/a%20b", ""), [""; 0]);
    }
}

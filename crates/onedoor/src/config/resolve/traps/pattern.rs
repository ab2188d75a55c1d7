//! Patterns in the spelling of another router, or without their slash.

use crate::config::error::{Code, ConfigError};
use crate::config::fix;
use crate::config::source::Located;

/// `:id`, `<id>`, `[id]`: what other routers call a capture, and here is plain text.
pub(in crate::config::resolve) fn foreign_capture(key: Located<&str>) -> Option<ConfigError> {
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
        for key in ["/u/:id", "GET /u/<id>/x", "h.example/u/[id]"] {
            let said = warnings(&format!("[routes]\n\"{key}\" = {{ respond = \"\" }}"));
            assert_eq!(said.len(), 1, "{key}");
            assert!(said[0].contains("any segment is written {id}"), "{said:?}");
        }
        assert_eq!(warnings("[routes]\n\"/a:b/x:y\" = { respond = \"\" }"), [""; 0]);
    }
}

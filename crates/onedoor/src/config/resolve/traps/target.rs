//! What a path is to become, in the spelling of another router: `$id`, `$1`, `:id`, `<id>` are plain text here.

use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::source::Located;
use crate::proxy::route::Pattern;

/// Variables of other servers, and what stands for them here.
const VARIABLES: [(&str, &str); 8] = [
    ("$request_uri", "the rest of the path and the query are kept below a `/*`"),
    ("$uri", "the rest of the path is kept below a `/*`"),
    ("$is_args$args", "the query is kept anyway"),
    ("$query_string", "the query is kept anyway"),
    ("$args", "the query is kept anyway"),
    ("$http_host", "name the host: \"https://example.com\""),
    ("$host", "name the host: \"https://example.com\""),
    ("$scheme", "name the scheme: \"https://example.com\""),
];

/// `to`: of `rewrite` or `redirect`.
pub(in crate::config::resolve) fn trap(pattern: &Pattern, to: Located<&str>) -> Option<ConfigError> {
    let told = |word: &str| {
        let fact = format!("\"{word}\" is sent as it stands: it stands for nothing here");
        ConfigError::new(Code::ForeignCapture, to.span, fact)
    };
    if let Some((variable, instead)) = VARIABLES.iter().find(|(variable, _)| to.value.contains(variable)) {
        let kept = ["$request_uri", "$uri", "$is_args$args", "$query_string", "$args"];
        let without = to.value.replace(variable, "");
        let without = without.trim_end_matches(['/', '?']);
        let is_whole = kept.contains(variable) && pattern.mount_prefix().is_some() && !without.contains('$');
        let trap = told(variable).remedy(*instead);
        let has_path =
            without.starts_with('/') || without.split_once("://").is_some_and(|(_, host)| !host.is_empty());
        return Some(if is_whole && has_path { trap.replace(to.span, quoted(without)) } else { trap });
    }
    let (word, name) = foreign(to.value)?;
    let captures: Vec<&str> = pattern.captures().collect();
    let by_number = name.parse::<usize>().ok().and_then(|number| captures.get(number.checked_sub(1)?));
    let meant = captures.iter().find(|capture| **capture == name).or(by_number);
    let trap = told(word);
    Some(match (meant, &captures[..]) {
        (Some(capture), _) => {
            let text = quoted(&to.value.replacen(word, &format!("{{{capture}}}"), 1));
            trap.remedy(format!("a part of the path is written {{{capture}}}")).replace(to.span, text)
        }
        (None, []) => trap.remedy(format!(
            "name the part in the pattern, as in \"/x/{{{}}}\", and write it so here",
            a_name(name)
        )),
        (None, known) => trap.remedy(format!("there are: {{{}}}", known.join("}, {"))),
    })
}

/// A number is no name.
fn a_name(name: &str) -> &str {
    if name.starts_with(|first: char| first.is_ascii_digit()) { "rest" } else { name }
}

/// The first such word, and the name in it.
fn foreign(text: &str) -> Option<(&str, &str)> {
    let path = match text.find("://") {
        Some(at) => &text[at + 3..],
        None => text,
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let dollar = path.match_indices('$').find_map(|(at, _)| {
        let length = path[at + 1..].bytes().take_while(|byte| is_name(*byte)).count();
        (length > 0).then(|| (&path[at..at + 1 + length], &path[at + 1..at + 1 + length]))
    });
    let whole = || {
        path.split('/').skip(1).find_map(|segment| {
            let name = segment.strip_prefix(':').or_else(|| segment.strip_prefix('<')?.strip_suffix('>'))?;
            (!name.is_empty() && name.bytes().all(is_name)).then_some((segment, name))
        })
    };
    dollar.or_else(whole)
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    fn about(key: &str, target: &str) -> Vec<String> {
        warnings(&format!("[routes]\n\"{key}\" = {{ {target} }}\n"))
    }

    #[test]
    fn a_capture_of_another_router_in_a_rewrite_or_redirect_is_a_trap() {
        for (key, target, meant) in [
            ("/x/{id}", "proxy = \"http://h\", rewrite = \"/y/$id\"", "is written {id}"),
            ("/x/{id}", "proxy = \"http://h\", rewrite = \"/y/$1\"", "is written {id}"),
            ("/x/{id}", "proxy = \"http://h\", rewrite = \"/y/:id\"", "is written {id}"),
            ("/x/{id}", "redirect = \"https://h.example/<id>\"", "is written {id}"),
            ("/x/{a}/{b}", "redirect = \"/y/$c\"", "there are: {a}, {b}"),
            ("/x", "redirect = \"/y/$1\"", "\"/x/{rest}\""),
            ("/x/*", "redirect = \"/y$request_uri\"", "are kept"),
        ] {
            let said = about(key, target);
            assert_eq!(said.len(), 1, "{key} {target}: {said:?}");
            assert!(said[0].contains(meant), "{said:?}");
        }
    }

    #[test]
    fn what_is_plain_text_by_its_look_is_none() {
        for target in [
            "redirect = \"https://h.example:8443/y\"",
            "redirect = \"/a:b\"",
            "redirect = \"/price/$\"",
            "redirect = \"/{id}\"",
        ] {
            assert_eq!(about("/x/{id}", target), [""; 0], "{target}");
        }
    }
}

//! Paths as other doors write them, nginx's `location` above all, as patterns of ours. Only proposes.

/// What was probably meant, and what is to be known of it.
pub(super) struct Meant {
    pub(super) pattern: String,
    pub(super) note: &'static str,
}

/// The same for an app's `path`, which is a mount in any case.
pub(super) fn of_mount(text: &str) -> Option<Meant> {
    let Meant { pattern, note } = of_route(text)?;
    let mount = pattern.strip_suffix("/*").unwrap_or(&pattern);
    let mount = if mount.is_empty() { "/" } else { mount };
    (!mount.contains('{')).then(|| Meant { pattern: mount.to_owned(), note })
}

/// `GET,POST /x`, `GET|POST /x`
pub(super) fn names_methods(key: &str) -> bool {
    let is_method = |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let methods = key.split_once(" /").map_or("", |(methods, _)| methods);
    let mut words = methods.split([',', '|', ' ']).filter(|word| !word.is_empty());
    methods.contains([',', '|', ' ']) && words.clone().count() > 1 && words.all(is_method)
}

/// `= /x`, `^~ /x/`, `~ ^/x/`, `~* ^/x/`, `location /x/ {`, `^/x(/.*)?$`. None: it is none of these, or has no counterpart.
pub(super) fn of_route(text: &str) -> Option<Meant> {
    let text = text.trim();
    let bare = text.strip_prefix("location ").map(|rest| rest.trim_end_matches(['{', ' '])).unwrap_or(text);
    let bare = bare.trim();
    if let Some(path) = bare.strip_prefix('=').map(str::trim_start).filter(|path| path.starts_with('/')) {
        return plain(path, "");
    }
    if let Some(path) = bare.strip_prefix("^~").map(str::trim_start).filter(|path| path.starts_with('/')) {
        return below(path, "");
    }
    let (regex, note) = match (bare.strip_prefix("~*"), bare.strip_prefix('~')) {
        (Some(regex), _) => (regex, "; upper and lower case differ here"),
        (None, Some(regex)) => (regex, ""),
        (None, None) if bare.starts_with("^/") => (bare, ""),
        (None, None) if bare.len() < text.len() && bare.starts_with('/') => return below(bare, ""),
        (None, None) => return None,
    };
    of_regex(regex.trim(), note)
}

fn plain(path: &str, note: &'static str) -> Option<Meant> {
    is_plain(path).then(|| Meant { pattern: path.to_owned(), note })
}

fn below(path: &str, note: &'static str) -> Option<Meant> {
    is_plain(path).then(|| Meant { pattern: format!("{}/*", path.trim_end_matches('/')), note })
}

/// Segments of a regex that begins at the path's beginning; each is a text, or a capture of ours.
fn of_regex(regex: &str, note: &'static str) -> Option<Meant> {
    let inside = regex.strip_prefix('^')?;
    let (inside, is_closed) = match inside.strip_suffix('$') {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    let rest = ["(/.*)?", "(/|$)", "/.*", "/(.*)", "/.+", "/(.+)", "/", ".*", "(.*)"];
    let (path, is_subtree) = match rest.iter().find_map(|rest| inside.strip_suffix(rest)) {
        Some(path) if inside.ends_with('/') && is_closed => (path, false),
        Some(path) => (path, true),
        None => (inside, !is_closed),
    };
    let mut pattern = String::new();
    let mut captures = 0_u8;
    for segment in path.split('/').skip(1) {
        let text = segment.replace("\\.", ".").replace("\\-", "-");
        if is_plain_segment(&text) {
            pattern.push('/');
            pattern.push_str(&text);
            continue;
        }
        let regex = segment.strip_prefix('(').and_then(|regex| regex.strip_suffix(')')).unwrap_or(segment);
        if regex.contains(['(', ')', '{', '}', '/']) {
            return None;
        }
        captures += 1;
        let name = if captures == 1 { "x".to_owned() } else { format!("x{captures}") };
        pattern.extend(["/{", &name, ":", regex, "}"]);
    }
    if pattern.is_empty() && !path.is_empty() {
        return None;
    }
    if is_subtree {
        pattern.push_str("/*");
    } else if pattern.is_empty() {
        pattern.push('/');
    }
    Some(Meant { pattern, note })
}

fn is_plain(path: &str) -> bool {
    path.split('/').all(is_plain_segment)
}

fn is_plain_segment(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%:@!,".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::route::Pattern;

    #[test]
    fn a_location_of_nginx_is_a_pattern_of_ours() {
        let table = [
            ("= /health", "/health"),
            ("=/health", "/health"),
            ("^~ /static/", "/static/*"),
            ("location /api/ {", "/api/*"),
            ("location = /x", "/x"),
            ("~ ^/api/", "/api/*"),
            ("~* ^/images/.*", "/images/*"),
            ("~ ^/api(/.*)?$", "/api/*"),
            ("^/api", "/api/*"),
            ("^/$", "/"),
            ("~ ^/users/([0-9]+)$", "/users/{x:[0-9]+}"),
            ("~ ^/(en|de)/docs/", "/{x:en|de}/docs/*"),
            ("~ ^/robots\\.txt$", "/robots.txt"),
        ];
        for (text, ours) in table {
            let meant = of_route(text).map(|meant| meant.pattern);
            assert_eq!(meant.as_deref(), Some(ours), "{text}");
            assert!(Pattern::parse(ours).is_ok(), "{ours}");
        }
    }

    #[test]
    fn an_app_has_a_mount_of_it() {
        let mount = |text| of_mount(text).map(|meant| meant.pattern);
        assert_eq!(mount("^/api").as_deref(), Some("/api"));
        assert_eq!(mount("= /x").as_deref(), Some("/x"));
        assert_eq!(mount("~ ^/").as_deref(), Some("/"));
        assert_eq!(mount("~ ^/([0-9]+)$"), None);
    }

    #[test]
    fn several_methods_are_told_from_one() {
        assert!(names_methods("GET,POST /x") && names_methods("GET|POST /x"));
        assert!(!names_methods("GET /x") && !names_methods("ANY /x") && !names_methods("/a b/c"));
    }

    #[test]
    fn what_has_no_counterpart_is_left_alone() {
        for text in ["~ \\.php$", "/x", "~", "", "@fallback", "GET /x", "~ ^/a((b)c)/", "= x", "~ ^api"] {
            assert!(of_route(text).is_none(), "{text}");
        }
    }
}

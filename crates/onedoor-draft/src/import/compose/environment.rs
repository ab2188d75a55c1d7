//! Environment: Compose's `${VAR}` as onedoor's, and the addresses of other services as what they are in one container.

/// What the names of other services mean from now on.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    /// In this container.
    pub(super) inside: Vec<Sibling>,
    /// Services that stay containers of their own.
    pub(super) outside: Vec<String>,
}

/// A service that is an app beside the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sibling {
    pub(super) name: String,
    pub(super) port: Option<Move>,
}

/// Where it listened, and where it does now: in one container no two can listen at the same port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) from: u16,
    pub(super) to: u16,
}

/// What became of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turned {
    Same(String),
    /// It named a service that is an app beside it now.
    Here(String),
    /// It names a service that stays outside.
    Outside {
        value: String,
        host: String,
    },
}

/// `$VAR` and `${VAR-x}` as `${VAR:-x}`; the rest is the same language.
pub(super) fn interpolated(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut left = text;
    while let Some((before, after)) = left.split_once('$') {
        made.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            made.push_str("$$");
            left = after;
        } else if let Some((inside, after)) =
            after.strip_prefix('{').and_then(|inside| inside.split_once('}'))
        {
            made.extend(["${", &operator(inside), "}"]);
            left = after;
        } else {
            let end = after
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(after.len());
            match end {
                0 => made.push('$'),
                _ => made.extend(["${", &after[..end], ":-}"]),
            }
            left = &after[end..];
        }
    }
    made + left
}

/// `VAR-x` is `VAR:-x` but for an empty VAR; `VAR+x` is nothing of onedoor's.
fn operator(inside: &str) -> String {
    let end =
        inside.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    match rest.chars().next() {
        Some('-' | '?') => format!("{name}:{rest}"),
        Some('+') => format!("{name}:-"),
        _ if rest.starts_with(":+") => format!("{name}:-"),
        _ => inside.to_owned(),
    }
}

impl Siblings {
    /// The value of a variable, with the addresses in it.
    pub(super) fn turn(&self, name: &str, value: &str) -> Turned {
        let value = interpolated(value);
        for Sibling { name: host, port } in &self.inside {
            let Some(at) = host_in(&value, host) else { continue };
            let (before, after) = (&value[..at], &value[at + host.len()..]);
            let moved = |rest: &str| {
                let port = (*port)?;
                let rest = rest.strip_prefix(&port.from.to_string())?;
                let is_longer = rest.starts_with(|next: char| next.is_ascii_digit());
                (!is_longer).then(|| format!("{before}127.0.0.1:{}{rest}", port.to))
            };
            match (after.strip_prefix(':'), port) {
                (Some(rest), _) => {
                    let same = || format!("{before}127.0.0.1{after}");
                    return Turned::Here(moved(rest).unwrap_or_else(same));
                }
                (None, Some(port)) if before.ends_with("://") => {
                    return Turned::Here(format!("{before}127.0.0.1:{}{after}", port.to));
                }
                _ if before.ends_with("://") || value == *host => {
                    return Turned::Here(format!("{before}127.0.0.1{after}"));
                }
                _ => {}
            }
        }
        let outside = self.outside.iter().find(|host| {
            host_in(&value, host).is_some_and(|at| {
                let after = &value[at + host.len()..];
                value == **host || after.starts_with(':') || value[..at].ends_with(['/', '@'])
            })
        });
        match outside {
            Some(host) if !value.contains(['$', '}']) => {
                Turned::Outside { value: format!("${{{name}:-{value}}}"), host: host.clone() }
            }
            Some(host) => Turned::Outside { value, host: host.clone() },
            None => Turned::Same(value),
        }
    }
}

/// Where the name stands by itself, at the start or behind `/`, `@` or `,`.
fn host_in(value: &str, host: &str) -> Option<usize> {
    value.match_indices(host).map(|(at, _)| at).find(|at| {
        let before = value[..*at].chars().next_back();
        let after = value[at + host.len()..].chars().next();
        before.is_none_or(|letter| matches!(letter, '/' | '@' | ','))
            && after.is_none_or(|letter| matches!(letter, ':' | '/' | ',' | '?'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_written_as_onedoor_reads_them() {
        for (text, expected) in [
            ("$HOME/x", "${HOME:-}/x"),
            ("${A}", "${A}"),
            ("${A-b}", "${A:-b}"),
            ("${A:?why}", "${A:?why}"),
            ("${A:+x}", "${A:-}"),
            ("$$PATH 5$", "$$PATH 5$"),
        ] {
            assert_eq!(interpolated(text), expected);
        }
    }

    #[test]
    fn addresses_of_siblings_are_here_and_those_of_others_can_be_said_from_outside() {
        let port = Some(Move { from: 8000, to: 8001 });
        let siblings = Siblings {
            inside: vec![Sibling { name: "api".into(), port }],
            outside: vec!["db".into(), "redis".into()],
        };
        for (value, expected) in [
            ("http://api:8000/x", Turned::Here("http://127.0.0.1:8001/x".into())),
            ("http://api", Turned::Here("http://127.0.0.1:8001".into())),
            ("api:8000", Turned::Here("127.0.0.1:8001".into())),
            ("api:9000", Turned::Here("127.0.0.1:9000".into())),
            ("rapid", Turned::Same("rapid".into())),
            ("/api/x", Turned::Same("/api/x".into())),
            (
                "redis://redis:6379/0",
                Turned::Outside { value: "${U:-redis://redis:6379/0}".into(), host: "redis".into() },
            ),
            ("db", Turned::Outside { value: "${U:-db}".into(), host: "db".into() }),
            (
                "postgres://u:${P}@db/x",
                Turned::Outside { value: "postgres://u:${P}@db/x".into(), host: "db".into() },
            ),
        ] {
            assert_eq!(siblings.turn("U", value), expected, "{value}");
        }
    }
}

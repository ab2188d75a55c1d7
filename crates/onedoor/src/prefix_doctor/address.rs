//! Where a reference on a page leads, as a browser would have it (RFC 3986 5.2, the URL standard's few exceptions).

/// A path is absolute and keeps its query; a fragment is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// To this path on the door.
    Here(String),
    /// To a port of this machine that is not the door's: nobody outside gets there.
    Private(String),
    /// To another site, into the page itself, or nowhere.
    Elsewhere,
}

/// A page's own address: the host it was asked for, and its path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'a> {
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

impl Base<'_> {
    pub(super) fn leads(&self, reference: &str) -> Leads {
        let reference = reference.trim();
        let reference = reference.split('#').next().unwrap_or_default();
        if reference.is_empty() {
            return Leads::Elsewhere;
        }
        if let Some((scheme, rest)) = scheme_of(reference) {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" | "ws" | "wss" => self.of_authority(rest.strip_prefix("//").unwrap_or(rest)),
                _ => Leads::Elsewhere,
            };
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return self.of_authority(rest);
        }
        if reference.starts_with('/') {
            return Leads::Here(without_dots(reference));
        }
        let path = self.path.split('?').next().unwrap_or_default();
        if reference.starts_with('?') {
            return Leads::Here(format!("{path}{reference}"));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Leads::Here(without_dots(&format!("{folder}/{reference}")))
    }

    fn of_authority(&self, rest: &str) -> Leads {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.eq_ignore_ascii_case(self.host) {
            return Leads::Here(without_dots(if path.starts_with('/') { path } else { "/" }));
        }
        let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
        match name {
            "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" => Leads::Private(format!("{authority}{path}")),
            _ => Leads::Elsewhere,
        }
    }
}

/// Whether `path` lies at the mount or below it, by whole segments.
pub(super) fn is_within(path: &str, mount: &str) -> bool {
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

fn scheme_of(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

/// RFC 3986 5.2.4. The query stays.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if segments.peek().is_none() {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_leads_where_a_browser_would_go() {
        let base = Base { host: "localhost:8000", path: "/shop/list?page=1" };
        let here = |path: &str| Leads::Here(path.to_owned());
        for (reference, leads) in [
            ("a.js", here("/shop/a.js")),
            ("./a.js?v=1#x", here("/shop/a.js?v=1")),
            ("../a.js", here("/a.js")),
            ("../../../a.js", here("/a.js")),
            ("?page=2", here("/shop/list?page=2")),
            ("/a.js", here("/a.js")),
            ("/a/./b/..", here("/a/")),
            ("http://LOCALHOST:8000/x", here("/x")),
            ("//localhost:8000", here("/")),
            ("ws://localhost:8000/x", here("/x")),
            ("http://localhost:5173/x", Leads::Private("localhost:5173/x".to_owned())),
            ("https://example.com/x", Leads::Elsewhere),
            ("//cdn.example.com/x", Leads::Elsewhere),
            ("data:image/png;base64,/9j", Leads::Elsewhere),
            ("javascript:void(0)", Leads::Elsewhere),
            ("mailto:a@example.com", Leads::Elsewhere),
            ("#top", Leads::Elsewhere),
            ("", Leads::Elsewhere),
        ] {
            assert_eq!(base.leads(reference), leads, "{reference}");
        }
    }

    #[test]
    fn a_mount_ends_at_a_segment() {
        for (path, within) in
            [("/shop", true), ("/shop/x", true), ("/shop?x", true), ("/shopping", false), ("/", false)]
        {
            assert_eq!(is_within(path, "/shop"), within, "{path}");
        }
    }
}

//! What comes back from behind a strip: the upstream does not know its prefix, so the paths it names get it back.
//!
//! Location and Content-Location (RFC 9110 10.2.2, 8.7) and the Path of cookies (RFC 6265 5.2.4). A path that
//! already begins with the prefix was made by an app that reads X-Forwarded-Prefix, and stays; so does everything
//! that points to somebody else's host.

use onedoor_http1::FieldKind;

/// The strip of one request, looked at from behind.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Repair<'r> {
    /// What was cut off, without a final slash: `/google`.
    pub(in crate::proxy) prefix: &'r [u8],
    /// The path of the proxy URL that was joined in front, without a final slash; mostly empty.
    pub(in crate::proxy) base: &'r [u8],
    /// The Host that the upstream saw: an absolute URL to it is one to us.
    pub(in crate::proxy) authority: &'r [u8],
}

impl Repair<'_> {
    /// The mended value, or None if it is fine as it is.
    pub(in crate::proxy) fn mend(&self, kind: FieldKind, value: &[u8]) -> Option<Vec<u8>> {
        match kind {
            FieldKind::Location | FieldKind::ContentLocation => self.mend_reference(value),
            FieldKind::SetCookie => self.mend_cookie(value),
            _ => None,
        }
    }

    /// An absolute URL to the upstream itself becomes a path: it is the client who knows our scheme and port.
    fn mend_reference(&self, value: &[u8]) -> Option<Vec<u8>> {
        if value.starts_with(b"/") && !value.starts_with(b"//") {
            return self.mend_path(value);
        }
        let rest = after_scheme(value)?;
        let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !authority.eq_ignore_ascii_case(self.authority) {
            return None;
        }
        if path.starts_with(b"/") {
            return Some(self.mend_path(path).unwrap_or_else(|| path.to_vec()));
        }
        Some([self.prefix, b"/", path].concat())
    }

    fn mend_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        if is_below(path, self.prefix) {
            return None;
        }
        let inner = if is_below(path, self.base) { &path[self.base.len()..] } else { path };
        // `/base` alone is the mount itself.
        let slash: &[u8] = if inner.starts_with(b"/") { b"" } else { b"/" };
        Some([self.prefix, slash, inner].concat())
    }

    fn mend_cookie(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut mended = Vec::with_capacity(value.len() + self.prefix.len());
        let mut changed = false;
        for (index, part) in value.split(|byte| *byte == b';').enumerate() {
            if index > 0 {
                mended.push(b';');
            }
            match path_attribute(part).filter(|_| index > 0).and_then(|path| self.mend_path(path)) {
                Some(path) => {
                    // `Path=/google/` would not match `/google`, which is the mount as well.
                    let path = path.strip_suffix(b"/").unwrap_or(&path);
                    mended.extend_from_slice(b" Path=");
                    mended.extend_from_slice(path);
                    changed = true;
                }
                None => mended.extend_from_slice(part),
            }
        }
        changed.then_some(mended)
    }
}

fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let starts =
        |scheme: &[u8]| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    [&b"http://"[..], b"https://", b"//"]
        .iter()
        .find(|scheme| starts(scheme))
        .map(|scheme| &value[scheme.len()..])
}

/// Whether `path` is `prefix` or lies below it, by whole segments.
fn is_below(path: &[u8], prefix: &[u8]) -> bool {
    !prefix.is_empty()
        && path.strip_prefix(prefix).is_some_and(|rest| rest.first().is_none_or(|byte| b"/?#".contains(byte)))
}

fn path_attribute(part: &[u8]) -> Option<&[u8]> {
    let part = part.trim_ascii();
    let (name, value) = part.split_at_checked(b"path=".len())?;
    (name.eq_ignore_ascii_case(b"path=") && value.starts_with(b"/")).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(kind: FieldKind, base: &str, value: &str) -> String {
        let repair = Repair { prefix: b"/a", base: base.as_bytes(), authority: b"up.test:81" };
        let mended = repair.mend(kind, value.as_bytes());
        String::from_utf8(mended.unwrap_or_else(|| value.into())).unwrap()
    }

    #[test]
    fn a_location_gets_its_prefix_back() {
        let table = [
            ("/login?next=%2F", "/a/login?next=%2F"),
            ("/", "/a/"),
            ("/a/login", "/a/login"),
            ("/a", "/a"),
            ("/a?x", "/a?x"),
            ("/ab", "/a/ab"),
            ("http://up.test:81/x", "/a/x"),
            ("HTTPS://UP.test:81", "/a/"),
            ("http://up.test:81?q", "/a/?q"),
            ("//up.test:81/x", "/a/x"),
            ("http://up.test/x", "http://up.test/x"),
            ("https://other.test/x", "https://other.test/x"),
            ("//other.test/x", "//other.test/x"),
            ("relative", "relative"),
            ("", ""),
        ];
        for (value, expected) in table {
            assert_eq!(mended(FieldKind::Location, "", value), expected, "{value}");
        }
    }

    #[test]
    fn the_base_of_the_proxy_url_is_cut_off_again() {
        for (value, expected) in
            [("/base/x", "/a/x"), ("/base", "/a/"), ("/other", "/a/other"), ("/based", "/a/based")]
        {
            assert_eq!(mended(FieldKind::Location, "/base", value), expected, "{value}");
        }
    }

    #[test]
    fn a_cookie_is_bound_to_the_prefix() {
        let table = [
            ("s=1; Path=/; HttpOnly", "s=1; Path=/a; HttpOnly"),
            ("s=1;path=/x", "s=1; Path=/a/x"),
            ("s=1; Path=/a/x", "s=1; Path=/a/x"),
            ("s=1; HttpOnly", "s=1; HttpOnly"),
            ("path=/; Path=/", "path=/; Path=/a"),
            ("s=1; Path=", "s=1; Path="),
        ];
        for (value, expected) in table {
            assert_eq!(mended(FieldKind::SetCookie, "", value), expected, "{value}");
        }
    }

    #[test]
    fn other_fields_are_left_alone() {
        assert_eq!(mended(FieldKind::Link, "", "</x>"), "</x>");
    }
}

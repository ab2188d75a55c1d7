//! Set-Cookie: a cookie is bound to its app's mount, and to a host that the browser has asked.

use super::Repair;
use super::patch::Patch;

impl Repair<'_> {
    pub(super) fn mend_cookie(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut patch = Patch::of(value);
        let mut parts = value.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let mut start = pair.len();
        for part in parts {
            let end = start + 1 + part.len();
            match Attribute::of(part) {
                // A browser takes such a cookie with no other path (RFC 6265bis 4.1.3.2).
                Attribute::Path(path) if !starts_with_name(pair, b"__host-") => {
                    self.mend_cookie_path(path, start..end, &mut patch);
                }
                Attribute::Domain(domain) if self.is_foreign(domain) => patch.replace(start..end, &[]),
                Attribute::Path(_) | Attribute::Domain(_) | Attribute::Other => {}
            }
            start = end;
        }
        patch.finish()
    }

    fn mend_cookie_path(&self, path: &[u8], place: std::ops::Range<usize>, patch: &mut Patch<'_>) {
        let Some(moved) = self.moved_path(path).filter(|_| !self.keeps_paths()) else { return };
        let rest = path.get(moved.cut..).unwrap_or_default();
        // `Path=/google/` would not match `/google`, which is the mount as well.
        let rest = if moved.outside.is_empty() { rest } else { rest.strip_suffix(b"/").unwrap_or(rest) };
        patch.replace(place, &[b"; Path=", moved.outside, moved.slash, rest]);
    }

    /// The upstream's own domain, which is not the client's: a browser would throw the cookie away (RFC 6265 5.3).
    /// Without the attribute the cookie is for the host that was asked.
    fn is_foreign(&self, domain: &[u8]) -> bool {
        let domain = domain.strip_prefix(b".").unwrap_or(domain);
        covers(domain, host_of(self.authority)) && !covers(domain, host_of(self.asked))
    }

    /// The host that has domains of its own, if there is one: those of a host cover all that lie below it.
    pub(super) fn foreign_domain(&self) -> Option<&[u8]> {
        let host = host_of(self.authority);
        self.is_foreign(host).then_some(host)
    }
}

/// An attribute that a mount has a say in.
enum Attribute<'v> {
    Path(&'v [u8]),
    Domain(&'v [u8]),
    Other,
}

impl<'v> Attribute<'v> {
    fn of(part: &'v [u8]) -> Self {
        let Some(equals) = part.iter().position(|byte| *byte == b'=') else { return Self::Other };
        let (name, value) = part.split_at(equals);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        match name.trim_ascii() {
            name if name.eq_ignore_ascii_case(b"path") && value.starts_with(b"/") => Self::Path(value),
            name if name.eq_ignore_ascii_case(b"domain") => Self::Domain(value),
            _ => Self::Other,
        }
    }
}

fn starts_with_name(pair: &[u8], start: &[u8]) -> bool {
    pair.trim_ascii_start().get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start))
}

/// Whether a cookie of this domain is for this host (RFC 6265 5.1.3).
fn covers(domain: &[u8], host: &[u8]) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()) else { return false };
    let (before, end) = host.split_at(at);
    !domain.is_empty() && end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with(b"."))
}

/// Without the port.
fn host_of(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon) if !authority.ends_with(b"]") => authority.get(..colon).unwrap_or_default(),
        Some(_) | None => authority,
    }
}

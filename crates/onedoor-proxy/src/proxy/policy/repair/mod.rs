//! What comes back from behind a strip or a rewrite: the upstream does not know where it is mounted, so what it names
//! in its answer's fields is put below the mount again.
//!
//! Location and Content-Location (RFC 9110 10.2.2, 8.7), Link (RFC 8288), Refresh, and the Path and Domain of cookies
//! (RFC 6265 5.2.3, 5.2.4). A path that already begins with the mount was made by an app that reads
//! X-Forwarded-Prefix, and stays; so does what points to somebody else's host, and what is malformed. Where nothing is
//! to be mended, nothing is allocated. Bodies are never touched.

mod cookie;
mod foretold;
mod link;
mod patch;
mod reference;
mod refresh;
#[cfg(test)]
mod tests;

pub use foretold::{Mended, MendedPaths};
use onedoor_http1::FieldKind;

/// How one request's path and Host were changed, looked at from behind.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Repair<'r> {
    /// The start of the path as the client knows it, without a final slash: `/google`; empty for the root.
    pub(in crate::proxy) outside: &'r [u8],
    /// What the upstream saw in its place, without a final slash; empty behind a strip.
    pub(in crate::proxy) inside: &'r [u8],
    /// How much of `inside` is the path of the proxy URL: an upstream may know of it or not.
    pub(in crate::proxy) base_bytes: usize,
    /// The Host that the upstream saw: an absolute URL to it is one to us.
    pub(in crate::proxy) authority: &'r [u8],
    /// The Host that the client asked for.
    pub(in crate::proxy) asked: &'r [u8],
}

impl Repair<'_> {
    /// The mended value, or None if it is fine as it is.
    pub(in crate::proxy) fn mend(&self, kind: FieldKind, value: &[u8]) -> Option<Vec<u8>> {
        match kind {
            FieldKind::Location | FieldKind::ContentLocation => self.mend_location(value),
            FieldKind::Link => self.mend_link(value),
            FieldKind::Refresh => self.mend_refresh(value),
            FieldKind::SetCookie => self.mend_cookie(value),
            _ => None,
        }
    }

    /// The upstream's paths are the client's.
    fn keeps_paths(&self) -> bool {
        self.outside == self.inside
    }

    /// What the upstream may call its mount, the longer one first.
    fn insides(&self) -> [&[u8]; 2] {
        [self.inside, self.inside.get(self.base_bytes..).unwrap_or_default()]
    }
}

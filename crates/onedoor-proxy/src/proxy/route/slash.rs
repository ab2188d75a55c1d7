//! `/shop` without its slash, where an app behind a strip is mounted at it: the client is sent to `/shop/`.
//!
//! The app sees `/` either way, but the relative links of its page (`static/app.js`) would leave the mount. Only apps,
//! whose pages these are, and only GET and HEAD; an exact route for `/shop` wins over the mount and is how one opts
//! out (docs/decisions/0065).

use super::pattern::End;
use super::table::Matched;
use super::{Action, Route};

/// As every redirect of ours (docs/decisions/0022): no browser remembers it for ever.
pub(crate) const SLASH_STATUS: u16 = 307;

impl Matched<'_> {
    /// Whether the client should first be sent to the mount with its slash.
    pub fn wants_slash(&self, method: &[u8], forward: &[u8]) -> bool {
        let Route { action: Action::App { rewrite, .. }, .. } = self.route else { return false };
        // A Location with two slashes in front would name a host (RFC 3986 4.2).
        matches!(method, b"GET" | b"HEAD")
            && matches!(self.pattern.end, End::Subtree)
            && !forward.starts_with(b"//")
            && rewrite.leaves_nothing(forward)
    }
}

/// Appends what Location says.
pub(crate) fn with_slash(forward: &[u8], query: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(forward);
    out.push(b'/');
    if let Some(query) = query {
        out.push(b'?');
        out.extend_from_slice(query);
    }
}

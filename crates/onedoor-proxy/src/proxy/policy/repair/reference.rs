//! A URI reference (RFC 3986 4.1), and the path in it, seen from outside the mount.

use std::ops::Range;

use super::Repair;
use super::patch::Patch;

/// So many of a reference's first bytes give way to the mount, and perhaps a slash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move<'r> {
    pub(super) cut: usize,
    pub(super) outside: &'r [u8],
    pub(super) slash: &'static [u8],
}

impl<'r> Repair<'r> {
    pub(super) fn mend_location(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut patch = Patch::of(value);
        self.mend_reference(value, 0..value.len(), &mut patch);
        patch.finish()
    }

    /// The reference that stands at `place` of `value`.
    pub(super) fn mend_reference(&self, value: &[u8], place: Range<usize>, patch: &mut Patch<'_>) {
        let reference = value.get(place.clone()).unwrap_or_default();
        if let Some(moved) = self.moved(reference) {
            patch.replace(place.start..place.start + moved.cut, &[moved.outside, moved.slash]);
        }
    }

    /// An absolute URL to the upstream itself becomes a path: it is the client who knows our scheme and port.
    fn moved(&self, reference: &[u8]) -> Option<Move<'r>> {
        if self.keeps_paths() {
            return None;
        }
        if reference.starts_with(b"/") && !reference.starts_with(b"//") {
            return self.moved_path(reference);
        }
        let rest = after_scheme(reference)?;
        let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !authority.eq_ignore_ascii_case(self.authority) {
            return None;
        }
        let before = reference.len() - path.len();
        // RFC 3986 6.2.3: no path means the root.
        let (path, slash): (_, &[u8]) = if path.starts_with(b"/") { (path, b"") } else { (b"/", b"/") };
        match self.moved_path(path) {
            Some(moved) if slash.is_empty() => Some(Move { cut: moved.cut + before, ..moved }),
            Some(moved) => Some(Move { cut: before, slash, ..moved }),
            None if is_below(path, self.outside) => Some(Move { cut: before, outside: b"", slash }),
            None => None,
        }
    }

    /// None: it is right as it is, or no path of ours leads there. Of the mount and what stands for it inside, the
    /// longer one that fits is meant.
    pub(super) fn moved_path(&self, path: &[u8]) -> Option<Move<'r>> {
        let cut = self.insides().into_iter().find(|start| is_below(path, start))?.len();
        if is_below(path, self.outside) && self.outside.len() >= cut {
            return None;
        }
        let rest = path.get(cut..).unwrap_or_default();
        let needs_slash = self.outside.is_empty() && !rest.starts_with(b"/");
        Some(Move { cut, outside: self.outside, slash: if needs_slash { b"/" } else { b"" } })
    }
}

fn after_scheme(value: &[u8]) -> Option<&[u8]> {
    let starts =
        |scheme: &[u8]| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    [&b"http://"[..], b"https://", b"//"]
        .iter()
        .find(|scheme| starts(scheme))
        .and_then(|scheme| value.get(scheme.len()..))
}

/// Whether `path` is `start` or lies below it, by whole segments.
fn is_below(path: &[u8], start: &[u8]) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| start.is_empty() || rest.first().is_none_or(|byte| b"/?#".contains(byte)))
}

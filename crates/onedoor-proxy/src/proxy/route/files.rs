//! `static`: which file of a folder a path names. Pure: whether there is such a file is seen when it is opened.
//!
//! What is behind the mount, unescaped, is the file's path below the folder. A segment that begins with a dot names
//! nothing (`.env`, `.git`), nor does an empty one, nor one with an escaped slash in it; so no path that comes out of
//! here has a `..`.

use std::path::PathBuf;

use super::pattern::End;
use super::spelling;
use super::table::Matched;

/// The one hidden name that the world may ask for (RFC 8615).
const WELL_KNOWN: &[u8] = b".well-known";

/// Files, and how they are served.
#[derive(Debug)]
pub struct Files {
    /// As the operator wrote it, for messages.
    pub written: Box<str>,
    pub folder: PathBuf,
    pub extent: Extent,
    /// The file that stands for its folder.
    pub index: Box<str>,
    pub unknown: Unknown,
    /// The Cache-Control of a file that was asked for by its name.
    pub cache: Box<str>,
    pub siblings: Siblings,
}

/// What of the folder is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Whatever is named behind the mount.
    Below,
    /// This one file: the route is for one path.
    Only(Box<str>),
}

/// What a path that names no file gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    Refused,
    /// The folder's index: the pages are made in the browser.
    Index,
    /// This file, with a 404.
    Page(Box<str>),
}

/// Whether `app.js.br` is sent for `app.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Siblings {
    Ignored,
    Sent,
}

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Name {
    /// A file or a folder, perhaps.
    Proper,
    /// The folder itself, by the mount's path without its slash.
    Mount,
    /// Nothing that there could be.
    Hidden,
}

impl Files {
    /// Writes the path below the folder, without a slash in front; `path` is the normalised one.
    pub(in crate::proxy) fn name(&self, matched: &Matched<'_>, path: &[u8], out: &mut Vec<u8>) -> Name {
        match (&self.extent, &matched.pattern.end) {
            (Extent::Only(name), _) => {
                out.extend_from_slice(name.as_bytes());
                Name::Proper
            }
            (Extent::Below, End::Subtree | End::Exact | End::Rest { .. } | End::TextAndRest { .. }) => {
                match spelling::after_segments(path, matched.pattern.segments.len()) {
                    b"" => Name::Mount,
                    rest => below(rest, out),
                }
            }
        }
    }
}

fn below(rest: &[u8], out: &mut Vec<u8>) -> Name {
    let rest = rest.strip_prefix(b"/").unwrap_or(rest);
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let start = out.len();
        let is_last = segments.peek().is_none();
        let unescaped = unescape(segment, out);
        let name = &out[start..];
        let is_shown = match name {
            // A folder's path ends with a slash.
            [] => is_last,
            [b'.', ..] => name == WELL_KNOWN,
            _ => true,
        };
        if unescaped.is_none() || !is_shown {
            return Name::Hidden;
        }
        if !is_last {
            out.push(b'/');
        }
    }
    Name::Proper
}

/// None: it holds what no name of a file can.
fn unescape(segment: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = segment;
    while let [byte, after @ ..] = rest {
        let (byte, after) = match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(*high)? << 4 | digit(*low)?, after)
            }
            (b'%', _) => return None,
            (byte, after) => (*byte, after),
        };
        if matches!(byte, b'/' | 0) {
            return None;
        }
        out.push(byte);
        rest = after;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rest: &str) -> Option<String> {
        let mut out = Vec::new();
        (below(rest.as_bytes(), &mut out) == Name::Proper).then(|| String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn what_is_behind_the_mount_is_a_path_below_the_folder() {
        for (rest, name) in [
            ("", Some("")),
            ("/", Some("")),
            ("/a", Some("a")),
            ("/a/", Some("a/")),
            ("/a/b.js", Some("a/b.js")),
            ("/a%20b", Some("a b")),
            ("/%C3%A9", Some("é")),
            ("/a%25", Some("a%")),
            ("/100%2525", Some("100%25")),
            ("/...a", None),
            ("/.env", None),
            ("/%2Eenv", None),
            ("/a/.git/config", None),
            ("/.", None),
            ("/..", None),
            ("/../x", None),
            ("/a/../x", None),
            ("/%2E%2E/x", None),
            ("//", None),
            ("//a", None),
            ("/a//b", None),
            ("/a%2Fb", None),
            ("/%2Fetc/passwd", None),
            ("/a%00", None),
            ("/a%", None),
            ("/a%2", None),
            ("/a%zz", None),
            ("/.well-known/security.txt", Some(".well-known/security.txt")),
            ("/.well-known/.secret", None),
            ("/.well-knownx", None),
        ] {
            assert_eq!(named(rest).as_deref(), name, "{rest}");
        }
    }

    /// Not a sample of the language of paths but all of it that is short: every sequence of what could matter.
    #[test]
    fn no_path_of_these_pieces_has_a_segment_that_leads_up_or_is_hidden() {
        let pieces = ["/", ".", "..", "a", "%2E", "%2F", "%00", "%5C", "\\", ".well-known"];
        let mut paths = vec![String::new()];
        for _ in 0..5 {
            let longer: Vec<String> = paths
                .iter()
                .flat_map(|path| pieces.iter().map(move |piece| format!("{path}{piece}")))
                .collect();
            paths = longer;
            for path in &paths {
                let Some(name) = named(path) else { continue };
                assert!(!name.starts_with('/') && !name.contains('\0'), "{path}");
                let mut segments = name.split('/').rev();
                segments.next();
                for segment in segments.chain(name.rsplit('/').next().filter(|last| !last.is_empty())) {
                    assert!(!segment.is_empty(), "{path}");
                    assert!(!segment.starts_with('.') || segment == ".well-known", "{path}");
                }
            }
        }
    }
}

//! How a path is spelt: bytes and percent-escapes, counted as units.
//!
//! A request's path exists in two spellings, the client's own and the normalised one. They differ only in how a
//! unit is written (`%6E` or `n`, `%c3` or `%C3`), never in how many units there are nor in where the slashes
//! stand, so a cut can be carried from one to the other by counting. Literals of patterns are normalised here as
//! requests' paths are in onedoor-http1. Never decodes an escape that has a meaning of its own (`%2F`).

use std::ops::Range;

/// Why a text cannot stand in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadSpelling {
    /// `%` without two hex digits.
    Escape,
    /// `%2E`, `%00`, `%5C`: a request that says so is refused before routes are asked.
    RefusedEscape,
    /// A space, a control character, a backslash.
    Character,
}

/// Appends `text` as a normalised request path would spell it: escapes of unreserved characters decoded, other
/// escapes with upper-case digits (RFC 3986 6.2.2), what RFC 3986 has no room for (`"`, `<`, `|` …) and characters beyond
/// ASCII as the escapes that clients send for them.
pub(super) fn normalise(text: &str, out: &mut Vec<u8>) -> Result<(), (Range<usize>, BadSpelling)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let end = (at + 3).min(bytes.len());
                let Some(value) = bytes.get(at + 1..at + 3).and_then(hex_pair) else {
                    return Err((at..char_boundary_from(text, end), BadSpelling::Escape));
                };
                match value {
                    b'.' | 0 | b'\\' => return Err((at..end, BadSpelling::RefusedEscape)),
                    _ if is_unreserved(value) => out.push(value),
                    _ => push_escape(value, out),
                }
                at = end;
            }
            0..=b' ' | 0x7f | b'\\' => return Err((at..at + 1, BadSpelling::Character)),
            b'"' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                push_escape(byte, out);
                at += 1;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Ok(())
}

/// How many units `path` has: a byte or a whole escape each.
pub(super) fn units(path: &[u8]) -> usize {
    let mut count = 0;
    let mut at = 0;
    while at < path.len() {
        at += unit_len(&path[at..]);
        count += 1;
    }
    count
}

/// What is left of `path` after its first `count` units.
pub(super) fn skip_units(path: &[u8], count: usize) -> &[u8] {
    let mut left = path;
    for _ in 0..count {
        left = left.get(unit_len(left)..).unwrap_or_default();
    }
    left
}

/// What follows the first `count` segments: empty, or beginning with the slash of the next one.
pub(super) fn after_segments(path: &[u8], count: usize) -> &[u8] {
    let mut left = path;
    for _ in 0..count {
        let Some(inside) = left.strip_prefix(b"/") else { return b"" };
        left = memchr::memchr(b'/', inside).map_or(b"", |slash| &inside[slash..]);
    }
    left
}

/// The segment with that index; empty where there is none.
pub(super) fn segment(path: &[u8], index: usize) -> &[u8] {
    let inside = after_segments(path, index).strip_prefix(b"/").unwrap_or_default();
    memchr::memchr(b'/', inside).map_or(inside, |slash| &inside[..slash])
}

fn unit_len(path: &[u8]) -> usize {
    match path {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => 3,
        _ => 1,
    }
}

/// RFC 3986 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let [high, low] = pair else { return None };
    Some(digit(*high)? << 4 | digit(*low)?)
}

fn push_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
}

fn char_boundary_from(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Result<String, BadSpelling> {
        let mut out = Vec::new();
        normalise(text, &mut out).map_err(|(_, why)| why)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_literal_is_spelt_as_a_normalised_request_spells_it() {
        for (written, spelt) in [
            ("node", "node"),
            ("%6eode", "node"),
            ("a%2fb", "a%2Fb"),
            ("caf\u{e9}", "caf%C3%A9"),
            ("caf%c3%a9", "caf%C3%A9"),
            ("a+b", "a+b"),
            ("a\"b", "a%22b"),
            ("[a]|{b}^<>`", "%5Ba%5D%7C%7Bb%7D%5E%3C%3E%60"),
            ("a%2bb", "a%2Bb"),
            ("~x", "~x"),
            ("%7Ex", "~x"),
        ] {
            assert_eq!(normal(written).as_deref(), Ok(spelt), "{written}");
        }
    }

    #[test]
    fn what_no_request_can_say_is_no_literal() {
        for (written, why) in [
            ("a%", BadSpelling::Escape),
            ("a%2", BadSpelling::Escape),
            ("a%\u{e9}", BadSpelling::Escape),
            ("%zz", BadSpelling::Escape),
            ("%2e%2E", BadSpelling::RefusedEscape),
            ("a%00", BadSpelling::RefusedEscape),
            ("a%5cb", BadSpelling::RefusedEscape),
            ("a b", BadSpelling::Character),
            ("a\tb", BadSpelling::Character),
            ("a\\b", BadSpelling::Character),
        ] {
            assert_eq!(normal(written), Err(why), "{written}");
        }
    }

    #[test]
    fn a_cut_counts_units_and_segments_not_bytes() {
        assert_eq!(units(b"n%6Fde"), 4);
        assert_eq!(skip_units(b"%6E%6Fdejs", 4), b"js");
        assert_eq!(skip_units(b"ab", 9), b"");
        assert_eq!(after_segments(b"/%6Eode/a/b", 1), b"/a/b");
        assert_eq!(after_segments(b"/node", 1), b"");
        assert_eq!(after_segments(b"/node/", 1), b"/");
        assert_eq!(after_segments(b"/node//a", 1), b"//a");
        assert_eq!(after_segments(b"/", 0), b"/");
        assert_eq!(after_segments(b"/", 2), b"");
        assert_eq!(segment(b"/a/b", 1), b"b");
        assert_eq!(segment(b"/a/", 1), b"");
        assert_eq!(segment(b"/a", 7), b"");
    }
}

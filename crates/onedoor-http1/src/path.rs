//! The one spelling of a path that is matched, authorised and, where it matters, forwarded (RFC 3986 6.2.2;
//! HTTP.md rules 18–20).
//!
//! Unreserved characters are unescaped, the hex digits of other escapes put in upper case, what should have been escaped
//! (`"`, `<`, `[` and the like) is, dot segments are resolved.
//! `//` is never merged and `%2F` never becomes a separator. What different servers resolve differently is refused.

use crate::bytes::{PATH, UNRESERVED, class};
use crate::error::PathError;

/// A path as it is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormalPath<'p> {
    pub path: &'p [u8],
    pub change: PathChange,
    pub encoded_slash: EncodedSlash,
}

/// How the normal path differs from the raw one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathChange {
    None,
    /// In the spelling of escapes only: both mean the same to everybody.
    Encoding,
    /// Dot segments were resolved: who does not resolve them must not see the raw path.
    DotSegments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodedSlash {
    Present,
    Absent,
}

/// Normalises `raw`. The result borrows it where nothing changes, else `scratch`.
pub fn normalise<'p>(raw: &'p [u8], scratch: &'p mut Vec<u8>) -> Result<NormalPath<'p>, PathError> {
    if raw.first() != Some(&b'/') {
        return Err(PathError::NotAbsolute);
    }
    if is_plain(raw) {
        return Ok(NormalPath { path: raw, change: PathChange::None, encoded_slash: EncodedSlash::Absent });
    }
    let mut writer = Writer { out: scratch, change: PathChange::None, encoded_slash: EncodedSlash::Absent };
    writer.out.clear();
    let mut rest = raw;
    while let [b'/', after @ ..] = rest {
        let len = memchr::memchr(b'/', after).unwrap_or(after.len());
        let (segment, tail) = after.split_at_checked(len).unwrap_or_default();
        writer.segment(segment, if tail.is_empty() { Place::Last } else { Place::Inner })?;
        rest = tail;
    }
    let Writer { out, change, encoded_slash } = writer;
    let path = if change == PathChange::None { raw } else { out.as_slice() };
    Ok(NormalPath { path, change, encoded_slash })
}

/// Whether nothing in `raw` needs a closer look: no escape, no segment that begins with a dot, no bad byte.
fn is_plain(raw: &[u8]) -> bool {
    let mut before = 0;
    for &byte in raw {
        if class(byte) & PATH == 0 || (byte == b'.' && before == b'/') {
            return false;
        }
        before = byte;
    }
    true
}

/// Where a segment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inner,
    Last,
}

/// The path that is being written.
struct Writer<'s> {
    out: &'s mut Vec<u8>,
    change: PathChange,
    encoded_slash: EncodedSlash,
}

impl Writer<'_> {
    /// RFC 3986 5.2.4, but a path that leads above the root is refused, not cut.
    fn segment(&mut self, segment: &[u8], place: Place) -> Result<(), PathError> {
        match segment {
            b"." => self.change = PathChange::DotSegments,
            b".." => {
                self.change = PathChange::DotSegments;
                let parent = memchr::memrchr(b'/', self.out).ok_or(PathError::AboveRoot)?;
                self.out.truncate(parent);
            }
            _ => {
                refuse_hidden_dots(segment)?;
                self.out.push(b'/');
                return self.unescape(segment);
            }
        }
        if place == Place::Last {
            self.out.push(b'/');
        }
        Ok(())
    }

    fn unescape(&mut self, segment: &[u8]) -> Result<(), PathError> {
        let mut rest = segment;
        while let [byte, after @ ..] = rest {
            rest = match (byte, after) {
                (b'%', [high, low, after @ ..]) => {
                    self.escape([*high, *low])?;
                    after
                }
                (b'%', _) => return Err(PathError::BadEscape),
                (b'\\', _) => return Err(PathError::Backslash),
                (b'#' | b'?' | ..=b' ' | 0x7f.., _) => return Err(PathError::BadByte),
                _ if class(*byte) & PATH == 0 => {
                    self.escaping(*byte);
                    after
                }
                _ => {
                    self.out.push(*byte);
                    after
                }
            };
        }
        Ok(())
    }

    /// Some clients send it so and some escape it; servers read both alike.
    fn escaping(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or_default();
        self.out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        self.change = self.change.max(PathChange::Encoding);
    }

    fn escape(&mut self, digits: [u8; 2]) -> Result<(), PathError> {
        match escaped(digits).ok_or(PathError::BadEscape)? {
            0 => return Err(PathError::Nul),
            b'\\' => return Err(PathError::Backslash),
            b'.' => return Err(PathError::EncodedDot),
            byte if class(byte) & UNRESERVED != 0 => {
                self.out.push(byte);
                self.change = self.change.max(PathChange::Encoding);
                return Ok(());
            }
            b'/' => self.encoded_slash = EncodedSlash::Present,
            _ => {}
        }
        let upper = digits.map(|digit| digit.to_ascii_uppercase());
        if upper != digits {
            self.change = self.change.max(PathChange::Encoding);
        }
        self.out.push(b'%');
        self.out.extend_from_slice(&upper);
        Ok(())
    }
}

fn escaped([high, low]: [u8; 2]) -> Option<u8> {
    let high = char::from(high).to_digit(16)?;
    let low = char::from(low).to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

/// `..%2F` is a dot segment to a server that unescapes first, `..;x` to one that knows path parameters (HTTP.md rule
/// 20). To us they are names, so a server behind us would see another path than the one that was matched.
fn refuse_hidden_dots(segment: &[u8]) -> Result<(), PathError> {
    let mut at_start = true;
    let mut rest = segment;
    loop {
        if at_start && begins_with_dots(rest) {
            return Err(PathError::HiddenDotSegment);
        }
        (at_start, rest) = match rest {
            [] => return Ok(()),
            [b'%', b'2', b'F' | b'f', after @ ..] => (true, after),
            [_, after @ ..] => (false, after),
        };
    }
}

/// One or two dots, and then the end of what a lenient server takes for a segment.
fn begins_with_dots(text: &[u8]) -> bool {
    let dots = text.iter().take_while(|byte| **byte == b'.').count();
    let ends_here = |rest: &[u8]| matches!(rest, [] | [b';', ..] | [b'%', b'2', b'F' | b'f', ..]);
    let parameter_follows = |rest: &[u8]| matches!(rest, [b'%', b'3', b'B' | b'b', ..]);
    let rest = text.get(dots..).unwrap_or_default();
    (1..=2).contains(&dots) && (ends_here(rest) || parameter_follows(rest))
}

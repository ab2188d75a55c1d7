//! What each byte may be part of: one table, looked up everywhere.

/// RFC 9110 5.6.2: tchar.
pub(crate) const TOKEN: u8 = 1;
/// A tchar that is neither a letter, a digit nor `-`: CGI and its heirs turn some of these into `_`, as they do `-`.
pub(crate) const ODD: u8 = 2;
/// RFC 3986 2.3: unreserved; the only bytes whose escape means the same as the byte.
pub(crate) const UNRESERVED: u8 = 4;
/// Stands in a path for itself. Not here: `%`, `\`, `#`, `?`, controls, space, bytes above 0x7E.
pub(crate) const PATH: u8 = 8;
/// May stand in a request-target: visible ASCII but `#` (RFC 9112 3.2: no fragment; HTTP.md rule 18).
pub(crate) const TARGET: u8 = 16;

/// The classes of one byte.
#[inline]
pub(crate) fn class(byte: u8) -> u8 {
    // The table has an entry for every u8; the compiler sees that and leaves the check out.
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Whether all of `bytes` may stand in a field value or reason phrase: no control but HTAB (RFC 9110 5.5). Written
/// without an early end, so that it is compiled to vector instructions.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().fold(false, |bad, &byte| bad | ((byte < 0x20) & (byte != b'\t')) | (byte == 0x7f))
}

/// Whether all of `bytes` may stand in a request-target.
#[inline]
pub(crate) fn is_target(bytes: &[u8]) -> bool {
    !bytes.iter().fold(false, |bad, &byte| bad | (byte <= 0x20) | (byte >= 0x7f) | (byte == b'#'))
}

/// Without the optional whitespace around it (RFC 9110 5.6.3). Only space and tab: `trim_ascii` would take a form
/// feed or a carriage return for whitespace, too.
#[inline]
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte: u8 = 0;
    loop {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, and a u8 is within 256")]
        {
            classes[byte as usize] = classes_of(byte);
        }
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

const fn classes_of(byte: u8) -> u8 {
    let token = match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => TOKEN,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' => {
            TOKEN | ODD
        }
        _ => 0,
    };
    let unreserved = match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => UNRESERVED,
        _ => 0,
    };
    let path = match byte {
        b'%' | b'\\' | b'#' | b'?' => 0,
        0x21..=0x7e => PATH,
        _ => 0,
    };
    let target = match byte {
        b'#' => 0,
        0x21..=0x7e => TARGET,
        _ => 0,
    };
    token | unreserved | path | target
}

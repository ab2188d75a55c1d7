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

/// Whether all of `bytes` may stand in a field value or reason phrase: no control but HTAB (RFC 9110 5.5). Eight bytes
/// at a time: most values are too short for vector instructions to pay.
#[inline]
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut tail = [b' '; 8];
    for (to, from) in tail.iter_mut().zip(rest) {
        *to = *from;
    }
    words.iter().chain([&tail]).fold(0, |bad, word| bad | controls(u64::from_le_bytes(*word))) == 0
}

/// The high bit of each byte of `word` that is a control other than HTAB.
#[inline]
fn controls(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES * 0x80;
    // For each byte below 0x80, without a carry into the next: the high bit of `low + n` is set where low >= 0x80 - n.
    let low = word & !HIGH;
    let is_zero = |of: u64| !(((of & !HIGH) + ONES * 0x7f) | of);
    let below_space = !(low + ONES * 0x60);
    let is_tab = is_zero(low ^ (ONES * u64::from(b'\t')));
    let is_delete = is_zero(low ^ (ONES * 0x7f));
    ((below_space & !is_tab) | is_delete) & !word & HIGH
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
        // RFC 3986 3.3 has no room for these; most clients escape them.
        b'"' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_the_rfc_says_wherever_a_byte_stands() {
        let is_text_byte = |byte: u8| byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
        for byte in 0..=u8::MAX {
            for filler in [b' ', b'\t', b'~', 0xff, 0x80] {
                for (len, place) in (1..=17).flat_map(|len| (0..len).map(move |place| (len, place))) {
                    let mut text = vec![filler; len];
                    *text.get_mut(place).unwrap() = byte;
                    assert_eq!(is_text(&text), is_text_byte(byte), "{byte:#x} at {place} of {text:x?}");
                }
            }
        }
        assert!(is_text(b""));
    }
}

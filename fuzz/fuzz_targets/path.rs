//! Paths: the normal form is normal, keeps its promises, and is what RFC 3986 5.2.4 makes of the unescaped path.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onedoor_http1::{EncodedSlash, PathChange, normalise};

fuzz_target!(|raw: &[u8]| {
    let (mut scratch, mut again) = (Vec::new(), Vec::new());
    let Ok(normal) = normalise(raw, &mut scratch) else { return };
    assert_eq!(normal.path.first(), Some(&b'/'));
    assert!(normal.path.len() <= raw.len());
    assert!(normal.path.iter().all(u8::is_ascii_graphic));
    assert!(!normal.path.iter().any(|byte| b"?#\\".contains(byte)));
    assert_eq!(normal.change == PathChange::None, normal.path == raw);
    let slashes = normal.path.windows(3).any(|escape| escape == b"%2F");
    assert_eq!(normal.encoded_slash == EncodedSlash::Present, slashes || gone(raw, normal.change));

    let twice = normalise(normal.path, &mut again).expect("the normal form is a good path");
    assert_eq!((twice.path, twice.change), (normal.path, PathChange::None));

    // A server that unescapes everything first must not find a dot segment that we did not see.
    let unescaped = unescape(normal.path);
    let is_dots = |segment: &[u8]| segment == b"." || segment == b"..";
    assert!(!unescaped.split(|byte| *byte == b'/').any(is_dots), "a dot segment survives");
});

/// An escaped slash may have stood in a segment that `..` removed.
fn gone(raw: &[u8], change: PathChange) -> bool {
    change == PathChange::DotSegments && raw.windows(3).any(|escape| escape.eq_ignore_ascii_case(b"%2f"))
}

fn unescape(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = path;
    while let [byte, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (byte, after) {
            let digits = [char::from(*high), char::from(*low)]
                .map(|digit| digit.to_digit(16).expect("a checked escape"));
            out.push((digits[0] * 16 + digits[1]) as u8);
            rest = after;
        } else {
            out.push(*byte);
        }
    }
    out
}

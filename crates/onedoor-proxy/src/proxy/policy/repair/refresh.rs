//! Refresh (HTML, "shared declarative refresh steps"): `5; url=/x`, as browsers read it.

use std::ops::Range;

use super::Repair;
use super::patch::Patch;

impl Repair<'_> {
    pub(super) fn mend_refresh(&self, value: &[u8]) -> Option<Vec<u8>> {
        let place = target(value)?;
        let mut patch = Patch::of(value);
        self.mend_reference(value, place, &mut patch);
        patch.finish()
    }
}

/// Where the URL stands: behind a number, a `;` or `,`, perhaps `url=`, perhaps a quote.
fn target(value: &[u8]) -> Option<Range<usize>> {
    let count = |bytes: &[u8], is: fn(&u8) -> bool| bytes.iter().take_while(|byte| is(byte)).count();
    let blank: fn(&u8) -> bool = u8::is_ascii_whitespace;
    let number = count(value, |byte| byte.is_ascii_digit() || *byte == b'.');
    if number == 0 {
        return None;
    }
    let mut at = number + count(value.get(number..)?, blank);
    if !matches!(value.get(at), Some(b';' | b',')) {
        return None;
    }
    at += 1;
    at += count(value.get(at..)?, blank);
    if value.get(at..at + 3).is_some_and(|word| word.eq_ignore_ascii_case(b"url")) {
        let equals = at + 3 + count(value.get(at + 3..)?, blank);
        if value.get(equals) == Some(&b'=') {
            at = equals + 1;
            at += count(value.get(at..)?, blank);
        }
    }
    let quote = value.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let start = if quote.is_some() { at + 1 } else { at };
    let rest = value.get(start..)?;
    let length = quote.and_then(|quote| rest.iter().position(|byte| *byte == quote)).unwrap_or(rest.len());
    Some(start..start + length)
}

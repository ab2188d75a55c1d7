//! Writes heads and the lines of the chunked coding. What comes in is trusted: it was parsed here, or checked when
//! the configuration was read ([`checked_value`](crate::checked_value)).

use crate::fields::Field;

/// `method target HTTP/1.1`.
pub fn request_line(out: &mut Vec<u8>, method: &[u8], target: &[u8]) {
    out.reserve(method.len() + target.len() + 12);
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(target);
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// `HTTP/1.1 status reason`; the space behind the status stands even before no reason (RFC 9112 4).
pub fn status_line(out: &mut Vec<u8>, status: u16, reason: &[u8]) {
    debug_assert!((100..1000).contains(&status), "a status has three digits");
    out.reserve(reason.len() + 16);
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// One field line.
#[inline]
pub fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    debug_assert!(
        crate::is_token(name) && crate::bytes::is_text(value),
        "a field is checked before it is written"
    );
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// A field of a head that was parsed, as it stands in its `bytes`: one copy where it is written as we would write it.
#[inline]
pub fn copied(out: &mut Vec<u8>, bytes: &[u8], field: &Field) {
    let (name, value) = (field.name, field.value);
    let line = bytes.get(name.start()..value.end() + 2).unwrap_or_default();
    let gap = bytes.get(name.end()..value.start()).unwrap_or_default();
    if gap == b": " && line.ends_with(b"\r\n") {
        out.extend_from_slice(line);
    } else {
        self::field(out, name.of(bytes), value.of(bytes));
    }
}

/// One field line with a number.
pub fn field_u64(out: &mut Vec<u8>, name: &[u8], number: u64) {
    field(out, name, itoa::Buffer::new().format(number).as_bytes());
}

/// The line before a chunk's data. Must not be 0, which would end the body.
pub fn chunk_size(out: &mut Vec<u8>, len: usize) {
    debug_assert!(len > 0, "a chunk of no bytes is the last one");
    let digits = (usize::BITS - len.leading_zeros()).div_ceil(4).max(1);
    out.reserve(18);
    for place in (0..digits).rev() {
        let digit = u8::try_from(len >> (4 * place) & 0xf).unwrap_or(0);
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
    out.extend_from_slice(b"\r\n");
}

/// The end of a chunked body; `trailers` are whole field lines, or nothing.
pub fn last_chunk(out: &mut Vec<u8>, trailers: &[u8]) {
    debug_assert!(trailers.is_empty() || trailers.ends_with(b"\r\n"), "trailers are whole lines");
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(trailers);
    out.extend_from_slice(b"\r\n");
}

/// The empty line.
pub fn end_of_head(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_sizes_are_hexadecimal_without_leading_zeros() {
        for len in [1, 9, 10, 15, 16, 255, 256, 0xabc, 65_536, usize::MAX] {
            let mut out = Vec::new();
            chunk_size(&mut out, len);
            assert_eq!(out, format!("{len:x}\r\n").as_bytes());
        }
    }

    #[test]
    fn a_status_line_keeps_its_space_before_no_reason() {
        let mut out = Vec::new();
        status_line(&mut out, 204, b"");
        assert_eq!(out, b"HTTP/1.1 204 \r\n");
    }
}

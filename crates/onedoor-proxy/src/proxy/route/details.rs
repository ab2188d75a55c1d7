//! What a request says besides its method, host and path, as far as conditions ask for it: fields, query, cookies, and
//! the address it came from.
//!
//! Each question has one answer, so that two conditions on one name can be told apart when the table is built. A field
//! in several lines is one list (RFC 9110 5.3); of parameters and of cookies with one name, the first counts. Reads
//! only what is asked for, when it is asked for; copies only what must be decoded or joined.

use std::net::IpAddr;

use onedoor_http1::{Field, FieldKind};
use smallvec::SmallVec;

/// Borrowed from the request; nothing in it has been looked at yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Details<'a> {
    /// What the fields' spans are in.
    pub bytes: &'a [u8],
    pub fields: &'a [Field],
    /// Behind the `?`, as it was sent; None: there is no `?`.
    pub query: Option<&'a [u8]>,
    /// The verified client; None: it came over a Unix socket.
    pub client: Option<IpAddr>,
}

/// Room for a value that does not stand in the request as it is meant.
pub(super) type Decoded = SmallVec<[u8; 128]>;

impl<'a> Details<'a> {
    /// The field's value. Every line that was sent counts, whatever Connection says of it: else a client could hide
    /// what somebody before us has added.
    pub(super) fn header<'v>(&self, name: &[u8], joined: &'v mut Decoded) -> Option<&'v [u8]>
    where
        'a: 'v,
    {
        let mut lines = self
            .fields
            .iter()
            .filter(|field| field.name.of(self.bytes).eq_ignore_ascii_case(name))
            .map(|field| field.value.of(self.bytes));
        let first = lines.next()?;
        let Some(second) = lines.next() else { return Some(first) };
        joined.clear();
        joined.extend_from_slice(first);
        for line in std::iter::once(second).chain(lines) {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(line);
        }
        Some(joined)
    }

    /// The first parameter of the name, as forms write them: `+` is a space, `%C3` a byte, and what is no escape stands
    /// for itself.
    pub(super) fn query<'v>(&self, name: &[u8], decoded: &'v mut Decoded) -> Option<&'v [u8]>
    where
        'a: 'v,
    {
        for pair in self.query?.split(|byte| *byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            let (key, value) = cut(pair, b'=');
            let value = value.unwrap_or_default();
            let is_asked = if is_encoded(key) { decode(key, decoded) == name } else { key == name };
            if is_asked {
                return Some(if is_encoded(value) { decode(value, decoded) } else { value });
            }
        }
        None
    }

    /// The first cookie of the name (RFC 6265 5.4 puts the more particular ones first), with its quotes, if it has
    /// some. One that RFC 6265 4.1.1 does not allow is no cookie, and hides those behind it: applications would not
    /// agree on where it ends.
    pub(super) fn cookie(&self, name: &[u8]) -> Option<&'a [u8]> {
        let lines = self.fields.iter().filter(|field| field.kind == FieldKind::Cookie);
        let mut pairs = lines.flat_map(|field| field.value.of(self.bytes).split(|byte| *byte == b';'));
        let value = pairs.find_map(|pair| match cut(pair.trim_ascii(), b'=') {
            (key, Some(value)) if key == name => Some(value),
            _ => None,
        })?;
        is_cookie_value(value).then_some(value)
    }
}

fn cut(pair: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, pair) {
        Some(sign) => (&pair[..sign], Some(&pair[sign + 1..])),
        None => (pair, None),
    }
}

fn is_encoded(text: &[u8]) -> bool {
    memchr::memchr2(b'%', b'+', text).is_some()
}

fn decode<'v>(text: &[u8], decoded: &'v mut Decoded) -> &'v [u8] {
    decoded.clear();
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escaped = match (byte, text.get(at + 1..at + 3)) {
            (b'%', Some([high, low])) => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        decoded.push(match (byte, escaped) {
            (_, Some(byte)) => byte,
            (b'+', None) => b' ',
            (byte, None) => *byte,
        });
        at += if escaped.is_some() { 3 } else { 1 };
    }
    decoded
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// RFC 6265 4.1.1: `cookie-octet`s, perhaps between quotes.
pub(super) fn is_cookie_value(value: &[u8]) -> bool {
    let inside = match value {
        [b'"', inside @ .., b'"'] => inside,
        _ => value,
    };
    inside.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use onedoor_http1::RequestHead;

    use super::*;

    fn with_head<T>(lines: &str, query: Option<&str>, read: impl FnOnce(Details<'_>) -> T) -> T {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let mut head = RequestHead::default();
        head.parse(bytes.as_bytes(), &Default::default()).unwrap();
        read(Details {
            bytes: bytes.as_bytes(),
            fields: head.fields(),
            query: query.map(str::as_bytes),
            client: None,
        })
    }

    fn text(value: Option<&[u8]>) -> Option<String> {
        value.map(|value| String::from_utf8_lossy(value).into_owned())
    }

    #[test]
    fn a_fields_value_is_what_its_lines_say_together() {
        for (lines, value) in [
            ("", None),
            ("X-A: 1\r\n", Some("1")),
            ("x-a:   1  \r\n", Some("1")),
            ("X-A:\r\n", Some("")),
            ("X-A: 1\r\nX-B: 2\r\nX-a: 3\r\n", Some("1, 3")),
            ("X-A: 1\r\nX-A: 1\r\n", Some("1, 1")),
            ("X-A: 1, 2\r\n", Some("1, 2")),
            ("X_A: 1\r\n", None),
            // Named in Connection it does not go on; it was sent all the same.
            ("Connection: x-a\r\nX-A: 1\r\n", Some("1")),
        ] {
            let found = with_head(lines, None, |details| text(details.header(b"x-A", &mut Decoded::new())));
            assert_eq!(found.as_deref(), value, "{lines}");
        }
    }

    #[test]
    fn of_parameters_with_one_name_the_first_counts() {
        for (query, value) in [
            (None, None),
            (Some(""), None),
            (Some("v"), Some("")),
            (Some("v="), Some("")),
            (Some("v=1&v=2"), Some("1")),
            (Some("a=1&&v=2"), Some("2")),
            (Some("V=1"), None),
            (Some("vv=1&v=2"), Some("2")),
            (Some("%76=1"), Some("1")),
            (Some("v=a+b%20c%2B"), Some("a b c+")),
            (Some("v=1=2"), Some("1=2")),
            (Some("v=%zz%4"), Some("%zz%4")),
            (Some("v=%"), Some("%")),
            (Some("a=1;v=2"), None),
            (Some("v=%00%ff"), Some("\0\u{fffd}")),
        ] {
            let found = with_head("", query, |details| text(details.query(b"v", &mut Decoded::new())));
            assert_eq!(found.as_deref(), value, "{query:?}");
        }
    }

    #[test]
    fn of_cookies_with_one_name_the_first_counts_and_a_malformed_one_hides_the_rest() {
        for (lines, value) in [
            ("", None),
            ("Cookie: beta=on\r\n", Some("on")),
            ("Cookie: a=1; beta=on; beta=off\r\n", Some("on")),
            ("Cookie: a=1;beta=on\r\n", Some("on")),
            ("Cookie: a=1\r\nCookie: beta=on\r\n", Some("on")),
            ("Cookie: beta=\"on\"\r\n", Some("\"on\"")),
            ("Cookie: beta=\r\n", Some("")),
            ("Cookie: beta=a=b\r\n", Some("a=b")),
            ("Cookie: Beta=on\r\n", None),
            ("Cookie: beta\r\n", None),
            ("Cookie: beta =on\r\n", None),
            ("Cookie: ;;; ;beta=on;\r\n", Some("on")),
            ("Cookie: x=\"a; beta=on\"\r\n", None),
            ("Cookie: beta=a b; beta=on\r\n", None),
            ("Cookie: beta=a,b\r\n", None),
            ("Cookie: beta=\"\r\n", None),
            ("Cookie: beta=caf\u{e9}\r\n", None),
        ] {
            let found = with_head(lines, None, |details| text(details.cookie(b"beta")));
            assert_eq!(found.as_deref(), value, "{lines}");
        }
    }
}

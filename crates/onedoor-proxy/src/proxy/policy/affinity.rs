//! `balance = "cookie"`: a client stays with its replica, which a cookie of ours names.
//!
//! The cookie (RFC 6265) is `onedoor-APP=N`, with the replica's number as `onedoor status` shows it. It says nothing
//! that is worth guarding: whoever changes it chooses another replica of the same app. It is set where the client has
//! none, or one of a replica that did not serve it; the app never sees it.
//!
//! A cache between us and other clients must not hand one client's cookie to all of them. So an answer that says how
//! long it may be kept is left as it is, without a cookie (a page will set it); any other gets `Cache-Control: private`
//! with the cookie, unless it says that already.

use onedoor_http1::{Field, emit};

use crate::proxy::inbound::{Head, ReplySink, Scheme};

/// The cookie's name, before the app's.
const PREFIX: &[u8] = b"onedoor-";

/// What a request says about its replica.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Affinity<'x> {
    app: &'x str,
    /// Counted from 0.
    slot: Option<u16>,
    scheme: Scheme,
}

/// The replica that served a client, which does not know it yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Bond<'x> {
    app: &'x str,
    slot: u16,
    scheme: Scheme,
}

impl<'x> Affinity<'x> {
    /// The first cookie of the name counts, as everywhere (RFC 6265 5.4 puts the more particular ones first).
    pub(in crate::proxy) fn of(head: Head<'_>, app: &'x str, scheme: Scheme) -> Self {
        let mut affinity = Self { app, slot: None, scheme };
        let cookies = head.parsed.find(onedoor_http1::FieldKind::Cookie);
        let mut pairs = cookies.flat_map(|field| head.text(field.value).split(|byte| *byte == b';'));
        affinity.slot = pairs.find_map(|pair| affinity.value_of(pair)).and_then(slot_of);
        affinity
    }

    pub(in crate::proxy) fn slot(&self) -> Option<u16> {
        self.slot
    }

    /// None: the client knows that it belongs there.
    pub(in crate::proxy) fn bond(&self, served_by: u16) -> Option<Bond<'x>> {
        let Self { app, slot, scheme } = *self;
        (slot != Some(served_by)).then_some(Bond { app, slot: served_by, scheme })
    }

    /// Copies a Cookie field without our own; all of it goes if nothing else is in it.
    pub(in crate::proxy) fn copy_cookies(&self, bytes: &[u8], field: &Field, out: &mut Vec<u8>) {
        let pairs = || field.value.of(bytes).split(|byte| *byte == b';');
        if pairs().all(|pair| self.value_of(pair).is_none()) {
            return emit::copied(out, bytes, field);
        }
        let mut others =
            pairs().filter(|pair| self.value_of(pair).is_none() && !pair.trim_ascii().is_empty());
        let Some(first) = others.next() else { return };
        out.extend_from_slice(b"Cookie: ");
        out.extend_from_slice(first.trim_ascii_start());
        for pair in others {
            out.push(b';');
            out.extend_from_slice(pair);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn value_of<'v>(&self, pair: &'v [u8]) -> Option<&'v [u8]> {
        pair.trim_ascii().strip_prefix(PREFIX)?.strip_prefix(self.app.as_bytes())?.strip_prefix(b"=")
    }
}

/// As we write it, and no other way.
fn slot_of(value: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.starts_with(|first| first != '+'))?;
    text.parse::<u16>().ok()?.checked_sub(1)
}

impl Bond<'_> {
    /// Tells the client, as far as the answer may be changed for that. A 304 updates what a cache has stored
    /// (RFC 9111 4.3.4), so it tells nothing.
    pub(in crate::proxy) fn write(
        &self,
        status: u16,
        bytes: &[u8],
        fields: &[Field],
        reply: &mut ReplySink<'_>,
    ) {
        let keeping = Keeping::of(bytes, fields);
        if status == 304 || keeping == Keeping::ByAnybody {
            return;
        }
        self.write_cookie(reply);
        if keeping == Keeping::Unsaid {
            reply.field(b"Cache-Control", b"private");
        }
    }

    pub(in crate::proxy) fn write_cookie(&self, reply: &mut ReplySink<'_>) {
        let mut cookie = PREFIX.to_vec();
        cookie.extend_from_slice(self.app.as_bytes());
        cookie.push(b'=');
        cookie.extend_from_slice(itoa::Buffer::new().format(u32::from(self.slot) + 1).as_bytes());
        cookie.extend_from_slice(b"; Path=/; HttpOnly; SameSite=Lax");
        match self.scheme {
            Scheme::Http => {}
            Scheme::Https => cookie.extend_from_slice(b"; Secure"),
        }
        reply.field(b"Set-Cookie", &cookie);
    }
}

/// Who may keep an answer for others, by its Cache-Control (RFC 9111 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    /// `max-age=60`, `public`: made to be shared.
    ByAnybody,
    /// Its client at most.
    ByOne,
    /// Nothing that decides it: a cache might keep it all the same (RFC 9111 4.2.2).
    Unsaid,
}

impl Keeping {
    fn of(bytes: &[u8], fields: &[Field]) -> Self {
        let controls =
            fields.iter().filter(|field| field.name.of(bytes).eq_ignore_ascii_case(b"cache-control"));
        let directives = controls.flat_map(|field| field.value.of(bytes).split(|byte| *byte == b','));
        let (mut is_public, mut ages, mut is_aged) = (false, 0, false);
        for directive in directives.map(<[u8]>::trim_ascii) {
            let mut parts = directive.splitn(2, |byte| *byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next());
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
            if (is("private") && value.is_none()) || is("no-store") {
                return Self::ByOne;
            }
            is_public |= is("public");
            if is("max-age") || is("s-maxage") {
                let seconds = value.and_then(|value| std::str::from_utf8(value).ok());
                let seconds: u64 = seconds.and_then(|text| text.trim_matches('"').parse().ok()).unwrap_or(0);
                is_aged = true;
                ages = seconds.max(ages);
            }
        }
        if ages > 0 || (is_public && !is_aged) { Self::ByAnybody } else { Self::Unsaid }
    }
}

#[cfg(test)]
mod tests {
    use onedoor_http1::{FieldKind, Parsed, RequestHead, RequestKind, ResponseHead};

    use super::*;
    use crate::proxy::downstream::memory::Answer;

    /// What is made of a request with these fields: the slot, and the Cookie fields that go on.
    fn read(fields: &str) -> (Option<u16>, String) {
        let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let mut parsed = RequestHead::default();
        let complete = Parsed::Complete { head_bytes: request.len() };
        assert_eq!(parsed.parse(request.as_bytes(), &Default::default()), Ok(complete));
        let head = Head { bytes: request.as_bytes(), parsed: &parsed };
        let affinity = Affinity::of(head, "web", Scheme::Http);
        let mut out = Vec::new();
        for field in parsed.find(FieldKind::Cookie) {
            affinity.copy_cookies(head.bytes, field, &mut out);
        }
        (affinity.slot(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_cookie_names_the_replica_and_does_not_go_on() {
        for (fields, slot, left) in [
            ("", None, ""),
            ("Cookie: a=1; b=2\r\n", None, "Cookie: a=1; b=2\r\n"),
            ("Cookie: onedoor-web=1\r\n", Some(0), ""),
            ("cookie: onedoor-web=3; a=1\r\n", Some(2), "Cookie: a=1\r\n"),
            ("Cookie: a=1; onedoor-web=3; b=\"2\"\r\n", Some(2), "Cookie: a=1; b=\"2\"\r\n"),
            ("Cookie: a=1;onedoor-web=3;\r\n", Some(2), "Cookie: a=1\r\n"),
            ("Cookie: a=1\r\nCookie: onedoor-web=2\r\n", Some(1), "Cookie: a=1\r\n"),
            ("Cookie: onedoor-web=2; onedoor-web=5\r\n", Some(1), ""),
            ("Cookie: onedoor-webb=2\r\n", None, "Cookie: onedoor-webb=2\r\n"),
            ("Cookie: xonedoor-web=2\r\n", None, "Cookie: xonedoor-web=2\r\n"),
            // None that we wrote; a good one takes its place.
            ("Cookie: onedoor-web=0\r\n", None, ""),
            ("Cookie: onedoor-web=+1\r\n", None, ""),
            ("Cookie: onedoor-web=65536\r\n", None, ""),
            ("Cookie: onedoor-web=\r\n", None, ""),
        ] {
            assert_eq!(read(fields), (slot, left.to_owned()), "{fields}");
        }
    }

    /// Set-Cookie and what is added to Cache-Control.
    fn told(status: u16, cache_control: &str) -> (bool, bool) {
        let response = format!("HTTP/1.1 {status} X\r\n{cache_control}Content-Length: 0\r\n\r\n");
        let mut parsed = ResponseHead::default();
        parsed.parse(response.as_bytes(), &Default::default(), RequestKind::Other).unwrap();
        let affinity = Affinity { app: "web", slot: Some(0), scheme: Scheme::Https };
        assert!(affinity.bond(0).is_none());
        let mut reply = ReplySink::Memory(Answer::default());
        affinity.bond(1).unwrap().write(status, response.as_bytes(), parsed.fields(), &mut reply);
        let ReplySink::Memory(answer) = reply else { panic!("it was in memory") };
        let value = |name: &[u8]| {
            let found = answer.fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| String::from_utf8(value.clone()).unwrap())
        };
        if let Some(cookie) = value(b"Set-Cookie") {
            assert_eq!(cookie, "onedoor-web=2; Path=/; HttpOnly; SameSite=Lax; Secure");
        }
        if let Some(control) = value(b"Cache-Control") {
            assert_eq!(control, "private");
        }
        (value(b"Set-Cookie").is_some(), value(b"Cache-Control").is_some())
    }

    #[test]
    fn an_answer_that_caches_share_gets_no_cookie_and_any_other_is_not_shared() {
        for (cache_control, cookie, private) in [
            ("", true, true),
            ("Cache-Control: no-cache\r\n", true, true),
            ("Cache-Control: public, max-age=0, must-revalidate\r\n", true, true),
            ("Cache-Control: private, max-age=60\r\n", true, false),
            ("Cache-Control: max-age=60\r\nCache-Control: No-Store\r\n", true, false),
            ("Cache-Control: private=\"X-A\"\r\n", true, true),
            ("Cache-Control: max-age=60\r\n", false, false),
            ("cache-control: PUBLIC\r\n", false, false),
            ("Cache-Control: max-age=0, s-maxage=10\r\n", false, false),
        ] {
            assert_eq!(told(200, cache_control), (cookie, private), "{cache_control}");
        }
        assert_eq!(told(304, ""), (false, false));
        assert_eq!(told(302, ""), (true, true));
    }
}

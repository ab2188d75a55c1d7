//! Field lines: split, checked and named (RFC 9110 5, RFC 9112 5; HTTP.md rules 9–13).

use crate::bytes::{ODD, TOKEN, class, is_text, trim_ows};
use crate::error::{HeadError, ValueError};
use crate::lines::Line;
use crate::span::Span;

/// One field of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// As it was written.
    pub name: Span,
    /// Without the whitespace around it.
    pub value: Span,
    pub kind: FieldKind,
    pub hop: Hop,
}

/// How far a field goes (RFC 9110 7.6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    EndToEnd,
    /// Meant for us only: never copied.
    HopByHop,
}

/// The fields that a proxy must know by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    KeepAlive,
    ProxyConnection,
    ProxyAuthenticate,
    ProxyAuthorization,
    Te,
    Trailer,
    Upgrade,
    Expect,
    Http2Settings,
    Via,
    Forwarded,
    XForwardedFor,
    XForwardedProto,
    XForwardedHost,
    XForwardedPort,
    XForwardedPrefix,
    XForwardedServer,
    XRealIp,
    XRequestId,
    Proxy,
    ScriptName,
    XScriptName,
    MaxForwards,
    Authorization,
    Cookie,
    SetCookie,
    Location,
    ContentLocation,
    Link,
    Refresh,
    ContentType,
    Date,
    Server,
    UserAgent,
    Referer,
    Accept,
    /// Read by some applications as one of the fields above, or as another address for the request: `X_Forwarded_For`
    /// is `X-Forwarded-For` to WSGI, Rack and CGI, `X-Forwarded-Ssl` is a second X-Forwarded-Proto, `X-Original-URL`
    /// another path than the one that was matched (HTTP.md rules 13, 19, 34). Not to be passed on.
    Alias,
    Other,
}

/// Whose head a field stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// Splits and checks one field line.
#[inline]
pub(crate) fn field_in(line: &Line<'_>, side: Side) -> Result<Field, HeadError> {
    let text = line.text;
    let mut classes = 0;
    let mut name_len = 0;
    for &byte in text {
        let of = class(byte);
        if of & TOKEN == 0 {
            break;
        }
        classes |= of;
        name_len += 1;
    }
    let name = text.get(..name_len).unwrap_or_default();
    let rest = text.get(name_len..).unwrap_or_default();
    let raw_value = match rest {
        [b':', value @ ..] if name_len > 0 => value,
        _ => value_after_gap(name, rest, side)?,
    };
    let value = trim_ows(raw_value);
    if !is_text(value) {
        return Err(if value.contains(&b'\r') { HeadError::BareCr } else { HeadError::BadValue });
    }
    // The value's place follows from what stands before it and is trimmed off it.
    let from = text.len() - raw_value.len() + leading_ows(raw_value);
    let kind = if classes & ODD == 0 { kind_of(name) } else { odd_kind_of(name) };
    let hop = hop_of(kind, value);
    Ok(Field { name: line.span(0, name_len), value: line.span(from, from + value.len()), kind, hop })
}

/// A line whose name is not followed by its colon. RFC 9112 5.1: space before the colon is an error in a request
/// and removed from a response; everything else is an error anywhere.
#[cold]
fn value_after_gap<'l>(name: &[u8], rest: &'l [u8], side: Side) -> Result<&'l [u8], HeadError> {
    match rest {
        [b' ' | b'\t', ..] if name.is_empty() => Err(HeadError::Folded),
        [b' ' | b'\t', ..] => match (rest.get(leading_ows(rest)..).unwrap_or_default(), side) {
            ([b':', value @ ..], Side::Response) => Ok(value),
            ([b':', ..], Side::Request) => Err(HeadError::SpaceBeforeColon),
            _ => Err(if rest.contains(&b':') { HeadError::BadName } else { HeadError::NoColon }),
        },
        [b':', ..] => Err(HeadError::EmptyName),
        _ if rest.contains(&b':') => Err(HeadError::BadName),
        _ => Err(HeadError::NoColon),
    }
}

fn leading_ows(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// RFC 9110 5.6.2.
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| class(*byte) & TOKEN != 0)
}

/// Checks a value that the configuration made, so that it cannot split a message (HTTP.md rule 40).
pub fn checked_value<T: AsRef<[u8]> + ?Sized>(value: &T) -> Result<&T, ValueError> {
    let bytes = value.as_ref();
    if !is_text(bytes) {
        return Err(ValueError::Control);
    }
    if trim_ows(bytes).len() != bytes.len() {
        return Err(ValueError::OuterWhitespace);
    }
    Ok(value)
}

impl FieldKind {
    /// What a field of this name would be taken for.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let is_plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        if is_plain { kind_of(name) } else { odd_kind_of(name) }
    }

    /// Whether Connection may name a field of this kind and so have it removed. RFC 9110 7.6.1 forbids to name
    /// fields meant for everybody; believing such a list lets a client strike out what others rely on (HTTP.md
    /// rule 23).
    pub(crate) fn is_removable(self) -> bool {
        matches!(self, Self::Other | Self::Alias)
    }
}

fn hop_of(kind: FieldKind, value: &[u8]) -> Hop {
    match kind {
        FieldKind::Connection
        | FieldKind::KeepAlive
        | FieldKind::ProxyConnection
        | FieldKind::ProxyAuthenticate
        | FieldKind::ProxyAuthorization
        | FieldKind::TransferEncoding
        | FieldKind::Upgrade
        | FieldKind::Http2Settings => Hop::HopByHop,
        // HTTP.md rule 22: the one thing in TE that is worth passing on, since trailers are.
        FieldKind::Te if value.eq_ignore_ascii_case(b"trailers") => Hop::EndToEnd,
        FieldKind::Te => Hop::HopByHop,
        _ => Hop::EndToEnd,
    }
}

/// The kind of a field by its name: one jump on the length, then a few comparisons.
#[inline]
pub(crate) fn kind_of(name: &[u8]) -> FieldKind {
    use FieldKind as K;
    let candidates: &[(&[u8], K)] = match name.len() {
        2 => &[(b"te", K::Te)],
        3 => &[(b"via", K::Via)],
        4 => &[(b"host", K::Host), (b"date", K::Date), (b"link", K::Link)],
        5 => &[(b"proxy", K::Proxy)],
        6 => {
            &[(b"accept", K::Accept), (b"cookie", K::Cookie), (b"server", K::Server), (b"expect", K::Expect)]
        }
        7 => &[
            (b"upgrade", K::Upgrade),
            (b"referer", K::Referer),
            (b"trailer", K::Trailer),
            (b"refresh", K::Refresh),
        ],
        8 => &[(b"location", K::Location), (b"x-scheme", K::Alias)],
        9 => &[(b"forwarded", K::Forwarded), (b"x-real-ip", K::XRealIp), (b"path-info", K::Alias)],
        10 => &[
            (b"connection", K::Connection),
            (b"user-agent", K::UserAgent),
            (b"set-cookie", K::SetCookie),
            (b"keep-alive", K::KeepAlive),
        ],
        11 => &[(b"script-name", K::ScriptName)],
        12 => &[
            (b"content-type", K::ContentType),
            (b"x-request-id", K::XRequestId),
            (b"max-forwards", K::MaxForwards),
            (b"x-url-scheme", K::Alias),
        ],
        13 => &[
            (b"authorization", K::Authorization),
            (b"x-script-name", K::XScriptName),
            (b"x-rewrite-url", K::Alias),
        ],
        14 => &[
            (b"content-length", K::ContentLength),
            (b"http2-settings", K::Http2Settings),
            (b"x-original-url", K::Alias),
        ],
        15 => &[
            (b"x-forwarded-for", K::XForwardedFor),
            (b"x-forwarded-ssl", K::Alias),
            (b"front-end-https", K::Alias),
        ],
        16 => &[
            (b"x-forwarded-host", K::XForwardedHost),
            (b"x-forwarded-port", K::XForwardedPort),
            (b"content-location", K::ContentLocation),
            (b"proxy-connection", K::ProxyConnection),
        ],
        17 => &[(b"transfer-encoding", K::TransferEncoding), (b"x-forwarded-proto", K::XForwardedProto)],
        18 => &[
            (b"x-forwarded-prefix", K::XForwardedPrefix),
            (b"x-forwarded-server", K::XForwardedServer),
            (b"x-forwarded-scheme", K::Alias),
            (b"proxy-authenticate", K::ProxyAuthenticate),
        ],
        19 => &[(b"proxy-authorization", K::ProxyAuthorization)],
        20 => &[(b"x-forwarded-protocol", K::Alias)],
        _ => &[],
    };
    candidates.iter().find(|(known, _)| is_spelled(name, known)).map_or(K::Other, |(_, kind)| *kind)
}

/// Whether `name`, of letters, digits and hyphens, is `known` but for the case of its letters. All of these but the
/// capitals have the bit of lower case set, so that setting it is all there is to do; eight bytes at a time, the last
/// eight overlapping those before.
#[inline]
fn is_spelled(name: &[u8], known: &[u8]) -> bool {
    let same =
        |a: &[u8; 8], b: &[u8; 8]| u64::from_le_bytes(*a) | 0x2020_2020_2020_2020 == u64::from_le_bytes(*b);
    match (name.last_chunk(), known.last_chunk()) {
        (Some(name_end), Some(known_end)) => {
            let (words, known_words) = (name.as_chunks::<8>().0, known.as_chunks::<8>().0);
            same(name_end, known_end) && words.iter().zip(known_words).all(|(a, b)| same(a, b))
        }
        _ => name.iter().zip(known).all(|(a, b)| a | 0x20 == *b),
    }
}

/// Names longer than this are not known in any spelling.
const KNOWN_MAX: usize = 20;

/// The kind of a name with underscores or other rare signs: what it would be if they were hyphens, which is what
/// applications that put fields into environment-like variables make of them (RFC 3875 4.1.18).
#[cold]
fn odd_kind_of(name: &[u8]) -> FieldKind {
    let mut plain = [b'-'; KNOWN_MAX];
    let Some(plain) = plain.get_mut(..name.len()) else { return FieldKind::Other };
    for (to, from) in plain.iter_mut().zip(name) {
        if from.is_ascii_alphanumeric() {
            *to = *from;
        }
    }
    match kind_of(plain) {
        FieldKind::Other => FieldKind::Other,
        FieldKind::ScriptName => FieldKind::ScriptName,
        _ => FieldKind::Alias,
    }
}

/// RFC 9110 6.5.1: fields that must not arrive behind the body, besides all those that have a kind: whoever merged
/// them into the head would frame, route, authorise or cache differently from whoever did not.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: [&[u8]; 14] = [
        b"age",
        b"cache-control",
        b"content-encoding",
        b"content-range",
        b"expires",
        b"pragma",
        b"range",
        b"retry-after",
        b"vary",
        b"warning",
        b"www-authenticate",
        b"authentication-info",
        b"proxy-authentication-info",
        b"x-http-method-override",
    ];
    let starts =
        |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    FORBIDDEN.iter().any(|forbidden| name.eq_ignore_ascii_case(forbidden))
        || starts(b"if-")
        || starts(b"x-forwarded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_known_in_any_case_and_no_other_is_taken_for_it() {
        let names: [&[u8]; 12] = [
            b"te",
            b"host",
            b"cookie",
            b"upgrade",
            b"location",
            b"forwarded",
            b"connection",
            b"http2-settings",
            b"x-forwarded-for",
            b"content-location",
            b"transfer-encoding",
            b"x-forwarded-protocol",
        ];
        for name in names {
            let kind = kind_of(name);
            assert_ne!(kind, FieldKind::Other);
            assert_eq!(kind_of(&name.to_ascii_uppercase()), kind);
            for place in 0..name.len() {
                for other in (0..=u8::MAX).filter(|byte| class(*byte) & TOKEN != 0 && class(*byte) & ODD == 0)
                {
                    let mut changed = name.to_vec();
                    *changed.get_mut(place).unwrap() = other;
                    let is_same = changed.eq_ignore_ascii_case(name);
                    assert_eq!(kind_of(&changed) == kind, is_same, "{}", changed.escape_ascii());
                }
            }
        }
    }
}

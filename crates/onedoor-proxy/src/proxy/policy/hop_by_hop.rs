//! What ends at this hop and what goes on (RFC 9110 7.6.1; HTTP.md rules 13, 22, 23, 34).
//!
//! The parser has already judged each field (`hop`, `kind`); here the verdicts are carried out while the fields are
//! copied, once, into the next head. Fields that we set ourselves are dropped first and added after.

use onedoor_http1::{BodyFraming, Field, FieldKind, Hop, Method, emit};

use crate::proxy::inbound::{Head, ReplySink};
use crate::proxy::policy::affinity::Affinity;
use crate::proxy::policy::forwarded::Trust;
use crate::proxy::policy::repair::Repair;

/// Copies the client's fields that go on to the upstream.
pub(in crate::proxy) fn copy_request_fields(
    head: Head<'_>,
    trust: Trust,
    affinity: Option<&Affinity<'_>>,
    out: &mut Vec<u8>,
) {
    for field in head.parsed.fields() {
        if goes_upstream(field, trust) {
            if field.kind == FieldKind::MaxForwards && head.parsed.method() == Method::Options {
                write_max_forwards(head.text(field.value), out);
                continue;
            }
            match affinity {
                Some(affinity) if field.kind == FieldKind::Cookie => {
                    affinity.copy_cookies(head.bytes, field, out)
                }
                Some(_) | None => emit::copied(out, head.bytes, field),
            }
        }
    }
}

fn goes_upstream(field: &Field, trust: Trust) -> bool {
    if field.hop == Hop::HopByHop {
        return false;
    }
    match field.kind {
        // Written anew by whoever writes the head.
        FieldKind::Host | FieldKind::ContentLength | FieldKind::Expect => false,
        // Written anew by policy::forwarded and policy::request_id.
        FieldKind::XForwardedFor
        | FieldKind::XForwardedProto
        | FieldKind::XForwardedHost
        | FieldKind::XForwardedPort
        | FieldKind::XForwardedPrefix
        | FieldKind::XForwardedServer
        | FieldKind::Forwarded
        | FieldKind::XRequestId => false,
        FieldKind::XRealIp => trust == Trust::Trusted,
        // `Proxy` becomes HTTP_PROXY in CGI-like apps (CVE-2016-5385); SCRIPT_NAME moves an app's root; an alias
        // is read as one of the fields above by WSGI and Rack.
        FieldKind::Proxy | FieldKind::ScriptName | FieldKind::XScriptName | FieldKind::Alias => false,
        _ => true,
    }
}

/// RFC 9110 7.6.2: decremented at each hop. What is no number goes on as it is.
fn write_max_forwards(value: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(value).ok().and_then(|text| text.parse::<u64>().ok()) {
        Some(left) => emit::field_u64(out, b"Max-Forwards", left.saturating_sub(1)),
        None => emit::field(out, b"Max-Forwards", value),
    }
}

/// Writes what this hop is asked for: an upgrade, and the trailers of a TE that was copied. Each is to be named in
/// Connection, so that a server which does not know it does not pass it on (RFC 9110 7.8, 10.1.4).
pub(in crate::proxy) fn write_connection_options(head: Head<'_>, out: &mut Vec<u8>) {
    let trailers = head.parsed.find(FieldKind::Te).any(|field| field.hop == Hop::EndToEnd);
    match (head.parsed.upgrade(), trailers) {
        (None, false) => {}
        (None, true) => emit::field(out, b"Connection", b"TE"),
        (Some(protocols), trailers) => {
            emit::field(out, b"Connection", if trailers { b"Upgrade, TE" } else { b"Upgrade" });
            emit::field(out, b"Upgrade", head.text(protocols));
        }
    }
}

/// Writes how the request's body is framed towards the upstream.
pub(in crate::proxy) fn write_request_framing(framing: BodyFraming, out: &mut Vec<u8>) {
    match framing {
        BodyFraming::None | BodyFraming::UntilClose => {}
        BodyFraming::Length(length) => emit::field_u64(out, b"Content-Length", length),
        BodyFraming::Chunked => emit::field(out, b"Transfer-Encoding", b"chunked"),
    }
}

/// Whether the upstream's answer had a Date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Dated {
    Yes,
    No,
}

/// Copies the upstream's fields that go back to the client.
pub(in crate::proxy) fn copy_response_fields(
    bytes: &[u8],
    fields: &[Field],
    repair: Option<&Repair<'_>>,
    reply: &mut ReplySink<'_>,
) -> Dated {
    let mut dated = Dated::No;
    for field in fields {
        if field.hop == Hop::HopByHop || field.kind == FieldKind::ContentLength {
            continue;
        }
        if field.kind == FieldKind::Date {
            dated = Dated::Yes;
        }
        match repair.and_then(|repair| repair.mend(field.kind, field.value.of(bytes))) {
            Some(mended) => reply.field(field.name.of(bytes), &mended),
            None => reply.copied(bytes, field),
        }
    }
    dated
}

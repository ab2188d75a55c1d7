//! HTTP/1.1 towards an upstream: its request head written, its response head read and judged.

use onedoor_http1::{
    BodyFraming, Field, FieldKind, HeadError, HeadLimits, Method, Parsed, RequestKind, ResponseHead, emit,
};
use tokio::io::AsyncReadExt;

use crate::proxy::buffer::Buffer;
use crate::proxy::config::Via;
use crate::proxy::deadline::Deadline;
use crate::proxy::inbound::Head;
use crate::proxy::plan::Forward;
use crate::proxy::policy::affinity::Affinity;
use crate::proxy::policy::forwarded::Provenance;
use crate::proxy::policy::hop_by_hop;
use crate::proxy::relay::splice::FirstRead;
use crate::proxy::stream::ReadHalf;

/// Room for a response head and, with it, a typical small body in one read.
const READ_ROOM: usize = 16 * 1024;

/// Everything a request head for the upstream is made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct RequestParts<'x> {
    pub(in crate::proxy) head: Head<'x>,
    pub(in crate::proxy) forward: &'x Forward<'x>,
    pub(in crate::proxy) target: &'x [u8],
    pub(in crate::proxy) provenance: &'x Provenance<'x>,
    pub(in crate::proxy) request_id: &'x [u8],
    pub(in crate::proxy) framing: BodyFraming,
    pub(in crate::proxy) expect: ExpectField,
    pub(in crate::proxy) via: Via,
    /// Its cookie is our own, and stays here.
    pub(in crate::proxy) affinity: Option<Affinity<'x>>,
}

/// Whether `Expect: 100-continue` goes on: only where the body waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum ExpectField {
    Sent,
    Left,
}

/// Writes the request head that the upstream sees.
pub(in crate::proxy) fn write_request_head(parts: RequestParts<'_>, out: &mut Vec<u8>) {
    let head = parts.head;
    out.clear();
    emit::request_line(out, head.method(), parts.target);
    emit::field(out, b"Host", parts.forward.authority(head));
    hop_by_hop::copy_request_fields(head, parts.provenance.trust, parts.affinity.as_ref(), out);
    hop_by_hop::write_request_framing(parts.framing, out);
    hop_by_hop::write_connection_options(head, out);
    if parts.expect == ExpectField::Sent {
        emit::field(out, b"Expect", b"100-continue");
    }
    parts.provenance.write(parts.forward.rewrite.stripped_prefix(), parts.via, out);
    emit::field(out, b"X-Request-Id", parts.request_id);
    emit::end_of_head(out);
}

/// What came instead of a response head.
#[derive(Debug)]
pub(in crate::proxy) enum HeadFailure {
    /// The connection ended or broke.
    Closed(String),
    Bad(HeadError),
    Silent,
}

/// Reads until a response head is complete and returns its length; what follows stays in the buffer behind it.
pub(in crate::proxy) async fn read_response_head(
    reader: &mut ReadHalf<'_>,
    buffer: &mut Buffer,
    response: &mut ResponseHead,
    limits: &HeadLimits,
    asked: RequestKind,
    first_read: FirstRead,
    deadline: &Deadline,
) -> Result<usize, HeadFailure> {
    let mut most = first_read.most();
    loop {
        if !buffer.is_empty() {
            match response.parse(buffer.unread(), limits, asked) {
                Ok(Parsed::Complete { head_bytes }) => return Ok(head_bytes),
                Ok(Parsed::Partial) => {}
                Err(error) => return Err(HeadFailure::Bad(error)),
            }
        }
        let room = READ_ROOM.max(buffer.len() + READ_ROOM / 2);
        match deadline.guarding(buffer.read_from(&mut reader.take(most), room)).await {
            Err(_) => return Err(HeadFailure::Silent),
            Ok(Err(error)) => return Err(HeadFailure::Closed(error.to_string())),
            Ok(Ok(0)) if buffer.is_empty() => return Err(HeadFailure::Closed("end of stream".into())),
            Ok(Ok(0)) => return Err(HeadFailure::Closed("end of stream inside the response head".into())),
            Ok(Ok(_)) => most = u64::MAX,
        }
    }
}

/// Whether a connection may serve somebody else after its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Sharing {
    Free,
    /// NTLM and Negotiate authenticate the connection, not the request (RFC 4559 6; HTTP.md rule 41).
    Bound,
}

pub(in crate::proxy) fn sharing(asked: Head<'_>, bytes: &[u8], response: &ResponseHead) -> Sharing {
    let binds = |value: &[u8]| {
        [&b"negotiate"[..], b"ntlm"]
            .iter()
            .any(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
    };
    let tried = asked.parsed.find(FieldKind::Authorization).any(|field| binds(asked.text(field.value)));
    let challenges = |field: &Field| {
        field.kind == FieldKind::Other && field.name.of(bytes).eq_ignore_ascii_case(b"www-authenticate")
    };
    let offered = response.status().as_u16() == 401
        && response.fields().iter().any(|field| challenges(field) && binds(field.value.of(bytes)));
    if tried || offered { Sharing::Bound } else { Sharing::Free }
}

/// How the parser must read the answer to `method`.
pub(in crate::proxy) fn kind_of(method: Method) -> RequestKind {
    if method == Method::Head { RequestKind::Head } else { RequestKind::Other }
}

//! Heads in one line each, and what tests ask of them.

use onedoor_http1::{
    ChunkedError, Dechunker, Field, FieldKind, HeadError, HeadLimits, Hop, Parsed, Progress, RequestHead,
    RequestKind, ResponseHead,
};

/// A request's head that is all there.
pub(crate) fn request(bytes: impl AsRef<[u8]>) -> Result<RequestHead, HeadError> {
    let bytes = bytes.as_ref();
    let mut head = RequestHead::default();
    match head.parse(bytes, &HeadLimits::default())? {
        Parsed::Complete { head_bytes } => {
            assert_eq!(head_bytes, bytes.len(), "the head ends where the bytes do")
        }
        Parsed::Partial => panic!("incomplete: {}", bytes.escape_ascii()),
    }
    Ok(head)
}

/// `GET / HTTP/1.1` with a Host and these field lines.
pub(crate) fn get_with(fields: &str) -> Result<RequestHead, HeadError> {
    request(get_text(fields))
}

pub(crate) fn get_text(fields: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// The request must be refused, with just this error.
pub(crate) fn refused(head: impl AsRef<[u8]>, error: HeadError) {
    let head = head.as_ref();
    assert_eq!(request(head).err(), Some(error), "{}", head.escape_ascii());
}

pub(crate) fn refused_with(fields: &str, error: HeadError) {
    refused(get_text(fields), error);
}

/// A response's head that is all there.
pub(crate) fn response(bytes: impl AsRef<[u8]>, asked: RequestKind) -> Result<ResponseHead, HeadError> {
    let bytes = bytes.as_ref();
    let mut head = ResponseHead::default();
    match head.parse(bytes, &HeadLimits::default(), asked)? {
        Parsed::Complete { head_bytes } => {
            assert_eq!(head_bytes, bytes.len(), "the head ends where the bytes do")
        }
        Parsed::Partial => panic!("incomplete: {}", bytes.escape_ascii()),
    }
    Ok(head)
}

/// `HTTP/1.1 200 OK` with these field lines, answering a GET.
pub(crate) fn ok_with(fields: &str) -> Result<ResponseHead, HeadError> {
    response(ok_text(fields), RequestKind::Other)
}

pub(crate) fn ok_text(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n")
}

/// The kind and reach of the last field.
pub(crate) fn last(fields: &[Field]) -> (FieldKind, Hop) {
    fields.last().map(|field| (field.kind, field.hop)).unwrap()
}

/// A chunked body in pieces: payload, trailers and bytes used, or the error.
pub(crate) fn dechunk<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<Body, ChunkedError> {
    let mut dechunker = Dechunker::default();
    let mut body = Body { payload: Vec::new(), trailers: Vec::new(), consumed: 0, progress: Progress::More };
    let mut buffer = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let dechunked = dechunker.decode_in_place(&mut buffer)?;
        body.payload.extend_from_slice(&buffer[..dechunked.data]);
        body.consumed += dechunked.consumed;
        body.progress = dechunked.progress;
        buffer.drain(..dechunked.consumed);
    }
    body.trailers = dechunker.trailers().to_vec();
    Ok(body)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) payload: Vec<u8>,
    pub(crate) trailers: Vec<u8>,
    pub(crate) consumed: usize,
    pub(crate) progress: Progress,
}

//! What holds for all bytes: no way of cutting them into reads changes the verdict, what is written reads the same,
//! nothing panics, and nothing is accepted that an independent reader reads differently.

use onedoor_http1::{
    BodyFraming, Dechunker, EncodedSlash, Field, HeadLimits, Parsed, PathChange, Progress, RequestHead,
    RequestKind, ResponseHead, Span, Target, emit, normalise,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::kit::dechunk;

/// Pieces that heads are made of, good and bad, so that random ones come close to the border.
const HEAD_PIECES: &[&str] = &[
    "GET ",
    "POST ",
    "OPTIONS ",
    "CONNECT ",
    "/",
    "*",
    "http://a",
    "/a?b",
    "/../%2e",
    " HTTP/1.1\r\n",
    " HTTP/1.0\r\n",
    " HTTP/2.0\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 101 x\r\n",
    "HTTP/1.0 304\r\n",
    "Host: a\r\n",
    "Host: b:80\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 05\r\n",
    "Content-Length: x\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close, x-a\r\n",
    "Connection: upgrade\r\n",
    "Upgrade: websocket\r\n",
    "X-A: b\r\n",
    "X_Forwarded_For: c\r\n",
    "Expect: 100-continue\r\n",
    "Keep-Alive: timeout=5\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    "A",
    ";",
    ",",
    "\0",
    "\u{e9}",
    "\x16\x03",
];

const CHUNK_PIECES: &[&str] = &[
    "0",
    "1",
    "5",
    "a",
    "00",
    "\r\n",
    "\r\n\r\n",
    "5\r\nhello\r\n",
    "1;x=y\r\na\r\n",
    "0\r\n\r\n",
    "0\r\nA: b\r\n\r\n",
    "Host: a\r\n",
    "A: b\r\n",
    ";",
    "\r",
    "\n",
    " ",
    ":",
    "x",
    "\0",
    "hello",
];

const PATH_PIECES: &[&str] = &[
    "/", "//", "/.", "/..", "/./", "/../", "a", "b.c", ".", "%41", "%2F", "%2f", "%2e", "%5c", "%00",
    "%c3%A9", "%25", "%", ";", "\\", "\0", "?", "~", "%3B",
];

fn from_pieces(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    vec(select(pieces), 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

/// A good request's head with some of everything.
fn good_request() -> impl Strategy<Value = Vec<u8>> {
    let line = ("[A-Z]{1,9}", "/[a-z/.%?]{0,20}", select(&["1.0", "1.1"][..]));
    let fields = vec(("[A-Za-z_-]{1,20}", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..8);
    let framing = select(
        &["", "Content-Length: 7\r\n", "content-length:0\r\n", "Connection: close, x-y\r\nX-Y: z\r\n"][..],
    );
    (line, fields, framing).prop_map(|((method, target, version), fields, framing)| {
        let fields: String = fields.iter().map(|(name, value)| format!("x-{name}:{value}\r\n")).collect();
        format!("{method} {target} HTTP/{version}\r\nHost: a\r\n{fields}{framing}\r\n").into_bytes()
    })
}

/// Where bytes are cut into reads: the ends of the growing front, the last one being all of it.
fn cuts(len: usize, cuts: &[Index]) -> Vec<usize> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(len + 1)).collect();
    ends.push(len);
    ends.sort_unstable();
    ends
}

fn verdict_of_request(bytes: &[u8], ends: &[usize], limits: &HeadLimits) -> String {
    let mut head = RequestHead::default();
    let mut parsed = Ok(Parsed::Partial);
    for &end in ends {
        parsed = head.parse(&bytes[..end], limits);
        if parsed != Ok(Parsed::Partial) {
            break;
        }
    }
    match parsed {
        Ok(Parsed::Partial) => "partial".into(),
        Ok(Parsed::Complete { .. }) => format!("{parsed:?} {head:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn verdict_of_response(bytes: &[u8], ends: &[usize], limits: &HeadLimits) -> String {
    let mut head = ResponseHead::default();
    let mut parsed = Ok(Parsed::Partial);
    for &end in ends {
        parsed = head.parse(&bytes[..end], limits, RequestKind::Other);
        if parsed != Ok(Parsed::Partial) {
            break;
        }
    }
    match parsed {
        Ok(Parsed::Partial) => "partial".into(),
        Ok(Parsed::Complete { .. }) => format!("{parsed:?} {head:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn small_limits() -> impl Strategy<Value = HeadLimits> {
    (20_usize..400, 1_usize..12).prop_map(|(bytes_max, fields_max)| HeadLimits { bytes_max, fields_max })
}

fn pieces_of<'b>(bytes: &'b [u8], ends: &[usize]) -> Vec<&'b [u8]> {
    let mut start = 0;
    ends.iter()
        .map(|&end| {
            let piece = &bytes[start..end];
            start = end;
            piece
        })
        .collect()
}

type Lines<'b> = Vec<(&'b [u8], &'b [u8])>;

fn lines<'b>(fields: &[Field], bytes: &'b [u8]) -> Lines<'b> {
    fields.iter().map(|field| (field.name.of(bytes), field.value.of(bytes))).collect()
}

fn target_text(target: Target, bytes: &[u8]) -> Vec<u8> {
    let with_query = |path: Span, query: Option<Span>| {
        let mut text = path.of(bytes).to_vec();
        if let Some(query) = query {
            text.push(b'?');
            text.extend_from_slice(query.of(bytes));
        }
        text
    };
    match target {
        Target::Origin { path, query } => with_query(path, query),
        Target::Absolute { scheme, authority, path, query } => {
            [scheme.of(bytes), b"://", authority.of(bytes), &with_query(path, query)].concat()
        }
        Target::Asterisk => b"*".to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn no_cut_changes_what_a_request_is(
        bytes in prop_oneof![from_pieces(HEAD_PIECES), good_request(), vec(any::<u8>(), 0..64)],
        at in vec(any::<Index>(), 0..8),
        limits in prop_oneof![Just(HeadLimits::default()), small_limits()],
    ) {
        let whole = verdict_of_request(&bytes, &[bytes.len()], &limits);
        prop_assert_eq!(&whole, &verdict_of_request(&bytes, &cuts(bytes.len(), &at), &limits));
        let each: Vec<_> = (0..=bytes.len()).collect();
        prop_assert_eq!(&whole, &verdict_of_request(&bytes, &each, &limits));
    }

    #[test]
    fn no_cut_changes_what_a_response_is(
        bytes in prop_oneof![from_pieces(HEAD_PIECES), vec(any::<u8>(), 0..64)],
        start in select(&["", "HTTP/1.1 200 OK\r\n", "HTTP/1.0 204 \r\n"][..]),
        limits in prop_oneof![Just(HeadLimits::default()), small_limits()],
    ) {
        let bytes = [start.as_bytes(), &bytes].concat();
        let whole = verdict_of_response(&bytes, &[bytes.len()], &limits);
        let each: Vec<_> = (0..=bytes.len()).collect();
        prop_assert_eq!(whole, verdict_of_response(&bytes, &each, &limits));
    }

    #[test]
    fn no_cut_changes_what_a_chunked_body_is(
        bytes in prop_oneof![from_pieces(CHUNK_PIECES), vec(any::<u8>(), 0..64)],
        at in vec(any::<Index>(), 0..8),
    ) {
        let whole = dechunk([&bytes[..]]);
        prop_assert_eq!(&whole, &dechunk(pieces_of(&bytes, &cuts(bytes.len(), &at))));
        prop_assert_eq!(&whole, &dechunk(bytes.chunks(1)));
    }

    #[test]
    fn what_is_chunked_comes_out_again(payload in vec(any::<u8>(), 1..2000), size in 1_usize..300, cut in 1_usize..200) {
        let mut coded = Vec::new();
        for chunk in payload.chunks(size) {
            emit::chunk_size(&mut coded, chunk.len());
            coded.extend_from_slice(chunk);
            coded.extend_from_slice(b"\r\n");
        }
        emit::last_chunk(&mut coded, b"A: b\r\n");
        let body = dechunk(coded.chunks(cut)).unwrap();
        prop_assert_eq!((body.payload, body.progress), (payload, Progress::Done));
        prop_assert_eq!(body.trailers, b"A: b\r\n");
    }

    #[test]
    fn a_request_that_is_written_reads_the_same(bytes in good_request()) {
        let limits = HeadLimits::default();
        let mut head = RequestHead::default();
        let parsed = head.parse(&bytes, &limits);
        prop_assume!(parsed.is_ok());
        let mut written = Vec::new();
        emit::request_line(&mut written, head.method().name(&bytes), &target_text(head.target(), &bytes));
        for field in head.fields() {
            emit::field(&mut written, field.name.of(&bytes), field.value.of(&bytes));
        }
        emit::end_of_head(&mut written);
        let mut again = RequestHead::default();
        prop_assert_eq!(again.parse(&written, &limits), Ok(Parsed::Complete { head_bytes: written.len() }));
        prop_assert_eq!(lines(head.fields(), &bytes), lines(again.fields(), &written));
        prop_assert_eq!(target_text(head.target(), &bytes), target_text(again.target(), &written));
        prop_assert_eq!(head.framing(), again.framing());
        let hops = |head: &RequestHead| head.fields().iter().map(|field| (field.kind, field.hop)).collect::<Vec<_>>();
        prop_assert_eq!(hops(&head), hops(&again));
    }

    #[test]
    fn an_independent_reader_agrees_about_what_is_accepted(bytes in prop_oneof![from_pieces(HEAD_PIECES), good_request()]) {
        let mut head = RequestHead::default();
        if let Ok(Parsed::Complete { head_bytes }) = head.parse(&bytes, &HeadLimits::default()) {
            let mut fields = [httparse::EMPTY_HEADER; 128];
            let mut other = httparse::Request::new(&mut fields);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(head_bytes)));
            prop_assert_eq!(other.method.map(str::as_bytes), Some(head.method().name(&bytes)));
            let theirs: Lines<'_> = other.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
            prop_assert_eq!(lines(head.fields(), &bytes), theirs);
            prop_assert!(head.framing() != BodyFraming::UntilClose);
        }
    }

    #[test]
    fn an_independent_reader_agrees_about_accepted_responses(
        fields in vec(("[A-Za-z-]{1,12}", " {0,2}", "[ \t]{0,2}([!-~][ -~]{0,12})?[ \t]{0,2}"), 0..6),
        more in from_pieces(HEAD_PIECES),
    ) {
        let fields: String = fields.iter().map(|(name, gap, value)| format!("x-{name}{gap}:{value}\r\n")).collect();
        let bytes = [b"HTTP/1.1 200 OK\r\n", fields.as_bytes(), &more, b"\r\n\r\n"].concat();
        let mut head = ResponseHead::default();
        if let Ok(Parsed::Complete { head_bytes }) = head.parse(&bytes, &HeadLimits::default(), RequestKind::Other) {
            let mut fields = [httparse::EMPTY_HEADER; 128];
            let mut other = httparse::Response::new(&mut fields);
            let mut lenient = httparse::ParserConfig::default();
            lenient.allow_spaces_after_header_name_in_responses(true);
            let theirs = lenient.parse_response(&mut other, &bytes);
            prop_assert_eq!(theirs, Ok(httparse::Status::Complete(head_bytes)));
            let theirs: Lines<'_> = other.headers.iter().map(|field| (field.name.as_bytes(), field.value)).collect();
            prop_assert_eq!(lines(head.fields(), &bytes), theirs);
        }
    }

    #[test]
    fn a_response_that_is_written_reads_the_same(
        status in 100_u16..1000,
        reason in "[ -~]{0,12}",
        fields in vec(("[A-Za-z_-]{1,20}", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..8),
        framing in select(&["", "Content-Length : 7 ", "transfer-encoding:chunked", "Connection: close, x-y"][..]),
    ) {
        let limits = HeadLimits::default();
        let fields: String = fields.iter().map(|(name, value)| format!("x-{name}: {value} \r\n")).collect();
        let framing = if framing.is_empty() { String::new() } else { format!("{framing}\r\n") };
        let bytes = format!("HTTP/1.1 {status} {reason}\r\n{fields}{framing}\r\n").into_bytes();
        let mut head = ResponseHead::default();
        prop_assert!(head.parse(&bytes, &limits, RequestKind::Other).is_ok());
        let mut written = Vec::new();
        emit::status_line(&mut written, head.status().as_u16(), head.reason().of(&bytes));
        for field in head.fields() {
            emit::field(&mut written, field.name.of(&bytes), field.value.of(&bytes));
        }
        emit::end_of_head(&mut written);
        let mut again = ResponseHead::default();
        let parsed = again.parse(&written, &limits, RequestKind::Other);
        prop_assert_eq!(parsed, Ok(Parsed::Complete { head_bytes: written.len() }));
        prop_assert_eq!((head.status(), head.reason().of(&bytes)), (again.status(), again.reason().of(&written)));
        prop_assert_eq!(lines(head.fields(), &bytes), lines(again.fields(), &written));
        prop_assert_eq!((head.framing(), head.persistence()), (again.framing(), again.persistence()));
    }

    #[test]
    fn a_normal_path_is_normal(raw in prop_oneof![from_pieces(PATH_PIECES), vec(any::<u8>(), 0..24)]) {
        let (mut scratch, mut again) = (Vec::new(), Vec::new());
        if let Ok(normal) = normalise(&raw, &mut scratch) {
            prop_assert!(!normal.path.split(|byte| *byte == b'/').any(|segment| segment == b"." || segment == b".."));
            prop_assert_eq!(normal.change == PathChange::None, normal.path == &raw[..]);
            let twice = normalise(normal.path, &mut again).unwrap();
            prop_assert_eq!((twice.path, twice.change), (normal.path, PathChange::None));
            // `/%2F/../` has had one, and whoever unescapes first may have read that otherwise; it never comes out of nothing.
            prop_assert!(normal.encoded_slash == EncodedSlash::Present || twice.encoded_slash == EncodedSlash::Absent);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300), asked in select(&[RequestKind::Head, RequestKind::Other][..])) {
        let limits = HeadLimits::default();
        if let Ok(Parsed::Complete { head_bytes }) = RequestHead::default().parse(&bytes, &limits) {
            prop_assert!(head_bytes <= bytes.len());
        }
        if let Ok(Parsed::Complete { head_bytes }) = ResponseHead::default().parse(&bytes, &limits, asked) {
            prop_assert!(head_bytes <= bytes.len());
        }
        if let Ok(normal) = normalise(&bytes, &mut Vec::new()) {
            prop_assert!(normal.path.len() <= bytes.len());
        }
        if let Ok(dechunked) = Dechunker::default().decode_in_place(&mut bytes.clone()) {
            prop_assert!(dechunked.data <= dechunked.consumed && dechunked.consumed <= bytes.len());
        }
    }
}

//! The chunked coding: rules 6 to 8 and 31.

use onedoor_http1::{ChunkedError, Dechunker, HeadError, Progress};

use crate::kit::dechunk;

fn body(text: &str) -> (String, String) {
    let body = dechunk([text.as_bytes()]).unwrap();
    assert_eq!((body.consumed, body.progress), (text.len(), Progress::Done), "{text:?}");
    (String::from_utf8(body.payload).unwrap(), String::from_utf8(body.trailers).unwrap())
}

fn refused(text: impl AsRef<[u8]>, error: ChunkedError) {
    let text = text.as_ref();
    assert_eq!(dechunk([text]).err(), Some(error), "{}", text.escape_ascii());
}

#[test]
fn a_chunked_body_is_put_together() {
    assert_eq!(body("0\r\n\r\n").0, "");
    assert_eq!(body("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n").0, "hello world");
    assert_eq!(body("A\r\n0123456789\r\n000a\r\n0123456789\r\n000\r\n\r\n").0, "01234567890123456789");
}

#[test]
fn what_follows_the_body_is_left_alone() {
    let mut bytes = b"3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n".to_vec();
    let mut dechunker = Dechunker::default();
    let first = dechunker.decode_in_place(&mut bytes).unwrap();
    assert_eq!((first.data, first.progress), (3, Progress::Done));
    assert_eq!(&bytes[..first.data], b"abc");
    assert_eq!(&bytes[first.consumed..], b"GET / HTTP/1.1\r\n");
    let again = dechunker.decode_in_place(&mut bytes[first.consumed..]).unwrap();
    assert_eq!((again.data, again.consumed, again.progress), (0, 0, Progress::Done));
}

#[test]
fn rule_06_a_size_is_hexadecimal_digits_and_nothing_else() {
    for size in ["", "0x5", "+5", "-5", " 5", "5 ", "5\t", "\t5", "g", "5g", "5_0", "\r", "00000000000000000"]
    {
        refused(format!("{size}\r\nhello\r\n0\r\n\r\n"), ChunkedError::BadSize);
    }
    for size in ["8000000000000000", "ffffffffffffffff"] {
        refused(format!("{size}\r\n"), ChunkedError::SizeTooLarge);
    }
    refused(";a\r\n", ChunkedError::BadSize);
    assert!(dechunk([&b"7fffffffffffffff\r\n"[..]]).is_ok());
}

#[test]
fn rule_07_extensions_are_dropped_capped_and_plain() {
    assert_eq!(body("5;a=b;c=\"d e\"\t\r\nhello\r\n0;x\r\n\r\n").0, "hello");
    refused("5;a\nhello", ChunkedError::BadLineEnd);
    refused("5;a\r5", ChunkedError::BadLineEnd);
    refused("5;a\0\r\n", ChunkedError::BadExtension);
    refused("5\nhello", ChunkedError::BadLineEnd);
    refused("5\rhello", ChunkedError::BadLineEnd);
    refused("5\r\rhello", ChunkedError::BadLineEnd);
    refused(format!("5;{}\r\n", "a".repeat(1025)), ChunkedError::ExtensionsTooLong);
    refused(format!("1;{}\r\na\r\n", "a".repeat(1000)).repeat(20), ChunkedError::ExtensionsTooLong);
    let honest = format!("400;{}\r\n{}\r\n", "a".repeat(1000), "b".repeat(1024));
    assert!(dechunk([honest.repeat(100).as_bytes()]).is_ok(), "a payload pays for its extensions");
}

#[test]
fn rule_08_a_chunk_ends_with_crlf() {
    for end in ["", "x", "\n", "\r", "\rx", "\n\r", "\n\n"] {
        refused(format!("5\r\nhello{end}0\r\n\r\n"), ChunkedError::BadChunkEnd);
    }
    refused("5\r\nhello!\r\n0\r\n\r\n", ChunkedError::BadChunkEnd);
}

#[test]
fn rule_08_a_body_without_its_end_is_not_done() {
    let whole = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for end in 0..whole.len() {
        assert_eq!(dechunk([&whole.as_bytes()[..end]]).unwrap().progress, Progress::More, "{end}");
    }
}

#[test]
fn rule_31_trailers_are_kept_apart_and_checked() {
    let (payload, trailers) = body("1\r\na\r\n0\r\ngrpc-status: 0\r\nX-Sum:\t1 \r\n\r\n");
    assert_eq!((payload.as_str(), trailers.as_str()), ("a", "grpc-status: 0\r\nX-Sum: 1\r\n"));
    for (line, error) in [
        ("A: b\n", ChunkedError::BadLineEnd),
        ("\n", ChunkedError::BadLineEnd),
        ("A : b\r\n", ChunkedError::BadTrailer(HeadError::SpaceBeforeColon)),
        (" A: b\r\n", ChunkedError::BadTrailer(HeadError::Folded)),
        (": b\r\n", ChunkedError::BadTrailer(HeadError::EmptyName)),
        ("A\r\n", ChunkedError::BadTrailer(HeadError::NoColon)),
        ("A: b\0\r\n", ChunkedError::BadTrailer(HeadError::BadValue)),
        ("A: b\rC: d\r\n", ChunkedError::BadTrailer(HeadError::BareCr)),
    ] {
        refused(format!("0\r\n{line}\r\n"), error);
    }
    refused(format!("0\r\nA: {}\r\n\r\n", "b".repeat(8192)), ChunkedError::TrailersTooLarge);
    refused(format!("0\r\n{}\r\n", "A: b\r\n".repeat(1400)), ChunkedError::TrailersTooLarge);
    refused(format!("0\r\n{}", "a".repeat(8193)), ChunkedError::TrailersTooLarge);
}

#[test]
fn rule_31_a_trailer_cannot_be_what_belongs_in_a_head() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "X-Forwarded-Anything",
        "Forwarded",
        "Via",
        "Proxy",
        "X-Real-IP",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Cache-Control",
        "Expires",
        "Vary",
        "If-None-Match",
        "Range",
        "WWW-Authenticate",
        "Location",
        "Expect",
        "Max-Forwards",
        "Proxy-Authorization",
        "Age",
        "Date",
        "SCRIPT_NAME",
        "PATH_INFO",
    ] {
        assert_eq!(body(&format!("0\r\n{name}: 1\r\nX: y\r\n\r\n")).1, "X: y\r\n", "{name}");
    }
}

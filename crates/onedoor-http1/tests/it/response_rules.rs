//! The rules for responses, by their numbers.

use std::time::Duration;

use onedoor_http1::{
    BodyFraming, FieldKind, HeadError, HeadLimits, Hop, Persistence, RequestKind, ResponseHead, Version,
    checked_value, is_token, reason_phrase,
};

use crate::kit::{ok_text, ok_with, response};

fn refused(head: impl AsRef<[u8]>, error: HeadError) {
    let head = head.as_ref();
    assert_eq!(response(head, RequestKind::Other).err(), Some(error), "{}", head.escape_ascii());
}

#[test]
fn a_plain_response_is_read() {
    let text = b"HTTP/1.1 404 Not  Found\r\nContent-Length: 5\r\nDate: x\r\n\r\n";
    let head = response(text, RequestKind::Other).unwrap();
    assert_eq!((head.status().as_u16(), head.reason().of(text)), (404, &b"Not  Found"[..]));
    assert_eq!((head.framing(), head.declared_length()), (BodyFraming::Length(5), Some(5)));
    assert_eq!((head.version(), head.persistence()), (Version::Http11, Persistence::KeepAlive));
    assert_eq!(head.find(FieldKind::Date).count(), 1);
}

#[test]
fn a_status_line_is_a_version_three_digits_and_a_reason() {
    for (line, reason) in
        [("HTTP/1.1 200 OK", 2), ("HTTP/1.1 200 ", 0), ("HTTP/1.1 200", 0), ("HTTP/1.0 999 \u{e9}\t", 3)]
    {
        assert_eq!(
            response(format!("{line}\r\n\r\n"), RequestKind::Other).unwrap().reason().len(),
            reason,
            "{line}"
        );
    }
    for line in [
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 200OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 +20 OK",
        "ICY 200 OK",
        "http/1.1 200 OK",
    ] {
        refused(format!("{line}\r\n\r\n"), HeadError::BadStatusLine);
    }
    refused("HTTP/2.0 200 OK\r\n\r\n", HeadError::UnsupportedVersion);
    refused("HTTP/1.x 200 OK\r\n\r\n", HeadError::BadVersion);
    let early = ResponseHead::default().parse(b"<html>", &HeadLimits::default(), RequestKind::Other);
    assert_eq!(early, Err(HeadError::BadStatusLine));
}

#[test]
fn rule_05_a_response_with_unclear_framing_is_refused() {
    for (fields, error) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HeadError::TwoLengths),
        ("Content-Length: 5, 5\r\n", HeadError::BadContentLength),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", HeadError::ContentLengthsDiffer),
        ("Transfer-Encoding: gzip, chunked\r\n", HeadError::UnsupportedTransferEncoding),
        ("Transfer-Encoding: identity\r\n", HeadError::BadTransferEncoding),
    ] {
        refused(ok_text(fields), error);
    }
    refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HeadError::TransferEncodingInHttp10);
}

#[test]
fn rules_09_to_12_hold_for_responses_but_for_the_space_before_a_colon() {
    refused("HTTP/1.1 200 OK\nA: b\r\n\r\n", HeadError::BareLf);
    refused(ok_text("A: b\r\n c\r\n"), HeadError::Folded);
    refused(ok_text(" A: b\r\n"), HeadError::SpaceBeforeFields);
    refused(ok_text("A: b\0\r\n"), HeadError::BadValue);
    refused(ok_text(": b\r\n"), HeadError::EmptyName);
    refused(ok_text("A\r\n"), HeadError::NoColon);
    refused(ok_text("A B : c\r\n"), HeadError::BadName);
}

#[test]
fn rule_11_the_space_before_a_colon_is_taken_off_a_response() {
    for line in
        ["Content-Length \t: 51", "Content-Length :51", "Content-Length : 51 \t", "Content-Length  :\t51  "]
    {
        let text = ok_text(&format!("{line}\r\n"));
        let head = response(&text, RequestKind::Other).unwrap();
        assert_eq!(head.framing(), BodyFraming::Length(51), "{line:?}");
        let field = head.fields().first().unwrap();
        let (name, value) = (field.name.of(text.as_bytes()), field.value.of(text.as_bytes()));
        assert_eq!((name, value), (&b"Content-Length"[..], &b"51"[..]), "{line:?}");
    }
}

#[test]
fn rule_24_a_switch_of_protocols_says_to_which() {
    let text = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let head = response(text, RequestKind::Other).unwrap();
    assert_eq!(head.upgrade().map(|span| span.of(text.as_bytes())), Some(&b"websocket"[..]));
    for fields in
        ["Upgrade: websocket\r\n", "Connection: Upgrade\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n"]
    {
        let head = response(format!("HTTP/1.1 101 x\r\n{fields}\r\n"), RequestKind::Other).unwrap();
        assert_eq!(head.upgrade(), None, "{fields}");
    }
}

#[test]
fn rule_29_framing_follows_question_status_and_fields() {
    use BodyFraming::{Chunked, Length, None as Nothing, UntilClose};
    use Persistence::{Close, KeepAlive};
    use RequestKind::{Head, Other};
    let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for (status, asked, fields, framing, declared, persistence) in [
        (200, Other, length, Length(5), Some(5), KeepAlive),
        (200, Other, "Content-Length: 0\r\n", Length(0), Some(0), KeepAlive),
        (200, Other, chunked, Chunked, None, KeepAlive),
        (200, Other, "", UntilClose, None, Close),
        (200, Head, length, Nothing, Some(5), KeepAlive),
        (200, Head, chunked, Nothing, None, KeepAlive),
        (200, Head, "", Nothing, None, KeepAlive),
        (304, Other, length, Nothing, Some(5), KeepAlive),
        (304, Other, chunked, Nothing, None, KeepAlive),
        (204, Other, "", Nothing, None, KeepAlive),
        (204, Other, "Content-Length: 0\r\n", Nothing, None, KeepAlive),
        (204, Other, length, Nothing, None, Close),
        (204, Other, chunked, Nothing, None, Close),
        (205, Other, "Content-Length: 0\r\n", Length(0), Some(0), KeepAlive),
        (100, Other, "", Nothing, None, KeepAlive),
        (103, Other, length, Nothing, None, Close),
        (500, Other, length, Length(5), Some(5), KeepAlive),
    ] {
        let head = response(format!("HTTP/1.1 {status} x\r\n{fields}\r\n"), asked).unwrap();
        let found = (head.framing(), head.declared_length(), head.persistence());
        assert_eq!(found, (framing, declared, persistence), "{status} {asked:?} {fields}");
    }
}

#[test]
fn persistence_of_an_old_upstream_needs_its_word() {
    for (fields, persistence) in [
        ("Content-Length: 5\r\n", Persistence::Close),
        ("Content-Length: 5\r\nConnection: keep-alive\r\n", Persistence::KeepAlive),
        ("Connection: keep-alive\r\n", Persistence::Close),
    ] {
        let head = response(format!("HTTP/1.0 200 OK\r\n{fields}\r\n"), RequestKind::Other).unwrap();
        assert_eq!(head.persistence(), persistence, "{fields}");
    }
}

#[test]
fn rule_22_holds_for_responses() {
    let head =
        ok_with("Connection: x-mine, a b\r\nX-Mine: a\r\nSet-Cookie: b\r\nKeep-Alive: timeout=7, max=3\r\n")
            .unwrap();
    let hops: Vec<_> = head.fields().iter().map(|field| field.hop).collect();
    assert_eq!(hops, [Hop::HopByHop, Hop::HopByHop, Hop::EndToEnd, Hop::HopByHop]);
}

#[test]
fn keep_alive_may_tell_its_timeout() {
    for (value, seconds) in [
        ("timeout=5", Some(5)),
        ("max=100, Timeout=7", Some(7)),
        ("timeout=5;max=1", Some(5)),
        ("timeout=", None),
        ("timeout=-1", None),
        ("timeout=99999999999", None),
        ("300", None),
    ] {
        let head = ok_with(&format!("Keep-Alive: {value}\r\n")).unwrap();
        assert_eq!(head.keep_alive_timeout(), seconds.map(Duration::from_secs), "{value}");
    }
}

#[test]
fn rule_40_a_value_of_ours_cannot_split_a_message() {
    for good in ["", "a", "a b", "a\tb", "\u{e9}"] {
        assert_eq!(checked_value(good), Ok(good));
    }
    for bad in ["a\r\nb", "a\nb", "a\rb", "a\0", "\x7f", " a", "a ", "\ta"] {
        assert!(checked_value(bad).is_err(), "{bad:?}");
    }
    assert!(is_token(b"X-A") && !is_token(b"") && !is_token(b"X A") && !is_token(b"X:"));
}

#[test]
fn every_status_that_we_send_has_a_phrase() {
    for status in [
        200, 204, 301, 302, 304, 307, 308, 400, 404, 405, 408, 413, 414, 417, 431, 501, 502, 503, 504, 505,
        508,
    ] {
        assert!(!reason_phrase(status).is_empty(), "{status}");
    }
    assert_eq!(reason_phrase(599), "");
}

//! The rules for the framing of requests and for what they ask of the connection, by their numbers.

use onedoor_http1::{BodyFraming, Expectation, FieldKind, HeadError, Hop, Persistence};

use crate::kit::{get_text, get_with, last, refused, refused_with, request};

#[test]
fn rule_01_two_lengths_are_refused() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
    ] {
        refused_with(fields, HeadError::TwoLengths);
    }
}

#[test]
fn rule_02_only_chunked_once_is_a_transfer_coding() {
    for value in ["chunked", "CHUNKED", "Chunked"] {
        let head = get_with(&format!("Transfer-Encoding: {value}\r\n")).unwrap();
        assert_eq!(head.framing(), BodyFraming::Chunked);
    }
    for value in [
        "",
        "identity",
        "chunked, chunked",
        ",chunked",
        "chunked,",
        "chunked;q=1",
        "chunked, gzip",
        "gzip",
        "xchunked",
        "chunke",
        "identity, chunked",
        "gzip chunked",
        "\"chunked\"",
        "chunked\u{a0}",
        ", chunked, ",
    ] {
        refused_with(&format!("Transfer-Encoding: {value}\r\n"), HeadError::BadTransferEncoding);
    }
    for value in ["gzip, chunked", "gzip,chunked", "deflate , gzip , Chunked"] {
        refused_with(&format!("Transfer-Encoding: {value}\r\n"), HeadError::UnsupportedTransferEncoding);
        assert_eq!(HeadError::UnsupportedTransferEncoding.status(), 501);
    }
    refused_with("Transfer-Encoding: \x0bchunked\r\n", HeadError::BadValue);
    refused_with(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        HeadError::BadTransferEncoding,
    );
    refused_with(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        HeadError::BadTransferEncoding,
    );
}

#[test]
fn rule_03_transfer_encoding_in_http_1_0_is_refused() {
    refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HeadError::TransferEncodingInHttp10);
}

#[test]
fn rule_04_content_length_is_a_plain_number() {
    for (value, length) in [("0", 0), ("5", 5), ("005", 5), ("9223372036854775807", i64::MAX as u64)] {
        let head = get_with(&format!("Content-Length: {value}\r\n")).unwrap();
        assert_eq!(head.framing(), BodyFraming::Length(length));
    }
    for value in [
        "",
        "+5",
        "-5",
        "0x10",
        "1_000",
        "5,",
        "5, 5",
        "5 5",
        "5;",
        "5.0",
        "٥",
        "1e3",
        "a",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        refused_with(&format!("Content-Length: {value}\r\n"), HeadError::BadContentLength);
    }
}

#[test]
fn rule_04_repeated_content_lengths_must_agree() {
    let head = get_with("Content-Length: 5\r\nContent-Length: 5\r\n").unwrap();
    assert_eq!(head.framing(), BodyFraming::Length(5));
    refused_with("Content-Length: 5\r\nContent-Length: 6\r\n", HeadError::ContentLengthsDiffer);
}

#[test]
fn rule_22_connection_fields_end_here() {
    for (field, kind) in [
        ("Connection: close", FieldKind::Connection),
        ("Keep-Alive: timeout=5", FieldKind::KeepAlive),
        ("Proxy-Connection: keep-alive", FieldKind::ProxyConnection),
        ("Proxy-Authorization: Basic a", FieldKind::ProxyAuthorization),
        ("Transfer-Encoding: chunked", FieldKind::TransferEncoding),
        ("TE: gzip", FieldKind::Te),
        ("TE: trailers, gzip", FieldKind::Te),
        ("Upgrade: websocket", FieldKind::Upgrade),
        ("HTTP2-Settings: AAMAAABk", FieldKind::Http2Settings),
    ] {
        assert_eq!(
            last(get_with(&format!("{field}\r\n")).unwrap().fields()),
            (kind, Hop::HopByHop),
            "{field}"
        );
    }
    let head = get_with("Connection: TE\r\nTE: trailers\r\n").unwrap();
    assert_eq!(
        last(head.fields()),
        (FieldKind::Te, Hop::EndToEnd),
        "trailers are passed on, so this is, too"
    );
}

#[test]
fn rule_22_a_field_that_connection_names_ends_here() {
    let head = get_with(
        "Connection: close, x-mine\r\nX-Mine: a\r\nX-Other: b\r\nConnection: X-MORE,,\r\nx-more: c\r\n",
    )
    .unwrap();
    let hops: Vec<_> = head.fields().iter().map(|field| field.hop).collect();
    use Hop::{EndToEnd, HopByHop};
    assert_eq!(hops, [EndToEnd, HopByHop, HopByHop, EndToEnd, HopByHop, HopByHop]);
    refused_with("Connection: a b\r\n", HeadError::BadConnection);
    let many: Vec<_> = (0..33).map(|number| format!("n{number}")).collect();
    refused_with(&format!("Connection: {}\r\n", many.join(",")), HeadError::TooManyConnectionNames);
}

#[test]
fn rule_23_connection_cannot_strike_out_what_others_rely_on() {
    for name in [
        "Host",
        "Content-Length",
        "Authorization",
        "Cookie",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Real-IP",
        "Forwarded",
        "Via",
        "X-Request-Id",
        "Content-Type",
        "Max-Forwards",
    ] {
        let value = if name == "Content-Length" { "5" } else { "a" };
        let fields = if name == "Host" { String::new() } else { format!("{name}: {value}\r\n") };
        let head = get_with(&format!("Connection: {name}\r\n{fields}")).unwrap();
        let named = head.fields().iter().filter(|field| field.kind != FieldKind::Connection);
        assert!(named.map(|field| field.hop).all(|hop| hop == Hop::EndToEnd), "{name}");
    }
}

#[test]
fn rule_24_only_a_clear_offer_to_upgrade_is_passed_on() {
    let text = get_text("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n");
    let head = request(&text).unwrap();
    assert_eq!(head.upgrade().map(|span| span.of(text.as_bytes())), Some(&b"websocket"[..]));
    for fields in [
        "Upgrade: websocket\r\n",
        "Connection: upgrade\r\n",
        "Connection: upgrade\r\nUpgrade: h2c\r\n",
        "Connection: upgrade, http2-settings\r\nUpgrade: H2C\r\nHTTP2-Settings: a\r\n",
        "Connection: upgrade\r\nUpgrade: websocket, h2c\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n",
        "Connection: upgrade\r\nUpgrade: \r\n",
        "Connection: upgrade\r\nUpgrade: web socket\r\n",
    ] {
        assert_eq!(get_with(fields).unwrap().upgrade(), None, "{fields}");
    }
    let old = request("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").unwrap();
    assert_eq!(old.upgrade(), None);
}

#[test]
fn rule_24_an_offer_to_upgrade_is_not_passed_on_beside_a_body() {
    let offer = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    for (framing, passed) in [
        ("", true),
        ("Content-Length: 0\r\n", true),
        ("Content-Length: 5\r\n", false),
        ("Transfer-Encoding: chunked\r\n", false),
    ] {
        let head = get_with(&format!("{offer}{framing}")).unwrap();
        assert_eq!(head.upgrade().is_some(), passed, "{framing:?}");
    }
}

#[test]
fn rule_27_only_100_continue_can_be_expected() {
    for value in ["100-continue", "100-Continue"] {
        assert_eq!(get_with(&format!("Expect: {value}\r\n")).unwrap().expectation(), Expectation::Continue);
    }
    for value in ["", "200-ok", "100-continue, 100-continue", "100-continue;a"] {
        refused_with(&format!("Expect: {value}\r\n"), HeadError::UnknownExpectation);
    }
    assert_eq!(HeadError::UnknownExpectation.status(), 417);
    let old = request("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").unwrap();
    assert_eq!(old.expectation(), Expectation::None, "HTTP/1.0 never gets a 1xx");
}

#[test]
fn rule_30_a_get_with_a_body_keeps_its_framing() {
    assert_eq!(get_with("Content-Length: 5\r\n").unwrap().framing(), BodyFraming::Length(5));
    assert_eq!(get_with("").unwrap().framing(), BodyFraming::None);
}

#[test]
fn persistence_follows_version_and_connection() {
    for (version, fields, persistence) in [
        ("1.1", "", Persistence::KeepAlive),
        ("1.1", "Connection: close\r\n", Persistence::Close),
        ("1.1", "Connection: x, CLOSE\r\n", Persistence::Close),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", Persistence::Close),
        ("1.0", "", Persistence::Close),
        ("1.0", "Connection: Keep-Alive\r\n", Persistence::KeepAlive),
        ("1.0", "Connection: keep-alive, close\r\n", Persistence::Close),
        ("1.0", "Proxy-Connection: keep-alive\r\n", Persistence::Close),
    ] {
        let head = request(format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n")).unwrap();
        assert_eq!(head.persistence(), persistence, "{version} {fields}");
    }
}

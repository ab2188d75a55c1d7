//! The PROXY protocol's header: what is read, what is refused, and that no cut changes it.

use onedoor_http1::{PROXY_HEADER_MAX, ProxyHeader, ProxyHeaderError, ProxyOrigin};
use proptest::prelude::*;

const BEGINS: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn v2(version_and_command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [BEGINS, &[version_and_command, family], &length, body].concat()
}

fn tcp4() -> Vec<u8> {
    [192, 0, 2, 7, 198, 51, 100, 1].into_iter().chain([0xdc, 0x04, 0x01, 0xbb]).collect()
}

#[track_caller]
fn origin(bytes: &[u8]) -> ProxyOrigin {
    match ProxyHeader::parse(bytes) {
        Ok(ProxyHeader::Complete { header_bytes, origin }) => {
            assert_eq!(header_bytes, bytes.len());
            origin
        }
        other => panic!("{other:?}"),
    }
}

fn client(source: &str, destination: &str) -> ProxyOrigin {
    ProxyOrigin::Client { source: source.parse().unwrap(), destination: destination.parse().unwrap() }
}

#[test]
fn both_versions_name_the_client_and_where_it_came_to() {
    let expected = client("192.0.2.7:56324", "198.51.100.1:443");
    assert_eq!(origin(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"), expected);
    assert_eq!(origin(&v2(0x21, 0x11, &tcp4())), expected);
    let expected = client("[2001:db8::7]:1", "[2001:db8::1]:65535");
    assert_eq!(origin(b"PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n"), expected);
    let mut body = Vec::new();
    for address in ["2001:db8::7", "2001:db8::1"] {
        body.extend(address.parse::<std::net::Ipv6Addr>().unwrap().octets());
    }
    body.extend([0, 1, 0xff, 0xff]);
    assert_eq!(origin(&v2(0x21, 0x21, &body)), expected);
}

#[test]
fn what_follows_the_addresses_is_stepped_over() {
    let additions = [tcp4(), vec![0xee; 1000]].concat();
    assert_eq!(origin(&v2(0x21, 0x11, &additions)), client("192.0.2.7:56324", "198.51.100.1:443"));
}

#[test]
fn who_has_nothing_to_say_about_a_client_is_understood() {
    for header in [
        b"PROXY UNKNOWN\r\n".to_vec(),
        b"PROXY UNKNOWN ffff:: whatever it is\r\n".to_vec(),
        v2(0x20, 0x00, b""),
        v2(0x20, 0x11, b"LOCAL may say what it likes"),
        v2(0x21, 0x00, b""),
        v2(0x21, 0x31, &[0; 216]),
    ] {
        assert_eq!(origin(&header), ProxyOrigin::Unsaid, "{header:?}");
    }
}

#[test]
fn the_bytes_behind_the_header_are_not_its_own() {
    for header in [b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n".to_vec(), v2(0x21, 0x11, &tcp4())] {
        let all = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
        let Ok(ProxyHeader::Complete { header_bytes, .. }) = ProxyHeader::parse(&all) else { panic!() };
        assert_eq!(header_bytes, header.len());
    }
}

#[test]
fn every_rule_has_its_error() {
    let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 200], b"\r\n".to_vec()].concat();
    let table: &[(Vec<u8>, ProxyHeaderError)] = &[
        (b"GET / HTTP/1.1\r\n".to_vec(), ProxyHeaderError::Missing),
        (b"proxy TCP4".to_vec(), ProxyHeaderError::Missing),
        (b"\r\n\r\n\r\n".to_vec(), ProxyHeaderError::Missing),
        (long, ProxyHeaderError::LineTooLong),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n".to_vec(), ProxyHeaderError::BareLf),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 192.0.2.07 198.51.100.1 1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (b"PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n".to_vec(), ProxyHeaderError::BadLine),
        (v2(0x11, 0x11, &tcp4()), ProxyHeaderError::BadVersion),
        (v2(0x22, 0x11, &tcp4()), ProxyHeaderError::BadCommand),
        (v2(0x21, 0x12, &tcp4()), ProxyHeaderError::BadFamily),
        (v2(0x21, 0x41, &tcp4()), ProxyHeaderError::BadFamily),
        (v2(0x21, 0x11, &tcp4()[..11]), ProxyHeaderError::TooShort),
        (v2(0x21, 0x21, &tcp4()), ProxyHeaderError::TooShort),
        (v2(0x21, 0x11, &[0; PROXY_HEADER_MAX]), ProxyHeaderError::TooLong),
    ];
    for (bytes, error) in table {
        assert_eq!(ProxyHeader::parse(bytes), Err(*error), "{:?}", String::from_utf8_lossy(bytes));
    }
}

proptest! {
    #[test]
    fn no_cut_changes_the_verdict(bytes in interesting()) {
        let whole = ProxyHeader::parse(&bytes);
        let first = (0..bytes.len()).map(|end| ProxyHeader::parse(&bytes[..end])).find(|early| *early != Ok(ProxyHeader::Partial));
        prop_assert_eq!(first.unwrap_or(whole), whole);
    }
}

/// Headers with a byte or two changed, and anything at all.
fn interesting() -> impl Strategy<Value = Vec<u8>> {
    let headers = prop_oneof![
        Just(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET".to_vec()),
        Just(v2(0x21, 0x11, &tcp4())),
        Just(v2(0x20, 0x00, b"x")),
        proptest::collection::vec(any::<u8>(), 0..200),
    ];
    (headers, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(mut bytes, at, byte, changed)| {
            if changed && !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        },
    )
}

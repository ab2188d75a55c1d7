//! The families of cases that other parsers keep (llhttp's folder `test`, h1spec, http-garden), each with cases of our
//! own: what is read, and what is refused for which reason. Most have a rule's test besides; here it is seen that no
//! family is missing.

use onedoor_http1::{BodyFraming, ChunkedError as C, HeadError as E, Persistence, RequestKind};

use crate::kit::{dechunk, request, response};

/// A family, a message of it, and why it is refused, if it is.
type Case<R> = (&'static str, &'static str, Option<R>);

fn check_requests(cases: &[Case<E>]) {
    for (family, text, refused) in cases {
        assert_eq!(request(text).err(), *refused, "{family}: {}", text.escape_debug());
    }
}

fn check_responses(cases: &[Case<E>]) {
    for (family, text, refused) in cases {
        let judged = response(text, RequestKind::Other);
        assert_eq!(judged.err(), *refused, "{family}: {}", text.escape_debug());
    }
}

#[test]
fn request_lines_of_other_protocols_and_ages() {
    check_requests(&[
        ("another protocol", "GET /x ICE/1.0\r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("another protocol", "PUT rtsp://a/x RTSP/1.0\r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("not even a protocol", "GET /x IHTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("a method of another protocol", "ANNOUNCE /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a method of another protocol", "SOURCE /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n", Some(E::UnsupportedVersion)),
        ("a method that begins like the version", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a method that begins like the version", "HTTP /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a method with a comma", "GET,POST /x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadMethod)),
        ("no version", "GET /x\r\nHost: a\r\n\r\n", Some(E::BadRequestLine)),
        ("digits too many", "GET /x HTTP/01.1\r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("digits too many", "GET /x HTTP/1.11\r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("a version to come", "GET /x HTTP/5.6\r\nHost: a\r\n\r\n", Some(E::UnsupportedVersion)),
        ("space behind the version", "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n", Some(E::BadVersion)),
        ("a tab for a space", "GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadMethod)),
        ("an empty line first", "\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("two empty lines first", "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadMethod)),
        ("registered methods", "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("registered methods", "QUERY /x HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("CONNECT in other letters", "connect a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", Some(E::TargetForm)),
    ]);
}

#[test]
fn targets_of_every_form() {
    check_requests(&[
        ("quotes", "GET /with_\"quotes\"?a=\"b\" HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a question mark in the query", "GET /x?y=z? HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a vertical bar", "GET /x?y=a|b HTTP/1.1\r\nHost: a\r\n\r\n", None),
        ("a host ended by its query", "GET http://a.test?y HTTP/1.1\r\nHost: a.test\r\n\r\n", None),
        (
            "host and port ended by a query",
            "GET http://a.test:81?y HTTP/1.1\r\nHost: a.test:81\r\n\r\n",
            None,
        ),
        ("host and port ended by a space", "GET http://a.test:81 HTTP/1.1\r\nHost: a.test:81\r\n\r\n", None),
        ("an underscore in the host", "GET http://a_b/x HTTP/1.1\r\nHost: a_b\r\n\r\n", None),
        ("user and password", "GET http://u:p@a/x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::UserInfo)),
        ("UTF-8", "GET /\u{3b4} HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadTarget)),
        ("a fragment", "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadTarget)),
        ("a space", "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadTarget)),
        ("no host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::BadHost)),
        ("two ports", "GET http://a:1:2/x HTTP/1.1\r\nHost: a:1\r\n\r\n", Some(E::BadHost)),
        ("a path without its slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::TargetForm)),
        ("a URL's scheme alone", "GET http: HTTP/1.1\r\nHost: a\r\n\r\n", Some(E::TargetForm)),
    ]);
}

#[test]
fn lines_that_end_or_begin_otherwise() {
    check_requests(&[
        ("fields apart by CR", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", Some(E::BareCr)),
        ("fields apart by LF", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", Some(E::BareLf)),
        ("fields apart by other signs", "GET / HTTP/1.1\r\nHost: a\rZX: y\r\n\r\n", Some(E::BareCr)),
        ("empty fields apart by CR", "GET / HTTP/1.1\r\nHost: a\r\nX:\rY:\r\n\r\n", Some(E::BareCr)),
        ("empty fields apart by LF", "GET / HTTP/1.1\r\nHost: a\r\nX:\nY:\r\n\r\n", Some(E::BareLf)),
        ("LF alone everywhere", "GET / HTTP/1.1\nHost: a\n\n", Some(E::BareLf)),
        ("no LF behind CR", "GET / HTTP/1.1\rLine: 1\r\n\r\n", Some(E::BadVersion)),
        ("an empty line of a space", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", Some(E::Folded)),
        ("a space before the fields", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", Some(E::SpaceBeforeFields)),
        ("folded with CRLF", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", Some(E::Folded)),
        ("folded before its value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\ty\r\n\r\n", Some(E::Folded)),
        ("folded before its colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n : y\r\n\r\n", Some(E::NoColon)),
        ("a name folded", "GET / HTTP/1.1\r\nHost: a\r\nna\r\nme: x\r\n\r\n", Some(E::NoColon)),
        (
            "no empty line before the body",
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\rabc\r\n\r\n",
            Some(E::BareCr),
        ),
    ]);
}

#[test]
fn names_and_values_of_every_kind() {
    check_requests(&[
        ("a name with a space", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", Some(E::BadName)),
        ("a name with a control", "GET / HTTP/1.1\r\nHost: a\r\nX\u{1}: z\r\n\r\n", Some(E::BadName)),
        ("a name with brackets", "GET / HTTP/1.1\r\nHost: a\r\nX[]: z\r\n\r\n", Some(E::BadName)),
        ("no name", "GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n", Some(E::EmptyName)),
        ("a name that is nearly another's", "GET / HTTP/1.1\r\nHost: a\r\nConnectionX: close\r\n\r\n", None),
        ("a name cut by CR", "GET / HTTP/1.1\r\nHost: a\r\nContent\rLength: 1\r\n\r\n", Some(E::BadName)),
        ("an underscore", "GET / HTTP/1.1\r\nHost: a\r\nX_Y: z\r\n\r\n", None),
        ("text above ASCII", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{e9}\u{3b4}\r\n\r\n", None),
        ("a form feed", "GET / HTTP/1.1\r\nHost: a\r\nX: y\u{c}z\r\n\r\n", Some(E::BadValue)),
        ("NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", Some(E::BadValue)),
        ("DEL", "GET / HTTP/1.1\r\nHost: a\r\nX: y\u{7f}z\r\n\r\n", Some(E::BadValue)),
        ("CR in a list", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep\ralive\r\n\r\n", Some(E::BareCr)),
        ("an empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n\r\n", None),
    ]);
}

#[test]
fn lengths_of_every_kind() {
    let with = |fields: &str| request(format!("PUT / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
    for (fields, expected) in [
        ("Content-Length: 0", Ok(BodyFraming::Length(0))),
        ("Content-Length: 003", Ok(BodyFraming::Length(3))),
        ("Content-Length: 3\r\nX: y", Ok(BodyFraming::Length(3))),
        ("Content-Length: \t 42 \t", Ok(BodyFraming::Length(42))),
        ("Content-Length: 4 2", Err(E::BadContentLength)),
        ("Content-Length:", Err(E::BadContentLength)),
        ("Content-Length: 1000000000000000000000", Err(E::BadContentLength)),
        ("Content-Length: 1\r\nContent-Length: 2", Err(E::ContentLengthsDiffer)),
        ("Content-Length : 1", Err(E::SpaceBeforeColon)),
        ("Content-LengthX: 1", Ok(BodyFraming::None)),
        ("X-Content-Length: 1", Ok(BodyFraming::None)),
        ("Content-Length: 1\r\nTransfer-Encoding: identity", Err(E::BadTransferEncoding)),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked", Err(E::TwoLengths)),
        ("Content-Length: 1\r\nTransfer-Encoding:", Err(E::BadTransferEncoding)),
        ("Transfer-Encoding: ChUnKeD", Ok(BodyFraming::Chunked)),
        ("Transfer-Encoding: pigeons", Err(E::BadTransferEncoding)),
        ("Transfer-Encoding: chunked, deflate", Err(E::BadTransferEncoding)),
        ("Transfer-Encoding: deflate, chunked", Err(E::UnsupportedTransferEncoding)),
        ("Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked", Err(E::BadTransferEncoding)),
        ("Transfer-Encoding: chunkedchunked", Err(E::BadTransferEncoding)),
        ("Transfer-Encoding: chunked\r\n abc", Err(E::Folded)),
    ] {
        assert_eq!(with(fields).map(|head| head.framing()), expected, "{fields:?}");
    }
}

#[test]
fn connections_of_every_kind() {
    use Persistence::{Close, KeepAlive};
    let with = |version: &str, connection: &str| {
        request(format!("GET / HTTP/{version}\r\nHost: a\r\n{connection}\r\n")).map(|head| head.persistence())
    };
    for (version, connection, expected) in [
        ("1.1", "", Ok(KeepAlive)),
        ("1.0", "", Ok(Close)),
        ("1.0", "Connection: keep-alive\r\n", Ok(KeepAlive)),
        ("1.1", "Connection: close\r\n", Ok(Close)),
        ("1.1", "Connection: close\t\r\n", Ok(Close)),
        ("1.1", "Connection: close, token, upgrade, token, keep-alive\r\n", Ok(Close)),
        ("1.1", "Connection: keep-alivex\r\n", Ok(KeepAlive)),
        ("1.0", "Connection: keep-alivex\r\n", Ok(Close)),
        ("1.0", "Proxy-Connection: keep-alive\r\n", Ok(Close)),
        ("1.1", "Connection: a,\r\n b\r\n", Err(E::Folded)),
        ("1.1", "Connection : close\r\n", Err(E::SpaceBeforeColon)),
    ] {
        assert_eq!(with(version, connection), expected, "{version} {connection:?}");
    }
}

#[test]
fn status_lines_of_every_kind() {
    check_responses(&[
        ("no reason", "HTTP/1.1 200\r\n\r\n", None),
        ("an empty reason", "HTTP/1.1 200 \r\n\r\n", None),
        ("a reason above ASCII", "HTTP/1.1 500 Ori\u{eb}ntatieprobleem\r\n\r\n", None),
        ("half a protocol", "HTP/1.1 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("another protocol", "RTSP/1.1 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("another protocol", "ICE/1.0 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("digits too many", "HTTP/01.1 200 OK\r\n\r\n", Some(E::BadVersion)),
        ("digits too many", "HTTP/1.01 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("a tab behind the version", "HTTP/1.1\t200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("two spaces behind the version", "HTTP/1.1  200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("two spaces behind the status", "HTTP/1.1 200  OK\r\n\r\n", None),
        ("one digit", "HTTP/1.1 2\r\n\r\n", Some(E::BadStatusLine)),
        ("a version to come", "HTTP/5.6 200 OK\r\n\r\n", Some(E::UnsupportedVersion)),
        ("HTTP/0.9", "HTTP/0.9 200 OK\r\n\r\n", Some(E::UnsupportedVersion)),
        ("CR alone behind it", "HTTP/1.1 200 OK\rX: y\r\n\r\n", Some(E::BadStatusLine)),
        ("LF alone", "HTTP/1.1 200 OK\n\n", Some(E::BareLf)),
        ("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("a space first", " HTTP/1.1 200 OK\r\n\r\n", Some(E::BadStatusLine)),
        ("no answer at all", "<html>\r\n\r\n", Some(E::BadStatusLine)),
        ("fields apart by CR", "HTTP/1.1 200 OK\r\nX: y\rZ: a\r\n\r\n", Some(E::BareCr)),
        ("a space in a name", "HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n", Some(E::BadName)),
        ("a space in a value", "HTTP/1.1 200 OK\r\nX: y z\r\n\r\n", None),
    ]);
}

#[test]
fn answers_end_where_their_status_and_fields_say() {
    use BodyFraming::{Chunked, Length, None as NoBody, UntilClose};
    let with =
        |text: &str| response(text, RequestKind::Other).map(|head| (head.framing(), head.persistence()));
    let (keep, close) = (Persistence::KeepAlive, Persistence::Close);
    for (text, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", Ok((UntilClose, close))),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", Ok((UntilClose, close))),
        ("HTTP/1.1 200 OK\r\nProxy-Connection: close\r\nContent-Length: 3\r\n\r\n", Ok((Length(3), keep))),
        ("HTTP/1.1 200 OK\r\nContent-Length-X: 0\r\nTransfer-Encoding: chunked\r\n\r\n", Ok((Chunked, keep))),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, deflate\r\n\r\n", Err(E::BadTransferEncoding)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedchunked\r\n\r\n", Err(E::BadTransferEncoding)),
        (
            "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\n",
            Ok((Length(3), keep)),
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            Ok((Chunked, keep)),
        ),
        (
            "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\n",
            Ok((NoBody, close)),
        ),
        (
            "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            Ok((NoBody, close)),
        ),
        ("HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n", Ok((NoBody, keep))),
        ("HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", Ok((NoBody, close))),
        ("HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n", Ok((NoBody, keep))),
        ("HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n", Ok((NoBody, keep))),
        ("HTTP/1.1 100 x\r\n\r\n", Ok((NoBody, keep))),
    ] {
        assert_eq!(with(text), expected, "{text:?}");
    }
}

#[test]
fn chunks_of_every_kind() {
    let cases: &[Case<C>] = &[
        ("small letters", "a\r\n0123456789\r\n0\r\n\r\n", None),
        ("capital letters", "A\r\n0123456789\r\n0\r\n\r\n", None),
        ("a last chunk of three zeros", "1\r\nx\r\n000\r\n\r\n", None),
        ("trailers", "0\r\nVary: *\r\nContent-Type: text/plain\r\nX: y\r\n\r\n", None),
        ("extensions", "1;a;b=c;d=\"e\"\r\nx\r\n0\r\n\r\n", None),
        ("no extension behind the semicolon", "1;\r\nx\r\n0\r\n\r\n", None),
        ("a quoted extension", "1;a=\"b\\\"c;d\"\r\nx\r\n0\r\n\r\n", None),
        // Whatever it says, it is dropped: no one behind the door ever sees the quote.
        ("an unbalanced quote", "1;a=\"b\r\nx\r\n0\r\n\r\n", None),
        ("no semicolon before the extension", "1 a\r\nx\r\n0\r\n\r\n", Some(C::BadSize)),
        ("a space behind the size", "1 \r\nx\r\n0\r\n\r\n", Some(C::BadSize)),
        ("parameters that are no hexadecimal", "1#a\r\nx\r\n0\r\n\r\n", Some(C::BadSize)),
        ("a size ended by LF", "1\nx\r\n0\r\n\r\n", Some(C::BadLineEnd)),
        ("a size ended by CR", "1\rx\r\n0\r\n\r\n", Some(C::BadLineEnd)),
        ("data ended by nothing", "1\r\nx0\r\n\r\n", Some(C::BadChunkEnd)),
        ("data ended by LF", "1\r\nx\n0\r\n\r\n", Some(C::BadChunkEnd)),
        ("a folded trailer", "0\r\nX: y\r\n z\r\n\r\n", Some(C::BadTrailer(E::Folded))),
        ("a trailer with a gap", "0\r\nX : y\r\n\r\n", Some(C::BadTrailer(E::SpaceBeforeColon))),
        ("an extension cut by CR", "1;a\rb\r\nx\r\n0\r\n\r\n", Some(C::BadLineEnd)),
    ];
    for (family, text, refused) in cases {
        assert_eq!(dechunk([text.as_bytes()]).err(), *refused, "{family}: {}", text.escape_debug());
    }
}

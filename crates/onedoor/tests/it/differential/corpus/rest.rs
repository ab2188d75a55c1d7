//! Targets, methods, and whatever else a request says.
#![expect(clippy::too_many_lines, reason = "tables are long")]

use super::{Fate, Odd, SMUGGLED, each, family, get, post};

pub(super) fn targets() -> Vec<Odd> {
    let with = |target: &[u8]| [b"GET ", target, b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let mut requests = Vec::new();
    for byte in 0..=255_u8 {
        let bad = byte <= b' ' || byte >= 0x7f || byte == b'#';
        let fate = if bad { Fate::Refused } else { Fate::Either };
        requests.extend(family("a byte in the path", fate, vec![with(&[b'/', b'a', byte, b'b'])]));
        requests.extend(family("a byte in the query", fate, vec![with(&[b'/', b'?', b'a', byte, b'b'])]));
        let escaped = format!("/a%{byte:02x}b/%{byte:02X}");
        requests.extend(family("an escape in the path", Fate::Either, vec![with(escaped.as_bytes())]));
        let escaped = format!("/?%{byte:02x}%{byte:02X}");
        requests.extend(family("an escape in the query", Fate::Passed, vec![with(escaped.as_bytes())]));
    }
    let odd: [&[u8]; 26] = [
        b"/",
        b"//",
        b"///a",
        b"//a/b",
        b"/a//b",
        b"/./a",
        b"/a/../b",
        b"/a/..",
        b"/a/.",
        b"/%",
        b"/%4",
        b"/%zz",
        b"/%u0041",
        b"/?%",
        b"/?%zz",
        b"/??",
        b"/?",
        b"/a?b?c",
        b"/a;b=c",
        b"/a/;/b",
        b"/:80",
        b"/a:b",
        b"/@a",
        b"/http://b/",
        b"/a&b=c",
        b"/..%2f..%2fb",
    ];
    requests.extend(family("odd target", Fate::Either, odd.iter().map(|target| with(target)).collect()));
    for len in [2000, 8000, 16_000] {
        let target = [&b"/"[..], &b"x".repeat(len)].concat();
        requests.extend(family("long target", Fate::Passed, vec![with(&target)]));
    }
    requests.extend(family(
        "too long target",
        Fate::Refused,
        vec![with(&[&b"/"[..], &b"x".repeat(40_000)].concat())],
    ));
    requests
}

pub(super) fn methods() -> Vec<Odd> {
    let with = |method: &str| format!("{method} /m HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    let known = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "MKCOL", "SEARCH", "PURGE",
        "REPORT", "LOCK", "M-SEARCH",
    ];
    let own = [
        "get",
        "Get",
        "GETX",
        "FOO",
        "X",
        "!#$%&'*+-.^_`|~",
        "QUERY",
        "SOURCE",
        "DESCRIBE",
        "PRI",
        "BREW",
        "HTTP",
        "HTTP1.1",
        "G3T",
    ];
    let bad = [
        "",
        "G ET",
        "G\tET",
        "GET\0",
        "G/T",
        "GET:",
        "(GET)",
        "GÉT",
        "\"GET\"",
        "GET,",
        "TRACE",
        "CONNECT",
        "G\rET",
        "G\nET",
        "{",
        "MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM",
    ];
    [
        family("registered methods", Fate::Passed, each(&known, with)),
        family("own methods", Fate::Passed, each(&own, with)),
        family("bad methods", Fate::Refused, each(&bad, with)),
        family(
            "asterisk form",
            Fate::Either,
            each(&["OPTIONS * ", "OPTIONS http://a "], |v| {
                format!("{v}HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
            }),
        ),
    ]
    .concat()
}

pub(super) fn rest() -> Vec<Odd> {
    let expect_bad = [
        "100-continuex",
        "x",
        "",
        "100-continue, x",
        "100-continue,100-continue",
        "200-ok",
        "100 continue",
        "\"100-continue\"",
    ];
    let expect =
        |value: &str, body: &str| post(&format!("Content-Length: {}\r\nExpect: {value}", body.len()), body);
    let connections = [
        "close",
        "keep-alive",
        "close, keep-alive",
        "X-A",
        "close, X-A",
        ",,,",
        "Keep-Alive\r\nKeep-Alive: timeout=1000",
        "Host",
        "Content-Length",
        "X-Forwarded-For",
        "upgrade\r\nUpgrade: websocket",
        "Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ",
        "TE\r\nTE: trailers",
        "TE\r\nTE: gzip, chunked",
        "upgrade\r\nUpgrade: foo/2, bar",
        "Upgrade\r\nUpgrade:",
        "Trailer\r\nTrailer: x",
        "proxy-authorization\r\nProxy-Authorization: Basic eA==",
    ];
    let aliases = [
        "X-Forwarded-For: 6.6.6.6",
        "X_Forwarded_For: 6.6.6.6",
        "X-Original-URL: /admin",
        "Proxy: http://evil.test/",
        "Forwarded: for=6.6.6.6",
        "X-Forwarded-Host: evil",
        "X-Request-Id: mine",
        "Via: 1.0 fred",
        "Via: 1.1 onedoor",
        "Script-Name: /x",
        "X-HTTP-Method-Override: DELETE",
        "Max-Forwards: 3",
        "Date: x",
        "X-Real-IP: 6.6.6.6",
    ];
    let pipelined = [
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HTTP/1.1\r\nHost: c\r\n\r\n".to_owned(),
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n".to_owned(),
        format!("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n{SMUGGLED}"),
        format!("POST /1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi{SMUGGLED}"),
    ];
    let old = [
        "GET /o HTTP/1.0\r\n\r\n",
        "GET /o HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /o HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST /o HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
        "POST /o HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    ];
    [
        family("unknown expectations", Fate::Refused, each(&expect_bad, |v| expect(v, "hello"))),
        family(
            "a known expectation",
            Fate::Passed,
            vec![
                expect("100-continue", "hello"),
                expect("100-Continue", "hello"),
                get("Expect: 100-continue"),
                post("Transfer-Encoding: chunked\r\nExpect: 100-continue", "5\r\nhello\r\n0\r\n\r\n"),
            ],
        ),
        family(
            "connection options",
            Fate::Passed,
            each(&connections, |v| post(&format!("X-A: b\r\nContent-Length: 5\r\nConnection: {v}"), "hello")),
        ),
        family(
            "bad connection options",
            Fate::Refused,
            each(&["a b", "\"close\"", "close;x", "@", "close\0"], |v| get(&format!("Connection: {v}"))),
        ),
        family("names that others believe", Fate::Passed, each(&aliases, get)),
        family("pipelined", Fate::Passed, pipelined.iter().map(|text| text.as_bytes().to_vec()).collect()),
        family("HTTP/1.0", Fate::Passed, each(&old, |v: &str| v.as_bytes().to_vec())),
        family(
            "other protocols",
            Fate::Refused,
            vec![
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
                b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".to_vec(),
                b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
                b"SSH-2.0-x\r\n\r\n".to_vec(),
                b"\0\0\0\0\r\n\r\n".to_vec(),
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(),
                b"{\"a\":1}\r\n\r\n".to_vec(),
            ],
        ),
    ]
    .concat()
}

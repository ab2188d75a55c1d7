//! Lines, fields and hosts.
#![expect(clippy::too_many_lines, reason = "tables are long")]

use super::{Fate, Odd, each, family, get};

pub(super) fn lines() -> Vec<Odd> {
    let bad = [
        "GET /g HTTP/1.1\nHost: a\n\n",
        "GET /g HTTP/1.1\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\n\n",
        "GET /g HTTP/1.1\r\nHost: a\n\n",
        "GET /g HTTP/1.1\rHost: a\r\r",
        "GET /g HTTP/1.1\r\r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\n\r\r\n",
        "\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        " GET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "\0GET /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /g  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/g\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET /g\tHTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\u{0b}/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /g HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nX: y\r\n\t\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nX:\r\n\tz\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\n \r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nX: y\u{0c}\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nX: y\u{85}\n\r\n",
    ];
    let versions = [
        "",
        "HTTP/0.9",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.2",
        "HTTP/2.0",
        "HTTP/3.0",
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/1.1x",
        "http/1.1",
        "Http/1.1",
        "HTTP/1,1",
        "HTTP/ 1.1",
        "HTTP /1.1",
        "HTTP/1 .1",
        "HTTP\\1.1",
        "HTTP/1.\u{661}",
        "HTP/1.1",
        "ICY/1.1",
        "RTSP/1.0",
        "HTTP/-1.1",
        "HTTP/+1.1",
        "HTTP/1.1HTTP/1.1",
        "HTTP/9.9",
        "xHTTP/1.1",
        "HTTP/1.1,1.1",
        "SHTTP/1.1",
    ];
    [
        family("line ends and spaces", Fate::Refused, each(&bad, |v| v.as_bytes().to_vec())),
        family(
            "odd version",
            Fate::Refused,
            each(&versions, |v| format!("GET /g {v}\r\nHost: a\r\n\r\n").into_bytes()),
        ),
        family(
            "HTTP/0.9",
            Fate::Refused,
            vec![b"GET /g\r\n\r\n".to_vec(), b"GET /g\r\nHost: a\r\n\r\n".to_vec()],
        ),
        family("an empty line first", Fate::Passed, vec![b"\r\nGET /g HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()]),
    ]
    .concat()
}

pub(super) fn names_and_values() -> Vec<Odd> {
    let mut bad: Vec<Vec<u8>> = Vec::new();
    let (mut passing_names, mut values) = (Vec::new(), Vec::new());
    for byte in 0..=255_u8 {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let field = |name: &[u8], value: &[u8]| {
            [b"GET /g HTTP/1.1\r\nHost: a\r\n", name, b":", value, b"\r\n\r\n"].concat()
        };
        match byte {
            b':' => {}
            _ if is_token => passing_names.push(field(&[b'X', byte, b'Y'], b"z")),
            _ => bad.push(field(&[b'X', byte, b'Y'], b"z")),
        }
        match byte {
            b'\t' | 0x20..=0x7e | 0x80.. => {
                values.push(field(b"X", &[b'a', byte, b'b']));
                values.push(field(b"X", &[byte, b'b', byte]));
            }
            _ => bad.push(field(b"X", &[b'a', byte, b'b'])),
        }
    }
    let broken = ["X", ":", ": y", " : y", "X y", "X y: z", ":x: y", "=", "\"X\": y", "[X]: y", "X@: y"];
    let empty = ["X:", "X: ", "X:\t", "X:  \t \r\nX:"];
    let many =
        |count: usize| (0..count).map(|number| format!("X-{number}: v")).collect::<Vec<_>>().join("\r\n");
    [
        family("bytes in names and values", Fate::Refused, bad),
        family("token bytes in names", Fate::Passed, passing_names),
        family("text in values", Fate::Passed, values),
        family("broken field lines", Fate::Refused, each(&broken, get)),
        family("empty values", Fate::Passed, each(&empty, get)),
        family("many fields", Fate::Passed, each(&[10, 90], |count: usize| get(&many(count)))),
        family("too many fields", Fate::Refused, each(&[101, 300], |count: usize| get(&many(count)))),
        family(
            "long fields",
            Fate::Passed,
            each(&[1000, 7000, 8190, 15000], |len: usize| get(&format!("X: {}", "v".repeat(len)))),
        ),
        family(
            "too long fields",
            Fate::Refused,
            each(&[33_000, 70_000], |len: usize| get(&format!("X: {}", "v".repeat(len)))),
        ),
        family(
            "the same name often",
            Fate::Passed,
            vec![
                get("X: 1\r\nx: 2\r\nX: 1"),
                get("Cookie: a=b\r\nCookie: c=d"),
                get("Accept: a\r\nAccept: b, c"),
            ],
        ),
    ]
    .concat()
}

pub(super) fn hosts() -> Vec<Odd> {
    let with = |host: &str| format!("GET /g HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
    let bad = [
        "",
        " ",
        "a b",
        "a,b",
        "a, a",
        "a/b",
        "a?b",
        "a#b",
        "a@b",
        "user@a",
        "a\\b",
        "a:b",
        "a:",
        "a:99999",
        "a:-1",
        "a:80:80",
        "[::1",
        "::1",
        "[::1]x",
        "[fe80::1%eth0]",
        "a%41",
        "a\"",
        "a<b>",
        "a\u{e9}",
        "a\0",
        "a\u{0b}b",
        "a..b",
        ".",
        ".a",
        "a;b",
        "a|b",
        "http://a",
        "(a)",
        "a=b",
        "{a}",
    ];
    let fine = [
        "a",
        "A.TEST",
        "a.test.",
        "a:80",
        "a_b",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]",
        "[::1]:80",
        "a-b.c",
        "~a",
        "\ta\t",
    ];
    let several = [
        "GET /g HTTP/1.1\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n",
        "GET /g HTTP/1.1\r\nX: y\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /g HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n",
        "GET /g HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET http://a/g HTTP/1.1\r\n\r\n",
        "GET http://a/g HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET http://a:81/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/g HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET http://u@a/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a b/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a\\@b/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a#@b/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "CONNECT /g HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    let absolute = [
        "GET http://a/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:80/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET HTTP://A/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/g HTTP/1.0\r\n\r\n",
        "GET https://a/g HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST http://a//b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
    ];
    let raw = |list: &[&str]| each(list, |v: &str| v.as_bytes().to_vec());
    [
        family("odd host", Fate::Refused, each(&bad, with)),
        family("fine host", Fate::Passed, each(&fine, with)),
        family("hosts that disagree", Fate::Refused, raw(&several)),
        family("absolute form", Fate::Passed, raw(&absolute)),
    ]
    .concat()
}

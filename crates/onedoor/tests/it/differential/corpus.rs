//! Odd requests by hand, family by family: what proxies and servers have been caught reading in two ways.

/// One odd request, or several on one connection.
#[derive(Clone, Debug)]
pub(super) struct Odd {
    pub(super) family: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) fate: Fate,
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No byte of it reaches an upstream as a whole request.
    Refused,
    Passed,
    /// Both are right, if everybody behind reads what passes in the same way.
    Either,
}

/// Every family.
pub(super) fn all() -> Vec<Odd> {
    [lengths(), codings(), chunks(), lines(), names_and_values(), hosts(), targets(), methods(), rest()]
        .concat()
}

fn family(name: &'static str, fate: Fate, requests: Vec<Vec<u8>>) -> Vec<Odd> {
    requests.into_iter().map(|bytes| Odd { family: name, bytes, fate }).collect()
}

/// A POST with these field lines, each given without its end, and a body.
fn post(fields: &str, body: &str) -> Vec<u8> {
    format!("POST /p HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n{body}").into_bytes()
}

fn get(fields: &str) -> Vec<u8> {
    format!("GET /g HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n\r\n").into_bytes()
}

fn each<T: Copy>(items: &[T], request: impl Fn(T) -> Vec<u8>) -> Vec<Vec<u8>> {
    items.iter().map(|item| request(*item)).collect()
}

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n";

fn lengths() -> Vec<Odd> {
    let odd = [
        "+5",
        "-5",
        "0x5",
        "5_0",
        "",
        " ",
        "5,5",
        "5, 5",
        "5;5",
        "5 5",
        "5.0",
        "5e0",
        "\"5\"",
        "five",
        "\u{0b}5",
        "5\u{0b}",
        "\u{a0}5",
        "18446744073709551616",
        "18446744073709551621",
        "9223372036854775808",
        "00000000000000000000000000000000000000x",
        "5\0",
        "0 5",
        "5\r",
        "٥",
    ];
    let fine = ["5", "05", "00000005", " 5", "5 ", "\t5\t"];
    let twice = [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 6\r\nContent-Length: 5",
        "Content-Length: 0\r\nContent-Length: 44",
        "Content-Length: 5\r\ncontent-length: 05\r\nCONTENT-LENGTH: 6",
        "Content-Length: 5\r\nContent-Length:",
        "Content-Length: 5\r\nContent-Length: x",
    ];
    let hidden = [
        "Content-Length : 5",
        "Content-Length\t: 5",
        " Content-Length: 5",
        "Content-Length\0: 5",
        "Content-Length\u{0b}: 5",
        "Content-Length\r: 5",
        "X: y\nContent-Length: 5",
        "X: y\rContent-Length: 5",
        "Content Length: 5",
        "Content-Length;: 5",
        "\u{feff}Content-Length: 5",
        "(Content-Length): 5",
    ];
    let aliases = ["Content_Length: 5", "Content.Length: 5", "XContent-Length: 5", "Content-Lengthx: 5"];
    [
        family("odd length", Fate::Refused, each(&odd, |v| post(&format!("Content-Length: {v}"), "hello"))),
        family("plain length", Fate::Passed, each(&fine, |v| post(&format!("Content-Length: {v}"), "hello"))),
        family("two lengths", Fate::Refused, each(&twice, |v| post(v, &format!("hello{SMUGGLED}")))),
        family(
            "one length twice",
            Fate::Passed,
            vec![post("Content-Length: 5\r\nContent-Length: 5", "hello"), post("Content-Length: 5\r\ncontent-length: 005", "hello")],
        ),
        family("hidden length (0.CL)", Fate::Refused, each(&hidden, |v| post(v, "hello"))),
        // Nobody may take these for a length: the five bytes are the next request's beginning, and a bad one.
        family("alias of a length", Fate::Either, each(&aliases, |v| post(v, "hello"))),
        family("a GET with a body", Fate::Passed, vec![
            get("Content-Length: 0"),
            format!("GET /g HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()).into_bytes(),
            format!("DELETE /g HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()).into_bytes(),
            format!("HEAD /g HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()).into_bytes(),
            format!("OPTIONS /g HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len()).into_bytes(),
        ]),
    ]
    .concat()
}

fn codings() -> Vec<Odd> {
    let chunked = "5\r\nhello\r\n0\r\n\r\n";
    let with_length = [
        // CL.TE and TE.CL, in both orders and several disguises.
        "Content-Length: 15\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 15",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nConnection: Transfer-Encoding",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nConnection: Content-Length",
        "content-length: 3\r\ntransfer-encoding: Chunked",
    ];
    let odd = [
        "xchunked",
        "chunkedx",
        " chunked,",
        ",chunked",
        "chunked,",
        "chunked,chunked",
        "chunked, chunked",
        "chunked, identity",
        "identity",
        "identity, chunked",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "\"chunked\"",
        "'chunked'",
        "chunked;q=1",
        "chunked;",
        "chun ked",
        "\u{0b}chunked",
        "chunked\u{0c}",
        "chunked\0",
        "\0chunked",
        "\u{a0}chunked",
        "chunked\u{a0}",
        "cow",
        "",
        " ",
        "chunked\r",
        "trailers",
        "chunked\u{1}",
        "deflate,chunked",
    ];
    let twice = [
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
        "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-encoding: x",
        "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
    ];
    let hidden = [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding:\u{0b}chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding\r\n : chunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\r\n\tTransfer-Encoding: chunked",
        "Transfer\u{2010}Encoding: chunked",
        "Transfer-Encoding\0: chunked",
        "Transfer Encoding: chunked",
        "Foo: bar\r\n\rTransfer-Encoding: chunked",
        "X:\n Transfer-Encoding: chunked",
    ];
    let aliases = [
        "Transfer_Encoding: chunked",
        "Transfer.Encoding: chunked",
        "X-Transfer-Encoding: chunked",
        "TransferEncoding: chunked",
    ];
    [
        family("length and coding (CL.TE, TE.CL)", Fate::Refused, each(&with_length, |v| post(v, chunked))),
        family("odd coding (TE.TE)", Fate::Refused, each(&odd, |v| post(&format!("Transfer-Encoding: {v}"), chunked))),
        family("two codings (TE.TE)", Fate::Refused, each(&twice, |v| post(v, chunked))),
        family("hidden coding (TE.0)", Fate::Refused, each(&hidden, |v| post(v, chunked))),
        family("alias of a coding", Fate::Either, each(&aliases, |v| post(v, chunked))),
        family("coding in any case", Fate::Passed, each(&["chunked", "Chunked", "CHUNKED", "\tchunked \t"], |v| post(&format!("Transfer-Encoding: {v}"), chunked))),
        family("coding in HTTP/1.0", Fate::Refused, vec![
            format!("POST /p HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}").into_bytes(),
            format!("POST /p HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}").into_bytes(),
        ]),
    ]
    .concat()
}

fn chunks() -> Vec<Odd> {
    let bad = [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\t\r\nhello\r\n0\r\n\r\n",
        "\r\n5\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\rhello\r\n0\r\n\r\n",
        "5\n\rhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "8000000000000000\r\nhello",
        "g\r\nhello\r\n0\r\n\r\n",
        "5,5\r\nhello\r\n0\r\n\r\n",
        "٥\r\nhello\r\n0\r\n\r\n",
        "\0\r\n\r\n",
        ";a\r\n\r\n",
        "5\u{a0}\r\nhello\r\n0\r\n\r\n",
        "5\u{0b}\r\nhello\r\n0\r\n\r\n",
        // Terminators of extensions: TERM.EXT and EXT.TERM.
        "5;a\nhello\r\n0\r\n\r\n",
        "5;a\rhello\r\n0\r\n\r\n",
        "5;\n\r\nhello\r\n0\r\n\r\n",
        "5;a\0b\r\nhello\r\n0\r\n\r\n",
        "5;a\u{1}\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;\n1a\r\nhello\r\n0\r\n\r\n",
        // Trailers.
        "0\r\nA: b\n\r\n",
        "0\r\nA: b\r\n\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\n A: b\r\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n",
        "0\r\nA\r\n\r\n",
        "0\r\n: b\r\n\r\n",
        "0\r\nA: b\0\r\n\r\n",
        "0\r\nA: b\rC: d\r\n\r\n",
        "0\r\nX\0Y: b\r\n\r\n",
    ];
    let fine = [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "005\r\nhello\r\n000\r\n\r\n",
        "A\r\n0123456789\r\n0\r\n\r\n",
        "5;a=b\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b;c\"\r\nhello\r\n0;x\r\n\r\n",
        "5;\r\nhello\r\n0\r\n\r\n",
        "5;;a=;=b\r\nhello\r\n0\r\n\r\n",
        "5; a = b\t\r\nhello\r\n0\r\n\r\n",
        "5;a=\u{e9}\r\nhello\r\n0\r\n\r\n",
        "1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n",
        "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
        "0\r\nX-Trailer: b\r\n\r\n",
        "0\r\nx-a: 1\r\nx-a: 2\r\nX-B:\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\nHost: evil.test\r\n\r\n",
        "0\r\nAuthorization: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Kept: y\r\n\r\n",
        "0\r\nCookie: a=b\r\nConnection: close\r\n\r\n",
    ];
    let smuggling = format!("0\r\n\r\n{SMUGGLED}");
    [
        family("bad chunks", Fate::Refused, each(&bad, |v| post("Transfer-Encoding: chunked", v))),
        family("fine chunks", Fate::Passed, each(&fine, |v| post("Transfer-Encoding: chunked", v))),
        family(
            "announced trailers",
            Fate::Either,
            each(&["X-A", "X-A, X-B", "x-a,,x-b", "Content-Length", "Transfer-Encoding", "Host", ""], |v| {
                post(&format!("Transfer-Encoding: chunked\r\nTrailer: {v}"), "0\r\nX-A: 1\r\nX-B: 2\r\n\r\n")
            }),
        ),
        // Two requests, and everybody must see two.
        family("pipelined behind chunks", Fate::Passed, vec![post("Transfer-Encoding: chunked", &smuggling)]),
    ]
    .concat()
}

fn lines() -> Vec<Odd> {
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

fn names_and_values() -> Vec<Odd> {
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

fn hosts() -> Vec<Odd> {
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

fn targets() -> Vec<Odd> {
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

fn methods() -> Vec<Odd> {
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

fn rest() -> Vec<Odd> {
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

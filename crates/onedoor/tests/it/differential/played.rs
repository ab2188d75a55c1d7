//! Odd answers by hand, family by family, for an upstream to play.

/// One odd answer: everything that an upstream says to one request.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) method: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) fate: Fate,
}

/// What must become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// 502: not a byte of it reaches the client.
    Refused,
    Passed,
    /// Both are right, and a visible cut, too.
    Either,
}

/// Every family.
pub(super) fn all() -> Vec<Played> {
    [status_lines(), fields(), lengths(), chunks(), bodiless(), several()].concat()
}

fn answers(fate: Fate, texts: &[&str]) -> Vec<Played> {
    texts.iter().map(|text| Played { method: "GET", bytes: text.as_bytes().to_vec(), fate }).collect()
}

fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}")
}

fn each(fate: Fate, items: &[&str], answer: impl Fn(&str) -> String) -> Vec<Played> {
    items.iter().map(|item| Played { method: "GET", bytes: answer(item).into_bytes(), fate }).collect()
}

fn status_lines() -> Vec<Played> {
    let bad = [
        "",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 2",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 000 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1 200OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK",
        "HTTP/1.2 200 OK",
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "HTTP/1 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        "HTTP/1.1 abc OK",
        "HTTP/1.1 2x0 OK",
        " HTTP/1.1 200 OK",
        "\r\nHTTP/1.1 200 OK",
        "\nHTTP/1.1 200 OK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 200 O\u{1}K",
        "HTTP/1.1 200 OK\n",
        "HTTP/1.1 200 OK\r",
        "xHTTP/1.1 200 OK",
        "HTTP/1.1 ٢٠٠ OK",
        "GET / HTTP/1.1",
        "hello",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x",
        "\0HTTP/1.1 200 OK",
        "HTTP/1.1 200 \x7f",
    ];
    let fine = [
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 200 Very much\tso",
        "HTTP/1.1 200 \u{e9}t\u{e9}",
        "HTTP/1.1 200  two spaces",
        "HTTP/1.1 299 x",
        "HTTP/1.1 404 HTTP/1.1 200 OK",
        "HTTP/1.1 500 ",
        "HTTP/1.1 599 x",
        "HTTP/1.1 206 Partial Content",
        "HTTP/1.1 205 Reset Content",
        "HTTP/1.1 600 x",
        "HTTP/1.1 999 x",
        "HTTP/1.1 420 :",
        "HTTP/1.1 418 a: b",
    ];
    let with = |line: &str| format!("{line}\r\nContent-Length: 0\r\n\r\n");
    [each(Fate::Refused, &bad, with), each(Fate::Passed, &fine, with)].concat()
}

fn fields() -> Vec<Played> {
    let mut all = Vec::new();
    for byte in 0..=255_u8 {
        let head = &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"[..];
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let fate = if is_token { Fate::Passed } else { Fate::Refused };
        if byte != b':' {
            let bytes = [head, &[b'X', byte, b'Y'], b": z\r\n\r\n"].concat();
            all.push(Played { method: "GET", bytes, fate });
        }
        let is_text = matches!(byte, b'\t' | 0x20..=0x7e | 0x80..);
        let fate = if is_text { Fate::Passed } else { Fate::Refused };
        let bytes = [head, b"X: a", &[byte], b"b\r\n\r\n"].concat();
        all.push(Played { method: "GET", bytes, fate });
    }
    let bad = [
        "X",
        ":",
        ": y",
        " X: y",
        "X: y\r\n z",
        "X: y\nZ: z",
        "X: y\rZ: z",
        "X: y\r\n\t",
        "X\0: y",
        "X y: z",
        "X: y\n",
        "X: y\r",
    ];
    let fine = [
        "X:",
        "X: ",
        "X : y",
        "X\t: y",
        "X:y",
        "X:\t y \t",
        "x: 1\r\nX: 2",
        "Set-Cookie: a=b\r\nSet-Cookie: c=d",
        "X_Y: z",
        "Connection: X\r\nX: y",
        "Keep-Alive: timeout=5",
        "Trailer: x",
    ];
    all.extend(each(Fate::Refused, &bad, |field| ok(&format!("Content-Length: 0\r\n{field}"), "")));
    all.extend(each(Fate::Passed, &fine, |field| ok(&format!("Content-Length: 0\r\n{field}"), "")));
    all
}

fn lengths() -> Vec<Played> {
    let bad = [
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length:",
        "Content-Length: 5, 5",
        "Content-Length: 5,6",
        "Content-Length: 5 5",
        "Content-Length: 18446744073709551621",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : identity",
        "Content-Length : 5x",
        "Transfer-Encoding: chunked,",
    ];
    let fine = [
        "Content-Length: 5",
        "Content-Length: 005",
        "Content-Length : 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length:\t5\t",
    ];
    // Who neither says a length nor ends the connection has not ended its answer.
    let cut = [
        "X: no length",
        "Connection: close",
        "Content-Length: 6",
        "Content-Length: 20000",
        "Content-Length: 9223372036854775807",
    ];
    let mut all = each(Fate::Refused, &bad, |field| ok(field, "hello"));
    all.extend(each(Fate::Passed, &fine, |field| ok(field, "hello")));
    all.extend(each(Fate::Either, &cut, |field| ok(field, "hello")));
    // More than was announced.
    all.extend(each(Fate::Passed, &["!", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], |more| {
        ok("Content-Length: 5", &format!("hello{more}"))
    }));
    all.extend(answers(
        Fate::Refused,
        &[
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
            "HTTP/1.1 200 OK\r\nContent-Len",
            "HTTP/1.1 200",
        ],
    ));
    all
}

fn chunks() -> Vec<Played> {
    let fine = [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "5;a=b\r\nhello\r\n0;c\r\n\r\n",
        "0005\r\nhello\r\n00\r\n\r\n",
        "A\r\n0123456789\r\n0\r\n\r\n",
        "0\r\nX-T: y\r\n\r\n",
        "5\r\nhello\r\n0\r\nx-t: 1\r\nX-T: 2\r\n\r\n",
        "0\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nX-T: y\r\n\r\n",
        "0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    let bad = [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "6\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\n",
        "5\r\nhello\r\n0\r\nX-T: y\r\n",
        "5\r\nhello\r\n",
        "5\r\nhel",
        "5\r\n",
        "5",
        "",
        "0\r\nX-T : y\r\n\r\n",
        "0\r\n X-T: y\r\n\r\n",
        "0\r\nX-T: y\n\r\n",
        "0\r\nX-T\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "10000000000000000\r\n",
        "g\r\n",
        "5\r\nhello\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n;\r\n\r\n",
    ];
    let with = |body: &str| ok("Transfer-Encoding: chunked", body);
    [each(Fate::Passed, &fine, with), each(Fate::Either, &bad, with)].concat()
}

fn bodiless() -> Vec<Played> {
    let to_head =
        |bytes: &str| Played { method: "HEAD", bytes: bytes.as_bytes().to_vec(), fate: Fate::Passed };
    let mut all = answers(
        Fate::Passed,
        &[
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ],
    );
    all.extend(
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nhello",
            "HTTP/1.1 204 x\r\n\r\n",
            "HTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        ]
        .map(to_head),
    );
    all
}

fn several() -> Vec<Played> {
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let interim = [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 199 x\r\n\r\n",
        "HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 103 x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 103 x\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 103 x\r\n\r\n",
    ];
    let mut all = each(Fate::Either, &interim, |one| format!("{one}{last}"));
    all.extend(each(Fate::Either, &interim, |one| format!("{one}{one}{last}")));
    all.extend(answers(Fate::Refused, &["HTTP/1.1 100 Continue\r\n\r\n"]));
    all.extend(each(
        Fate::Passed,
        &["HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", "garbage", "\r\n", "\0"],
        |more| format!("{last}{more}"),
    ));
    all
}

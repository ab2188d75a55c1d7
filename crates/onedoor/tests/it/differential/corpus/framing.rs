//! How long the body is: lengths, codings, chunks.
#![expect(clippy::too_many_lines, reason = "tables are long")]

use super::{Fate, Odd, SMUGGLED, each, family, get, post};

pub(super) fn lengths() -> Vec<Odd> {
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

pub(super) fn codings() -> Vec<Odd> {
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

pub(super) fn chunks() -> Vec<Odd> {
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

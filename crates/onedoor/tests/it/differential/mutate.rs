//! Requests, and answers, that nobody would write by hand: good ones with a few mistakes, the same in every run.

/// A small generator (xorshift64*): the same seed, the same numbers, on every machine.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn with_seed(seed: u64) -> Self {
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const REQUESTS: &[&str] = &[
    "GET /a/b HTTP/1.1\r\nHost: a.test\r\nX-A: one\r\nAccept: */*\r\n\r\n",
    "GET /a%20b?c=d&e HTTP/1.1\r\nHost: a.test:80\r\nCookie: a=b; c=d\r\nX-A: two words\r\n\r\n",
    "POST /p HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\nX-A: b\r\n\r\nhello world",
    "POST /p HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
    "PUT /t HTTP/1.1\r\nHost: a.test\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: late\r\n\r\n",
    "HEAD /h HTTP/1.1\r\nHost: a.test\r\nIf-None-Match: \"x\"\r\n\r\n",
    "DELETE /d HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc",
    "OPTIONS /o HTTP/1.1\r\nHost: a.test\r\nOrigin: http://b.test\r\nMax-Forwards: 5\r\n\r\n",
    "GET http://a.test/abs?x HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "GET /old HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n",
    "POST /e HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "GET /w HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /2 HTTP/1.1\r\nHost: b.test\r\nContent-Length: 2\r\n\r\nhi",
    "PATCH /x HTTP/1.1\r\nHost: a.test\r\nConnection: close, X-A\r\nX-A: b\r\nContent-Length: 2\r\n\r\nhi",
];

pub(super) const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: late\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nuntil the end",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
    "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n\r\nno!",
    "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
];

const BYTES: &[u8] = b"\0\x01\t\n\x0b\x0c\r \"#%',-./059:;=?@AGHTX[\\]_a{|}~\x7f\x80\x85\xa0\xe9\xff";

const LINES: &[&str] = &[
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 11",
    "Content-Length : 5",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding:\tchunked",
    "Host: a.test",
    "Host: b.test",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: Content-Length",
    "Connection: Transfer-Encoding",
    "Expect: 100-continue",
    "Upgrade: h2c",
    "Connection: upgrade",
    "Trailer: X-T",
    "TE: trailers",
    "X-A: ",
    " folded",
    "\tfolded",
    "X-A",
    ": b",
    "X-A : b",
    "X_A: b",
    "Keep-Alive: timeout=1",
    "Date: x",
    "Max-Forwards: 0",
    "0",
    "5",
    "\u{e9}: \u{e9}",
    "X-B: \u{e9}",
];

/// So many mutated requests.
pub(super) fn requests(count: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..count).map(|_| mutated(REQUESTS, dice)).collect()
}

/// So many mutated answers.
pub(super) fn answers(count: usize, dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..count).map(|_| mutated(ANSWERS, dice)).collect()
}

/// The requests that everything else is made of: good ones.
pub(super) fn good_requests() -> impl Iterator<Item = &'static str> {
    REQUESTS.iter().copied()
}

fn mutated(bases: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(bases).as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        mutate(&mut bytes, dice);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    match dice.below(11) {
        0 | 1 => bytes.insert(at, *dice.pick(BYTES)),
        2 | 3 => bytes[at] = *dice.pick(BYTES),
        4 => drop(bytes.remove(at)),
        5 | 6 => with_lines(bytes, |lines| {
            let line = dice.pick(LINES).as_bytes().to_vec();
            let at = 1 + dice.below(lines.len());
            lines.insert(at.min(lines.len()), line);
        }),
        7 => with_lines(bytes, |lines| {
            let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
            lines.swap(from, to);
        }),
        8 => with_lines(bytes, |lines| {
            let at = dice.below(lines.len());
            lines.insert(at, lines[at].clone());
        }),
        9 => {
            // One line end becomes another one.
            let ends: Vec<usize> = (1..bytes.len()).filter(|at| bytes[at - 1..=*at] == *b"\r\n").collect();
            if !ends.is_empty() {
                let end = *dice.pick(&ends);
                let other = *dice.pick(&[
                    &b"\n"[..],
                    b"\r",
                    b"\r\r\n",
                    b"\n\n",
                    b" \r\n",
                    b"\r\n ",
                    b"\x0b\r\n",
                    b"\r\n\r\n",
                ]);
                bytes.splice(end - 1..=end, other.iter().copied());
            }
        }
        _ => {
            let letters =
                bytes[at..].iter().take(12).map(|byte| byte ^ (byte.is_ascii_alphabetic() as u8 * 0x20));
            let flipped: Vec<u8> = letters.collect();
            bytes.splice(at..at + flipped.len(), flipped);
        }
    }
    if bytes.is_empty() {
        bytes.push(b'G');
    }
}

fn with_lines(bytes: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut rest = &bytes[..];
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        lines.push(rest[..end].to_vec());
        rest = &rest[end + 2..];
    }
    lines.push(rest.to_vec());
    change(&mut lines);
    *bytes = lines.join(&b"\r\n"[..]);
}

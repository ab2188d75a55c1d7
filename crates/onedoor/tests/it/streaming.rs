//! The promise: what an app says reaches its client when it is said. Event streams and the tokens of a language model
//! need no knob, however the answer is framed and whatever the route does to it.
//!
//! App and client go in lock-step: the app says the next word only once the client has the last. A door that waits for
//! more would wait for ever.

use crate::kit::{Door, Upstream, Wire, python_peer};

const WORDS: [&str; 6] =
    ["data: a\n\n", "data: token\n\n", ": ping\n\n", "\n", "data: {\"x\":1}\n\n", "[DONE]"];

/// The ways in which an answer says how long it is.
const FRAMINGS: [Framing; 4] = [Framing::Chunked, Framing::UntilClose, Framing::Short, Framing::Long];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Chunked,
    UntilClose,
    /// So short that it would fit into one read.
    Short,
    Long,
}

impl Framing {
    fn fields(self) -> String {
        let length: usize = WORDS.iter().map(|word| word.len()).sum();
        match self {
            Self::Chunked => "Transfer-Encoding: chunked\r\n".into(),
            Self::UntilClose => String::new(),
            Self::Short => format!("Content-Length: {length}\r\n"),
            Self::Long => format!("Content-Length: {}\r\n", length + 1_000_000),
        }
    }

    fn send(self, peer: &mut Wire, word: &str) {
        match self {
            Self::Chunked => peer.send(format!("{:x}\r\n{word}\r\n", word.len())),
            Self::UntilClose | Self::Short | Self::Long => peer.send(word),
        }
    }

    /// The client's side of it: what ends with the connection behind the door is chunked before it.
    fn receive(self, client: &mut Wire, length: usize) -> Vec<u8> {
        match self {
            Self::Chunked | Self::UntilClose => client.chunk(),
            Self::Short | Self::Long => client.bytes(length),
        }
    }
}

#[test]
fn each_word_of_an_answer_arrives_before_the_app_says_the_next() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!(
        "[routes]\n\"/plain\" = {{ proxy = \"http://127.0.0.1:{0}\" }}\n\"/cut/*\" = {{ proxy = \"http://127.0.0.1:{0}\", strip = true }}\n",
        upstream.port()
    ));
    // Behind the strip Location is mended: the head is written anew, and the body must not notice.
    for target in ["/plain", "/cut/events"] {
        for framing in FRAMINGS {
            let mut client = door.wire();
            client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            let mut peer = upstream.accept();
            peer.request();
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\nLocation: /next\r\n{}\r\n",
                framing.fields()
            ));
            if framing != Framing::Short {
                assert_eq!(client.head().status(), 200, "the head goes on before the first word");
            }
            for (number, word) in WORDS.iter().enumerate() {
                framing.send(&mut peer, word);
                if framing == Framing::Short && number == 0 {
                    assert_eq!(client.head().status(), 200);
                }
                let came = framing.receive(&mut client, word.len());
                assert_eq!(came, word.as_bytes(), "{target} {framing:?}");
            }
        }
    }
}

/// A language model's server: a token, and the next one when the client has told that it saw the last.
const TOKENS_PY: &str = r#"
import asyncio
from fastapi import FastAPI
from fastapi.responses import RedirectResponse, StreamingResponse

app = FastAPI()
seen = asyncio.Event()

@app.get("/tokens")
async def tokens():
    async def events():
        for number in range(20):
            yield f"data: token {number}\n\n"
            await seen.wait()
            seen.clear()
        yield "data: [DONE]\n\n"
    return StreamingResponse(events(), media_type="text/event-stream")

@app.post("/seen")
async def told():
    seen.set()
"#;

#[test]
fn the_tokens_of_a_fastapi_app_below_a_prefix_arrive_one_by_one() {
    let uvicorn = python_peer("uvicorn");
    let file = format!("[apps]\nllm = {{ run = \"{uvicorn} main:app\", path = \"/llm\", strip = true }}\n");
    let door = Door::with(&file).file("main.py", TOKENS_PY).start();
    let mut client = door.wire();
    client.send("GET /llm/tokens HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head();
    assert_eq!((head.status(), head.field("content-type")), (200, Some("text/event-stream; charset=utf-8")));
    let mut other = door.wire();
    for number in 0..20 {
        assert_eq!(client.chunk(), format!("data: token {number}\n\n").as_bytes());
        other.send("POST /llm/seen HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(other.response().status(), 200);
    }
    assert_eq!(client.chunk(), b"data: [DONE]\n\n");
    assert!(client.chunk().is_empty(), "the stream ends");
}

#[test]
fn each_piece_of_an_upload_arrives_before_the_client_sends_the_next() {
    let upstream = Upstream::listen();
    let door = Door::start(&crate::kit::proxy_to(upstream.port()));
    // Too long to be read whole first.
    let mut client = door.wire();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    let mut peer = upstream.accept();
    peer.head();
    for word in WORDS {
        client.send(word);
        assert_eq!(peer.bytes(word.len()), word.as_bytes());
    }
}

#[test]
fn an_upstream_that_dies_in_the_middle_of_an_answer_is_seen_to_die() {
    let upstream = Upstream::listen();
    let door = Door::start(&crate::kit::proxy_to(upstream.port()));
    for fields in ["Transfer-Encoding: chunked", "Content-Length: 1000000"] {
        let mut client = door.wire();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut peer = upstream.accept();
        peer.request();
        peer.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"));
        assert_eq!(client.head().status(), 200);
        // A chunk for the one, ten bytes of very many for the other.
        peer.send("5\r\nwords\r\n");
        if fields.starts_with("Transfer") {
            assert_eq!(client.chunk(), b"words");
        } else {
            assert_eq!(client.bytes(10), b"5\r\nwords\r\n");
        }
        drop(peer);
        // Neither the last chunk nor the missing bytes: the end of the connection is all that comes.
        let (rest, _) = client.rest_until_cut();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

#[test]
fn a_final_answer_while_the_client_still_uploads_arrives_and_ends_the_upload() {
    let upstream = Upstream::listen();
    let door = Door::start(&crate::kit::proxy_to(upstream.port()));
    let mut client = door.wire();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nthe first bytes");
    let mut peer = upstream.accept();
    peer.head();
    assert_eq!(peer.bytes(15), b"the first bytes");
    peer.send("HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\nno way");
    let answer = client.response();
    assert_eq!((answer.status(), answer.text(), answer.field("connection")), (403, "no way", Some("close")));
    // The rest is neither wanted nor sent on.
    let (rest, _) = peer.rest_until_cut();
    assert!(rest.is_empty(), "{} bytes more", rest.len());
}

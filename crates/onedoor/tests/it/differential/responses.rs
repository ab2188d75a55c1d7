//! Answers: what an upstream plays is 502, or a visible cut, or reaches the client as one message that four parsers
//! read as our own reader does.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

use super::client::{Heard, ask_all, send_if_wanted};
use super::message::{Ended, Message, Read, read_answer, text};
use super::mutate::{self, Dice};
use super::parsers::{PARSERS, Parser, message_in, word};
use super::played::{self, Fate, Played};
use crate::kit::{Door, GUARD, proxy_to};

const MUTATED: usize = 1200;

/// What follows on the client's connection, if it stays open.
const AFTER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsentinel";

/// Parsers differ in these on purpose: Go takes what concerns the connection out of the head.
const NOT_COMPARED: [&str; 1] = ["connection"];

/// What came back on one connection, cut into answers by our own reader.
#[derive(Debug)]
struct Answers {
    methods: Vec<&'static str>,
    whole: Vec<Told>,
    /// The bytes of each answer, interim ones included, and of what is no whole answer at the end.
    parts: Vec<Vec<u8>>,
    ended: Ended,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    interim: Vec<u16>,
    message: Message,
}

#[test]
fn what_an_upstream_says_reaches_every_client_in_the_same_way_or_not_at_all() {
    let mut all = played::all();
    let mutated = mutate::answers(MUTATED, &mut Dice::with_seed(0xa45e));
    all.extend(mutated.into_iter().map(|bytes| Played { method: "GET", bytes, fate: Fate::Either }));
    let all = Arc::new(all);
    let quick = "[server]\ntimeout = { first_byte = \"2s\", body = \"2s\" }\n[log]\naccess = \"off\"\n";
    let door = Door::start(&format!("{quick}{}", proxy_to(play(Arc::clone(&all)))));
    let numbers: Vec<usize> = (0..all.len()).collect();
    let heard = ask_all(door.port(), &numbers, |tcp, number| {
        let (method, rest) = (all[*number].method, "HTTP/1.1\r\nHost: a.test\r\n");
        let both = format!("{method} /{number} {rest}\r\nGET /after {rest}Connection: close\r\n\r\n");
        send_if_wanted(tcp, both.as_bytes());
    });
    let mut problems = Vec::new();
    let mut cases = Vec::new();
    for (played, heard) in all.iter().zip(heard) {
        match answers_in(played, &heard).and_then(|answers| judged(played, answers)) {
            Ok(answers) => cases.push((played, answers)),
            Err(why) => problems.push(format!("{why}\n    {}", played.bytes.escape_ascii())),
        }
    }
    problems.extend(thread::scope(|scope| {
        let cases = &cases;
        let readers: Vec<_> = PARSERS.map(|parser| scope.spawn(move || read_by(parser, cases))).into();
        readers.into_iter().flat_map(|reader| reader.join().expect("no reader panics")).collect::<Vec<_>>()
    }));
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// An upstream that plays the answer whose number is asked for, and mostly ends the connection with it: who waits for
/// more on an open one waits for a deadline.
fn play(all: Arc<Vec<Played>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("a listener has an address").port();
    thread::spawn(move || {
        for mut tcp in listener.incoming().map_while(Result::ok) {
            let all = Arc::clone(&all);
            thread::spawn(move || {
                while let Some(target) = next_target(&mut tcp) {
                    let Ok(number) = target.trim_start_matches('/').parse::<usize>() else {
                        tcp.write_all(AFTER).ok();
                        continue;
                    };
                    tcp.write_all(&all[number].bytes).ok();
                    if number % 4 != 1 {
                        tcp.shutdown(std::net::Shutdown::Write).ok();
                    }
                }
            });
        }
    });
    port
}

/// The target of the next request, which has no body.
fn next_target(tcp: &mut TcpStream) -> Option<String> {
    tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
    let (mut head, mut byte) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        match tcp.read(&mut byte) {
            Ok(read @ 1..) => head.extend_from_slice(&byte[..read]),
            Ok(0) | Err(_) => return None,
        }
    }
    text(&head).split(' ').nth(1).map(ToOwned::to_owned)
}

fn answers_in(played: &Played, heard: &Heard) -> Result<Answers, String> {
    let mut answers =
        Answers { methods: Vec::new(), whole: Vec::new(), parts: Vec::new(), ended: heard.ended };
    let (mut rest, mut at, mut interim) = (&heard.bytes[..], 0, Vec::new());
    while at < rest.len() {
        let method = if answers.whole.is_empty() { played.method } else { "GET" };
        let Read::Whole { message, bytes } = read_answer(&rest[at..], method, heard.ended)? else { break };
        at += bytes;
        let status: u16 = message.start[..3].parse().map_err(|_| "no status".to_owned())?;
        if status < 200 {
            interim.push(status);
            continue;
        }
        answers.methods.push(method);
        answers.parts.push(rest[..at].to_vec());
        let message = message.without(&NOT_COMPARED);
        answers.whole.push(Told { interim: std::mem::take(&mut interim), message });
        (rest, at) = (&rest[at..], 0);
    }
    if !rest.is_empty() {
        // A cut: every parser must see that something is missing.
        answers.methods.push(if answers.whole.is_empty() { played.method } else { "GET" });
        answers.parts.push(rest.to_vec());
    }
    Ok(answers)
}

fn judged(played: &Played, answers: Answers) -> Result<Answers, String> {
    let Some(first) = answers.whole.first() else {
        return match played.fate {
            Fate::Either if !answers.parts.is_empty() || answers.ended == Ended::Cut => Ok(answers),
            Fate::Either | Fate::Refused | Fate::Passed => Err("no whole answer came".into()),
        };
    };
    let refused = first.message.start.starts_with("502 ") || first.message.start.starts_with("504 ");
    match (played.fate, refused) {
        (Fate::Refused, false) => return Err(format!("passed as {first:?}, and should be 502")),
        (Fate::Passed, true) => return Err("refused, and should pass".into()),
        (Fate::Refused, true) | (Fate::Passed, false) | (Fate::Either, _) => {}
    }
    match answers.whole.get(1) {
        Some(after) if after.message.body != "sentinel" => Err(format!("the next answer became {after:?}")),
        Some(_) | None => Ok(answers),
    }
}

fn read_by(parser: Parser, cases: &[(&Played, Answers)]) -> Vec<String> {
    // httptools cannot be told that it reads the answer to a HEAD.
    let fits = |case: &&(&Played, Answers)| parser != Parser::Httptools || case.0.method != "HEAD";
    let cases: Vec<_> = cases.iter().filter(fits).collect();
    let scripts: Vec<Value> = cases
        .iter()
        .map(|(_, answers)| {
            let parts: Vec<String> = answers.parts.iter().map(|part| text(part)).collect();
            let ended = if answers.ended == Ended::Cut { "cut" } else { "closed" };
            json!({ "methods": answers.methods, "parts": parts, "ended": ended })
        })
        .collect();
    let verdicts = parser.read_as_client(&scripts);
    let told = cases.iter().zip(&verdicts);
    told.filter_map(|((played, answers), verdict)| disagreement(parser, played, answers, verdict)).collect()
}

fn disagreement(parser: Parser, played: &Played, answers: &Answers, verdict: &Value) -> Option<String> {
    let told = verdict["answers"].as_array().expect("a verdict has answers");
    let whole: Vec<Told> =
        told.iter().filter(|answer| answer.get("problem").is_none()).map(told_in).collect();
    if verdict["reopened"] == true && whole.len() == 1 && is_unsized_head(answers) {
        return (whole[0] != answers.whole[0]).then(|| format!("{parser:?} reads {verdict}"));
    }
    let same = whole == answers.whole && verdict["left"].as_u64().unwrap_or(0) == 0;
    let cut_seen = told.len() > whole.len() || answers.methods.len() == answers.whole.len();
    (!same || !cut_seen).then(|| {
        format!(
            "{parser:?} reads {verdict}\n  in {:?}, {:?}\n  made of {}",
            answers.parts.iter().map(|part| part.escape_ascii().to_string()).collect::<Vec<_>>(),
            answers.ended,
            played.bytes.escape_ascii()
        )
    })
}

/// The answer to a HEAD that tells no length: Node's client, which asks its parser before it has said that this was a
/// HEAD, uses the connection no more. That is careful, and no other reading.
fn is_unsized_head(answers: &Answers) -> bool {
    let first = &answers.whole[0].message;
    answers.methods[0] == "HEAD"
        && first.first("content-length").or_else(|| first.first("transfer-encoding")).is_none()
}

fn told_in(answer: &Value) -> Told {
    let interim = answer["interim"].as_array().into_iter().flatten();
    let interim = interim.filter_map(Value::as_u64).filter_map(|status| u16::try_from(status).ok()).collect();
    let start = format!("{} {}", answer["status"], word(answer, "reason"));
    Told { interim, message: message_in(start, answer).without(&NOT_COMPARED) }
}

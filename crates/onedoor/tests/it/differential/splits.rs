//! Any split of the same bytes gives the same result: what the upstream hears and what the client hears do not depend
//! on how the client's bytes were cut into packets.

use std::net::TcpStream;
use std::thread;

use super::client::{SENTINEL, ask_all, send_if_wanted};
use super::corpus;
use super::message::{Ended, Message, Read, read_answer};
use super::mutate::{self, Dice};
use super::tap::Tap;
use crate::kit::{Door, proxy_to};

/// Requests by hand, beside the good ones that the mutated ones are made of.
const BY_HAND: usize = 46;

/// Made anew for every request and every answer.
const ALWAYS_NEW: [&str; 3] = ["x-request-id", "x-record", "date"];

/// How a client's bytes are cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Nowhere,
    Everywhere,
    AtRandom { seed: u64 },
}

/// What one connection came to: each answer, and what the upstream was asked before it.
type Told = Vec<(Message, Option<Message>)>;

#[test]
fn no_split_of_a_request_changes_what_is_asked_or_answered() {
    let requests = requests();
    assert!(requests.len() >= 60, "only {} requests", requests.len());
    let whole = told(&requests, Cut::Nowhere);
    for cut in [Cut::Everywhere, Cut::AtRandom { seed: 1 }, Cut::AtRandom { seed: 2 }] {
        for ((told, whole), request) in told(&requests, cut).iter().zip(&whole).zip(&requests) {
            assert_eq!(told, whole, "{cut:?}: {}", request.escape_ascii());
        }
    }
}

/// Some of everything, and nothing so long that a byte at a time takes its time.
fn requests() -> Vec<Vec<u8>> {
    let by_hand: Vec<_> =
        corpus::all().into_iter().map(|odd| odd.bytes).filter(|bytes| bytes.len() < 250).collect();
    let every = by_hand.len() / BY_HAND;
    let good = mutate::good_requests().map(|request| request.as_bytes().to_vec());
    by_hand.into_iter().step_by(every).take(BY_HAND).chain(good).collect()
}

fn told(requests: &[Vec<u8>], cut: Cut) -> Vec<Told> {
    let tap = Tap::listen();
    let settings = "[server]\ntimeout = { header = \"2s\", body = \"2s\" }\n[log]\naccess = \"off\"\n";
    let door = Door::start(&format!("{settings}{}", proxy_to(tap.port())));
    let heard = ask_all(door.port(), requests, |tcp, request| {
        send_cut(tcp, &[&request[..], SENTINEL].concat(), cut);
    });
    assert!(tap.bad().is_empty(), "{:?}", tap.bad());
    heard.iter().map(|heard| told_on(&heard.bytes, &tap, door.port())).collect()
}

fn send_cut(tcp: &mut TcpStream, bytes: &[u8], cut: Cut) {
    let mut dice = Dice::with_seed(match cut {
        Cut::Nowhere | Cut::Everywhere => 0,
        Cut::AtRandom { seed } => seed ^ bytes.len() as u64,
    });
    let mut rest = bytes;
    while !rest.is_empty() {
        let piece = match cut {
            Cut::Nowhere => rest.len(),
            Cut::Everywhere => 1,
            Cut::AtRandom { .. } => 1 + dice.below(rest.len().min(60)),
        };
        send_if_wanted(tcp, &rest[..piece]);
        rest = &rest[piece..];
        // The other threads, the door among them, may see the piece for itself.
        thread::yield_now();
    }
}

fn told_on(bytes: &[u8], tap: &Tap, port: u16) -> Told {
    let (mut rest, mut told) = (bytes, Vec::new());
    while !rest.is_empty() {
        let shown = || rest.escape_ascii().to_string();
        let read = match read_answer(rest, "GET", Ended::Closed) {
            Ok(Read::Partial) => read_answer(rest, "HEAD", Ended::Closed),
            read => read,
        };
        let Ok(Read::Whole { message, bytes }) = read else { panic!("no answer: {}", shown()) };
        rest = &rest[bytes..];
        // A 100 is sent when the client has not sent its body by itself: only time decides that.
        if message.start.starts_with("100 ") {
            continue;
        }
        let record = message.first("x-record").map(|number| number.parse().expect("a record has a number"));
        let asked = record.map(|number| plain(tap.record(number).message, port));
        told.push((plain(message, port), asked));
    }
    told
}

/// The message with whatever is always new left out; the door of the other cuts has another port.
fn plain(mut message: Message, port: u16) -> Message {
    for (name, value) in &mut message.fields {
        if name == "x-forwarded-port" {
            assert_eq!(*value, port.to_string());
            value.clear();
        }
    }
    message.without(&ALWAYS_NEW)
}

//! Requests: what passes the door, four parsers read as one, and as our own reader does.

use std::collections::BTreeMap;
use std::thread;

use super::client::{Heard, SENTINEL, ask_all, send_if_wanted};
use super::corpus::{self, Fate, Odd};
use super::message::{Ended, Read, bytes_of, read_answer};
use super::mutate::{self, Dice};
use super::parsers::{PARSERS, Parser, Replay, Server, View, view_of};
use super::tap::{Record, Tap};
use crate::kit::{Door, proxy_to};

const MUTATED: usize = 4000;

/// Fields that the door makes, and that differ from run to run and from door to door.
const OWN: [&str; 2] = ["x-request-id", "x-forwarded-port"];

/// What became of one request of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The tap's record of this number.
    Passed(usize),
    /// The door's own answer.
    Answered(u16),
}

fn door_to(port: u16) -> Door {
    // Requests that never end are part of the corpus; the door need not wait long for them.
    let quick = "[server]\ntimeout = { header = \"2s\", body = \"2s\" }\n[log]\naccess = \"off\"\n";
    Door::start(&format!("{quick}{}", proxy_to(port)))
}

fn odd_requests() -> Vec<Odd> {
    let mut odd = corpus::all();
    let mutated = mutate::requests(MUTATED, &mut Dice::with_seed(0x0d00));
    odd.extend(mutated.into_iter().map(|bytes| Odd { family: "mutated", bytes, fate: Fate::Either }));
    odd
}

fn ask(door: &Door, odd: &[Odd]) -> Vec<Heard> {
    ask_all(door.port(), odd, |tcp, odd| send_if_wanted(tcp, &[&odd.bytes, SENTINEL].concat()))
}

/// What came of each request on a connection.
fn outcomes(heard: &Heard) -> Result<Vec<Outcome>, String> {
    let mut outcomes = Vec::new();
    let mut rest = &heard.bytes[..];
    while !rest.is_empty() {
        let shown = || rest.escape_ascii().to_string();
        // A refusal of a HEAD has a length and no body.
        let read = match read_answer(rest, "GET", heard.ended)? {
            Read::Partial => read_answer(rest, "HEAD", heard.ended)?,
            whole @ Read::Whole { .. } => whole,
        };
        let Read::Whole { message, bytes } = read else {
            return Err(format!("no whole answer: {}", shown()));
        };
        rest = &rest[bytes..];
        let status: u16 = message.start[..3].parse().map_err(|_| shown())?;
        match message.first("x-record") {
            _ if status < 200 => {}
            Some(number) => outcomes.push(Outcome::Passed(number.parse().map_err(|_| shown())?)),
            None => outcomes.push(Outcome::Answered(status)),
        }
    }
    if outcomes.is_empty() { Err("no answer at all".into()) } else { Ok(outcomes) }
}

#[test]
fn what_passes_the_door_is_read_by_everybody_in_the_same_way() {
    let odd = odd_requests();
    let tap = Tap::listen();
    let door = door_to(tap.port());
    let mut problems = Vec::new();
    let mut passed: Vec<(&Odd, Record)> = Vec::new();
    for (odd, heard) in odd.iter().zip(ask(&door, &odd)) {
        match outcomes(&heard).and_then(|outcomes| judged(odd, &outcomes, &tap)) {
            Ok(records) => passed.extend(records.into_iter().map(|record| (odd, record))),
            Err(why) => problems.push(format!("{}: {why}\n    {}", odd.family, odd.bytes.escape_ascii())),
        }
    }
    problems
        .extend(tap.bad().into_iter().map(|why| format!("the door wrote what no reader should see: {why}")));
    assert!(passed.len() > odd.len() / 4, "only {} of {} requests tell something", passed.len(), odd.len());
    let servers = PARSERS.map(Parser::serve);
    problems.extend(played_to_all(&servers, &passed, &tap.partial()));
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// The records that a connection left behind, if its fate was the right one and its sentinel was not touched.
fn judged(odd: &Odd, outcomes: &[Outcome], tap: &Tap) -> Result<Vec<Record>, String> {
    match (odd.fate, outcomes[0]) {
        (Fate::Refused, Outcome::Passed(_)) => return Err("passed, and should be refused".into()),
        (Fate::Passed, Outcome::Answered(status)) => {
            return Err(format!("refused with {status}, and should pass"));
        }
        (Fate::Refused, Outcome::Answered(_)) | (Fate::Passed, Outcome::Passed(_)) | (Fate::Either, _) => {}
    }
    let mut records = Vec::new();
    for outcome in outcomes {
        if let Outcome::Passed(number) = outcome {
            records.push(tap.record(*number));
        }
    }
    for record in &records {
        let touched =
            record.message.start.contains("/sentinel") != record.message.first("x-sentinel").is_some();
        if touched && odd.family != "mutated" {
            return Err(format!("the sentinel was touched: {}", record.bytes.escape_ascii()));
        }
    }
    Ok(records)
}

/// Plays what passed to each parser; what they see otherwise than our own reader does.
fn played_to_all(servers: &[Server], passed: &[(&Odd, Record)], partial: &[Vec<u8>]) -> Vec<String> {
    thread::scope(|scope| {
        let players: Vec<_> =
            servers.iter().map(|server| scope.spawn(move || played_to(server, passed, partial))).collect();
        players.into_iter().flat_map(|player| player.join().expect("no player panics")).collect()
    })
}

fn played_to(server: &Server, passed: &[(&Odd, Record)], partial: &[Vec<u8>]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut replay = Replay::to(server);
    for (number, (odd, record)) in passed.iter().enumerate() {
        let probe = format!("/probe-{number}");
        let (seen, probed) = replay.play(&record.bytes, &probe);
        let right = match &seen {
            View::Saw(message) => {
                *message == record.message
                    && matches!(&probed, View::Saw(probe_seen) if probe_seen.start == format!("GET {probe}") && probe_seen.body.is_empty())
            }
            View::Refused(_) => known_refusal(server.parser, record).is_some(),
            View::Waits => false,
        };
        if !right {
            problems.push(format!(
                "{:?} sees {seen:?}, then {probed:?}\n  in {}\n  made of {} ({})",
                server.parser,
                record.bytes.escape_ascii(),
                odd.bytes.escape_ascii(),
                odd.family,
            ));
            if problems.len() > 20 {
                break;
            }
        }
    }
    for bytes in partial {
        let seen = replay.play_cut(bytes);
        if matches!(seen, View::Saw(_)) {
            problems.push(format!("{:?} takes for whole: {}", server.parser, bytes.escape_ascii()));
        }
    }
    problems
}

/// Why a parser refuses what the door lets pass. A refusal is safe: it is never another reading. Each is a rule of
/// that parser's own, which no door can know for all.
fn known_refusal(parser: Parser, record: &Record) -> Option<&'static str> {
    let method = record.message.start.split(' ').next()?;
    match parser {
        Parser::Node | Parser::Httptools if !LLHTTP_METHODS.contains(&method) => {
            Some("llhttp knows no methods but the registered ones")
        }
        Parser::Node | Parser::H11 | Parser::Httptools => None,
        Parser::Go => {
            let bad_trailer = |name: &str| ["content-length", "transfer-encoding", "trailer"].contains(&name);
            if record.message.all("trailer").any(|names| names.split(',').any(bad_trailer)) {
                return Some("Go refuses to announce a trailer that frames");
            }
            None
        }
    }
}

/// llhttp's, as Node 20 and httptools 0.9 have them, without those of other protocols.
const LLHTTP_METHODS: [&str; 34] = [
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The same once more without a tap between: a door before each parser's own server.
#[test]
fn a_real_server_behind_the_door_sees_what_the_tap_saw() {
    // What a server saw comes back in one field, for which the longest have no room.
    let odd: Vec<Odd> = corpus::all().into_iter().filter(|odd| odd.bytes.len() < 4000).step_by(2).collect();
    let tap = Tap::listen();
    let door = door_to(tap.port());
    let at_the_tap: Vec<_> = ask(&door, &odd).iter().map(outcomes).collect();
    let mut problems = BTreeMap::new();
    for parser in PARSERS {
        let server = parser.serve();
        let door = door_to(server.port);
        for (number, (heard, tapped)) in ask(&door, &odd).iter().zip(&at_the_tap).enumerate() {
            let Ok(tapped) = tapped else { continue };
            if let Err(why) = same(parser, heard, tapped, &tap) {
                problems.insert(
                    (number, parser),
                    format!("{parser:?}: {why}\n    {}", odd[number].bytes.escape_ascii()),
                );
            }
        }
    }
    let shown: Vec<_> = problems.into_values().collect();
    assert!(shown.is_empty(), "{} problems:\n{}", shown.len(), shown.join("\n"));
}

/// Compares the answers of one connection with what the tap was asked on its twin.
fn same(parser: Parser, heard: &Heard, tapped: &[Outcome], tap: &Tap) -> Result<(), String> {
    let mut rest = &heard.bytes[..];
    for outcome in tapped {
        let (method, record) = match outcome {
            Outcome::Passed(number) => {
                let record = tap.record(*number);
                (if record.message.start.starts_with("HEAD ") { "HEAD" } else { "GET" }, Some(record))
            }
            Outcome::Answered(_) => ("GET", None),
        };
        let message = loop {
            let read = match read_answer(rest, method, Ended::Closed)? {
                Read::Partial => read_answer(rest, "HEAD", Ended::Closed)?,
                whole @ Read::Whole { .. } => whole,
            };
            let Read::Whole { message, bytes } = read else { return Err("an answer is missing".into()) };
            rest = &rest[bytes..];
            if !message.start.starts_with('1') {
                break message;
            }
        };
        match (outcome, record, view_of(&message)) {
            (Outcome::Answered(status), _, View::Refused(start))
                if start.starts_with(&status.to_string()) => {}
            (Outcome::Passed(_), Some(record), View::Saw(seen))
                if seen.clone().without(&OWN) == record.message.clone().without(&OWN) => {}
            (Outcome::Passed(_), Some(record), View::Refused(_))
                if known_refusal(parser, &record).is_some() =>
            {
                return Ok(());
            }
            (outcome, record, view) => return Err(format!("{outcome:?} was {record:?}, here {view:?}")),
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(format!("more came: {}", rest.escape_ascii())) }
}

#[test]
fn the_corpus_is_the_same_in_every_run() {
    let one = mutate::requests(50, &mut Dice::with_seed(7));
    assert_eq!(one, mutate::requests(50, &mut Dice::with_seed(7)));
    assert_ne!(one, mutate::requests(50, &mut Dice::with_seed(8)));
    assert_eq!(bytes_of("\u{e9}"), [0xe9]);
}

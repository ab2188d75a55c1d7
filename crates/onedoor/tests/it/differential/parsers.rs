//! The four independent parsers, each a process of its own: started, asked, ended.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::message::{Ended, Message, Read, bytes_of, read_answer, text};
use crate::kit::repository;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parser {
    Node,
    Go,
    H11,
    Httptools,
}

pub(super) const PARSERS: [Parser; 4] = [Parser::Node, Parser::Go, Parser::H11, Parser::Httptools];

/// A parser that waits for more than it was given is wrong; so long it is believed that it does not.
const PATIENCE: Duration = Duration::from_secs(3);

/// A server of the parser's own, each of whose answers tells what it saw.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) parser: Parser,
    pub(super) port: u16,
    child: Child,
}

/// What a server made of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    Saw(Message),
    /// It answered with a status of its own, or closed the connection without a word.
    Refused(String),
    /// It waits for more.
    Waits,
}

impl Parser {
    fn command(self, mode: &str) -> Command {
        let sources = repository().join("crates/onedoor/tests/it/differential/parsers");
        let made = repository().join("target/parsers");
        let python = |name: &str| (made.join("venv/bin/python"), vec![sources.join(name)]);
        let (program, words): (PathBuf, Vec<PathBuf>) = match self {
            Self::Node => ("node".into(), vec![sources.join("node.js")]),
            Self::Go => (made.join("go"), Vec::new()),
            Self::H11 => python("with_h11.py"),
            Self::Httptools => python("with_httptools.py"),
        };
        assert!(
            self == Self::Node || program.is_file(),
            "{} is missing: run `make parsers` first",
            program.display()
        );
        let mut command = Command::new(program);
        command.args(words).arg(mode).env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::piped());
        command
    }

    /// Starts its server.
    pub(super) fn serve(self) -> Server {
        let mut child = self.command("serve").stdin(Stdio::null()).spawn().expect("the parser can be run");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        output.read_line(&mut line).expect("the parser says its port");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("{self:?} says no port but {line:?}"));
        Server { parser: self, port, child }
    }

    /// Has recorded answers read as by a client: one case a line in, one verdict a line out.
    pub(super) fn read_as_client(self, cases: &[Value]) -> Vec<Value> {
        let mut child = self.command("read").stdin(Stdio::piped()).spawn().expect("the parser can be run");
        let mut input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        let verdicts = std::thread::scope(|scope| {
            scope.spawn(move || {
                for case in cases {
                    writeln!(input, "{case}").expect("the parser reads");
                }
            });
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).expect("a verdict is JSON")).collect::<Vec<_>>()
        });
        child.wait().expect("a child can be waited for");
        assert_eq!(verdicts.len(), cases.len(), "{self:?} gave up");
        verdicts
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A connection to a parser's server, replaced whenever the server has ended it.
#[derive(Debug)]
pub(super) struct Replay<'s> {
    server: &'s Server,
    open: Option<(TcpStream, Vec<u8>)>,
}

impl<'s> Replay<'s> {
    pub(super) fn to(server: &'s Server) -> Self {
        Self { server, open: None }
    }

    /// Plays these bytes and, once they are answered, a probe, as the door uses its connections; what became of each.
    /// A probe that was not seen as it is has met something that was left over.
    pub(super) fn play(&mut self, bytes: &[u8], probe: &str) -> (View, View) {
        let (mut tcp, mut unread) =
            self.open.take().unwrap_or_else(|| (connect(self.server.port), Vec::new()));
        let method = if bytes.starts_with(b"HEAD ") { "HEAD" } else { "GET" };
        tcp.write_all(bytes).ok();
        let seen = next_view(&mut tcp, &mut unread, method);
        if !matches!(seen, View::Saw(_)) {
            return (seen.clone(), seen);
        }
        write!(tcp, "GET {probe} HTTP/1.1\r\nHost: probe\r\n\r\n").ok();
        let probed = next_view(&mut tcp, &mut unread, "GET");
        if matches!(probed, View::Saw(_)) && unread.is_empty() {
            self.open = Some((tcp, unread));
        }
        (seen, probed)
    }

    /// Plays the beginning of a request and ends the connection.
    pub(super) fn play_cut(&self, bytes: &[u8]) -> View {
        let mut tcp = connect(self.server.port);
        tcp.write_all(bytes).ok();
        tcp.shutdown(Shutdown::Write).ok();
        next_view(&mut tcp, &mut Vec::new(), "GET")
    }
}

fn connect(port: u16) -> TcpStream {
    let tcp = TcpStream::connect(("127.0.0.1", port)).expect("the parser's server accepts");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    tcp.set_nodelay(true).expect("Nagle can be turned off");
    tcp
}

fn next_view(tcp: &mut TcpStream, unread: &mut Vec<u8>, method: &str) -> View {
    let mut piece = [0; 16 * 1024];
    loop {
        match read_answer(unread, method, Ended::Cut) {
            Ok(Read::Whole { message, bytes }) => {
                unread.drain(..bytes);
                if !message.start.starts_with('1') {
                    return view_of(&message);
                }
                continue;
            }
            Ok(Read::Partial) => {}
            Err(why) => return View::Refused(why),
        }
        match tcp.read(&mut piece) {
            Ok(0) => return View::Refused(text(unread)),
            Ok(read) => unread.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return View::Waits,
            Err(error) => return View::Refused(error.to_string()),
        }
    }
}

/// What an answer of a parser's server tells.
pub(super) fn view_of(answer: &Message) -> View {
    let Some(hex) = answer.first("x-seen") else { return View::Refused(answer.start.clone()) };
    let json: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("X-Seen is hexadecimal"))
        .collect();
    let seen: Value = serde_json::from_slice(&json).expect("X-Seen is JSON");
    View::Saw(message_in(format!("{} {}", word(&seen, "method"), word(&seen, "target")), &seen))
}

/// A message as the parsers tell it.
pub(super) fn message_in(start: String, told: &Value) -> Message {
    Message::of(start, pairs(&told["fields"]), word(told, "body"), pairs(&told["trailers"]))
}

pub(super) fn word(told: &Value, name: &str) -> String {
    let word = told[name].as_str().unwrap_or_else(|| panic!("no {name} in {told}")).to_owned();
    // Every character is a byte's number.
    drop(bytes_of(&word));
    word
}

fn pairs(told: &Value) -> Vec<(String, String)> {
    let pairs = told.as_array().into_iter().flatten();
    pairs
        .map(|pair| match (pair[0].as_str(), pair[1].as_str()) {
            (Some(name), Some(value)) => (name.to_owned(), value.to_owned()),
            _ => panic!("no field: {pair}"),
        })
        .collect()
}

//! One line per request: what was asked, who answered, how it ended, and if it ended badly, why.
//!
//! The record is filled on the way and written once, at the end, by handing a finished line to the log's own thread.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use onedoor_http1::{FieldKind, Target};

use super::config::AccessLog;
use super::inbound::{Head, Speaker};
use super::plan::Destination;
use super::refusal::{Aborted, Culprit, Refusal, RefusalClass};
use super::relay::tunnel::Moved;
use super::route::{Matched, Route, RouteId};
use super::worker::Worker;
use crate::observe::log::{push_json_string, push_rfc3339};

/// What nginx made customary for a client that left before its answer; never sent.
const CLIENT_LEFT: u16 = 499;

/// What there is to say about a request.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) started: Instant,
    pub(super) client: Option<IpAddr>,
    to: Option<Destination>,
    pub(super) status: u16,
    received: u64,
    sent: u64,
    /// From the request's first byte sent to the upstream's response head.
    upstream: Option<Duration>,
    /// Until the tunnel stood: how long its two ends then talked is no answer's slowness.
    until_tunnel: Option<Duration>,
    total: Duration,
    ending: Ending,
    speaker: Speaker,
}

#[derive(Debug)]
enum Ending {
    Well,
    Refused { class: RefusalClass, cause: String },
    Aborted { by: Culprit, why: Cow<'static, str> },
}

/// The request a line is about; a head that could not be read has none.
struct Asked<'a> {
    id: &'a [u8],
    method: &'a [u8],
    target: &'a [u8],
    query: Option<&'a [u8]>,
    route: &'a str,
}

impl Record {
    pub(super) fn new(started: Instant, client: Option<IpAddr>, speaker: Speaker) -> Self {
        Self {
            started,
            client,
            to: None,
            status: 0,
            received: 0,
            sent: 0,
            upstream: None,
            until_tunnel: None,
            total: Duration::ZERO,
            ending: Ending::Well,
            speaker,
        }
    }

    /// Who is to answer; known before there is a connection.
    pub(super) fn asked(&mut self, to: Destination) {
        self.to = Some(to);
    }

    pub(super) fn answered(&mut self, status: u16, after: Duration) {
        self.status = status;
        self.upstream = Some(after);
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) {
        self.status = refusal.status();
        self.ending = Ending::Refused { class: refusal.class(), cause: refusal.cause() };
    }

    pub(super) fn aborted(&mut self, aborted: &Aborted) {
        if self.status == 0 && aborted.by == Culprit::Client {
            self.status = CLIENT_LEFT;
        }
        self.ending = Ending::Aborted { by: aborted.by, why: aborted.why.clone() };
    }

    pub(super) fn counted(&mut self, received: u64, sent: u64) {
        self.received += received;
        self.sent += sent;
    }

    pub(super) fn tunnel_stands(&mut self) {
        self.until_tunnel = Some(self.started.elapsed());
    }

    pub(super) fn tunnelled(&mut self, moved: Moved) {
        self.received += moved.to_upstream;
        self.sent += moved.to_client;
    }

    /// The request is over: counts it and, where that is wanted, hands its line to the log.
    pub(super) fn ends(&mut self, worker: &Worker, head: Head<'_>, id: &[u8], taker: Option<Matched<'_>>) {
        self.count(worker, taker.map(|taker| taker.id));
        let is_logged = match worker.logs_access() {
            AccessLog::On => true,
            AccessLog::OnBut(ours) => {
                let agent = head.parsed.find(FieldKind::UserAgent).next();
                agent.is_none_or(|agent| head.text(agent.value) != ours.as_bytes())
            }
            AccessLog::Off => false,
        };
        if is_logged {
            self.write(worker, head, id, taker.map(|taker| taker.route));
        }
    }

    /// The same for what was no request.
    pub(super) fn ends_headless(&mut self, worker: &Worker) {
        self.count(worker, None);
        if worker.logs_access() != AccessLog::Off {
            self.send(worker, &Asked { id: b"-", method: b"-", target: b"-", query: None, route: "-" });
        }
    }

    fn count(&mut self, worker: &Worker, taker: Option<RouteId>) {
        self.total = self.started.elapsed();
        let counters = worker.counters();
        worker.served(taker, self.status, self.until_tunnel.unwrap_or(self.total));
        match &self.ending {
            Ending::Well => {}
            Ending::Refused { class, .. } => counters.refused(*class),
            Ending::Aborted { by, .. } => counters.cut(*by),
        }
    }

    fn write(&self, worker: &Worker, head: Head<'_>, id: &[u8], route: Option<&Route>) {
        let (target, query) = match head.parsed.target() {
            Target::Origin { path, query } | Target::Absolute { path, query, .. } => {
                (head.text(path), query.map(|span| head.text(span)))
            }
            Target::Asterisk => (&b"*"[..], None),
        };
        let route = route.map_or("-", |route| &route.name);
        self.send(worker, &Asked { id, method: head.method(), target, query, route });
    }

    fn send(&self, worker: &Worker, asked: &Asked<'_>) {
        let app = match self.to {
            Some(Destination::App(app)) => &**worker.registry().name(app),
            Some(Destination::Upstream(id)) => &*worker.upstream(id).written,
            None => "onedoor",
        };
        worker.log_access(app, |line| {
            if worker.log().is_human() {
                self.push_human(asked, app, line);
            } else {
                self.push_json(asked, app, line);
            }
            line.push(b'\n');
        });
    }

    /// `200 GET /node/a → node 1.2 ms  35 B  127.0.0.1 5f0c…`
    fn push_human(&self, asked: &Asked<'_>, app: &str, line: &mut Vec<u8>) {
        push_fmt(line, format_args!("{} ", self.status));
        push_visible(asked.method, line);
        line.push(b' ');
        push_visible(asked.target, line);
        if let Some(query) = asked.query {
            line.push(b'?');
            push_visible(query, line);
        }
        let by = match self.speaker {
            Speaker::Peer | Speaker::Somebody => "",
            Speaker::Sibling => " by its side door",
        };
        push_fmt(line, format_args!(" → {app}{by} {:.1} ms", millis(self.total)));
        push_fmt(line, format_args!("  in {} out {}  ", self.received, self.sent));
        match self.client {
            Some(client) => push_fmt(line, format_args!("{client} ")),
            None => line.extend_from_slice(b"unix "),
        }
        push_visible(asked.id, line);
        match &self.ending {
            Ending::Well => {}
            Ending::Refused { cause, .. } => push_fmt(line, format_args!("  refused: {}", one_line(cause))),
            Ending::Aborted { by, why } => {
                push_fmt(line, format_args!("  cut off by the {}: {}", by.word(), one_line(why)));
            }
        }
    }

    fn push_json(&self, asked: &Asked<'_>, app: &str, line: &mut Vec<u8>) {
        line.extend_from_slice(b"{\"time\":\"");
        push_rfc3339(line, SystemTime::now());
        line.extend_from_slice(b"\",\"kind\":\"access\",\"request_id\":");
        push_json_string(line, asked.id);
        line.extend_from_slice(b",\"client\":");
        match self.client {
            Some(client) => push_fmt(line, format_args!("\"{client}\"")),
            None => line.extend_from_slice(b"\"unix\""),
        }
        line.extend_from_slice(b",\"method\":");
        push_json_string(line, asked.method);
        line.extend_from_slice(b",\"path\":");
        push_json_string(line, asked.target);
        if let Some(query) = asked.query {
            line.extend_from_slice(b",\"query\":");
            push_json_string(line, query);
        }
        line.extend_from_slice(b",\"route\":");
        push_json_string(line, asked.route.as_bytes());
        line.extend_from_slice(b",\"app\":");
        push_json_string(line, app.as_bytes());
        push_fmt(line, format_args!(",\"status\":{}", self.status));
        push_fmt(line, format_args!(",\"bytes_received\":{},\"bytes_sent\":{}", self.received, self.sent));
        push_fmt(line, format_args!(",\"total_ms\":{:.3}", millis(self.total)));
        if let Some(upstream) = self.upstream {
            push_fmt(line, format_args!(",\"upstream_ms\":{:.3}", millis(upstream)));
        }
        match &self.ending {
            Ending::Well => {}
            Ending::Refused { cause, .. } => {
                line.extend_from_slice(b",\"cause\":");
                push_json_string(line, cause.as_bytes());
            }
            Ending::Aborted { by, why } => {
                push_fmt(line, format_args!(",\"cut_by\":\"{}\",\"cause\":", by.word()));
                push_json_string(line, why.as_bytes());
            }
        }
        line.push(b'}');
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A client's bytes on an operator's terminal: anything that is not plain text is shown, not obeyed.
fn push_visible(bytes: &[u8], line: &mut Vec<u8>) {
    for byte in bytes {
        if byte.is_ascii_graphic() {
            line.push(*byte);
        } else {
            push_fmt(line, format_args!("\\x{byte:02x}"));
        }
    }
}

/// A cause may quote an upstream's words.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn push_fmt(line: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // Writing to a Vec cannot fail.
    drop(line.write_fmt(arguments));
}

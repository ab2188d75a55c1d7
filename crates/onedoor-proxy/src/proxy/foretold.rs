//! What the door would do with a request, for `onedoor explain`: the very steps of an exchange, up to the head that an
//! upstream would be sent. Nothing is sent, nobody is asked, and nothing here decides anything.

use std::net::{IpAddr, SocketAddr};

use onedoor_http1::{
    BodyFraming, Field, HeadError, Method, Parsed, PathChange, RequestHead, Target, normalise,
};

use super::answer::files::FOLDER_STATUS;
use super::config::{Config, Listen, Via};
use super::exchange;
use super::inbound::{Arrival, Head, Scheme, Speaker};
use super::plan::{self, Forward, Scratch, Step};
use super::policy::forwarded::{self, Provenance};
use super::policy::request_id::{IdSource, RequestId};
use super::refusal::Refusal;
use super::route::{Ask, Builtin, Details, Explanation, Files, FixedAnswer, Name, Route};
use super::upstream::http1::{RequestParts, write_request_head};
use crate::registry::AppId;

pub use super::policy::repair::{Mended, MendedPaths};

/// Stands in the upstream's head for an id that is another one each time.
const FRESH_ID: &[u8] = b"(made anew for each request)";

/// What becomes of one request.
#[derive(Debug)]
pub struct Foretold<'c> {
    /// The verified client; None: the head cannot be read.
    pub client: Option<IpAddr>,
    pub method: Method,
    /// As it is matched, where there is one, and what was changed for that.
    pub path: Option<(String, PathChange)>,
    /// Which routes were looked at; None: no route is asked.
    pub explanation: Option<Explanation<'c>>,
    pub end: Foreseen<'c>,
}

#[derive(Debug)]
pub enum Foreseen<'c> {
    Refused {
        status: u16,
        why: String,
        /// What is wrong with the head, if that is what is wrong.
        bad_head: Option<HeadError>,
    },
    Forward(Forwarded<'c>),
    Respond(&'c FixedAnswer),
    Redirect {
        status: u16,
        location: String,
    },
    Builtin(Builtin),
    /// A file of a folder, or what stands for it.
    File {
        files: &'c Files,
        /// Below the folder; None: no name of a file.
        path: Option<String>,
    },
    /// `OPTIONS *`, or an OPTIONS that is to go no further.
    Options,
}

/// A request that goes on, and the head it goes on with.
#[derive(Debug)]
pub struct Forwarded<'c> {
    pub route: &'c Route,
    /// `GET /x?y`
    pub line: String,
    pub fields: Vec<String>,
    /// Those of the client's that say something else there.
    pub replaced: Vec<String>,
    /// Those of the client's that are not there at all.
    pub removed: Vec<String>,
    /// What is changed in the answer's fields.
    pub mended: Option<Mended>,
}

/// `request` is a whole head. `name_of` says what an app is called.
pub fn foretell<'c>(
    config: &'c Config,
    name_of: impl Fn(AppId) -> &'c str,
    request: &[u8],
    peer: IpAddr,
) -> Foretold<'c> {
    let mut parsed = RequestHead::default();
    let refused = match parsed.parse(request, &config.limits.head) {
        Ok(Parsed::Complete { head_bytes }) if head_bytes == request.len() => None,
        Ok(Parsed::Complete { .. } | Parsed::Partial) => Some(HeadError::BadTarget),
        Err(error) => Some(error),
    };
    if let Some(error) = refused {
        let end = refused_with(&Refusal::BadHead(error));
        return Foretold { client: None, method: Method::Get, path: None, explanation: None, end };
    }
    let head = Head { bytes: request, parsed: &parsed };
    let arrival = arrival(config, peer);
    let provenance = Provenance::of(head, &arrival, &config.trusted_peers);
    let (path, explanation) = explained(config, head, provenance.client);
    let end = end(config, name_of, head, &provenance).unwrap_or_else(|refusal| refused_with(&refusal));
    Foretold { client: provenance.client, method: parsed.method(), path, explanation, end }
}

fn end<'c>(
    config: &'c Config,
    name_of: impl Fn(AppId) -> &'c str,
    head: Head<'_>,
    provenance: &Provenance<'_>,
) -> Result<Foreseen<'c>, Refusal> {
    let mut scratch = Scratch::default();
    let plan = plan::plan(head, provenance.client, &config.routes, &mut scratch)?;
    if let BodyFraming::Length(length) = head.parsed.framing() {
        Refusal::of_length(length, exchange::body_limit(plan.route.map(|taker| taker.route), config))?;
    }
    Ok(match (&plan.step, plan.route) {
        (Step::Forward(forward), Some(taker)) => {
            if config.via == Via::On {
                forwarded::refuse_loops(head)?;
            }
            forwarded(config, head, provenance, forward, taker.route, &scratch, name_of)
        }
        (Step::Respond(answer), _) => Foreseen::Respond(answer),
        (Step::Redirect { status }, _) => {
            Foreseen::Redirect { status: *status, location: lossy(&scratch.target) }
        }
        (Step::Builtin(builtin), _) => Foreseen::Builtin(*builtin),
        (Step::File(wanted), _) => {
            wanted.is_asked_by(head)?;
            match wanted.name {
                Name::Proper => Foreseen::File { files: wanted.files, path: Some(lossy(&scratch.target)) },
                Name::Hidden => Foreseen::File { files: wanted.files, path: None },
                Name::Mount => {
                    let location = lossy(&wanted.with_slash(head, &scratch));
                    Foreseen::Redirect { status: FOLDER_STATUS, location }
                }
            }
        }
        (Step::Options, _) | (Step::Forward(_), None) => Foreseen::Options,
    })
}

/// Straight from the client, to the first port that is listened on.
fn arrival(config: &Config, peer: IpAddr) -> Arrival {
    let ports = config.listen.iter().map(|listen| match listen {
        Listen::Tcp(address) => address.port(),
        Listen::AnyAddress { port } => *port,
        Listen::FirstFree { ports, .. } => ports.first().copied().unwrap_or_default(),
        Listen::Unix(_) => 0,
    });
    let port = ports.into_iter().next().unwrap_or(0);
    Arrival { peer: Some(SocketAddr::new(peer, 0)), scheme: Scheme::Http, port, speaker: Speaker::Peer }
}

/// The table asked once more, for its reasons.
fn explained<'c>(
    config: &'c Config,
    head: Head<'_>,
    client: Option<IpAddr>,
) -> (Option<(String, PathChange)>, Option<Explanation<'c>>) {
    let (raw, query) = match head.parsed.target() {
        Target::Origin { path, query } | Target::Absolute { path, query, .. } => {
            (head.text(path), query.map(|span| head.text(span)))
        }
        Target::Asterisk => return (None, None),
    };
    if matches!(head.parsed.method(), Method::Trace | Method::Connect) {
        return (None, None);
    }
    let mut scratch = Vec::new();
    let Ok(normal) = normalise(if raw.is_empty() { b"/" } else { raw }, &mut scratch) else {
        return (None, None);
    };
    let details = Details { bytes: head.bytes, fields: head.parsed.fields(), query, client };
    let host = head.text(head.parsed.authority());
    let ask = Ask { method: head.method(), host, path: normal.path, details };
    (Some((lossy(normal.path), normal.change)), Some(config.routes.explain(&ask)))
}

fn forwarded<'c>(
    config: &'c Config,
    head: Head<'_>,
    provenance: &Provenance<'_>,
    forward: &Forward<'c>,
    route: &'c Route,
    scratch: &Scratch,
    name_of: impl Fn(AppId) -> &'c str,
) -> Foreseen<'c> {
    let ids = IdSource::new();
    let id = ids.id(head, provenance.trust);
    let request_id = match &id {
        RequestId::Kept(id) => id,
        RequestId::Made(_) => FRESH_ID,
    };
    let parts = RequestParts {
        head,
        forward,
        target: &scratch.target,
        provenance,
        request_id,
        framing: head.parsed.framing(),
        expect: exchange::expect_field(head),
        via: config.via,
        affinity: exchange::affinity(head, forward.to, route, provenance, name_of),
    };
    let mut out = Vec::new();
    write_request_head(parts, &mut out);
    let text = lossy(&out);
    let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
    let line =
        lines.next().map_or("", |line| line.rsplit_once(' ').map_or(line, |(line, _)| line)).to_owned();
    let fields: Vec<String> = lines.map(str::to_owned).collect();
    let name = |field: &String| field.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let changed = head.parsed.fields().iter().map(|field| shown(head, field));
    let changed = changed.filter(|field| !fields.iter().any(|kept| kept.eq_ignore_ascii_case(field)));
    let (replaced, removed) = changed.partition(|field| fields.iter().any(|kept| name(kept) == name(field)));
    let mended = forward.repair(head, scratch).and_then(|repair| repair.foretold());
    Foreseen::Forward(Forwarded { route, line, fields, replaced, removed, mended })
}

fn shown(head: Head<'_>, field: &Field) -> String {
    format!("{}: {}", lossy(head.text(field.name)), lossy(head.text(field.value)))
}

fn refused_with(refusal: &Refusal) -> Foreseen<'static> {
    let bad_head = match refusal {
        Refusal::BadHead(error) => Some(*error),
        _ => None,
    };
    Foreseen::Refused { status: refusal.status(), why: refusal.cause().to_string(), bad_head }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! Step "plan": from a request's head to what will be done with it. Decides everything that can be decided without
//! waiting; never waits, never does I/O, and allocates only into the scratch space it is given.

use std::net::IpAddr;
use std::sync::Arc;

use onedoor_http1::{EncodedSlash, FieldKind, Method, PathChange, Target, normalise};

use super::inbound::Head;
use super::policy::repair::Repair;
use super::refusal::Refusal;
use super::route::{
    Action, Ask, Builtin, Details, EncodedSlashPolicy, Files, FixedAnswer, Found, Matched, Name, Rewrite,
    Routes, SLASH_STATUS, UpstreamHost, UpstreamId, with_slash,
};
use crate::registry::AppId;

/// Space for what a plan must write down; reused from request to request.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The normalised path, where it differs from the raw one.
    path: Vec<u8>,
    /// The target that the upstream sees, the Location of a redirect, or a file's path below its folder.
    pub(super) target: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Plan<'r> {
    /// None: no route was asked, the server itself is addressed (`OPTIONS *`).
    pub(super) route: Option<Matched<'r>>,
    pub(super) step: Step<'r>,
}

#[derive(Debug)]
pub(super) enum Step<'r> {
    Forward(Forward<'r>),
    Respond(&'r FixedAnswer),
    /// Location stands in the scratch space.
    Redirect {
        status: u16,
    },
    Builtin(Builtin),
    File(Wanted<'r>),
    /// `OPTIONS *`, or an OPTIONS whose Max-Forwards is used up (RFC 9110 7.6.2).
    Options,
}

/// A request for somebody behind the door. The upstream's target stands in the scratch space.
#[derive(Debug)]
pub(super) struct Forward<'r> {
    pub(super) to: Destination,
    pub(super) host: &'r UpstreamHost,
    pub(super) rewrite: &'r Rewrite,
    /// What became of the client's path before it was rewritten.
    change: PathChange,
}

impl<'r> Forward<'r> {
    /// The Host that the upstream sees (RFC 9112 3.2: empty where an HTTP/1.0 client sent none).
    pub(super) fn authority(&self, head: Head<'r>) -> &'r [u8] {
        match self.host {
            UpstreamHost::Upstream(host) => host.as_bytes(),
            UpstreamHost::Keep => head.text(head.parsed.authority()),
        }
    }

    /// How what comes back is mended; nothing where the upstream saw what the client asked for.
    pub(super) fn repair(&self, head: Head<'r>, scratch: &'r Scratch) -> Option<Repair<'r>> {
        let reversible = self.rewrite.is_reversible();
        if !reversible && *self.host == UpstreamHost::Keep {
            return None;
        }
        let (outside, inside) = if reversible {
            let (raw, _) = path_and_query(head).unwrap_or_default();
            self.rewrite.mounts(forwarded(raw, &scratch.path, self.change), &scratch.target)
        } else {
            Default::default()
        };
        Some(Repair {
            outside,
            inside,
            base_bytes: if reversible { self.rewrite.base().len() } else { 0 },
            authority: self.authority(head),
            asked: head.text(head.parsed.authority()),
        })
    }
}

/// A file, or a folder as it may turn out. Its path stands in the scratch space.
#[derive(Debug)]
pub(super) struct Wanted<'r> {
    pub(super) files: &'r Arc<Files>,
    pub(super) name: Name,
    change: PathChange,
}

impl Wanted<'_> {
    /// Whether the method is one for files. Not the plan's to refuse: the log knows the route then.
    pub(super) fn is_asked_by(&self, head: Head<'_>) -> Result<(), Refusal> {
        match head.parsed.method() {
            Method::Get | Method::Head => Ok(()),
            _ => Err(Refusal::MethodNotAllowed { allow: "GET, HEAD".to_owned() }),
        }
    }

    /// Where the client is sent if it is a folder: what it asked for, with a slash.
    pub(super) fn with_slash(&self, head: Head<'_>, scratch: &Scratch) -> Vec<u8> {
        let (raw, query) = path_and_query(head).unwrap_or_default();
        let mut location = Vec::new();
        with_slash(forwarded(raw, &scratch.path, self.change), query, &mut location);
        location
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    App(AppId),
    Upstream(UpstreamId),
}

/// Decides. Pure: the same head of the same client and the same routes give the same plan.
pub(super) fn plan<'r>(
    head: Head<'_>,
    client: Option<IpAddr>,
    routes: &'r Routes,
    scratch: &mut Scratch,
) -> Result<Plan<'r>, Refusal> {
    scratch.target.clear();
    if matches!(head.parsed.method(), Method::Trace | Method::Connect) {
        return Err(Refusal::MethodRefused);
    }
    let Some((raw, query)) = path_and_query(head) else {
        return Ok(Plan { route: None, step: Step::Options });
    };
    let normal = normalise(raw, &mut scratch.path).map_err(Refusal::BadPath)?;
    let details = Details { bytes: head.bytes, fields: head.parsed.fields(), query, client };
    let host = head.text(head.parsed.authority());
    let ask = Ask { method: head.method(), host, path: normal.path, details };
    let matched = match routes.find(&ask) {
        Found::Route(matched) => matched,
        Found::MethodNotAllowed { allow } => return Err(Refusal::MethodNotAllowed { allow }),
        Found::NotFound => return Err(Refusal::NoRoute),
    };
    let route = matched.route;
    if normal.encoded_slash == EncodedSlash::Present
        && route.policy.encoded_slash == EncodedSlashPolicy::Reject
    {
        return Err(Refusal::EncodedSlash);
    }
    if head.parsed.method() == Method::Options && is_last_hop(head) {
        return Ok(Plan { route: Some(matched), step: Step::Options });
    }
    let forward = forwarded(raw, normal.path, normal.change);
    // A WebSocket's client follows no redirect.
    if matched.wants_slash(ask.method, forward) && head.parsed.upgrade().is_none() {
        with_slash(forward, query, &mut scratch.target);
        return Ok(Plan { route: Some(matched), step: Step::Redirect { status: SLASH_STATUS } });
    }
    let mut goes_on = |to, host: &'r UpstreamHost, rewrite: &'r Rewrite| {
        rewrite.upstream_path(&matched, forward, &mut scratch.target);
        Step::Forward(Forward { to, host, rewrite, change: normal.change })
    };
    let step = match &route.action {
        Action::App { app, host, rewrite } => goes_on(Destination::App(*app), host, rewrite),
        Action::Proxy { upstream, host, rewrite } => goes_on(Destination::Upstream(*upstream), host, rewrite),
        Action::Respond(answer) => Step::Respond(answer),
        Action::Redirect(redirect) => {
            redirect.location(&matched, forward, query, &mut scratch.target);
            Step::Redirect { status: redirect.status }
        }
        Action::Builtin(builtin) => Step::Builtin(*builtin),
        Action::Files(files) => {
            let name = files.name(&matched, normal.path, &mut scratch.target);
            Step::File(Wanted { files, name, change: normal.change })
        }
    };
    if let (Step::Forward(_), Some(query)) = (&step, query) {
        // Byte for byte (HTTP.md rule 35).
        scratch.target.push(b'?');
        scratch.target.extend_from_slice(query);
    }
    Ok(Plan { route: Some(matched), step })
}

/// The path as it was sent, never empty; None: the server itself is meant.
fn path_and_query(head: Head<'_>) -> Option<(&[u8], Option<&[u8]>)> {
    let (path, query) = match head.parsed.target() {
        Target::Origin { path, query } | Target::Absolute { path, query, .. } => (head.text(path), query),
        Target::Asterisk => return None,
    };
    Some((if path.is_empty() { b"/" } else { path }, query.map(|span| head.text(span))))
}

/// What was matched is what is forwarded; only the spelling of escapes may stay the client's own.
fn forwarded<'p>(raw: &'p [u8], normal: &'p [u8], change: PathChange) -> &'p [u8] {
    match change {
        PathChange::None | PathChange::Encoding => raw,
        PathChange::DotSegments => normal,
    }
}

fn is_last_hop(head: Head<'_>) -> bool {
    head.parsed.find(FieldKind::MaxForwards).any(|field| head.text(field.value) == b"0")
}

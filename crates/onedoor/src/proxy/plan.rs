//! Step "plan": from a request's head to what will be done with it. Decides everything that can be decided without
//! waiting; never waits, never does I/O, and allocates only into the scratch space it is given.

use std::net::IpAddr;

use onedoor_http1::{EncodedSlash, FieldKind, Method, PathChange, Target, normalise};

use super::inbound::Head;
use super::policy::repair::Repair;
use super::refusal::Refusal;
use super::route::{
    Action, Ask, Builtin, Details, EncodedSlashPolicy, FixedAnswer, Found, Matched, Rewrite, Routes,
    SLASH_STATUS, UpstreamHost, UpstreamId, with_slash,
};
use crate::registry::AppId;

/// Space for what a plan must write down; reused from request to request.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The normalised path, where it differs from the raw one.
    path: Vec<u8>,
    /// The target that the upstream sees, or the Location of a redirect.
    pub(super) target: Vec<u8>,
    /// The mount that the target does not show, as the client knows it.
    mount: Vec<u8>,
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
    /// `OPTIONS *`, or an OPTIONS whose Max-Forwards is used up (RFC 9110 7.6.2).
    Options,
}

/// A request for somebody behind the door. The upstream's target stands in the scratch space.
#[derive(Debug)]
pub(super) struct Forward<'r> {
    pub(super) to: Destination,
    pub(super) host: &'r UpstreamHost,
    pub(super) rewrite: &'r Rewrite,
    /// So many of the target's first bytes stand for the mount.
    instead: usize,
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
        let target = scratch.target.get(..self.instead).filter(|_| reversible);
        Some(Repair {
            outside: if reversible { &scratch.mount } else { b"" },
            inside: target.unwrap_or_default(),
            base_bytes: if reversible { self.rewrite.base().len() } else { 0 },
            authority: self.authority(head),
            asked: head.text(head.parsed.authority()),
        })
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
    scratch.mount.clear();
    if matches!(head.parsed.method(), Method::Trace | Method::Connect) {
        return Err(Refusal::MethodRefused);
    }
    let (raw, query) = match head.parsed.target() {
        Target::Origin { path, query } | Target::Absolute { path, query, .. } => {
            (head.text(path), query.map(|span| head.text(span)))
        }
        Target::Asterisk => return Ok(Plan { route: None, step: Step::Options }),
    };
    let raw = if raw.is_empty() { b"/" } else { raw };
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
    // What was matched is what is forwarded; only the spelling of escapes may stay the client's own.
    let forward = match normal.change {
        PathChange::None | PathChange::Encoding => raw,
        PathChange::DotSegments => normal.path,
    };
    // A WebSocket's client follows no redirect.
    if head.parsed.upgrade().is_none() && matched.wants_slash(head.method(), forward) {
        with_slash(forward, query, &mut scratch.target);
        return Ok(Plan { route: Some(matched), step: Step::Redirect { status: SLASH_STATUS } });
    }
    let mut forwarded = |to, host: &'r UpstreamHost, rewrite: &'r Rewrite| {
        let instead = rewrite.upstream_path(&matched, forward, &mut scratch.target);
        rewrite.mount(forward, &mut scratch.mount);
        Step::Forward(Forward { to, host, rewrite, instead })
    };
    let step = match &route.action {
        Action::App { app, host, rewrite } => forwarded(Destination::App(*app), host, rewrite),
        Action::Proxy { upstream, host, rewrite } => {
            forwarded(Destination::Upstream(*upstream), host, rewrite)
        }
        Action::Respond(answer) => Step::Respond(answer),
        Action::Redirect(redirect) => {
            redirect.location(&matched, forward, query, &mut scratch.target);
            Step::Redirect { status: redirect.status }
        }
        Action::Builtin(builtin) => Step::Builtin(*builtin),
    };
    if let (Step::Forward(_), Some(query)) = (&step, query) {
        // Byte for byte (HTTP.md rule 35).
        scratch.target.push(b'?');
        scratch.target.extend_from_slice(query);
    }
    Ok(Plan { route: Some(matched), step })
}

fn is_last_hop(head: Head<'_>) -> bool {
    head.parsed.find(FieldKind::MaxForwards).any(|field| head.text(field.value) == b"0")
}

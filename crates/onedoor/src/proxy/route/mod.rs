//! Which route takes a request: patterns, precedence, and what a route does with its request.
//!
//! Step "plan" of the way of a request, without the request: pure, immutable, swapped whole. The language is
//! CONFIG.md §1.1–1.3: Gateway API's precedence, no order, ties refused when the table is built.

use std::sync::Arc;
use std::time::Duration;

use super::config::UpstreamId;
use crate::registry::AppId;

/// All routes, immutable.
#[derive(Debug, Default)]
pub(crate) struct Routes {}

/// One route: when it applies and what it does.
#[derive(Debug)]
pub(crate) struct Route {
    /// As the operator wrote it: `/google/*`, or `apps.node.path = "/node"`.
    pub(crate) name: Arc<str>,
    /// `onedoor.toml:3`, for messages.
    pub(crate) place: Arc<str>,
    pub(crate) action: Action,
    pub(crate) policy: RoutePolicy,
}

#[derive(Debug)]
pub(crate) enum Action {
    App { app: AppId, host: UpstreamHost, rewrite: Rewrite },
    Proxy { upstream: UpstreamId, host: UpstreamHost, rewrite: Rewrite },
    Respond(FixedAnswer),
    Redirect(Redirect),
    Builtin(Builtin),
}

/// Which Host the upstream sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamHost {
    /// The one the client sent.
    Keep,
    /// The upstream URL's own, ready to be written: `google.com`, `h:8080`.
    Upstream(Arc<str>),
}

/// How the upstream's path is made from the matched one (CONFIG.md §1.3).
#[derive(Debug)]
pub(crate) struct Rewrite {}

#[derive(Debug)]
pub(crate) struct FixedAnswer {
    pub(crate) status: u16,
    /// Validated names and values (rule 40); Content-Type included, Content-Length not.
    pub(crate) fields: Vec<(Box<str>, Box<str>)>,
    pub(crate) body: Box<[u8]>,
}

#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) status: u16,
    // route/rewrite.rs: how Location is made from the target, the captures and the query.
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    Health,
    Ready,
}

/// What a route says beyond its target.
#[derive(Clone, Debug)]
pub(crate) struct RoutePolicy {
    pub(crate) body_max: Option<u64>,
    pub(crate) encoded_slash: EncodedSlashPolicy,
    pub(crate) while_down: WhileDown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EncodedSlashPolicy {
    Keep,
    Reject,
}

/// What a request meets while its app is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WhileDown {
    Hold { at_most: Duration, queue_max: usize },
    Refuse,
}

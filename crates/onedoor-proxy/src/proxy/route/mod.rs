//! Which route takes a request: patterns, precedence, and what a route does with its request.
//!
//! Step "plan" of the way of a request, without the request: pure, immutable, swapped whole. The language is
//! CONFIG.md §1.1–1.3: Gateway API's precedence, no order, ties refused when the table is built.
//!
//! ```text
//! "GET *.example.com/users/{id}/*"                                  written by the operator
//!    parse ──▶ Pattern { method, host, segments, end } + Route      RouteSpec
//!    build ──▶ hosts ──▶ one tree of segments per host ──▶ leaf     Routes; conflict: the pairs that tie
//!    find  ──▶ Matched { route, pattern }                           no allocation, no order
//!    rewrite / redirect: the same pattern cuts the client's own spelling of the path
//! ```
//!
//! Precedence, highest step first; whoever wins a step has won:
//! 1. host: exact > longest wildcard > any;
//! 2. path, segment by segment: literal > literal text + `{rest...}` (longer text first) > `{x:re}` > `{x}` >
//!    `*` and `{rest...}`; where the path ends, an exact end > a subtree;
//! 3. method: the one asked for > GET for a HEAD > any;
//! 4. – 7. `when`: more conditions on headers, then on the query, on cookies, on the client's address;
//! 8. `priority`, which decides only what the others leave open.
//!
//! A route that does not match on all of host, path, method and `when` does not take part; so there is no "wrong
//! branch".

mod conditional;
mod conflict;
mod details;
mod error;
mod explain;
mod files;
mod host;
mod listing;
mod method;
mod mounts;
mod names;
mod parse;
mod path;
mod pattern;
mod redirect;
mod regex;
mod regex_set;
mod rewrite;
mod rivals;
mod segments;
mod shadow;
mod slash;
mod spelling;
mod table;
mod template;
#[cfg(test)]
pub(super) mod tests;
mod texts;
mod when;

use std::sync::Arc;
use std::time::Duration;

pub use conflict::{Conflict, ConflictKind};
pub use details::Details;
pub use error::{HostFault, PatternError, PatternFault, RewriteError, RewriteFault};
pub use explain::{Explanation, Miss, NearMiss, Outcome, RunnerUp, Step, Winner};
pub(in crate::proxy) use files::Name;
pub use files::{Extent, Files, Siblings, Unknown};
pub use listing::Listed;
pub use mounts::Mounted;
pub use pattern::{Pattern, Rank, Reach};
pub use redirect::Redirect;
pub use rewrite::Rewrite;
pub(in crate::proxy) use slash::{SLASH_STATUS, with_slash};
pub use table::{Ask, Found, Matched, Routes};
pub use when::{CONDITIONS_MOST, Condition, ConditionFault, Seen, Source, Verdict, When};

use crate::registry::AppId;

/// A route and when it applies.
#[derive(Debug)]
pub struct RouteSpec {
    pub pattern: Pattern,
    pub when: When,
    /// Decides between routes that tie in everything else; the higher one wins. Usually 0.
    pub priority: i32,
    pub route: Route,
}

/// One route: when it applies and what it does.
#[derive(Debug)]
pub struct Route {
    /// As the operator wrote it: `/google/*`, or `apps.node.path = "/node"`.
    pub name: Arc<str>,
    /// `onedoor.toml:3`, for messages.
    pub place: Arc<str>,
    pub action: Action,
    pub policy: RoutePolicy,
}

#[derive(Debug)]
pub enum Action {
    App { app: AppId, host: UpstreamHost, rewrite: Rewrite },
    Proxy { upstream: UpstreamId, host: UpstreamHost, rewrite: Rewrite },
    Respond(FixedAnswer),
    Redirect(Redirect),
    Builtin(Builtin),
    Files(Arc<Files>),
}

/// A route: its place in the table, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteId(pub u16);

/// An external upstream: its place in the configuration's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UpstreamId(pub u16);

/// Which Host the upstream sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    /// The one the client sent.
    Keep,
    /// The upstream URL's own, ready to be written: `google.com`, `h:8080`.
    Upstream(Arc<str>),
}

#[derive(Debug)]
pub struct FixedAnswer {
    pub status: u16,
    /// Validated names and values (rule 40); Content-Type included, Content-Length not.
    pub fields: Vec<(Box<str>, Box<str>)>,
    pub body: Box<[u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    Health,
    Ready,
    Metrics,
    /// How one app is, in a word; asking does not start it.
    App(AppId),
}

impl Builtin {
    /// As the file says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Metrics => "metrics",
            Self::App(_) => "state of an app",
        }
    }
}

/// What a route says beyond its target.
#[derive(Clone, Debug)]
pub struct RoutePolicy {
    pub body_max: Option<u64>,
    pub encoded_slash: EncodedSlashPolicy,
    pub while_down: WhileDown,
    pub line: LineLimits,
    pub balance: Balance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodedSlashPolicy {
    Keep,
    Reject,
}

/// How requests are spread over an app's replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    RoundRobin,
    LeastConn,
    /// A client stays with one replica, by its verified address.
    IpHash,
    /// A client stays with one replica, which a cookie names.
    Cookie,
}

/// How requests wait for an app whose processes all have as many as they may (`cap`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLimits {
    pub at_most: Duration,
    /// How many of an app's requests wait at once, on all workers together.
    pub length_max: usize,
}

/// What a request meets while its app is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhileDown {
    Hold {
        at_most: Duration,
        queue_max: usize,
    },
    Refuse,
    /// As `Refuse`, with a page for browsers that asks again.
    Page,
}

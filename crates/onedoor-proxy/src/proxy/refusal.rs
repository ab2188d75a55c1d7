//! Every way of saying no: one variant, one status, one sentence for the client, one cause for the log.
//!
//! A refusal is possible until the response head has gone out. After that there is only [`Aborted`], a different
//! type: the client sees a cut connection, never a clean end of a shortened answer.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use onedoor_http1::{ChunkedError, HeadError, PathError};

use crate::registry::{Busy, DownClass, Unready};

/// Why a request is not served.
#[derive(Debug)]
pub(super) enum Refusal {
    // The client's fault.
    BadHead(HeadError),
    BadPath(PathError),
    BadChunk(ChunkedError),
    BodyCut,
    BodyTooLarge { limit: u64 },
    HeadTimeout,
    BodyTimeout,
    BodySlow { rate_min: NonZeroU64 },
    MethodRefused,
    NoRoute,
    MethodNotAllowed { allow: String },
    EncodedSlash,
    Loop,
    // A file's.
    NoFile { why: String },
    FileUnreadable { why: String },
    // An app's or an upstream's.
    NotReady { app: Arc<str>, why: Unready },
    HoldQueueFull { app: Arc<str> },
    AppRefuses { app: Arc<str>, why: Unready, when_down: WhenDown },
    Busy { app: Arc<str>, why: Busy },
    UpstreamUnresolved { upstream: String, why: String },
    UpstreamUnreachable { upstream: String, why: String },
    UpstreamTls { upstream: String, why: String },
    UpstreamClosed { upstream: String, why: String },
    UpstreamBadMessage { upstream: String, why: String },
    UpstreamSilent { upstream: String, after: Duration },
}

/// What a route says of an app that is not ready, where its requests are not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenDown {
    Sentence,
    /// For browsers; anybody else gets the sentence.
    Page,
}

/// A refusal's kind, as the metrics count it: a word for each that never changes and names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusalClass {
    BadHead,
    BadPath,
    BadBody,
    BodyTooLarge,
    HeadTimeout,
    BodyTimeout,
    NoRoute,
    Method,
    EncodedSlash,
    Loop,
    NoFile,
    FileUnreadable,
    NotReady,
    HoldQueueFull,
    Busy,
    UpstreamUnresolved,
    UpstreamUnreachable,
    UpstreamTls,
    UpstreamClosed,
    UpstreamBadMessage,
    UpstreamSilent,
}

impl RefusalClass {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; 21] = [
        Self::BadHead,
        Self::BadPath,
        Self::BadBody,
        Self::BodyTooLarge,
        Self::HeadTimeout,
        Self::BodyTimeout,
        Self::NoRoute,
        Self::Method,
        Self::EncodedSlash,
        Self::Loop,
        Self::NoFile,
        Self::FileUnreadable,
        Self::NotReady,
        Self::HoldQueueFull,
        Self::Busy,
        Self::UpstreamUnresolved,
        Self::UpstreamUnreachable,
        Self::UpstreamTls,
        Self::UpstreamClosed,
        Self::UpstreamBadMessage,
        Self::UpstreamSilent,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::BadHead => "bad_head",
            Self::BadPath => "bad_path",
            Self::BadBody => "bad_body",
            Self::BodyTooLarge => "body_too_large",
            Self::HeadTimeout => "head_timeout",
            Self::BodyTimeout => "body_timeout",
            Self::NoRoute => "no_route",
            Self::Method => "method",
            Self::EncodedSlash => "encoded_slash",
            Self::Loop => "loop",
            Self::NoFile => "no_file",
            Self::FileUnreadable => "file_unreadable",
            Self::NotReady => "not_ready",
            Self::HoldQueueFull => "hold_queue_full",
            Self::Busy => "busy",
            Self::UpstreamUnresolved => "upstream_unresolved",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTls => "upstream_tls",
            Self::UpstreamClosed => "upstream_closed",
            Self::UpstreamBadMessage => "upstream_bad_message",
            Self::UpstreamSilent => "upstream_silent",
        }
    }
}

/// Why an exchange did not end well.
#[derive(Debug)]
pub(super) enum Failed {
    Refused(Refusal),
    Aborted(Aborted),
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Aborted> for Failed {
    fn from(aborted: Aborted) -> Self {
        Self::Aborted(aborted)
    }
}

/// After the commit: the exchange was cut. Never turned into a response.
#[derive(Debug)]
pub(super) struct Aborted {
    pub(super) by: Culprit,
    pub(super) why: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Culprit {
    Client,
    Upstream,
}

impl Culprit {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
        }
    }
}

impl Refusal {
    /// Of a body whose length was declared.
    pub(super) fn of_length(length: u64, limit: Option<u64>) -> Result<(), Self> {
        match limit {
            Some(limit) if length > limit => Err(Self::BodyTooLarge { limit }),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn class(&self) -> RefusalClass {
        match self {
            Self::BadHead(_) => RefusalClass::BadHead,
            Self::BadPath(_) => RefusalClass::BadPath,
            Self::BadChunk(_) | Self::BodyCut => RefusalClass::BadBody,
            Self::BodyTooLarge { .. } => RefusalClass::BodyTooLarge,
            Self::HeadTimeout => RefusalClass::HeadTimeout,
            Self::BodyTimeout | Self::BodySlow { .. } => RefusalClass::BodyTimeout,
            Self::NoRoute => RefusalClass::NoRoute,
            Self::MethodRefused | Self::MethodNotAllowed { .. } => RefusalClass::Method,
            Self::EncodedSlash => RefusalClass::EncodedSlash,
            Self::Loop => RefusalClass::Loop,
            Self::NoFile { .. } => RefusalClass::NoFile,
            Self::FileUnreadable { .. } => RefusalClass::FileUnreadable,
            Self::NotReady { .. } | Self::AppRefuses { .. } => RefusalClass::NotReady,
            Self::HoldQueueFull { .. } => RefusalClass::HoldQueueFull,
            Self::Busy { .. } => RefusalClass::Busy,
            Self::UpstreamUnresolved { .. } => RefusalClass::UpstreamUnresolved,
            Self::UpstreamUnreachable { .. } => RefusalClass::UpstreamUnreachable,
            Self::UpstreamTls { .. } => RefusalClass::UpstreamTls,
            Self::UpstreamClosed { .. } => RefusalClass::UpstreamClosed,
            Self::UpstreamBadMessage { .. } => RefusalClass::UpstreamBadMessage,
            Self::UpstreamSilent { .. } => RefusalClass::UpstreamSilent,
        }
    }

    pub(super) fn status(&self) -> u16 {
        match self {
            Self::BadHead(error) => error.status(),
            Self::BadPath(_) | Self::BadChunk(_) | Self::BodyCut | Self::EncodedSlash => 400,
            Self::BodyTooLarge { .. } => 413,
            Self::HeadTimeout | Self::BodyTimeout | Self::BodySlow { .. } => 408,
            Self::MethodRefused | Self::MethodNotAllowed { .. } => 405,
            Self::NoRoute | Self::NoFile { .. } => 404,
            Self::FileUnreadable { .. } => 500,
            Self::Loop => 508,
            Self::UpstreamUnresolved { .. }
            | Self::UpstreamUnreachable { .. }
            | Self::UpstreamTls { .. }
            | Self::UpstreamClosed { .. }
            | Self::UpstreamBadMessage { .. } => 502,
            Self::UpstreamSilent { .. } => 504,
            Self::NotReady { .. }
            | Self::HoldQueueFull { .. }
            | Self::AppRefuses { .. }
            | Self::Busy { .. } => 503,
        }
    }

    /// What the client hears: short, safe, and no news about the inside.
    pub(super) fn sentence(&self) -> Cow<'static, str> {
        let sentence = match self.status() {
            400 => "The request is not valid HTTP.\n",
            404 => "There is nothing here.\n",
            405 => "This method is not allowed here.\n",
            408 => "The request took too long to arrive.\n",
            413 => "The request body is larger than allowed.\n",
            414 => "The request target is longer than allowed.\n",
            417 => "The expectation cannot be met.\n",
            431 => "The request head is larger than allowed.\n",
            500 => "The file could not be read.\n",
            501 => "This transfer coding is not supported.\n",
            502 => "The application behind this address did not answer properly.\n",
            503 => match self.reason() {
                Some(reason) => {
                    return format!(
                        "The application behind this address is not available right now ({reason}). Please try again.\n"
                    )
                    .into();
                }
                None => "The application behind this address is not available right now. Please try again.\n",
            },
            504 => "The application behind this address did not answer in time.\n",
            505 => "This version of HTTP is not supported.\n",
            508 => "The request went in a circle.\n",
            _ => "The request cannot be served.\n",
        };
        sentence.into()
    }

    /// Why an app is not there, as a class: what a client may know of the inside.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match self {
            Self::NotReady { why, .. } | Self::AppRefuses { why, .. } => Some(reason(why)),
            Self::Busy { .. } => Some("busy"),
            _ => None,
        }
    }

    /// Whether a browser is shown a page that asks again.
    /// Whose failure it is, if it is that of an app of ours.
    pub(super) fn app(&self) -> Option<&str> {
        match self {
            Self::NotReady { app, .. }
            | Self::HoldQueueFull { app }
            | Self::AppRefuses { app, .. }
            | Self::Busy { app, .. } => Some(app),
            Self::UpstreamUnresolved { upstream, .. }
            | Self::UpstreamUnreachable { upstream, .. }
            | Self::UpstreamTls { upstream, .. }
            | Self::UpstreamClosed { upstream, .. }
            | Self::UpstreamBadMessage { upstream, .. }
            | Self::UpstreamSilent { upstream, .. } => {
                upstream.strip_prefix("app \"").and_then(|rest| rest.strip_suffix('"'))
            }
            Self::BadHead(_)
            | Self::BadPath(_)
            | Self::BadChunk(_)
            | Self::BodyCut
            | Self::BodyTooLarge { .. }
            | Self::HeadTimeout
            | Self::BodyTimeout
            | Self::BodySlow { .. }
            | Self::MethodRefused
            | Self::NoRoute
            | Self::MethodNotAllowed { .. }
            | Self::EncodedSlash
            | Self::Loop
            | Self::NoFile { .. }
            | Self::FileUnreadable { .. } => None,
        }
    }

    pub(super) fn has_page(&self) -> bool {
        matches!(self, Self::AppRefuses { when_down: WhenDown::Page, .. })
    }

    /// Seconds for `Retry-After` (RFC 9110 10.2.3), on every 503.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::NotReady { why, .. } | Self::AppRefuses { why, .. } => Some(match why {
                Unready::Down { retry_after: Some(after), .. } => after.as_secs() + 1,
                Unready::Down { retry_after: None, .. } => 60,
                Unready::StillStarting { .. } | Unready::Draining => 5,
            }),
            Self::HoldQueueFull { .. } | Self::Busy { .. } => Some(5),
            _ => None,
        }
    }

    pub(super) fn allow(&self) -> Option<&str> {
        match self {
            Self::MethodNotAllowed { allow } => Some(allow),
            // RFC 9110 15.5.6: a 405 must say what is allowed.
            Self::MethodRefused => Some("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            _ => None,
        }
    }

    /// Whether the connection's framing can still be trusted after this answer.
    pub(super) fn connection_survives(&self) -> bool {
        match self {
            Self::BadHead(_)
            | Self::BadChunk(_)
            | Self::BodyCut
            | Self::BodyTooLarge { .. }
            | Self::HeadTimeout
            | Self::BodyTimeout
            | Self::BodySlow { .. }
            | Self::Loop
            | Self::BadPath(_) => false,
            Self::MethodRefused
            | Self::NoRoute
            | Self::MethodNotAllowed { .. }
            | Self::EncodedSlash
            | Self::NoFile { .. }
            | Self::FileUnreadable { .. }
            | Self::NotReady { .. }
            | Self::HoldQueueFull { .. }
            | Self::AppRefuses { .. }
            | Self::Busy { .. }
            | Self::UpstreamUnresolved { .. }
            | Self::UpstreamUnreachable { .. }
            | Self::UpstreamTls { .. }
            | Self::UpstreamClosed { .. }
            | Self::UpstreamBadMessage { .. }
            | Self::UpstreamSilent { .. } => true,
        }
    }

    /// What the log hears: the whole chain.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::BadHead(error) => format!("bad request head: {error}"),
            Self::BadPath(error) => format!("bad path: {error}"),
            Self::BadChunk(error) => format!("bad chunked body: {error}"),
            Self::BodyCut => "the client ended its body early".into(),
            Self::BodyTooLarge { limit } => format!("body larger than the limit of {limit} bytes"),
            Self::HeadTimeout => "the request head did not arrive in time".into(),
            Self::BodyTimeout => "the request body stalled".into(),
            Self::BodySlow { rate_min } => {
                format!("the request body came slower than {rate_min} bytes a second (limits.body_rate)")
            }
            Self::MethodRefused => "TRACE and CONNECT are refused".into(),
            Self::NoRoute => "no route matches".into(),
            Self::MethodNotAllowed { allow } => format!("the path is served for {allow} only"),
            Self::EncodedSlash => "encoded slash on a route with encoded_slash = \"reject\"".into(),
            Self::Loop => "Via carries our own name ten times: a forwarding loop".into(),
            Self::NoFile { why } => why.clone(),
            Self::FileUnreadable { why } => format!("a file cannot be read: {why}"),
            Self::NotReady { app, why } => format!("app \"{app}\" is not ready: {}", unready(why)),
            Self::HoldQueueFull { app } => {
                format!("app \"{app}\" is not ready and its queue of held requests is full")
            }
            Self::AppRefuses { app, why, when_down } => {
                let word = match when_down {
                    WhenDown::Sentence => "refuse",
                    WhenDown::Page => "page",
                };
                let why = unready(why);
                format!(
                    "app \"{app}\" is not ready and its requests are not held (while_down = \"{word}\"): {why}"
                )
            }
            Self::Busy { app, why: Busy::LineFull } => {
                format!(
                    "each process of app \"{app}\" has as many requests as its cap, and the line for a place is full"
                )
            }
            Self::Busy { app, why: Busy::Waited(waited) } => {
                let waited = waited.as_secs_f32();
                format!(
                    "each process of app \"{app}\" had as many requests as its cap; no place in {waited:.1} s of waiting"
                )
            }
            Self::UpstreamUnresolved { upstream, why } => {
                format!("cannot resolve the name in {upstream}: {why}")
            }
            Self::UpstreamUnreachable { upstream, why } => format!("cannot connect to {upstream}: {why}"),
            Self::UpstreamTls { upstream, why } => format!("TLS with {upstream} failed: {why}"),
            Self::UpstreamClosed { upstream, why } => {
                format!("{upstream} ended the connection before its answer: {why}")
            }
            Self::UpstreamBadMessage { upstream, why } => format!("{upstream} sent a bad message: {why}"),
            Self::UpstreamSilent { upstream, after } => format!("{upstream} did not answer within {after:?}"),
        }
    }
}

fn unready(why: &Unready) -> String {
    match why {
        Unready::StillStarting { waited, starting_for: None } => {
            format!("still starting after {:.1} s of waiting", waited.as_secs_f32())
        }
        Unready::StillStarting { waited, starting_for: Some(since) } => {
            let (waited, since) = (waited.as_secs_f32(), since.as_secs_f32());
            format!("still starting after {waited:.1} s of waiting; it was started {since:.1} s ago")
        }
        Unready::Draining => "onedoor is ending".into(),
        Unready::Down { why, .. } => {
            format!("{}: {}", class_word(why.class), why.detail)
        }
    }
}

fn reason(why: &Unready) -> &'static str {
    match why {
        Unready::StillStarting { .. } => "starting",
        Unready::Draining => "ending",
        Unready::Down { why, .. } => class_word(why.class),
    }
}

fn class_word(class: DownClass) -> &'static str {
    match class {
        DownClass::Crashed => "crashed",
        DownClass::CannotStart => "cannot start",
        DownClass::NotReadyInTime => "not ready in time",
        DownClass::Unwell => "not well",
        DownClass::Ended => "ended",
        DownClass::GaveUp => "given up",
    }
}

/// A client that ends its side before its answer wants no answer, as nginx and Go see it, too: a plain close(2) and a
/// half-close look the same from here, and working on for nobody is what reloading does to a slow app.
pub(super) fn client_left() -> Aborted {
    Aborted {
        by: Culprit::Client,
        why: "the client closed its connection before the end of its answer".into(),
    }
}

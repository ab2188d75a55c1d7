//! What onedoor answers itself: fixed answers, redirects, builtins, files, refusals.

pub(super) mod files;
mod metrics;
mod report;
mod waiting;

use crate::proxy::downstream::ReplyLength;
use crate::proxy::inbound::{Head, ReplySink};
use crate::proxy::plan::Step;
use crate::proxy::refusal::Refusal;
use crate::proxy::route::{Builtin, FixedAnswer};
use crate::proxy::worker::Worker;
use crate::registry::Availability;

pub(super) use waiting::Form;

use std::io;

use onedoor_http1::{Method, reason_phrase};

/// A small answer that is all there before it is sent.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// Answers a planned step that needs nobody else; `target` is the Location of a redirect.
pub(super) async fn step(
    worker: &Worker,
    head: Head<'_>,
    step: &Step<'_>,
    target: &[u8],
    reply: &mut ReplySink<'_>,
) -> io::Result<u16> {
    let answer = match step {
        Step::Respond(fixed) => return respond(worker, head, fixed, reply).await,
        Step::Builtin(Builtin::Metrics) => return metrics::answer(worker, head, reply).await,
        Step::Builtin(Builtin::App(app)) => state(&worker.registry().now(*app)),
        Step::Builtin(Builtin::Health) => well(worker.door_is_open()),
        Step::Builtin(Builtin::Ready) => {
            well(worker.door_is_open() && worker.registry().essential_apps_ready())
        }
        Step::Redirect { status } => Answer { status: *status, body: b"" },
        // RFC 9110 9.3.7: a 200 with no content is a proper answer.
        Step::Options | Step::Forward(_) | Step::File(_) => Answer { status: 200, body: b"" },
    };
    stage(worker, answer.status, reply);
    match step {
        Step::Redirect { .. } => reply.field(b"Location", target),
        Step::Builtin(_) => {
            reply.field(b"Content-Type", b"text/plain; charset=utf-8");
            reply.field(b"Cache-Control", b"no-store");
        }
        Step::Options | Step::Respond(_) | Step::Forward(_) | Step::File(_) => {}
    }
    send(head, &answer, reply).await?;
    Ok(answer.status)
}

async fn respond(
    worker: &Worker,
    head: Head<'_>,
    fixed: &FixedAnswer,
    reply: &mut ReplySink<'_>,
) -> io::Result<u16> {
    stage(worker, fixed.status, reply);
    for (name, value) in &fixed.fields {
        reply.field(name.as_bytes(), value.as_bytes());
    }
    send(head, &Answer { status: fixed.status, body: &fixed.body }, reply).await?;
    Ok(fixed.status)
}

fn state(now: &Availability) -> Answer<'static> {
    match now {
        Availability::Ready { .. } | Availability::Idle => Answer { status: 200, body: b"ready\n" },
        Availability::Starting { .. } => Answer { status: 200, body: b"starting\n" },
        Availability::Down { .. } | Availability::Draining => Answer { status: 503, body: b"down\n" },
    }
}

fn well(well: bool) -> Answer<'static> {
    if well { Answer { status: 200, body: b"ok\n" } } else { Answer { status: 503, body: b"unavailable\n" } }
}

/// Turns a refusal into its response.
pub(super) async fn refuse(
    worker: &Worker,
    method: Method,
    form: Form,
    refusal: &Refusal,
    reply: &mut ReplySink<'_>,
) -> io::Result<()> {
    let status = refusal.status();
    stage(worker, status, reply);
    match form {
        Form::Sentence => reply.field(b"Content-Type", b"text/plain; charset=utf-8"),
        Form::TextReport => {
            reply.field(b"Content-Type", b"text/plain; charset=utf-8");
            reply.field(b"Cache-Control", b"no-store");
        }
        Form::Page | Form::PageReport => {
            reply.field(b"Content-Type", b"text/html; charset=utf-8");
            reply.field(b"Cache-Control", b"no-store");
        }
    }
    if let Some(seconds) = refusal.retry_after() {
        reply.field(b"Retry-After", itoa::Buffer::new().format(seconds).as_bytes());
    }
    if let Some(allow) = refusal.allow() {
        reply.field(b"Allow", allow.as_bytes());
    }
    match form {
        Form::Sentence => send_sized(method, status, refusal.sentence().as_bytes(), reply).await,
        Form::TextReport | Form::PageReport => {
            let report = report::of(worker, refusal);
            let text = if form == Form::PageReport { report.page() } else { report.text() };
            send_sized(method, status, text.as_bytes(), reply).await
        }
        Form::Page => {
            let page = waiting::page(refusal.reason().unwrap_or("starting"), refusal.retry_after());
            send_sized(method, status, page.as_bytes(), reply).await
        }
    }
}

fn stage(worker: &Worker, status: u16, reply: &mut ReplySink<'_>) {
    if !worker.door_is_open() {
        reply.close_after();
    }
    reply.stage(status, reason_phrase(status).as_bytes());
    reply.field(b"Date", &worker.http_date());
}

async fn send(head: Head<'_>, answer: &Answer<'_>, reply: &mut ReplySink<'_>) -> io::Result<()> {
    send_sized(head.parsed.method(), answer.status, answer.body, reply).await
}

async fn send_sized(method: Method, status: u16, body: &[u8], reply: &mut ReplySink<'_>) -> io::Result<()> {
    let length = body.len() as u64;
    if method == Method::Head || status == 304 {
        return reply.start(ReplyLength::NoBody { declared: Some(length) }, b"").await;
    }
    if status == 204 {
        // RFC 9110 8.6: no Content-Length in a 204.
        return reply.start(ReplyLength::NoBody { declared: None }, b"").await;
    }
    reply.start(ReplyLength::Exact(length), body).await
}

//! The spine: one request from its head to its last byte.
//!
//! ```text
//!   plan ──▶ answer ourselves ───────────────────────────────────────────────▶ record
//!     └────▶ body (small: read whole) ─▶ attempt ─▶ commit ─▶ relay ─▶ keep ──▶ record
//!                                          ▲   │ lost before the commit,
//!                                          └───┘ and safe to repeat
//! ```
//!
//! Until the commit every failure is a `Refusal` and can still become a proper response, or another attempt. After
//! it there is only `Aborted`: the client sees a cut.

use std::time::Instant;

use onedoor_http1::{BodyFraming, Expectation};

use super::access_log::Record;
use super::answer;
use super::attempt::{Attempt, Belonging};
use super::config::{Config, Via};
use super::deadline::Deadline;
use super::inbound::{BodySource, Head, Inbound};
use super::plan::{self, Destination, Plan, Scratch, Step};
use super::policy::affinity::Affinity;
use super::policy::forwarded::{self, Provenance};
use super::refusal::{Aborted, Culprit, Failed, Refusal, client_left};
use super::relay::copy::to_client;
use super::roundtrip::{End, Terms};
use super::route::{Balance, Route};
use super::upstream::http1::{ExpectField, RequestParts, write_request_head};
use super::worker::Worker;
use super::workspace::UpstreamSide;
use crate::registry::AppId;

/// Bodies up to this size are read before an app is asked: they can wait for it, and be sent again.
const WHOLE_BODY_MAX: u64 = 64 * 1024;

/// Serves one request, to its line in the log.
pub(super) async fn run(
    worker: &Worker,
    inbound: &mut Inbound<'_>,
    scratch: &mut Scratch,
    side: &mut UpstreamSide,
) {
    let started = Instant::now();
    let provenance = Provenance::of(inbound.head, inbound.arrival, &worker.config().trusted_peers);
    let request_id = worker.ids().id(inbound.head, provenance.trust);
    let mut record = Record::new(started, provenance.client, inbound.arrival.speaker);
    let mut taker = None;
    let routes = worker.routes(inbound.arrival).ok_or(Refusal::NoRoute);
    let client = provenance.client;
    let served = match routes.and_then(|routes| plan::plan(inbound.head, client, routes, scratch)) {
        Err(refusal) => Err(Failed::Refused(refusal)),
        Ok(plan) => {
            taker = plan.route;
            serve(worker, inbound, &plan, &provenance, request_id.as_bytes(), scratch, side, &mut record)
                .await
        }
    };
    match served {
        Ok(()) => {}
        Err(Failed::Refused(refusal)) if !inbound.reply.is_committed() => {
            refuse(worker, inbound, &side.deadline, &refusal).await;
            record.refused(&refusal);
        }
        Err(Failed::Refused(refusal)) => {
            record.aborted(&Aborted { by: Culprit::Client, why: refusal.cause().into() })
        }
        Err(Failed::Aborted(aborted)) => record.aborted(&aborted),
    }
    record.counted(inbound.body.received(), inbound.reply.sent());
    record.ends(worker, inbound.head, request_id.as_bytes(), taker);
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is one of the request's parts, borrowed from a different owner"
)]
async fn serve(
    worker: &Worker,
    inbound: &mut Inbound<'_>,
    plan: &Plan<'_>,
    provenance: &Provenance<'_>,
    request_id: &[u8],
    scratch: &Scratch,
    side: &mut UpstreamSide,
    record: &mut Record,
) -> Result<(), Failed> {
    let route = plan.route.map(|taker| taker.route);
    inbound.body.limit_to(body_limit(route, worker.config()))?;
    if !matches!(plan.step, Step::Forward(_)) && !inbound.body.ends_cheaply() {
        inbound.reply.close_after();
    }
    if let Step::File(wanted) = &plan.step {
        let serving = answer::files::serve(worker, inbound, wanted, scratch, &side.deadline, record);
        return Box::pin(serving).await;
    }
    let (Step::Forward(forward), Some(route)) = (&plan.step, route) else {
        let answering = answer::step(worker, inbound.head, &plan.step, &scratch.target, &mut inbound.reply);
        record.status = to_client(&side.deadline, worker.config().timeouts.body, answering).await?;
        return Ok(());
    };
    if worker.config().via == Via::On {
        forwarded::refuse_loops(inbound.head)?;
    }
    let parts = RequestParts {
        head: inbound.head,
        forward,
        target: &scratch.target,
        provenance,
        request_id,
        framing: inbound.head.parsed.framing(),
        expect: expect_field(inbound.head),
        via: worker.config().via,
        affinity: affinity(inbound.head, forward.to, route, provenance, |app| worker.registry().name(app)),
    };
    write_request_head(parts, &mut side.head);
    let terms = Terms {
        expect: parts.expect,
        repair: forward.repair(inbound.head, scratch),
        affinity: parts.affinity,
    };
    forward_request(worker, inbound, forward.to, route, &terms, side, record).await
}

/// The route's own limit, else everybody's.
pub(super) fn body_limit(route: Option<&Route>, config: &Config) -> Option<u64> {
    route.and_then(|route| route.policy.body_max).or(config.limits.body_max)
}

/// A client that waits for a sign before it sends its body is given the upstream's.
pub(super) fn expect_field(head: Head<'_>) -> ExpectField {
    let awaits = head.parsed.expectation() == Expectation::Continue;
    if awaits && head.parsed.framing() != BodyFraming::None { ExpectField::Sent } else { ExpectField::Left }
}

/// What the client's cookie says, where the route goes by it.
pub(super) fn affinity<'x>(
    head: Head<'_>,
    to: Destination,
    route: &Route,
    provenance: &Provenance<'_>,
    name_of: impl FnOnce(AppId) -> &'x str,
) -> Option<Affinity<'x>> {
    match (route.policy.balance, to) {
        (Balance::Cookie, Destination::App(app)) => Some(Affinity::of(head, name_of(app), provenance.scheme)),
        (Balance::Cookie, Destination::Upstream(_))
        | (Balance::RoundRobin | Balance::LeastConn | Balance::IpHash, _) => None,
    }
}

async fn forward_request(
    worker: &Worker,
    inbound: &mut Inbound<'_>,
    to: Destination,
    route: &Route,
    terms: &Terms<'_>,
    side: &mut UpstreamSide,
    record: &mut Record,
) -> Result<(), Failed> {
    if let BodyFraming::Length(1..=WHOLE_BODY_MAX) = inbound.head.parsed.framing()
        && terms.expect == ExpectField::Left
    {
        inbound.body.whole().await?;
    }
    let method = inbound.head.parsed.method();
    let belongs = Belonging { client: record.client, slot: terms.affinity.and_then(|it| it.slot()) };
    let mut attempt = Attempt::first(worker, method, to, &route.policy, belongs, record.started);
    loop {
        record.asked(to);
        let mut connection = tokio::select! {
            biased;
            // Neither loses anything by losing: no request is under way yet, and what was read stays in the buffer.
            connected = attempt.connect() => connected?,
            () = inbound.body.gone() => return Err(client_left().into()),
        };
        match attempt.exchange(&mut connection, inbound, terms, side, record).await {
            End::Served(reuse) => {
                connection.finish(worker, reuse);
                return Ok(());
            }
            End::Lost(loss) => {
                attempt.after(loss, connection)?;
                worker.counters().attempts.repeated.count();
            }
            End::Failed(failed) => return Err(failed),
        }
    }
}

async fn refuse(worker: &Worker, inbound: &mut Inbound<'_>, deadline: &Deadline, refusal: &Refusal) {
    if !refusal.connection_survives() || !inbound.body.ends_cheaply() {
        inbound.reply.close_after();
    }
    // A client that is gone cannot be told; the record has the refusal all the same.
    let answering = answer::refuse(
        worker,
        inbound.head.parsed.method(),
        answer::Form::of(&worker.config().candour, inbound.head, refusal),
        refusal,
        &mut inbound.reply,
    );
    drop(to_client(deadline, worker.config().timeouts.body, answering).await);
}

impl BodySource<'_> {
    /// Refuses a body beyond `limit` bytes: at once where its length is declared, else when it gets there.
    fn limit_to(&mut self, limit: Option<u64>) -> Result<(), Refusal> {
        match self {
            Self::Http1(body) => body.limit_to(limit),
            #[cfg(test)]
            Self::Memory(_) => Ok(()),
        }
    }

    /// Whether what is left of the body is nothing, or little enough to be read and dropped.
    fn ends_cheaply(&self) -> bool {
        match self {
            Self::Http1(body) => body.ends_cheaply(),
            #[cfg(test)]
            Self::Memory(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::Duration;

    use onedoor_http1::{Parsed, RequestHead};

    use super::*;
    use crate::observe::log::Log;
    use crate::proxy::door::Door;
    use crate::proxy::downstream::memory::{Answer, Body};
    use crate::proxy::inbound::{Arrival, Head, ReplySink, Scheme, Speaker, Upgrades};
    use crate::proxy::listen::Doorway;
    use crate::proxy::route::{
        Action, Balance, EncodedSlashPolicy, FixedAnswer, LineLimits, Pattern, RouteId, RoutePolicy,
        RouteSpec, Routes, When, WhileDown,
    };
    use crate::proxy::upstream::tls::Connectors;
    use crate::proxy::workspace::Workspace;
    use crate::registry::{Registry, WorkerId};

    fn greeting() -> Routes {
        let answer = FixedAnswer {
            status: 200,
            fields: vec![("Content-Type".into(), "text/plain".into())],
            body: (*b"hello").into(),
        };
        let policy = RoutePolicy {
            body_max: None,
            encoded_slash: EncodedSlashPolicy::Keep,
            while_down: WhileDown::Refuse,
            line: LineLimits { at_most: Duration::ZERO, length_max: 0 },
            balance: Balance::RoundRobin,
        };
        let route =
            Route { name: "/hello".into(), place: "test:1".into(), action: Action::Respond(answer), policy };
        Routes::build(vec![RouteSpec {
            pattern: Pattern::parse("/hello").unwrap(),
            when: When::default(),
            priority: 0,
            route,
        }])
        .unwrap()
    }

    fn worker(routes: Routes) -> Rc<Worker> {
        let config = Config::plain(routes, Vec::new());
        let (registry, _) = Registry::new(&[], 1);
        let no_doorways: Vec<Doorway> = Vec::new();
        let door = Door::new(config, no_doorways, registry, Log::to_nowhere(), Connectors::new(&[]).unwrap());
        Worker::new(Arc::new(door), WorkerId(0))
    }

    /// A request that came over no socket at all, as one of HTTP/2 will.
    fn answer_to(request: &[u8]) -> Answer {
        let mut parsed = RequestHead::default();
        let complete = Parsed::Complete { head_bytes: request.len() };
        assert_eq!(parsed.parse(request, &Default::default()), Ok(complete));
        let worker = worker(greeting());
        let space = &mut Workspace::new(worker.deadline());
        let mut inbound = Inbound {
            head: Head { bytes: request, parsed: &parsed },
            body: BodySource::Memory(Body::default()),
            reply: ReplySink::Memory(Answer::default()),
            arrival: &Arrival { peer: None, scheme: Scheme::Https, port: 443, speaker: Speaker::Peer },
            upgrades: Upgrades::Impossible,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(&worker, &mut inbound, &mut space.scratch, &mut space.side));
        let ReplySink::Memory(answer) = inbound.reply else { panic!("the sink was in memory") };
        answer
    }

    #[test]
    fn an_exchange_needs_no_socket() {
        let answer = answer_to(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!((answer.status, &*answer.body), (200, &b"hello"[..]));
        assert!(answer.fields.contains(&(b"Content-Type".to_vec(), b"text/plain".to_vec())));
    }

    #[test]
    fn what_a_worker_counted_outlives_it() {
        let first = worker(greeting());
        let door = Arc::clone(first.door());
        let hello = RouteId(0);
        for worker in [first, Worker::new(Arc::clone(&door), WorkerId(0))] {
            worker.served(Some(hello), 200, Duration::from_millis(1));
            worker.served(None, 404, Duration::from_millis(1));
        }
        for (taker, status) in [(Some(hello), 200), (None, 404)] {
            let mut counted = Vec::new();
            let edition = door.edition();
            let counters = match taker {
                Some(route) => edition.tallies(route).next().expect("it was counted"),
                None => &door.counters_of_all()[0].no_route,
            };
            counters.statuses.each(|status, count| counted.push((status, count)));
            assert_eq!(counted, [(status, 2)]);
        }
    }

    #[test]
    fn a_refusal_is_an_answer_like_any_other() {
        let answer = answer_to(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(answer.status, 404);
        assert!(!answer.body.is_empty());
    }

    #[test]
    fn an_answer_to_head_has_a_length_and_no_body() {
        let answer = answer_to(b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(answer.length, Some(crate::proxy::downstream::ReplyLength::NoBody { declared: Some(5) }));
        assert!(answer.body.is_empty());
    }
}

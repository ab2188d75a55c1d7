//! One try at an upstream, and whether there may be another.
//!
//! The rules of repeating (DESIGN "The commit point", HTTP.md rule 33):
//! - nothing was sent: always, to another endpoint or the next generation, within the hold deadline;
//! - a reused connection died: at once on a fresh one, if the request is safe;
//! - a fresh connection died before the commit: if the request is safe and the upstream is an app of ours;
//! - at most three times, counting only connections that were fresh; never once a byte of a streamed body was drawn, never an unsafe request that was sent.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_http1::Method;

use super::access_log::Record;
use super::counters::AttemptCounters;
use super::inbound::Inbound;
use super::plan::Destination;
use super::refusal::{Refusal, WhenDown};
use super::relay::splice::FirstRead;
use super::roundtrip::{self, End, Line, Loss, LossReason, Reuse, Sent, Terms};
use super::route::{Balance, RoutePolicy, WhileDown};
use super::stream::Stream;
use super::upstream::connect::{self, ConnectError};
use super::upstream::hold::Released;
use super::upstream::pool::{Habits, PoolKey, Replay, Reused};
use super::worker::Worker;
use super::workspace::UpstreamSide;
use crate::registry::{
    AppId, Choice, ClientHash, Endpoint, EndpointId, FailedEndpoints, Failure, Lease, NoLease, Wish,
};

/// Fresh connections that one request may lose: an app that dies of it should not die for ever.
const LOSSES_MAX: u32 = 3;

/// How long an external upstream's idle connection is kept: below the 60 s that most servers allow.
const EXTERNAL_IDLE_MAX: Duration = Duration::from_secs(30);

/// The tries at one request.
#[derive(Debug)]
pub(super) struct Attempt<'w> {
    worker: &'w Worker,
    method: Method,
    to: Destination,
    policy: &'w RoutePolicy,
    belongs: Belonging,
    hold_until: Instant,
    line_until: Instant,
    failed: FailedEndpoints,
    losses: u32,
    pooled: Pooled,
}

/// Where a request belongs, for the ways of balancing that go by that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Belonging {
    pub(super) client: Option<IpAddr>,
    /// The replica that its cookie names.
    pub(super) slot: Option<u16>,
}

/// Whether a pooled connection may be used for the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pooled {
    Welcome,
    FreshOnly,
}

/// A connection in use.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    key: PoolKey,
    idle_max: Duration,
    first_read: FirstRead,
    origin: ConnectionOrigin,
    /// Counts the request at its endpoint. None: an external upstream.
    lease: Option<Lease>,
    /// Held until the answer begins, if the request was.
    released: Option<Released>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnectionOrigin {
    Fresh,
    Reused { idled: Duration },
}

impl Connection {
    /// Ends the exchange: keeps the connection if it is clean, for as long as we and its upstream like.
    pub(super) fn finish(self, worker: &Worker, reuse: Reuse) {
        if let Some(lease) = &self.lease {
            worker.ejections().served(lease.endpoint().id);
        }
        if let Reuse::Possible { at_most, next_read } = reuse {
            let idle_max = at_most.map_or(self.idle_max, |at_most| kept_for(at_most).min(self.idle_max));
            let habits = Habits { idle_max, first_read: next_read };
            worker.pool().keep(self.key, self.stream, habits, Instant::now());
        }
    }
}

/// Counts a request as held for as long as it waits for its app.
struct Hold<'w>(&'w AttemptCounters);

impl<'w> Hold<'w> {
    fn begins(counters: &'w AttemptCounters) -> Self {
        counters.holds_begun.count();
        Self(counters)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.holds_ended.count();
    }
}

/// A connection must be gone from our pool before its upstream closes it: a second, or half of a shorter time.
fn kept_for(announced: Duration) -> Duration {
    announced.saturating_sub(Duration::from_secs(1)).max(announced / 2)
}

impl<'w> Attempt<'w> {
    pub(super) fn first(
        worker: &'w Worker,
        method: Method,
        to: Destination,
        policy: &'w RoutePolicy,
        belongs: Belonging,
        started: Instant,
    ) -> Self {
        let hold_until = match &policy.while_down {
            WhileDown::Hold { at_most, .. } => started + *at_most,
            WhileDown::Refuse | WhileDown::Page => started,
        };
        Self {
            worker,
            method,
            to,
            policy,
            belongs,
            hold_until,
            line_until: started + policy.line.at_most,
            failed: FailedEndpoints::new(),
            losses: 0,
            pooled: Pooled::Welcome,
        }
    }

    /// A connection for the next try; waits for the app if it must. Nothing of the request is sent meanwhile.
    pub(super) async fn connect(&mut self) -> Result<Connection, Refusal> {
        match self.to {
            Destination::Upstream(_) => self.connect_outside().await,
            Destination::App(_) => loop {
                let (lease, released) = self.lease().await?;
                match self.connect_to(lease, released).await {
                    Ok(connection) => return Ok(connection),
                    Err((endpoint, error)) => {
                        self.refused(&endpoint, &error);
                        self.worker.counters().attempts.repeated.count();
                    }
                }
            },
        }
    }

    /// A place at an endpoint that is ready, now or later. One that leaves between the look and the lease is looked past.
    async fn lease(&self) -> Result<(Lease, Option<Released>), Refusal> {
        let Destination::App(app) = self.to else { unreachable!("only apps have endpoints") };
        let (registry, worker) = (self.worker.registry(), self.worker.id());
        let mut released = None;
        loop {
            let choice = self.choice();
            // One that is left out is better than none.
            let ready = self.healthy(app, choice).or_else(|| registry.ready_now(app, &self.failed, choice));
            let endpoint = match ready {
                Some(endpoint) => endpoint,
                None => {
                    let (endpoint, wave) = self.held(app).await?;
                    released = Some(wave);
                    endpoint
                }
            };
            let (id, slot) = (endpoint.id, choice.pins(&endpoint));
            match registry.lease(endpoint, worker) {
                Ok(lease) => return Ok((lease, released)),
                Err(NoLease::Leaving) => {}
                Err(NoLease::Full) => {
                    if let Some(lease) = self.in_line(app, id, slot).await? {
                        return Ok((lease, released));
                    }
                }
            }
        }
    }

    /// Waits for a place, where `id` has none: at the replica that the request is bound to, else at any that is
    /// healthy, as `id` is. None: the app has changed meanwhile.
    async fn in_line(&self, app: AppId, id: EndpointId, slot: Option<u16>) -> Result<Option<Lease>, Refusal> {
        let (registry, policy) = (self.worker.registry(), &self.policy.line);
        let healthy = self.worker.ejections().beside(&self.failed, Instant::now());
        let not = healthy.filter(|avoided| !avoided.contains(&id)).unwrap_or_else(|| self.failed.clone());
        let _hold = Hold::begins(&self.worker.counters().attempts);
        let wish = Wish { not, slot };
        let place = registry.in_line(app, self.worker.id(), wish, policy.length_max, self.line_until);
        place.await.map_err(|why| Refusal::Busy { app: Arc::clone(registry.name(app)), why })
    }

    /// Waits for an endpoint, where the route says so.
    async fn held(&self, app: AppId) -> Result<(Arc<Endpoint>, Released), Refusal> {
        let registry = self.worker.registry();
        match &self.policy.while_down {
            WhileDown::Hold { queue_max, .. } => {
                let held = self.worker.held();
                let _hold = Hold::begins(&self.worker.counters().attempts);
                held.wait(registry, app, &self.failed, self.choice(), *queue_max, self.hold_until).await
            }
            WhileDown::Refuse => Err(self.unheld(app, WhenDown::Sentence)),
            WhileDown::Page => Err(self.unheld(app, WhenDown::Page)),
        }
    }

    /// The app is not ready, and requests do not wait for it here.
    fn unheld(&self, app: AppId, when_down: WhenDown) -> Refusal {
        let registry = self.worker.registry();
        registry.want(app);
        Refusal::AppRefuses { app: Arc::clone(registry.name(app)), why: registry.unready(app), when_down }
    }

    /// An endpoint that is ready while others are left out; None is no answer when none is.
    fn healthy(&self, app: AppId, choice: Choice) -> Option<Arc<Endpoint>> {
        let ejections = self.worker.ejections();
        if ejections.is_empty() {
            return None;
        }
        let avoided = ejections.beside(&self.failed, Instant::now())?;
        self.worker.registry().ready_now(app, &avoided, choice)
    }

    fn choice(&self) -> Choice {
        let turn = self.worker.turn();
        match (self.policy.balance, self.belongs) {
            (Balance::RoundRobin, _) => Choice::InTurn(turn),
            (Balance::LeastConn, _) => Choice::LeastBusy(turn),
            (Balance::IpHash, Belonging { client: Some(client), .. }) => {
                Choice::OfClient(ClientHash::of(client))
            }
            (Balance::Cookie, Belonging { slot: Some(slot), .. }) => Choice::OfSlot { slot, turn },
            // Who comes over a Unix socket has no address to belong by, and a new client no cookie.
            (Balance::IpHash, Belonging { client: None, .. })
            | (Balance::Cookie, Belonging { slot: None, .. }) => Choice::InTurn(turn),
        }
    }

    async fn connect_to(
        &self,
        lease: Lease,
        released: Option<Released>,
    ) -> Result<Connection, (Arc<Endpoint>, ConnectError)> {
        let endpoint = lease.endpoint();
        let key = PoolKey::Endpoint(endpoint.id);
        let idle_max = endpoint.idle_max;
        let (stream, first_read, origin) = match self.pooled_connection(key) {
            Some(Reused { stream, idled, first_read }) => {
                (stream, first_read, ConnectionOrigin::Reused { idled })
            }
            None => match connect::to_endpoint(&endpoint.addr, self.worker.config().timeouts.connect).await {
                Ok(stream) => (self.opened(stream), FirstRead::Roomy, ConnectionOrigin::Fresh),
                Err(error) => return Err((Arc::clone(endpoint), error)),
            },
        };
        Ok(Connection { stream, key, idle_max, first_read, origin, lease: Some(lease), released })
    }

    async fn connect_outside(&self) -> Result<Connection, Refusal> {
        let Destination::Upstream(id) = self.to else { unreachable!("apps are asked through the registry") };
        let key = PoolKey::Upstream(self.worker.upstream_key(id));
        let made = |stream, first_read, origin| Connection {
            stream,
            key,
            idle_max: EXTERNAL_IDLE_MAX,
            first_read,
            origin,
            lease: None,
            released: None,
        };
        if let Some(Reused { stream, idled, first_read }) = self.pooled_connection(key) {
            return Ok(made(stream, first_read, ConnectionOrigin::Reused { idled }));
        }
        let limit = self.worker.config().timeouts.connect;
        let spec = self.worker.upstream(id);
        match connect::to_upstream(id, spec, self.worker.names(), self.worker.connectors(), limit).await {
            Ok(stream) => Ok(made(self.opened(stream), FirstRead::Roomy, ConnectionOrigin::Fresh)),
            Err(error) => {
                let upstream = spec.written.to_string();
                Err(match error {
                    ConnectError::Unresolved(why) => Refusal::UpstreamUnresolved { upstream, why },
                    ConnectError::Tls(why) => Refusal::UpstreamTls { upstream, why: why.to_string() },
                    ConnectError::Refused(_) | ConnectError::TimedOut(_) => {
                        Refusal::UpstreamUnreachable { upstream, why: error.why() }
                    }
                })
            }
        }
    }

    fn pooled_connection(&self, key: PoolKey) -> Option<Reused> {
        match self.pooled {
            Pooled::FreshOnly => None,
            Pooled::Welcome => {
                let replay = if self.method.is_safe() { Replay::Possible } else { Replay::Impossible };
                let pooled = self.worker.pool().take(key, replay, Instant::now());
                if pooled.is_some() {
                    self.worker.counters().attempts.connections_reused.count();
                }
                pooled
            }
        }
    }

    fn opened(&self, fresh: Stream) -> Stream {
        self.worker.counters().attempts.connections_opened.count();
        fresh
    }

    /// A try over `connection`.
    pub(super) async fn exchange(
        &self,
        connection: &mut Connection,
        inbound: &mut Inbound<'_>,
        terms: &Terms<'_>,
        side: &mut UpstreamSide,
        record: &mut Record,
    ) -> End {
        let line = Line {
            stream: &mut connection.stream,
            first_read: connection.first_read,
            released: &mut connection.released,
            bond: connection
                .lease
                .as_ref()
                .zip(terms.affinity)
                .and_then(|(lease, affinity)| affinity.bond(lease.endpoint().slot)),
        };
        roundtrip::run(self.worker, line, inbound, terms, side, record).await
    }

    /// An endpoint did not take the connection: nothing was sent, so another may always be asked, until the hold's
    /// deadline.
    fn refused(&mut self, endpoint: &Endpoint, error: &ConnectError) {
        let how = match error {
            // Its backlog stayed full: it is there, and overloaded.
            ConnectError::TimedOut(_) => Failure::Timeout,
            ConnectError::Refused(_) | ConnectError::Unresolved(_) | ConnectError::Tls(_) => Failure::Refused,
        };
        self.report(endpoint, how);
    }

    /// Decides what follows a lost try: another one (`Ok`), or the refusal.
    pub(super) fn after(&mut self, loss: Loss, connection: Connection) -> Result<(), Refusal> {
        let repeatable = match loss.sent {
            Sent::Nothing => true,
            Sent::Repeatable => self.method.is_safe(),
            Sent::Unrepeatable => false,
        };
        let stale = match (connection.origin, &loss.why) {
            (ConnectionOrigin::Reused { idled }, LossReason::Closed(_)) => {
                self.worker.pool().was_dead(connection.key, idled, Instant::now());
                true
            }
            (ConnectionOrigin::Reused { .. } | ConnectionOrigin::Fresh, _) => false,
        };
        // Silence is not a death: whatever the app does with the request, it still does it.
        let silent = matches!(loss.why, LossReason::Silent(_));
        if stale && repeatable {
            // The upstream closed an idle connection just as we used it. That says nothing about the app.
            self.pooled = Pooled::FreshOnly;
            return Ok(());
        }
        self.losses += 1;
        if !repeatable || silent || self.losses >= LOSSES_MAX {
            self.tell_registry(&connection, &loss);
            return Err(self.refusal(loss.why));
        }
        match (&connection.lease, &loss.why) {
            (Some(_), LossReason::Closed(_)) => {
                self.tell_registry(&connection, &loss);
                Ok(())
            }
            // An app that answers nonsense will do so again: only another endpoint that is ready now is asked.
            (Some(lease), LossReason::Bad(_)) => {
                self.failed.push(lease.endpoint().id);
                let Destination::App(app) = self.to else { return Err(self.refusal(loss.why)) };
                match self.worker.registry().ready_now(app, &self.failed, self.choice()) {
                    Some(_) => Ok(()),
                    None => Err(self.refusal(loss.why)),
                }
            }
            (None, _) | (Some(_), LossReason::Silent(_)) => Err(self.refusal(loss.why)),
        }
    }

    fn tell_registry(&mut self, connection: &Connection, loss: &Loss) {
        if let Some(lease) = &connection.lease {
            let endpoint = Arc::clone(lease.endpoint());
            let how =
                if matches!(loss.why, LossReason::Silent(_)) { Failure::Timeout } else { Failure::Reset };
            self.report(&endpoint, how);
        }
    }

    fn report(&mut self, endpoint: &Endpoint, how: Failure) {
        self.failed.push(endpoint.id);
        self.worker.ejections().failed(endpoint.id, Instant::now());
        if let Destination::App(app) = self.to {
            self.worker.registry().report(app, endpoint.id, how);
        }
    }

    fn refusal(&self, why: LossReason) -> Refusal {
        let upstream = self.upstream_name();
        match why {
            LossReason::Closed(why) => Refusal::UpstreamClosed { upstream, why },
            LossReason::Bad(why) => Refusal::UpstreamBadMessage { upstream, why },
            LossReason::Silent(after) => Refusal::UpstreamSilent { upstream, after },
        }
    }

    fn upstream_name(&self) -> String {
        match self.to {
            Destination::App(app) => format!("app \"{}\"", self.worker.registry().name(app)),
            Destination::Upstream(id) => self.worker.upstream(id).written.to_string(),
        }
    }
}

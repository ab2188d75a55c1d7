//! THE SEAM between the two stories: apps publish who is ready and where; the proxy reads, holds and reports back.
//!
//! ```text
//!   apps (one Publisher per app)                         proxy (every worker)
//!   publish(Availability) ──▶ ┌──────────┐ ──▶ now(app)            a lock-free read
//!                             │ Registry │ ──▶ ready_after(app, …) a held request waits here
//!   feedback().recv()     ◀── └──────────┘ ◀── want(app), report(endpoint, Failure)
//!                                          ◀── lease(endpoint)     in-flight counters, one per worker
//!                                          ──▶ in_line(app, …)     a request of an app with a cap waits here
//! ```
//!
//! Neither side knows the other; this file never does I/O and never decides when an app lives or dies.

mod choice;
mod endpoint;
mod line;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};
use smallvec::SmallVec;
use tokio::sync::{Notify, mpsc};

pub use choice::{Choice, ClientHash};
pub use endpoint::{Endpoint, EndpointAddr, EndpointId, EndpointSpec, Lease, NoLease, Usage};
use line::Line;
pub use line::Wish;

/// An app's place in the registry: its index in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub u16);

/// A worker thread's place in the in-flight counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerId(pub u16);

/// Whether the container can live without the app (CONFIG.md: `essential`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Essential,
    Optional,
}

/// What a request for an app meets right now.
#[derive(Debug)]
pub enum Availability {
    /// Not running and not wanted yet (a lazy app).
    Idle,
    Starting {
        since: Instant,
    },
    /// At least one endpoint takes requests. Never empty.
    Ready {
        endpoints: Box<[Arc<Endpoint>]>,
    },
    /// The whole program is on its way out.
    Draining,
    /// `retry_at: None` means that nobody will try again.
    Down {
        why: DownReason,
        retry_at: Option<Instant>,
    },
}

/// Why an app is down: a class for the client's sake, a sentence for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownReason {
    pub class: DownClass,
    pub detail: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownClass {
    /// The process ended; a restart is coming.
    Crashed,
    /// The command could not be started at all.
    CannotStart,
    /// It did not become ready within its start deadline.
    NotReadyInTime,
    /// Its liveness probe failed; it is started anew.
    Unwell,
    /// It ended as asked and is not to be restarted.
    Ended,
    /// It failed too often.
    GaveUp,
}

/// How an exchange with an endpoint failed before it was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Refused,
    Reset,
    Timeout,
}

/// What the proxy tells an app's task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// A request is waiting for the app.
    Wanted,
    /// An exchange failed: faster news than the reaper's.
    Failed { endpoint: EndpointId, how: Failure },
}

/// Endpoints that failed this very request; it does not go there again.
pub type FailedEndpoints = SmallVec<[EndpointId; 4]>;

/// Why no endpoint came within the deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unready {
    /// The deadline passed while the app was starting.
    StillStarting { waited: Duration, starting_for: Option<Duration> },
    /// The app is down and will not be back before the deadline.
    Down { why: DownReason, retry_after: Option<Duration> },
    /// The program is ending.
    Draining,
}

/// Why a request got no place at an app whose processes all have as many requests as they may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// As many wait as may.
    LineFull,
    Waited(Duration),
}

/// All apps, as the proxy sees them.
#[derive(Debug)]
pub struct Registry {
    slots: Box<[Entry]>,
    workers: usize,
}

#[derive(Debug)]
struct Entry {
    slot: Arc<Slot>,
    weight: Weight,
}

/// An app, in every registry that has it: an [`AppId`] means something in one of them only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlotId(u64);

impl SlotId {
    /// One that no app had before.
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Slot {
    id: SlotId,
    name: Arc<str>,
    now: ArcSwap<Availability>,
    /// Starts after a process of the app had ended by itself.
    restarts: AtomicU64,
    changed: Notify,
    line: Arc<Line>,
    feedback: mpsc::Sender<Feedback>,
}

/// How much unread news from the proxy an app's task may have; more of the same says nothing new.
const FEEDBACK_QUEUE: usize = 64;

/// The one writer of an app's availability, and the reader of what the proxy reports about it.
#[derive(Debug)]
pub struct Publisher {
    workers: usize,
    slot: Arc<Slot>,
    feedback: mpsc::Receiver<Feedback>,
}

impl Publisher {
    fn with_slot(name: &Arc<str>, workers: usize) -> (Arc<Slot>, Self) {
        let (sender, receiver) = mpsc::channel(FEEDBACK_QUEUE);
        let slot = Arc::new(Slot {
            id: SlotId::fresh(),
            name: Arc::clone(name),
            now: ArcSwap::from_pointee(Availability::Starting { since: Instant::now() }),
            restarts: AtomicU64::new(0),
            changed: Notify::new(),
            line: Arc::default(),
            feedback: sender,
        });
        (Arc::clone(&slot), Self { workers, slot, feedback: receiver })
    }

    /// A new endpoint, with a counter per worker and at most `cap` requests at once.
    pub fn endpoint(&self, spec: EndpointSpec, cap: Option<NonZeroU32>) -> Endpoint {
        let endpoint = Endpoint::new(spec, self.workers);
        match cap {
            Some(cap) => endpoint.capped(cap, Arc::clone(&self.slot.line)),
            None => endpoint,
        }
    }

    /// Replaces what requests see and wakes the held ones.
    pub fn publish(&self, availability: Availability) {
        let availability = Arc::new(availability);
        self.slot.now.store(Arc::clone(&availability));
        self.slot.line.settle(&availability);
        self.slot.changed.notify_waiters();
    }

    /// A process that ended is being started again, for so many times by now, whether or not anything comes of it.
    pub fn restarted(&self, times: u64) {
        self.slot.restarts.store(times, Ordering::Relaxed);
    }

    /// The next news from the proxy; pends for ever when there is none. Safe to drop and call again.
    pub async fn feedback(&mut self) -> Feedback {
        match self.feedback.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

impl Registry {
    /// One slot and one publisher per app, in the order given.
    pub fn new(apps: &[(Arc<str>, Weight)], workers: usize) -> (Arc<Self>, Vec<Publisher>) {
        let nobody = Self { slots: Box::default(), workers };
        let (registry, publishers) = nobody.next(apps);
        (registry, publishers.into_iter().map(|(_, publisher)| publisher).collect())
    }

    /// The registry of a changed file: who was there before keeps its slot, and with it its publisher; for the others
    /// there are new ones.
    pub fn next(&self, apps: &[(Arc<str>, Weight)]) -> (Arc<Self>, Vec<(Arc<str>, Publisher)>) {
        let mut publishers = Vec::new();
        let mut slot_of = |name: &Arc<str>| {
            if let Some(known) = self.slots.iter().find(|known| known.slot.name == *name) {
                return Arc::clone(&known.slot);
            }
            let (slot, publisher) = Publisher::with_slot(name, self.workers);
            publishers.push((Arc::clone(name), publisher));
            slot
        };
        let slots =
            apps.iter().map(|(name, weight)| Entry { slot: slot_of(name), weight: *weight }).collect();
        (Arc::new(Self { slots, workers: self.workers }), publishers)
    }

    pub fn slot_id(&self, app: AppId) -> SlotId {
        self.slot(app).id
    }

    pub fn name(&self, app: AppId) -> &Arc<str> {
        &self.slot(app).name
    }

    /// Every app, in the order of the file.
    pub fn apps(&self) -> impl Iterator<Item = AppId> {
        (0..=u16::MAX).map(AppId).take(self.slots.len())
    }

    /// How often the app was started again, starts that failed included.
    pub fn restarts(&self, app: AppId) -> u64 {
        self.slot(app).restarts.load(Ordering::Relaxed)
    }

    /// What a request meets right now. Lock-free.
    pub fn now(&self, app: AppId) -> Guard<Arc<Availability>> {
        self.slot(app).now.load()
    }

    /// True while every essential app takes requests (`builtin = "ready"`); one that sleeps does, by waking up.
    pub fn essential_apps_ready(&self) -> bool {
        let essential = |entry: &&Entry| entry.weight == Weight::Essential;
        self.slots
            .iter()
            .filter(essential)
            .all(|entry| matches!(**entry.slot.now.load(), Availability::Ready { .. } | Availability::Idle))
    }

    /// An endpoint that is ready now and has not failed this request.
    pub fn ready_now(&self, app: AppId, failed: &FailedEndpoints, choice: Choice) -> Option<Arc<Endpoint>> {
        match &**self.now(app) {
            Availability::Ready { endpoints } => choice::pick(endpoints, failed, choice),
            Availability::Idle
            | Availability::Starting { .. }
            | Availability::Draining
            | Availability::Down { .. } => None,
        }
    }

    /// Waits for an endpoint that has not failed this request. Never returns one from `failed`.
    pub async fn ready_after(
        &self,
        app: AppId,
        failed: &FailedEndpoints,
        choice: Choice,
        deadline: Instant,
    ) -> Result<Arc<Endpoint>, Unready> {
        let slot = self.slot(app);
        let asked = Instant::now();
        loop {
            let changed = slot.changed.notified();
            tokio::pin!(changed);
            // Register before looking: a change between the look and the wait must not be lost.
            changed.as_mut().enable();
            match &**slot.now.load() {
                Availability::Ready { endpoints } => {
                    if let Some(endpoint) = choice::pick(endpoints, failed, choice) {
                        return Ok(endpoint);
                    }
                }
                Availability::Draining => return Err(Unready::Draining),
                Availability::Down { why, retry_at } => {
                    let now = Instant::now();
                    if retry_at.is_none_or(|at| at > deadline) {
                        let retry_after = retry_at.map(|at| at.saturating_duration_since(now));
                        return Err(Unready::Down { why: why.clone(), retry_after });
                    }
                }
                Availability::Idle | Availability::Starting { .. } => {}
            }
            if tokio::time::timeout_at(deadline.into(), changed).await.is_err() {
                let starting_for = match &**slot.now.load() {
                    Availability::Starting { since } => Some(since.elapsed()),
                    Availability::Idle
                    | Availability::Ready { .. }
                    | Availability::Draining
                    | Availability::Down { .. } => None,
                };
                return Err(Unready::StillStarting { waited: asked.elapsed(), starting_for });
            }
        }
    }

    /// Why nothing is ready right now, for a request that does not wait.
    pub fn unready(&self, app: AppId) -> Unready {
        match &**self.now(app) {
            Availability::Starting { since } => {
                Unready::StillStarting { waited: Duration::ZERO, starting_for: Some(since.elapsed()) }
            }
            Availability::Down { why, retry_at } => {
                let retry_after = retry_at.map(|at| at.saturating_duration_since(Instant::now()));
                Unready::Down { why: why.clone(), retry_after }
            }
            Availability::Draining => Unready::Draining,
            // Ready: what is there failed this very request, or came only now.
            Availability::Idle | Availability::Ready { .. } => {
                Unready::StillStarting { waited: Duration::ZERO, starting_for: None }
            }
        }
    }

    /// Counts a request in flight at `endpoint` until the lease is dropped.
    pub fn lease(&self, endpoint: Arc<Endpoint>, worker: WorkerId) -> Result<Lease, NoLease> {
        endpoint.lease(worker)
    }

    /// Waits for a place at an endpoint of the wish, behind whoever came before and with at most `most` in the line.
    /// `Ok(None)`: the app is not what it was; the caller looks anew.
    pub async fn in_line(
        &self,
        app: AppId,
        worker: WorkerId,
        wish: Wish,
        most: usize,
        deadline: Instant,
    ) -> Result<Option<Lease>, Busy> {
        let slot = self.slot(app);
        let asked = Instant::now();
        let mut standing = slot.line.join(&slot.now, worker, wish, most).map_err(|_| Busy::LineFull)?;
        let called = tokio::time::timeout_at(deadline.into(), standing.called());
        called.await.map_err(|_| Busy::Waited(asked.elapsed()))
    }

    /// A request waits for this app. Dropped when the app's task has news enough to read.
    pub fn want(&self, app: AppId) {
        self.tell(app, Feedback::Wanted);
    }

    /// An exchange failed before commit.
    pub fn report(&self, app: AppId, endpoint: EndpointId, how: Failure) {
        self.tell(app, Feedback::Failed { endpoint, how });
    }

    fn tell(&self, app: AppId, news: Feedback) {
        // A full queue already says what this message would.
        self.slot(app).feedback.try_send(news).ok();
    }

    fn slot(&self, app: AppId) -> &Arc<Slot> {
        let entry = self.slots.get(usize::from(app.0));
        &entry.expect("AppIds are made from this registry's own list").slot
    }
}

//! One process that takes requests, and the count of those it has: what a lease begins and its drop ends.
//!
//! Two promises meet here. An app is told to go only once nothing is in flight ([`Endpoint::drained`]), and no request
//! is sent to one that is being told ([`Endpoint::lease`]). Both write first and read afterwards, all of it SeqCst: of
//! two that race, at least one sees the other, so there is no moment at which a request slips in unseen.
//! Nothing here knows what a request is, or waits on the way of one.
//!
//! An app with a cap has so many places at each endpoint: one number that all workers share, since only they together
//! know when it is reached.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::WorkerId;
use super::line::Line;

/// One listening process of one generation. Never used twice, so a report about a dead one cannot hit its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndpointId(pub u64);

/// Where an endpoint listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointAddr {
    Tcp(SocketAddr),
    Unix(Arc<PathBuf>),
}

/// What an endpoint is, before anything happens at it.
#[derive(Clone, Debug)]
pub struct EndpointSpec {
    pub id: EndpointId,
    /// Which of the app's replicas it is, counted from 0. It outlives restarts: a client that belongs to a replica
    /// belongs to its successor, too.
    pub slot: u16,
    pub addr: EndpointAddr,
    /// Which start of the app this is, counted from 1.
    pub generation: u64,
    /// A pooled connection that idled longer is not used again: the app may be closing it at this very moment.
    pub idle_max: Duration,
}

/// One process that takes requests.
#[derive(Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    pub slot: u16,
    pub addr: EndpointAddr,
    pub generation: u64,
    pub idle_max: Duration,
    counts: Box<[PaddedCount]>,
    /// None: as many requests as come.
    places: Option<Places>,
    draining: AtomicBool,
    lease_ended: Notify,
}

/// What one worker has at an endpoint, on its own cache line, so that workers do not slow each other down: leases in
/// flight in the lower half, leases ever begun in the upper one. One addition counts both.
#[derive(Debug, Default)]
#[repr(align(128))]
struct PaddedCount(AtomicU64);

/// The requests that an endpoint may have at once, on a cache line of their own.
#[derive(Debug)]
#[repr(align(128))]
struct Places {
    taken: AtomicU32,
    cap: NonZeroU32,
    /// Who waits for one.
    line: Arc<Line>,
}

impl Places {
    fn has_room(&self) -> bool {
        self.taken.load(Ordering::SeqCst) < self.cap.get()
    }

    /// Never more than there are, not even for a moment: somebody who looked just then would go away.
    fn take(&self) -> bool {
        let one_more = |taken: u32| (taken < self.cap.get()).then_some(taken + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    fn give_back(&self) {
        self.taken.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why there is no lease. Nothing has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLease {
    /// It is being drained: whoever asks picks again, from what is ready now.
    Leaving,
    /// It has as many requests as it may, or others wait for its places.
    Full,
}

/// A lease in flight.
const IN_FLIGHT: u64 = 1;

/// A lease begun. The upper half wraps by falling off the end; the lower one never reaches it: 2³² requests at once
/// would need as many connections.
const TAKEN: u64 = 1 << 32;

/// How much an endpoint is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests and tunnels in flight.
    pub in_flight: u64,
    /// Leases ever begun. Wraps (a worker's share at 2³²), so it says whether there were any since a last look, and no
    /// more.
    pub begun: u64,
}

impl Endpoint {
    pub fn new(spec: EndpointSpec, workers: usize) -> Self {
        let EndpointSpec { id, slot, addr, generation, idle_max } = spec;
        Self {
            id,
            slot,
            addr,
            generation,
            idle_max,
            counts: (0..workers.max(1)).map(|_| PaddedCount::default()).collect(),
            places: None,
            draining: AtomicBool::new(false),
            lease_ended: Notify::new(),
        }
    }

    /// At most `cap` requests at once; whoever comes then waits in `line`.
    pub(super) fn capped(self, cap: NonZeroU32, line: Arc<Line>) -> Self {
        Self { places: Some(Places { taken: AtomicU32::new(0), cap, line }), ..self }
    }

    /// Counts a request in flight until the lease is dropped.
    pub(super) fn lease(self: Arc<Self>, worker: WorkerId) -> Result<Lease, NoLease> {
        if let Some(places) = &self.places
            && (!places.line.is_empty() || !places.take())
        {
            return Err(NoLease::Full);
        }
        self.counted(worker).ok_or(NoLease::Leaving)
    }

    /// For whoever stands first in the line; None if there is no place after all.
    pub(super) fn lease_for_the_called(self: Arc<Self>, worker: WorkerId) -> Option<Lease> {
        match &self.places {
            Some(places) if !places.take() => None,
            Some(_) | None => self.counted(worker),
        }
    }

    /// With its place taken, if there are places. None once the endpoint is leaving.
    fn counted(self: Arc<Self>, worker: WorkerId) -> Option<Lease> {
        let count = self.count(worker);
        count.fetch_add(IN_FLIGHT + TAKEN, Ordering::SeqCst);
        if !self.is_draining() {
            return Some(Lease { endpoint: self, worker });
        }
        count.fetch_sub(IN_FLIGHT + TAKEN, Ordering::SeqCst);
        if let Some(places) = &self.places {
            places.give_back();
        }
        // `drained` may have seen the count while it stood.
        self.lease_ended.notify_waiters();
        None
    }

    /// Marks the endpoint as leaving and waits until nothing is in flight; afterwards nothing ever is. It must no
    /// longer be published then, or requests would find nothing else to go to. A tunnel counts for as long as it lives,
    /// so this may take as long as a client likes: whoever waits has a deadline. To stop waiting takes nothing back.
    pub async fn drained(&self) {
        self.draining.store(true, Ordering::SeqCst);
        loop {
            // Such a future hears of every `notify_waiters` from here on, polled or not.
            let ended = self.lease_ended.notified();
            if self.usage().in_flight == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Whether it may have one more request.
    pub(super) fn has_room(&self) -> bool {
        self.places.as_ref().is_none_or(Places::has_room)
    }

    /// Whether it takes no new requests.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Summed over the workers.
    pub fn usage(&self) -> Usage {
        self.counts.iter().fold(Usage::default(), |sum, count| {
            let count = count.0.load(Ordering::SeqCst);
            Usage { in_flight: sum.in_flight + count % TAKEN, begun: sum.begun + count / TAKEN }
        })
    }

    fn count(&self, worker: WorkerId) -> &AtomicU64 {
        let count = self.counts.get(usize::from(worker.0));
        &count.expect("an endpoint has a count for each worker that its publisher was told of").0
    }
}

/// A request in flight at an endpoint; dropping it ends the count. A tunnel (a WebSocket, say) keeps the lease of the
/// request that opened it for as long as it stands: to the app it is a client like any other.
#[derive(Debug)]
pub struct Lease {
    endpoint: Arc<Endpoint>,
    worker: WorkerId,
}

impl Lease {
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.endpoint.count(self.worker).fetch_sub(IN_FLIGHT, Ordering::SeqCst);
        if let Some(places) = &self.endpoint.places {
            places.give_back();
            if !places.line.is_empty() {
                places.line.freed(&self.endpoint);
            }
        }
        if self.endpoint.is_draining() {
            self.endpoint.lease_ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use tokio::runtime::Builder;

    use super::*;

    fn endpoint(workers: usize) -> Arc<Endpoint> {
        let spec = EndpointSpec {
            id: EndpointId(1),
            slot: 0,
            addr: EndpointAddr::Tcp(([127, 0, 0, 1], 1).into()),
            generation: 1,
            idle_max: Duration::from_secs(1),
        };
        Arc::new(Endpoint::new(spec, workers))
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn leases_are_counted_while_they_last_and_once_for_ever() {
        let endpoint = endpoint(2);
        let first = Arc::clone(&endpoint).lease(WorkerId(0)).unwrap();
        let second = Arc::clone(&endpoint).lease(WorkerId(1)).unwrap();
        assert_eq!(endpoint.usage(), Usage { in_flight: 2, begun: 2 });
        drop(first);
        assert_eq!(endpoint.usage(), Usage { in_flight: 1, begun: 2 });
        drop(second);
        assert_eq!(endpoint.usage(), Usage { in_flight: 0, begun: 2 });
    }

    #[test]
    fn a_leaving_endpoint_gives_no_lease_and_counts_none() {
        let endpoint = endpoint(1);
        block_on(endpoint.drained());
        assert_eq!(Arc::clone(&endpoint).lease(WorkerId(0)).unwrap_err(), NoLease::Leaving);
        assert_eq!(endpoint.usage(), Usage::default());
    }

    #[test]
    fn the_drain_waits_for_the_last_lease_of_each_worker() {
        let endpoint = endpoint(2);
        let leases = [0, 1].map(|worker| Arc::clone(&endpoint).lease(WorkerId(worker)).unwrap());
        block_on(async {
            let mut drained = std::pin::pin!(endpoint.drained());
            for lease in leases {
                let pending = std::future::poll_fn(|cx| drained.as_mut().poll(cx).is_pending().into()).await;
                assert!(pending, "a lease is live");
                drop(lease);
            }
            drained.await;
        });
    }

    /// Workers lease and let go without a pause while the endpoint is drained at some moment of theirs. Each tells by
    /// a flag when it holds a lease; the flag is set after the lease was given and cleared before it is dropped.
    #[test]
    fn no_lease_is_live_once_the_drain_is_over() {
        const WORKERS: u16 = 3;
        for round in 0..300_u32 {
            let endpoint = endpoint(usize::from(WORKERS));
            let over = AtomicBool::new(false);
            let start = Barrier::new(usize::from(WORKERS) + 1);
            thread::scope(|scope| {
                for worker in 0..WORKERS {
                    let (endpoint, over, start) = (&endpoint, &over, &start);
                    scope.spawn(move || {
                        start.wait();
                        while let Ok(lease) = Arc::clone(endpoint).lease(WorkerId(worker)) {
                            assert!(!over.load(Ordering::SeqCst), "the drain was over");
                            drop(lease);
                        }
                    });
                }
                start.wait();
                // Other moments in other rounds.
                for _ in 0..round * 7 {
                    std::hint::spin_loop();
                }
                block_on(endpoint.drained());
                over.store(true, Ordering::SeqCst);
            });
            assert_eq!(endpoint.usage().in_flight, 0);
        }
    }
}

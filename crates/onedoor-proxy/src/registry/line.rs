//! The line of an app with a `cap`: requests that wait for a place at one of its processes, first come first served.
//!
//! A place that is free while somebody waits is handed over, to the first in the line who would go there; nobody who
//! comes later can take it, and one waiter is woken for it, on whichever worker. An app without a cap has no use for
//! any of this, and one with room only reads how long the line is. The lock is held for a look at a queue, never
//! across an await.
//!
//! Whoever joins shows itself first and looks for a place afterwards; whoever leaves a place frees it first and looks
//! at the line afterwards, all of it SeqCst: of two that race, at least one sees the other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::oneshot;

use super::{Availability, Endpoint, FailedEndpoints, Lease, WorkerId};

#[derive(Debug, Default)]
pub(super) struct Line {
    /// How many stand in it, for those who only want to know whether anybody does.
    length: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    next_ticket: u64,
    /// By ticket.
    waiters: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    worker: WorkerId,
    wish: Wish,
    /// Dropped without a word: the waiter is to look anew.
    call: oneshot::Sender<Lease>,
}

/// Where a waiting request would go.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Not there.
    pub not: FailedEndpoints,
    /// Only to this replica: its client belongs to it.
    pub slot: Option<u16>,
}

impl Wish {
    fn accepts(&self, endpoint: &Endpoint) -> bool {
        self.slot.is_none_or(|slot| slot == endpoint.slot)
            && !self.not.contains(&endpoint.id)
            && !endpoint.is_draining()
    }
}

/// As many requests wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineFull;

/// A request's place in the line; dropping it leaves the line.
#[derive(Debug)]
pub(super) struct Standing {
    line: Arc<Line>,
    ticket: u64,
    called: oneshot::Receiver<Lease>,
}

impl Standing {
    /// None: what the app has changed so that it is better to look anew. Safe to drop: a lease that was on its way
    /// goes to the next.
    pub(super) async fn called(&mut self) -> Option<Lease> {
        (&mut self.called).await.ok()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        // Before the receiver is dropped, so that whoever is in the line can hear.
        self.line.change(|queue| {
            if let Ok(place) = queue.waiters.binary_search_by_key(&self.ticket, |waiter| waiter.ticket) {
                queue.waiters.remove(place);
            }
            Vec::new()
        });
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.length.load(Ordering::SeqCst) == 0
    }

    /// Joins the line, with at most `most` in it; what is free at `now` is given away at once.
    pub(super) fn join(
        self: &Arc<Self>,
        now: &ArcSwap<Availability>,
        worker: WorkerId,
        wish: Wish,
        most: usize,
    ) -> Result<Standing, LineFull> {
        let (call, called) = oneshot::channel();
        let mut ticket = 0;
        let mut is_full = false;
        self.change(|queue| {
            ticket = queue.next_ticket;
            queue.next_ticket += 1;
            queue.waiters.push_back(Waiter { ticket, worker, wish, call });
            self.length.store(queue.waiters.len(), Ordering::SeqCst);
            let unheard = queue.settle(&now.load());
            if queue.waiters.len() > most {
                is_full = queue.waiters.pop_back().is_some();
            }
            unheard
        });
        if is_full { Err(LineFull) } else { Ok(Standing { line: Arc::clone(self), ticket, called }) }
    }

    /// A place at `endpoint` has become free.
    pub(super) fn freed(&self, endpoint: &Arc<Endpoint>) {
        self.change(|queue| queue.serve(std::slice::from_ref(endpoint)));
    }

    /// What requests meet has changed.
    pub(super) fn settle(&self, now: &Availability) {
        self.change(|queue| queue.settle(now));
    }

    fn change(&self, change: impl FnOnce(&mut Queue) -> Vec<Lease>) {
        let mut queue = self.lock();
        let unheard = change(&mut queue);
        self.length.store(queue.waiters.len(), Ordering::SeqCst);
        // Dropping a lease comes back here.
        drop(queue);
        drop(unheard);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Each change leaves a queue that is whole, and a panic of one request is no other's business.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Gives away what is free, and sends away whoever waits for what is not there any more.
    fn settle(&mut self, now: &Availability) -> Vec<Lease> {
        match now {
            Availability::Ready { endpoints } => {
                let unheard = self.serve(endpoints);
                self.waiters.retain(|waiter| endpoints.iter().any(|endpoint| waiter.wish.accepts(endpoint)));
                unheard
            }
            Availability::Idle
            | Availability::Starting { .. }
            | Availability::Draining
            | Availability::Down { .. } => {
                self.waiters.clear();
                Vec::new()
            }
        }
    }

    /// Calls those whose turn it is, from the front. Returns the leases that nobody was there to take.
    fn serve(&mut self, endpoints: &[Arc<Endpoint>]) -> Vec<Lease> {
        let mut unheard = Vec::new();
        let mut place = 0;
        while let Some(waiter) = self.waiters.get(place)
            && endpoints.iter().any(|endpoint| endpoint.has_room())
        {
            let free = endpoints.iter().filter(|one| one.has_room() && waiter.wish.accepts(one));
            let best = free.min_by_key(|endpoint| endpoint.usage().in_flight);
            match best.and_then(|endpoint| Arc::clone(endpoint).lease_for_the_called(waiter.worker)) {
                Some(lease) => {
                    let called = self.waiters.remove(place);
                    unheard.extend(called.and_then(|waiter| waiter.call.send(lease).err()));
                }
                None => place += 1,
            }
        }
        unheard
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::pin::pin;
    use std::sync::atomic::AtomicU32;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, Instant};

    use tokio::runtime::Builder;

    use super::*;
    use crate::registry::{
        AppId, Busy, Choice, DownClass, DownReason, EndpointAddr, EndpointId, EndpointSpec, NoLease,
        Publisher, Registry, Weight,
    };

    const APP: AppId = AppId(0);
    const WORKER: WorkerId = WorkerId(0);

    struct App {
        registry: Arc<Registry>,
        publisher: Publisher,
        endpoints: Vec<Arc<Endpoint>>,
    }

    impl App {
        fn new(replicas: u16, cap: u32, workers: usize) -> Self {
            let (registry, mut publishers) = Registry::new(&[("app".into(), Weight::Optional)], workers);
            let publisher = publishers.pop().unwrap();
            let endpoints = (0..replicas).map(|slot| endpoint(&publisher, slot, cap)).collect();
            let app = Self { registry, publisher, endpoints };
            app.publish();
            app
        }

        fn publish(&self) {
            self.publisher.publish(Availability::Ready { endpoints: self.endpoints.clone().into() });
        }

        fn lease(&self, slot: usize) -> Result<Lease, NoLease> {
            self.registry.lease(Arc::clone(&self.endpoints[slot]), WORKER)
        }

        fn join(&self, wish: Wish) -> Standing {
            let slot = self.registry.slot(APP);
            slot.line.join(&slot.now, WORKER, wish, 100).unwrap()
        }
    }

    fn endpoint(publisher: &Publisher, slot: u16, cap: u32) -> Arc<Endpoint> {
        let spec = EndpointSpec {
            id: EndpointId(u64::from(slot)),
            slot,
            addr: EndpointAddr::Tcp(([127, 0, 0, 1], 1).into()),
            generation: 1,
            idle_max: Duration::from_secs(1),
        };
        Arc::new(publisher.endpoint(spec, NonZeroU32::new(cap)))
    }

    fn at(slot: u16) -> Wish {
        Wish { slot: Some(slot), ..Wish::default() }
    }

    /// What it was called for, if it was.
    fn heard(standing: &mut Standing) -> Poll<Option<Lease>> {
        pin!(standing.called()).poll(&mut Context::from_waker(Waker::noop()))
    }

    fn slot(heard: Poll<Option<Lease>>) -> (Lease, u16) {
        let Poll::Ready(Some(lease)) = heard else { panic!("it was not called: {heard:?}") };
        let slot = lease.endpoint().slot;
        (lease, slot)
    }

    #[test]
    fn an_app_has_no_more_leases_than_its_cap() {
        let app = App::new(1, 2, 1);
        let (first, _second) = (app.lease(0).unwrap(), app.lease(0).unwrap());
        assert_eq!(app.lease(0).unwrap_err(), NoLease::Full);
        drop(first);
        assert!(app.lease(0).is_ok());
    }

    #[test]
    fn who_came_first_is_served_first_and_one_at_a_time() {
        let app = App::new(1, 1, 1);
        let mut lease = app.lease(0).unwrap();
        let mut line: Vec<_> = (0..3).map(|_| app.join(Wish::default())).collect();
        while !line.is_empty() {
            assert!(line.iter_mut().all(|standing| heard(standing).is_pending()));
            drop(lease);
            lease = slot(heard(&mut line.remove(0))).0;
        }
    }

    #[test]
    fn nobody_overtakes_the_line() {
        let app = App::new(2, 1, 1);
        let taken = app.lease(0).unwrap();
        let mut bound = app.join(at(0));
        // There is room at the other, and somebody waits: so the line decides, and does so at once.
        assert_eq!(app.lease(1).unwrap_err(), NoLease::Full);
        let mut free = app.join(Wish::default());
        let (_other, place) = slot(heard(&mut free));
        assert_eq!(place, 1);
        drop(taken);
        assert_eq!(slot(heard(&mut bound)).1, 0);
    }

    #[test]
    fn who_leaves_the_line_is_passed_over_even_if_it_was_just_called() {
        let app = App::new(1, 1, 1);
        let lease = app.lease(0).unwrap();
        let (gone, called, mut last) =
            (app.join(Wish::default()), app.join(Wish::default()), app.join(Wish::default()));
        drop(gone);
        drop(lease);
        assert!(heard(&mut last).is_pending());
        drop(called);
        drop(slot(heard(&mut last)));
        assert!(app.registry.slot(APP).line.is_empty());
        assert!(app.lease(0).is_ok());
    }

    #[test]
    fn a_bound_request_waits_for_its_own_replica_and_others_go_past_it() {
        let app = App::new(2, 1, 1);
        let (at_own, at_other) = (app.lease(0).unwrap(), app.lease(1).unwrap());
        let (mut bound, mut free) = (app.join(at(0)), app.join(Wish::default()));
        drop(at_other);
        assert!(heard(&mut bound).is_pending());
        assert_eq!(slot(heard(&mut free)).1, 1);
        drop(at_own);
        assert_eq!(slot(heard(&mut bound)).1, 0);
    }

    #[test]
    fn an_endpoint_that_failed_the_request_is_not_offered_to_it() {
        let app = App::new(2, 1, 1);
        let (zero, one) = (app.lease(0).unwrap(), app.lease(1).unwrap());
        let not = [EndpointId(0)].into_iter().collect();
        let mut wary = app.join(Wish { not, slot: None });
        drop(zero);
        assert!(heard(&mut wary).is_pending());
        drop(one);
        assert_eq!(slot(heard(&mut wary)).1, 1);
    }

    #[test]
    fn a_new_replica_serves_those_who_wait_and_an_app_that_is_down_sends_them_away() {
        let mut app = App::new(1, 1, 1);
        let _lease = app.lease(0).unwrap();
        let (mut first, mut second) = (app.join(Wish::default()), app.join(Wish::default()));
        app.endpoints.push(endpoint(&app.publisher, 1, 1));
        app.publish();
        let (_taken, place) = slot(heard(&mut first));
        assert_eq!(place, 1);
        assert!(heard(&mut second).is_pending());
        let why = DownReason { class: DownClass::Crashed, detail: "it ended".into() };
        app.publisher.publish(Availability::Down { why, retry_at: None });
        assert!(matches!(heard(&mut second), Poll::Ready(None)));
        assert!(matches!(heard(&mut app.join(Wish::default())), Poll::Ready(None)));
    }

    #[test]
    fn who_waits_for_a_replica_that_is_gone_looks_anew() {
        let mut app = App::new(2, 1, 1);
        let _leases = [app.lease(0).unwrap(), app.lease(1).unwrap()];
        let (mut bound, mut other) = (app.join(at(1)), app.join(at(0)));
        app.endpoints.pop();
        app.publish();
        assert!(matches!(heard(&mut bound), Poll::Ready(None)));
        assert!(heard(&mut other).is_pending());
    }

    #[test]
    fn the_line_has_an_end_in_length_and_in_time() {
        let app = App::new(1, 1, 1);
        let _lease = app.lease(0).unwrap();
        let wait = |most, deadline| app.registry.in_line(APP, WORKER, Wish::default(), most, deadline);
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let past = Instant::now();
        let ends = runtime.block_on(async { (wait(1, past).await, wait(0, past).await) });
        assert!(matches!(ends.0, Err(Busy::Waited(_))), "{ends:?}");
        assert_eq!(ends.1.unwrap_err(), Busy::LineFull);
        assert!(app.registry.slot(APP).line.is_empty());
    }

    /// Workers, each a thread of its own with many requests at once, as in the proxy; some give up waiting.
    #[test]
    fn no_request_is_forgotten_and_the_cap_holds_whatever_the_threads_do() {
        const WORKERS: u16 = 3;
        const CAP: u32 = 2;
        let app = App::new(2, CAP, usize::from(WORKERS));
        let inside = [AtomicU32::new(0), AtomicU32::new(0)];
        let serve = async |worker: u16, turn: usize| {
            loop {
                let (registry, worker) = (&app.registry, WorkerId(worker));
                let picked = registry.ready_now(APP, &FailedEndpoints::new(), Choice::InTurn(turn)).unwrap();
                let lease = match registry.lease(picked, worker) {
                    Ok(lease) => lease,
                    Err(NoLease::Leaving) => continue,
                    Err(NoLease::Full) => {
                        let deadline = Instant::now() + Duration::from_secs(60);
                        let place = registry.in_line(APP, worker, Wish::default(), 10_000, deadline);
                        if turn.is_multiple_of(5) {
                            // Looks once and goes.
                            let mut place = pin!(place);
                            std::future::poll_fn(|cx| place.as_mut().poll(cx).is_pending().into()).await;
                            return;
                        }
                        place.await.unwrap().unwrap()
                    }
                };
                let inside = &inside[usize::from(lease.endpoint().slot)];
                assert!(inside.fetch_add(1, Ordering::SeqCst) < CAP, "more than the cap");
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
                return;
            }
        };
        std::thread::scope(|scope| {
            for worker in 0..WORKERS {
                let serve = &serve;
                scope.spawn(move || {
                    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
                    runtime.block_on(async {
                        for _ in 0..50 {
                            futures_of((0..40).map(|turn| serve(worker, turn))).await;
                        }
                    });
                });
            }
        });
        assert!(app.registry.slot(APP).line.is_empty());
        assert!(app.endpoints.iter().all(|endpoint| endpoint.usage().in_flight == 0 && endpoint.has_room()));
    }

    /// All of them at once, on this thread.
    async fn futures_of(futures: impl Iterator<Item = impl Future<Output = ()>>) {
        let mut futures: Vec<_> = futures.map(Box::pin).collect();
        std::future::poll_fn(|cx| {
            futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
            if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

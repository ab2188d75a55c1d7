//! Deadlines of one worker's connections, kept coarsely: one slot per connection, swept four times a second.
//!
//! A timer per request costs more than the request's parsing. Here arming is one store; a sweep over all slots
//! costs nanoseconds per connection. A deadline fires up to two ticks late, never early.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use slab::Slab;
use tokio::sync::Notify;

const TICK: Duration = Duration::from_millis(250);

/// Not armed.
const NEVER: u64 = u64::MAX;

/// All deadlines of one worker.
#[derive(Debug)]
pub(super) struct Deadlines {
    started: Instant,
    tick: Cell<u64>,
    slots: RefCell<Slab<Slot>>,
    first_slot: Notify,
}

#[derive(Debug)]
struct Slot {
    due: u64,
    waker: Option<Waker>,
}

/// One connection's deadline. At most one wait runs under it at a time.
#[derive(Debug)]
pub(super) struct Deadline {
    home: Rc<Deadlines>,
    key: usize,
}

/// The time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elapsed;

impl Deadlines {
    pub(super) fn new(now: Instant) -> Rc<Self> {
        Rc::new(Self {
            started: now,
            tick: Cell::new(0),
            slots: RefCell::new(Slab::new()),
            first_slot: Notify::new(),
        })
    }

    pub(super) fn slot(self: &Rc<Self>) -> Deadline {
        let mut slots = self.slots.borrow_mut();
        if slots.is_empty() {
            // The clock stood still while nobody needed it: a time counted from then would be over at once.
            self.tick.set(self.ticks_at(Instant::now()));
            self.first_slot.notify_one();
        }
        Deadline { home: Rc::clone(self), key: slots.insert(Slot { due: NEVER, waker: None }) }
    }

    /// Sweeps for ever; sleeps while there is no connection at all. The worker owns this task.
    pub(super) async fn keep(self: Rc<Self>) {
        loop {
            if self.slots.borrow().is_empty() {
                self.first_slot.notified().await;
            }
            self.sweep(Instant::now());
            tokio::time::sleep(TICK).await;
        }
    }

    /// Moves the clock to `now` and wakes whoever is due.
    fn sweep(&self, now: Instant) {
        self.tick.set(self.ticks_at(now));
        for (_, slot) in self.slots.borrow_mut().iter_mut() {
            if slot.due <= self.tick.get()
                && let Some(waker) = slot.waker.take()
            {
                waker.wake();
            }
        }
    }

    fn ticks_at(&self, now: Instant) -> u64 {
        let ticks = now.saturating_duration_since(self.started).as_millis() / TICK.as_millis();
        u64::try_from(ticks).unwrap_or(NEVER - 1)
    }

    fn ticks_until(&self, after: Duration) -> u64 {
        let ticks = u64::try_from(after.as_millis().div_ceil(TICK.as_millis())).unwrap_or(NEVER / 2);
        // The current tick may be nearly over: one more keeps "never early" true.
        self.tick.get().saturating_add(ticks).saturating_add(1).min(NEVER - 1)
    }
}

impl Deadline {
    /// Starts the time anew.
    pub(super) fn arm(&self, after: Duration) {
        let due = self.home.ticks_until(after);
        if let Some(slot) = self.home.slots.borrow_mut().get_mut(self.key) {
            slot.due = due;
        }
    }

    /// Waits for `work`, at most `limit` from now.
    pub(super) fn within<F: Future>(&self, limit: Duration, work: F) -> Guarding<'_, F> {
        self.arm(limit);
        self.guarding(work)
    }

    /// Waits for `work` until the armed time is up; `work` may hold this deadline and arm it again as it advances.
    pub(super) fn guarding<F: Future>(&self, work: F) -> Guarding<'_, F> {
        Guarding { deadline: self, work }
    }

    /// Whether the armed time is up; see [`Self::guarding`], which is this and the work that is waited for.
    pub(super) fn poll_elapsed(&self, cx: &Context<'_>) -> Poll<Elapsed> {
        let mut slots = self.home.slots.borrow_mut();
        let Some(slot) = slots.get_mut(self.key) else { return Poll::Ready(Elapsed) };
        if slot.due <= self.home.tick.get() {
            slot.due = NEVER;
            return Poll::Ready(Elapsed);
        }
        match &slot.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => slot.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.home.slots.borrow_mut().remove(self.key);
    }
}

pin_project_lite::pin_project! {
    /// See [`Deadline::guarding`].
    #[derive(Debug)]
    pub(super) struct Guarding<'a, F> {
        deadline: &'a Deadline,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Guarding<'_, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Work first: what has arrived counts even if the time is up.
        if let Poll::Ready(done) = this.work.poll(cx) {
            return Poll::Ready(Ok(done));
        }
        this.deadline.poll_elapsed(cx).map(Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::task::Waker;

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_deadline_never_fires_early_and_at_most_two_ticks_late() {
        let start = Instant::now();
        let deadlines = Deadlines::new(start);
        let deadline = deadlines.slot();
        let mut wait = std::pin::pin!(deadline.within(Duration::from_secs(1), pending::<()>()));
        assert!(poll_once(wait.as_mut()).is_pending());
        deadlines.sweep(start + Duration::from_millis(999));
        assert!(poll_once(wait.as_mut()).is_pending());
        deadlines.sweep(start + Duration::from_secs(1) + 2 * TICK);
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Err(Elapsed)));
    }

    #[test]
    fn arming_again_starts_the_time_anew() {
        let start = Instant::now();
        let deadlines = Deadlines::new(start);
        let deadline = deadlines.slot();
        let mut wait = std::pin::pin!(deadline.within(Duration::from_secs(1), pending::<()>()));
        assert!(poll_once(wait.as_mut()).is_pending());
        deadlines.sweep(start + Duration::from_millis(900));
        deadline.arm(Duration::from_secs(1));
        deadlines.sweep(start + Duration::from_millis(1800));
        assert!(poll_once(wait.as_mut()).is_pending());
    }

    #[test]
    fn the_first_connection_after_a_long_silence_has_all_of_its_time() {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(600)).unwrap();
        let deadlines = Deadlines::new(long_ago);
        let deadline = deadlines.slot();
        let mut wait = std::pin::pin!(deadline.within(Duration::from_secs(75), pending::<()>()));
        assert!(poll_once(wait.as_mut()).is_pending());
        deadlines.sweep(Instant::now());
        assert!(poll_once(wait.as_mut()).is_pending());
    }

    #[test]
    fn finished_work_counts_even_when_the_time_is_up() {
        let start = Instant::now();
        let deadlines = Deadlines::new(start);
        let deadline = deadlines.slot();
        deadline.arm(Duration::ZERO);
        deadlines.sweep(start + Duration::from_secs(9));
        let mut wait = std::pin::pin!(deadline.guarding(std::future::ready(7)));
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(7)));
    }
}

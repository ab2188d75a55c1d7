//! Requests waiting for an app that is not ready: a queue with a limit, released in waves.
//!
//! An app that has just started meets its first requests cold. All held ones at once would knock it over again, so
//! each worker lets 32 of them go and one or two more for each answer that begins: TCP's slow start. An app that
//! needs long for its answers is not waited for: the window doubles after a tenth of a second without one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::proxy::refusal::Refusal;
use crate::registry::{AppId, Choice, Endpoint, FailedEndpoints, Registry, SlotId};

const FIRST_WAVE: u32 = 32;

/// The longest that held requests wait for the answers of those before them.
const WAVE_PATIENCE: Duration = Duration::from_millis(100);

/// The held requests of one worker, by app.
#[derive(Debug, Default)]
pub(in crate::proxy) struct HeldRequests {
    by_app: RefCell<HashMap<SlotId, Rc<Queue>>>,
}

#[derive(Debug)]
struct Queue {
    held: Cell<usize>,
    /// Requests let go whose answer has not begun.
    cold: Cell<u32>,
    /// How many of those there may be.
    wave: Cell<u32>,
    /// When the window was last doubled for want of answers.
    doubled: Cell<Option<Instant>>,
    room: Notify,
}

/// A request that was let go; dropped when its answer begins, which makes room for the next wave.
#[derive(Debug)]
pub(in crate::proxy) struct Released {
    queue: Rc<Queue>,
}

/// Counts a held request for as long as it is one.
struct Place<'q>(&'q Queue);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.held.set(self.0.held.get() - 1);
        if self.0.held.get() == 0 {
            self.0.wave.set(FIRST_WAVE);
        }
    }
}

impl Drop for Released {
    fn drop(&mut self) {
        self.queue.cold.set(self.queue.cold.get() - 1);
        self.queue.wave.set(self.queue.wave.get().saturating_add(1));
        self.queue.room.notify_waiters();
    }
}

impl Queue {
    /// Doubles the window, once however many requests have lost their patience at the same time: each of them
    /// doubling it would let all of them go.
    fn double(&self, now: Instant) {
        if self.doubled.get().is_some_and(|last| now.saturating_duration_since(last) < WAVE_PATIENCE) {
            return;
        }
        self.doubled.set(Some(now));
        self.wave.set(self.wave.get().saturating_mul(2));
    }
}

impl HeldRequests {
    /// Waits until `app` has an endpoint that did not fail this request, and until it is this request's turn.
    pub(in crate::proxy) async fn wait(
        &self,
        registry: &Registry,
        app: AppId,
        failed: &FailedEndpoints,
        choice: Choice,
        queue_max: usize,
        deadline: Instant,
    ) -> Result<(Arc<Endpoint>, Released), Refusal> {
        let queue = self.queue(registry.slot_id(app));
        if queue.held.get() >= queue_max {
            return Err(Refusal::HoldQueueFull { app: Arc::clone(registry.name(app)) });
        }
        queue.held.set(queue.held.get() + 1);
        let _place = Place(&queue);
        registry.want(app);
        loop {
            let not_ready = |why| Refusal::NotReady { app: Arc::clone(registry.name(app)), why };
            let endpoint = registry.ready_after(app, failed, choice, deadline).await.map_err(not_ready)?;
            if queue.cold.get() < queue.wave.get() {
                queue.cold.set(queue.cold.get() + 1);
                return Ok((endpoint, Released { queue: Rc::clone(&queue) }));
            }
            let room = queue.room.notified();
            if tokio::time::timeout(WAVE_PATIENCE, room).await.is_err() {
                queue.double(Instant::now());
            }
        }
    }

    fn queue(&self, app: SlotId) -> Rc<Queue> {
        let mut by_app = self.by_app.borrow_mut();
        let queue = by_app.entry(app).or_insert_with(|| {
            Rc::new(Queue {
                held: Cell::new(0),
                cold: Cell::new(0),
                wave: Cell::new(FIRST_WAVE),
                doubled: Cell::new(None),
                room: Notify::new(),
            })
        });
        Rc::clone(queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_that_loses_patience_at_once_doubles_the_window_once() {
        let held = HeldRequests::default();
        let queue = held.queue(SlotId::fresh());
        let start = Instant::now();
        for _ in 0..1000 {
            queue.double(start);
        }
        assert_eq!(queue.wave.get(), 2 * FIRST_WAVE);
        queue.double(start + WAVE_PATIENCE);
        assert_eq!(queue.wave.get(), 4 * FIRST_WAVE);
    }
}

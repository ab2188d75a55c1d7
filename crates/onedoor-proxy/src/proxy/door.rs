//! What all workers share: the configuration, the listeners, how far the drain has come, and who is how busy.
//!
//! Nothing here is locked on a request's way. A worker writes only its own load, each on its own cache line.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use onedoor_linux::socket::Accepted;
use tokio::sync::{Notify, watch};

use super::clients::Clients;
use super::config::Config;
use super::counters::WorkerCounters;
use super::edition::Edition;
use super::inbound::Speaker;
use super::listen::Doorway;
use super::side_door::SideDoors;
use super::upstream::tls::Connectors;
use crate::observe::log::Log;
use crate::registry::{Registry, WorkerId};

/// How open the door is. Only ever moves down the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    /// Health fails, answers say `Connection: close`; new connections are still taken.
    Leaving,
    /// New connections are taken until the queue is empty, then the listeners close.
    Closing,
    /// Whatever is still connected is dropped.
    Closed,
}

#[derive(Debug)]
pub(super) struct Door {
    /// The newest.
    edition: Mutex<Arc<Edition>>,
    /// Its number, readable at the cost of a load.
    edition_number: AtomicU64,
    log: Log,
    /// The last worker to let go of them closes the listeners.
    doorways: Mutex<Option<Arc<[Doorway]>>>,
    /// They stay open through the drain: a request in flight may need a sibling to be answered.
    side_doors: watch::Sender<SideDoors>,
    /// The same as in `phase_changes`, readable at the cost of a load.
    phase: AtomicU8,
    phase_changes: watch::Sender<Phase>,
    loads: Box<[Load]>,
    counters: Box<[WorkerCounters]>,
    started: SystemTime,
    /// Only where a client's connections are limited.
    clients: Option<Clients>,
    quiet: Notify,
}

/// How busy a worker is, and connections that others hand to it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Load {
    connections: AtomicUsize,
    exchanges: AtomicUsize,
    handed_over: Mutex<VecDeque<Arrived>>,
    handed: Notify,
}

/// A connection fresh from a listener.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) accepted: Accepted,
    /// The port of the doorway; 0 for a Unix socket.
    pub(super) port: u16,
    pub(super) speaker: Speaker,
}

impl Door {
    pub(super) fn new(
        config: Config,
        doorways: Vec<Doorway>,
        registry: Arc<Registry>,
        log: Log,
        connectors: Connectors,
    ) -> Self {
        let loads = (0..config.workers.get()).map(|_| Load::default()).collect();
        let counters = (0..config.workers.get()).map(|_| WorkerCounters::default()).collect();
        let clients = config.limits.connections_per_client.map(Clients::new);
        Self {
            clients,
            edition: Mutex::new(Arc::new(Edition::first(config, registry, connectors))),
            edition_number: AtomicU64::new(0),
            log,
            doorways: Mutex::new(Some(doorways.into())),
            side_doors: watch::Sender::new(SideDoors::default()),
            phase: AtomicU8::new(Phase::Open as u8),
            phase_changes: watch::Sender::new(Phase::Open),
            loads,
            counters,
            started: SystemTime::now(),
            quiet: Notify::new(),
        }
    }

    /// Moves on to `phase`; going back is ignored.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase_changes.send_if_modified(|now| {
            let moves = phase > *now;
            if moves {
                *now = phase;
                self.phase.store(phase as u8, Ordering::SeqCst);
            }
            moves
        });
        if phase >= Phase::Closing {
            drop(self.lock_doorways().take());
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Open,
            1 => Phase::Leaving,
            2 => Phase::Closing,
            _ => Phase::Closed,
        }
    }

    pub(super) fn phase_changes(&self) -> watch::Receiver<Phase> {
        self.phase_changes.subscribe()
    }

    /// None once they are closing.
    pub(super) fn doorways(&self) -> Option<Arc<[Doorway]>> {
        self.lock_doorways().clone()
    }

    pub(super) fn side_doors(&self) -> watch::Receiver<SideDoors> {
        self.side_doors.subscribe()
    }

    /// From now on these are watched and no others.
    pub(super) fn open_side_doors(&self, doors: SideDoors) {
        self.side_doors.send_replace(doors);
    }

    fn lock_doorways(&self) -> std::sync::MutexGuard<'_, Option<Arc<[Doorway]>>> {
        self.doorways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges in flight, over all workers; tunnels are not counted.
    pub(super) fn exchanges(&self) -> usize {
        self.loads.iter().map(|load| load.exchanges.load(Ordering::SeqCst)).sum()
    }

    /// Told when a worker's last exchange has ended during the drain.
    pub(super) fn quiet(&self) -> &Notify {
        &self.quiet
    }

    pub(super) fn connections(&self) -> usize {
        self.loads.iter().map(|load| load.connections.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn load(&self, worker: WorkerId) -> &Load {
        self.loads.get(usize::from(worker.0)).expect("workers are numbered from this very list")
    }

    /// The least loaded worker, if `worker` holds at least a quarter more connections than it.
    pub(super) fn lighter_than(&self, worker: WorkerId) -> Option<&Load> {
        let own = self.load(worker).connections.load(Ordering::Relaxed);
        let lightest = self.loads.iter().min_by_key(|load| load.connections.load(Ordering::Relaxed))?;
        let least = lightest.connections.load(Ordering::Relaxed);
        // One connection more than the other is no imbalance.
        (own > least + 1 && own * 4 >= least * 5).then_some(lightest)
    }

    /// What `worker` counts, and it alone writes.
    pub(super) fn counters(&self, worker: WorkerId) -> &WorkerCounters {
        self.counters.get(usize::from(worker.0)).expect("workers are numbered like the loads")
    }

    /// What each worker has counted, for whoever adds them up.
    pub(super) fn counters_of_all(&self) -> &[WorkerCounters] {
        &self.counters
    }

    /// When this door was made, which is when the program began.
    pub(super) fn started(&self) -> SystemTime {
        self.started
    }

    pub(super) fn clients(&self) -> Option<&Clients> {
        self.clients.as_ref()
    }

    /// The newest.
    pub(super) fn edition(&self) -> Arc<Edition> {
        Arc::clone(&self.edition.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn edition_number(&self) -> u64 {
        self.edition_number.load(Ordering::Acquire)
    }

    /// From now on every exchange that begins sees the edition that `make` makes of the one before.
    pub(super) fn reissue(&self, make: impl FnOnce(&Edition) -> Edition) {
        let mut newest = self.edition.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Arc::new(make(&newest));
        self.edition_number.store(newest.number(), Ordering::Release);
    }

    pub(super) fn workers(&self) -> usize {
        self.loads.len()
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }
}

impl Load {
    pub(super) fn connection_begins(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connection_ends(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Its worker died: whatever it was doing is over. What it was handed waits for its successor.
    pub(super) fn forget(&self) {
        let waiting = self.lock_handed();
        self.connections.store(waiting.len(), Ordering::SeqCst);
        self.exchanges.store(0, Ordering::SeqCst);
        if !waiting.is_empty() {
            self.handed.notify_one();
        }
    }

    pub(super) fn exchange_begins(&self) {
        self.exchanges.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns how many exchanges the worker still has.
    pub(super) fn exchange_ends(&self) -> usize {
        self.exchanges.fetch_sub(1, Ordering::SeqCst).saturating_sub(1)
    }

    /// Gives a connection to this worker. It counts at once: whoever accepts a burst must not give all of it to a
    /// worker that has not come to look.
    pub(super) fn hand_over(&self, arrived: Arrived) {
        let mut waiting = self.lock_handed();
        waiting.push_back(arrived);
        self.connection_begins();
        drop(waiting);
        self.handed.notify_one();
    }

    /// Waits for connections from other workers. Safe to drop and call again.
    pub(super) async fn handed(&self) {
        self.handed.notified().await;
    }

    /// One of them, counted already.
    pub(super) fn take_handed(&self) -> Option<Arrived> {
        self.lock_handed().pop_front()
    }

    fn lock_handed(&self) -> std::sync::MutexGuard<'_, VecDeque<Arrived>> {
        self.handed_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

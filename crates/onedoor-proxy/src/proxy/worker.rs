//! One worker: a thread with everything its connections share, so that no lock stands on a request's way.
//!
//! What is shared between workers lives in `door`; what is here belongs to one thread alone.

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use httpdate::HttpDate;

use super::config::{AccessLog, Config, UpstreamSpec};
use super::counters::WorkerCounters;
use super::deadline::{Deadline, Deadlines};
use super::door::{Door, Phase};
use super::downstream::desk::Desks;
use super::edition::{Edition, UpstreamKey};
use super::inbound::{Arrival, Speaker};
use super::policy::request_id::IdSource;
use super::relay::block::Blocks;
use super::relay::splice::Pipes;
use super::route::{RouteId, Routes, UpstreamId};
use super::upstream::eject::Ejections;
use super::upstream::hold::HeldRequests;
use super::upstream::names::Names;
use super::upstream::pool::Pool;
use super::upstream::tls::Connectors;
use crate::observe::log::Log;
use crate::registry::{Registry, WorkerId};

/// How often aged upstream connections are dropped, and memory that nobody uses.
const SWEEP: Duration = Duration::from_secs(2);

/// How often strangers can make us write a line.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// `Mon, 23 Nov 2026 15:37:49 GMT` (RFC 9110 5.6.7).
const HTTP_DATE_BYTES: usize = 29;

/// So many connections that ended, or desks that a burst left over, are a crowd: their memory is worth the milliseconds that giving it back takes.
const CROWD: usize = 512;

/// Fewer ends than this between two looks are quiet.
const QUIET: usize = 64;

/// What the room for a line of the access log may hold on to; a longer line has a very long target.
const LINE_BYTES_KEPT: usize = 4 * 1024;

/// A worker, as one edition's exchanges see it.
#[derive(Debug)]
pub(super) struct Worker {
    core: Rc<Core>,
    edition: Arc<Edition>,
}

/// What all editions share.
#[derive(Debug)]
struct Core {
    id: WorkerId,
    door: Arc<Door>,
    /// The newest that anybody here holds.
    newest: RefCell<Weak<Worker>>,
    deadlines: Rc<Deadlines>,
    ids: IdSource,
    pool: Pool,
    held: HeldRequests,
    ejections: Ejections,
    names: Names,
    blocks: Blocks,
    pipes: Pipes,
    turn: Cell<usize>,
    /// When it last told of a connection that was closed unserved.
    told: Cell<Option<Instant>>,
    date: Cell<(u64, [u8; HTTP_DATE_BYTES])>,
    desks: Desks,
    /// Connections that ended, and desks left over, since memory was last given back, now and when that was last looked at.
    left: Cell<usize>,
    left_before: Cell<usize>,
    /// Desks that nobody needed, dropped since then.
    swept: Cell<usize>,
    /// Room for one line of the access log.
    line: RefCell<Vec<u8>>,
}

impl Worker {
    pub(super) fn new(door: Arc<Door>, id: WorkerId) -> Rc<Self> {
        let edition = door.edition();
        let core = Core {
            id,
            newest: RefCell::default(),
            deadlines: Deadlines::new(Instant::now()),
            ids: IdSource::new(),
            pool: Pool::default(),
            held: HeldRequests::default(),
            ejections: Ejections::default(),
            names: Names::default(),
            blocks: Blocks::default(),
            pipes: Pipes::default(),
            turn: Cell::new(usize::from(id.0)),
            told: Cell::new(None),
            date: Cell::new((u64::MAX, [0; HTTP_DATE_BYTES])),
            desks: Desks::default(),
            left: Cell::new(0),
            left_before: Cell::new(0),
            swept: Cell::new(0),
            line: RefCell::default(),
            door,
        };
        Self { core: Rc::new(core), edition }.noted()
    }

    fn noted(self) -> Rc<Self> {
        let noted = Rc::new(self);
        noted.core.newest.replace(Rc::downgrade(&noted));
        noted
    }

    /// Whether there is a newer edition than this one.
    pub(super) fn is_outdated(&self) -> bool {
        self.core.door.edition_number() != self.edition.number()
    }

    /// The same worker with the newest edition.
    pub(super) fn newest(&self) -> Rc<Self> {
        let known = self.core.newest.borrow().upgrade();
        match known.filter(|known| !known.is_outdated()) {
            Some(newest) => newest,
            None => Self { core: Rc::clone(&self.core), edition: self.core.door.edition() }.noted(),
        }
    }

    /// Keeps the worker's house for ever: deadlines that are due, upstream connections that are too old.
    pub(super) async fn keep_house(&self) {
        tokio::join!(Rc::clone(&self.core.deadlines).keep(), self.sweep());
    }

    async fn sweep(&self) {
        // Held, so that those who have nothing to do need not make it again and again.
        let mut newest = self.newest();
        loop {
            tokio::time::sleep(SWEEP).await;
            if newest.is_outdated() {
                newest = newest.newest();
            }
            self.core.pool.sweep(Instant::now());
            self.core.ejections.sweep(Instant::now());
            self.core.blocks.sweep();
            self.core.pipes.sweep();
            self.give_memory_back();
        }
    }

    /// Once a crowd has left, or desks were not needed, and it is quiet again, what it needed goes back to the kernel;
    /// the allocator would keep it. It halts whoever allocates meanwhile.
    fn give_memory_back(&self) {
        self.core.swept.set(self.core.swept.get() + self.core.desks.sweep());
        let left = self.core.left.get() + self.core.desks.take_surplus();
        self.core.left.set(left);
        let crowd_has_left = left >= CROWD && left - self.core.left_before.get() < QUIET;
        let desks_were_spare = self.core.swept.get() > 0 && self.core.door.exchanges() == 0;
        if crowd_has_left || desks_were_spare {
            onedoor_linux::memory::give_back();
            self.core.swept.set(0);
        }
        if crowd_has_left {
            self.core.left.set(0);
        }
        self.core.left_before.set(self.core.left.get());
    }

    /// Counts an exchange until the guard is dropped: the drain waits for it.
    pub(super) fn exchange_begins(&self) -> Busy<'_> {
        self.core.door.load(self.core.id).exchange_begins();
        Busy { worker: self }
    }

    /// A tunnel lives as long as its two ends want: the drain does not wait for it, the end of its app ends it.
    pub(super) fn tunnel_opened(&self) -> TunnelOpen<'_> {
        self.exchange_ends();
        self.counters().connections.tunnels_opened.count();
        TunnelOpen { worker: self }
    }

    fn exchange_ends(&self) {
        if self.core.door.load(self.core.id).exchange_ends() == 0 && self.core.door.phase() != Phase::Open {
            self.core.door.quiet().notify_waiters();
        }
    }

    /// Where requests are served.
    pub(super) fn desks(&self) -> &Desks {
        &self.core.desks
    }

    /// A connection of this worker's is no more.
    pub(super) fn connection_left(&self) {
        self.core.door.load(self.core.id).connection_ends();
        self.core.left.set(self.core.left.get() + 1);
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.core.deadlines.slot()
    }

    /// Spreads an app's requests over its endpoints.
    pub(super) fn turn(&self) -> usize {
        self.core.turn.set(self.core.turn.get().wrapping_add(1));
        self.core.turn.get()
    }

    /// Whether a line may be written that strangers can provoke: once a second.
    pub(super) fn may_tell(&self) -> bool {
        let now = Instant::now();
        let may = self.core.told.get().is_none_or(|told| now.saturating_duration_since(told) >= TOLD_EVERY);
        if may {
            self.core.told.set(Some(now));
        }
        may
    }

    /// The Date of an answer made now.
    pub(super) fn http_date(&self) -> [u8; HTTP_DATE_BYTES] {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (cached, text) = self.core.date.get();
        if cached == second {
            return text;
        }
        let mut text = [b' '; HTTP_DATE_BYTES];
        // A year has four digits until 9999, so it fits; a clock beyond that shows as much as there is room for.
        write!(&mut text[..], "{}", HttpDate::from(now)).ok();
        self.core.date.set((second, text));
        text
    }

    pub(super) fn id(&self) -> WorkerId {
        self.core.id
    }

    pub(super) fn door(&self) -> &Arc<Door> {
        &self.core.door
    }

    pub(super) fn counters(&self) -> &WorkerCounters {
        self.core.door.counters(self.core.id)
    }

    pub(super) fn config(&self) -> &Config {
        self.edition.config()
    }

    /// What may be asked for by the listener it arrived at; None: the app behind that is gone.
    pub(super) fn routes(&self, arrival: &Arrival) -> Option<&Routes> {
        let config = self.edition.config();
        match arrival.speaker {
            Speaker::Peer | Speaker::Somebody => Some(&config.routes),
            Speaker::Sibling => {
                let door = config.side_doors.iter().find(|door| door.port == Some(arrival.port));
                door.map(|door| &*door.routes)
            }
        }
    }

    pub(super) fn registry(&self) -> &Registry {
        self.edition.registry()
    }

    pub(super) fn log(&self) -> &Log {
        self.core.door.log()
    }

    /// Hands a line to the log, written into room that is there already.
    pub(super) fn log_access(&self, about: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let mut line = self.core.line.borrow_mut();
        write(&mut line);
        self.log().access(about, &line);
        line.clear();
        line.shrink_to(LINE_BYTES_KEPT);
    }

    pub(super) fn logs_access(&self) -> AccessLog {
        self.config().access_log
    }

    pub(super) fn connectors(&self) -> &Connectors {
        self.edition.connectors()
    }

    pub(super) fn upstream(&self, id: UpstreamId) -> &UpstreamSpec {
        self.edition.upstream(id)
    }

    pub(super) fn upstream_key(&self, id: UpstreamId) -> UpstreamKey {
        self.edition.upstream_key(id)
    }

    /// A request has ended. `taker: None`: it met no route.
    pub(super) fn served(&self, taker: Option<RouteId>, status: u16, took: Duration) {
        let counters = match taker {
            Some(taker) => self.edition.tally(self.core.id, taker),
            None => &self.counters().no_route,
        };
        counters.served(status, took);
    }

    /// False from the moment the drain begins.
    pub(super) fn door_is_open(&self) -> bool {
        self.core.door.phase() == Phase::Open
    }

    pub(super) fn ids(&self) -> &IdSource {
        &self.core.ids
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.core.pool
    }

    pub(super) fn blocks(&self) -> &Blocks {
        &self.core.blocks
    }

    pub(super) fn pipes(&self) -> &Pipes {
        &self.core.pipes
    }

    pub(super) fn held(&self) -> &HeldRequests {
        &self.core.held
    }

    pub(super) fn ejections(&self) -> &Ejections {
        &self.core.ejections
    }

    pub(super) fn names(&self) -> &Names {
        &self.core.names
    }
}

/// An exchange in flight.
#[derive(Debug)]
pub(super) struct Busy<'w> {
    worker: &'w Worker,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.worker.exchange_ends();
    }
}

/// A tunnel in use; its exchange counts again when it ends.
#[derive(Debug)]
pub(super) struct TunnelOpen<'w> {
    worker: &'w Worker,
}

impl Drop for TunnelOpen<'_> {
    fn drop(&mut self) {
        self.worker.counters().connections.tunnels_closed.count();
        self.worker.core.door.load(self.worker.core.id).exchange_begins();
    }
}

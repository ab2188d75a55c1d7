//! Where a connection's requests are served: a workspace and the work itself, kept by the worker and lent to whichever
//! connection has something to say.
//!
//! ```text
//!   parked connection ──readable──▶ leases a desk, hands itself over ──▶ served there, request after request
//!          ▲                                                                │
//!          └──────────────── gets itself back, returns the desk ◀───────────┘  no byte unread
//! ```
//!
//! What serving needs, some kilobytes of future and the buffers, is neither carried by the connections that have
//! nothing to say nor allocated for those that do: the work at a desk never ends, it waits for its next connection. The
//! connection is moved to the desk and back because work that outlives it cannot borrow it.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::http1::{self, Connection, Then};
use crate::proxy::spares::Spares;
use crate::proxy::worker::Worker;
use crate::proxy::workspace::Workspace;

/// Desks kept for reuse by one worker; a burst's surplus is given back.
const KEPT_MAX: usize = 64;

/// Desks kept however quiet it is.
const KEPT_MIN: usize = 2;

/// One worker's desks that nobody sits at. Last in, first out: the warmest is lent next.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Desks {
    /// Boxed: a seat, and with it each parked connection, holds one pointer only.
    free: Spares<Box<Desk>, KEPT_MIN, KEPT_MAX>,
    /// Desks that were not kept since this was last asked.
    surplus: Cell<usize>,
}

struct Desk {
    tray: Rc<Cell<Tray>>,
    /// Never ends.
    work: Pin<Box<dyn Future<Output = ()>>>,
}

/// How a connection gets to the desk and back.
#[derive(Default)]
enum Tray {
    #[default]
    Empty,
    Brought(Rc<Worker>, Connection),
    /// Taken by the work. Whatever happens to a desk in this state, it is not used again.
    AtWork,
    Served(Option<Connection>),
}

/// A desk on loan.
pub(super) struct Seat<'w> {
    desks: &'w Desks,
    /// None only while it is being given back.
    desk: Option<Box<Desk>>,
}

impl Desks {
    /// How many desks a burst needed beyond those that are kept; counted anew from here.
    pub(in crate::proxy) fn take_surplus(&self) -> usize {
        self.surplus.take()
    }

    /// Drops the desks that nobody has needed since this was last called, but for a few; returns how many.
    pub(in crate::proxy) fn sweep(&self) -> usize {
        self.free.sweep()
    }

    /// A desk, with the connection handed over to it.
    pub(super) fn seat(&self, worker: &Rc<Worker>, connection: Connection) -> Seat<'_> {
        let desk = self.free.take().unwrap_or_else(|| Box::new(Desk::new(Workspace::new(worker.deadline()))));
        desk.tray.set(Tray::Brought(Rc::clone(worker), connection));
        Seat { desks: self, desk: Some(desk) }
    }
}

impl Seat<'_> {
    /// Serves the connection as long as it has something to say; then it is there again, or it is over.
    pub(super) fn served(&mut self) -> impl Future<Output = Option<Connection>> {
        poll_fn(|cx| self.desk.as_mut().expect("the desk leaves in drop only").poll_served(cx))
    }
}

impl Drop for Seat<'_> {
    /// A desk that was left in the middle of its work, by a panic or because the door is closing, goes with it.
    fn drop(&mut self) {
        let Some(desk) = self.desk.take() else { return };
        let ended_well = matches!(desk.tray.take(), Tray::Empty);
        if !ended_well || self.desks.free.keep(desk).is_err() {
            self.desks.surplus.set(self.desks.surplus.get() + 1);
        }
    }
}

impl Desk {
    fn new(space: Workspace) -> Self {
        let tray = Rc::new(Cell::new(Tray::Empty));
        let work = Box::pin(work(Rc::clone(&tray), space));
        Self { tray, work }
    }

    fn poll_served(&mut self, cx: &mut Context<'_>) -> Poll<Option<Connection>> {
        if self.work.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        match self.tray.take() {
            Tray::Served(connection) => Poll::Ready(connection),
            tray @ (Tray::Empty | Tray::Brought(..) | Tray::AtWork) => {
                self.tray.set(tray);
                Poll::Pending
            }
        }
    }
}

/// Serves one connection after the other.
async fn work(tray: Rc<Cell<Tray>>, mut space: Workspace) {
    loop {
        let (worker, mut connection) = poll_fn(|_| match tray.replace(Tray::AtWork) {
            Tray::Brought(worker, connection) => Poll::Ready((worker, connection)),
            // Whoever brings the next one polls.
            tray_now @ (Tray::Empty | Tray::AtWork | Tray::Served(_)) => {
                tray.set(tray_now);
                Poll::Pending
            }
        })
        .await;
        let then = http1::serve_requests(&worker, &mut connection, &mut space).await;
        space.reset();
        tray.set(Tray::Served(match then {
            Then::Park => Some(connection),
            Then::Close => None,
        }));
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

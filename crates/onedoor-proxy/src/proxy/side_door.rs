//! Side doors: a loopback listener for each served app, by which its siblings ask it (`NAME_URL`).
//!
//! Step "accept" of the way of a request. What comes in here goes to that one app, whatever host and path it names, and
//! is held, spread and repeated like any request. Each side door is watched by one worker, in a task that sleeps until
//! somebody knocks; the kernel keeps everybody's place while the app restarts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use onedoor_linux::socket::{Knocker, Listener, listen_tcp};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::{JoinHandle, spawn_local};

use super::accept::{PAUSE, Taker, is_the_connections};
use super::config::SideDoor;
use super::door::Arrived;
use super::inbound::Speaker;
use super::worker::Worker;
use crate::loopback::{NoPort, PrivatePorts};
use crate::observe::log::Level;

/// Ports that were free a moment ago and were not when they were to be listened on.
const LOST_RACES_MAX: u32 = 16;

/// The side doors that are open.
pub(super) type SideDoors = Arc<[Arc<OpenSideDoor>]>;

#[derive(Debug)]
pub(super) struct OpenSideDoor {
    pub(super) app: Arc<str>,
    pub(super) port: u16,
    listener: Listener,
}

/// Why the siblings of an app could not reach it.
#[derive(Debug, thiserror::Error)]
pub enum SideDoorError {
    #[error("no address for app \"{app}\": {why}")]
    NoPort { app: Arc<str>, why: NoPort },
    #[error("no address for app \"{app}\": cannot listen on 127.0.0.1: {why}")]
    Listen { app: Arc<str>, why: io::Error },
}

/// Opens those that are not open yet; the others stay, with their ports. What is no longer wanted closes when the last of
/// `open` is dropped.
pub(super) fn open_all(
    wanted: &mut [SideDoor],
    open: &[Arc<OpenSideDoor>],
    ports: &PrivatePorts,
) -> Result<SideDoors, SideDoorError> {
    let known = |app: &Arc<str>| open.iter().find(|door| door.app == *app).map(Arc::clone);
    let door = |wanted: &mut SideDoor| {
        let door = match known(&wanted.app) {
            Some(door) => door,
            None => Arc::new(listen(&wanted.app, ports)?),
        };
        wanted.port = Some(door.port);
        Ok(door)
    };
    wanted.iter_mut().map(door).collect()
}

fn listen(app: &Arc<str>, ports: &PrivatePorts) -> Result<OpenSideDoor, SideDoorError> {
    let mut races = 0;
    loop {
        let port = ports.fresh().map_err(|why| SideDoorError::NoPort { app: Arc::clone(app), why })?;
        match listen_tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            Ok(listener) => return Ok(OpenSideDoor { app: Arc::clone(app), port, listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && races < LOST_RACES_MAX => races += 1,
            Err(why) => return Err(SideDoorError::Listen { app: Arc::clone(app), why }),
        }
    }
}

/// Lets in who comes by the side doors that are this worker's to watch, for ever.
pub(super) async fn keep(worker: &Rc<Worker>) {
    let door = Arc::clone(worker.door());
    let taker = Taker::of(worker);
    let mut changes = door.side_doors();
    let mut watches: Vec<Watch> = Vec::new();
    loop {
        let doors = SideDoors::clone(&changes.borrow_and_update());
        watches.retain(|watch| doors.iter().any(|door| Arc::ptr_eq(door, &watch.door)));
        for door in
            doors.iter().filter(|it| usize::from(it.port) % door.workers() == usize::from(worker.id().0))
        {
            if !watches.iter().any(|watch| Arc::ptr_eq(door, &watch.door)) {
                let task = spawn_local(watch(Arc::clone(door), taker.clone()));
                watches.push(Watch { door: Arc::clone(door), task });
            }
        }
        drop(doors);
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// A side door that is watched until this is dropped.
struct Watch {
    door: Arc<OpenSideDoor>,
    task: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(door: Arc<OpenSideDoor>, taker: Taker) {
    let say = |error: io::Error| {
        let message = format!("connections to its side door cannot be accepted for now: {error}");
        taker.worker().log().event(Level::Error, Some(&door.app), message);
    };
    loop {
        // It comes back only with what stands in the way: out of descriptors or of memory.
        if let Err(error) = let_in(&door, &taker).await {
            say(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn let_in(door: &OpenSideDoor, taker: &Taker) -> io::Result<()> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for types that do not own their descriptor; this one does"
    )]
    let knocker = AsyncFd::with_interest(Knocker::new(&door.listener)?, Interest::READABLE)?;
    loop {
        let mut knocked = knocker.readable().await?;
        match door.listener.accept() {
            Ok(accepted) => {
                taker.take(Arrived { accepted, port: door.port, speaker: Speaker::Sibling });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => knocked.clear_ready(),
            // accept(2): errors of the connection that was to be accepted; the next one may be fine.
            Err(error) if is_the_connections(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

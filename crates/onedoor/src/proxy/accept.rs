//! Taking connections: from the shared listeners and from busier workers, until the door closes.
//!
//! Every worker watches the same listeners through an epoll descriptor of its own. One that already holds a quarter
//! more connections than the least loaded worker hands the new one over: keep-alive makes an uneven start last.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::socket::{Accepted, ExclusiveWatch};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;

use super::door::{Arrived, Door, Load, Phase};
use super::downstream::http1;
use super::inbound::{Arrival, Scheme};
use super::listen::Doorway;
use super::stream::Stream;
use super::worker::Worker;
use crate::observe::log::Level;

/// How long accepting pauses when the process has no descriptor left: each accept would fail at once again.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections accepted before those that are served get their turn.
const IN_A_ROW: u32 = 64;

/// Connections over the limit that are told so; any more are just closed.
const TURNED_AWAY_MAX: usize = 64;

/// How long a client over the limit has to read why.
const TURNED_AWAY_FOR: Duration = Duration::from_secs(2);

const TURNED_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 22\r\nRetry-After: 1\r\nConnection: close\r\n\r\nToo many connections.\n";

/// Accepts and serves until the door is closed.
pub(super) async fn run(worker: &Rc<Worker>) -> io::Result<()> {
    let door = Arc::clone(worker.door());
    let mut phases = door.phase_changes();
    let mut taker =
        Taker { worker: Rc::clone(worker), connections: JoinSet::new(), turned_away: Rc::new(()) };
    let mut entrance = Entrance::open(&door)?;
    loop {
        tokio::select! {
            // Each arm may lose a race without losing an event: readiness, permits and phases stay set.
            ready = Entrance::ready(&mut entrance), if entrance.is_some() => {
                ready?;
                if taker.take_all(entrance.as_ref()).await == Queue::Closed {
                    entrance = None;
                }
            }
            () = door.load(worker.id()).handed() => taker.take_handed(),
            Some(ended) = taker.connections.join_next(), if !taker.connections.is_empty() => taker.joined(ended),
            changed = phases.changed() => {
                let phase = if changed.is_ok() { *phases.borrow_and_update() } else { Phase::Closed };
                if phase >= Phase::Closing {
                    // Whoever is in the queue has connected to an open door.
                    taker.take_all(entrance.as_ref()).await;
                    taker.take_handed();
                    entrance = None;
                }
                if phase == Phase::Closed {
                    return Ok(());
                }
            }
        }
    }
}

/// The listeners as one worker watches them.
struct Entrance {
    doorways: Arc<[Doorway]>,
    watch: AsyncFd<ExclusiveWatch>,
}

impl Entrance {
    fn open(door: &Door) -> io::Result<Option<Self>> {
        let Some(doorways) = door.doorways() else { return Ok(None) };
        let watch = ExclusiveWatch::new(doorways.iter().map(|doorway| &doorway.listener))?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for types that do not own their descriptor; this one does"
        )]
        let watch = AsyncFd::new(watch)?;
        Ok(Some(Self { doorways, watch }))
    }

    /// Waits until somebody knocks.
    async fn ready(entrance: &mut Option<Self>) -> io::Result<()> {
        match entrance {
            // Cleared first: what arrives while the queue is being emptied sets it again.
            Some(entrance) => {
                entrance.watch.readable().await?.clear_ready();
                Ok(())
            }
            None => std::future::pending().await,
        }
    }
}

/// Whether more can come from the listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queue {
    Empty,
    Closed,
}

struct Taker {
    worker: Rc<Worker>,
    connections: JoinSet<()>,
    /// Counts those being turned away, by its clones.
    turned_away: Rc<()>,
}

impl Taker {
    /// Empties the accept queue.
    async fn take_all(&mut self, entrance: Option<&Entrance>) -> Queue {
        let Some(entrance) = entrance else { return Queue::Closed };
        let mut pauses = 0_u32;
        let mut taken = 0_u32;
        for doorway in &*entrance.doorways {
            loop {
                match doorway.listener.accept() {
                    Ok(accepted) => {
                        if self.is_full() {
                            // Some of those counted may have left already: their tasks only have to see it.
                            tokio::task::yield_now().await;
                            tokio::task::yield_now().await;
                        }
                        self.take(Arrived { accepted, port: doorway.port });
                        taken = taken.wrapping_add(1);
                        if taken.is_multiple_of(IN_A_ROW) {
                            // Those who are in wait as well: a flood at the door must not starve them.
                            tokio::task::yield_now().await;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // accept(2): errors of the connection that was to be accepted; the next one may be fine.
                    Err(error) if is_the_connections(&error) => {}
                    // EMFILE and its like. Those who knock wait in the kernel's queue meanwhile.
                    Err(error) => {
                        if pauses == 0 {
                            let message =
                                format!("cannot accept connections for now, trying every {PAUSE:?}: {error}");
                            self.worker.log().event(Level::Error, None, message);
                        }
                        pauses = pauses.saturating_add(1);
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                if self.worker.door().phase() == Phase::Closed {
                    return Queue::Closed;
                }
            }
        }
        Queue::Empty
    }

    fn is_full(&self) -> bool {
        self.worker.door().connections() >= self.worker.config().limits.connections_max
    }

    fn take(&mut self, arrived: Arrived) {
        let worker = &self.worker;
        if self.is_full() {
            worker.counters().connections.turned_away.count();
            return self.turn_away(arrived);
        }
        worker.counters().connections.accepted.count();
        match worker.door().lighter_than(worker.id()) {
            Some(lighter) => lighter.hand_over(arrived),
            None => self.serve(arrived, Place::take(worker)),
        }
    }

    fn take_handed(&mut self) {
        while let Some(arrived) = self.worker.door().load(self.worker.id()).take_handed() {
            self.serve(arrived, Place::taken(&self.worker));
        }
    }

    fn serve(&mut self, arrived: Arrived, place: Place) {
        let port = arrived.port;
        let (stream, peer) = match into_stream(arrived) {
            Ok(parts) => parts,
            // The runtime could not watch it: out of descriptors or memory. The client sees a close.
            Err(error) => {
                return self.worker.log().event(
                    Level::Error,
                    None,
                    format!("a connection was dropped: {error}"),
                );
            }
        };
        let arrival = Arrival { peer, scheme: Scheme::Http, port };
        let worker = Rc::clone(&self.worker);
        self.connections.spawn_local(async move {
            http1::serve(worker, stream, arrival).await;
            drop(place);
        });
    }

    fn turn_away(&mut self, arrived: Arrived) {
        if Rc::strong_count(&self.turned_away) > TURNED_AWAY_MAX {
            return;
        }
        let Ok((mut stream, _)) = into_stream(arrived) else { return };
        let count = Rc::clone(&self.turned_away);
        self.connections.spawn_local(async move {
            let (mut reader, mut writer) = stream.split();
            let telling = async {
                writer.write_all(TURNED_AWAY).await?;
                writer.shutdown().await?;
                while reader.read(&mut [0; 1024]).await? > 0 {}
                Ok::<(), io::Error>(())
            };
            drop(tokio::time::timeout(TURNED_AWAY_FOR, telling).await);
            drop(count);
        });
    }

    /// A panic ends its connection and nothing else.
    fn joined(&self, ended: Result<(), tokio::task::JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            let message =
                format!("a connection was dropped because of a bug in onedoor, please report it: {error}");
            self.worker.log().event(Level::Error, None, message);
        }
    }
}

/// Counts a connection for as long as it is served.
struct Place {
    worker: Rc<Worker>,
}

impl Place {
    fn take(worker: &Rc<Worker>) -> Self {
        let load: &Load = worker.door().load(worker.id());
        load.connection_begins();
        Self::taken(worker)
    }

    /// For a connection that was counted when it was handed over.
    fn taken(worker: &Rc<Worker>) -> Self {
        Self { worker: Rc::clone(worker) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.worker.door().load(self.worker.id()).connection_ends();
    }
}

fn into_stream(arrived: Arrived) -> io::Result<(Stream, Option<std::net::SocketAddr>)> {
    match arrived.accepted {
        Accepted::Tcp(stream, peer) => Ok((Stream::Tcp(TcpStream::from_std(stream)?), Some(peer))),
        Accepted::Unix(stream) => Ok((Stream::Unix(UnixStream::from_std(stream)?), None)),
    }
}

fn is_the_connections(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::TimedOut
    )
}

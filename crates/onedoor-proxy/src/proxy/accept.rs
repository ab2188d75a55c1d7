//! Taking connections: from the shared listeners and from busier workers, until the door closes.
//!
//! Every worker watches the same listeners, and the kernel wakes one of those that sleep. One that already holds a quarter
//! more connections than the least loaded worker hands the new one over: keep-alive makes an uneven start last.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use onedoor_linux::socket::{Accepted, Knocker};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::spawn_local;

use super::config::ProxyProtocol;
use super::door::{Arrived, Door, Phase};
use super::doorstep::{self, Place};
use super::downstream::http1;
use super::inbound::{Arrival, Scheme, Speaker};
use super::listen::Doorway;
use super::stream::Stream;
use super::worker::Worker;
use crate::observe::log::Level;

/// How long accepting pauses when the process has no descriptor left: each accept would fail at once again.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Connections accepted before those that are served get their turn.
const IN_A_ROW: u32 = 64;

/// So many who stood in the queue one behind the other are a crowd: who comes next is taken without asking whether
/// there is one. One accept(2) that comes in vain, at its end, costs less than a question for each of them.
const ASKED_MAX: u32 = 4;

/// Siblings may have one connection more for so many that are allowed at all.
const SIBLINGS_SHARE: usize = 4;

/// Connections over the limit that are told so; any more are just closed.
const TURNED_AWAY_MAX: usize = 64;

/// How long a client over the limit has to read why.
const TURNED_AWAY_FOR: Duration = Duration::from_secs(2);

/// To whom there is no room for (docs/decisions/0026-too-many-connections-hear-503.md).
const FOR_ALL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 22\r\nRetry-After: 1\r\nConnection: close\r\n\r\nToo many connections.\n";

/// To a client that has its share: nobody else is in its way (RFC 6585 4).
const FOR_ONE: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 40\r\nRetry-After: 1\r\nConnection: close\r\n\r\nToo many connections from your address.\n";

/// Accepts and serves until the door is closed.
pub(super) async fn run(worker: &Rc<Worker>) -> io::Result<()> {
    let door = Arc::clone(worker.door());
    let mut phases = door.phase_changes();
    let taker = Taker::of(worker);
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
    /// One for each doorway, in their order.
    posts: Vec<Post>,
}

/// One listener as one worker watches it.
struct Post {
    knocker: AsyncFd<Knocker>,
    /// The kernel has said that somebody waits, and nobody has looked yet.
    knocked: Cell<bool>,
}

impl Entrance {
    fn open(door: &Door) -> io::Result<Option<Self>> {
        let Some(doorways) = door.doorways() else { return Ok(None) };
        let posts = doorways.iter().map(Post::before).collect::<io::Result<_>>()?;
        Ok(Some(Self { doorways, posts }))
    }

    /// Waits until somebody knocks.
    async fn ready(entrance: &mut Option<Self>) -> io::Result<()> {
        match entrance {
            Some(entrance) => {
                poll_fn(|cx| {
                    let mut found = Poll::Pending;
                    for post in &entrance.posts {
                        if let Poll::Ready(guard) = post.knocker.poll_read_ready(cx) {
                            // Cleared first: what arrives while the queue is being emptied sets it again.
                            guard?.clear_ready();
                            post.knocked.set(true);
                            found = Poll::Ready(Ok(()));
                        }
                    }
                    found
                })
                .await
            }
            None => std::future::pending().await,
        }
    }
}

impl Post {
    fn before(doorway: &Doorway) -> io::Result<Self> {
        let knocker = Knocker::new(&doorway.listener)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for types that do not own their descriptor; this one does"
        )]
        let knocker = AsyncFd::with_interest(knocker, Interest::READABLE)?;
        // Where it cannot be had, a connection wakes more workers than it needs, and that is all.
        knocker.get_ref().make_exclusive().ok();
        Ok(Self { knocker, knocked: Cell::new(false) })
    }

    /// Whether an accept(2) will probably not come in vain, which costs ten times the question.
    fn is_knocked(&self) -> bool {
        // The runtime was told a moment ago; the kernel need not be asked again.
        self.knocked.take() || self.knocker.get_ref().is_knocked()
    }
}

/// Whether more can come from the listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queue {
    Empty,
    Closed,
}

/// Gives each connection a task of its own. The tasks belong to the worker's runtime and end with it; nobody waits for
/// them one by one, so that the end of a connection wakes nobody.
#[derive(Clone)]
pub(super) struct Taker {
    worker: Rc<Worker>,
    turnstile: Turnstile,
}

impl Taker {
    pub(super) fn of(worker: &Rc<Worker>) -> Self {
        Self { worker: Rc::clone(worker), turnstile: Turnstile::default() }
    }

    pub(super) fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Empties the accept queue.
    async fn take_all(&self, entrance: Option<&Entrance>) -> Queue {
        let Some(entrance) = entrance else { return Queue::Closed };
        let mut pauses = 0_u32;
        let mut taken = 0_u32;
        for (doorway, post) in entrance.doorways.iter().zip(&entrance.posts) {
            let mut in_turn = 0_u32;
            while in_turn >= ASKED_MAX || post.is_knocked() {
                in_turn += 1;
                match doorway.listener.accept() {
                    Ok(accepted) => {
                        if self.is_full(Speaker::Peer) {
                            // Some of those counted may have left already: their tasks only have to see it.
                            tokio::task::yield_now().await;
                            tokio::task::yield_now().await;
                        }
                        self.take(Arrived { accepted, port: doorway.port, speaker: Speaker::Peer });
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

    /// A crowd at the front must not keep apps from each other, or none of its requests would ever be done.
    fn is_full(&self, speaker: Speaker) -> bool {
        let max = self.worker.newest().config().limits.connections_max;
        let max = match speaker {
            Speaker::Peer | Speaker::Somebody => max,
            Speaker::Sibling => max.saturating_add(max / SIBLINGS_SHARE),
        };
        self.worker.door().connections() >= max
    }

    pub(super) fn take(&self, arrived: Arrived) {
        let worker = &self.worker;
        if self.is_full(arrived.speaker) {
            worker.counters().connections.turned_away.count();
            return self.turn_away(arrived);
        }
        worker.counters().connections.accepted.count();
        match worker.door().lighter_than(worker.id()) {
            Some(lighter) => lighter.hand_over(arrived),
            None => self.serve(arrived, Place::take(&worker.newest())),
        }
    }

    fn take_handed(&self) {
        while let Some(arrived) = self.worker.door().load(self.worker.id()).take_handed() {
            self.serve(arrived, Place::taken(&self.worker.newest()));
        }
    }

    fn serve(&self, arrived: Arrived, mut place: Place) {
        let (port, speaker) = (arrived.port, arrived.speaker);
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
        let arrival = Arrival { peer, scheme: Scheme::Http, port, speaker };
        if arrival.speaker == Speaker::Sibling {
            // No load balancer is in front of it, and siblings are no client that has a share.
            spawn_local(http1::serve(place, stream, arrival));
        } else if self.worker.config().proxy_protocol == ProxyProtocol::Required {
            spawn_local(serve_announced(stream, arrival, place, self.turnstile.clone()));
        } else if place.admit(arrival.peer).is_err() {
            self.turnstile.turn_away(stream, FOR_ONE);
        } else {
            spawn_local(http1::serve(place, stream, arrival));
        }
    }

    fn turn_away(&self, arrived: Arrived) {
        if let Ok((stream, _)) = into_stream(arrived) {
            self.turnstile.turn_away(stream, FOR_ALL);
        }
    }
}

/// Serves a connection once its load balancer has said whose it is.
async fn serve_announced(stream: Stream, mut arrival: Arrival, mut place: Place, turnstile: Turnstile) {
    let balancer = arrival.peer;
    if let Err(why) = doorstep::announced(place.worker(), &stream, &mut arrival).await {
        doorstep::tell(place.worker(), balancer, &why);
    } else if place.admit(arrival.peer).is_err() {
        turnstile.turn_away(stream, FOR_ONE);
    } else {
        http1::serve(place, stream, arrival).await;
    }
}

/// Tells those who are too many that they are.
#[derive(Clone, Default)]
struct Turnstile {
    /// How many are being told.
    told: Rc<Cell<usize>>,
}

impl Turnstile {
    /// Answers, without waiting for a request, and closes; past a few of these at once it only closes.
    fn turn_away(&self, mut stream: Stream, answer: &'static [u8]) {
        if self.told.get() >= TURNED_AWAY_MAX {
            return;
        }
        let told = Rc::clone(&self.told);
        told.set(told.get() + 1);
        spawn_local(async move {
            let (mut reader, mut writer) = stream.split();
            let telling = async {
                writer.write_all(answer).await?;
                writer.shutdown().await?;
                while reader.read(&mut [0; 1024]).await? > 0 {}
                Ok::<(), io::Error>(())
            };
            drop(tokio::time::timeout(TURNED_AWAY_FOR, telling).await);
            told.set(told.get() - 1);
        });
    }
}

fn into_stream(arrived: Arrived) -> io::Result<(Stream, Option<std::net::SocketAddr>)> {
    match arrived.accepted {
        Accepted::Tcp(stream, peer) => Ok((Stream::Tcp(TcpStream::from_std(stream)?), Some(peer))),
        Accepted::Unix(stream) => Ok((Stream::Unix(UnixStream::from_std(stream)?), None)),
    }
}

pub(super) fn is_the_connections(error: &io::Error) -> bool {
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

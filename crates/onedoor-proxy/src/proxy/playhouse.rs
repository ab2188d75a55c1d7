//! A whole exchange without a network: the real driver between a client and an upstream that are given every byte they
//! say. For the fuzzer, and for the tests that keep its seeds.
//!
//! ```text
//!   client's pieces ─▶ socket pair ─▶ downstream ─▶ … ─▶ Unix socket ─▶ upstream, a piece per thing it hears
//! ```
//!
//! No clock and no thread decides anything: both ends are moved in turn until nobody has anything left to say; then
//! the client ends its side. Deadlines are not kept, so only the driver's own sense ends an exchange.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::task::yield_now;

use super::config::Config;
use super::door::Door;
use super::doorstep::Place;
use super::downstream::http1;
use super::inbound::{Arrival, Scheme, Speaker};
use super::stream::Stream;
use super::upstream::tls::Connectors;
use super::worker::Worker;
use crate::observe::log::Log;
use crate::registry::{Registry, WorkerId};

/// Nobody has moved for so many turns: nobody will.
const STILL: u32 = 32;

/// An exchange that is not at rest after so many turns never will be.
const TURNS_MAX: u32 = 100_000;

/// A worker with its door, and an upstream's address.
pub struct Stage {
    runtime: LocalRuntime,
    worker: Rc<Worker>,
    listener: UnixListener,
    address: PathBuf,
}

/// What each side heard.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    pub client: Vec<u8>,
    /// One per connection.
    pub upstream: Vec<Vec<u8>>,
}

impl Stage {
    /// `config` proxies to the Unix socket `address`, which is made here.
    pub fn new(config: Config, address: &Path) -> Self {
        drop(std::fs::remove_file(address));
        let listener = UnixListener::bind(address).expect("the upstream's socket can be made");
        listener.set_nonblocking(true).expect("a socket can be nonblocking");
        let connectors = Connectors::new(&config.upstreams).expect("no certificate is asked for");
        let (registry, _) = Registry::new(&[], 1);
        let door = Door::new(config, Vec::new(), registry, Log::to_nowhere(), connectors);
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Every turn looks at the sockets, or the turns would not count.
            .event_interval(1)
            .build_local(LocalOptions::default())
            .expect("a runtime");
        let worker = Worker::new(Arc::new(door), WorkerId(0));
        Self { runtime, worker, listener, address: address.to_owned() }
    }

    /// Plays one connection from its first byte to its last.
    pub fn play(&self, client: &[&[u8]], upstream: &[&[u8]]) -> Heard {
        self.runtime.block_on(async {
            let (ours, theirs) = UnixStream::pair().expect("a socket pair");
            for end in [&ours, &theirs] {
                end.set_nonblocking(true).expect("a socket can be nonblocking");
            }
            let stream = tokio::net::UnixStream::from_std(theirs).expect("within a runtime");
            let arrival = Arrival { peer: None, scheme: Scheme::Http, port: 80, speaker: Speaker::Peer };
            let driver = http1::serve(Place::take(&self.worker), Stream::Unix(stream), arrival);
            let driver = tokio::task::spawn_local(driver);
            let mut play = Play {
                stage: self,
                client: ours,
                pieces: upstream,
                peers: Vec::new(),
                heard: Heard::default(),
            };
            for piece in client {
                // A driver that has refused reads no more; what it does not take is lost, as on any wire.
                drop(play.client.write(piece));
                play.until_still().await;
            }
            drop(play.client.shutdown(std::net::Shutdown::Write));
            play.until_still().await;
            if !driver.is_finished() {
                // A driver may give a silent upstream its time (RFC 9110 10.1.1: who waits for a 100); nobody has it here.
                play.peers.clear();
                play.until_still().await;
            }
            assert!(driver.is_finished(), "the driver goes on with neither side saying anything");
            if let Err(error) = driver.await {
                std::panic::resume_unwind(error.into_panic());
            }
            play.heard
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.address));
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("address", &self.address).finish_non_exhaustive()
    }
}

/// One connection's two ends.
struct Play<'p> {
    stage: &'p Stage,
    client: UnixStream,
    /// What the upstream has still to say.
    pieces: &'p [&'p [u8]],
    peers: Vec<Option<UnixStream>>,
    heard: Heard,
}

impl Play<'_> {
    async fn until_still(&mut self) {
        let (mut still, mut turns) = (0, 0);
        while still < STILL {
            yield_now().await;
            still = if self.turn() { 0 } else { still + 1 };
            turns += 1;
            assert!(turns < TURNS_MAX, "the exchange does not come to rest");
        }
    }

    /// Moves both ends as far as they go; says whether anything happened.
    fn turn(&mut self) -> bool {
        let mut moved = hear(&mut self.client, &mut self.heard.client) == Some(Moved::Heard);
        if let Ok((peer, _)) = self.stage.listener.accept() {
            peer.set_nonblocking(true).expect("a socket can be nonblocking");
            self.peers.push(Some(peer));
            self.heard.upstream.push(Vec::new());
            moved = true;
        }
        for (peer, heard) in self.peers.iter_mut().zip(&mut self.heard.upstream) {
            let Some(open) = peer else { continue };
            match hear(open, heard) {
                None => {}
                Some(Moved::Ended) => {
                    *peer = None;
                    moved = true;
                }
                Some(Moved::Heard) => {
                    moved = true;
                    match self.pieces {
                        [piece, rest @ ..] => {
                            self.pieces = rest;
                            drop(open.write(piece));
                        }
                        // It has no more to say.
                        [] => *peer = None,
                    }
                }
            }
        }
        moved
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    Heard,
    Ended,
}

/// Reads what is there.
fn hear(from: &mut UnixStream, into: &mut Vec<u8>) -> Option<Moved> {
    let mut piece = [0; 16 * 1024];
    match from.read(&mut piece) {
        Ok(0) => Some(Moved::Ended),
        Ok(read) => {
            into.extend_from_slice(&piece[..read]);
            Some(Moved::Heard)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(_) => Some(Moved::Ended),
    }
}

//! Before a connection is served: its place among all, its client's share of them, and, where there must be one, what the
//! load balancer says about it (PROXY protocol, docs/decisions/0034-whose-word-is-taken.md).
//!
//! Nothing is answered here to a peer that has not shown who it is: such a connection is closed, and the log says why.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use onedoor_http1::{PROXY_HEADER_MAX, ProxyHeader, ProxyHeaderError, ProxyOrigin};

use super::clients::{Client, TooMany};
use super::door::Load;
use super::inbound::{Arrival, Speaker};
use super::policy::chain::{canonical_ip, is_trusted};
use super::stream::Stream;
use super::worker::Worker;
use crate::observe::log::Level;

/// Counts a connection for as long as it is served, and tells if a panic ended it.
#[derive(Debug)]
pub(super) struct Place {
    worker: Rc<Worker>,
    /// Counted as one of this client's, too. Boxed: few doors limit that, and every parked connection carries it.
    client: Option<Box<Client>>,
}

/// Why a connection is not whose it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unannounced {
    #[error("its peer is not one of trusted_proxies, which alone may say whose it is")]
    Stranger,
    #[error(transparent)]
    Header(#[from] ProxyHeaderError),
    #[error("its PROXY header did not come in time")]
    Late,
    #[error("it ended within its PROXY header")]
    Cut,
    /// Not one byte came: a look at whether the port is open.
    #[error("it ended without a byte")]
    Silent,
}

impl Place {
    pub(super) fn take(worker: &Rc<Worker>) -> Self {
        let load: &Load = worker.door().load(worker.id());
        load.connection_begins();
        Self::taken(worker)
    }

    /// For a connection that was counted when it was handed over.
    pub(super) fn taken(worker: &Rc<Worker>) -> Self {
        Self { worker: Rc::clone(worker), client: None }
    }

    /// What the connection meets next belongs to the newest edition.
    pub(super) fn keep_up(&mut self) {
        if self.worker.is_outdated() {
            self.worker = self.worker.newest();
        }
    }

    pub(super) fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    /// Counts the connection as one of its client's, if there is a limit to that. A trusted proxy has many clients, and is
    /// none; whoever comes by a Unix socket has no address.
    pub(super) fn admit(&mut self, peer: Option<SocketAddr>) -> Result<(), TooMany> {
        let Some(clients) = self.worker.door().clients() else { return Ok(()) };
        let is_client = |ip: &IpAddr| !is_trusted(*ip, &self.worker.config().trusted_peers);
        if let Some(ip) = peer.map(canonical_ip).filter(is_client) {
            self.client = Some(Box::new(clients.enter(ip)?));
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let door = self.worker.door();
        if std::thread::panicking() {
            // It ends its connection and nothing else; what it was, it has said on stderr itself.
            let message = "a connection was dropped because of a bug in onedoor, please report it";
            self.worker.log().event(Level::Error, None, message);
        }
        if let (Some(client), Some(clients)) = (self.client.take(), door.clients()) {
            clients.leave(*client);
        }
        self.worker.connection_left();
    }
}

/// Reads what the load balancer says, and no byte more. Whoever is named takes the peer's place.
pub(super) async fn announced(
    worker: &Worker,
    stream: &Stream,
    arrival: &mut Arrival,
) -> Result<(), Unannounced> {
    let config = worker.config();
    if arrival.peer.is_some_and(|peer| !is_trusted(canonical_ip(peer), &config.trusted_peers)) {
        return Err(Unannounced::Stranger);
    }
    let deadline = worker.deadline();
    match deadline.within(config.timeouts.header, read_header(stream)).await {
        Err(_) => Err(Unannounced::Late),
        Ok(Err(error)) => Err(error),
        Ok(Ok(ProxyOrigin::Client { source, destination })) => {
            arrival.peer = Some(source);
            arrival.port = destination.port();
            Ok(())
        }
        Ok(Ok(ProxyOrigin::Unsaid)) => {
            arrival.speaker = Speaker::Somebody;
            Ok(())
        }
    }
}

/// Looks at what is there before taking it: only what is surely the header's is taken, the rest is the first request's.
async fn read_header(stream: &Stream) -> Result<ProxyOrigin, Unannounced> {
    let mut bytes = vec![0; PROXY_HEADER_MAX];
    let mut taken = 0;
    loop {
        poll_fn(|cx| stream.poll_readable(cx)).await.map_err(|_| Unannounced::Cut)?;
        let seen = match stream.peek(&mut bytes[taken..]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Ok(0) if taken == 0 => return Err(Unannounced::Silent),
            Ok(0) | Err(_) => return Err(Unannounced::Cut),
            Ok(seen) => taken + seen,
        };
        let (ours, origin) = match ProxyHeader::parse(&bytes[..seen])? {
            ProxyHeader::Partial => (seen, None),
            ProxyHeader::Complete { header_bytes, origin } => (header_bytes, Some(origin)),
        };
        while taken < ours {
            match stream.try_read(&mut bytes[taken..ours]) {
                Ok(read @ 1..) => taken += read,
                // What was seen is there until it is read.
                Ok(0) | Err(_) => return Err(Unannounced::Cut),
            }
        }
        if let Some(origin) = origin {
            return Ok(origin);
        }
    }
}

/// Says why a connection was closed: aloud where it is likely a mistake in a setting, at most once a second for each worker.
pub(super) fn tell(worker: &Worker, peer: Option<SocketAddr>, why: &Unannounced) {
    let level = match why {
        Unannounced::Silent => Level::Debug,
        Unannounced::Stranger | Unannounced::Header(_) | Unannounced::Late | Unannounced::Cut => Level::Info,
    };
    if level == Level::Info && !worker.may_tell() {
        return;
    }
    let from =
        peer.map_or_else(|| "over a Unix socket".to_owned(), |peer| format!("from {}", canonical_ip(peer)));
    worker.log().event(
        level,
        None,
        format_args!("a connection {from} was closed: {why} (proxy_protocol is on)"),
    );
}

//! Step "ready" of the life of an app: does it take requests, and where?
//!
//! ```text
//!   worker ── its sign: a line, READY=1, a command ───────────────────────▶ Runs
//!   [its sign, first] then
//!   told socket ── connects ─────────────────────────────────────────┐
//!   told port ──── connects, not to itself, and it is the app's own ─┼─▶ [GET path: 200..=399, a command: 0] ─▶ Answers
//!   else: where does the app's family listen (/proc)? seen twice ────┘
//! ```
//!
//! It looks and reports; what a look means for the app's life is decided in `life.rs`.

mod http;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::proc::{ListeningAt, ListeningSocket};
use onedoor_linux::socket::has_waiting;
use onedoor_linux::spawn::Listener;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::command_question::Asker;
use super::kin::{Belongs, Kin};
use super::line_pattern::LinePattern;
use super::signs::{Announced, Signs};
use super::spawn::Told;
use super::spec::{Command, Readiness};
use crate::registry::EndpointAddr;

/// The pause after the first look; each later one is half as long again, up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

const PAUSE_MAX: Duration = Duration::from_millis(250);

const IDLE_PAUSE: Duration = Duration::from_secs(2);

/// A command costs a process, so the first pause is longer.
const FIRST_COMMAND_PAUSE: Duration = Duration::from_millis(100);

/// A connection on the same host is made or refused at once, unless the backlog is full.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long another port must have been there to be believed, programs opening ports for a moment; and the pause
/// after the first search of /proc. A search is dear, so each later pause is half as long again.
const SEARCH_PAUSE: Duration = Duration::from_millis(200);

const SEARCH_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Debuggers and the like: V8's inspector, debugpy, the JVM's, Erlang's name server. Never where requests go.
const SIDE_DOORS: &[u16] = &[9229, 5678, 5005, 4369];

/// Looks again and again, remembering what it saw.
#[derive(Debug)]
pub(super) struct Prober {
    kin: Kin,
    told: Told,
    readiness: Readiness,
    signs: Signs,
    asker: Asker,
    pause: Duration,
    searched: Option<Instant>,
    /// The pause before the next search.
    search_pause: Duration,
    /// Another address that the last search found.
    stray: Option<SocketAddr>,
    /// A Unix socket that the last search found; only ever told, since it may be meant for something else.
    stray_socket: Option<PathBuf>,
}

/// What one look saw.
#[derive(Debug)]
pub(super) enum Sight {
    Answers(Found),
    /// A worker that is ready: there is no place to find.
    Runs,
    Silent(Why),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: EndpointAddr,
    pub(super) place: FoundPlace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundPlace {
    AsTold,
    /// The app listens on another port than it was told.
    Elsewhere {
        port: u16,
    },
}

/// Why the app does not count as ready; the last one is told when its time is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    NobodyListens,
    /// It was handed a socket, and what waits there is not accepted.
    NotTaken,
    /// On a Unix socket that it was not told, and nowhere else.
    OtherSocket {
        path: PathBuf,
    },
    Stranger {
        port: u16,
    },
    Status {
        status: u16,
        path: String,
    },
    BadAnswer {
        path: String,
        error: String,
    },
    NoSuchLine {
        pattern: LinePattern,
    },
    NotNotified,
    /// It said so itself.
    Stopping,
    Command {
        command: String,
        error: String,
    },
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyListens => f.write_str("it listens nowhere"),
            Self::NotTaken => f.write_str(
                "it accepts nothing on the socket it was handed (LISTEN_FDS=1: descriptor 3); does its command say so (--fd 3), or can it not be activated?",
            ),
            Self::OtherSocket { path } => {
                write!(
                    f,
                    "it listens on {}; it should on $PORT, or on $SOCKET (socket = true)",
                    path.display()
                )
            }
            Self::Stranger { port } => write!(f, "port {port} belongs to another program; choose another"),
            Self::Status { status, path } => write!(f, "GET {path} answers {status}"),
            Self::BadAnswer { path, error } => write!(f, "GET {path}: {error}"),
            Self::NoSuchLine { pattern } => write!(f, "no line of its log matches `{pattern}`"),
            Self::NotNotified => f.write_str("it sends no READY=1 to its NOTIFY_SOCKET"),
            Self::Stopping => f.write_str("it says that it is stopping"),
            Self::Command { command, error } => write!(f, "`{command}`: {error}"),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, &self.socket) {
            (Some(port), _) => write!(f, "{port}"),
            (None, Some(socket)) => write!(f, "{}", socket.display()),
            (None, None) => f.write_str("nothing"),
        }
    }
}

impl Prober {
    pub(super) fn new(kin: Kin, told: Told, readiness: Readiness, signs: Signs, asker: Asker) -> Self {
        Self {
            kin,
            told,
            readiness,
            signs,
            asker,
            pause: FIRST_PAUSE,
            searched: None,
            search_pause: SEARCH_PAUSE,
            stray: None,
            stray_socket: None,
        }
    }

    /// A look at `not_before` or now. Owns the prober, so that it can be dropped at any time.
    pub(super) async fn look_from(self, not_before: Instant) -> (Self, Sight) {
        tokio::time::sleep_until(not_before.into()).await;
        self.look().await
    }

    /// The next look, after the pause that is due. A sign that is awaited is seen at once, and nothing else is worth
    /// a look before.
    pub(super) fn look_again(mut self) -> impl Future<Output = (Self, Sight)> + Send + 'static {
        let given = self.signs.allow(&self.readiness);
        let pause = if given { self.next_pause() } else { Duration::ZERO };
        let at = Instant::now() + pause;
        async move {
            self.signs.allowed(&self.readiness).await;
            self.look_from(at).await
        }
    }

    /// A connect goes unnoticed; a GET costs the app work and a line in its log, so the operator says how often.
    fn next_pause(&mut self) -> Duration {
        let (shortest, longest) = match &self.readiness {
            Readiness::Accept | Readiness::Log { .. } | Readiness::Notify => (FIRST_PAUSE, PAUSE_MAX),
            Readiness::Http { every, .. } => (FIRST_PAUSE, *every),
            Readiness::Exec { every, .. } => (FIRST_COMMAND_PAUSE, *every),
        };
        let pause = self.pause.max(shortest).min(longest);
        self.pause = pause * 3 / 2;
        pause
    }

    /// A look now and then at an app that was found elsewhere: the port it opened first may have been a side door.
    pub(super) fn look_idly(self) -> impl Future<Output = (Self, Sight)> + Send + 'static {
        self.look_from(Instant::now() + IDLE_PAUSE)
    }

    async fn look(mut self) -> (Self, Sight) {
        let sight = self.sees().await.unwrap_or_else(Sight::Silent);
        (self, sight)
    }

    async fn sees(&mut self) -> Result<Sight, Why> {
        self.sign()?;
        if self.told.is_nowhere() {
            self.ask(None).await?;
            return Ok(Sight::Runs);
        }
        let found = self.find().await?;
        self.ask(Some(&found)).await?;
        Ok(Sight::Answers(found))
    }

    /// What the app says of itself comes before what is seen of it.
    fn sign(&self) -> Result<(), Why> {
        if self.signs.state().announced == Announced::Stopping {
            return Err(Why::Stopping);
        }
        match &self.readiness {
            _ if self.signs.allow(&self.readiness) => Ok(()),
            Readiness::Log { pattern } => Err(Why::NoSuchLine { pattern: pattern.clone() }),
            Readiness::Notify => Err(Why::NotNotified),
            Readiness::Accept | Readiness::Http { .. } | Readiness::Exec { .. } => Ok(()),
        }
    }

    async fn ask(&self, found: Option<&Found>) -> Result<(), Why> {
        match (&self.readiness, found) {
            (Readiness::Accept | Readiness::Log { .. } | Readiness::Notify, _)
            | (Readiness::Http { .. }, None) => Ok(()),
            (Readiness::Http { path, status, timeout, every: _ }, Some(found)) => {
                ask_http(&found.at, path, *status, *timeout).await
            }
            (Readiness::Exec { command, timeout, every: _ }, _) => {
                ask_command(&self.asker, command, *timeout).await
            }
        }
    }

    async fn find(&mut self) -> Result<Found, Why> {
        if let (Some(path), Some(Listener(handed))) = (&self.told.socket, &self.told.handed) {
            takes(path, handed).await?;
            return Ok(Found { at: EndpointAddr::Unix(Arc::clone(path)), place: FoundPlace::AsTold });
        }
        if let Some(path) = &self.told.socket
            && connects_unix(path).await
        {
            return Ok(Found { at: EndpointAddr::Unix(Arc::clone(path)), place: FoundPlace::AsTold });
        }
        let why = match self.told.port {
            Some(port) => match self.at_port(port).await {
                Ok(at) => return Ok(Found { at: EndpointAddr::Tcp(at), place: FoundPlace::AsTold }),
                Err(why) => why,
            },
            None => Why::NobodyListens,
        };
        self.elsewhere().await.ok_or_else(|| match (why, &self.stray_socket) {
            (Why::NobodyListens, Some(path)) => Why::OtherSocket { path: path.clone() },
            (why, _) => why,
        })
    }

    async fn at_port(&self, port: u16) -> Result<SocketAddr, Why> {
        let Some(at) = loopback(port).await else { return Err(Why::NobodyListens) };
        match self.kin.listens_on(port) {
            Belongs::Yes | Belongs::Unknown => Ok(at),
            Belongs::No => Err(Why::Stranger { port }),
        }
    }

    /// Searches the family's own listeners: the told port on an address that is not the loopback's, or another port.
    async fn elsewhere(&mut self) -> Option<Found> {
        let now = Instant::now();
        if self.searched.is_some_and(|at| now.duration_since(at) < self.search_pause) {
            return None;
        }
        let listeners = self.kin.listeners();
        let best = self.best_of(&listeners);
        let seen_before = self.stray == best;
        self.search_pause = match (best, self.searched) {
            (Some(_), _) | (None, None) => SEARCH_PAUSE,
            (None, Some(_)) => (self.search_pause * 3 / 2).min(SEARCH_PAUSE_MAX),
        };
        self.searched = Some(now);
        self.stray = best;
        self.stray_socket = listeners.into_iter().find_map(|socket| match socket.at {
            ListeningAt::Unix(path) => Some(path),
            ListeningAt::Tcp(_) | ListeningAt::Abstract(_) => None,
        });
        let at = connectable(best.filter(|_| seen_before)?).await?;
        let place = if Some(at.port()) == self.told.port {
            FoundPlace::AsTold
        } else {
            FoundPlace::Elsewhere { port: at.port() }
        };
        Some(Found { at: EndpointAddr::Tcp(at), place })
    }

    /// The told port first, then the leader's own listeners, then the lowest port.
    fn best_of(&self, listeners: &[ListeningSocket]) -> Option<SocketAddr> {
        let candidates = listeners.iter().filter_map(|socket| match &socket.at {
            ListeningAt::Tcp(at) if !SIDE_DOORS.contains(&at.port()) => Some((socket.pid, *at)),
            ListeningAt::Tcp(_) | ListeningAt::Unix(_) | ListeningAt::Abstract(_) => None,
        });
        let rank = |(pid, at): &(_, SocketAddr)| {
            (Some(at.port()) != self.told.port, *pid != self.kin.leader, at.port())
        };
        candidates.min_by_key(rank).map(|(_, at)| at)
    }
}

/// One GET, within `limit`.
pub(super) async fn ask_http(
    at: &EndpointAddr,
    path: &str,
    wanted: Option<u16>,
    limit: Duration,
) -> Result<(), Why> {
    let error = match timeout(limit, http::status(at, path)).await {
        Ok(Ok(status)) if http::is_ready(status, wanted) => return Ok(()),
        Ok(Ok(status)) => return Err(Why::Status { status, path: path.to_owned() }),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {limit:?}"),
    };
    Err(Why::BadAnswer { path: path.to_owned(), error })
}

/// One connection, within `limit`.
pub(super) async fn ask_connection(at: &EndpointAddr, limit: Duration) -> Result<(), Why> {
    let accepts = match at {
        EndpointAddr::Tcp(at) => timeout(limit, connects(*at)).await,
        EndpointAddr::Unix(path) => timeout(limit, connects_unix(path)).await,
    };
    if accepts.unwrap_or(false) { Ok(()) } else { Err(Why::NobodyListens) }
}

/// One command, within `limit`.
pub(super) async fn ask_command(asker: &Asker, command: &Command, limit: Duration) -> Result<(), Why> {
    let answer = asker.ask(command, limit).await;
    answer.map_err(|error| Why::Command { command: command.to_string(), error })
}

/// An address that takes connections for a listener at `at`, which may listen on all of them.
async fn connectable(at: SocketAddr) -> Option<SocketAddr> {
    if at.ip().is_unspecified() { loopback(at.port()).await } else { connects(at).await.then_some(at) }
}

/// IPv4 first: it is what HOST says.
async fn loopback(port: u16) -> Option<SocketAddr> {
    for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let at = SocketAddr::new(ip, port);
        if connects(at).await {
            return Some(at);
        }
    }
    None
}

async fn connects(at: SocketAddr) -> bool {
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(at)).await {
        Ok(Ok(stream)) => !is_connected_to_itself(&stream),
        Ok(Err(_)) | Err(_) => false,
    }
}

/// A connect to a port of the ephemeral range may be given that very port as its own: TCP's simultaneous open
/// (RFC 9293 section 3.5) then connects the socket to itself, and nobody listens.
fn is_connected_to_itself(stream: &TcpStream) -> bool {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => local == peer,
        (Err(_), _) | (_, Err(_)) => true,
    }
}

/// Whoever connects to a socket that we listen on ourselves is let in by the kernel; that the app takes it is known by
/// the queue, which is empty then.
async fn takes(path: &Arc<PathBuf>, handed: &OwnedFd) -> Result<(), Why> {
    // One that waits already tells as much as another one would.
    if has_waiting(handed).unwrap_or(false) || !connects_unix(path).await {
        return Err(Why::NotTaken);
    }
    let taken = async {
        while has_waiting(handed).unwrap_or(false) {
            tokio::time::sleep(FIRST_PAUSE).await;
        }
    };
    timeout(CONNECT_TIMEOUT, taken).await.map_err(|_| Why::NotTaken)
}

/// EAGAIN says that its backlog is full, so somebody does listen (unix(7)).
async fn connects_unix(path: &Arc<PathBuf>) -> bool {
    match timeout(CONNECT_TIMEOUT, UnixStream::connect(&**path)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == io::ErrorKind::WouldBlock,
        Err(_) => false,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! A fresh connection to an endpoint of ours or to an external upstream.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, sleep, timeout_at};

use super::names::Names;
use super::tls::Connectors;
use crate::proxy::config::{Origin, UpstreamSpec};
use crate::proxy::route::UpstreamId;
use crate::proxy::stream::Stream;
use crate::registry::EndpointAddr;

/// Why there is no connection. Nothing of the request was sent.
#[derive(Debug)]
pub(in crate::proxy) enum ConnectError {
    Refused(io::Error),
    TimedOut(Duration),
    Unresolved(String),
    Tls(io::Error),
}

impl ConnectError {
    pub(in crate::proxy) fn why(&self) -> String {
        match self {
            Self::Refused(error) | Self::Tls(error) => error.to_string(),
            Self::TimedOut(after) => format!("no connection within {after:?}"),
            Self::Unresolved(why) => why.clone(),
        }
    }
}

/// How long a SYN to a process of ours may stay unanswered. On this host that means one thing: the app's backlog was
/// full and the kernel dropped it (listen(2)). It would try again after 1, 3 and 7 seconds; a new SYN need not wait.
const SYN_PATIENCE: Duration = Duration::from_millis(200);

/// Connects to a process of ours.
pub(in crate::proxy) async fn to_endpoint(
    addr: &EndpointAddr,
    limit: Duration,
) -> Result<Stream, ConnectError> {
    let deadline = Instant::now() + limit;
    match addr {
        EndpointAddr::Tcp(address) => to_backlog(*address, deadline, limit).await.map(Stream::Tcp),
        EndpointAddr::Unix(path) => to_path(path, deadline, limit).await.map(Stream::Unix),
    }
}

/// Connects to an external upstream: resolves its name, connects to one address after the other, shakes hands.
pub(in crate::proxy) async fn to_upstream(
    id: UpstreamId,
    spec: &UpstreamSpec,
    names: &Names,
    connectors: &Connectors,
    limit: Duration,
) -> Result<Stream, ConnectError> {
    let deadline = Instant::now() + limit;
    match &spec.origin {
        Origin::Unix { path } => to_path(path, deadline, limit).await.map(Stream::Unix),
        Origin::Http { host, port } => to_host(host, *port, names, deadline, limit).await.map(Stream::Tcp),
        Origin::Https { host, port, .. } => {
            let tcp = to_host(host, *port, names, deadline, limit).await?;
            match timeout_at(deadline, connectors.handshake(id, tcp)).await {
                Err(_) => {
                    let why = format!("no answer to the handshake within {limit:?}");
                    Err(ConnectError::Tls(io::Error::new(io::ErrorKind::TimedOut, why)))
                }
                Ok(Err(error)) => Err(ConnectError::Tls(error)),
                Ok(Ok(stream)) => Ok(Stream::Tls(Box::new(stream))),
            }
        }
    }
}

async fn to_host(
    host: &str,
    port: u16,
    names: &Names,
    deadline: Instant,
    limit: Duration,
) -> Result<TcpStream, ConnectError> {
    let addresses = match timeout_at(deadline, names.resolve(host)).await {
        Err(_) => return Err(ConnectError::Unresolved(format!("no answer within {limit:?}"))),
        Ok(Err(why)) => return Err(ConnectError::Unresolved(why)),
        Ok(Ok(addresses)) => addresses,
    };
    let mut last = ConnectError::Unresolved("the name has no address".into());
    for (index, ip) in addresses.iter().enumerate() {
        // Each address gets its share of what is left, so that one black hole does not eat all of it.
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match to_address(SocketAddr::new(*ip, port), Instant::now() + share, limit).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn to_backlog(
    address: SocketAddr,
    deadline: Instant,
    limit: Duration,
) -> Result<TcpStream, ConnectError> {
    loop {
        let now = Instant::now();
        match to_address(address, deadline.min(now + SYN_PATIENCE), limit).await {
            Err(ConnectError::TimedOut(_)) if now + SYN_PATIENCE < deadline => {}
            end => return end,
        }
    }
}

async fn to_address(
    address: SocketAddr,
    deadline: Instant,
    limit: Duration,
) -> Result<TcpStream, ConnectError> {
    match timeout_at(deadline, TcpStream::connect(address)).await {
        Err(_) => Err(ConnectError::TimedOut(limit)),
        Ok(Err(error)) => Err(ConnectError::Refused(error)),
        Ok(Ok(stream)) => {
            // A head and a body leave in one write; waiting to fill a segment can only delay.
            stream.set_nodelay(true).map_err(ConnectError::Refused)?;
            Ok(stream)
        }
    }
}

/// connect(2) to a Unix socket says EAGAIN when its backlog is full: there is no event to wait for, so it is tried
/// again a few milliseconds later.
async fn to_path(path: &Path, deadline: Instant, limit: Duration) -> Result<UnixStream, ConnectError> {
    let mut pause = Duration::from_millis(1);
    loop {
        match UnixStream::connect(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if Instant::now() + pause >= deadline {
                    return Err(ConnectError::TimedOut(limit));
                }
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(5));
            }
            Err(error) => return Err(ConnectError::Refused(error)),
        }
    }
}

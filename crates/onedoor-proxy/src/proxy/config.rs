//! The proxy's part of the configuration: every default filled in, every name checked.
//!
//! Made by `config::resolve`; the numbers' defaults live there, their meaning here.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use onedoor_http1::HeadLimits;

use super::route::{Route, RouteId, Routes};

#[derive(Debug)]
pub struct Config {
    /// Never empty.
    pub listen: Vec<Listen>,
    pub workers: NonZeroUsize,
    pub limits: Limits,
    pub timeouts: Timeouts,
    pub trusted_peers: TrustedPeers,
    pub proxy_protocol: ProxyProtocol,
    pub via: Via,
    pub access_log: AccessLog,
    pub candour: Candour,
    pub routes: Arc<Routes>,
    pub side_doors: Vec<SideDoor>,
    /// The targets of `proxy` routes; `UpstreamId` is an index.
    pub upstreams: Vec<UpstreamSpec>,
}

/// A loopback listener for one app's siblings.
#[derive(Clone, Debug)]
pub struct SideDoor {
    pub app: Arc<str>,
    /// Chosen when it is opened; None before that.
    pub port: Option<u16>,
    /// One route, to the app; numbered behind those of the door.
    pub routes: Arc<Routes>,
}

impl Config {
    /// The door's own, then those of the side doors: in the order of their numbers.
    pub fn all_routes(&self) -> impl Iterator<Item = (RouteId, &Route)> {
        self.routes.all().chain(self.side_doors.iter().flat_map(|door| door.routes.all()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    Tcp(SocketAddr),
    /// `[::]:port` where the host has IPv6, else `0.0.0.0:port`: what an unset `listen` means.
    AnyAddress {
        port: u16,
    },
    Unix(PathBuf),
    /// `onedoor dev`: the first of the ports that is free on all of the addresses; but the first address, those that
    /// the host does not have are left out. Neither is ever empty.
    FirstFree {
        addresses: Vec<IpAddr>,
        ports: Vec<u16>,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub head: HeadLimits,
    /// Downstream connections at once, over all workers.
    pub connections_max: usize,
    /// Of one client, over all workers. Trusted peers are no clients.
    pub connections_per_client: Option<usize>,
    /// Bytes of a request body, where the route says nothing.
    pub body_max: Option<u64>,
    /// Bytes a second that a request body brings at least, once it has been slower for `Timeouts::body`.
    pub body_rate_min: Option<NonZeroU64>,
}

#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the first byte of a request to the end of its head.
    pub header: Duration,
    /// A keep-alive connection without a request.
    pub idle: Duration,
    /// Between two pieces of a body, in either direction.
    pub body: Duration,
    pub connect: Duration,
    /// From the end of the request to the upstream's response head.
    pub first_byte: Duration,
    /// A tunnel in which neither side says anything.
    pub tunnel: Duration,
}

/// Whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedPeers {
    pub networks: Vec<IpNet>,
    /// In lower case: the field in which the platform's routers name the address that called them, where
    /// X-Forwarded-For does not end with it.
    pub client_field: Option<&'static str>,
    /// What said so, for the start table: `trusted_proxies`, `Cloud Run (K_SERVICE)`, …
    pub why: Option<Arc<str>>,
}

/// Whether connections begin with a load balancer's word about whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    Off,
    /// Every one must, and only trusted peers may come in.
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    On,
    Off,
}

/// How much a refused client hears of the inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candour {
    /// A short, safe sentence.
    Terse,
    /// All that helps a developer; what is said of each app, by its `AppId`.
    Full(Arc<[AppFacts]>),
}

/// What a developer wants to know of an app that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppFacts {
    pub name: Arc<str>,
    pub command: String,
    /// `onedoor.toml:3`
    pub place: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    On,
    /// Not of requests with this User-Agent: we asked ourselves.
    OnBut(&'static str),
    Off,
}

/// An external upstream: somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSpec {
    pub origin: Origin,
    /// As the operator first wrote it, for messages.
    pub written: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Http { host: Arc<str>, port: u16 },
    Https { host: Arc<str>, port: u16, trust: TlsTrust },
    Unix { path: Arc<PathBuf> },
}

/// As the file would say it: without a path, and without the port that goes without saying.
impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port, usual) = match self {
            Self::Http { host, port } => ("http", host, *port, 80),
            Self::Https { host, port, .. } => ("https", host, *port, 443),
            Self::Unix { path } => return write!(out, "unix:{}", path.display()),
        };
        write!(out, "{scheme}://")?;
        if host.contains(':') {
            write!(out, "[{host}]")?
        } else {
            out.write_str(host)?
        }
        if port == usual { Ok(()) } else { write!(out, ":{port}") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsTrust {
    /// SSL_CERT_FILE or the system's bundle, else the one built in.
    System,
    /// `tls = { ca = "…" }`: a PEM file, and nothing else.
    Ca(PathBuf),
}

#[cfg(test)]
impl Config {
    /// As plain as can be, with a minute for everything.
    pub(super) fn plain(routes: Routes, upstreams: Vec<UpstreamSpec>) -> Self {
        let minute = Duration::from_secs(60);
        Self {
            listen: Vec::new(),
            workers: NonZeroUsize::MIN,
            limits: Limits {
                head: HeadLimits::default(),
                connections_max: 8,
                connections_per_client: None,
                body_max: None,
                body_rate_min: None,
            },
            timeouts: Timeouts {
                header: minute,
                idle: minute,
                body: minute,
                connect: minute,
                first_byte: minute,
                tunnel: minute,
            },
            trusted_peers: TrustedPeers::default(),
            proxy_protocol: ProxyProtocol::Off,
            via: Via::On,
            access_log: AccessLog::On,
            candour: Candour::Terse,
            routes: Arc::new(routes),
            side_doors: Vec::new(),
            upstreams,
        }
    }
}

#[cfg(test)]
impl UpstreamSpec {
    pub(super) fn plain(host: &str, port: u16) -> Self {
        Self {
            origin: Origin::Http { host: host.into(), port },
            written: format!("http://{host}:{port}").into(),
        }
    }
}

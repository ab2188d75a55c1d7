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
pub(crate) struct Config {
    /// Never empty.
    pub(crate) listen: Vec<Listen>,
    pub(crate) workers: NonZeroUsize,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) trusted_peers: TrustedPeers,
    pub(crate) proxy_protocol: ProxyProtocol,
    pub(crate) via: Via,
    pub(crate) access_log: AccessLog,
    pub(crate) candour: Candour,
    pub(crate) routes: Arc<Routes>,
    pub(crate) side_doors: Vec<SideDoor>,
    /// The targets of `proxy` routes; `UpstreamId` is an index.
    pub(crate) upstreams: Vec<UpstreamSpec>,
}

/// A loopback listener for one app's siblings.
#[derive(Clone, Debug)]
pub(crate) struct SideDoor {
    pub(crate) app: Arc<str>,
    /// Chosen when it is opened; None before that.
    pub(crate) port: Option<u16>,
    /// One route, to the app; numbered behind those of the door.
    pub(crate) routes: Arc<Routes>,
}

impl Config {
    /// The door's own, then those of the side doors: in the order of their numbers.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = (RouteId, &Route)> {
        self.routes.all().chain(self.side_doors.iter().flat_map(|door| door.routes.all()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
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
pub(crate) struct Limits {
    pub(crate) head: HeadLimits,
    /// Downstream connections at once, over all workers.
    pub(crate) connections_max: usize,
    /// Of one client, over all workers. Trusted peers are no clients.
    pub(crate) connections_per_client: Option<usize>,
    /// Bytes of a request body, where the route says nothing.
    pub(crate) body_max: Option<u64>,
    /// Bytes a second that a request body brings at least, once it has been slower for `Timeouts::body`.
    pub(crate) body_rate_min: Option<NonZeroU64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// From the first byte of a request to the end of its head.
    pub(crate) header: Duration,
    /// A keep-alive connection without a request.
    pub(crate) idle: Duration,
    /// Between two pieces of a body, in either direction.
    pub(crate) body: Duration,
    pub(crate) connect: Duration,
    /// From the end of the request to the upstream's response head.
    pub(crate) first_byte: Duration,
    /// A tunnel in which neither side says anything.
    pub(crate) tunnel: Duration,
}

/// Whose `X-Forwarded-*`, `Forwarded` and `X-Request-Id` are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedPeers {
    pub(crate) networks: Vec<IpNet>,
    /// In lower case: the field in which the platform's routers name the address that called them, where
    /// X-Forwarded-For does not end with it.
    pub(crate) client_field: Option<&'static str>,
    /// What said so, for the start table: `trusted_proxies`, `Cloud Run (K_SERVICE)`, …
    pub(crate) why: Option<Arc<str>>,
}

/// Whether connections begin with a load balancer's word about whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyProtocol {
    Off,
    /// Every one must, and only trusted peers may come in.
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    On,
    Off,
}

/// How much a refused client hears of the inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Candour {
    /// A short, safe sentence.
    Terse,
    /// All that helps a developer; what is said of each app, by its `AppId`.
    Full(Arc<[AppFacts]>),
}

/// What a developer wants to know of an app that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppFacts {
    pub(crate) name: Arc<str>,
    pub(crate) command: String,
    /// `onedoor.toml:3`
    pub(crate) place: Arc<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessLog {
    On,
    /// Not of requests with this User-Agent: we asked ourselves.
    OnBut(&'static str),
    Off,
}

/// An external upstream: somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamSpec {
    pub(crate) origin: Origin,
    /// As the operator first wrote it, for messages.
    pub(crate) written: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
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
pub(crate) enum TlsTrust {
    /// SSL_CERT_FILE or the system's bundle, else the one built in.
    System,
    /// `tls = { ca = "…" }`: a PEM file, and nothing else.
    Ca(PathBuf),
}

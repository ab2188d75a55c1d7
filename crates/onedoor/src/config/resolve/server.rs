//! `[server]`: every default of the door, and the one place where each is written.

use std::net::SocketAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::time::Duration;

use onedoor_http1::HeadLimits;

use super::platform::Platform;
use super::{Context, apart, develop, take_out, take_out_of_list, trust};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::{Located, Span};
use crate::proxy::config::{Limits, Listen, ProxyProtocol, Timeouts, TrustedPeers, Via};

const PORT: u16 = 8000;
const HEAD_BYTES: usize = 32 << 10;
/// Offsets into a head are u16, the end of the last field included.
const HEAD_BYTES_MOST: usize = 0xffff;
const HEAD_BYTES_LEAST: usize = 1 << 10;
const FIELDS: usize = 100;
/// Each exchange may need two descriptors, and the apps' pipes, logs and listeners need some as well.
const CONNECTIONS_PERCENT: usize = 40;
const CONNECTIONS_LEAST: usize = 16;
/// sun_path of unix(7), less its final NUL.
const SOCKET_PATH_MOST: usize = 107;

const HEADER: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(75);
const BODY: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
const FIRST_BYTE: Duration = Duration::from_secs(5 * 60);
const TUNNEL: Duration = Duration::from_secs(60 * 60);
/// A modem of 1985 sends as much.
const BODY_RATE: u64 = 240;

/// The door, resolved.
pub(super) struct Server {
    pub(super) listen: Vec<Listen>,
    pub(super) workers: NonZeroUsize,
    pub(super) limits: Limits,
    pub(super) timeouts: Timeouts,
    pub(super) trusted_peers: TrustedPeers,
    pub(super) proxy_protocol: ProxyProtocol,
    pub(super) via: Via,
    pub(super) stop_budget: Duration,
}

impl Server {
    /// The ports clients come in by, which no app may have.
    pub(super) fn public_ports(&self) -> impl Iterator<Item = u16> {
        self.listen.iter().filter_map(|listen| match listen {
            Listen::Tcp(address) => Some(address.port()),
            Listen::AnyAddress { port } => Some(*port),
            Listen::FirstFree { ports, .. } => ports.first().copied(),
            Listen::Unix(_) => None,
        })
    }
}

pub(super) fn server(section: &Section, context: &mut Context<'_>) -> Server {
    let nothing = Section::empty("server.timeout");
    let timeout = section.table("timeout").unwrap_or(&nothing);
    let mut positive = |key, default| positive(timeout, key, default, context);
    let timeouts = Timeouts {
        header: positive("header", HEADER),
        idle: positive("idle", IDLE),
        body: positive("body", BODY),
        connect: positive("connect", CONNECT),
        first_byte: positive("first_byte", FIRST_BYTE),
        tunnel: positive("tunnel", TUNNEL),
    };
    let workers = section.int("workers").and_then(|workers| usize::try_from(workers.value).ok());
    let listen = listen(section, context);
    let trusted_peers = trust::trusted_peers(section, context);
    Server {
        workers: workers.and_then(NonZeroUsize::new).unwrap_or(context.env.machine.cpus),
        limits: limits(section, context),
        timeouts,
        proxy_protocol: trust::proxy_protocol(section, &trusted_peers, &listen, context),
        trusted_peers,
        listen,
        via: if section.flag("via") == Some(false) { Via::Off } else { Via::On },
        stop_budget: section
            .duration("stop_budget")
            .unwrap_or_else(|| Platform::of(context.env).stop_budget()),
    }
}

fn positive(section: &Section, key: &str, default: Duration, context: &mut Context<'_>) -> Duration {
    let duration = section.duration(key).unwrap_or(default);
    if duration.is_zero() {
        let place = section.key(key).unwrap_or_default();
        let fact = format!("timeout.{key} of nothing would end everything at once");
        let remedy = "leave it out for the default, or name a long time such as \"1d\"";
        context.errors.push(ConfigError::new(Code::BadValue, place, fact).remedy(remedy));
    }
    duration
}

fn limits(section: &Section, context: &mut Context<'_>) -> Limits {
    let nothing = Section::empty("server.limits");
    let limits = section.table("limits").unwrap_or(&nothing);
    let bytes_max = match limits.size("header") {
        None => HEAD_BYTES,
        Some(size) => {
            let bytes = usize::try_from(size.value).unwrap_or(usize::MAX);
            if !(HEAD_BYTES_LEAST..=HEAD_BYTES_MOST + 1).contains(&bytes) {
                let fact = "limits.header is between 1KiB and 64KiB";
                let nearest = if bytes < HEAD_BYTES_LEAST { "1KiB" } else { "64KiB" };
                let error = ConfigError::new(Code::BadValue, size.span, fact);
                context
                    .errors
                    .push(error.remedy(format!("write \"{nearest}\"")).replace(size.span, quoted(nearest)));
            }
            bytes.min(HEAD_BYTES_MOST)
        }
    };
    let open_files = context.env.machine.open_files_max;
    let count = |key: &str| limits.int(key).and_then(|number| usize::try_from(number.value).ok());
    let connections_max = count("connections")
        .unwrap_or_else(|| (open_files / 100 * CONNECTIONS_PERCENT).max(CONNECTIONS_LEAST));
    if connections_max > open_files {
        let fact =
            format!("limits.connections is {connections_max}, but only {open_files} files may be open");
        let place = limits.key("connections").unwrap_or_default();
        let trap = ConfigError::new(Code::OpenFiles, place, fact);
        context.warn(trap.remedy("raise the container's limit (ulimit -n), or leave it out"));
    }
    Limits {
        head: HeadLimits { bytes_max, fields_max: count("fields").unwrap_or(FIELDS) },
        connections_max,
        connections_per_client: count("per_client"),
        body_max: limits.size("body").map(|size| size.value),
        body_rate_min: NonZeroU64::new(limits.size("body_rate").map_or(BODY_RATE, |size| size.value)),
    }
}

/// Never empty.
fn listen(section: &Section, context: &mut Context<'_>) -> Vec<Listen> {
    let Some(written) = section.list("listen").filter(|written| !written.is_empty()) else {
        if let Some(place) = section.key("listen").filter(|_| section.list("listen").is_some()) {
            let fact = "listen names no address";
            let error = ConfigError::new(Code::BadListen, place, fact).remedy("leave it out: :8000");
            context.errors.push(error.fix(take_out(section, "listen", context)));
        }
        return vec![Listen::AnyAddress { port: default_port(context) }];
    };
    let mut found: Vec<(Listen, Span)> = Vec::new();
    for one in written {
        match parse_listen(one, context.folder) {
            Ok(listen) => match found.iter().find(|(other, _)| overlap(other, &listen)) {
                Some((_, first)) => {
                    let fact = format!("\"{}\" is listened on already", one.value);
                    let error = ConfigError::new(Code::BadListen, one.span, fact).also(*first, "by this one");
                    let gone = take_out_of_list(section, "listen", one.span, context);
                    context
                        .errors
                        .push(error.remedy("keep one of them; \":PORT\" is every address").fix(gone));
                }
                None => found.push((listen, one.span)),
            },
            Err(error) => context.errors.push(apart(error, section, "listen", one)),
        }
    }
    if found.is_empty() {
        // Every one was wrong, and that was said; the rest of the file is still worth reading.
        return vec![Listen::AnyAddress { port: PORT }];
    }
    found.into_iter().map(|(listen, _)| listen).collect()
}

/// Whether the second could not be bound beside the first.
fn overlap(left: &Listen, right: &Listen) -> bool {
    match (left, right) {
        (Listen::Unix(left), Listen::Unix(right)) => left == right,
        (Listen::AnyAddress { port: left }, Listen::AnyAddress { port: right }) => left == right,
        (Listen::AnyAddress { port }, Listen::Tcp(address))
        | (Listen::Tcp(address), Listen::AnyAddress { port }) => *port != 0 && address.port() == *port,
        (Listen::Tcp(left), Listen::Tcp(right)) => left == right,
        (Listen::Unix(_), Listen::Tcp(_) | Listen::AnyAddress { .. })
        | (Listen::Tcp(_) | Listen::AnyAddress { .. }, Listen::Unix(_)) => false,
        // Nothing the file can say.
        (Listen::FirstFree { .. }, _) | (_, Listen::FirstFree { .. }) => false,
    }
}

/// `${PORT:-8000}`: what the platform says.
fn default_port(context: &mut Context<'_>) -> u16 {
    let Some(text) = context.env.text("PORT").filter(|text| !text.is_empty()) else {
        return if context.env.is_for_development() { develop::PORT } else { PORT };
    };
    text.parse().unwrap_or_else(|_| {
        let fact = format!("the environment has PORT=\"{text}\", which is no port number");
        let error = ConfigError::outside(Code::BadListen, fact);
        context.errors.push(error.remedy("set PORT to a number up to 65535, or set server.listen"));
        PORT
    })
}

fn parse_listen(written: Located<&str>, folder: &Path) -> Result<Listen, ConfigError> {
    let text = written.value;
    let wrong = |fact: String| ConfigError::new(Code::BadListen, written.span, fact);
    if let Some(path) = text.strip_prefix("unix:") {
        let path = folder.join(path);
        let length = path.as_os_str().len();
        if length > SOCKET_PATH_MOST {
            let fact =
                format!("the socket's path has {length} bytes; a Unix socket takes {SOCKET_PATH_MOST}");
            return Err(wrong(fact));
        }
        if path == folder || text.contains('\0') {
            return Err(wrong("unix: without a path".to_owned()).remedy("write \"unix:/run/onedoor.sock\""));
        }
        return Ok(Listen::Unix(path));
    }
    if let Some(port) = text.strip_prefix(':').and_then(|port| port.parse().ok()) {
        return Ok(Listen::AnyAddress { port });
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Listen::Tcp(address));
    }
    let error = wrong(format!("\"{text}\" is not an address to listen on"));
    let Some(meant) = meant_address(text) else {
        return Err(error.remedy(if text.contains('$') {
            "a variable is written ${PORT}, and with a default ${PORT:-8000}; a bare $PORT stays as it is"
        } else {
            "write \":8000\", \"127.0.0.1:8000\", \"[::1]:8000\" or \"unix:/run/door.sock\""
        }));
    };
    let error = match meant.strip_prefix(':') {
        Some(_) if text.contains('$') => {
            error.remedy(format!("a variable is written ${{PORT}}: \"{meant}\""))
        }
        Some(port) => error.remedy(format!("write \"{meant}\" for every address, or \"127.0.0.1:{port}\"")),
        None => error.remedy(format!("write \"{meant}\"")),
    };
    Err(error.replace(written.span, quoted(&meant)))
}

/// `8000`, `localhost:8000`, `http://0.0.0.0:8000/`, `0.0.0.0`, `:$PORT`, `/run/door.sock`
fn meant_address(text: &str) -> Option<String> {
    if text.starts_with('/') || text.starts_with("./") {
        return Some(format!("unix:{text}"));
    }
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches(['/', '*']);
    let bare = bare.trim();
    let (host, port) = bare.rsplit_once(':').unwrap_or(("", bare));
    if let Some(variable) = port.strip_prefix('$').filter(|name| *name == "PORT") {
        return Some(format!("{host}:${{{variable}:-{PORT}}}"));
    }
    let port = port.parse::<u16>().ok();
    if port.is_none() && (bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok()) {
        let address = if bare == "localhost" { "127.0.0.1" } else { bare };
        let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        return Some(format!("{address}:${{PORT:-{PORT}}}"));
    }
    let port = port?;
    Some(match host {
        "localhost" => format!("127.0.0.1:{port}"),
        address if address.parse::<std::net::Ipv4Addr>().is_ok() => format!("{address}:{port}"),
        _ => format!(":{port}"),
    })
}

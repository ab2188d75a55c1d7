//! Opening the door: every listener of the file bound before the first thread starts, or one error that says which.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use onedoor_linux::proc::{command_line, who_listens_on};
use onedoor_linux::socket::{Listener, listen_tcp, listen_unix, try_port};

use super::config::Listen;

/// One bound listener.
#[derive(Debug)]
pub(super) struct Doorway {
    pub(super) listener: Listener,
    /// 0 for a Unix socket.
    pub(super) port: u16,
    /// A socket file is removed when the doorway closes.
    file: Option<PathBuf>,
}

/// Why the door cannot open.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(
        "cannot listen on {address}: {by} listens there already; stop it, or choose another port (PORT={free}, or [server] listen)"
    )]
    Taken { address: String, by: String, free: u16 },
    #[error(
        "cannot listen on {address}: something else listens there already; stop it, or choose another path"
    )]
    TakenPath { address: String },
    #[error(
        "cannot listen on {address}: not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE, so choose a higher one"
    )]
    NotPermitted { address: String },
    #[error("cannot listen on {address}: {error}")]
    Other { address: String, error: io::Error },
}

/// Binds every listener, in the order of the file.
pub(super) fn bind_all(listen: &[Listen]) -> Result<Vec<Doorway>, ListenError> {
    let mut doorways = Vec::with_capacity(listen.len());
    for listen in listen {
        doorways.extend(bind(listen)?);
    }
    Ok(doorways)
}

fn bind(listen: &Listen) -> Result<Vec<Doorway>, ListenError> {
    let listener = match listen {
        Listen::Tcp(address) => bind_tcp(*address)?,
        Listen::AnyAddress { port } => bind_any(*port)?,
        Listen::FirstFree { addresses, ports } => return bind_first_free(addresses, ports),
        Listen::Unix(path) => {
            let listener =
                listen_unix(path).map_err(|error| explain(format!("unix:{}", path.display()), error))?;
            return Ok(vec![Doorway { listener, port: 0, file: Some(path.clone()) }]);
        }
    };
    Ok(vec![Doorway::of_tcp(listener)])
}

fn bind_tcp(address: SocketAddr) -> Result<Listener, ListenError> {
    listen_tcp(address).map_err(|error| explain_tcp(address, error))
}

/// One port for all addresses: who asks for localhost may get either, and must not meet somebody else there.
fn bind_first_free(addresses: &[IpAddr], ports: &[u16]) -> Result<Vec<Doorway>, ListenError> {
    let mut ports = ports.iter();
    loop {
        let Some(port) = ports.next() else { return Ok(Vec::new()) };
        match bind_each(addresses, *port) {
            Err(ListenError::Taken { .. }) if !ports.as_slice().is_empty() => {}
            found => return found,
        }
    }
}

fn bind_each(addresses: &[IpAddr], port: u16) -> Result<Vec<Doorway>, ListenError> {
    let mut doorways: Vec<Doorway> = Vec::with_capacity(addresses.len());
    for address in addresses {
        // Whoever wants any port (0) wants one for all of them.
        let port = doorways.first().map_or(port, |doorway| doorway.port);
        match bind_tcp(SocketAddr::new(*address, port)) {
            Ok(listener) => doorways.push(Doorway::of_tcp(listener)),
            Err(ListenError::Other { .. }) if !doorways.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(doorways)
}

/// `[::]` takes IPv4 as well; a kernel or container without IPv6 gets `0.0.0.0`.
fn bind_any(port: u16) -> Result<Listener, ListenError> {
    let dual = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match listen_tcp(dual) {
        Ok(listener) => Ok(listener),
        Err(error)
            if error.kind() == io::ErrorKind::AddrInUse
                || error.kind() == io::ErrorKind::PermissionDenied =>
        {
            Err(explain_tcp(dual, error))
        }
        Err(_) => {
            let plain = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
            listen_tcp(plain).map_err(|error| explain_tcp(plain, error))
        }
    }
}

fn explain_tcp(address: SocketAddr, error: io::Error) -> ListenError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::Taken {
            address: address.to_string(),
            by: who_has(address.port()),
            free: (address.port()..u16::MAX).find(|port| try_port(*port).is_ok()).unwrap_or(0),
        },
        _ => explain(address.to_string(), error),
    }
}

/// `pid 12 (python3 -m http.server)`, as far as /proc says.
pub fn who_has(port: u16) -> String {
    /// What tells one program from another.
    const COMMAND_CHARS: usize = 100;
    let Some(pid) = who_listens_on(port) else { return "something else".to_owned() };
    match command_line(pid) {
        Some(command) => format!("pid {pid} ({})", command.chars().take(COMMAND_CHARS).collect::<String>()),
        None => format!("pid {pid}"),
    }
}

fn explain(address: String, error: io::Error) -> ListenError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::TakenPath { address },
        io::ErrorKind::PermissionDenied => ListenError::NotPermitted { address },
        _ => ListenError::Other { address, error },
    }
}

impl Doorway {
    fn of_tcp(listener: Listener) -> Self {
        let port = listener.tcp_address().map_or(0, |address| address.port());
        Self { listener, port, file: None }
    }

    /// Where it listens, for the start table.
    pub(super) fn address(&self) -> String {
        match (&self.file, self.listener.tcp_address()) {
            (Some(path), _) => format!("unix:{}", path.display()),
            (None, Some(address)) => address.to_string(),
            (None, None) => "?".into(),
        }
    }
}

impl Drop for Doorway {
    fn drop(&mut self) {
        if let Some(path) = &self.file {
            // Somebody else may have removed it; then there is nothing to do.
            drop(std::fs::remove_file(path));
        }
    }
}

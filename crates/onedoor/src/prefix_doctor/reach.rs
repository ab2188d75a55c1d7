//! Where a listener is reached from here, and a connection to it.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use crate::proxy::config::Listen;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

pub(crate) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Place {
    /// Where whatever listens so is reached.
    pub(crate) fn of(listen: &Listen) -> Vec<Self> {
        match listen {
            Listen::AnyAddress { port } => Self::on_loopback(*port).into(),
            Listen::Tcp(address) if address.ip().is_unspecified() => Self::on_loopback(address.port()).into(),
            Listen::Tcp(address) => vec![Self::Tcp(*address)],
            Listen::FirstFree { addresses, ports } => {
                let port = ports.first().copied().unwrap_or_default();
                addresses.iter().map(|address| Self::Tcp(SocketAddr::new(*address, port))).collect()
            }
            Listen::Unix(path) => vec![Self::Unix(path.clone())],
        }
    }

    /// Where a door is reached that says it listens there: `[::]:8000`, `unix:/run/door.sock`.
    pub(crate) fn of_address(address: &str) -> Vec<Self> {
        if let Some(path) = address.strip_prefix("unix:") {
            return vec![Self::Unix(PathBuf::from(path))];
        }
        address.parse().map_or_else(|_| Vec::new(), |address| Self::of(&Listen::Tcp(address)))
    }

    pub(crate) fn on_loopback(port: u16) -> [Self; 2] {
        [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            .map(|address| Self::Tcp((address, port).into()))
    }

    /// `patience`: for the connection, and for each read and write on it.
    pub(crate) fn connect(&self, patience: Duration) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, patience)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                Ok(Box::new(stream))
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                Ok(Box::new(stream))
            }
        }
    }

    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Tcp(address) => address.to_string(),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

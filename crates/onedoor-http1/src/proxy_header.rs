//! The PROXY protocol's header, versions 1 and 2: what a load balancer says about a connection before its first byte
//! (<https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>; sections are that paper's).
//!
//! Only who came and to where is read. The additions of version 2 (TLVs) are stepped over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

/// The longest header that is read. Version 1 has at most 107 bytes; version 2 could have 64 KiB, but nobody's additions
/// come near this.
pub const PROXY_HEADER_MAX: usize = 4096;

/// Section 2.1: the longest line of version 1, CRLF included.
const V1_MAX: usize = 107;
const V1_BEGINS: &[u8] = b"PROXY ";

/// Section 2.2. No HTTP request begins like it.
const V2_BEGINS: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The beginning, version and command, family and transport, and the length of what follows.
const V2_FIXED: usize = 16;

/// A header as far as it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// Every byte so far belongs to it, and more must follow.
    Partial,
    /// It ends after so many bytes.
    Complete { header_bytes: usize, origin: ProxyOrigin },
}

/// On whose behalf the sender has connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyOrigin {
    /// A client's connection over TCP.
    Client { source: SocketAddr, destination: SocketAddr },
    /// The sender's own (a health check), or one that it cannot describe: LOCAL, UNKNOWN, a Unix socket.
    Unsaid,
}

/// Why a connection does not begin with such a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProxyHeaderError {
    #[error("it does not begin with a PROXY protocol header")]
    Missing,
    #[error("the PROXY line has no end within 107 bytes")]
    LineTooLong,
    #[error("the PROXY line does not end with CRLF")]
    BareLf,
    #[error("the PROXY line is not \"PROXY TCP4|TCP6|UNKNOWN source destination port port\"")]
    BadLine,
    #[error("the PROXY header's version is not 2")]
    BadVersion,
    #[error("the PROXY header's command is neither LOCAL nor PROXY")]
    BadCommand,
    #[error("the PROXY header is about no stream of a known address family")]
    BadFamily,
    #[error("the PROXY header is too short for its addresses")]
    TooShort,
    #[error("the PROXY header is longer than 4096 bytes")]
    TooLong,
}

impl ProxyHeader {
    /// Reads the header at the beginning of `bytes`. However they are cut, the verdict is the same.
    ///
    /// # Errors
    /// What the header breaks, as soon as it is certain.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProxyHeaderError> {
        if begins_alike(bytes, V2_BEGINS) {
            binary(bytes)
        } else if begins_alike(bytes, V1_BEGINS) {
            line(bytes)
        } else {
            Err(ProxyHeaderError::Missing)
        }
    }
}

/// Whether one is the beginning of the other.
fn begins_alike(bytes: &[u8], expected: &[u8]) -> bool {
    bytes.iter().zip(expected).all(|(left, right)| left == right)
}

/// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`.
fn line(bytes: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    let within = bytes.get(..V1_MAX).unwrap_or(bytes);
    let Some(end) = memchr::memchr(b'\n', within) else {
        let is_over = bytes.len() >= V1_MAX;
        return if is_over { Err(ProxyHeaderError::LineTooLong) } else { Ok(ProxyHeader::Partial) };
    };
    let line = within.get(..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(ProxyHeaderError::BareLf)?;
    let origin = std::str::from_utf8(line).ok().and_then(line_origin).ok_or(ProxyHeaderError::BadLine)?;
    Ok(ProxyHeader::Complete { header_bytes: end + 1, origin })
}

fn line_origin(line: &str) -> Option<ProxyOrigin> {
    let mut words = line.split(' ');
    let mut next = || words.next();
    if next()? != "PROXY" {
        return None;
    }
    let family = next()?;
    // What stands behind it says nothing, whatever it is (section 2.1).
    if family == "UNKNOWN" {
        return Some(ProxyOrigin::Unsaid);
    }
    let source = address(family, next()?)?;
    let destination = address(family, next()?)?;
    let source = SocketAddr::new(source, port(next()?)?);
    let destination = SocketAddr::new(destination, port(next()?)?);
    next().is_none().then_some(ProxyOrigin::Client { source, destination })
}

fn address(family: &str, text: &str) -> Option<IpAddr> {
    match family {
        "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "TCP6" => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => None,
    }
}

/// A decimal number without sign or leading zero.
fn port(text: &str) -> Option<u16> {
    let is_canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_canonical.then(|| text.parse().ok()).flatten()
}

/// Version 2. Each byte is judged as soon as it is here.
fn binary(bytes: &[u8]) -> Result<ProxyHeader, ProxyHeaderError> {
    let Some(&version_and_command) = bytes.get(12) else { return Ok(ProxyHeader::Partial) };
    if version_and_command >> 4 != 2 {
        return Err(ProxyHeaderError::BadVersion);
    }
    let command = match version_and_command & 0x0f {
        0 => Command::Local,
        1 => Command::Proxy,
        _ => return Err(ProxyHeaderError::BadCommand),
    };
    let Some(&family) = bytes.get(13) else { return Ok(ProxyHeader::Partial) };
    // Family in the upper half, transport in the lower. A datagram does not come over a connection.
    let (family, least) = match (command, family) {
        // "The receiver must ignore" what else a LOCAL header says.
        (Command::Local, _) => (Family::Other, 0),
        (Command::Proxy, 0x11) => (Family::Inet, 12),
        (Command::Proxy, 0x21) => (Family::Inet6, 36),
        (Command::Proxy, 0x31) => (Family::Other, 216),
        (Command::Proxy, 0x00) => (Family::Other, 0),
        (Command::Proxy, _) => return Err(ProxyHeaderError::BadFamily),
    };
    let Some(length) = bytes.get(14..V2_FIXED).and_then(|length| length.try_into().ok()) else {
        return Ok(ProxyHeader::Partial);
    };
    let length = usize::from(u16::from_be_bytes(length));
    if length < least {
        return Err(ProxyHeaderError::TooShort);
    }
    let header_bytes = V2_FIXED + length;
    if header_bytes > PROXY_HEADER_MAX {
        return Err(ProxyHeaderError::TooLong);
    }
    let Some(addresses) = bytes.get(V2_FIXED..header_bytes) else { return Ok(ProxyHeader::Partial) };
    let origin = match family {
        Family::Inet => inet(addresses),
        Family::Inet6 => inet6(addresses),
        Family::Other => Some(ProxyOrigin::Unsaid),
    };
    Ok(ProxyHeader::Complete { header_bytes, origin: origin.ok_or(ProxyHeaderError::TooShort)? })
}

#[derive(Clone, Copy)]
enum Command {
    Local,
    Proxy,
}

#[derive(Clone, Copy)]
enum Family {
    Inet,
    Inet6,
    Other,
}

fn inet(mut bytes: &[u8]) -> Option<ProxyOrigin> {
    let (source, destination) = (IpAddr::from(take::<4>(&mut bytes)?), IpAddr::from(take::<4>(&mut bytes)?));
    client(source, destination, bytes)
}

fn inet6(mut bytes: &[u8]) -> Option<ProxyOrigin> {
    let (source, destination) =
        (IpAddr::from(take::<16>(&mut bytes)?), IpAddr::from(take::<16>(&mut bytes)?));
    client(source, destination, bytes)
}

fn client(source: IpAddr, destination: IpAddr, mut bytes: &[u8]) -> Option<ProxyOrigin> {
    let source = SocketAddr::new(source, u16::from_be_bytes(take(&mut bytes)?));
    let destination = SocketAddr::new(destination, u16::from_be_bytes(take(&mut bytes)?));
    Some(ProxyOrigin::Client { source, destination })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

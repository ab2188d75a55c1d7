//! Who is asking, and how the upstream is told: X-Forwarded-*, Forwarded (RFC 7239) and Via (RFC 9110 7.6.3).
//!
//! What an untrusted client sends under those names never gets through (HTTP.md rule 34); what goes on is built
//! anew from the verified client on.

use std::io::Write as _;
use std::net::IpAddr;

use onedoor_http1::{FieldKind, emit};

use super::chain::{Chain, canonical_ip, is_trusted};
use crate::proxy::config::{TrustedPeers, Via};
use crate::proxy::inbound::{Arrival, Head, Scheme, Speaker};
use crate::proxy::refusal::Refusal;

/// Our name in Via: a pseudonym, not a host name.
const PSEUDONYM: &[u8] = b"onedoor";

/// A request with this many of our own Via entries goes in a circle; fewer may be an app calling its siblings
/// through the same door with copied headers.
const LOOP_AT: usize = 10;

/// Whether the peer's own words about its client are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Trust {
    Trusted,
    Untrusted,
}

/// Where a request really comes from.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Provenance<'x> {
    pub(in crate::proxy) trust: Trust,
    /// None: over a Unix socket.
    pub(in crate::proxy) client: Option<IpAddr>,
    chain: Chain<'x>,
    head: Head<'x>,
    pub(in crate::proxy) scheme: Scheme,
    port: u16,
    /// The verified client's own connection ended here, or at us.
    peer: Option<IpAddr>,
    /// The Host the client asked for.
    host: &'x [u8],
}

impl<'x> Provenance<'x> {
    /// Finds the client: right to left through X-Forwarded-For, past every trusted address.
    pub(in crate::proxy) fn of(head: Head<'x>, arrival: &Arrival, trusted: &TrustedPeers) -> Self {
        let peer = arrival.peer.map(canonical_ip);
        let trust = match (arrival.speaker, peer) {
            (Speaker::Peer | Speaker::Sibling, Some(ip)) if is_trusted(ip, trusted) => Trust::Trusted,
            (Speaker::Peer | Speaker::Sibling | Speaker::Somebody, _) => Trust::Untrusted,
        };
        let mut found = Self {
            trust,
            client: peer,
            chain: Chain::direct(peer),
            head,
            scheme: arrival.scheme,
            port: arrival.port,
            peer,
            host: head.text(head.parsed.authority()),
        };
        if trust == Trust::Trusted {
            found.believe(head, trusted);
        }
        found
    }

    fn believe(&mut self, head: Head<'x>, trusted: &TrustedPeers) {
        self.chain = Chain::of(head, self.peer, trusted);
        self.client = self.chain.client;
        for field in head.parsed.fields() {
            let value = head.text(field.value).trim_ascii();
            match field.kind {
                FieldKind::XForwardedProto if value.eq_ignore_ascii_case(b"https") => {
                    self.scheme = Scheme::Https
                }
                FieldKind::XForwardedProto if value.eq_ignore_ascii_case(b"http") => {
                    self.scheme = Scheme::Http
                }
                FieldKind::XForwardedHost if is_host_like(value) => self.host = value,
                FieldKind::XForwardedPort => {
                    if let Some(port) = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) {
                        self.port = port;
                    }
                }
                _ => {}
            }
        }
    }

    /// Appends the fields that tell the upstream all this.
    pub(in crate::proxy) fn write(&self, prefix: Option<&str>, via: Via, out: &mut Vec<u8>) {
        if let Some(client) = self.client {
            out.extend_from_slice(b"X-Forwarded-For: ");
            push_address(out, client);
            for hop in self.chain.hops(self.head) {
                out.extend_from_slice(b", ");
                out.extend_from_slice(hop);
            }
            if let Some(peer) = self.peer.filter(|peer| *peer != client) {
                out.extend_from_slice(b", ");
                push_address(out, peer);
            }
            out.extend_from_slice(b"\r\n");
        }
        emit::field(out, b"X-Forwarded-Proto", self.scheme.name().as_bytes());
        if !self.host.is_empty() {
            emit::field(out, b"X-Forwarded-Host", self.host);
        }
        emit::field_u64(out, b"X-Forwarded-Port", u64::from(self.port));
        if let Some(prefix) = prefix {
            emit::field(out, b"X-Forwarded-Prefix", prefix.as_bytes());
        }
        self.write_forwarded(out);
        if via == Via::On {
            emit::field(out, b"Via", b"1.1 onedoor");
        }
    }

    fn write_forwarded(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Forwarded: for=");
        match self.client {
            Some(ip @ IpAddr::V4(_)) => push_address(out, ip),
            // RFC 7239 6: an IPv6 address is bracketed, and so must be quoted.
            Some(ip @ IpAddr::V6(_)) => {
                out.extend_from_slice(b"\"[");
                push_address(out, ip);
                out.extend_from_slice(b"]\"");
            }
            None => out.extend_from_slice(b"unknown"),
        }
        if !self.host.is_empty() {
            out.extend_from_slice(b";host=\"");
            out.extend_from_slice(self.host);
            out.push(b'"');
        }
        out.extend_from_slice(b";proto=");
        out.extend_from_slice(self.scheme.name().as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// A request that carries our own name in Via too often is a loop (HTTP.md rule 32).
pub(in crate::proxy) fn refuse_loops(head: Head<'_>) -> Result<(), Refusal> {
    let own = |entry: &&[u8]| entry.split(|byte| *byte == b' ').nth(1) == Some(PSEUDONYM);
    let count: usize = head
        .parsed
        .find(FieldKind::Via)
        .map(|field| {
            head.text(field.value).split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(own).count()
        })
        .sum();
    if count >= LOOP_AT { Err(Refusal::Loop) } else { Ok(()) }
}

/// What may stand in a Host (and so be repeated inside a quoted string) without harm.
fn is_host_like(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(byte))
}

/// `core::fmt` takes more instructions for an address than the router for its route.
fn push_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(ip) => {
            for (place, octet) in ip.octets().iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(*octet).as_bytes());
            }
        }
        // Writing to a Vec cannot fail.
        IpAddr::V6(ip) => write!(out, "{ip}").unwrap_or_default(),
    }
}

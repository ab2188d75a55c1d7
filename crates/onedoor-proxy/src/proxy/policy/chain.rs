//! The chain of proxies between the client and us, as X-Forwarded-For tells it: read from right to left, past everyone
//! who is trusted. Pure; what an untrusted peer says never gets here.

use std::net::{IpAddr, SocketAddr};

use onedoor_http1::{Field, FieldKind};

use crate::proxy::config::TrustedPeers;
use crate::proxy::inbound::Head;

/// The client, and the trusted hops between it and our peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'x> {
    pub(super) client: Option<IpAddr>,
    /// What stands right of the client in its own field line.
    beside: &'x [u8],
    /// The head's fields behind that line: further lines of the list among them.
    behind: &'x [Field],
}

impl<'x> Chain<'x> {
    /// Nobody between our peer and us.
    pub(super) fn direct(peer: Option<IpAddr>) -> Self {
        Self { client: peer, beside: b"", behind: &[] }
    }

    /// The rightmost address that is not a trusted hop. Several field lines are one list, in their order (RFC 9110 5.3).
    pub(super) fn of(head: Head<'x>, peer: Option<IpAddr>, trusted: &TrustedPeers) -> Self {
        let told = told_by_router(head, trusted);
        // What the platform's own routers wrote about themselves stands right of what they say of their client.
        let mut is_past_router = told.is_none();
        let mut chain = Self::direct(peer);
        let fields = head.parsed.fields();
        'lines: for (index, field) in fields.iter().enumerate().rev() {
            if field.kind != FieldKind::XForwardedFor {
                continue;
            }
            let line = head.text(field.value);
            let mut end = line.len();
            loop {
                let start = line[..end].iter().rposition(|byte| *byte == b',').map_or(0, |comma| comma + 1);
                let entry = line[start..end].trim_ascii();
                // RFC 9110 5.6.1.2: empty elements count for nothing.
                if !entry.is_empty() {
                    // An entry that is no address ends the chain: nothing left of it can be verified.
                    let Some(ip) = ip_in(entry) else { break 'lines };
                    let beside = line.get(end + 1..).unwrap_or_default().trim_ascii();
                    chain = Self { client: Some(ip), beside, behind: &fields[index + 1..] };
                    is_past_router |= told == Some(ip);
                    if is_past_router && !is_trusted(ip, trusted) {
                        return chain;
                    }
                }
                if start == 0 {
                    break;
                }
                end = start - 1;
            }
        }
        if is_past_router { chain } else { Self::direct(told) }
    }

    /// The hops' entries, from the client's side, as they were written: pieces of a list.
    pub(super) fn hops(self, head: Head<'x>) -> impl Iterator<Item = &'x [u8]> {
        let lines = self.behind.iter().filter(|field| field.kind == FieldKind::XForwardedFor);
        std::iter::once(self.beside)
            .chain(lines.map(move |field| head.text(field.value).trim_ascii()))
            .filter(|piece| !piece.is_empty())
    }
}

/// Whom a platform's router says it was called by, in a field of its own.
fn told_by_router(head: Head<'_>, trusted: &TrustedPeers) -> Option<IpAddr> {
    let name = trusted.client_field?;
    let mut found = head
        .parsed
        .fields()
        .iter()
        .filter(|field| head.text(field.name).eq_ignore_ascii_case(name.as_bytes()));
    ip_in(head.text(found.next()?.value).trim_ascii())
}

/// An IPv4 client on a dual-stack socket shows as `::ffff:a.b.c.d`; everybody means `a.b.c.d`.
pub(in crate::proxy) fn canonical_ip(peer: SocketAddr) -> IpAddr {
    peer.ip().to_canonical()
}

pub(in crate::proxy) fn is_trusted(ip: IpAddr, trusted: &TrustedPeers) -> bool {
    trusted.networks.iter().any(|network| network.contains(&ip))
}

/// `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`.
fn ip_in(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?;
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip.to_canonical());
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(canonical_ip(address));
    }
    text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_http1::{HeadLimits, RequestHead};

    fn trusted(networks: &[&str]) -> TrustedPeers {
        let networks = networks.iter().map(|text| text.parse().unwrap()).collect();
        TrustedPeers { networks, ..TrustedPeers::default() }
    }

    /// The client and the hops that these field lines tell, behind a peer at 10.0.0.1.
    fn told(fields: &str, trusted: &TrustedPeers) -> (String, String) {
        let bytes = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let mut parsed = RequestHead::default();
        parsed.parse(bytes.as_bytes(), &HeadLimits::default()).unwrap();
        let head = Head { bytes: bytes.as_bytes(), parsed: &parsed };
        let chain = Chain::of(head, Some("10.0.0.1".parse().unwrap()), trusted);
        let hops: Vec<_> = chain.hops(head).map(|hop| std::str::from_utf8(hop).unwrap()).collect();
        (chain.client.unwrap().to_string(), hops.join("|"))
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_not_trusted() {
        let table: &[(&[&str], &str, &str)] = &[
            (&["203.0.113.7"], "203.0.113.7", ""),
            (&["6.6.6.6, 203.0.113.7"], "203.0.113.7", ""),
            (&["6.6.6.6, 203.0.113.7, 10.0.0.9"], "203.0.113.7", "10.0.0.9"),
            (&["6.6.6.6,203.0.113.7,10.0.0.9 , 10.0.0.8"], "203.0.113.7", "10.0.0.9 , 10.0.0.8"),
            (&["10.0.0.5, 10.0.0.9"], "10.0.0.5", "10.0.0.9"),
            (&["garbage, 10.0.0.9"], "10.0.0.9", ""),
            (&["garbage"], "10.0.0.1", ""),
            (&["[2001:db8::1]:443"], "2001:db8::1", ""),
            (&["::ffff:203.0.113.7"], "203.0.113.7", ""),
            (&["203.0.113.7, , 10.0.0.9,"], "203.0.113.7", ", 10.0.0.9,"),
            (&[""], "10.0.0.1", ""),
            // Several lines are one list.
            (&["6.6.6.6", "203.0.113.7"], "203.0.113.7", ""),
            (&["6.6.6.6, 203.0.113.7", "10.0.0.9"], "203.0.113.7", "10.0.0.9"),
            (&["203.0.113.7, 10.0.0.7", "10.0.0.8", "10.0.0.9"], "203.0.113.7", "10.0.0.7|10.0.0.8|10.0.0.9"),
            (&["203.0.113.7", "", "10.0.0.9"], "203.0.113.7", "10.0.0.9"),
            (&["203.0.113.7", "garbage", "10.0.0.9"], "10.0.0.9", ""),
        ];
        for (lines, client, hops) in table {
            let fields: String =
                lines.iter().map(|line| format!("X-Forwarded-For: {line}\r\nX: y\r\n")).collect();
            let found = told(&fields, &trusted(&["10.0.0.0/8"]));
            assert_eq!(found, ((*client).to_owned(), (*hops).to_owned()), "{lines:?}");
        }
    }

    #[test]
    fn a_platforms_router_names_its_client_in_a_field_of_its_own() {
        let mut fly = trusted(&["10.0.0.0/8", "198.41.128.0/17"]);
        fly.client_field = Some("fly-client-ip");
        let table: &[(&str, &str, &str, &str)] = &[
            // Its own address stands right of the client.
            ("203.0.113.7", "6.6.6.6, 203.0.113.7, 66.241.124.10", "203.0.113.7", "66.241.124.10"),
            // A trusted proxy before it.
            (
                "198.41.128.9",
                "203.0.113.7, 198.41.128.9, 66.241.124.10",
                "203.0.113.7",
                "198.41.128.9, 66.241.124.10",
            ),
            ("203.0.113.7", "6.6.6.6, 66.241.124.10", "203.0.113.7", ""),
            ("203.0.113.7", "garbage", "203.0.113.7", ""),
            // Without its word the list stands alone.
            ("", "203.0.113.7, 10.0.0.4", "203.0.113.7", "10.0.0.4"),
        ];
        for (told_by_router, list, client, hops) in table {
            let fields = format!("Fly-Client-IP: {told_by_router}\r\nX-Forwarded-For: {list}\r\n");
            assert_eq!(told(&fields, &fly), ((*client).to_owned(), (*hops).to_owned()), "{list}");
        }
    }
}

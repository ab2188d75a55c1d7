//! Hosts and ports: what may stand in Host and in an absolute target (RFC 9110 7.2, RFC 3986 3.2; HTTP.md rule 14).

use std::net::Ipv6Addr;

use crate::bytes::{UNRESERVED, class};

/// A host and perhaps a port, split and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostPort<'b> {
    host: &'b [u8],
    port: Option<u16>,
}

impl<'b> HostPort<'b> {
    /// Narrower than RFC 3986: no escapes and no sub-delims in a name, no empty label, no empty port, no zone. No
    /// real host needs them, and each has been read in two ways.
    pub(crate) fn of(text: &'b [u8]) -> Option<Self> {
        let (host, rest) = if text.first() == Some(&b'[') {
            let end = text.iter().position(|byte| *byte == b']')? + 1;
            let (host, rest) = text.split_at_checked(end)?;
            let address = host.strip_prefix(b"[")?.strip_suffix(b"]")?;
            std::str::from_utf8(address).ok()?.parse::<Ipv6Addr>().ok()?;
            (host, rest)
        } else {
            let end = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
            let (host, rest) = text.split_at_checked(end)?;
            if !is_name(host) {
                return None;
            }
            (host, rest)
        };
        let port = match rest {
            [] => None,
            [b':', digits @ ..] => Some(port_of(digits)?),
            _ => return None,
        };
        Some(Self { host, port })
    }

    /// Whether both name the same place for a scheme whose default port is given.
    pub(crate) fn is_same(&self, other: &HostPort<'_>, default_port: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.unwrap_or(default_port) == other.port.unwrap_or(default_port)
    }

    pub(crate) fn has_port(&self) -> bool {
        self.port.is_some()
    }
}

/// A name or an IPv4 address; one final dot is the root's.
fn is_name(host: &[u8]) -> bool {
    let mut before = b'.';
    for &byte in host {
        if class(byte) & UNRESERVED == 0 || (byte == b'.' && before == b'.') {
            return false;
        }
        before = byte;
    }
    !host.is_empty()
}

fn port_of(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    digits.iter().try_fold(0_u16, |port, digit| {
        let digit = digit.is_ascii_digit().then(|| u16::from(digit - b'0'))?;
        port.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_14_only_plain_hosts_and_ports_are_valid() {
        for valid in [
            "a",
            "example.com",
            "example.com.",
            "EXAMPLE.com:80",
            "a_b.c",
            "127.0.0.1:65535",
            "[::1]",
            "[::1]:8080",
        ] {
            assert!(HostPort::of(valid.as_bytes()).is_some(), "{valid}");
        }
        for invalid in [
            "",
            ":",
            ":80",
            ".",
            "..",
            ".a",
            "a..b",
            "a:",
            "a:65536",
            "a:-1",
            "a:+1",
            "a:80:80",
            "a b",
            "a,b",
            "a/b",
            "a@b",
            "a%41",
            "a\\b",
            "a?b",
            "a#b",
            "a\tb",
            "a\0b",
            "[",
            "[]",
            "[::1",
            "::1",
            "[::1]a",
            "[::1]:",
            "[fe80::1%25eth0]",
            "[v1.x]",
            "[1.2.3.4]",
            "é",
            "a\"b",
            "a;b",
            "a:0x50",
            "a:000080",
        ] {
            assert!(HostPort::of(invalid.as_bytes()).is_none(), "{invalid:?}");
        }
    }
}

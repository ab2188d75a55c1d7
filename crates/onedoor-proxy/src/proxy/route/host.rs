//! Hosts: what a pattern may say about them, what a request asks for, and which are tried in which order.
//!
//! Step 1 of precedence: exact, then the longest wildcard, then any. Compared without case, without the port and
//! without the root's final dot (RFC 3986 3.2.2; RFC 9110 4.2.3); IPv6 addresses by value.

use std::net::Ipv6Addr;
use std::ops::{ControlFlow, Range};

use super::error::HostFault;
use super::names::Names;

/// RFC 1035 2.3.4, in the usual spelling without the final dot.
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// The host a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum HostPattern {
    Any,
    /// `.example.com`, lower-case: one label or more stand before it.
    Wildcard(Box<str>),
    /// Lower-case; a name or an IPv4 address.
    Name(Box<str>),
    Ipv6(Ipv6Addr),
}

/// Why a text is no host, where in it, and how it was probably meant.
#[derive(Debug)]
pub(super) struct BadHost {
    pub(super) range: Range<usize>,
    pub(super) fault: HostFault,
    pub(super) fix: Option<String>,
}

impl HostPattern {
    pub(super) fn parse(text: &str) -> Result<Self, BadHost> {
        let bad = |range: Range<usize>, fault, fix| Err(BadHost { range, fault, fix });
        if text.is_empty() {
            return Ok(Self::Any);
        }
        if let Some(at) = text.find("://") {
            let authority = text[at + 3..].trim_end_matches('/');
            return bad(0..at + 3, HostFault::Scheme, Self::valid(authority));
        }
        if !text.is_ascii() {
            return bad(0..text.len(), HostFault::Unicode, None);
        }
        if text.starts_with('[') {
            return parse_ipv6(text);
        }
        if let Some(colon) = text.find(':') {
            return match text.parse::<Ipv6Addr>() {
                Ok(_) => bad(0..text.len(), HostFault::Ipv6, Some(format!("[{text}]"))),
                Err(_) => bad(colon..text.len(), HostFault::Port, Self::valid(&text[..colon])),
            };
        }
        if text == "*" {
            return bad(0..1, HostFault::Star, Some(String::new()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let (labels, wildcard) = name.strip_prefix("*.").map_or((&*name, false), |labels| (labels, true));
        if let Some(star) = labels.find('*') {
            let star = star + name.len() - labels.len();
            return bad(star..star + 1, HostFault::Star, None);
        }
        if labels.len() > HOST_BYTES_MAX || !labels.split('.').all(is_label) {
            return bad(0..text.len(), HostFault::Name, None);
        }
        Ok(if wildcard { Self::Wildcard(name[1..].into()) } else { Self::Name(name.into()) })
    }

    fn valid(text: &str) -> Option<String> {
        Self::parse(text).is_ok().then(|| text.to_owned())
    }

    pub(super) fn matches(&self, asked: &AskedHost) -> bool {
        match self {
            Self::Any => true,
            Self::Wildcard(suffix) => asked
                .name()
                .and_then(|name| name.strip_suffix(suffix.as_bytes()))
                .is_some_and(|labels| !labels.is_empty() && !labels.starts_with(b".")),
            Self::Name(name) => asked.name() == Some(name.as_bytes()),
            Self::Ipv6(address) => matches!(asked, AskedHost::Ipv6(asked) if asked == address),
        }
    }

    /// Step 1 of precedence between patterns that match the same host.
    pub(super) fn rank(&self) -> (u8, usize) {
        match self {
            Self::Any => (0, 0),
            Self::Wildcard(suffix) => (1, suffix.len()),
            Self::Name(_) | Self::Ipv6(_) => (2, 0),
        }
    }
}

fn parse_ipv6(text: &str) -> Result<HostPattern, BadHost> {
    let bad = |range, fault, fix| Err(BadHost { range, fault, fix });
    let Some(end) = text.find(']') else { return bad(0..text.len(), HostFault::Ipv6, None) };
    let Ok(address) = text[1..end].parse() else { return bad(0..end + 1, HostFault::Ipv6, None) };
    match &text[end + 1..] {
        "" => Ok(HostPattern::Ipv6(address)),
        after if after.starts_with(':') => {
            bad(end + 1..text.len(), HostFault::Port, Some(text[..=end].to_owned()))
        }
        _ => bad(end + 1..text.len(), HostFault::Ipv6, None),
    }
}

/// Underscores are no host name's (RFC 952) but many a container's.
fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The host of a request, ready to be compared.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one lookup; a box would allocate")]
pub(super) enum AskedHost {
    Name {
        bytes: [u8; HOST_BYTES_MAX],
        len: usize,
    },
    Ipv6(Ipv6Addr),
    /// None was sent (HTTP/1.0), or nothing that a pattern could name.
    Unnamed,
}

impl AskedHost {
    /// `authority` has been validated with the head (HTTP.md rule 14); here it is only taken apart.
    pub(super) fn new(authority: &[u8]) -> Self {
        if let Some(inside) = authority.strip_prefix(b"[") {
            let end = memchr::memchr(b']', inside).unwrap_or(inside.len());
            let address = std::str::from_utf8(&inside[..end]).ok().and_then(|text| text.parse().ok());
            return address.map_or(Self::Unnamed, Self::Ipv6);
        }
        let end = memchr::memchr(b':', authority).unwrap_or(authority.len());
        let host = &authority[..end];
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut bytes = [0; HOST_BYTES_MAX];
        match bytes.get_mut(..host.len()) {
            Some(room) if !host.is_empty() => {
                room.copy_from_slice(host);
                room.make_ascii_lowercase();
                Self::Name { bytes, len: host.len() }
            }
            _ => Self::Unnamed,
        }
    }

    fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name { bytes, len } => Some(&bytes[..*len]),
            Self::Ipv6(_) | Self::Unnamed => None,
        }
    }
}

/// One `T` per host pattern; asked for all that a host matches, best first.
#[derive(Debug)]
pub(super) struct Hosts<T> {
    names: Names<T>,
    wildcards: Names<T>,
    /// No suffix that is longer needs to be looked up.
    wildcard_bytes_max: usize,
    /// By their 16 bytes.
    addresses: Names<T>,
    any: Option<T>,
}

impl<T> Default for Hosts<T> {
    fn default() -> Self {
        Self {
            names: Names::default(),
            wildcards: Names::default(),
            wildcard_bytes_max: 0,
            addresses: Names::default(),
            any: None,
        }
    }
}

impl<T: Default> Hosts<T> {
    pub(super) fn entry(&mut self, pattern: &HostPattern) -> &mut T {
        match pattern {
            HostPattern::Any => self.any.get_or_insert_default(),
            HostPattern::Wildcard(suffix) => {
                self.wildcard_bytes_max = self.wildcard_bytes_max.max(suffix.len());
                self.wildcards.entry(suffix.as_bytes(), T::default)
            }
            HostPattern::Name(name) => self.names.entry(name.as_bytes(), T::default),
            HostPattern::Ipv6(address) => self.addresses.entry(&address.octets(), T::default),
        }
    }

    pub(super) fn for_each_mut(&mut self, change: impl FnMut(&mut T)) {
        let named = self.names.values_mut().chain(self.wildcards.values_mut());
        named.chain(self.addresses.values_mut()).chain(&mut self.any).for_each(change);
    }

    /// Calls `visit` with everything whose host matches, best first, until it breaks.
    pub(super) fn visit<'t, B>(
        &'t self,
        authority: &[u8],
        mut visit: impl FnMut(&'t T) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if !self.names.is_empty() || !self.wildcards.is_empty() || !self.addresses.is_empty() {
            match &AskedHost::new(authority) {
                AskedHost::Name { bytes, len } => self.visit_named(&bytes[..*len], &mut visit)?,
                AskedHost::Ipv6(asked) => {
                    if let Some(found) = self.addresses.find(&asked.octets()) {
                        visit(found)?;
                    }
                }
                AskedHost::Unnamed => {}
            }
        }
        self.any.as_ref().map_or(ControlFlow::Continue(()), visit)
    }

    fn visit_named<'t, B>(
        &'t self,
        name: &[u8],
        visit: &mut impl FnMut(&'t T) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(found) = self.names.find(name) {
            visit(found)?;
        }
        if !self.wildcards.is_empty() {
            // From the left: the longest suffix first. A dot at 0 has no label before it.
            let longest_at = name.len().saturating_sub(self.wildcard_bytes_max).max(1).min(name.len());
            for dot in memchr::memchr_iter(b'.', &name[longest_at..]) {
                if let Some(found) = self.wildcards.find(&name[longest_at + dot..]) {
                    visit(found)?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_compared_without_case_port_and_final_dot() {
        for (pattern, asked, matches) in [
            ("example.com", "example.com", true),
            ("example.com", "EXAMPLE.com:8080", true),
            ("Example.COM.", "example.com.", true),
            ("example.com", "example.com.:443", true),
            ("example.com", "www.example.com", false),
            ("example.com", "example.comm", false),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "a.b.Example.com:1", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "badexample.com", false),
            ("[::1]", "[::1]:8000", true),
            ("[::1]", "[0:0:0:0:0:0:0:1]", true),
            ("[::1]", "[::2]", false),
            ("127.0.0.1", "127.0.0.1:80", true),
            ("", "anything", true),
            ("", "", true),
            ("example.com", "", false),
            ("*.example.com", "", false),
        ] {
            let parsed = HostPattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(&AskedHost::new(asked.as_bytes())), matches, "{pattern} {asked}");
            let mut hosts: Hosts<u8> = Hosts::default();
            *hosts.entry(&parsed) = 1;
            let found = hosts.visit(asked.as_bytes(), |_| ControlFlow::Break(()));
            assert_eq!(found.is_break(), matches, "table: {pattern} {asked}");
        }
    }

    #[test]
    fn exact_hosts_come_before_longer_wildcards_before_shorter_ones_before_any() {
        let mut hosts: Hosts<&str> = Hosts::default();
        for pattern in ["", "*.com", "a.b.example.com", "*.b.example.com", "*.example.com", "*.other.com"] {
            *hosts.entry(&HostPattern::parse(pattern).unwrap()) = pattern;
        }
        for (asked, order) in [
            ("a.b.example.com", vec!["a.b.example.com", "*.b.example.com", "*.example.com", "*.com", ""]),
            ("x.b.example.com", vec!["*.b.example.com", "*.example.com", "*.com", ""]),
            ("b.example.com", vec!["*.example.com", "*.com", ""]),
            ("very.long.name.in.front.of.example.com", vec!["*.example.com", "*.com", ""]),
            ("example.com", vec!["*.com", ""]),
            ("com", vec![""]),
            ("", vec![""]),
        ] {
            let mut visited = Vec::new();
            let end = hosts.visit::<()>(asked.as_bytes(), |found| {
                visited.push(*found);
                ControlFlow::Continue(())
            });
            assert!(end.is_continue());
            assert_eq!(visited, order, "{asked}");
        }
    }

    #[test]
    fn what_is_no_host_says_why_and_how_it_was_meant() {
        for (text, fault, fix) in [
            ("https://example.com", HostFault::Scheme, Some("example.com")),
            ("example.com:8080", HostFault::Port, Some("example.com")),
            ("[::1]:80", HostFault::Port, Some("[::1]")),
            ("::1", HostFault::Ipv6, Some("[::1]")),
            ("[::1", HostFault::Ipv6, None),
            ("[zz]", HostFault::Ipv6, None),
            ("*", HostFault::Star, Some("")),
            ("a.*.com", HostFault::Star, None),
            ("*foo.com", HostFault::Star, None),
            ("*.*.com", HostFault::Star, None),
            ("b\u{fc}cher.de", HostFault::Unicode, None),
            ("a..b", HostFault::Name, None),
            ("-a.com", HostFault::Name, None),
            ("a@b.com", HostFault::Name, None),
            ("*.", HostFault::Star, None),
        ] {
            let bad = HostPattern::parse(text).expect_err(text);
            assert_eq!((bad.fault, bad.fix.as_deref()), (fault, fix), "{text}");
            assert!(text.get(bad.range).is_some(), "{text}");
        }
    }
}

//! Names of external upstreams → addresses, asked anew as their TTL runs out.
//!
//! Never getaddrinfo: it blocks a thread, knows no TTL, and in a static binary loads foreign NSS modules. A name
//! that does not resolve concerns only the request that asked.

use std::cell::OnceCell;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;

/// One worker's resolver; made when the first name is asked.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Names {
    resolver: OnceCell<Result<TokioResolver, String>>,
}

impl Names {
    /// All addresses of `host`, in the order to try them. An address stands for itself.
    pub(in crate::proxy) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let literal = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        if let Ok(ip) = literal.parse::<IpAddr>() {
            return Ok(vec![ip]);
        }
        // RFC 6761 6.3: localhost is loopback, whatever a resolver says.
        if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
            return Ok(vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]);
        }
        let resolver = self.resolver.get_or_init(make_resolver).as_ref().map_err(Clone::clone)?;
        let found = resolver.lookup_ip(host).await.map_err(|error| error.to_string())?;
        Ok(found.iter().collect())
    }
}

fn make_resolver() -> Result<TokioResolver, String> {
    let builder = TokioResolver::builder_tokio().map_err(|error| format!("/etc/resolv.conf: {error}"))?;
    builder.build().map_err(|error| error.to_string())
}

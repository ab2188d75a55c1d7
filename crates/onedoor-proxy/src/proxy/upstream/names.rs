//! Names of external upstreams → addresses, asked anew as their TTL runs out.
//!
//! Never getaddrinfo: it blocks a thread, knows no TTL, and in a static binary loads foreign NSS modules. A name
//! that does not resolve concerns only the request that asked.

use std::cell::RefCell;
use std::net::IpAddr;

use hickory_resolver::TokioResolver;

/// One worker's resolver; made when the first name is asked.
#[derive(Debug)]
pub(in crate::proxy) struct Names {
    make: fn() -> Result<TokioResolver, String>,
    resolver: RefCell<Option<TokioResolver>>,
}

impl Default for Names {
    fn default() -> Self {
        Self { make: make_resolver, resolver: RefCell::default() }
    }
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
        let found = self.resolver()?.lookup_ip(host).await.map_err(|error| error.to_string())?;
        Ok(found.iter().collect())
    }

    /// A resolver that could not be made is tried again at the next name: /etc/resolv.conf may be written after us.
    fn resolver(&self) -> Result<TokioResolver, String> {
        let mut made = self.resolver.borrow_mut();
        match &*made {
            Some(resolver) => Ok(resolver.clone()),
            None => Ok(made.insert((self.make)()?).clone()),
        }
    }
}

fn make_resolver() -> Result<TokioResolver, String> {
    let builder = TokioResolver::builder_tokio().map_err(|error| format!("/etc/resolv.conf: {error}"))?;
    builder.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::config::ResolverConfig;
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use std::sync::atomic::{AtomicU32, Ordering};

    static MADE: AtomicU32 = AtomicU32::new(0);

    #[test]
    fn a_resolver_that_could_not_be_made_is_tried_again_and_then_kept() {
        let fails_once = || match MADE.fetch_add(1, Ordering::Relaxed) {
            0 => Err("/etc/resolv.conf: not there yet".to_owned()),
            _ => {
                TokioResolver::builder_with_config(ResolverConfig::default(), TokioRuntimeProvider::default())
                    .build()
                    .map_err(|error| error.to_string())
            }
        };
        let names = Names { make: fails_once, resolver: RefCell::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        assert!(names.resolver().is_err());
        assert!(names.resolver().is_ok());
        assert!(names.resolver().is_ok());
        assert_eq!(MADE.load(Ordering::Relaxed), 2);
    }
}

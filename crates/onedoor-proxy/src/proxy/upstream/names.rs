//! Names of external upstreams → addresses, asked anew as their TTL runs out.
//!
//! Never getaddrinfo: it blocks a thread, knows no TTL, and in a static binary loads foreign NSS modules. A name
//! that does not resolve concerns only the request that asked.

use std::cell::{OnceCell, RefCell};
use std::net::IpAddr;

use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

/// One worker's resolver; made when the first name is asked.
#[derive(Debug)]
pub(in crate::proxy) struct Names {
    make: fn() -> Result<TokioResolver, String>,
    resolver: RefCell<Option<TokioResolver>>,
    hosts: OnceCell<Hosts>,
}

impl Default for Names {
    fn default() -> Self {
        Self { make: make_resolver, resolver: RefCell::default(), hosts: OnceCell::new() }
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
        let listed = listed(self.hosts.get_or_init(|| Hosts::from_system().unwrap_or_default()), host);
        if !listed.is_empty() {
            return Ok(listed);
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

/// What /etc/hosts has for a name is all there is for it (hosts(5)), as for any other program. The resolver knows the file,
/// too, but asks a server for the family that is not there, and fails with it where no server answers.
fn listed(hosts: &Hosts, host: &str) -> Vec<IpAddr> {
    let Ok(name) = Name::from_utf8(host) else { return Vec::new() };
    let of_kind = |kind| hosts.lookup_static_host(&Query::query(name.clone(), kind));
    let lookups = [RecordType::A, RecordType::AAAA].into_iter().filter_map(of_kind);
    lookups
        .flat_map(|lookup| lookup.answers().iter().filter_map(|it| it.data.ip_addr()).collect::<Vec<_>>())
        .collect()
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

    #[test]
    fn what_the_hosts_file_has_for_a_name_is_all_there_is() {
        let mut hosts = Hosts::default();
        let file = "10.0.0.5 db db.internal # ours\n10.0.0.6 db\nfd00::7 db\n10.0.0.8 other\n";
        hosts.read_hosts_conf(file.as_bytes()).unwrap();
        let shown = |name: &str| listed(&hosts, name).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown("db"), ["10.0.0.5", "10.0.0.6", "fd00::7"]);
        assert_eq!(shown("DB.internal"), ["10.0.0.5"]);
        assert_eq!(shown("nobody"), [""; 0]);
        assert_eq!(shown("not a name…"), [""; 0]);
    }

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
        let names = Names { make: fails_once, ..Names::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        assert!(names.resolver().is_err());
        assert!(names.resolver().is_ok());
        assert!(names.resolver().is_ok());
        assert_eq!(MADE.load(Ordering::Relaxed), 2);
    }
}

//! What a reload changes: routes, upstreams, limits, and which apps there are. Each exchange sees one edition, from its
//! first byte to its last; a worker's next exchange sees the newest.
//!
//! The ids of apps, upstreams and routes mean something within an edition only. What lives longer (pooled connections,
//! queues, numbers) is found by keys that stay the same from one edition to the next.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::config::{Config, UpstreamSpec};
use super::counters::RouteCounters;
use super::route::{Route, RouteId, UpstreamId};
use super::upstream::tls::Connectors;
use crate::registry::{Registry, WorkerId};

/// An external upstream, in every edition that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct UpstreamKey(u64);

impl UpstreamKey {
    /// One that no upstream had before.
    pub(super) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What one worker has counted of one route; made when the route takes its first request, which most of a long list may
/// never do.
type Tally = Arc<OnceLock<Box<RouteCounters>>>;

#[derive(Debug)]
pub(super) struct Edition {
    number: u64,
    config: Config,
    registry: Arc<Registry>,
    connectors: Connectors,
    upstream_keys: Box<[UpstreamKey]>,
    /// By worker, then by route.
    tallies: Box<[Box<[Tally]>]>,
}

impl Edition {
    pub(super) fn first(config: Config, registry: Arc<Registry>, connectors: Connectors) -> Self {
        let upstream_keys = config.upstreams.iter().map(|_| UpstreamKey::fresh()).collect();
        let tallies = (0..config.workers.get())
            .map(|_| config.all_routes().map(|_| Tally::default()).collect())
            .collect();
        Self { number: 0, config, registry, connectors, upstream_keys, tallies }
    }

    /// The one after this. What only a new start can change stays as it is; see [`Self::fixed`].
    pub(super) fn next(&self, config: Config, registry: Arc<Registry>, connectors: Connectors) -> Self {
        let old = &self.config;
        let mut config = Config {
            listen: old.listen.clone(),
            workers: old.workers,
            proxy_protocol: old.proxy_protocol,
            ..config
        };
        config.limits.connections_per_client = old.limits.connections_per_client;
        let same = |spec: &UpstreamSpec| old.upstreams.iter().position(|known| known == spec);
        let keys = config.upstreams.iter();
        let keys = keys.map(|spec| same(spec).map_or_else(UpstreamKey::fresh, |at| self.upstream_keys[at]));
        let upstream_keys = keys.collect();
        let known = |tallies: &[Tally], route: &Route| {
            let at = self.config.all_routes().position(|(_, old)| old.name == route.name);
            at.map_or_else(Tally::default, |at| Arc::clone(&tallies[at]))
        };
        let routes: Vec<&Route> = config.all_routes().map(|(_, route)| route).collect();
        let of_worker = |tallies: &[Tally]| routes.iter().map(|route| known(tallies, route)).collect();
        let tallies = self.tallies.iter().map(|tallies| of_worker(tallies)).collect();
        Self { number: self.number + 1, config, registry, connectors, upstream_keys, tallies }
    }

    /// What `config` has different that only a new start can change.
    pub(super) fn fixed(&self, config: &Config) -> Vec<&'static str> {
        let old = &self.config;
        let per_client = (old.limits.connections_per_client, config.limits.connections_per_client);
        let differs = [
            ("server.listen", old.listen != config.listen),
            ("server.workers", old.workers != config.workers),
            ("server.proxy_protocol", old.proxy_protocol != config.proxy_protocol),
            ("server.limits.per_client", per_client.0 != per_client.1),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
    }

    /// Counted from 0.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    pub(super) fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    pub(super) fn upstream(&self, id: UpstreamId) -> &UpstreamSpec {
        self.config.upstreams.get(usize::from(id.0)).expect("config makes ids from this very list")
    }

    pub(super) fn upstream_key(&self, id: UpstreamId) -> UpstreamKey {
        *self.upstream_keys.get(usize::from(id.0)).expect("there is a key for each upstream")
    }

    /// What `worker`, and it alone, counts of `route`.
    pub(super) fn tally(&self, worker: WorkerId, route: RouteId) -> &RouteCounters {
        self.place(worker, route).get_or_init(Box::default)
    }

    /// What all workers have counted of `route`.
    pub(super) fn tallies(&self, route: RouteId) -> impl Iterator<Item = &RouteCounters> {
        self.tallies.iter().filter_map(move |tallies| {
            tallies.get(usize::from(route.0)).and_then(|tally| tally.get()).map(|tally| &**tally)
        })
    }

    fn place(&self, worker: WorkerId, route: RouteId) -> &Tally {
        let tallies = self.tallies.get(usize::from(worker.0)).expect("workers are numbered like the tallies");
        tallies.get(usize::from(route.0)).expect("there is a tally for each route of the table")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::proxy::config::Via;
    use crate::proxy::route::tests::build;

    fn config(routes: &[&str], hosts: &[&str]) -> Config {
        let upstreams = hosts.iter().map(|host| UpstreamSpec::plain(host, 80)).collect();
        Config::plain(build(routes).unwrap(), upstreams)
    }

    fn edition() -> Edition {
        let config = config(&["/a", "/b/*", "/c/*"], &["b", "c"]);
        Edition::first(config, Registry::new(&[], 1).0, Connectors::new(&[]).unwrap())
    }

    fn number_of(edition: &Edition, name: &str) -> RouteId {
        let named = |(_, route): &(RouteId, &Route)| route.name.contains(name);
        edition.config().routes.all().find(named).expect("there is such a route").0
    }

    #[test]
    fn a_route_that_stays_goes_on_counting_and_an_upstream_keeps_its_key() {
        let old = edition();
        let worker = WorkerId(0);
        old.tally(worker, number_of(&old, "/c")).statuses.count(200);
        let after = config(&["/b/*", "/c/*"], &["bb", "c"]);
        let new = old.next(after, Registry::new(&[], 1).0, Connectors::new(&[]).unwrap());
        assert_eq!(new.number(), 1);
        assert_eq!(new.tallies(number_of(&new, "/c")).count(), 1);
        assert_eq!(new.tallies(number_of(&new, "/b")).count(), 0);
        let key = |edition: &Edition, host: &str| {
            let at = edition.config().upstreams.iter().position(|spec| &*spec.written == host);
            edition.upstream_key(UpstreamId(u16::try_from(at.expect("it is there")).unwrap()))
        };
        assert_eq!(key(&old, "http://c:80"), key(&new, "http://c:80"));
        assert_ne!(key(&old, "http://b:80"), key(&new, "http://bb:80"));
    }

    #[test]
    fn what_takes_a_new_start_stays_as_it_was_and_is_named() {
        let old = edition();
        let changed = || {
            let mut config = config(&["/a"], &[]);
            config.workers = NonZeroUsize::new(3).unwrap();
            config.limits.connections_per_client = Some(2);
            config.via = Via::Off;
            config
        };
        assert_eq!(old.fixed(&changed()), ["server.workers", "server.limits.per_client"]);
        let new = old.next(changed(), Registry::new(&[], 1).0, Connectors::new(&[]).unwrap());
        assert_eq!(new.config().workers, old.config().workers);
        assert_eq!(new.config().via, Via::Off);
    }
}

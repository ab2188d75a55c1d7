//! How many connections each client has, if there is a limit to it.
//!
//! Asked when a connection begins and ends, never on a request's way. A client is an IPv4 address or an IPv6 /64, which
//! is the least a network gets (RFC 6177), so that nobody has more places for having more addresses.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two workers seldom want the same one at once.
const SHARDS: usize = 16;

#[derive(Debug)]
pub(super) struct Clients {
    each_max: usize,
    shards: [Mutex<HashMap<Client, usize>>; SHARDS],
    /// Unpredictable: nobody can choose addresses that share a shard.
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    V4([u8; 4]),
    V6([u8; 8]),
}

/// The client has as many connections as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Clients {
    pub(super) fn new(each_max: usize) -> Self {
        Self { each_max, shards: Default::default(), hasher: RandomState::new() }
    }

    /// Counts one more. Each success is answered by one [`Clients::leave`].
    pub(super) fn enter(&self, ip: IpAddr) -> Result<Client, TooMany> {
        let client = Client::at(ip);
        let mut shard = self.shard(client);
        let count = shard.entry(client).or_insert(0);
        if *count >= self.each_max {
            return Err(TooMany);
        }
        *count += 1;
        Ok(client)
    }

    /// Whoever has none left is forgotten.
    pub(super) fn leave(&self, client: Client) {
        if let Entry::Occupied(mut found) = self.shard(client).entry(client) {
            *found.get_mut() -= 1;
            if *found.get() == 0 {
                found.remove();
            }
        }
    }

    fn shard(&self, client: Client) -> MutexGuard<'_, HashMap<Client, usize>> {
        let number = usize::from(self.hasher.hash_one(client).to_le_bytes()[0]) % SHARDS;
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    fn at(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.octets()),
            IpAddr::V6(ip) => {
                let [a, b, c, d, e, f, g, h, ..] = ip.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(clients: &Clients, ip: &str) -> Result<Client, TooMany> {
        clients.enter(ip.parse().unwrap())
    }

    #[test]
    fn each_client_has_its_own_places_and_gets_them_back() {
        let clients = Clients::new(2);
        let first = enter(&clients, "192.0.2.1").unwrap();
        enter(&clients, "::ffff:192.0.2.1").unwrap();
        assert_eq!(enter(&clients, "192.0.2.1"), Err(TooMany));
        enter(&clients, "192.0.2.2").unwrap();
        clients.leave(first);
        enter(&clients, "192.0.2.1").unwrap();
        assert_eq!(enter(&clients, "192.0.2.1"), Err(TooMany));
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let clients = Clients::new(1);
        enter(&clients, "2001:db8:0:1::1").unwrap();
        assert_eq!(enter(&clients, "2001:db8:0:1:ffff::2"), Err(TooMany));
        enter(&clients, "2001:db8:0:2::1").unwrap();
    }

    #[test]
    fn whoever_has_left_altogether_costs_nothing() {
        let clients = Clients::new(1);
        for number in 0..=255 {
            let client = clients.enter([192, 0, 2, number].into()).unwrap();
            clients.leave(client);
        }
        assert!(clients.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }
}

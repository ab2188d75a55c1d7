//! Which of an app's endpoints a request goes to. Pure; sees what is published and what the request has been through.
//!
//! The choice is made once per try and without a lock: what it reads may be old by the time it is acted on, which
//! costs evenness and nothing else.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::quality::FixedState;

use super::{Endpoint, FailedEndpoints};

/// Up to so many endpoints are all looked at for the least busy one; of more, two are (Mitzenmacher, "The Power of Two
/// Choices"): each look reads a cache line per worker.
const ALL_LOOKED_AT: usize = 8;

/// How one is chosen. A turn is a number that grows with every request of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One after the other.
    InTurn(usize),
    /// The one with the fewest requests in flight.
    LeastBusy(usize),
    /// The one that this client belongs to while it is there.
    OfClient(ClientHash),
    /// The replica that the client names, while it is there; else one after the other.
    OfSlot { slot: u16, turn: usize },
}

impl Choice {
    /// The replica that the request is to wait for once the choice has fallen on `endpoint`; None: any will do.
    pub fn pins(self, endpoint: &Endpoint) -> Option<u16> {
        match self {
            Self::InTurn(_) | Self::LeastBusy(_) => None,
            Self::OfClient(_) => Some(endpoint.slot),
            Self::OfSlot { slot, .. } => (slot == endpoint.slot).then_some(slot),
        }
    }
}

/// Where a client belongs, whichever worker it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHash(u64);

impl ClientHash {
    /// The seed is fixed: a client stays where it belongs when onedoor is started again.
    pub fn of(client: IpAddr) -> Self {
        Self(FixedState::with_seed(0).hash_one(client))
    }

    /// Rendezvous hashing (Thaler and Ravishankar): the replica with the highest weight has the client, so one that
    /// comes or goes moves only the clients it gets or had. By slot, so that a restart moves nobody.
    fn weight(self, slot: u16) -> u64 {
        FixedState::with_seed(self.0).hash_one(slot)
    }
}

/// One that may have another request, where there is one; else one that may not, so that it is waited for.
pub(super) fn pick(
    endpoints: &[Arc<Endpoint>],
    failed: &FailedEndpoints,
    choice: Choice,
) -> Option<Arc<Endpoint>> {
    // One that is leaving although it is still published would be picked, refused and picked again.
    let fit = |endpoint: &&Arc<Endpoint>| !failed.contains(&endpoint.id) && !endpoint.is_draining();
    let from = |turn: usize| {
        let (before, from) = endpoints.split_at(turn % endpoints.len().max(1));
        from.iter().chain(before).filter(fit)
    };
    let in_turn = |turn: usize| from(turn).find(|endpoint| endpoint.has_room()).or_else(|| from(turn).next());
    let load = |endpoint: &&Arc<Endpoint>| (!endpoint.has_room(), endpoint.usage().in_flight);
    let picked = match choice {
        Choice::InTurn(turn) => in_turn(turn),
        // The first of several that are equal: the turn decides.
        Choice::LeastBusy(turn) if endpoints.len() <= ALL_LOOKED_AT => from(turn).min_by_key(load),
        Choice::LeastBusy(turn) => {
            let second = usize::try_from(FixedState::with_seed(1).hash_one(turn) >> 32).unwrap_or_default();
            let two = from(turn).next().into_iter().chain(from(second).next());
            two.min_by_key(load)
        }
        Choice::OfClient(client) => {
            // Two of one slot while one replaces the other: the newer.
            from(0).max_by_key(|endpoint| (client.weight(endpoint.slot), endpoint.generation))
        }
        Choice::OfSlot { slot, turn } => {
            let own = from(0).filter(|endpoint| endpoint.slot == slot);
            own.max_by_key(|endpoint| endpoint.generation).or_else(|| in_turn(turn))
        }
    };
    picked.map(Arc::clone)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::registry::{EndpointAddr, EndpointId, EndpointSpec, WorkerId};

    fn replicas(slots: impl IntoIterator<Item = u16>) -> Vec<Arc<Endpoint>> {
        let spec = |slot: u16| EndpointSpec {
            id: EndpointId(u64::from(slot)),
            slot,
            addr: EndpointAddr::Tcp(([127, 0, 0, 1], 1).into()),
            generation: 1,
            idle_max: Duration::from_secs(1),
        };
        slots.into_iter().map(|slot| Arc::new(Endpoint::new(spec(slot), 1))).collect()
    }

    fn picked(endpoints: &[Arc<Endpoint>], choice: Choice) -> u16 {
        pick(endpoints, &FailedEndpoints::new(), choice).unwrap().slot
    }

    fn clients() -> impl Iterator<Item = Choice> {
        let client = |number: u32| IpAddr::from(Ipv4Addr::from(0x0a00_0000 + number));
        (0..1000).map(move |number| Choice::OfClient(ClientHash::of(client(number))))
    }

    #[test]
    fn turns_go_round() {
        let three = replicas(0..3);
        let slots: Vec<u16> = (0..6).map(|turn| picked(&three, Choice::InTurn(turn))).collect();
        assert_eq!(slots, [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn the_least_busy_takes_the_next_request_and_equals_take_turns() {
        let three = replicas(0..3);
        let leases = [0, 0, 1].map(|slot: usize| Arc::clone(&three[slot]).lease(WorkerId(0)).unwrap());
        for turn in 0..6 {
            assert_eq!(picked(&three, Choice::LeastBusy(turn)), 2);
        }
        drop(leases);
        let slots: Vec<u16> = (0..3).map(|turn| picked(&three, Choice::LeastBusy(turn))).collect();
        assert_eq!(slots, [0, 1, 2]);
    }

    #[test]
    fn of_many_replicas_none_stays_idle_and_none_is_crowded() {
        let many = replicas(0..32);
        let leases: Vec<_> = (0..3200)
            .map(|turn| {
                let choice = Choice::LeastBusy(turn);
                pick(&many, &FailedEndpoints::new(), choice).unwrap().lease(WorkerId(0)).unwrap()
            })
            .collect();
        let busy: Vec<u64> = many.iter().map(|endpoint| endpoint.usage().in_flight).collect();
        assert!(busy.iter().all(|busy| (90..=110).contains(busy)), "{busy:?}");
        drop(leases);
    }

    #[test]
    fn a_new_replica_takes_its_share_of_clients_and_moves_no_other() {
        let (four, five) = (replicas(0..4), replicas(0..5));
        let mut moved = 0;
        for client in clients() {
            let (before, after) = (picked(&four, client), picked(&five, client));
            if before != after {
                assert_eq!(after, 4, "it moved, but not to the new one");
                moved += 1;
            }
        }
        assert!((150..250).contains(&moved), "{moved} of 1000, a fifth would be fair");
    }

    #[test]
    fn a_client_stays_with_its_replica_whatever_the_order_and_the_generation() {
        let (forth, back) = (replicas(0..4), replicas((0..4).rev()));
        for client in clients() {
            assert_eq!(picked(&forth, client), picked(&back, client));
        }
    }

    #[test]
    fn a_client_that_names_its_replica_gets_it_and_else_takes_its_turn() {
        let three = replicas(0..3);
        let choice = |turn| Choice::OfSlot { slot: 1, turn };
        assert!((0..6).all(|turn| picked(&three, choice(turn)) == 1));
        let failed: FailedEndpoints = [EndpointId(1)].into_iter().collect();
        let others: Vec<u16> = (0..3).map(|turn| pick(&three, &failed, choice(turn)).unwrap().slot).collect();
        assert_eq!(others, [0, 2, 2]);
        assert_eq!((choice(0).pins(&three[1]), choice(0).pins(&three[0])), (Some(1), None));
    }

    #[test]
    fn one_with_room_comes_before_one_without_and_only_who_belongs_there_gets_the_full_one() {
        let spec = |slot: u16| EndpointSpec {
            id: EndpointId(u64::from(slot)),
            slot,
            addr: EndpointAddr::Tcp(([127, 0, 0, 1], 1).into()),
            generation: 1,
            idle_max: Duration::from_secs(1),
        };
        let capped = |slot| Endpoint::new(spec(slot), 1).capped(NonZeroU32::MIN, Arc::default());
        let two: Vec<_> = (0..2).map(|slot| Arc::new(capped(slot))).collect();
        let lease = Arc::clone(&two[0]).lease(WorkerId(0)).unwrap();
        for turn in 0..4 {
            assert_eq!(picked(&two, Choice::InTurn(turn)), 1);
            assert_eq!(picked(&two, Choice::LeastBusy(turn)), 1);
            assert_eq!(picked(&two, Choice::OfSlot { slot: 0, turn }), 0);
        }
        let both = (lease, Arc::clone(&two[1]).lease(WorkerId(0)).unwrap());
        // It is waited for then.
        assert_eq!(picked(&two, Choice::InTurn(1)), 1);
        drop(both);
    }

    #[test]
    fn none_that_failed_or_leaves_is_chosen_and_when_all_have_none_is() {
        let two = replicas(0..2);
        let failed: FailedEndpoints = [EndpointId(0)].into_iter().collect();
        let all: FailedEndpoints = [EndpointId(0), EndpointId(1)].into_iter().collect();
        let choices = [Choice::InTurn(0), Choice::LeastBusy(0)].into_iter().chain(clients().take(20));
        for choice in choices {
            assert_eq!(pick(&two, &failed, choice).unwrap().slot, 1);
            assert!(pick(&two, &all, choice).is_none());
            assert!(pick(&[], &failed, choice).is_none());
        }
    }
}

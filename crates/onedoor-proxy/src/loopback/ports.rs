//! Private ports: a fresh one per start of an app and one for each side door, where nobody else looks for one.
//!
//! Below `ip_local_port_range`, or an outgoing connection of any
//! process could be sitting on the port already (ip(7)). Never used twice in a row: an old listener in the backlog
//! of a dying process is not mistaken for its successor.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The first private port, where the kernel's range leaves room above it.
const FIRST: u16 = 21_001;

/// What FIRST becomes where it does not: above the system ports and most registered favourites.
const FIRST_LOW: u16 = 10_001;

/// What Linux uses when nobody set `ip_local_port_range`.
const USUAL_EPHEMERAL_START: u16 = 32_768;

/// How many fleets this program has had: one, but for its tests, which begin apart as well.
static FLEETS: AtomicU32 = AtomicU32::new(0);

const RANGE_FILE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// The ports onedoor may give away.
#[derive(Debug)]
pub struct PrivatePorts {
    first: u16,
    /// Exclusive.
    end: u16,
    giving: Mutex<Giving>,
}

#[derive(Debug)]
struct Giving {
    /// The door's own ports and those that apps were promised.
    taken: BTreeSet<u16>,
    next: u16,
}

/// No port is free.
#[derive(Debug, thiserror::Error)]
#[error(
    "no free private port in {first}..{end}; something holds them all, or ip_local_port_range starts too low"
)]
pub struct NoPort {
    first: u16,
    end: u16,
}

impl PrivatePorts {
    /// Reads the kernel's range; `taken` are ports that must never be given away.
    pub fn of_this_host(taken: BTreeSet<u16>) -> Self {
        let range = std::fs::read_to_string(RANGE_FILE);
        let start = range.ok().and_then(|range| ephemeral_start(&range)).unwrap_or(USUAL_EPHEMERAL_START);
        let fleets = FLEETS.fetch_add(1, Ordering::Relaxed);
        Self::below(start, taken).starting_off(std::process::id().wrapping_add(fleets))
    }

    /// Another onedoor on this host would give away the same ports at the same moment, and a bind test cannot see what
    /// is not bound yet. As PID 1, alone in its container, the first port is always the same.
    fn starting_off(self, pid: u32) -> Self {
        /// Ports between two neighbours in the process table.
        const APART: u64 = 61;
        let span = u64::from(self.end - self.first);
        let offset = u64::from(pid.saturating_sub(1)) * APART % span;
        self.lock().next = self.first + u16::try_from(offset).unwrap_or(0);
        self
    }

    fn below(ephemeral_start: u16, taken: BTreeSet<u16>) -> Self {
        let (first, end) = match ephemeral_start {
            end if end > FIRST + 1000 => (FIRST, end),
            end if end > FIRST_LOW + 1000 => (FIRST_LOW, end),
            // The whole range is the kernel's; a bind test still finds what is free right now.
            _ => (FIRST, USUAL_EPHEMERAL_START),
        };
        Self { first, end, giving: Mutex::new(Giving { taken, next: first }) }
    }

    /// From now on these are never given away: an app of a changed file has one of them for itself.
    pub fn reserve(&self, ports: impl IntoIterator<Item = u16>) {
        self.lock().taken.extend(ports);
    }

    fn lock(&self) -> MutexGuard<'_, Giving> {
        self.giving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next port that nobody listens on.
    pub fn fresh(&self) -> Result<u16, NoPort> {
        self.fresh_if(is_free)
    }

    fn fresh_if(&self, free: impl Fn(u16) -> bool) -> Result<u16, NoPort> {
        let mut giving = self.lock();
        for _ in self.first..self.end {
            let port = giving.next;
            giving.next = if port + 1 < self.end { port + 1 } else { self.first };
            if !giving.taken.contains(&port) && free(port) {
                return Ok(port);
            }
        }
        Err(NoPort { first: self.first, end: self.end })
    }
}

/// On all addresses: an app that ignores HOST binds 0.0.0.0 and would clash with a listener on any of them.
fn is_free(port: u16) -> bool {
    match onedoor_linux::socket::try_port(port) {
        Ok(()) => true,
        Err(error) => {
            error.kind() != io::ErrorKind::AddrInUse && error.kind() != io::ErrorKind::PermissionDenied
        }
    }
}

fn ephemeral_start(range: &str) -> Option<u16> {
    range.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn two_doors_on_one_host_begin_apart_and_a_lone_one_at_the_first() {
        let first =
            |pid| PrivatePorts::below(32_768, BTreeSet::new()).starting_off(pid).fresh_if(|_| true).unwrap();
        assert_eq!(first(1), FIRST);
        assert!(first(5001).abs_diff(first(5002)) >= 50);
        assert!((FIRST..32_768).contains(&first(u32::MAX)));
    }

    #[test]
    fn ports_are_fresh_and_below_the_ephemeral_range() {
        let ports = PrivatePorts::below(32_768, BTreeSet::from([21_002]));
        let given: Vec<u16> = (0..3).map(|_| ports.fresh_if(|_| true).unwrap()).collect();
        assert_eq!(given, [21_001, 21_003, 21_004]);
    }

    #[test]
    fn a_low_ephemeral_range_moves_the_private_ports_down() {
        assert_eq!(PrivatePorts::below(15_000, BTreeSet::new()).fresh_if(|_| true).unwrap(), 10_001);
        assert_eq!(PrivatePorts::below(1_024, BTreeSet::new()).fresh_if(|_| true).unwrap(), 21_001);
    }

    #[test]
    fn the_ports_go_round_and_exhaustion_is_said() {
        let ports = PrivatePorts::below(22_100, BTreeSet::new());
        let only = |port: u16| port == 21_001;
        assert_eq!(ports.fresh_if(only).unwrap(), 21_001);
        assert_eq!(ports.fresh_if(only).unwrap(), 21_001);
        assert!(ports.fresh_if(|_| false).unwrap_err().to_string().contains("21001..22100"));
    }

    #[test]
    fn a_port_somebody_listens_on_is_not_free() {
        let somebody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(somebody.local_addr().unwrap().port()));
    }

    #[test]
    fn the_kernels_range_is_read() {
        assert_eq!(ephemeral_start("32768\t60999\n"), Some(32_768));
        assert_eq!(ephemeral_start(""), None);
    }
}

//! Private ports: a fresh one per spawn, where nobody else looks for one.
//!
//! Part of step "spawn" of the life of an app. Below `ip_local_port_range`, or an outgoing connection of any
//! process could be sitting on the port already (ip(7)). Never used twice in a row: an old listener in the backlog
//! of a dying process is not mistaken for its successor.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

/// The first private port, where the kernel's range leaves room above it.
const FIRST: u16 = 21_001;

/// What FIRST becomes where it does not: above the system ports and most registered favourites.
const FIRST_LOW: u16 = 10_001;

/// What Linux uses when nobody set `ip_local_port_range`.
const USUAL_EPHEMERAL_START: u16 = 32_768;

/// How far apart the first ports of two doors with neighbouring process numbers are.
const PORTS_PER_DOOR: u32 = 16;

const RANGE_FILE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// The ports onedoor may give away.
#[derive(Debug)]
pub(super) struct PrivatePorts {
    first: u16,
    /// Exclusive.
    end: u16,
    /// The door's own ports and those that apps were promised.
    taken: BTreeSet<u16>,
    next: Mutex<u16>,
}

/// No port is free.
#[derive(Debug, thiserror::Error)]
#[error(
    "no free private port in {first}..{end}; something holds them all, or ip_local_port_range starts too low"
)]
pub(super) struct NoPort {
    first: u16,
    end: u16,
}

impl PrivatePorts {
    /// Reads the kernel's range; `taken` are ports that must never be given away.
    pub(super) fn of_this_host(taken: BTreeSet<u16>) -> Self {
        let range = std::fs::read_to_string(RANGE_FILE);
        let start = range.ok().and_then(|range| ephemeral_start(&range)).unwrap_or(USUAL_EPHEMERAL_START);
        Self::below(start, taken).starting_with(std::process::id())
    }

    /// Two doors on one host that start at the same time would find the same ports free until their apps bind them;
    /// so each begins at a place of its own. PID 1, alone in its container, begins with the first.
    fn starting_with(self, pid: u32) -> Self {
        let ports = u32::from(self.end - self.first);
        let offset = pid.saturating_sub(1).wrapping_mul(PORTS_PER_DOOR) % ports;
        let next = self.first + u16::try_from(offset).unwrap_or_default();
        Self { next: Mutex::new(next), ..self }
    }

    fn below(ephemeral_start: u16, taken: BTreeSet<u16>) -> Self {
        let (first, end) = match ephemeral_start {
            end if end > FIRST + 1000 => (FIRST, end),
            end if end > FIRST_LOW + 1000 => (FIRST_LOW, end),
            // The whole range is the kernel's; a bind test still finds what is free right now.
            _ => (FIRST, USUAL_EPHEMERAL_START),
        };
        Self { first, end, taken, next: Mutex::new(first) }
    }

    /// The next port that nobody listens on.
    pub(super) fn fresh(&self) -> Result<u16, NoPort> {
        self.fresh_if(is_free)
    }

    fn fresh_if(&self, free: impl Fn(u16) -> bool) -> Result<u16, NoPort> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in self.first..self.end {
            let port = *next;
            *next = if port + 1 < self.end { port + 1 } else { self.first };
            if !self.taken.contains(&port) && free(port) {
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
    fn doors_on_one_host_begin_apart_and_pid_1_with_the_first() {
        let first = |pid| PrivatePorts::below(32_768, BTreeSet::new()).starting_with(pid).fresh_if(|_| true);
        assert_eq!(first(1).unwrap(), 21_001);
        assert_eq!(first(41).unwrap() + 16, first(42).unwrap());
        assert!((21_001..32_768).contains(&first(u32::MAX).unwrap()));
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

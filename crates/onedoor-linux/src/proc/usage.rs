//! What a process and all that came of it use: the time of processors, and memory.

use std::time::Duration;

use super::{Pid, Process, descendants_among, memory, processes};

/// Of a process and those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What the living have used since each of them began, and the ended children that they collected.
    pub cpu: Duration,
    /// In bytes; what several of them share is counted for each.
    pub resident: u64,
}

/// What each of these and its descendants use, by one look at all processes. None: it is gone, or hidden.
#[must_use]
pub fn usages(leaders: &[Pid]) -> Vec<Option<Usage>> {
    let everyone = if leaders.is_empty() { Vec::new() } else { processes() };
    leaders.iter().map(|leader| usage_among(&everyone, *leader)).collect()
}

fn usage_among(everyone: &[Process], leader: Pid) -> Option<Usage> {
    let mut usage = usage_of(leader)?;
    // Who was re-parented is found by the session, which the leader began (setsid(2)).
    let below = descendants_among(everyone, leader);
    let beside = everyone.iter().filter(|process| {
        let is_below = below.iter().any(|known| known.pid == process.pid);
        process.session == Some(leader) && process.pid != leader && !is_below
    });
    for other in below.iter().chain(beside).filter_map(|process| usage_of(process.pid)) {
        usage.cpu += other.cpu;
        usage.resident += other.resident;
    }
    Some(usage)
}

fn usage_of(pid: Pid) -> Option<Usage> {
    let ticks = parse_ticks(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)?;
    let a_second = rustix::param::clock_ticks_per_second().max(1);
    let cpu =
        Duration::from_secs(ticks / a_second) + Duration::from_millis(ticks % a_second * 1000 / a_second);
    Some(Usage { cpu, resident: memory::resident(pid).unwrap_or(0) })
}

/// utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5), counted from the last `)`.
fn parse_ticks(stat: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(stat);
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    // The time of children is signed in the kernel's print, and never negative.
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    [ticks()?, ticks()?, ticks()?, ticks()?].into_iter().try_fold(0, u64::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_behind_the_name() {
        let stat = "11 () S 1 1) S 7 11 11 0 -1 4194560 1 0 0 0 10 20 3 4 20 0 1 0 98765 1000 10";
        assert_eq!(parse_ticks(stat.as_bytes()), Some(37));
        for broken in ["", "1 (sh", "1 (sh) S 1 1", "1 (sh) S 1 1 1 0 -1 0 0 0 0 0 x 0 0 0"] {
            assert_eq!(parse_ticks(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn we_use_something_and_who_is_gone_nothing() {
        let found = usages(&[Pid::ours(), Pid::new(i32::MAX).unwrap()]);
        assert!(found[0].unwrap().resident > 1 << 20);
        assert_eq!(found[1], None);
        assert!(usages(&[]).is_empty());
    }
}

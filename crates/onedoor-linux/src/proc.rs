//! Reading /proc: who is whose child, who listens where, what the kernel was told.
//!
//! Every answer is a snapshot: a process may vanish between two lines, and with hidepid (proc(5)) or in a sandbox much
//! of it may be missing. So nothing here fails; what cannot be read is simply not there.

pub mod memory;
mod sockets;
mod usage;

use std::ffi::OsStr;
use std::fmt;
use std::num::NonZeroI32;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;

pub use sockets::{ListeningAt, ListeningSocket, listening_sockets, who_listens_on};
pub use usage::{Usage, usages};

/// A process's number: 1 or more, so that no signal can mean a group or everyone by accident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(NonZeroI32);

/// How a process was called, its words parted by spaces; None: it is gone, hidden, or of the kernel.
#[must_use]
pub fn command_line(pid: Pid) -> Option<String> {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = words.strip_suffix(b"\0").unwrap_or(&words);
    let shown: String =
        String::from_utf8_lossy(words).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(shown).filter(|shown| !shown.is_empty())
}

/// The user whose rights we have (geteuid(2)).
#[must_use]
pub fn our_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

impl Pid {
    /// None for 0 and for negative numbers, which mean something else to kill(2) and waitid(2).
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        NonZeroI32::new(number).filter(|number| number.get() > 0).map(Self)
    }

    /// # Panics
    /// Never: every process has a number.
    #[must_use]
    pub fn ours() -> Self {
        let ours = i32::try_from(std::process::id()).ok().and_then(Self::new);
        ours.expect("the kernel gives out numbers from 1 to 4 194 304 (proc(5), pid_max)")
    }

    #[must_use]
    pub fn number(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What /proc/PID/stat tells (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: Pid,
    pub life: Liveness,
    /// None: the kernel itself, or a process outside our PID namespace.
    pub parent: Option<Pid>,
    pub group: Option<Pid>,
    pub session: Option<Pid>,
    /// In clock ticks since boot. With the pid it names a process for ever.
    pub started: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    Alive,
    /// Ended, not yet collected.
    Zombie,
}

/// One process, unless it is gone or hidden.
#[must_use]
pub fn process(pid: Pid) -> Option<Process> {
    parse_stat(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Every process that we may see.
#[must_use]
pub fn processes() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| Pid::new(entry.file_name().to_str()?.parse().ok()?));
    pids.filter_map(process).collect()
}

/// All that descend from `ancestor`, itself not included, children before their own children. Orphans that were
/// re-parented are found where they are now.
#[must_use]
pub fn descendants(ancestor: Pid) -> Vec<Process> {
    descendants_among(&processes(), ancestor)
}

/// [`descendants`] in a snapshot that the caller has already.
#[must_use]
pub fn descendants_among(everyone: &[Process], ancestor: Pid) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        let is_child = |process: &&Process| process.parent == Some(parent) && process.pid != ancestor;
        for child in everyone.iter().filter(is_child) {
            // A snapshot that is not taken at once may show a circle.
            if !found.iter().any(|known| known.pid == child.pid) {
                found.push(*child);
                parents.push(child.pid);
            }
        }
    }
    found
}

/// Everyone in the process group of `leader`, zombies included.
#[must_use]
pub fn group_members(leader: Pid) -> Vec<Process> {
    processes().into_iter().filter(|process| process.group == Some(leader)).collect()
}

/// Everyone in the session of `leader`: its group, and the groups that a shell with job control made in it.
#[must_use]
pub fn session_members(leader: Pid) -> Vec<Process> {
    processes().into_iter().filter(|process| process.session == Some(leader)).collect()
}

/// Everyone whose environment had `name=value` when its program began: finds daemons that left group and session.
#[must_use]
pub fn with_environment(name: &OsStr, value: &OsStr) -> Vec<Process> {
    with_environment_among(processes(), name, value)
}

/// [`with_environment`] in a snapshot, or the part of it where it is worth the reading: a file per process.
#[must_use]
pub fn with_environment_among(everyone: Vec<Process>, name: &OsStr, value: &OsStr) -> Vec<Process> {
    let mut marker = name.as_bytes().to_vec();
    marker.push(b'=');
    marker.extend_from_slice(value.as_bytes());
    let marked = |process: &Process| has_entry(process.pid, &marker);
    everyone.into_iter().filter(marked).collect()
}

fn has_entry(pid: Pid, entry: &[u8]) -> bool {
    let Ok(environ) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    environ.split(|byte| *byte == 0).any(|found| found == entry)
}

/// The ports that the kernel gives to outgoing connections. None in a sandbox that does not tell.
#[must_use]
pub fn ip_local_port_range() -> Option<RangeInclusive<u16>> {
    parse_port_range(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)
}

fn parse_port_range(text: &str) -> Option<RangeInclusive<u16>> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?.parse().ok()?;
    let last = words.next()?.parse().ok()?;
    Some(first..=last)
}

/// `PID (comm) state ppid pgrp session … starttime …`; comm may hold anything, spaces and `)` included, so the
/// fields are counted from the last `)`.
fn parse_stat(stat: &[u8]) -> Option<Process> {
    let text = String::from_utf8_lossy(stat);
    let (pid, rest) = text.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let life = match fields.next()? {
        "Z" | "X" | "x" => Liveness::Zombie,
        _ => Liveness::Alive,
    };
    let mut relative = || fields.next()?.parse().ok().map(Pid::new);
    let parent = relative()?;
    let group = relative()?;
    let session = relative()?;
    // starttime is field 22; the session was field 6.
    let started = fields.nth(15)?.parse().ok()?;
    Some(Process { pid: Pid::new(pid.parse().ok()?)?, life, parent, group, session, started })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_program_is_called() {
        let tail = "S 7 11 11 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1000 10 18446744073709551615";
        let (seven, eleven) = (Pid::new(7), Pid::new(11));
        for comm in ["sh", "a b", ") S 1 1 1", "(((", "", "\u{fffd}"] {
            let process = parse_stat(format!("11 ({comm}) {tail}\n").as_bytes()).unwrap();
            let expected = Process {
                pid: eleven.unwrap(),
                life: Liveness::Alive,
                parent: seven,
                group: eleven,
                session: eleven,
                started: 98_765,
            };
            assert_eq!(process, expected, "{comm}");
        }
    }

    #[test]
    fn a_broken_stat_line_is_nobody() {
        for stat in [
            "",
            "1",
            "1 (sh",
            "1 (sh) S",
            "1 (sh) S 1 1 1 1",
            "x (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 5",
        ] {
            assert_eq!(parse_stat(stat.as_bytes()), None, "{stat}");
        }
    }

    #[test]
    fn a_parent_outside_the_namespace_is_none() {
        let stat = b"1 (init) Z 0 0 0 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5 1000";
        let process = parse_stat(stat).unwrap();
        assert_eq!((process.parent, process.group, process.life), (None, None, Liveness::Zombie));
    }

    #[test]
    fn we_find_ourselves() {
        let ours = process(Pid::ours()).unwrap();
        assert_eq!(ours.pid, Pid::ours());
        assert!(processes().iter().any(|process| process.pid == ours.pid && process.started == ours.started));
    }

    #[test]
    fn a_process_that_is_gone_is_none() {
        assert_eq!(process(Pid::new(i32::MAX).unwrap()), None);
    }

    #[test]
    fn the_port_range_is_two_numbers() {
        assert_eq!(parse_port_range("32768\t60999\n"), Some(32_768..=60_999));
        assert_eq!(parse_port_range(""), None);
        assert_eq!(parse_port_range("1 70000"), None);
    }

    #[test]
    fn zero_and_negative_numbers_are_no_pids() {
        assert_eq!(Pid::new(0), None);
        assert_eq!(Pid::new(-1), None);
        assert_eq!(Pid::new(1).unwrap().number(), 1);
    }
}

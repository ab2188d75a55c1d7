//! Whom the doctor looks at: the onedoor that runs here, else the doctor itself, as what one would find.
//!
//! By `docker exec` the doctor is a process beside the door, and the container is the door's. What belongs to a
//! process (its number, user, limits, variables) is read of the door from /proc; what belongs to the container (its
//! folders, addresses, refused calls) the doctor tries itself.

use std::fs;

use onedoor_linux::proc::{self, Pid};

use super::Finding;
use crate::config::Env;
use crate::control::Place;

/// A onedoor, seen from outside.
pub(super) struct Subject {
    pub(super) pid: Pid,
    /// Where it is asked; None where nobody answers us.
    pub(super) place: Option<Place>,
    runs: bool,
    status: String,
}

impl Subject {
    /// Whoever listens at one of these places; else PID 1, if it is a onedoor; else this process.
    pub(super) fn found(places: Vec<Place>) -> Self {
        let mut listening = places.into_iter().filter_map(|place| Some((place.listener()?, place)));
        match (listening.next(), Pid::new(1).filter(|pid| is_a_onedoor(*pid))) {
            (Some((pid, place)), _) => Self::of(pid, Some(place)),
            (None, Some(init)) => Self::of(init, None),
            (None, None) => Self::of(Pid::ours(), None),
        }
    }

    fn of(pid: Pid, place: Option<Place>) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        Self { pid, place, runs: pid != Pid::ours(), status }
    }

    /// A file of its folder below /proc. Some are kept from other users; ours is the next best then.
    pub(super) fn read(&self, file: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.pid));
        text.or_else(|_| fs::read_to_string(format!("/proc/self/{file}"))).unwrap_or_default()
    }

    /// A line of its `status` (proc_pid_status(5)), the first word of it.
    pub(super) fn status(&self, field: &str) -> &str {
        let line = self.status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()).unwrap_or("0")
    }

    /// Whose rights it has: the second of four numbers (proc_pid_status(5)).
    pub(super) fn user(&self) -> u32 {
        let line = self.status.lines().find_map(|line| line.strip_prefix("Uid:"));
        let effective = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        effective.unwrap_or_else(proc::our_user)
    }

    /// Whether it has this one of capabilities(7), by its number.
    pub(super) fn has_capability(&self, number: u32) -> bool {
        u64::from_str_radix(self.status("CapEff"), 16).is_ok_and(|held| held >> number & 1 == 1)
    }

    /// What it was started with.
    pub(super) fn env(&self, ours: &Env) -> Env {
        let variables = self.runs.then(|| fs::read(format!("/proc/{}/environ", self.pid)).ok()).flatten();
        variables
            .filter(|bytes| !bytes.is_empty())
            .map_or_else(|| ours.clone(), |bytes| ours.with_block(&bytes))
    }

    /// Who it is, and whether what is tried here would be the same there.
    pub(super) fn finding(&self) -> Finding {
        let ours = Self::of(Pid::ours(), None);
        let found = format!("runs as process {}", self.pid);
        if !self.runs {
            return Finding::fine("door", "none runs here", "what follows is what one would find");
        }
        if self.user() != ours.user() {
            let (door, doctor) = (self.user(), ours.user());
            let so = format!("folders are tried as user {doctor}: ask as user {door}, as the door is");
            return Finding::less("door", found, so);
        }
        if self.status("Seccomp") != ours.status("Seccomp") {
            let so = "system calls are tried outside of its sandbox: ask inside, as by docker exec";
            return Finding::less("door", found, so);
        }
        Finding::fine("door", found, "what follows is about it")
    }
}

fn is_a_onedoor(pid: Pid) -> bool {
    let name = |whose: &str| fs::read(format!("/proc/{whose}/comm")).unwrap_or_default();
    let ours = name("self");
    !ours.is_empty() && name(&pid.to_string()) == ours
}

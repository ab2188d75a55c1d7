//! Whether the kernel ended a process because memory ran out, with the figures.
//!
//! Part of step "watch" of the life of an app. The kernel tells nobody whom it killed, only how many (cgroups(7)); so
//! each count is held against one process that ended as such a one does.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use onedoor_linux::memory_group::MemoryGroup;
use onedoor_linux::signal::Signal;
use onedoor_linux::wait::ExitStatus;

/// Whose memory it was that had run out when a process had just been killed for it; in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    OfContainer {
        limit: Option<u64>,
        /// What the others use, now that it is gone.
        left: Option<u64>,
    },
    /// Of the control group it has to itself.
    OfApp { limit: Option<u64> },
}

impl Shortage {
    /// What to do about it.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::OfContainer { .. } => {
                "give the container more memory, or let the apps take less: fewer workers or replicas, smaller caches"
            }
            Self::OfApp { .. } => "raise limits.memory, or let it take less: fewer workers, smaller caches",
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("killed by the kernel because memory ran out (")?;
        match *self {
            Self::OfContainer { limit: Some(limit), .. } => {
                write!(f, "the container may use {}", mebibytes(limit))?;
            }
            Self::OfContainer { limit: None, .. } => {
                f.write_str("the container has no limit of its own: the machine's ran out")?;
            }
            Self::OfApp { limit: Some(limit) } => write!(f, "it may use {}", mebibytes(limit))?,
            Self::OfApp { limit: None } => f.write_str("limits.memory")?,
        }
        if let Self::OfContainer { left: Some(left), .. } = *self {
            write!(f, "; {} of it without this app", mebibytes(left))?;
        }
        f.write_str(")")
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Counts along with the kernel; one for all apps.
#[derive(Debug)]
pub(super) struct OomWatch {
    group: Option<MemoryGroup>,
    /// Kills of which the victim is known, or that came before us.
    told: Mutex<u64>,
}

impl OomWatch {
    pub(super) fn start() -> Self {
        let group = MemoryGroup::ours();
        let told = group.as_ref().and_then(MemoryGroup::kills).unwrap_or_default();
        Self { group, told: Mutex::new(told) }
    }

    /// Asked once for each process that ended.
    pub(super) fn blames(&self, status: Option<ExitStatus>) -> Option<Shortage> {
        let group = self.group.as_ref().filter(|_| is_killed(status))?;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if group.kills()? <= *told {
            return None;
        }
        *told += 1;
        Some(Shortage::OfContainer { limit: group.limit(), left: group.used() })
    }
}

/// By SIGKILL itself, or because a child of it was, as a shell tells it.
pub(super) fn is_killed(status: Option<ExitStatus>) -> bool {
    let kill = Signal::KILL.number();
    match status {
        Some(ExitStatus::Signal { number, .. }) => number == kill,
        Some(ExitStatus::Code(code)) => code == 128 + kill,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_ended_by_a_kill_are_victims() {
        let killed = |number| Some(ExitStatus::Signal { number, core_dumped: false });
        assert!(is_killed(killed(9)) && is_killed(Some(ExitStatus::Code(137))));
        assert!(!is_killed(killed(15)) && !is_killed(Some(ExitStatus::Code(1))) && !is_killed(None));
    }

    #[test]
    fn nobody_is_blamed_where_nothing_is_counted() {
        let watch = OomWatch { group: None, told: Mutex::new(0) };
        assert_eq!(watch.blames(Some(ExitStatus::Code(137))), None);
    }

    #[test]
    fn the_figures_are_said_in_words() {
        let tight = Shortage::OfContainer { limit: Some(512 << 20), left: Some(188 << 20) };
        assert_eq!(
            tight.to_string(),
            "killed by the kernel because memory ran out (the container may use 512 MiB; 188 MiB of it without this app)"
        );
        let machine = Shortage::OfContainer { limit: None, left: None };
        assert!(machine.to_string().contains("no limit of its own"));
    }
}

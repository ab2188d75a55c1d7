//! Step "spawn" of the life of an app: its limits, each by the best means there is here, and what is done instead.
//!
//! A control group holds a whole family to memory, CPU and processes, but most containers cannot make one. Then memory
//! is for the referee to watch, CPU is an affinity, and processes are counted per user.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use onedoor_linux::control_group::{ControlGroup, ControlGroups, GroupLimits};
use onedoor_linux::cpu;
use onedoor_linux::memory_group::MemoryGroup;
use onedoor_linux::proc::our_user;
use onedoor_linux::spawn::SpawnSpec;
use onedoor_linux::wait::ExitStatus;

use super::oom::{self, Shortage};
use super::spec::{AppSpec, Limits};

/// Thousandths of a CPU.
const WHOLE_CPU: u64 = 1000;

/// What can be done here about limits; found out when the first app has some.
#[derive(Debug, Default)]
pub(super) struct Confinement {
    groups: OnceLock<ControlGroups>,
}

/// One start within its limits.
#[derive(Debug, Default)]
pub(super) struct Confined {
    /// Lives as long as the processes in it.
    group: Option<ControlGroup>,
    /// What the referee must see to, in bytes.
    pub(super) watched: Option<u64>,
    /// What is done instead of what was asked for.
    pub(super) instead: Vec<Instead>,
}

#[derive(Debug)]
pub(super) enum Instead {
    Referee { why: Option<io::Error> },
    Affinity { cpus: usize },
    CountedPerUser,
    NotForRoot,
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Referee { why: Some(why) } => write!(
                f,
                "limits.memory: no control group can be made ({why}); it is watched, and replaced when it outgrows its limit"
            ),
            Self::Referee { why: None } => f.write_str(
                "limits.memory: no control group can be made; it is watched, and replaced when it outgrows its limit",
            ),
            Self::Affinity { cpus } => {
                write!(f, "limits.cpu: no control group can be made; it runs on {cpus} CPU(s) and no others")
            }
            Self::CountedPerUser => f.write_str(
                "limits.processes: no control group can be made; everything its user runs is counted",
            ),
            Self::NotForRoot => f.write_str(
                "limits.processes: no control group can be made, and the kernel does not count root's processes; give it a `user`",
            ),
        }
    }
}

impl Confinement {
    /// Tells `spec` what is to hold it, and returns what has to live as long.
    pub(super) fn confine(&self, app: &AppSpec, name: &str, spec: &mut SpawnSpec) -> Confined {
        let limits = app.isolation.limits;
        spec.open_files = limits.files;
        let wanted = GroupLimits { memory: limits.memory, cpu: limits.cpu, processes: limits.processes };
        if wanted == GroupLimits::default() {
            return Confined::default();
        }
        let groups = self.groups.get_or_init(ControlGroups::of_this_machine);
        let (group, why) = match groups.make(name, wanted) {
            Ok(group) => (Some(group), None),
            Err(error) => (None, Some(error)),
        };
        if let Some(group) = &group {
            spec.control_groups = group.entrances();
        }
        instead(app, limits, group, why, spec)
    }

    /// Everybody is gone.
    fn remove_all(&self) {
        if let Some(groups) = self.groups.get() {
            groups.remove_all();
        }
    }
}

impl Drop for Confinement {
    fn drop(&mut self) {
        self.remove_all();
    }
}

fn instead(
    app: &AppSpec,
    limits: Limits,
    group: Option<ControlGroup>,
    why: Option<io::Error>,
    spec: &mut SpawnSpec,
) -> Confined {
    let held = group.as_ref();
    let mut confined = Confined::default();
    if limits.memory.is_some() && held.and_then(ControlGroup::memory).is_none() {
        confined.watched = limits.memory;
        confined.instead.push(Instead::Referee { why });
    }
    if let (Some(share), false) = (limits.cpu, held.is_some_and(ControlGroup::holds_cpu)) {
        spec.cpus = some_cpus(share, usize::from(app.id.0));
        confined.instead.push(Instead::Affinity { cpus: spec.cpus.len() });
    }
    if let (Some(most), false) = (limits.processes, held.is_some_and(ControlGroup::holds_processes)) {
        let user = app.isolation.account.as_ref().map_or_else(our_user, |account| account.identity.user);
        spec.processes = Some(most);
        confined.instead.push(if user == 0 { Instead::NotForRoot } else { Instead::CountedPerUser });
    }
    confined.group = group;
    confined
}

/// As many CPUs as the share needs, of those we may use; another app begins with another one.
fn some_cpus(share: u64, first: usize) -> Vec<usize> {
    let allowed = cpu::allowed();
    let count = usize::try_from(share.div_ceil(WHOLE_CPU)).unwrap_or(usize::MAX).min(allowed.len());
    allowed.iter().cycle().skip(first % allowed.len().max(1)).take(count).copied().collect()
}

impl Confined {
    /// The kernel ended somebody in here because its memory was used up.
    pub(super) fn shortage(&self, status: Option<ExitStatus>) -> Option<Shortage> {
        let memory = self.group.as_ref().and_then(ControlGroup::memory)?;
        let killed = oom::is_killed(status) && memory.kills().is_some_and(|kills| kills > 0);
        killed.then(|| Shortage::OfApp { limit: MemoryGroup::limit(memory) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_to_whole_cpus_and_never_more_than_there_are() {
        let all = cpu::allowed().len();
        for (share, count) in [(1, 1), (1000, 1), (1001, 2.min(all)), (1_000_000, all)] {
            assert_eq!(some_cpus(share, 0).len(), count, "{share}");
        }
        if all > 1 {
            assert_ne!(some_cpus(1000, 0), some_cpus(1000, 1));
        }
    }
}

//! Control groups of our own (cgroups(7)), in which the kernel holds a family of processes to its limits.
//!
//! Most containers mount them read-only; then there are none, and whoever asked does without. Version 1 has a tree per
//! controller, version 2 one tree, in which a group that has groups below it may hold no processes itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::memory_group::{MemoryGroup, Version};
use crate::proc::Pid;

/// Where the kernel's own view is mounted.
pub(crate) const MOUNTS: &str = "/sys/fs/cgroup";

/// The period of a CPU quota, in microseconds: the kernel's own default.
const PERIOD: u64 = 100_000;

/// What a family may use; None is as much as there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupLimits {
    /// In bytes.
    pub memory: Option<u64>,
    /// In thousandths of a CPU.
    pub cpu: Option<u64>,
    pub processes: Option<u64>,
}

/// Where groups can be made.
#[derive(Debug)]
pub struct ControlGroups {
    memory: Option<Base>,
    cpu: Option<Base>,
    processes: Option<Base>,
    /// Begins the name of each group we make.
    prefix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    Look,
    Move,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Base {
    version: Version,
    folder: PathBuf,
}

impl ControlGroups {
    /// Those of this machine. On version 2 this moves every process of our group into a group below it, for the
    /// kernel hands controllers only to groups without processes.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let memberships = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::found(&memberships, Path::new(MOUNTS), Effort::Move)
    }

    /// The same for another process, but nobody is moved: only for whoever wants to know.
    #[must_use]
    pub fn at_a_glance(pid: Pid) -> Self {
        let memberships = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        Self::found(&memberships, Path::new(MOUNTS), Effort::Look)
    }

    fn found(memberships: &str, mounts: &Path, effort: Effort) -> Self {
        let base = |controller: &str| {
            let places = candidates(memberships, mounts, controller);
            places.into_iter().find(|base| base.offers(controller, effort))
        };
        let prefix = format!("onedoor-{}-", std::process::id());
        Self { memory: base("memory"), cpu: base("cpu"), processes: base("pids"), prefix }
    }

    /// Those that hold whoever is put into a group: `memory`, `cpu`, `pids`.
    #[must_use]
    pub fn controllers(&self) -> Vec<&'static str> {
        let all = [("memory", &self.memory), ("cpu", &self.cpu), ("pids", &self.processes)];
        all.into_iter().filter(|(_, base)| base.is_some()).map(|(name, _)| name).collect()
    }

    /// Makes a group with `limits`, as far as there are controllers for them.
    ///
    /// # Errors
    /// When the file system is read-only, or the kernel refuses a value.
    pub fn make(&self, name: &str, limits: GroupLimits) -> io::Result<ControlGroup> {
        let mut group = ControlGroup::default();
        let name = format!("{}{name}", self.prefix);
        if let (Some(memory), Some(base)) = (limits.memory, &self.memory) {
            let folder = group.enter(base, &name)?;
            match base.version {
                Version::One => set(&folder, "memory.limit_in_bytes", memory)?,
                Version::Two => set(&folder, "memory.max", memory)?,
            }
            group.memory = Some(MemoryGroup::at(base.version, folder));
        }
        if let (Some(cpu), Some(base)) = (limits.cpu, &self.cpu) {
            let folder = group.enter(base, &name)?;
            let quota = cpu.saturating_mul(PERIOD) / 1000;
            match base.version {
                Version::One => {
                    set(&folder, "cpu.cfs_period_us", PERIOD)?;
                    set(&folder, "cpu.cfs_quota_us", quota)?;
                }
                Version::Two => set(&folder, "cpu.max", format_args!("{quota} {PERIOD}"))?,
            }
            group.holds_cpu = true;
        }
        if let (Some(processes), Some(base)) = (limits.processes, &self.processes) {
            let folder = group.enter(base, &name)?;
            set(&folder, "pids.max", processes)?;
            group.holds_processes = true;
        }
        Ok(group)
    }

    /// Removes every group that is left: at the end, when nobody is in them.
    pub fn remove_all(&self) {
        for base in [&self.memory, &self.cpu, &self.processes].into_iter().flatten() {
            let entries = fs::read_dir(&base.folder).into_iter().flatten().flatten();
            let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&self.prefix));
            // Somebody may still be in it: then it stays, and does no harm.
            ours.for_each(|entry| drop(fs::remove_dir(entry.path())));
        }
    }
}

/// A group with limits. Its folders are removed with it, unless somebody is left in them.
#[derive(Debug, Default)]
pub struct ControlGroup {
    folders: Vec<PathBuf>,
    memory: Option<MemoryGroup>,
    holds_cpu: bool,
    holds_processes: bool,
}

impl ControlGroup {
    /// The files to which a process writes `0` to go in, itself and its children to come.
    #[must_use]
    pub fn entrances(&self) -> Vec<PathBuf> {
        self.folders.iter().map(|folder| folder.join("cgroup.procs")).collect()
    }

    /// None: the kernel does not hold it to a limit of memory.
    #[must_use]
    pub fn memory(&self) -> Option<&MemoryGroup> {
        self.memory.as_ref()
    }

    #[must_use]
    pub fn holds_cpu(&self) -> bool {
        self.holds_cpu
    }

    #[must_use]
    pub fn holds_processes(&self) -> bool {
        self.holds_processes
    }

    fn enter(&mut self, base: &Base, name: &str) -> io::Result<PathBuf> {
        let folder = base.folder.join(name);
        // On version 2 all controllers share a folder.
        if !self.folders.contains(&folder) {
            fs::create_dir(&folder)?;
            self.folders.push(folder.clone());
        }
        Ok(folder)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        for folder in &self.folders {
            fs::remove_dir(folder).ok();
        }
    }
}

impl Base {
    /// Whether a group below has this controller. Finding out may take making it so.
    fn offers(&self, controller: &str, effort: Effort) -> bool {
        let folder = &self.folder;
        match self.version {
            Version::One => can_make_below(folder),
            Version::Two => {
                let listed = |file: &str| {
                    let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
                    text.split_whitespace().any(|word| word == controller)
                };
                let handed_down = || match effort {
                    Effort::Look => true,
                    Effort::Move => listed("cgroup.subtree_control") || hand_down(folder, controller).is_ok(),
                };
                listed("cgroup.controllers") && handed_down() && can_make_below(folder)
            }
        }
    }
}

/// Moves everybody of the group into one below it, then gives those below the controller.
fn hand_down(folder: &Path, controller: &str) -> io::Result<()> {
    let control = folder.join("cgroup.subtree_control");
    let order = format!("+{controller}");
    // The root of all groups may have both.
    if fs::write(&control, &order).is_ok() {
        return Ok(());
    }
    let own = folder.join("onedoor");
    match fs::create_dir(&own) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    for pid in fs::read_to_string(folder.join("cgroup.procs"))?.lines() {
        // One that has ended meanwhile needs no moving.
        fs::write(own.join("cgroup.procs"), pid).ok();
    }
    fs::write(control, order)
}

fn can_make_below(folder: &Path) -> bool {
    let trial = folder.join(format!("onedoor-{}-trial", std::process::id()));
    let made = fs::create_dir(&trial).is_ok();
    fs::remove_dir(trial).ok();
    made
}

fn set(folder: &Path, file: &str, value: impl std::fmt::Display) -> io::Result<()> {
    let path = folder.join(file);
    fs::write(&path, value.to_string())
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Where the group with this controller may be, the likeliest first: /proc/self/cgroup gives paths of the host, and in
/// a container they may lie outside of what is mounted, which then is the container's own group.
fn candidates(memberships: &str, mounts: &Path, controller: &str) -> Vec<Base> {
    places(memberships, mounts, controller)
        .into_iter()
        .map(|(version, folder)| Base { version, folder })
        .collect()
}

/// How many processes and threads there may be in this process's group and all below it; None without a limit.
#[must_use]
pub fn processes_max(pid: Pid) -> Option<u64> {
    let memberships = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    processes_max_in(&memberships, Path::new(MOUNTS))
}

fn processes_max_in(memberships: &str, mounts: &Path) -> Option<u64> {
    let places = places(memberships, mounts, "pids").into_iter();
    let said = places.filter_map(|(_, folder)| fs::read_to_string(folder.join("pids.max")).ok()).next()?;
    // "max" is no number.
    said.trim().parse().ok()
}

pub(crate) fn places(memberships: &str, mounts: &Path, controller: &str) -> Vec<(Version, PathBuf)> {
    let mut found = Vec::new();
    for line in memberships.lines() {
        // `hierarchy:controllers:path` (cgroups(7))
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let mut mounted = Vec::new();
        if controllers.is_empty() {
            mounted.push((Version::Two, mounts.to_owned()));
        } else if controllers.split(',').any(|known| known == controller) {
            // Mounted by the one name, or by all that share the tree: `cpu,cpuacct`.
            mounted.push((Version::One, mounts.join(controller)));
            mounted.push((Version::One, mounts.join(controllers)));
        }
        for (version, mount) in mounted {
            let inner = mount.join(path.trim_start_matches('/'));
            found.extend([(version, inner), (version, mount)]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_processes_is_that_of_the_nearest_group() {
        let folder = tempfile::tempdir().unwrap();
        let mounts = folder.path();
        write(&mounts.join("pids"), "pids.max", "64\n");
        assert_eq!(processes_max_in("7:pids:/docker/1\n", mounts), Some(64));
        write(&mounts.join("pids/docker/1"), "pids.max", "max\n");
        assert_eq!(processes_max_in("7:pids:/docker/1\n", mounts), None);
        assert_eq!(processes_max_in("7:memory:/docker/1\n", mounts), None);
        write(mounts, "pids.max", "100\n");
        assert_eq!(processes_max_in("0::/\n", mounts), Some(100));
    }

    fn write(folder: &Path, file: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
    }

    fn read(folder: &Path, file: &str) -> String {
        fs::read_to_string(folder.join(file)).unwrap()
    }

    #[test]
    fn version_1_makes_a_folder_in_each_tree_that_is_needed() {
        let root = tempfile::tempdir().unwrap();
        for tree in ["memory/box", "cpu,cpuacct/box", "pids/box"] {
            fs::create_dir_all(root.path().join(tree)).unwrap();
        }
        let memberships = "4:memory:/box\n3:cpu,cpuacct:/box\n2:pids:/box\n0::/box\n";
        let groups = ControlGroups::found(memberships, root.path(), Effort::Move);
        let limits = GroupLimits { memory: Some(1 << 20), cpu: Some(1500), processes: None };
        let group = groups.make("web-1", limits).unwrap();
        let name = format!("{}web-1", groups.prefix);
        assert_eq!(read(&root.path().join("memory/box").join(&name), "memory.limit_in_bytes"), "1048576");
        assert_eq!(read(&root.path().join("cpu,cpuacct/box").join(&name), "cpu.cfs_quota_us"), "150000");
        assert!(group.memory().is_some() && group.holds_cpu() && !group.holds_processes());
        assert_eq!(group.entrances().len(), 2);
        assert!(!root.path().join("pids/box").join(name).exists());
    }

    #[test]
    fn version_2_moves_us_out_of_the_way_and_hands_the_controllers_down() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "cgroup.controllers", "cpu memory pids\n");
        write(root.path(), "cgroup.subtree_control", "cpu memory pids\n");
        let groups = ControlGroups::found("0::/\n", root.path(), Effort::Move);
        let limits = GroupLimits { memory: Some(1 << 20), cpu: Some(500), processes: Some(9) };
        let group = groups.make("web-1", limits).unwrap();
        let folder = root.path().join(format!("{}web-1", groups.prefix));
        assert_eq!(read(&folder, "memory.max"), "1048576");
        assert_eq!(read(&folder, "cpu.max"), "50000 100000");
        assert_eq!(read(&folder, "pids.max"), "9");
        assert_eq!(group.entrances(), [folder.join("cgroup.procs")]);
    }

    #[test]
    fn a_controller_that_is_not_there_holds_nobody() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "cgroup.controllers", "cpu\n");
        write(root.path(), "cgroup.subtree_control", "cpu\n");
        let groups = ControlGroups::found("0::/\n", root.path(), Effort::Move);
        let limits = GroupLimits { memory: Some(1 << 20), cpu: None, processes: Some(9) };
        let group = groups.make("web-1", limits).unwrap();
        assert!(group.memory().is_none() && !group.holds_processes() && group.entrances().is_empty());
    }

    #[test]
    fn where_nothing_is_mounted_nothing_can_be_made() {
        let groups = ControlGroups::found("4:memory:/x\n0::/\n", Path::new("/nowhere"), Effort::Move);
        assert_eq!((groups.memory, groups.cpu, groups.processes), (None, None, None));
    }
}

//! The control group whose memory we share with everybody in the container (cgroups(7)): what it may use, what it
//! uses, and how often the kernel killed somebody because there was no more.
//!
//! Version 2 has `memory.events`, `memory.current` and `memory.max` (the kernel's cgroup-v2 document), version 1
//! `memory.oom_control`, `memory.usage_in_bytes` and `memory.limit_in_bytes` (its cgroup-v1/memory document). All of
//! them may be read where nothing may be written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::control_group::{self, MOUNTS};
use crate::proc::Pid;

/// What version 1 shows where there is no limit: the largest number of whole pages.
const UNLIMITED: u64 = i64::MAX as u64 & !0xFFF;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    One,
    Two,
}

/// The group that this process was in when it asked.
#[derive(Debug, PartialEq, Eq)]
pub struct MemoryGroup {
    version: Version,
    folder: PathBuf,
}

impl MemoryGroup {
    pub(crate) fn at(version: Version, folder: PathBuf) -> Self {
        Self { version, folder }
    }

    /// None where the kernel counts nothing for us: on a host without control groups, in some sandboxes.
    #[must_use]
    pub fn ours() -> Option<Self> {
        Self::of(Pid::ours())
    }

    /// That of another process.
    #[must_use]
    pub fn of(pid: Pid) -> Option<Self> {
        let memberships = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        candidates(&memberships, Path::new(MOUNTS)).into_iter().find(|group| group.kills().is_some())
    }

    /// How many processes the kernel has killed so far because the memory was used up.
    #[must_use]
    pub fn kills(&self) -> Option<u64> {
        match self.version {
            Version::One => field(&self.read("memory.oom_control")?, "oom_kill"),
            Version::Two => field(&self.read("memory.events")?, "oom_kill"),
        }
    }

    /// What is used at the moment, in bytes.
    #[must_use]
    pub fn used(&self) -> Option<u64> {
        match self.version {
            Version::One => number(&self.read("memory.usage_in_bytes")?),
            Version::Two => number(&self.read("memory.current")?),
        }
    }

    /// What may be used, in bytes; None without a limit.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        match self.version {
            Version::One => number(&self.read("memory.limit_in_bytes")?).filter(|limit| *limit < UNLIMITED),
            // "max" is no number.
            Version::Two => number(&self.read("memory.max")?),
        }
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }
}

fn candidates(memberships: &str, mounts: &Path) -> Vec<MemoryGroup> {
    let places = control_group::places(memberships, mounts, "memory");
    places.into_iter().map(|(version, folder)| MemoryGroup { version, folder }).collect()
}

/// The number after `name` in lines of `name number`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| number(line.strip_prefix(name)?.strip_prefix(' ')?))
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn version_2_is_read_as_the_kernel_writes_it() {
        let events = "low 0\nhigh 0\nmax 27\noom 3\noom_kill 2\noom_group_kill 0\n";
        let mounts = folder(&[
            ("memory.events", events),
            ("memory.current", "52428800\n"),
            ("memory.max", "536870912\n"),
        ]);
        let groups = candidates("0::/\n", mounts.path());
        assert_eq!(groups[0].kills(), Some(2));
        assert_eq!((groups[0].used(), groups[0].limit()), (Some(52_428_800), Some(536_870_912)));
    }

    #[test]
    fn version_1_is_read_as_the_kernel_writes_it() {
        let control = "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n";
        let mounts = folder(&[
            ("memory/docker/abc/memory.oom_control", control),
            ("memory/docker/abc/memory.usage_in_bytes", "4096\n"),
            ("memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        let groups = candidates("5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n", mounts.path());
        assert_eq!(groups[0].kills(), Some(4));
        assert_eq!((groups[0].used(), groups[0].limit()), (Some(4096), None));
    }

    #[test]
    fn a_path_of_the_host_is_not_to_be_found_in_a_container_and_the_mount_is() {
        let mounts = folder(&[("memory/memory.oom_control", "oom_kill 1\n")]);
        let groups = candidates("4:memory:/docker/abc\n", mounts.path());
        assert_eq!((groups[0].kills(), groups[1].kills()), (None, Some(1)));
    }

    #[test]
    fn what_makes_no_sense_is_not_there() {
        assert_eq!(candidates("", Path::new("/")), []);
        assert_eq!(candidates("nonsense\n1:memory\n", Path::new("/")), []);
        let mounts = folder(&[("memory.events", "oom_kill\noom_kill x\n"), ("memory.max", "max\n")]);
        let groups = candidates("0::/\n", mounts.path());
        assert_eq!((groups[0].kills(), groups[0].limit()), (None, None));
    }
}

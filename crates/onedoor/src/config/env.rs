//! What the file is read against: the environment's variables, what the machine can do, and what it is read for.
//!
//! A plain value, so that a test (or `check` for another machine) brings its own and touches no global.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;

/// Variables, and the facts that the "auto" defaults are made from.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    variables: BTreeMap<OsString, OsString>,
    pub(crate) machine: Machine,
    pub(crate) purpose: Purpose,
}

/// What the file is read for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    #[default]
    Serve,
    /// `onedoor dev`: one developer, one machine, and files that change.
    Develop(Developing),
    /// An image: what the container will be given is not there yet.
    Build,
}

/// What the developer said of the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Developing {
    /// None: loopback, whatever the file says.
    pub(crate) host: Option<IpAddr>,
    /// None: what the file or PORT says, or the next one that is free.
    pub(crate) port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    /// CPUs this process may really use: affinity and cgroup quota counted.
    pub(crate) cpus: NonZeroUsize,
    /// The soft limit of open files.
    pub(crate) open_files_max: usize,
    /// Whose rights we have; 0 is root.
    pub(crate) user: u32,
}

/// Where a limit cannot be read: what a bare shell has.
const OPEN_FILES_FALLBACK: usize = 1024;

/// Docker sets a thousand million; counting with more than this is of no use to anyone.
const OPEN_FILES_BELIEVED: usize = 1 << 20;

impl Env {
    /// The variables and the machine of the running program.
    pub(crate) fn of_this_process() -> Self {
        Self {
            variables: sorted::map(std::env::vars_os()),
            machine: Machine::of_this_process(),
            purpose: Purpose::Serve,
        }
    }

    /// A made-up environment on a made-up machine: 2 CPUs, 1024 open files, root.
    pub(crate) fn made_of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables = sorted::map(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        let cpus = NonZeroUsize::MIN.saturating_add(1);
        let machine = Machine { cpus, open_files_max: OPEN_FILES_FALLBACK, user: 0 };
        Self { variables, machine, purpose: Purpose::Serve }
    }

    /// The same machine with the variables of another process: `NAME=value`, each with a NUL behind it
    /// (proc_pid_environ(5)).
    pub(crate) fn with_block(&self, block: &[u8]) -> Self {
        let entries = block.split(|byte| *byte == 0).filter_map(|entry| {
            let at = entry.iter().position(|byte| *byte == b'=')?;
            let (name, value) = entry.split_at_checked(at)?;
            Some((OsStr::from_bytes(name).into(), OsStr::from_bytes(value.get(1..)?).into()))
        });
        Self { variables: entries.collect(), machine: self.machine, purpose: self.purpose.clone() }
    }

    /// The same, for a developer.
    pub(crate) fn developing(self, how: Developing) -> Self {
        Self { purpose: Purpose::Develop(how), ..self }
    }

    /// The same, for an image.
    pub(crate) fn building(self) -> Self {
        Self { purpose: Purpose::Build, ..self }
    }

    pub(crate) fn is_for_development(&self) -> bool {
        matches!(self.purpose, Purpose::Develop(_))
    }

    /// None if unset; a value that is not UTF-8 counts as unset, since no TOML string could hold it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(OsStr::new(name)).and_then(|value| value.to_str())
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(OsStr::new(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.variables.iter()
    }
}

impl Machine {
    fn of_this_process() -> Self {
        // The standard library already takes the least of sched_getaffinity(2) and the cgroup's cpu.max.
        let cpus = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
        Self {
            cpus,
            open_files_max: soft_open_files(&limits).unwrap_or(OPEN_FILES_FALLBACK),
            user: onedoor_linux::proc::our_user(),
        }
    }
}

/// `Max open files  1024  524288  files` (proc_pid_limits(5)); the first number is the soft limit.
fn soft_open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(OPEN_FILES_BELIEVED),
        number => Some(number.parse::<usize>().ok()?.min(OPEN_FILES_BELIEVED)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_another_process_are_parted_by_nul() {
        let other = Env::made_of([("OURS", "x")]).with_block(b"PORT=8080\0EMPTY=\0A=b=c\0no name\0");
        assert_eq!(
            (other.text("PORT"), other.text("EMPTY"), other.text("A")),
            (Some("8080"), Some(""), Some("b=c"))
        );
        assert_eq!(other.iter().count(), 3);
    }

    #[test]
    fn the_soft_limit_of_open_files_is_read_from_proc() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            2048                 524288               files     \n";
        assert_eq!(soft_open_files(limits), Some(2048));
        assert_eq!(soft_open_files("Max open files  unlimited unlimited files"), Some(1 << 20));
        assert_eq!(soft_open_files(""), None);
    }
}

//! What a process uses of the memory, in bytes (proc_pid_statm(5), proc_pid_smaps(5)).

use std::fs;

use super::Pid;

/// Everything of it that is in memory, shared or not. None: gone, or hidden.
#[must_use]
pub fn resident(pid: Pid) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

/// The same, but what several processes share is divided among them (Pss). Dear: the kernel walks all its pages.
#[must_use]
pub fn proportional(pid: Pid) -> Option<u64> {
    parse_rollup(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?)
}

/// `Pss:                 1234 kB`
fn parse_rollup(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_memory_is_some() {
        let resident = resident(Pid::ours()).unwrap();
        assert!(resident > 1 << 20);
        if let Some(proportional) = proportional(Pid::ours()) {
            assert!(proportional > 1 << 16);
        }
        assert_eq!(super::resident(Pid::new(4_194_303).unwrap()), None);
    }

    #[test]
    fn a_rollup_is_read_as_the_kernel_writes_it() {
        let text =
            "5640-7ffd ---p 00000000 00:00 0    [rollup]\nRss:    884 kB\nPss:    385 kB\nPss_Dirty: 68 kB\n";
        assert_eq!(parse_rollup(text), Some(385 * 1024));
        assert_eq!(parse_rollup("Pss: x kB\n"), None);
        assert_eq!(parse_rollup(""), None);
    }
}

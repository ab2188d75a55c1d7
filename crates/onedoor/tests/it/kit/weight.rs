//! What a process weighs.

use std::fs;

/// What is the process's own, in bytes; None where the kernel does not say. Proc(5), smaps_rollup: its share of the
/// program's pages grows whenever the door of another test ends, and would be charged to what a test does.
pub(crate) fn anonymous_bytes(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss_Anon:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

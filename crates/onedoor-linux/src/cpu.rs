//! Which CPUs this process may run on (sched_getaffinity(2)).

use crate::proc::Pid;

/// Their numbers; at least one.
#[must_use]
pub fn allowed() -> Vec<usize> {
    allowed_to(Pid::ours())
}

/// Those of another process.
#[must_use]
pub fn allowed_to(pid: Pid) -> Vec<usize> {
    let most = rustix::thread::CpuSet::MAX_CPU;
    let pid = rustix::process::Pid::from_raw(pid.number());
    let allowed: Vec<usize> = match rustix::thread::sched_getaffinity(pid) {
        Ok(set) => (0..most).filter(|cpu| set.is_set(*cpu)).collect(),
        // A machine with more CPUs than fit in the set, or a sandbox.
        Err(_) => Vec::new(),
    };
    if allowed.is_empty() { vec![0] } else { allowed }
}

#[cfg(test)]
mod tests {
    #[test]
    fn we_run_somewhere() {
        assert!(!super::allowed().is_empty());
    }
}

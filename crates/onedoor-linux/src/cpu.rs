//! Which CPUs this process may run on (sched_getaffinity(2)).

/// Their numbers; at least one.
#[must_use]
pub fn allowed() -> Vec<usize> {
    let most = rustix::thread::CpuSet::MAX_CPU;
    let allowed: Vec<usize> = match rustix::thread::sched_getaffinity(None) {
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

//! A map from names (hosts, segments) to whatever stands behind them. A lookup costs the same in a small table as in a
//! large one: `make bench-plan` counts it.
//!
//! The names are the operator's and the map never grows after the table is built, so nobody can fill it with names
//! that collide; a client only ever looks something up. That is what lets the hash be a fast one with a fixed seed.

use std::collections::HashMap;

use foldhash::fast::FixedState;

#[derive(Debug)]
pub(super) struct Names<T>(HashMap<Box<[u8]>, T, FixedState>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<T> Names<T> {
    /// What stands behind `name`, put there by `make` if nothing did.
    pub(super) fn entry(&mut self, name: &[u8], make: impl FnOnce() -> T) -> &mut T {
        self.0.entry(name.into()).or_insert_with(make)
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&T> {
        self.0.get(name)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_names_are_found_alike() {
        for count in [0_usize, 1, 9, 100] {
            let mut names = Names::default();
            for number in 0..count {
                *names.entry(format!("n{number}").as_bytes(), || 0) = number;
            }
            for number in 0..count {
                *names.entry(format!("n{number}").as_bytes(), || usize::MAX) += 1;
            }
            assert_eq!(names.is_empty(), count == 0);
            assert_eq!(names.find(b"n"), None);
            for number in 0..count {
                assert_eq!(names.find(format!("n{number}").as_bytes()), Some(&(number + 1)));
            }
        }
    }
}

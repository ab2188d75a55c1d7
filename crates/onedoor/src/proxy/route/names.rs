//! A map from names (hosts, segments) to whatever stands behind them, cheap for the few names most tables have.

use std::collections::HashMap;

/// Up to so many names are compared one after the other: lengths mostly differ, and hashing costs more than that.
const FEW_MAX: usize = 8;

#[derive(Debug)]
pub(super) enum Names<T> {
    Few(Vec<(Box<[u8]>, T)>),
    Many(HashMap<Box<[u8]>, T>),
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<T> Names<T> {
    /// What stands behind `name`, put there by `make` if nothing did.
    pub(super) fn entry(&mut self, name: &[u8], make: impl FnOnce() -> T) -> &mut T {
        if let Self::Few(few) = self
            && few.len() == FEW_MAX
        {
            *self = Self::Many(few.drain(..).collect());
        }
        match self {
            Self::Few(few) => {
                let at = few.iter().position(|(known, _)| **known == *name).unwrap_or_else(|| {
                    few.push((name.into(), make()));
                    few.len() - 1
                });
                &mut few[at].1
            }
            Self::Many(many) => many.entry(name.into()).or_insert_with(make),
        }
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&T> {
        match self {
            Self::Few(few) => few.iter().find(|(known, _)| **known == *name).map(|(_, value)| value),
            Self::Many(many) => many.get(name),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_names_are_found_alike() {
        for count in [0_usize, 1, FEW_MAX, FEW_MAX + 1, 100] {
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

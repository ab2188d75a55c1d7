//! Things that one worker keeps for the next who needs one, and gives up once nobody has needed them for a while.
//!
//! Last in, first out: what serves next is what is still warm in the processor's cache, and what nobody needs lies at
//! the bottom.

use std::cell::{Cell, RefCell};

/// At most `MOST` spare things, at least `LEAST` of them however quiet it is.
#[derive(Debug)]
pub(super) struct Spares<T, const LEAST: usize, const MOST: usize> {
    idle: RefCell<Vec<T>>,
    /// How many of them nobody has needed since they were last looked through.
    unneeded: Cell<usize>,
}

impl<T, const LEAST: usize, const MOST: usize> Default for Spares<T, LEAST, MOST> {
    fn default() -> Self {
        Self { idle: RefCell::default(), unneeded: Cell::new(0) }
    }
}

impl<T, const LEAST: usize, const MOST: usize> Spares<T, LEAST, MOST> {
    /// The warmest, if there is one.
    pub(super) fn take(&self) -> Option<T> {
        let mut idle = self.idle.borrow_mut();
        let spare = idle.pop();
        self.unneeded.set(self.unneeded.get().min(idle.len()));
        spare
    }

    /// Keeps `spare`, or hands it back where there are enough.
    pub(super) fn keep(&self, spare: T) -> Result<(), T> {
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= MOST {
            return Err(spare);
        }
        idle.push(spare);
        Ok(())
    }

    /// Drops what nobody has needed since this was last called; returns how many those were.
    pub(super) fn sweep(&self) -> usize {
        let mut idle = self.idle.borrow_mut();
        let dropped = self.unneeded.get().saturating_sub(LEAST);
        let unneeded: Vec<T> = idle.drain(..dropped).collect();
        self.unneeded.set(idle.len());
        // Not while the list is borrowed: what is dropped may have something to give back.
        drop(idle);
        drop(unneeded);
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_needed_between_two_sweeps_goes_but_for_a_few() {
        let spares = Spares::<u8, 1, 4>::default();
        for spare in [1, 2, 3, 4] {
            spares.keep(spare).unwrap();
        }
        assert_eq!(spares.keep(5), Err(5));
        assert_eq!(spares.sweep(), 0, "all of them came since the last one");
        let (first, second) = (spares.take().unwrap(), spares.take().unwrap());
        assert_eq!((first, second), (4, 3), "the warmest first");
        spares.keep(first).unwrap();
        spares.keep(second).unwrap();
        assert_eq!(spares.sweep(), 1, "two were needed, and one stays in any case");
        assert_eq!(spares.sweep(), 2);
        assert_eq!((spares.take(), spares.take()), (Some(3), None));
    }
}

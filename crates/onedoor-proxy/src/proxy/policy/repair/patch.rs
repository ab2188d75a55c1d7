//! A value of which a few places are written anew. Allocates at the first of them.

use std::ops::Range;

#[derive(Debug)]
pub(super) struct Patch<'v> {
    value: &'v [u8],
    /// So much of the value is written, or replaced.
    done: usize,
    out: Vec<u8>,
}

impl<'v> Patch<'v> {
    pub(super) fn of(value: &'v [u8]) -> Self {
        Self { value, done: 0, out: Vec::new() }
    }

    /// `place` lies behind every place before.
    pub(super) fn replace(&mut self, place: Range<usize>, with: &[&[u8]]) {
        if self.out.capacity() == 0 {
            let added: usize = with.iter().map(|piece| piece.len()).sum();
            // One byte more: a capacity of 0 would mean that nothing was replaced.
            self.out.reserve(self.value.len() + added + 1);
        }
        self.out.extend_from_slice(self.value.get(self.done..place.start).unwrap_or_default());
        for piece in with {
            self.out.extend_from_slice(piece);
        }
        self.done = place.end;
    }

    /// None: nothing was replaced.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        if self.out.capacity() == 0 {
            return None;
        }
        self.out.extend_from_slice(self.value.get(self.done..).unwrap_or_default());
        Some(self.out)
    }
}

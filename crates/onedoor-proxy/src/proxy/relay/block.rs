//! The large buffers of one worker, lent to whoever has bytes to move this moment.
//!
//! A relay that waits holds none: a thousand silent event streams cost what a thousand parked connections do, and a
//! worker that moves one body after the other does it through the same memory, which stays in the processor's cache.

use crate::proxy::buffer::Buffer;
use crate::proxy::spares::Spares;

/// What one read of a body may bring.
pub(in crate::proxy) const BLOCK: usize = 64 * 1024;

/// Blocks kept for the next relays: as many as had bytes to move at once of late, up to 4 MiB.
const KEPT_MAX: usize = 64;

/// Blocks that nobody uses.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Blocks {
    idle: Spares<Buffer, 0, KEPT_MAX>,
}

/// A buffer that has memory only while it is asked for some.
#[derive(Debug)]
pub(in crate::proxy) struct Block<'w> {
    home: &'w Blocks,
    buffer: Buffer,
}

impl Blocks {
    /// A buffer without memory yet.
    pub(in crate::proxy) fn block(&self) -> Block<'_> {
        Block { home: self, buffer: Buffer::default() }
    }

    /// Gives back what nobody has needed of late; called now and then, so that a quiet worker is a small one.
    pub(in crate::proxy) fn sweep(&self) {
        self.idle.sweep();
    }
}

impl Block<'_> {
    /// The buffer, with room for [`BLOCK`] bytes at least while it is empty.
    pub(in crate::proxy) fn ready(&mut self) -> &mut Buffer {
        if self.buffer.is_empty()
            && self.buffer.capacity() < BLOCK
            && let Some(idle) = self.home.idle.take()
        {
            self.buffer = idle;
        }
        &mut self.buffer
    }

    /// What is in it.
    pub(in crate::proxy) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    pub(in crate::proxy) fn buffer_mut(&mut self) -> &mut Buffer {
        &mut self.buffer
    }

    /// Gives the memory back if nothing is in it.
    pub(in crate::proxy) fn rest(&mut self) {
        if !self.buffer.is_empty() {
            return;
        }
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.capacity() >= BLOCK {
            self.home.idle.keep(buffer).ok();
        }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        self.buffer.clear();
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_wanders_from_one_relay_to_the_next() {
        let blocks = Blocks::default();
        let mut first = blocks.block();
        first.ready().extend(&[1; BLOCK]);
        let memory = first.buffer().unread().as_ptr();
        first.buffer_mut().consume(BLOCK);
        first.rest();
        let mut second = blocks.block();
        second.ready().extend(&[2; 3]);
        assert_eq!(second.buffer().unread(), [2; 3]);
        assert_eq!(second.buffer().unread().as_ptr(), memory);
        assert_eq!(first.buffer().capacity(), 0);
    }

    #[test]
    fn a_block_with_bytes_keeps_them() {
        let blocks = Blocks::default();
        let mut block = blocks.block();
        block.ready().extend(b"unread");
        block.rest();
        assert_eq!(block.ready().unread(), b"unread");
    }
}

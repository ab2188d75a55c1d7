//! A read buffer: bytes come in at the end, are consumed at the front, and are never copied without need.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes read and not yet consumed.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.is_empty() {
            self.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Removes the unread bytes from `from` up to `to`: what stood between two pieces that belong together.
    pub(super) fn close_gap(&mut self, from: usize, to: usize) {
        if from < to {
            self.bytes.drain(self.start + from..self.start + to);
        }
    }

    /// Keeps the first `count` unread bytes only.
    pub(super) fn truncate(&mut self, count: usize) {
        self.bytes.truncate(self.start + count);
    }

    /// Appends bytes that came by another way.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The buffer's memory, for what appends by itself.
    pub(super) fn as_vec(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Moves the unread bytes to the front, where a head must begin for its spans to fit u16.
    pub(super) fn compact(&mut self) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Reads once, growing the room to at least `room` bytes in all. 0 means the end of the stream.
    pub(super) async fn read_from(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        room: usize,
    ) -> io::Result<usize> {
        if self.bytes.capacity() < room {
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        if self.bytes.len() == self.bytes.capacity() {
            self.compact();
        }
        reader.read_buf(&mut self.bytes).await
    }

    /// Gives memory back when a rare large message has made the buffer grow beyond `keep` bytes.
    pub(super) fn shrink(&mut self, keep: usize) {
        if self.bytes.capacity() > keep && self.is_empty() {
            *self = Self { bytes: Vec::with_capacity(keep), start: 0 };
        }
    }
}

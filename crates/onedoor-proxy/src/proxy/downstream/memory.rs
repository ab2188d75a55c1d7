//! A request and its answer in memory: what the exchange's own tests use in place of a connection.

use std::io;

use super::ReplyLength;

/// A body that is all there.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Body {
    bytes: Vec<u8>,
    given: bool,
}

impl Body {
    pub(in crate::proxy) fn next(&mut self) -> Option<&[u8]> {
        let first = !std::mem::replace(&mut self.given, true);
        (first && !self.bytes.is_empty()).then_some(&self.bytes)
    }

    pub(in crate::proxy) fn whole(&mut self) -> &[u8] {
        self.given = true;
        &self.bytes
    }

    pub(in crate::proxy) fn kept(&self) -> &[u8] {
        &self.bytes
    }

    pub(in crate::proxy) fn received(&self) -> u64 {
        if self.given { self.bytes.len() as u64 } else { 0 }
    }
}

/// An answer, collected.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Answer {
    pub(in crate::proxy) status: u16,
    pub(in crate::proxy) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(in crate::proxy) length: Option<ReplyLength>,
    pub(in crate::proxy) body: Vec<u8>,
    pub(in crate::proxy) ended: bool,
}

impl Answer {
    pub(in crate::proxy) fn stage(&mut self, status: u16) {
        *self = Self { status, ..Self::default() };
    }

    pub(in crate::proxy) fn field(&mut self, name: &[u8], value: &[u8]) {
        self.fields.push((name.to_vec(), value.to_vec()));
    }

    pub(in crate::proxy) fn start(&mut self, length: ReplyLength, first: &[u8]) -> io::Result<()> {
        self.length = Some(length);
        self.piece(first)
    }

    pub(in crate::proxy) fn piece(&mut self, data: &[u8]) -> io::Result<()> {
        self.body.extend_from_slice(data);
        Ok(())
    }

    pub(in crate::proxy) fn end(&mut self) -> io::Result<()> {
        self.ended = true;
        Ok(())
    }

    pub(in crate::proxy) fn is_committed(&self) -> bool {
        self.length.is_some()
    }

    pub(in crate::proxy) fn sent(&self) -> u64 {
        self.body.len() as u64
    }
}

//! Where something stands in a buffer: an offset and a length, valid as long as the buffer's front stays in place.

/// A piece of a message head. Small, because a head has two per field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// Offsets beyond u16 cannot occur: a head is never looked at beyond its first 65535 bytes.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let start = u16::try_from(start).unwrap_or(u16::MAX);
        let end = u16::try_from(end).unwrap_or(u16::MAX);
        Self { start, len: end.saturating_sub(start) }
    }

    /// The bytes meant, in the buffer that was parsed. Empty where the buffer is a shorter one.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        let start = usize::from(self.start);
        bytes.get(start..start + usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) fn start(self) -> usize {
        usize::from(self.start)
    }

    pub(crate) fn end(self) -> usize {
        self.start() + self.len()
    }

    #[must_use]
    pub fn len(self) -> usize {
        usize::from(self.len)
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

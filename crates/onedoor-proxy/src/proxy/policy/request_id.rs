//! X-Request-Id: kept from a trusted peer, else made here, so that a line in our log and one in an app's meet.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use onedoor_http1::FieldKind;

use crate::proxy::inbound::Head;
use crate::proxy::policy::forwarded::Trust;

/// Longest id that is kept: it is repeated in every log line.
const KEPT_MAX: usize = 128;

/// 32 hexadecimal digits, or what a trusted peer sent.
#[derive(Clone, Debug)]
pub(in crate::proxy) enum RequestId<'x> {
    Kept(&'x [u8]),
    Made([u8; 32]),
}

impl RequestId<'_> {
    pub(in crate::proxy) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Kept(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

/// One worker's source of ids: unpredictable enough to be unique, not a secret.
#[derive(Debug)]
pub(in crate::proxy) struct IdSource {
    state: Cell<u64>,
    stream: u64,
}

impl IdSource {
    pub(in crate::proxy) fn new() -> Self {
        // RandomState is seeded by the kernel's random numbers.
        let random = RandomState::new();
        Self { state: Cell::new(random.hash_one(1_u8)), stream: random.hash_one(2_u8) }
    }

    pub(in crate::proxy) fn id<'x>(&self, head: Head<'x>, trust: Trust) -> RequestId<'x> {
        if trust == Trust::Trusted
            && let Some(field) = head.parsed.find(FieldKind::XRequestId).next()
            && is_keepable(head.text(field.value))
        {
            return RequestId::Kept(head.text(field.value));
        }
        self.make()
    }

    fn make(&self) -> RequestId<'static> {
        let mut text = [0; 32];
        for (word, digits) in
            [self.next(), self.next() ^ self.stream].into_iter().zip(text.chunks_exact_mut(16))
        {
            for (index, digit) in digits.iter_mut().enumerate() {
                *digit = b"0123456789abcdef"[(word >> (60 - 4 * index) & 0xf) as usize];
            }
        }
        RequestId::Made(text)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): passes BigCrush, one multiplication deep.
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn is_keepable(value: &[u8]) -> bool {
    !value.is_empty() && value.len() <= KEPT_MAX && value.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_do_not_repeat_and_are_32_hex_digits() {
        let source = IdSource::new();
        let ids: HashSet<_> = (0..10_000).map(|_| source.make().as_bytes().to_vec()).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit)));
    }

    #[test]
    fn an_id_that_could_break_a_log_line_is_not_kept() {
        for value in [&b""[..], b"a b", b"a\tb", &[b'x'; 129], "ü".as_bytes()] {
            assert!(!is_keepable(value));
        }
    }
}

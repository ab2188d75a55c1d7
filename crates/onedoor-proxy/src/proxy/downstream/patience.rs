//! How long a client that sends slowly is waited for: part of drawing a request's body.
//!
//! Waiting uses patience up and bytes buy it back, never more than the time that a body may stand still. So a body may
//! pause for that long, and on the whole comes at the least rate or faster: a byte now and then keeps nobody's
//! attention for ever (HTTP.md rule 36). Pure: it never looks at a clock.

use std::num::NonZeroU64;
use std::time::Duration;

/// What is left of it for one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    left: Duration,
    most: Duration,
    /// Bytes a second. None: only standing still uses patience up.
    rate_min: Option<NonZeroU64>,
}

impl Patience {
    pub(super) fn new(most: Duration, rate_min: Option<NonZeroU64>) -> Self {
        Self { left: most, most, rate_min }
    }

    /// So many bytes came after waiting for so long.
    pub(super) fn spend(&mut self, waited: Duration, received: usize) {
        let Some(rate) = self.rate_min else { return };
        let bought = Duration::from_secs_f64(received as f64 / rate.get() as f64);
        self.left = self.left.saturating_add(bought).saturating_sub(waited).min(self.most);
    }

    /// From now on any pace is fine: client and upstream are in a conversation, in which silence has its meaning.
    pub(super) fn ask_for_no_rate(&mut self) {
        self.rate_min = None;
        self.left = self.most;
    }

    /// The least rate that was not kept, if it was not.
    pub(super) fn exhausted(&self) -> Option<NonZeroU64> {
        self.rate_min.filter(|_| self.left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(30);

    /// After how many pieces of `bytes`, each a second after the one before, patience is at its end.
    fn lasts(rate: u64, bytes: usize) -> Option<usize> {
        let mut patience = Patience::new(MOST, NonZeroU64::new(rate));
        (1..100_000).find(|_| {
            patience.spend(Duration::from_secs(1), bytes);
            patience.exhausted().is_some()
        })
    }

    #[test]
    fn whoever_keeps_the_rate_may_go_on_for_ever() {
        assert_eq!(lasts(240, 240), None);
        assert_eq!(lasts(0, 1), None, "no rate is asked for");
    }

    #[test]
    fn whoever_is_slower_has_the_time_of_a_pause_and_what_its_bytes_buy() {
        assert_eq!(lasts(240, 0), Some(30));
        assert_eq!(lasts(240, 120), Some(60));
        assert_eq!(lasts(240, 1), Some(31));
    }

    #[test]
    fn a_burst_buys_no_more_than_one_pause() {
        let mut patience = Patience::new(MOST, NonZeroU64::new(240));
        patience.spend(Duration::from_secs(1), 1 << 30);
        patience.spend(MOST - Duration::from_millis(1), 0);
        assert_eq!(patience.exhausted(), None);
        patience.spend(Duration::from_millis(1), 0);
        assert_eq!(patience.exhausted(), NonZeroU64::new(240));
    }

    #[test]
    fn in_a_conversation_no_rate_is_kept() {
        let mut patience = Patience::new(MOST, NonZeroU64::new(240));
        patience.spend(MOST, 0);
        patience.ask_for_no_rate();
        patience.spend(MOST * 100, 1);
        assert_eq!(patience.exhausted(), None);
    }
}

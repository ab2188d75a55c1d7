//! What a counter is made of: numbers that one thread writes and any other may read.
//!
//! Each worker counts in memory of its own, so counting is a load and a store: no lock, no atomic addition, no cache
//! line that two threads write. Whoever asks adds the workers up. A number read while it is written is the old one or
//! the new one, and never goes back. Nothing here knows what is counted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
///
/// Written by one thread at a time: a second writer would lose counts, though nothing worse.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    pub fn count(&self) {
        self.add(1);
    }

    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper bounds of a [`Histogram`]'s buckets, in microseconds; one more bucket is for what lies above.
///
/// From what onedoor needs for an answer of its own to what a language model needs for one.
const BOUNDS: [u64; 15] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000, 60_000_000,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// How long things took.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Counter; BUCKETS],
    nanoseconds: Counter,
}

impl Histogram {
    pub fn took(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| nanoseconds <= bound * 1_000).unwrap_or(BOUNDS.len());
        self.buckets[bucket].count();
        self.nanoseconds.add(nanoseconds);
    }
}

/// Several histograms added up.
#[derive(Debug, Default)]
pub struct HistogramSum {
    buckets: [u64; BUCKETS],
    nanoseconds: u64,
}

impl HistogramSum {
    pub fn add(&mut self, histogram: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *sum += bucket.now();
        }
        self.nanoseconds = self.nanoseconds.wrapping_add(histogram.nanoseconds.now());
    }

    /// Each bucket's upper bound in seconds, and how many lie in it alone.
    pub fn buckets(&self) -> [(f64, u64); BUCKETS] {
        std::array::from_fn(|at| {
            let bound = BOUNDS.get(at).map(|microseconds| Duration::from_micros(*microseconds).as_secs_f64());
            (bound.unwrap_or(f64::INFINITY), self.buckets[at])
        })
    }

    /// Taken from the buckets, so that the two agree whenever they are read.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub fn seconds(&self) -> f64 {
        Duration::from_nanos(self.nanoseconds).as_secs_f64()
    }
}

/// How often each status was answered.
///
/// A route answers with few of the 900 statuses there are. Each of these blocks, one cache line, counts six of them in
/// the order in which they come; the next one is made when a seventh comes, which is the only allocation.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct StatusCounts {
    /// Status and count in one word, so that no reader sees one without the other; 0 is a free place.
    places: [AtomicU64; 6],
    more: OnceLock<Box<Self>>,
}

/// A count has the other 54 bits of its word: a million a second for 500 years.
const STATUS_BITS: u32 = 10;

impl StatusCounts {
    pub fn count(&self, status: u16) {
        let status = u64::from(status) & ((1 << STATUS_BITS) - 1);
        let mut block = self;
        loop {
            for place in &block.places {
                let word = place.load(Ordering::Relaxed);
                if word == 0 {
                    return place.store((1 << STATUS_BITS) | status, Ordering::Relaxed);
                }
                if word & ((1 << STATUS_BITS) - 1) == status {
                    return place.store(word.wrapping_add(1 << STATUS_BITS), Ordering::Relaxed);
                }
            }
            block = block.more.get_or_init(Box::default);
        }
    }

    /// Tells each status that was counted, once, and how often it was.
    pub fn each(&self, mut tell: impl FnMut(u16, u64)) {
        let mut block = Some(self);
        while let Some(now) = block {
            for place in &now.places {
                let word = place.load(Ordering::Relaxed);
                if word != 0 {
                    let status = u16::try_from(word & ((1 << STATUS_BITS) - 1));
                    tell(status.expect("ten bits fit into sixteen"), word >> STATUS_BITS);
                }
            }
            block = now.more.get().map(|more| &**more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn counted(counts: &StatusCounts) -> BTreeMap<u16, u64> {
        let mut found = BTreeMap::new();
        counts.each(|status, count| assert_eq!(found.insert(status, count), None, "{status} is told twice"));
        found
    }

    #[test]
    fn every_status_is_counted_by_itself_however_many_there_are() {
        let counts = StatusCounts::default();
        for round in 0..3 {
            for status in 100..=999_u16 {
                for _ in 0..=(status % 3) {
                    counts.count(status);
                }
            }
            assert_eq!(counted(&counts).len(), 900, "in round {round}");
        }
        assert!(counted(&counts).iter().all(|(status, count)| *count == 3 * u64::from(status % 3 + 1)));
    }

    #[test]
    fn the_statuses_of_a_usual_route_fit_into_one_cache_line() {
        assert_eq!(size_of::<StatusCounts>(), 64);
    }

    #[test]
    fn a_time_lies_in_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::default();
        for time in [0, 1_000, 1_001, 60_000_000, 60_000_001] {
            histogram.took(Duration::from_micros(time));
        }
        let mut sum = HistogramSum::default();
        sum.add(&histogram);
        sum.add(&histogram);
        let found: Vec<(f64, u64)> = sum.buckets().into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(found, [(0.001, 4), (0.0025, 2), (60.0, 2), (f64::INFINITY, 2)]);
        assert_eq!(sum.count(), 10);
        assert!((sum.seconds() - 240.004_004).abs() < 1e-9);
    }

    #[test]
    fn whoever_reads_while_it_is_counted_never_sees_a_number_fall() {
        let (counter, counts) = (Counter::default(), StatusCounts::default());
        let most = 100_000;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..most {
                    counter.count();
                    counts.count(200 + (number % 16) as u16);
                }
            });
            let (mut last, mut last_of_each) = (0, BTreeMap::new());
            while last < most {
                let now = counter.now();
                assert!(now >= last);
                last = now;
                let now = counted(&counts);
                assert!(last_of_each.iter().all(|(status, count)| now[status] >= *count));
                last_of_each = now;
            }
        });
        assert_eq!(counted(&counts).values().sum::<u64>(), most);
    }
}

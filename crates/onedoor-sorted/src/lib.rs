//! In order: what the standard library does with `sort_by`, `sort_by_key` and `collect` into a set or a map, in a tenth
//! of the code. Its sort is compiled anew for each type and each comparison, 4 kB a time, and a `collect` into a set has
//! one inside. Here positions are sorted, by a comparison behind a pointer: one sort for all types.
//!
//! It is for what is sorted now and then: a file's keys, a folder's names. It never sorts on the way of a request.

#![forbid(unsafe_code)]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Puts `items` in the order that `compare` says. Those that it finds equal stay in the order they had.
pub fn by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut sources: Vec<usize> = (0..items.len()).collect();
    sort_positions(&mut sources, &mut |left, right| compare(&items[left], &items[right]));
    arrange(&mut sources, &mut |left, right| items.swap(left, right));
}

/// Puts `items` in the order of their keys. Those of one key stay in the order they had.
pub fn by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    by(items, |left, right| key(left).cmp(&key(right)));
}

/// What `collect` would give.
pub fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for item in items {
        set.insert(item);
    }
    set
}

/// What `collect` would give: of several values of one key, the last.
pub fn map<K: Ord, V>(items: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in items {
        map.insert(key, value);
    }
    map
}

/// The one sort. It is not worth a copy of its own for a comparison that it could see into.
#[inline(never)]
fn sort_positions(positions: &mut [usize], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    positions.sort_by(|left, right| compare(*left, *right));
}

/// Brings to each place what stands at its source, one cycle of places after the other: the item that the first place of
/// a cycle had is pushed along until it is at the last.
fn arrange(sources: &mut [usize], swap: &mut dyn FnMut(usize, usize)) {
    for first in 0..sources.len() {
        let mut place = first;
        while sources[place] != first {
            let source = std::mem::replace(&mut sources[place], place);
            swap(place, source);
            place = source;
        }
        sources[place] = place;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_is_sorted_as_the_standard_library_does_it(items in vec((0_u8..8, any::<u16>()), 0..60)) {
            let (mut ours, mut theirs) = (items.clone(), items);
            by_key(&mut ours, |(key, _)| *key);
            theirs.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &theirs);
            by(&mut ours, |left, right| right.cmp(left));
            theirs.sort_by(|left, right| right.cmp(left));
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn a_set_and_a_map_are_what_collect_gives(items in vec((0_u8..8, any::<u16>()), 0..60)) {
            prop_assert_eq!(set(items.clone()), items.iter().copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(map(items.clone()), items.into_iter().collect::<BTreeMap<_, _>>());
        }
    }
}

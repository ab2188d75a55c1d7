//! An allocator that counts, so that a test can promise that a thread allocates nothing. Never in the real binary.

#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what each thread asks of it. Made the global one by the test program that asks.
#[derive(Clone, Copy, Debug)]
pub struct Counting;

thread_local! {
    // Const and without a destructor: it is there for as long as the thread can allocate, and allocates nothing itself.
    static MADE: Cell<u64> = const { Cell::new(0) };
}

/// Allocations of the calling thread so far, those made larger or smaller in place included.
#[must_use]
pub fn made_by_this_thread() -> u64 {
    MADE.get()
}

fn count() {
    // A thread on its way out may have lost the counter; nobody asks for it any more.
    MADE.try_with(|made| made.set(made.get() + 1)).ok();
}

// SAFETY: every call goes to the system's allocator as it came, which keeps the contract; counting touches no memory of
// the allocator's and cannot unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `System` with this layout, for every allocation here does.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count();
        // SAFETY: `at` came from `System` with this layout; the caller answers for `bytes`.
        unsafe { System.realloc(at, layout, bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_ask_for_memory_counts_and_giving_it_back_does_not() {
        let layout = Layout::array::<u64>(4).unwrap();
        let before = made_by_this_thread();
        // SAFETY: the layout is not empty, and what is allocated here is used and freed here with that same layout.
        let at = unsafe { Counting.alloc(layout) };
        assert_eq!(made_by_this_thread() - before, 1);
        // SAFETY: `at` is this allocator's with this layout; 64 is not 0.
        let at = unsafe { Counting.realloc(at, layout, 64) };
        assert_eq!(made_by_this_thread() - before, 2);
        // SAFETY: reallocated above to 64 bytes, of the same alignment.
        unsafe { Counting.dealloc(at, Layout::array::<u64>(8).unwrap()) };
        // SAFETY: the layout is not empty.
        let at = unsafe { Counting.alloc_zeroed(layout) };
        // SAFETY: allocated just now with this layout.
        unsafe { Counting.dealloc(at, layout) };
        assert_eq!(made_by_this_thread() - before, 3);
    }
}

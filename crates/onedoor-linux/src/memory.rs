//! Memory: where it comes from, and how it goes back to the kernel.

#![expect(unsafe_code, reason = "mallctl(3) has no safe name for a purge")]

use std::ptr::null_mut;

/// The binary's allocator (docs/decisions/0036). Its names begin with `_rjem_`: an app's `MALLOC_CONF` is not for us.
pub use tikv_jemallocator::Jemalloc as Allocator;

/// "All arenas", as a number (`MALLCTL_ARENAS_ALL`, jemalloc(3)), in the name of what is to be done with them.
const PURGE_ALL: &std::ffi::CStr = c"arena.4096.purge";

/// Gives every page that is free in the allocator's arenas back to the kernel (jemalloc(3), `arena.<i>.purge`), and
/// before it what the calling thread holds in reserve. Takes milliseconds where there is much of it.
pub fn give_back() {
    for name in [c"thread.tcache.flush", PURGE_ALL] {
        // SAFETY: the name ends with a zero byte, and this one neither reads nor writes a value.
        unsafe {
            tikv_jemalloc_sys::mallctl(name.as_ptr(), null_mut(), null_mut(), null_mut(), 0);
        }
    }
}

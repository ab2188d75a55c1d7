//! Memory that the allocator keeps for later, given back to the kernel.

#![cfg_attr(target_env = "gnu", expect(unsafe_code, reason = "malloc_trim(3) has no safe name elsewhere"))]

/// Gives every page that is free in the allocator's arenas back to the kernel (malloc_trim(3)). Takes milliseconds where
/// there is much of it.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes a number and touches only what is free, under the allocator's own locks.
    unsafe {
        libc::malloc_trim(0);
    }
}

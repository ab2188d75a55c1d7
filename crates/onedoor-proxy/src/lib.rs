//! The way of a request, and the seam at which it meets the apps: all that a request passes, and nothing else.
//!
//! ```text
//!  4  proxy              accept → parse → plan → upstream → relay → access log
//!  3  registry           who is ready and where: apps publish, the proxy leases and reports
//!  2  observe, loopback  the log and the counters · private ports and addresses
//! ```
//!
//! A crate of its own because Cargo chooses between speed and size by crate: this one is compiled for speed, its
//! users for size. It knows nothing of processes, files or commands.
#![forbid(unsafe_code)]

pub mod loopback;
pub mod observe;
pub mod proxy;
pub mod registry;

/// The tests count what a worker allocates on the way of a request.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: onedoor_linux::allocations::Counting = onedoor_linux::allocations::Counting;

//! The Linux kernel under safe names; the only onedoor crate where `unsafe` may stand.

pub mod account;
#[cfg(any(test, feature = "count-allocations"))]
pub mod allocations;
pub mod control_group;
pub mod cpu;
pub mod folder;
pub mod memory;
pub mod memory_group;
pub mod notify;
pub mod output;
pub mod poll;
pub mod proc;
pub mod sandbox;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod splice;
pub mod terminal;
pub mod wait;

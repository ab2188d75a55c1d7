//! The Linux kernel under safe names; the only onedoor crate where `unsafe` may stand.

pub mod socket;

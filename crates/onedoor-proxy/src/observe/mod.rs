//! What onedoor says about itself: the log, and what its metrics are made of.

pub mod log;
pub mod metrics;

//! What onedoor says about itself: the log, and what its metrics are made of.

pub(crate) mod log;
pub(crate) mod metrics;

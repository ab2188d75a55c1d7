//! What onedoor says about itself: the log and, later, metrics.

pub(crate) mod log;

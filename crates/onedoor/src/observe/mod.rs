//! What onedoor says about itself: the log and, later, metrics.

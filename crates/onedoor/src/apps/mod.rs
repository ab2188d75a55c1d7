//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
pub(crate) mod spec;

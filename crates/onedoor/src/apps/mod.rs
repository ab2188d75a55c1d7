//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
mod life;
mod restart;
pub(crate) mod spec;

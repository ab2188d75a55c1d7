//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
mod framework;
mod life;
mod ports;
mod restart;
pub(crate) mod spec;

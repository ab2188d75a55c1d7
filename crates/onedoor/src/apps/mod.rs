//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
//!
//! ```text
//!   config ── spec ─▶ roster ─ one task per app ──▶ life (pure machine) ── publish ─▶ registry
//!                       │            │  ▲
//!                       │            │  └── exits, probes, feedback, orders
//!                       │            └── spawn · ready · output · stop ─▶ init, /proc
//!                       └── ended(), stop(), table() ─▶ run
//! ```
mod board;
mod fleet;
mod framework;
mod helm;
mod idleness;
mod kin;
mod life;
mod milestone;
mod order;
mod output;
mod ports;
mod ready;
mod report;
mod restart;
mod roster;
mod spawn;
pub(crate) mod spec;
mod stop;
mod task;

pub(crate) use board::{AppRow, AppState};
pub(crate) use helm::{Declined, Helm, Wish};
pub(crate) use roster::{Apps, AppsEnd};

//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
//!
//! ```text
//!   config ── spec ─▶ fleet ── one task per app ──▶ life (pure machine) ── publish ─▶ registry
//!                       │            │  ▲
//!                       │            │  └── exits, probes, feedback, orders
//!                       │            └── spawn · ready · output · stop ─▶ init, /proc
//!                       └── ended(), stop(), table() ─▶ run
//! ```
mod board;
mod fleet;
mod framework;
mod kin;
mod life;
mod output;
mod ports;
mod ready;
mod report;
mod restart;
mod spawn;
pub(crate) mod spec;
mod stop;
mod task;

#[expect(unused_imports, reason = "the face of this part; run takes what it needs")]
pub(crate) use board::{AppRow, AppState};
#[expect(unused_imports, reason = "the face of this part; run takes what it needs")]
pub(crate) use fleet::{Apps, AppsEnd, StopOutcome, StopReport, StoppedApp};

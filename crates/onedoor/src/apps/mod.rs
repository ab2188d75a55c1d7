//! THE LIFE OF AN APP: spec → spawn → ready → watch → restart or stop.
//!
//! ```text
//!   config ── spec ─▶ roster ─ one task per app ──▶ life (pure machine) ── publish ─▶ registry
//!                       │            │  ▲
//!                       │            │  └── exits, probes, feedback, orders
//!                       │            └── spawn · ready · output · stop ─▶ init, /proc
//!                       └── ended(), stop(), table() ─▶ run
//! ```
mod alone;
mod board;
mod command_question;
mod command_run;
mod confine;
mod fleet;
pub(crate) mod framework;
mod hearing;
mod helm;
mod idleness;
pub(crate) mod job;
mod kin;
mod life;
pub(crate) mod line_pattern;
mod live;
mod maybe;
mod milestone;
mod notify;
mod nursery;
mod oom;
mod order;
mod output;
mod ready;
mod referee;
mod reload;
mod report;
mod restart;
mod roster;
pub(crate) mod secret;
mod signs;
mod spawn;
pub(crate) mod spec;
mod stop;
pub(crate) mod success;
mod task;

pub(crate) use alone::{Alone, launch_alone};
#[cfg(test)]
pub(crate) use board::ProcessRow;
pub(crate) use board::{AppRow, AppState};
pub(crate) use helm::{Helm, Wish};
pub(crate) use reload::{Change, Outcome, Reload};
pub(crate) use roster::{Apps, AppsEnd, EndOf, Loopback};
pub(crate) use spawn::{dotenv, secret_file};

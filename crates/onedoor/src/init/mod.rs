//! Being PID 1: the signals that end the program, and every child from its start to its exit.
//!
//! ```text
//!   run:  block_signals() ── before the first thread ──▶ Children::start · Signals::new
//!   apps: children.spawn(spec).await ─▶ Child { pid, stdout, stderr, exited }
//!   end:  children.end_everyone(deadline) ─▶ exit_code
//! ```
//!
//! It knows processes, not apps: what an exit means is decided by whoever owns the child.

mod alone;
mod children;
mod exit_code;
mod exits;
mod once;
mod said;
mod shared;
mod signals;
mod terminal;

pub(crate) use alone::run_alone;
pub(crate) use children::{Children, SignalError};
pub(crate) use exit_code::{ExitCause, exit_code};
pub(crate) use once::{OnceError, run_once};
pub(crate) use said::{Keep, Kept, Room, Said};
pub(crate) use shared::Child;
pub(crate) use signals::{Request, Signals, StopRequest, block_signals};
pub(crate) use terminal::{TerminalNews, TerminalSignals, block_terminal_signals};

#[cfg(test)]
mod tests;

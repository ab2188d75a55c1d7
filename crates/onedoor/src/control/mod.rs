//! The control socket: how an operator speaks to a onedoor that runs.
//!
//! ```text
//!   onedoor restart web ── one line of JSON ──▶ server ── Wish ──▶ apps::Helm ──▶ the app's task
//!                       ◀─ one line of JSON ──        ◀─ done, or why not
//! ```
//!
//! The socket's place follows from the file's (`place`), so that the same `-f` finds it; who may speak is whoever runs
//! onedoor, and root. It keeps no state and writes no file but the socket itself.

mod client;
mod place;
mod protocol;
mod reading;
mod server;

pub(crate) use client::{CallError, Patience, call, read};
pub(crate) use place::{Place, Site};
pub(crate) use protocol::{Answer, AppStatus, ProcessStatus, Question, Request, Status, Until};
pub(crate) use server::{Control, Facts, ReloadAsked};

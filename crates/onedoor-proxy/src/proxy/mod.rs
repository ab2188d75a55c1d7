//! THE WAY OF A REQUEST: accept → parse → plan → upstream → relay → access log.
//!
//! ```text
//!  accept ─▶ downstream ─▶ exchange ─▶ plan ─▶ route       answer (ourselves)
//!                             │                              ▲
//!                             ├──────────────────────────────┘
//!                             └─▶ attempt ─▶ upstream ─▶ roundtrip ─▶ relay ─▶ access_log
//! ```
//!
//! This story knows nothing of processes: whether an app is ready, and where, it reads from the registry.

mod accept;
mod access_log;
mod answer;
mod attempt;
mod buffer;
mod clients;
pub mod config;
mod counters;
mod deadline;
mod door;
mod doorstep;
mod downstream;
mod edition;
mod exchange;
pub mod foretold;
mod inbound;
mod listen;
mod plan;
#[cfg(any(test, fuzzing, feature = "playhouse"))]
pub mod playhouse;
mod policy;
mod refusal;
mod rehearsal;
mod relay;
mod roundtrip;
pub mod route;
mod service;
mod side_door;
mod spares;
mod stream;
#[cfg(test)]
mod tests;
mod upstream;
mod worker;
mod workspace;

pub use listen::{ListenError, who_has};
pub use rehearsal::Rehearsal;
pub use service::{Bound, Prepared, Proxy, StartError};
pub use side_door::SideDoorError;

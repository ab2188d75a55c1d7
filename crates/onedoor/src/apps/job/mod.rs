//! JOBS: programs that run to their end, once at the start or by a timetable.
//!
//! ```text
//!   roster ─ one task per job ──▶ schedule (pure: when is it due?) ── run (one process, from start to sweep)
//!                │                                                          │
//!                └── milestone (a start job is done), Ended (it failed) ◀───┘
//! ```
//!
//! A start job gates whoever needs it, and its failure is the end of the start. A cron job's failure is a warning.

mod run;
pub(crate) mod schedule;
mod task;

pub(super) use task::{Around, JobTask};

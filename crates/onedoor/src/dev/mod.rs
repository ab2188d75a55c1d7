//! `onedoor dev`: what a developer leaves running all day.
//!
//! ```text
//!   a file changes ─▶ watch ── quiet for a moment ─┬─ an app's: Helm, that app alone is started anew
//!                                                  └─ onedoor.toml's: run reads it again
//!   a key ──▶ keys ─▶ desk ── restart, open, logs, quit
//!   Helm: an app changed ─▶ desk ── table ─▶ the log's screen
//!                            └─▶ rounds: does a page of it leave its prefix? ─▶ desk
//! ```
//!
//! It asks and shows; what becomes of an app is decided where it always is. What is treated otherwise in development
//! (ports, restarts, commands) is `config`'s business.

mod browser;
mod complaints;
mod desk;
mod keys;
mod picture;
mod rounds;
mod table;
mod watch;

use std::path::PathBuf;

pub(crate) use desk::{Ask, Developer, has_terminal};
pub(crate) use picture::{Picture, Place};
pub(crate) use watch::{Plan, Source, Watched};

/// What the developer wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) browser: Browser,
    pub(crate) watching: Watching,
    pub(crate) doctor: Doctor,
    /// What the configuration is read from; absolute.
    pub(crate) config: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watching {
    On,
    Off,
}

/// Whether the prefix doctor is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doctor {
    Called,
    LeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Browser {
    /// When `o` is pressed.
    OnKey,
    /// Once every app is ready, too.
    AtStart,
}

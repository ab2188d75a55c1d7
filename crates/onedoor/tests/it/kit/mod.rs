//! The plumbing of the promises: a door to start, apps and peers behind it, a wire to speak to it.

mod app;
mod door;
mod peers;
mod pid1;
mod sandbox;
mod terminal;
mod weight;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use app::{ECHO_PY, Upstream, proxy_to};
pub(crate) use door::{
    Door, Setting, Stream, binary, open_gate, run_onedoor, run_program, signal, start_program,
};
pub(crate) use peers::{node_modules, python_peer};
pub(crate) use pid1::start_as_pid1;
pub(crate) use sandbox::{without_newer_calls, without_splice};
pub(crate) use terminal::Terminal;
pub(crate) use weight::anonymous_bytes;
pub(crate) use wire::{Ending, Message, Wire};

/// How long anything may take before a test calls it lost. Never awaited by a test that passes.
pub(crate) const GUARD: Duration = Duration::from_secs(20);

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate lies in the repository")
}

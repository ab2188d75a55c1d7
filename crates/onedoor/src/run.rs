//! Composition root: builds both stories, joins them at the seam, waits for the end.

use std::process::ExitCode;

use crate::config::Loaded;

/// Runs until the end; the container's exit code.
pub(crate) fn up(loaded: Loaded) -> ExitCode {
    drop(loaded);
    ExitCode::SUCCESS
}

//! `onedoor up`, and bare `onedoor`: the file is read here, or the folder where there is none; everything after is
//! `run`'s.

use std::io;

use clap::Args;

use super::detected::{self, Detected};
use super::{Ended, FileArguments, Surroundings};
use crate::config::{Layers, Loaded};
use crate::init;

#[derive(Clone, Debug, Args)]
pub(super) struct UpArguments {
    #[command(flatten)]
    pub(super) files: FileArguments,
    /// Start what was found in a folder without a file, and ask nothing
    #[arg(short, long, visible_alias = "no-input")]
    yes: bool,
}

pub(super) fn load(
    arguments: &UpArguments,
    layers: &Layers,
    surroundings: &mut Surroundings<'_>,
) -> Result<Loaded, Ended> {
    if !arguments.yes && detected::can_ask() && layers.is_unnamed_and_missing() {
        return ask_and_load(layers, surroundings).unwrap_or(Err(Ended::Wrong));
    }
    // As early as can be: a PID 1 without a handler never sees the signal (pid_namespaces(7)), and a platform that
    // stops a container in its first millisecond would wait out its grace. `run` does it again and judges the outcome.
    init::block_signals().ok();
    // A stderr nobody reads must not keep the apps from starting.
    super::load(layers, surroundings).unwrap_or(Err(Ended::Wrong))
}

/// Ctrl-C is an answer, so the signals are blocked after it.
fn ask_and_load(layers: &Layers, surroundings: &mut Surroundings<'_>) -> io::Result<Result<Loaded, Ended>> {
    let Some(detected) = Detected::instead_of(layers) else { return super::load(layers, surroundings) };
    if let Err(ended) = detected::refuse_profile(layers.profile.as_deref(), surroundings)? {
        return Ok(Err(ended));
    }
    detected::tell(&detected, layers, surroundings)?;
    // What cannot be started is not asked about.
    let loaded = detected::told_of(&detected, surroundings)?;
    if loaded.is_ok() && !detected::is_wanted(surroundings)? {
        return Ok(Err(Ended::Refused));
    }
    init::block_signals().ok();
    Ok(loaded)
}

//! `onedoor up`: the file is read here; everything after is `run`'s.

use super::{Ended, Surroundings};
use crate::config::{Layers, Loaded};
use crate::init;

pub(super) fn load(layers: &Layers, surroundings: &mut Surroundings<'_>) -> Result<Loaded, Ended> {
    // As early as can be: a PID 1 without a handler never sees the signal (pid_namespaces(7)), and a platform that
    // stops a container in its first millisecond would wait out its grace. `run` does it again and judges the outcome.
    init::block_signals().ok();
    // A stderr nobody reads must not keep the apps from starting.
    super::load(layers, surroundings).unwrap_or(Err(Ended::Wrong))
}

//! `onedoor up`: the file is read here; everything after is `run`'s.

use std::path::Path;

use super::{Ended, Surroundings};
use crate::config::Loaded;

pub(super) fn load(file: &Path, surroundings: &mut Surroundings<'_>) -> Result<Loaded, Ended> {
    // A stderr nobody reads must not keep the apps from starting.
    super::load(file, surroundings).unwrap_or(Err(Ended::Wrong))
}

//! `onedoor version`.

use std::io;

use super::{Ended, Surroundings};

pub(super) fn run(surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    writeln!(surroundings.out, "onedoor {}", env!("CARGO_PKG_VERSION"))?;
    Ok(Ended::Well)
}

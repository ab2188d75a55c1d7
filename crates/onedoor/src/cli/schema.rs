//! `onedoor schema`: the JSON Schema of the file, for editors.

use std::io;

use super::{Ended, Surroundings};
use crate::config;

pub(super) fn run(surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    serde_json::to_writer_pretty(&mut *surroundings.out, &config::schema())?;
    writeln!(surroundings.out)?;
    Ok(Ended::Well)
}

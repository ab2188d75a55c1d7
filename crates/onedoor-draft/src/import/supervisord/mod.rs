//! supervisord: its ini with the quirks, and its programs as apps and jobs.
//!
//! ```text
//! text ─ ini ─▶ sections ─ section ─▶ what is known of each ─ program ─▶ apps, jobs
//!                                                              └ expand   %(program_name)s, %(ENV_X)s
//! ```

mod expand;
mod ini;
mod program;
mod section;

use super::fault::Fault;
use super::files::Input;
use super::finding::Ledger;
use super::sketch::Sketch;

/// Adds what the files say to the sketch.
pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) -> Result<(), Fault> {
    let mut sections = Vec::new();
    for input in inputs {
        sections.extend(ini::read(input, ledger)?);
    }
    section::convert(&sections, sketch, ledger);
    Ok(())
}

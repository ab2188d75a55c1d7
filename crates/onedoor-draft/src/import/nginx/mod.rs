//! nginx: its language, and what of it is said in onedoor's words.
//!
//! ```text
//! text ─ lexer ─▶ words ─ tree ─▶ directives ─ site ─▶ servers ─ location ─▶ routes
//!                                              │                 ├ pass    proxy_pass, rewrite
//!                                              └ upstreams       └ answer  return, redirects
//! ```
//!
//! `scope` is what blocks inherit, `settings` what is known of the directives that have no counterpart. Nothing is
//! served or started here, and no name is resolved.

mod answer;
mod lexer;
mod location;
mod pass;
mod scope;
mod settings;
mod site;
mod tree;

use super::fault::Fault;
use super::files::Input;
use super::finding::Ledger;
use super::sketch::Sketch;

pub(super) use settings::duration;

/// Adds what the files say to the sketch.
pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) -> Result<(), Fault> {
    let mut directives = Vec::new();
    for input in inputs {
        directives.extend(tree::read(input, ledger)?);
    }
    site::convert(&directives, sketch, ledger);
    Ok(())
}

//! A Caddyfile: sites by their addresses, and in each of them directives in an order that Caddy gives them.
//!
//! ```text
//! text ─ lexer ─▶ lines ─ tree ─▶ directives ─ site ─▶ hosts ─ walk ─▶ scope, matcher ─ put ─▶ routes
//!                        (snippets, files)                     (answer, proxy)
//! ```

mod answer;
mod lexer;
mod matcher;
mod proxy;
mod put;
mod scope;
mod settings;
mod site;
mod text;
mod tree;
mod walk;

use super::fault::Fault;
use super::files::Input;
use super::finding::Ledger;
use super::sketch::Sketch;

/// Adds what the files say to the sketch.
pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) -> Result<(), Fault> {
    for input in inputs {
        let directives = tree::read(input, ledger)?;
        site::convert_all(&directives, sketch, ledger);
    }
    Ok(())
}

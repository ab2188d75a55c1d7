//! NGINX Unit: its JSON, whose routes are a list in which the first match wins, and its applications.
//!
//! ```text
//! text ─ yaml (JSON is YAML) ─▶ tree ─┬ application   programs, and the servers that run what Unit ran itself
//!                                     └ step          match and action, in their order
//! ```

mod application;
mod step;

use super::fault::Fault;
use super::files::Input;
use super::finding::{Ledger, Place};
use super::sketch::Sketch;
use super::yaml::{self, Node};

/// Adds what the files say to the sketch.
pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) -> Result<(), Fault> {
    for input in inputs {
        let root = yaml::read(input)?;
        // What `curl …/` of the control socket prints has the configuration one level down.
        let root = root.entry("config").unwrap_or(&root);
        if root.entry("listeners").is_none() {
            return Err(
                Fault::of_file(&input.name, "it has no `listeners`").remedy("is it Unit's configuration?")
            );
        }
        let place = |node: &Node| Place { file: input.name.as_str().into(), line: node.line };
        for (key, node) in root.entries() {
            match key.as_str() {
                "applications" => {
                    for (name, node) in node.entries() {
                        application::convert(name, node, input, sketch, ledger);
                    }
                }
                "listeners" | "routes" => {}
                "upstreams" => {
                    let item = ledger.open(place(node), &format!("upstreams: {}", node.shown()));
                    ledger.converted(item, "where the routes that pass to them go");
                }
                _ => {
                    let item = ledger.open(place(node), &format!("{key}: {}", node.shown()));
                    match key.as_str() {
                        "access_log" => {
                            ledger.changed(item, "access lines go to stdout, in onedoor's own form")
                        }
                        "settings" => ledger.missing(item, "[server] has limits and timeout"),
                        "certificates" => ledger.missing(
                            item,
                            "onedoor does not end TLS yet: let the platform or a balancer in front do it",
                        ),
                        _ => ledger.missing(item, "onedoor has nothing for it"),
                    }
                }
            }
        }
        step::convert_all(root, input, sketch, ledger);
    }
    Ok(())
}

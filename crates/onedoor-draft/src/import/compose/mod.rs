//! Compose: services of several containers as apps of one, and Traefik's labels as their routes.
//!
//! ```text
//! text ─ yaml ─▶ tree ─ service ─┬ process      run, dir, restart, stop, limits
//!                                ├ environment  env, ${VAR}, the addresses of siblings
//!                                ├ command      its words, and those of its image
//!                                ├ dockerfile   CMD, EXPOSE and WORKDIR, where the service only says `build`
//!                                └ labels ─ rule   Traefik's routers and middlewares
//! ```
//!
//! A database or a queue from its own image is no app of this container: it is told, and its address stays.

mod command;
mod dockerfile;
mod environment;
mod labels;
mod process;
mod remark;
mod rule;
mod service;

use super::fault::Fault;
use super::files::Input;
use super::finding::{Ledger, Place};
use super::sketch::Sketch;
use super::yaml::{self, Node};

/// Adds what the files say to the sketch. Of a service that several files speak of, the first one counts.
pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) -> Result<(), Fault> {
    for input in inputs {
        let root = yaml::read(input)?;
        let place = |node: &Node| Place { file: input.name.as_str().into(), line: node.line };
        for (key, node) in root.entries() {
            if key == "services" {
                continue;
            }
            let item = ledger.open(place(node), &format!("{key}: {}", node.shown()));
            match key.as_str() {
                "version" | "name" => {
                    ledger.unneeded(item, "onedoor's file needs neither version nor project name")
                }
                "volumes" => ledger.missing(item, "whoever runs the container mounts what has to outlive it"),
                "networks" => ledger.unneeded(item, "apps of one container reach each other on 127.0.0.1"),
                "secrets" | "configs" => {
                    ledger.missing(item, "whoever runs the container mounts them; an app reads one by secrets = { NAME = \"file:/run/secrets/…\" }");
                }
                "include" => ledger.missing(item, "give its files after --from compose, too"),
                _ if key.starts_with("x-") => ledger.unneeded(item, "what refers to it has it put in"),
                _ => ledger.missing(item, "onedoor has nothing for it"),
            }
        }
        let Some(services) = root.entry("services") else {
            return Err(Fault::of_file(&input.name, "it has no `services`").remedy("is it a Compose file?"));
        };
        service::convert_all(services, input, sketch, ledger);
    }
    Ok(())
}

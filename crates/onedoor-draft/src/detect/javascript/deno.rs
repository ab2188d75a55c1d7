//! Deno: the start task, where it is a command, else the main module.

use serde_json::Value as Json;

use super::MANIFESTS;
use super::script::{Resolved, resolve};
use crate::detect::{Found, Provider, Role, routes};
use crate::folder::Place;

pub(super) fn look(place: Place<'_>, manifest: &str) -> Option<Found> {
    const MAINS: [&str; 6] = ["main.ts", "server.ts", "mod.ts", "index.ts", "main.js", "server.js"];
    let config = if manifest.ends_with("jsonc") { None } else { place.json(manifest) };
    let tasks = config.as_ref().and_then(|config| config.get("tasks"));
    let task = |name: &str| tasks.and_then(|tasks| tasks.get(name)).and_then(Json::as_str);
    let sources = place.sources(&[".ts", ".js"], MANIFESTS);
    let mut found = if let Some(command) = task("start") {
        // A deno command can be started without the task runner.
        let run = match resolve(command) {
            Resolved::Command { command, .. } if command.starts_with("deno ") => command,
            _ => "deno task start".to_owned(),
        };
        let mut found = Found::new(place, Provider::Deno, run);
        found.because(place, manifest, "tasks.start");
        found
    } else {
        let main = MAINS.into_iter().find(|name| place.has(name))?;
        let text = place.text(main)?;
        let serves = text.contains("export default") && text.contains("fetch");
        let run = if serves {
            format!("deno serve --allow-all --host $HOST --port $PORT {main}")
        } else {
            format!("deno run --allow-net --allow-env --allow-read {main}")
        };
        let mut found = Found::new(place, Provider::Deno, run);
        found.because(place, manifest, "a Deno project").because(place, main, "its main module");
        found
    };
    if task("dev").is_some() {
        found.dev = Some("deno task dev".to_owned());
    }
    if config.as_ref().is_some_and(|config| config.to_string().contains("fresh")) {
        found.framework = Some("Fresh");
        found.role = Role::Pages;
    }
    found.manager = Some("deno");
    found.routes = routes::of(&sources);
    Some(found)
}

//! Elixir: Phoenix, a release where one is built, else the mix project.

use super::{Found, PrefixHabit, Provider, Role};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["mix.exs"];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    let text = place.text("mix.exs")?;
    let app = text.split_once("app: :").map(|(_, rest)| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
    });
    let is_phoenix = text.contains("{:phoenix,");
    let listens = is_phoenix || text.contains(":plug_cowboy") || text.contains(":bandit");
    let release = app
        .as_ref()
        .map(|app| format!("_build/prod/rel/{app}/bin/{app}"))
        .filter(|program| place.has(program));
    let run = match &release {
        Some(program) => format!("{program} start"),
        None if is_phoenix => "mix phx.server".to_owned(),
        None => "mix run --no-halt".to_owned(),
    };
    let mut found = Found::new(place, Provider::Elixir, run);
    found.because(place, "mix.exs", if is_phoenix { "phoenix" } else { "a mix project" });
    if let Some(program) = &release {
        found.because(place, program, "the release");
    }
    found.framework = is_phoenix.then_some("Phoenix");
    found.role = if is_phoenix {
        Role::Pages
    } else if listens {
        Role::Listener
    } else {
        Role::Worker
    };
    if is_phoenix {
        found.prefix = PrefixHabit::WantsStrip;
        found.dev = Some("mix phx.server".to_owned());
    }
    found.build = Some("MIX_ENV=prod mix release".to_owned());
    found.install = Some("mix deps.get".to_owned());
    found.manager = Some("mix");
    found.version = text
        .split_once("elixir: \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(version, _)| version.to_owned());
    if !place.has("deps") && release.is_none() && text.contains("{:") {
        found.misses_packages("deps", "mix deps.get", place.folder);
    }
    Some(found)
}

//! Ruby: Rails, or whatever a config.ru names.

use super::{Found, PrefixHabit, Provider, Role, routes};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["Gemfile", "config.ru"];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    let Some(manifest) = place.first_of(MANIFESTS) else { return Vec::new() };
    let gems = place.text("Gemfile").unwrap_or_default();
    let has_gem = |name: &str| {
        let calls = [format!("gem \"{name}\""), format!("gem '{name}'")];
        gems.lines().map(str::trim).any(|line| calls.iter().any(|call| line.starts_with(call.as_str())))
    };
    let mut found: Vec<Found> = web(place, manifest, &has_gem).into_iter().collect();
    if has_gem("sidekiq") && !found.is_empty() {
        let mut worker = Found::new(place, Provider::Ruby, "bundle exec sidekiq");
        worker.role = Role::Worker;
        worker.framework = Some("Sidekiq");
        worker.name = Some("worker".to_owned());
        worker.because(place, "Gemfile", "gem sidekiq");
        found.push(worker);
    }
    for found in &mut found {
        if place.has("Gemfile") {
            found.manager = Some("bundler");
            found.install = Some("bundle install".to_owned());
        }
        found.version = place.text(".ruby-version").map(|text| text.trim().to_owned());
    }
    found
}

fn web(place: Place<'_>, manifest: &str, has_gem: &dyn Fn(&str) -> bool) -> Option<Found> {
    let with_bundle = |command: &str| {
        if place.has("Gemfile") { format!("bundle exec {command}") } else { command.to_owned() }
    };
    let rackup = || {
        if has_gem("puma") {
            with_bundle("puma -b tcp://$HOST:$PORT")
        } else {
            with_bundle("rackup --host $HOST --port $PORT")
        }
    };
    if has_gem("rails") || place.has("bin/rails") {
        let mut found = Found::new(place, Provider::Ruby, with_bundle("rails server -b $HOST -p $PORT"));
        found.framework = Some("Rails");
        found.role = Role::Pages;
        found.prefix = PrefixHabit::BuiltIn("RAILS_RELATIVE_URL_ROOT and a `map` in its config.ru");
        found.because(place, manifest, "gem rails");
        if place.has("bin/dev") {
            found.dev = Some("bin/dev".to_owned());
        }
        return Some(found);
    }
    let framework = if has_gem("sinatra") { Some("Sinatra") } else { has_gem("hanami").then_some("Hanami") };
    let sources = place.sources(&[".rb"], MANIFESTS);
    let mut found = if place.has("config.ru") {
        let mut found = Found::new(place, Provider::Ruby, rackup());
        found.because(place, "config.ru", "a Rack app");
        found
    } else {
        let script = ["app.rb", "main.rb", "server.rb"].into_iter().find(|name| place.has(name))?;
        framework?;
        let mut found =
            Found::new(place, Provider::Ruby, with_bundle(&format!("ruby {script} -o $HOST -p $PORT")));
        found.because(place, script, "the app");
        found
    };
    if let Some(framework) = framework {
        found.because(place, "Gemfile", format!("gem {}", framework.to_ascii_lowercase()));
    }
    found.framework = framework;
    found.role = Role::Service;
    found.routes = routes::of(&sources);
    Some(found)
}

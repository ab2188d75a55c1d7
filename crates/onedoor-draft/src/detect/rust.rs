//! Rust: the binaries of a package; a built one is started as it is.

use toml::Value;

use super::{Found, Provider, Role, routes};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["Cargo.toml"];

const FRAMEWORKS: [(&str, &str); 10] = [
    ("leptos_axum", "Leptos"),
    ("axum", "axum"),
    ("actix-web", "Actix Web"),
    ("rocket", "Rocket"),
    ("poem", "Poem"),
    ("salvo", "Salvo"),
    ("warp", "warp"),
    ("tide", "Tide"),
    ("tonic", "tonic"),
    ("hyper", "hyper"),
];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    let manifest = place.toml("Cargo.toml")?;
    // A workspace without a package of its own: its members are found by themselves.
    let package = manifest.get("package")?;
    let name = package.get("name")?.as_str()?;
    let named = |bin: &Value| Some(bin.get("name")?.as_str()?.to_owned());
    let bins: Vec<String> = manifest
        .get("bin")
        .and_then(Value::as_array)
        .map(|bins| bins.iter().filter_map(named).collect())
        .unwrap_or_default();
    let program = match bins.as_slice() {
        [] if place.has("src/main.rs") => name.to_owned(),
        [] => return None,
        [first, ..] => package.get("default-run").and_then(Value::as_str).unwrap_or(first).to_owned(),
    };
    let one_of_many = bins.len() > 1;
    let release = format!("target/release/{program}");
    let built = place.tree.is_program(&place.path(&release));
    let select = if one_of_many { format!(" --bin {program}") } else { String::new() };
    let run = if built { format!("./{release}") } else { format!("cargo run --release --quiet{select}") };
    let mut found = Found::new(place, Provider::Rust, run);
    found.because(place, "Cargo.toml", format!("package {name}"));
    let depends_on =
        |crate_name: &str| manifest.get("dependencies").is_some_and(|list| list.get(crate_name).is_some());
    let sources = place.sources(&[".rs"], MANIFESTS);
    let listens = sources.iter().find(|source| source.text.contains("TcpListener"));
    match FRAMEWORKS.iter().find(|(package, _)| depends_on(package)) {
        Some((package, framework)) => {
            found.framework = Some(framework);
            found.role = Role::Service;
            found.because(place, "Cargo.toml", *package);
        }
        None if listens.is_some() => {
            found.role = Role::Listener;
            found.because(place, &listens?.name, "TcpListener");
        }
        None => found.role = Role::Worker,
    }
    if built {
        found.because(place, &release, "the built program");
    }
    found.dev = built.then(|| format!("cargo run --quiet{select}"));
    found.build = Some(format!("cargo build --release{select}"));
    found.manager = Some("cargo");
    let toolchain = place.toml("rust-toolchain.toml");
    let channel = toolchain.as_ref().and_then(|file| file.get("toolchain")?.get("channel")?.as_str());
    found.version = channel.or_else(|| package.get("rust-version")?.as_str()).map(str::to_owned);
    found.routes = routes::of(&sources);
    Some(found)
}

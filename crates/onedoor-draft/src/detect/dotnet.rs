//! .NET: the web projects among the `*.csproj` and `*.fsproj`.

use super::{Found, Provider, Role, routes};
use crate::folder::Place;

/// None has a fixed name, so the ending stands for it.
pub(super) const MANIFESTS: &[&str] = &["*.csproj", "*.fsproj"];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    let project = [".csproj", ".fsproj"].into_iter().flat_map(|ending| place.files_ending(ending)).next()?;
    let text = place.text(&project)?;
    let is_web = text.contains("Microsoft.NET.Sdk.Web");
    let is_worker = text.contains("Microsoft.NET.Sdk.Worker");
    if !is_web && !is_worker && !text.contains("<OutputType>Exe</OutputType>") {
        return None;
    }
    let name = project.rsplit_once('.').map_or(project.as_str(), |(name, _)| name);
    let published = ["publish", "out", "app"]
        .into_iter()
        .map(|folder| format!("{folder}/{name}.dll"))
        .find(|dll| place.has(dll));
    let run = match &published {
        Some(dll) => format!("dotnet {dll}"),
        None => "dotnet run --no-launch-profile -c Release".to_owned(),
    };
    let mut found = Found::new(place, Provider::DotNet, run);
    found.framework = is_web.then_some("ASP.NET Core");
    found.role = if is_web { Role::Service } else { Role::Worker };
    found.because(place, &project, if is_web { "Microsoft.NET.Sdk.Web" } else { "a program" });
    if let Some(dll) = &published {
        found.because(place, dll, "published");
    }
    found.dev = Some("dotnet watch run --no-launch-profile".to_owned());
    found.build = Some("dotnet publish -c Release -o publish".to_owned());
    found.manager = Some("dotnet");
    found.version = text
        .split_once("<TargetFramework>")
        .and_then(|(_, rest)| rest.split_once('<'))
        .map(|(version, _)| version.to_owned());
    found.routes = routes::of(&place.sources(&[".cs", ".fs"], MANIFESTS));
    Some(found)
}

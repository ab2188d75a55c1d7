//! PHP: a front controller, by FrankenPHP where it is meant, else by PHP's own server.

use super::{Found, Provider, Role};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["composer.json", "index.php"];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    const ROOTS: [&str; 4] = ["public/index.php", "web/index.php", "html/index.php", "index.php"];
    let front = ROOTS.into_iter().find(|file| place.has(file))?;
    let root = front.strip_suffix("/index.php").unwrap_or(".");
    let composer = place.json("composer.json");
    let requires = |package: &str| {
        composer.as_ref().and_then(|file| file.get("require")).is_some_and(|list| list.get(package).is_some())
    };
    let franken = place.first_of(&["Caddyfile", "frankenphp"]).filter(|name| {
        *name == "frankenphp" || place.text(name).is_some_and(|text| text.contains("php_server"))
    });
    let run = match franken {
        Some(_) => format!("frankenphp php-server --listen $HOST:$PORT --root {root}"),
        None => format!("php -S $HOST:$PORT -t {root}"),
    };
    let mut found = Found::new(place, Provider::Php, run);
    found.because(place, front, "its front controller");
    found.framework =
        [("laravel/framework", "Laravel"), ("symfony/framework-bundle", "Symfony"), ("slim/slim", "Slim")]
            .into_iter()
            .find_map(|(package, name)| requires(package).then_some(name));
    found.role = Role::Pages;
    match franken {
        Some(name) => {
            found.because(place, name, "FrankenPHP");
        }
        None => found
            .notes
            .push("`php -S` is PHP's server for development; FrankenPHP is one for more".to_owned()),
    }
    if place.has("composer.json") {
        found.because(place, "composer.json", found.framework.unwrap_or("Composer"));
        found.manager = Some("composer");
        found.install = Some("composer install".to_owned());
        let needs_packages = composer
            .as_ref()
            .and_then(|file| file.get("require"))
            .and_then(serde_json::Value::as_object)
            .is_some_and(|list| list.keys().any(|package| package.contains('/')));
        if needs_packages && !place.has("vendor") {
            found.misses_packages("vendor", "composer install", place.folder);
        }
        found.version =
            composer.as_ref().and_then(|file| file.get("require")?.get("php")?.as_str()).map(str::to_owned);
    }
    Some(found)
}

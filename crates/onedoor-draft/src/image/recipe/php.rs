//! PHP: FrankenPHP, the server and the language in one program; packages by Composer.

use super::super::dockerfile::{Cache, Stage, Step};
use super::super::runtime::{Company, PHPS, Runtime};
use super::{Instead, Recipe, Standing, Start, Taken, Unit};

const COMPOSER: &str = "composer:2";
const PACKAGES: Cache = Cache::shared("composer", "/root/.composer/cache");

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { standing: Standing::Experimental, ..Recipe::default() };
    let runtime = Runtime::Php(unit.version(PHPS, str::to_owned, &mut recipe.notes));
    recipe.runtimes.push((runtime, Company::Alone));
    // It may bind to ports below 1024 by its file's capabilities, and such a program cannot be started without them.
    recipe.setup.push("setcap -r /usr/local/bin/frankenphp".to_owned());
    let extensions = extensions(unit);
    if !extensions.is_empty() {
        recipe.setup.push(format!("install-php-extensions {}", extensions.join(" ")));
    }
    recipe.starts = unit.starts.iter().filter_map(served).collect();
    if !unit.place().has("composer.json") {
        recipe.taken.push(Taken::AsItIs { source: unit.sources(), place: format!("{}/", unit.home()) });
        return recipe;
    }
    let mut stage = unit.stage(runtime.build_image(), unit.home());
    install(unit, &extensions, &mut stage);
    recipe.taken.push(Taken::Built(unit.home()));
    recipe.stage = Some(stage);
    recipe
}

fn install(unit: &Unit<'_>, extensions: &[String], stage: &mut Stage) {
    stage.step(Step::Comment("hadolint ignore=DL3008".to_owned()));
    stage.run("apt-get update && apt-get install -y --no-install-recommends git unzip");
    if !extensions.is_empty() {
        stage.run(format!("install-php-extensions {}", extensions.join(" ")));
    }
    stage.copy_from(COMPOSER, "/usr/bin/composer", "/usr/local/bin/composer");
    stage.env("COMPOSER_ALLOW_SUPERUSER", "1");
    stage.copy(unit.manifests(&["composer.json", "composer.lock"]), "./");
    // Scripts and the class map want the sources, which come after.
    stage.install(
        &[PACKAGES],
        "composer install --no-dev --no-interaction --prefer-dist --no-scripts --no-autoloader",
    );
    stage.copy([unit.sources()], "./");
    stage.build(&[], "composer dump-autoload --no-dev --optimize");
    if unit.found.and_then(|found| found.framework) == Some("Laravel") {
        stage.run("mkdir -p storage bootstrap/cache && chmod -R a+rwX storage bootstrap/cache");
    }
}

/// PHP's own server is for development; the image has one for more.
fn served(start: &Start<'_>) -> Option<Instead> {
    let [php, listen, address, rest @ ..] = start.words else { return None };
    if php != "php" || listen != "-S" {
        return None;
    }
    let root = match rest {
        [flag, root, ..] if flag == "-t" => root,
        _ => ".",
    };
    Some(start.instead(format!("frankenphp php-server --listen {address} --root {root}")))
}

/// `ext-intl` in `require`, less those that every PHP has.
fn extensions(unit: &Unit<'_>) -> Vec<String> {
    const THERE: [&str; 17] = [
        "ctype",
        "curl",
        "date",
        "dom",
        "fileinfo",
        "filter",
        "hash",
        "json",
        "libxml",
        "mbstring",
        "openssl",
        "pcre",
        "pdo",
        "session",
        "simplexml",
        "tokenizer",
        "xml",
    ];
    if !unit.place().has("composer.json") {
        return Vec::new();
    }
    let json = unit.place().json("composer.json").unwrap_or_default();
    let required = json.get("require").and_then(serde_json::Value::as_object);
    let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    required
        .into_iter()
        .flat_map(|list| list.keys())
        .filter_map(|name| name.strip_prefix("ext-"))
        .filter(is_name)
        .filter(|name| !THERE.contains(name))
        .map(str::to_owned)
        .collect()
}

//! Ruby: the gems in the app's own vendor/bundle, without those of development and tests.

use super::super::dockerfile::Cache;
use super::super::libraries;
use super::super::runtime::{Company, RUBIES, Runtime};
use super::{Recipe, Standing, Taken, Unit};
use crate::folder::Place;

const GEMS: Cache = Cache::shared("gems", "/root/.bundle/cache");

/// What a Rails app writes to, beside its database.
const WRITTEN: &str = "mkdir -p tmp log storage && chmod -R a+rwX tmp log storage";

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { standing: Standing::Experimental, ..Recipe::default() };
    let read = |text: &str| text.trim_start_matches("ruby-").to_owned();
    let runtime = Runtime::Ruby(unit.version(RUBIES, read, &mut recipe.notes));
    recipe.runtimes.push((runtime, Company::Alone));
    recipe.packages = libraries::of_ruby(unit.place());
    if !unit.place().has("Gemfile") {
        recipe.taken.push(Taken::AsItIs { source: unit.sources(), place: format!("{}/", unit.home()) });
        return recipe;
    }
    let mut stage = unit.stage(runtime.build_image(), unit.home());
    stage.copy(unit.manifests(&["Gemfile", "Gemfile.lock", ".ruby-version"]), "./");
    // Without a lock there is nothing that could be frozen.
    let frozen =
        if unit.place().has("Gemfile.lock") { " && bundle config set --local frozen true" } else { "" };
    stage.install(
        &[GEMS],
        format!(
            "bundle config set --local path vendor/bundle && bundle config set --local without 'development test'{frozen} && bundle install"
        ),
    );
    stage.copy([unit.sources()], "./");
    if unit.found.and_then(|found| found.framework) == Some("Rails") {
        recipe.env = vec![("RAILS_ENV", "production"), ("RAILS_LOG_TO_STDOUT", "1")];
        if has_assets(unit.place()) {
            stage.build(
                &[],
                "RAILS_ENV=production SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile",
            );
        }
        if unit.place().has("package.json") {
            recipe.notes.push(format!(
                "{}: what its package.json builds is not built here: say how in `build`, with `apt` for Node",
                unit.shown()
            ));
        }
        stage.run(WRITTEN);
    }
    recipe.taken.push(Taken::Built(unit.home()));
    recipe.stage = Some(stage);
    recipe
}

fn has_assets(place: Place<'_>) -> bool {
    let gems = place.text("Gemfile").unwrap_or_default();
    place.has("app/assets")
        && ["propshaft", "sprockets", "sassc", "importmap"].iter().any(|gem| gems.contains(gem))
}

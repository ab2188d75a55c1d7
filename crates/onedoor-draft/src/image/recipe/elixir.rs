//! Elixir: a release, which holds Erlang itself, so that nothing but a few libraries is asked of the image.

use super::super::dockerfile::Cache;
use super::super::version::{Known, Version};
use super::{Recipe, Standing, Taken, Unit};
use crate::folder::join;

const PACKAGES: Cache = Cache::shared("hex", "/root/.hex");

const ELIXIRS: Known = Known {
    usual: Version::of(1, 18),
    others: &[Version::of(1, 20), Version::of(1, 19), Version::of(1, 17), Version::of(1, 16)],
};

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { standing: Standing::Experimental, ..Recipe::default() };
    let version = unit.version(ELIXIRS, |asked| asked.replace("~>", "~="), &mut recipe.notes);
    let text = unit.place().text("mix.exs").unwrap_or_default();
    let Some(name) = release(&text) else { return super::plain::recipe(unit) };
    // Its tags do not name a suite; it is none that is newer than the image's.
    let otp = if version >= Version::of(1, 19) {
        28
    } else if version >= Version::of(1, 17) {
        27
    } else {
        26
    };
    let mut stage = unit.stage(format!("elixir:{version}-otp-{otp}"), unit.home());
    stage.env("MIX_ENV", "prod");
    stage.run("mix local.hex --force && mix local.rebar --force");
    stage.copy(unit.manifests(&["mix.exs", "mix.lock"]), "./");
    stage.install(&[PACKAGES], "mix deps.get --only prod");
    if unit.place().has("config") {
        stage.copy([format!("{}/", unit.source("config"))], "config/");
    }
    stage.install(&[], "mix deps.compile");
    stage.copy([unit.sources()], "./");
    if text.contains("assets.deploy") {
        stage.build(&[], "mix assets.deploy");
    }
    stage.build(&[], "mix release");
    let program = format!("_build/prod/rel/{name}/bin/{name}");
    for start in unit.starts.iter().filter(|start| start.program() == "mix") {
        recipe.starts.push(start.instead(format!("{program} start")));
    }
    recipe.taken.push(Taken::Built(join(&unit.home(), &format!("_build/prod/rel/{name}"))));
    recipe.packages = vec!["ca-certificates", "libncurses6", "libssl3t64", "libstdc++6", "libtinfo6"];
    recipe.env = vec![("LANG", "C.UTF-8"), ("PHX_SERVER", "true")];
    recipe.stage = Some(stage);
    recipe
}

/// What a release is called: the app.
fn release(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("app: :")?;
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

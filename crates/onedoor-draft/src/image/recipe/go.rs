//! Go: a static program, made by the builder's own machine for whatever the image is for, and taken alone.

use super::super::dockerfile::{BuiltOn, Cache, Step};
use super::super::runtime::{GOES, SUITE};
use super::{Recipe, Start, Taken, Unit};
use crate::folder::join;

const CACHES: [Cache; 2] =
    [Cache::shared("go-modules", "/go/pkg/mod"), Cache::shared("go-build", "/root/.cache/go-build")];

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe::default();
    // go.mod names the oldest version that will do.
    let version = unit.version(GOES, |oldest| format!(">={oldest}"), &mut recipe.notes);
    let mut stage = unit.stage(format!("golang:{version}-{SUITE}"), unit.home());
    stage.built_on = BuiltOn::Builder;
    stage.step(Step::Arg("TARGETOS".to_owned())).step(Step::Arg("TARGETARCH".to_owned()));
    if unit.place().has("go.sum") {
        stage.copy(unit.manifests(&["go.mod", "go.sum"]), "./");
        stage.install(&CACHES[..1], "go mod download");
    }
    stage.copy([unit.sources()], "./");
    for start in &unit.starts {
        let Some(program) = program(start) else {
            recipe.notes.push(format!(
                "{}: `{}` is none of its own programs; what it starts is not built here",
                start.app,
                start.words.join(" ")
            ));
            continue;
        };
        stage.build(
            &CACHES,
            format!(
                "CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o {} {}",
                program.output, program.package
            ),
        );
        recipe.taken.push(Taken::Built(join(&unit.home(), program.output.trim_start_matches("./"))));
        if let Some(command) = program.instead {
            recipe.starts.push(start.instead(command));
        }
    }
    recipe.taken.extend(unit.data());
    recipe.stage = Some(stage);
    recipe
}

/// What is built for a command, and where it lies.
struct Program {
    package: String,
    output: String,
    /// What the image starts, where the command itself would build.
    instead: Option<String>,
}

/// `./bin/api --verbose` starts what is built from ./cmd/api, or from the folder itself; `go run ./cmd/api` from there.
fn program(start: &Start<'_>) -> Option<Program> {
    if start.runs_from_source("go") {
        let mut rest = start.words[2..].iter().skip_while(|word| word.starts_with('-'));
        let package = rest.next().map_or(".", String::as_str);
        let output = format!("./bin/{}", start.app);
        let command: Vec<&str> = [output.as_str()].into_iter().chain(rest.map(String::as_str)).collect();
        let instead = Some(command.join(" "));
        return Some(Program { package: package.to_owned(), output, instead });
    }
    let output = start.program();
    let is_own = output.starts_with("./") || output.starts_with("bin/");
    is_own.then(|| Program { package: ".".to_owned(), output: output.to_owned(), instead: None })
}

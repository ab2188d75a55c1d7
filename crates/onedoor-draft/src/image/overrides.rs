//! What the owner of an app says of its building, at its places in the stage of a recipe.
//!
//! ```text
//! FROM … WORKDIR … ENV (env) RUN (apt_build) RUN (before)
//! COPY manifests   RUN install   COPY sources   RUN build   …   RUN (after)
//! ```
//!
//! His commands stand instead of those that were found, or around them where `"..."` is among them. Commands that stand
//! instead of the installing ones come when the sources are there: who knows which files they read.

use super::dockerfile::{Mount, Part, Stage, Step};
use super::wanted::{Build, FOUND};

/// The home of whoever builds in a stage.
const ROOT: &str = "/root";

/// Puts it all into a stage.
pub(super) fn apply(build: &Build, stage: &mut Stage) {
    if let Some(said) = &build.install {
        stage.steps = spliced(std::mem::take(&mut stage.steps), Part::Install, said);
    }
    if let Some(said) = &build.build {
        stage.steps = spliced(std::mem::take(&mut stage.steps), Part::Build, said);
    }
    let behind_workdir = usize::from(matches!(stage.steps.first(), Some(Step::Workdir(_))));
    let rest = stage.steps.split_off(behind_workdir);
    for (name, value) in &build.env {
        stage.env(name, value);
    }
    if !build.apt_build.is_empty() {
        install_packages(&build.apt_build, stage);
    }
    let before = build.before.iter().map(|said| command(Part::Other, &[], said));
    let after = build.after.iter().map(|said| command(Part::Other, &[], said));
    for step in before.chain(rest).chain(after) {
        let step = with_secrets(step, &build.secrets);
        if is_run_like(stage.steps.last(), &step) {
            stage.step(Step::Comment("hadolint ignore=DL3059".to_owned()));
        }
        stage.step(step);
    }
}

/// Debian's, in a stage that no image is made of: what apt leaves behind is in nobody's way. No cache that builds wait
/// for each other for: podman 4.3 lets go of one at the end of the whole build, and a second stage would wait for ever.
fn install_packages(packages: &[String], stage: &mut Stage) {
    stage.step(Step::Comment("hadolint ignore=DL3008,DL3009".to_owned()));
    stage.run(format!(
        "apt-get update \\\n && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    ));
}

/// The steps with his commands of a part instead of, or around, those that were found.
fn spliced(mut steps: Vec<Step>, part: Part, said: &[String]) -> Vec<Step> {
    let is_own = |step: &Step| matches!(step, Step::Run { part: of, .. } if *of == part);
    let first = steps.iter().position(is_own);
    let mounts = match first.map(|first| &steps[first]) {
        Some(Step::Run { mounts, .. }) => mounts.clone(),
        _ => Vec::new(),
    };
    let commands = |said: &[String]| -> Vec<Step> {
        said.iter().filter(|said| *said != FOUND).map(|said| command(part, &mounts, said)).collect()
    };
    match (said.iter().position(|said| said == FOUND), first, steps.iter().rposition(is_own)) {
        (Some(found), Some(first), Some(last)) => {
            // The later place first: it moves no other.
            put(&mut steps, last + 1, commands(&said[found..]));
            put(&mut steps, first, commands(&said[..found]));
        }
        // There is nothing that they could stand around.
        _ => {
            steps.retain(|step| !is_own(step));
            let place = place(&steps, part);
            put(&mut steps, place, commands(said));
        }
    }
    steps
}

/// Behind the sources; and what builds, behind what installs.
fn place(steps: &[Step], part: Part) -> usize {
    let is_before = |step: &Step| match step {
        Step::Copy { from: None, .. } => true,
        Step::Run { part: Part::Install, .. } => part == Part::Build,
        _ => false,
    };
    steps.iter().rposition(is_before).map_or(steps.len(), |last| last + 1)
}

fn put(steps: &mut Vec<Step>, place: usize, new: Vec<Step>) {
    steps.splice(place..place, new);
}

/// One that could be chained with the one before, if it were ours to say.
fn is_run_like(before: Option<&Step>, step: &Step) -> bool {
    let mounts = |step: &Step| match step {
        Step::Run { mounts, .. } => Some(mounts.clone()),
        _ => None,
    };
    mounts(step).is_some() && before.and_then(mounts) == mounts(step)
}

/// A layer of its own: what is chained with others is not always what was meant (`a || true`).
fn command(part: Part, mounts: &[Mount], said: &str) -> Step {
    Step::Run { part, mounts: mounts.to_vec(), commands: vec![said.to_owned()] }
}

/// Every command sees them, since nobody knows which of them asks.
fn with_secrets(mut step: Step, secrets: &[(String, String)]) -> Step {
    if let Step::Run { mounts, .. } = &mut step {
        let at_home = |target: &String| match target.strip_prefix('~') {
            Some(rest) => format!("{ROOT}{rest}"),
            None => target.clone(),
        };
        mounts.extend(
            secrets.iter().map(|(id, target)| Mount::Secret { id: id.clone(), target: at_home(target) }),
        );
    }
    step
}

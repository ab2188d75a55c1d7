//! Traps: what is legal, cheaply seen, and hardly ever meant. Each becomes a warning; none stops the start.
//!
//! A file for each thing that can be looked at. Production is judged: a developer may do as they like.

mod background;
mod builtin;
mod circle;
mod deadline;
mod development;
mod fleet;
mod line;
mod pattern;
mod place;
mod prefix;
mod secret;
mod target;

pub(super) use builtin::Builtins;
pub(super) use circle::goes_round;
pub(super) use deadline::traps as of_platform;
pub(super) use fleet::nobody_counts;
pub(super) use pattern::{bare_host, encoded_slash, foreign_capture};
pub(super) use target::trap as foreign_target;

use self::line::Line;
use super::Context;
use super::app::Draft;
use crate::apps::spec::AppSpec;
use crate::config::section::Section;
use crate::config::source::Source;

/// All that is asked about one app.
struct App<'a> {
    spec: &'a AppSpec,
    section: &'a Section,
    line: Line<'a>,
    source: &'a Source,
}

/// `public`: the door's own ports.
pub(super) fn of_app(spec: &AppSpec, draft: &Draft<'_>, public: &[u16], context: &mut Context<'_>) {
    let Some(run) = draft.run else { return };
    let nothing = Section::empty("apps.*");
    let source = context.source;
    let section = draft.section.unwrap_or(&nothing);
    let app = App { spec, section, line: Line::of(&spec.command, run, source), source };
    let mut found = Vec::new();
    found.extend(background::trap(&app));
    found.extend(prefix::trap(&app, context));
    if !context.env.is_for_development() {
        found.extend(development::trap(&app, &context.env.purpose));
        found.extend(place::traps(&app, public));
        found.extend(fleet::sessions_apart(&app));
        found.extend(secret::traps(("app", &spec.name), section, context));
    }
    found.into_iter().for_each(|trap| context.warn(trap));
}

/// Each with its name.
pub(super) fn of_jobs(jobs: &[(&str, &Section)], context: &mut Context<'_>) {
    for (name, section) in jobs {
        let found = secret::traps(("job", name), section, context);
        found.into_iter().for_each(|trap| context.warn(trap));
    }
}

#[cfg(test)]
fn warnings_of(text: &str) -> Vec<String> {
    use crate::config::{Env, check_text};

    let loaded = check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
    loaded.warnings.lines().collect()
}

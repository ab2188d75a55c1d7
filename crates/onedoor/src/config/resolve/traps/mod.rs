//! Traps: what is legal, cheaply seen, and hardly ever meant. Each becomes a warning; none stops the start.
//!
//! A file for each thing that can be looked at. Production is judged: a developer may do as they like.

mod background;
mod circle;
mod development;
mod line;
mod pattern;
mod place;

pub(super) use circle::goes_round;
pub(super) use pattern::{bare_host, foreign_capture};

use self::line::Line;
use super::Context;
use super::app::Draft;
use crate::apps::spec::{AppSpec, PrefixMode};
use crate::config::error::{Code, ConfigError};
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
    found.extend(prefix_stripped(&app));
    if !context.env.is_for_development() {
        found.extend(development::trap(&app));
        found.extend(place::traps(&app, public));
    }
    found.into_iter().for_each(|trap| context.warn(trap));
}

fn prefix_stripped(app: &App<'_>) -> Option<ConfigError> {
    let line = app.spec.command.to_string();
    let is_next = line.contains(".next/standalone") || line.contains("next start");
    let wants_prefix = is_next && app.spec.prefix_mode == PrefixMode::Stripped;
    wants_prefix.then(|| {
        let fact = format!("app \"{}\": Next.js wants to see its prefix (basePath)", app.spec.name);
        let place = app.section.key("strip").or_else(|| app.section.key("rewrite"));
        let trap = ConfigError::new(Code::PrefixStripped, place.unwrap_or_else(|| app.line.whole()), fact);
        trap.remedy("leave strip and rewrite out")
    })
}

#[cfg(test)]
fn warnings_of(text: &str) -> Vec<String> {
    use crate::config::{Env, check_text};

    let loaded = check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
    loaded.warnings.lines().collect()
}

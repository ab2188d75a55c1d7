//! `needs`: which apps must be ready, and which jobs done, before an app or a job is started. Every name is there, and
//! nobody waits in a circle.

use super::app::Draft;
use super::job::{JobDraft, Standing};
use super::{Context, apart, take_out_of_list};
use crate::apps::spec::{AppSpec, JobSpec, Need};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};
use crate::config::suggest;

/// Apps and jobs, which share one name space.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) apps: &'a [Draft<'a>],
    pub(super) jobs: &'a [JobDraft<'a>],
}

/// Whom a name means.
enum Meant {
    This(Need),
    /// An app or a job that is not enabled: there is nothing to wait for.
    Nobody,
    CronJob,
    Unknown,
}

impl<'a> Names<'a> {
    fn find(self, name: &str) -> Meant {
        if let Some(app) = self.apps.iter().find(|app| app.name.value == name) {
            return Meant::This(Need::App(app.id));
        }
        match self.jobs.iter().find(|job| job.name.value == name).map(|job| job.standing) {
            Some(Standing::AtStart(id)) => Meant::This(Need::Job(id)),
            Some(Standing::Cron(_)) => Meant::CronJob,
            Some(Standing::Disabled | Standing::Flawed) => Meant::Nobody,
            None => Meant::Unknown,
        }
    }

    fn all(self) -> impl Iterator<Item = &'a str> {
        self.apps.iter().map(|app| app.name.value).chain(self.jobs.iter().map(|job| job.name.value))
    }

    /// Where it says what it needs.
    fn place_of(self, name: &str) -> Span {
        let app = self.apps.iter().find(|app| app.name.value == name);
        let app = app.map(|app| (app.section, app.name.span));
        let job = self.jobs.iter().find(|job| job.name.value == name);
        let found = app.or_else(|| job.map(|job| (Some(job.section), job.name.span)));
        found.map_or_else(Span::default, |(section, name)| {
            section.and_then(|section| section.key("needs")).unwrap_or(name)
        })
    }
}

/// The apps and jobs that this one needs, each once. `noun`: whether it is an app or a job.
pub(super) fn of(
    (noun, name): (&str, &str),
    section: &Section,
    names: Names<'_>,
    context: &mut Context<'_>,
) -> Vec<Need> {
    let mut needs = Vec::new();
    for needed in named(section) {
        if needed.value == name && !section.is_own("needs") {
            // Everybody else needs it.
            continue;
        }
        if needed.value == name {
            let fact = format!("{noun} \"{name}\" needs itself");
            let error = ConfigError::new(Code::Contradiction, needed.span, fact);
            let gone = take_out_of_list(section, "needs", needed.span, context);
            context.errors.push(error.remedy("take it out").fix(gone));
            continue;
        }
        match names.find(needed.value) {
            Meant::This(need) if !needs.contains(&need) => needs.push(need),
            Meant::This(_) | Meant::Nobody => {}
            Meant::CronJob => {
                let fact = format!(
                    "{noun} \"{name}\" needs \"{}\", a cron job: nobody knows when it is done",
                    needed.value
                );
                let error = ConfigError::new(Code::Contradiction, needed.span, fact);
                context
                    .errors
                    .push(error.remedy("need a job with on = \"start\", which is run once, before"));
            }
            Meant::Unknown if context.disabled.contains_key(needed.value) => {}
            Meant::Unknown => {
                let fact =
                    format!("{noun} \"{name}\" needs \"{}\", and there is no such app or job", needed.value);
                let error = ConfigError::new(Code::UnknownApp, needed.span, fact);
                let error = match suggest::nearest(needed.value, names.all()) {
                    Some(near) => {
                        error.remedy(format!("did you mean \"{near}\"?")).replace(needed.span, quoted(near))
                    }
                    None => error.remedy("name one of [apps] or [jobs]"),
                };
                context.errors.push(apart(error, section, "needs", needed));
            }
        }
    }
    needs
}

fn named(section: &Section) -> Vec<Located<&str>> {
    match section.node("needs").map(|node| &node.value) {
        Some(Value::List(names)) => {
            names.iter().map(|name| Located::new(name.value.as_str(), name.span)).collect()
        }
        Some(_) | None => section.text("needs").into_iter().collect(),
    }
}

/// One that may wait.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    who: Need,
    name: &'a str,
    needs: &'a [Need],
}

/// Those who wait for one another are never started.
pub(super) fn check_circles(apps: &[AppSpec], jobs: &[JobSpec], names: Names<'_>, context: &mut Context<'_>) {
    let apps = apps.iter().map(|app| (Need::App(app.id), app));
    let jobs = jobs.iter().map(|job| (Need::Job(job.id), &job.worker));
    // Whoever needs nobody that is left can be started; whoever is left at the end waits in a circle or behind one.
    let mut left: Vec<Waiting<'_>> =
        apps.chain(jobs).map(|(who, spec)| Waiting { who, name: &spec.name, needs: &spec.needs }).collect();
    loop {
        let before = left.len();
        let ids: Vec<Need> = left.iter().map(|one| one.who).collect();
        left.retain(|one| one.needs.iter().any(|needed| ids.contains(needed)));
        if left.len() == before {
            break;
        }
    }
    let Some(first) = left.first() else { return };
    let circle = circle_from(*first, &left);
    let place = circle.first().map_or_else(Span::default, |one| names.place_of(one.name));
    let shown: Vec<String> =
        circle.iter().chain(circle.first()).map(|one| format!("\"{}\"", one.name)).collect();
    let fact = format!("these wait for one another: {}", shown.join(" needs "));
    let error = ConfigError::new(Code::Contradiction, place, fact);
    let error = circle
        .iter()
        .skip(1)
        .fold(error, |error, one| error.also(names.place_of(one.name), format!("of \"{}\"", one.name)));
    context.errors.push(error.remedy("take one `needs` out"));
}

/// Following the first need of each that is left leads round at last.
fn circle_from<'a>(first: Waiting<'a>, left: &[Waiting<'a>]) -> Vec<Waiting<'a>> {
    let mut way = vec![first];
    loop {
        let here = way[way.len() - 1];
        let next = left.iter().find(|one| here.needs.contains(&one.who));
        let Some(next) = next else { return way };
        if let Some(at) = way.iter().position(|one| one.who == next.who) {
            return way.split_off(at);
        }
        way.push(*next);
    }
}

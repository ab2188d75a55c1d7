//! `[jobs]`: programs that run to their end, at the start or by a timetable.
//!
//! Two looks, as at the apps: which jobs there are, so that `needs` can name them; then each job's [`JobSpec`]. The
//! clock is read for one thing only, the next run that the table shows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::app::{self, Draft};
use super::needs::{self, Names};
use super::table::TableRow;
use super::{Context, app_spec, isolation, policy, take_out};
use crate::apps::job::schedule::{Schedule, ScheduleError};
use crate::apps::spec::{
    AppSpec, Cap, JobId, JobOn, JobSpec, Listening, Liveness, Overlap, PrefixMode, Readiness, ReplaceHow,
    StartWhen, Watch,
};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};
use crate::config::suggest;
use crate::registry::{AppId, Weight};

const JOBS_MOST: usize = 1000;

const EXAMPLES: &str = "on = \"start\", or on = \"cron 0 3 * * *\" (minute, hour, day, month, weekday)";

/// What others call the start.
const START: [&str; 8] = ["@reboot", "@start", "startup", "boot", "release", "once", "deploy", "init"];

const NICKNAMES: [&str; 6] = ["hourly", "daily", "weekly", "monthly", "yearly", "annually"];

/// A job's entry in the file, understood so far as others need it.
pub(super) struct JobDraft<'a> {
    pub(super) name: Located<&'a str>,
    pub(super) section: &'a Section,
    pub(super) standing: Standing,
}

/// What a job is to those who need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    AtStart(JobId),
    Cron(JobId),
    Disabled,
    /// What is wrong with it is said.
    Flawed,
}

/// The jobs in the order of the file. What is no job at all is said and left out.
pub(super) fn drafts<'a>(
    jobs: Option<&'a Section>,
    apps: &[Draft<'_>],
    context: &mut Context<'_>,
) -> Vec<JobDraft<'a>> {
    let entries = jobs.map_or(&[][..], |jobs| &jobs.entries);
    if let Some(first_too_many) = entries.get(JOBS_MOST) {
        let fact = format!("more than {JOBS_MOST} jobs");
        context.errors.push(ConfigError::new(Code::TooMany, first_too_many.key.span, fact));
    }
    let mut drafts = Vec::new();
    let mut enabled = 0;
    for entry in entries.iter().take(JOBS_MOST) {
        app::check_name("job", &entry.key, context);
        let name = Located::new(entry.key.value.as_str(), entry.key.span);
        if let Some(app) = apps.iter().find(|app| app.name.value == name.value) {
            let fact = format!("\"{}\" is an app and a job; `needs` could mean either", name.value);
            let error = ConfigError::new(Code::Contradiction, name.span, fact).also(app.name.span, "the app");
            context.errors.push(error.remedy("give one of them another name"));
        }
        let Some(Value::Table(section)) = entry.node.as_ref().map(|node| &node.value) else { continue };
        let standing = standing(name, section, JobId(enabled), context);
        enabled += match standing {
            Standing::AtStart(_) | Standing::Cron(_) => 1,
            Standing::Disabled | Standing::Flawed => 0,
        };
        drafts.push(JobDraft { name, section, standing });
    }
    drafts
}

fn standing(name: Located<&str>, section: &Section, id: JobId, context: &mut Context<'_>) -> Standing {
    if section.flag("enabled") == Some(false) {
        return Standing::Disabled;
    }
    let missing = |key: &str| {
        ConfigError::new(Code::MissingKey, name.span, format!("job \"{}\" has no `{key}`", name.value))
    };
    if section.node("run").is_none() && !section.is_flawed() {
        context.errors.push(missing("run").remedy("say what it does: run = \"python manage.py migrate\""));
    }
    match section.text("on") {
        Some(on) if on.value == "start" => Standing::AtStart(id),
        Some(on) if on.value.starts_with("cron ") => Standing::Cron(id),
        Some(on) => {
            context.errors.push(no_occasion(on));
            Standing::Flawed
        }
        None => {
            if !section.is_flawed() {
                context.errors.push(missing("on").remedy(format!("say when it is run: {EXAMPLES}")));
            }
            Standing::Flawed
        }
    }
}

fn no_occasion(on: Located<&str>) -> ConfigError {
    let written = on.value.trim();
    let error =
        ConfigError::new(Code::BadValue, on.span, format!("`{written}` does not say when a job is run"));
    if Schedule::new(written, TimeZone::UTC).is_ok() {
        let meant = format!("cron {written}");
        error.remedy(format!("on = \"{meant}\"")).replace(on.span, quoted(&meant))
    } else if START.iter().any(|word| written.eq_ignore_ascii_case(word)) {
        error.remedy("on = \"start\"").replace(on.span, "\"start\"")
    } else if NICKNAMES.contains(&written.trim_start_matches("cron:").trim()) {
        let meant = format!("cron @{written}");
        error.remedy(format!("on = \"{meant}\"")).replace(on.span, quoted(&meant))
    } else {
        error.remedy(EXAMPLES)
    }
}

/// The finished jobs that are enabled, and the rows that show them.
pub(super) fn specs(names: Names<'_>, context: &mut Context<'_>) -> (Vec<JobSpec>, Vec<TableRow>) {
    let mut specs = Vec::new();
    let mut rows = Vec::new();
    for draft in names.jobs {
        let (id, on) = match draft.standing {
            Standing::AtStart(id) => (id, at_start(draft, context)),
            Standing::Cron(id) => match cron(draft, context) {
                Some(on) => (id, on),
                // Then nothing is started at all.
                None => continue,
            },
            Standing::Disabled | Standing::Flawed => continue,
        };
        let place = context.source.place(draft.name.span);
        let what = format!("job {} {}", draft.name.value, shown(&on));
        rows.push(TableRow { at: String::new(), what, place, asked: None, app: None });
        let worker = worker(draft, id, names, context);
        specs.push(JobSpec { id, worker, on, max: draft.section.duration("max") });
    }
    (specs, rows)
}

fn shown(on: &JobOn) -> String {
    match on {
        JobOn::Start => "at the start".to_owned(),
        JobOn::Cron { schedule, .. } => {
            let next = schedule.next_after(Timestamp::now()).map(|next| schedule.shown(next));
            format!("at {}, next {}", schedule.describe(), next.as_deref().unwrap_or("never"))
        }
    }
}

fn at_start(draft: &JobDraft<'_>, context: &mut Context<'_>) -> JobOn {
    for key in ["tz", "overlap"] {
        if let Some(place) = draft.section.key(key) {
            let fact = format!("job \"{}\" runs once, at the start: it has no `{key}`", draft.name.value);
            let error = ConfigError::new(Code::Contradiction, place, fact);
            let gone = take_out(draft.section, key, context);
            context.errors.push(error.remedy("take it out, or give the job a cron expression").fix(gone));
        }
    }
    JobOn::Start
}

fn cron(draft: &JobDraft<'_>, context: &mut Context<'_>) -> Option<JobOn> {
    let on = draft.section.text("on")?;
    let zone = zone(draft, context)?;
    let expression = on.value.strip_prefix("cron ").unwrap_or(on.value).trim();
    let overlap = match draft.section.text("overlap").map(|word| word.value) {
        Some("queue") => Overlap::Queue,
        Some("kill") => Overlap::Kill,
        _ => Overlap::Skip,
    };
    match Schedule::new(expression, zone) {
        Ok(schedule) => Some(JobOn::Cron { schedule: Box::new(schedule), overlap }),
        Err(error) => {
            context.errors.push(no_schedule(expression, &error, on.span));
            None
        }
    }
}

fn no_schedule(expression: &str, error: &ScheduleError, place: Span) -> ConfigError {
    let fact = format!("`{expression}` is no cron expression: {error}");
    let found = ConfigError::new(Code::BadValue, place, fact);
    match error {
        ScheduleError::Never => found.remedy("check its day and month"),
        ScheduleError::Nickname if expression.eq_ignore_ascii_case("@reboot") => {
            found.remedy("on = \"start\"").replace(place, "\"start\"")
        }
        ScheduleError::Nickname => found.remedy("take one of them, or write the fields out"),
        ScheduleError::Fields(_) | ScheduleError::Syntax(_) => found.remedy(
            "minute hour day month weekday, with seconds in front if you like: \"cron 0 3 * * *\", \"cron */10 * * * *\", \"cron @daily\"",
        ),
    }
}

/// The job's own, else the container's (`TZ`, tzset(3)), else UTC. None: there is no such zone, and that was said.
fn zone(draft: &JobDraft<'_>, context: &mut Context<'_>) -> Option<TimeZone> {
    if let Some(own) = draft.section.text("tz") {
        let found = TimeZone::get(own.value);
        if found.is_err() {
            let fact = format!("there is no time zone `{}`", own.value);
            let error = ConfigError::new(Code::BadValue, own.span, fact);
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            context.errors.push(match suggest::nearest(own.value, known.iter().map(String::as_str)) {
                Some(near) => {
                    error.remedy(format!("did you mean \"{near}\"?")).replace(own.span, quoted(near))
                }
                None => error.remedy("a name of the IANA database: \"Europe/Berlin\", \"UTC\""),
            });
        }
        return found.ok();
    }
    let Some(containers) = context.env.text("TZ").filter(|zone| !zone.is_empty()) else {
        return Some(TimeZone::UTC);
    };
    let name = containers.trim_start_matches(':');
    let found = TimeZone::get(name).or_else(|_| TimeZone::posix(name));
    if found.is_err() {
        let fact = format!(
            "job \"{}\" goes by UTC: the container's TZ={containers} is no time zone",
            draft.name.value
        );
        let trap = ConfigError::new(Code::TimeZone, draft.name.span, fact);
        context.warn(trap.remedy("say the job's own: tz = \"Europe/Berlin\""));
    }
    Some(found.unwrap_or(TimeZone::UTC))
}

fn worker(draft: &JobDraft<'_>, id: JobId, names: Names<'_>, context: &mut Context<'_>) -> AppSpec {
    let section = draft.section;
    let (command, dir, environment) = app_spec::program(section.node("run"), section, context);
    let place = u16::try_from(names.apps.len()).unwrap_or(u16::MAX).saturating_add(id.0);
    AppSpec {
        id: AppId(place),
        name: Arc::from(draft.name.value),
        place: context.source.place(draft.name.span),
        command,
        dir,
        environment,
        isolation: Arc::new(isolation::isolation(section, context)),
        listening: Listening::Nowhere,
        prefix_mode: PrefixMode::Kept,
        readiness: Readiness::Accept,
        liveness: Liveness::Unwatched,
        start_timeout: Duration::MAX,
        restart: policy::restart(&Section::empty("apps.*"), context),
        stop: policy::stop_of_job(section, context),
        success: policy::success(section),
        weight: Weight::Optional,
        cap: Cap::Auto,
        replicas: 1,
        replace: ReplaceHow::StopFirst,
        start: StartWhen::Eager,
        stop_after_idle: None,
        needs: needs::of(("job", draft.name.value), section, names, context),
        watch: Watch::Nothing,
    }
}

//! `ready` and `live` of an app: how it is known that it is well, and the defaults of asking.

use std::time::Duration;

use super::{Context, command, take_out};
use crate::apps::line_pattern::LinePattern;
use crate::apps::spec::{Command, Listening, LiveQuestion, Liveness, Readiness};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::Span;

const READY_EVERY: Duration = Duration::from_secs(1);
const READY_TIMEOUT: Duration = Duration::from_secs(2);
const LIVE_EVERY: Duration = Duration::from_secs(10);
const LIVE_TIMEOUT: Duration = Duration::from_secs(2);
const LIVE_FAILURES: u32 = 3;
const BEAT_LEAST: Duration = Duration::from_secs(1);
const BEAT_WITHIN: Duration = Duration::from_secs(30);

/// Whose health it is.
#[derive(Clone, Copy)]
pub(super) struct Patient<'a> {
    pub(super) name: &'a str,
    pub(super) section: &'a Section,
    pub(super) listening: &'a Listening,
}

pub(super) fn readiness(patient: Patient<'_>, context: &mut Context<'_>) -> Readiness {
    if patient.section.text("ready").is_some_and(|word| word.value == "notify") {
        return Readiness::Notify;
    }
    let Some(table) = patient.section.table("ready") else { return Readiness::Accept };
    let every = table.duration("every").unwrap_or(READY_EVERY);
    let timeout = table.duration("timeout").unwrap_or(READY_TIMEOUT);
    let Some((way, place)) = patient.only_way("ready", table, &["path", "log", "exec"], context) else {
        return Readiness::Accept;
    };
    match way {
        "log" => log(table, context),
        "exec" => exec(table, context).map_or(Readiness::Accept, |command| Readiness::Exec {
            command,
            every,
            timeout,
        }),
        _ if !patient.can_be_asked("ready", wish(table, (way, place)), context) => Readiness::Accept,
        _ => path(table, context).map_or(Readiness::Accept, |path| Readiness::Http {
            path,
            status: status(table),
            every,
            timeout,
        }),
    }
}

pub(super) fn liveness(patient: Patient<'_>, context: &mut Context<'_>) -> Liveness {
    let asked = |question, every, timeout, failures| Liveness::Asked { question, every, timeout, failures };
    if let Some(word) = patient.section.text("live") {
        return match word.value {
            "notify" => Liveness::Beats { within: BEAT_WITHIN },
            _ if patient.can_be_asked(
                "live",
                Some(word.span).filter(|_| patient.section.is_own("live")),
                context,
            ) =>
            {
                asked(LiveQuestion::Accept, LIVE_EVERY, LIVE_TIMEOUT, LIVE_FAILURES)
            }
            _ => Liveness::Unwatched,
        };
    }
    let Some(table) = patient.section.table("live") else { return Liveness::Unwatched };
    let Some((way, place)) = patient.only_way("live", table, &["path", "exec", "notify"], context) else {
        return Liveness::Unwatched;
    };
    let question = match way {
        "notify" => return beats(table, context),
        "exec" => exec(table, context).map(|command| LiveQuestion::Exec { command }),
        _ if !patient.can_be_asked("live", wish(table, (way, place)), context) => None,
        _ => path(table, context).map(|path| LiveQuestion::Http { path, status: status(table) }),
    };
    let every = table.duration("every").unwrap_or(LIVE_EVERY);
    let timeout = table.duration("timeout").unwrap_or(LIVE_TIMEOUT);
    let failures = table.int("failures").and_then(|failures| u32::try_from(failures.value).ok());
    question.map_or(Liveness::Unwatched, |question| {
        asked(question, every, timeout, failures.unwrap_or(LIVE_FAILURES))
    })
}

fn beats(table: &Section, context: &mut Context<'_>) -> Liveness {
    let within = table.duration("notify").unwrap_or(BEAT_WITHIN);
    if within < BEAT_LEAST {
        let place = table.key("notify").unwrap_or_default();
        let error = ConfigError::new(Code::BadValue, place, "no app beats that often");
        context.errors.push(error.remedy("a second or more: notify = \"30s\""));
    }
    Liveness::Beats { within }
}

/// Where the app itself wishes to be asked so.
fn wish(table: &Section, (way, place): (&str, Span)) -> Option<Span> {
    if table.is_own(way) { Some(place) } else { table.own_word() }
}

impl Patient<'_> {
    /// Which one of `ways` is written, and where; anything but one is a mistake.
    fn only_way(
        self,
        key: &str,
        table: &Section,
        ways: &[&'static str],
        context: &mut Context<'_>,
    ) -> Option<(&'static str, Span)> {
        let mut written = ways.iter().filter_map(|way| Some((*way, table.key(way)?)));
        let Some((way, place)) = written.next() else {
            // How often to ask may be a default; whom is for the app to say.
            if !table.is_flawed() && table.own_word().is_some() {
                let place = self.section.key(key).unwrap_or_default();
                let fact = format!("`{key}` does not say what to ask for");
                let error = ConfigError::new(Code::MissingKey, place, fact);
                context.errors.push(error.remedy(format!("{key} = {{ path = \"/healthz\" }}")));
            }
            return None;
        };
        if let Some((other, second)) = written.next() {
            let fact = format!("`{key}` asks in two ways: {way} and {other}");
            let error = ConfigError::new(Code::Contradiction, second, fact).also(place, "the other");
            context.errors.push(error.remedy("keep one of them"));
            return None;
        }
        let is_asked = way == "path" || way == "exec";
        let asking =
            if key == "live" { &["every", "timeout", "failures"][..] } else { &["every", "timeout"] };
        let needless = asking.iter().copied().filter(|_| !is_asked);
        let needless = needless.chain(["status"].into_iter().filter(|_| way != "path"));
        for (extra, place) in needless.filter_map(|extra| Some((extra, table.key(extra)?))) {
            if !table.is_own(extra) {
                continue;
            }
            let fact = format!("`{extra}` says nothing about `{way}`");
            let error = ConfigError::new(Code::Contradiction, place, fact).remedy("take it out");
            context.errors.push(error.fix(take_out(table, extra, context)));
        }
        Some((way, place))
    }

    /// A worker cannot be asked over a connection. Without a place it is only the defaults' wish.
    fn can_be_asked(self, key: &str, wish: Option<Span>, context: &mut Context<'_>) -> bool {
        if *self.listening != Listening::Nowhere {
            return true;
        }
        // The key that would make it a served app may be the one that is misspelt.
        if let Some(place) = wish.filter(|_| !self.section.is_flawed()) {
            let fact = format!("app \"{}\" is a worker: it listens nowhere and cannot be asked", self.name);
            let error = ConfigError::new(Code::Contradiction, place, fact);
            let others = if key == "ready" { "log, exec" } else { "exec" };
            let remedy =
                format!("give it a path, a host or a port, or another `{key}`: {others} or \"notify\"");
            context.errors.push(error.remedy(remedy));
        }
        false
    }
}

fn log(table: &Section, context: &mut Context<'_>) -> Readiness {
    let Some(written) = table.text("log") else { return Readiness::Accept };
    match LinePattern::parse(written.value) {
        Ok(pattern) => Readiness::Log { pattern },
        Err(why) => {
            let fact = format!("\"{}\" is no regex: {why}", written.value.escape_debug());
            let error = ConfigError::new(Code::BadValue, written.span, fact);
            context
                .errors
                .push(error.remedy("in single quotes a backslash is a backslash: '\\d+ workers ready'"));
            Readiness::Accept
        }
    }
}

fn exec(table: &Section, context: &mut Context<'_>) -> Option<Command> {
    match command::parse(table.node("exec")?) {
        Ok(command) => Some(command),
        Err(error) => {
            context.errors.push(error);
            None
        }
    }
}

fn path(table: &Section, context: &mut Context<'_>) -> Option<String> {
    let path = table.text("path")?;
    if !path.value.starts_with('/') || path.value.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
        let fact = format!("\"{}\" is no path to ask for", path.value.escape_debug());
        let error = ConfigError::new(Code::BadValue, path.span, fact);
        let meant = meant_path(path.value);
        context.errors.push(
            error
                .remedy("it begins with a slash; spaces and the like are percent-encoded")
                .replace(path.span, quoted(&meant)),
        );
    }
    Some(path.value.to_owned())
}

/// `healthz`, `http://localhost:3000/healthz`, `/a b`
fn meant_path(text: &str) -> String {
    let path = match text.trim().split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => text.trim(),
    };
    format!("/{}", path.trim_start_matches('/')).replace(' ', "%20")
}

fn status(table: &Section) -> Option<u16> {
    table.int("status").and_then(|status| u16::try_from(status.value).ok())
}

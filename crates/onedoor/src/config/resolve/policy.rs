//! The policies of an app and their defaults: when it is restarted, how it is stopped, and what a request meets while
//! it is down.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Context, take_out};
use crate::apps::spec::{
    Cap, GiveUp, Grace, Listening, ReplaceHow, RestartPolicy, RestartWhen, StartWhen, StopPolicy, StopSignal,
};
use crate::apps::success::SuccessCodes;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::Located;
use crate::config::{amount, duration};
use crate::proxy::route::{LineLimits, WhileDown};

const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
const GIVE_UP: GiveUp = GiveUp::After { failures: 10, within: Duration::from_secs(5 * 60) };
/// Long enough for most requests, and short enough for whoever waits for a deployment.
const DRAIN: Duration = Duration::from_secs(30);
/// Below Heroku's 30 s, after which its router answers by itself.
const HOLD_FOR: Duration = Duration::from_secs(25);
const HOLD_QUEUE: usize = 1000;
pub(super) const LINE: LineLimits = LineLimits { at_most: HOLD_FOR, length_max: HOLD_QUEUE };
pub(super) const HOLD: WhileDown = WhileDown::Hold { at_most: HOLD_FOR, queue_max: HOLD_QUEUE };

pub(super) fn restart(section: &Section, context: &mut Context<'_>) -> RestartPolicy {
    let nothing = Section::empty("apps.*.restart");
    let restart = section.table("restart").unwrap_or(&nothing);
    let when = match restart.text("when").map(|when| when.value) {
        Some("on-failure") => RestartWhen::OnFailure,
        Some("never") => RestartWhen::Never,
        _ => RestartWhen::Always,
    };
    let mut wrong = |written: Located<&str>, remedy: &str, meant: Option<String>| {
        let fact = format!("\"{}\" is not what can be written here", written.value);
        let error = ConfigError::new(Code::BadValue, written.span, fact).remedy(remedy);
        context.errors.push(match meant {
            Some(meant) => error.remedy(format!("write \"{meant}\"")).replace(written.span, quoted(&meant)),
            None => error,
        });
    };
    let backoff = restart.text("backoff").and_then(|written| {
        let range = written.value.split_once("..").and_then(|(least, most)| {
            let range = (duration::parse(least)?, duration::parse(most)?);
            (range.0 <= range.1 && !range.0.is_zero()).then_some(range)
        });
        if range.is_none() {
            let remedy = "the first pause and the longest: \"100ms..10s\"";
            wrong(written, remedy, meant_backoff(written.value));
        }
        range
    });
    let give_up = restart.text("give_up").and_then(|written| {
        let parsed = parse_give_up(written.value);
        if parsed.is_none() {
            let remedy = "how many failures in how long: \"10 in 5m\"; or \"never\"";
            wrong(written, remedy, meant_give_up(written.value));
        }
        parsed
    });
    let (backoff_min, backoff_max) = backoff.unwrap_or((BACKOFF_MIN, BACKOFF_MAX));
    RestartPolicy { when, backoff_min, backoff_max, give_up: give_up.unwrap_or(GIVE_UP) }
}

/// `1s-10s`, `1s to 10s`, `10s..1s`, `1 .. 10`
fn meant_backoff(text: &str) -> Option<String> {
    let (least, most) = ["..", " to ", "-", ","].into_iter().find_map(|sign| text.split_once(sign))?;
    let ours = |text: &str| {
        let text = text.trim_matches(['.', ' ']);
        duration::parse(text).map(|_| text.to_owned()).or_else(|| amount::a_duration(text))
    };
    let (least, most) = (ours(least)?, ours(most)?);
    let (least, most) =
        if duration::parse(&least)? > duration::parse(&most)? { (most, least) } else { (least, most) };
    (!duration::parse(&least)?.is_zero()).then(|| format!("{least}..{most}"))
}

/// `10/5m`, `10 per 5m`, `10 times in 5 minutes`, `10`
fn meant_give_up(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (failures, rest) = text.split_at(digits);
    let rest = rest.trim().trim_start_matches("times").trim();
    let within = ["/", "per ", "in ", "within ", "x "].into_iter().find_map(|sign| rest.strip_prefix(sign));
    let within = match within {
        Some(within) => within.trim().to_owned(),
        None if rest.is_empty() => "5m".to_owned(),
        None => return None,
    };
    let within = duration::parse(&within).map(|_| within.clone()).or_else(|| amount::a_duration(&within))?;
    let meant = format!("{failures} in {within}");
    parse_give_up(&meant).map(|_| meant)
}

fn parse_give_up(text: &str) -> Option<GiveUp> {
    if text == "never" {
        return Some(GiveUp::Never);
    }
    let (failures, within) = text.split_once(" in ")?;
    let failures = failures.parse().ok().filter(|failures| *failures > 0)?;
    let within = duration::parse(within).filter(|within| !within.is_zero())?;
    Some(GiveUp::After { failures, within })
}

pub(super) fn stop(section: &Section, context: &mut Context<'_>) -> StopPolicy {
    let drain = section.table("stop").and_then(|stop| stop.duration("drain")).unwrap_or(DRAIN);
    StopPolicy { drain, ..stop_of_job(section, context) }
}

/// A job has no requests that could drain.
pub(super) fn stop_of_job(section: &Section, context: &mut Context<'_>) -> StopPolicy {
    let nothing = Section::empty("apps.*.stop");
    let stop = section.table("stop").unwrap_or(&nothing);
    let signal = match stop.text("signal").map(|signal| signal.value) {
        Some("INT") => StopSignal::Int,
        Some("QUIT") => StopSignal::Quit,
        Some("HUP") => StopSignal::Hup,
        Some("USR1") => StopSignal::Usr1,
        Some("USR2") => StopSignal::Usr2,
        Some("KILL") => StopSignal::Kill,
        _ => StopSignal::Term,
    };
    let grace = stop.duration("grace").map_or(Grace::RestOfBudget, Grace::AtMost);
    if let Grace::AtMost(grace) = grace
        && grace > context.stop_budget
    {
        let budget = duration::show(context.stop_budget);
        let fact = format!("stop.grace is {}, but all of it ends after {budget}", duration::show(grace));
        let trap = ConfigError::new(Code::GraceTooLong, stop.key("grace").unwrap_or_default(), fact);
        let remedy = "leave it out, or raise server.stop_budget if the platform gives as much";
        context.warn(trap.remedy(remedy));
    }
    StopPolicy { signal, grace, drain: Duration::ZERO }
}

/// The endings that are no failure; 0 need not be among them.
pub(super) fn success(section: &Section) -> SuccessCodes {
    let listed = section.ints("success").unwrap_or_default();
    SuccessCodes::beside_zero(
        listed.iter().filter_map(|code| u8::try_from(code.value).ok()).filter(|code| *code != 0),
    )
}

pub(super) fn cap(section: &Section) -> Cap {
    let most = section.int("cap").and_then(|cap| u32::try_from(cap.value).ok());
    most.and_then(NonZeroU32::new).map_or(Cap::Auto, Cap::AtMost)
}

pub(super) fn replicas(
    name: &str,
    section: &Section,
    listening: &Listening,
    context: &mut Context<'_>,
) -> u16 {
    let Some(replicas) = section.int("replicas") else { return 1 };
    if let Listening::FixedPort { port, .. } = listening
        && replicas.value > 1
    {
        if !section.is_own("replicas") {
            return 1;
        }
        let fact = format!("app \"{name}\" cannot have {} processes on one port, {port}", replicas.value);
        let error = ConfigError::new(Code::Contradiction, replicas.span, fact);
        context.errors.push(error.remedy("leave `port` out and let the app listen on $PORT"));
    }
    u16::try_from(replicas.value).unwrap_or(1)
}

/// A port that is taken, and work that is not to be done twice, need the old process gone first.
pub(super) fn replace(section: &Section, listening: &Listening, context: &mut Context<'_>) -> ReplaceHow {
    let default = match listening {
        Listening::Nowhere | Listening::FixedPort { .. } => ReplaceHow::StopFirst,
        Listening::Auto { .. }
        | Listening::PrivatePort { .. }
        | Listening::UnixSocket { .. }
        | Listening::Handed { .. } => ReplaceHow::Overlap,
    };
    let Some(word) = section.text("replace") else { return default };
    match (word.value, listening) {
        ("overlap", Listening::FixedPort { .. }) if !section.is_own("replace") => default,
        ("overlap", Listening::FixedPort { port, .. }) => {
            let fact = format!("two processes cannot overlap on one port, {port}");
            let error = ConfigError::new(Code::Contradiction, word.span, fact);
            let gone = take_out(section, "replace", context);
            let remedy = "leave `replace` out, or leave `port` out and let the app listen on $PORT";
            context.errors.push(error.remedy(remedy).fix(gone));
            default
        }
        ("overlap", _) => ReplaceHow::Overlap,
        ("stop-first", _) => ReplaceHow::StopFirst,
        _ => default,
    }
}

/// Whether the app sleeps until somebody asks for it. Only a request can ask.
pub(super) fn laziness(
    name: &str,
    section: &Section,
    listening: &Listening,
    context: &mut Context<'_>,
) -> (StartWhen, Option<Duration>) {
    let can_hold = |key: &&str| *listening != Listening::Nowhere || section.is_own(key);
    let idle = Some("stop_after_idle").filter(can_hold).and_then(|key| section.duration(key));
    let lazy = Some("start").filter(can_hold).and_then(|key| section.text(key));
    let lazy = lazy.filter(|word| word.value == "lazy");
    let place = lazy.as_ref().map(|word| word.span).or_else(|| section.key("stop_after_idle"));
    if let (Listening::Nowhere, Some(place)) = (listening, place.filter(|_| lazy.is_some() || idle.is_some()))
    {
        let fact = format!("app \"{name}\" is a worker: no request would ever start it");
        let error = ConfigError::new(Code::Contradiction, place, fact);
        context.errors.push(error.remedy("give it a path, a host or a port, or take this out"));
    }
    (if lazy.is_some() { StartWhen::Lazy } else { StartWhen::Eager }, idle)
}

/// A `while_down` table, of an app or of a route.
pub(super) fn while_down(section: &Section) -> WhileDown {
    match section.text("do").map(|word| word.value) {
        Some("refuse") => return WhileDown::Refuse,
        Some("page") => return WhileDown::Page,
        _ => {}
    }
    let LineLimits { at_most, length_max: queue_max } = line(section);
    WhileDown::Hold { at_most, queue_max }
}

/// A `while_down` table once more: as long, and as many at once, wait for a place at an app with a cap, whatever it
/// says of an app that is down. Who refuses while it is down need not refuse what a short wait would serve.
pub(super) fn line(while_down: &Section) -> LineLimits {
    let queue = while_down.int("queue").and_then(|queue| usize::try_from(queue.value).ok());
    LineLimits {
        at_most: while_down.duration("for").unwrap_or(HOLD_FOR),
        length_max: queue.unwrap_or(HOLD_QUEUE),
    }
}

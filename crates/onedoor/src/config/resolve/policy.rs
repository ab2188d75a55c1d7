//! The policies of an app and their defaults: when it is restarted, how it is stopped, and what a request meets while
//! it is down.

use std::time::Duration;

use super::Context;
use crate::apps::spec::{GiveUp, Grace, RestartPolicy, RestartWhen, StopPolicy, StopSignal};
use crate::config::duration;
use crate::config::error::{Code, ConfigError};
use crate::config::section::Section;
use crate::config::source::Located;
use crate::proxy::route::WhileDown;

const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
const GIVE_UP: GiveUp = GiveUp::After { failures: 10, within: Duration::from_secs(5 * 60) };
/// Below Heroku's 30 s, after which its router answers by itself.
const HOLD_FOR: Duration = Duration::from_secs(25);
const HOLD_QUEUE: usize = 1000;
pub(super) const HOLD: WhileDown = WhileDown::Hold { at_most: HOLD_FOR, queue_max: HOLD_QUEUE };

pub(super) fn restart(section: &Section, context: &mut Context<'_>) -> RestartPolicy {
    let nothing = Section::empty("apps.*.restart");
    let restart = section.table("restart").unwrap_or(&nothing);
    let when = match restart.text("when").map(|when| when.value) {
        Some("on-failure") => RestartWhen::OnFailure,
        Some("never") => RestartWhen::Never,
        _ => RestartWhen::Always,
    };
    let mut wrong = |written: Located<&str>, remedy: &str| {
        let fact = format!("\"{}\" is not what can be written here", written.value);
        context.errors.push(ConfigError::new(Code::BadValue, written.span, fact).remedy(remedy));
    };
    let backoff = restart.text("backoff").and_then(|written| {
        let range = written.value.split_once("..").and_then(|(least, most)| {
            let range = (duration::parse(least)?, duration::parse(most)?);
            (range.0 <= range.1 && !range.0.is_zero()).then_some(range)
        });
        if range.is_none() {
            wrong(written, "the first pause and the longest: \"100ms..10s\"");
        }
        range
    });
    let give_up = restart.text("give_up").and_then(|written| {
        let parsed = parse_give_up(written.value);
        if parsed.is_none() {
            wrong(written, "how many failures in how long: \"10 in 5m\"; or \"never\"");
        }
        parsed
    });
    let (backoff_min, backoff_max) = backoff.unwrap_or((BACKOFF_MIN, BACKOFF_MAX));
    RestartPolicy { when, backoff_min, backoff_max, give_up: give_up.unwrap_or(GIVE_UP) }
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
        let text = format!("stop.grace is {}, but all of it ends after {budget}", duration::show(grace));
        context.warn(stop.key("grace"), text);
    }
    StopPolicy { signal, grace }
}

/// A `while_down` table, of an app or of a route.
pub(super) fn while_down(section: &Section) -> WhileDown {
    if section.text("do").is_some_and(|word| word.value == "refuse") {
        return WhileDown::Refuse;
    }
    let queue = section.int("queue").and_then(|queue| usize::try_from(queue.value).ok());
    WhileDown::Hold {
        at_most: section.duration("for").unwrap_or(HOLD_FOR),
        queue_max: queue.unwrap_or(HOLD_QUEUE),
    }
}

//! When a job is due: pure. It is told what the clock says and never looks at one itself.
//!
//! The clock of a machine jumps: it is set, a container sleeps, summer time begins. Three promises hold through all of
//! it: no run is made twice, runs that were missed are not made up, and that they were missed is said.

use std::sync::Arc;
use std::time::Duration;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A timer does not count the time that a machine sleeps (CLOCK_MONOTONIC, clock_gettime(2)), and nobody tells us that
/// the clock was set: it is looked at this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A run that is later than this was missed.
const LATE_MAX: Duration = Duration::from_secs(60);

/// A clock that was set back by less is waited for; by more, it was wrong before, and the timetable begins anew.
const SET_BACK_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// More missed runs are not counted.
const COUNTED_MAX: u32 = 1000;

/// A cron expression in its time zone.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    cron: Cron,
    zone: TimeZone,
    expression: Arc<str>,
}

/// Why an expression is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScheduleError {
    #[error("it has {0} of its five or six fields")]
    Fields(usize),
    #[error("known are @hourly, @daily, @weekly, @monthly and @yearly")]
    Nickname,
    #[error("{0}")]
    Syntax(String),
    #[error("no day in any year fits it")]
    Never,
}

impl ScheduleError {
    fn of(expression: &str, error: CronError) -> Self {
        if expression.trim_start().starts_with('@') {
            return Self::Nickname;
        }
        let said = match error {
            CronError::ComponentError(said)
            | CronError::InvalidPattern(said)
            | CronError::IllegalCharacters(said) => said,
            other => other.to_string(),
        };
        Self::Syntax(said.trim_end_matches('.').to_lowercase())
    }
}

impl Schedule {
    /// Five fields (minute, hour, day of the month, month, day of the week), six with the seconds in front, or a
    /// nickname such as `@daily`.
    pub(crate) fn new(expression: &str, zone: TimeZone) -> Result<Self, ScheduleError> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let fields = expression.split_whitespace().count();
        if !expression.trim_start().starts_with('@') && !(5..=6).contains(&fields) {
            return Err(ScheduleError::Fields(fields));
        }
        let cron = parser.parse(expression).map_err(|error| ScheduleError::of(expression, error))?;
        let schedule = Self { cron, zone, expression: Arc::from(expression.trim()) };
        // Without a year in it, what never comes after one instant never comes.
        match schedule.next_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never),
        }
    }

    /// The first run after that instant. An hour that summer time skips is made up for at its end, and one that comes
    /// twice counts once, for whatever has its hour and minute fixed.
    pub(crate) fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let at = at.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&at, false).ok().map(|next| next.timestamp())
    }

    /// `2026-11-25 03:00:00 CET`
    pub(crate) fn shown(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%F %T %Z").to_string()
    }

    /// `0 3 * * * (Europe/Berlin)`
    pub(crate) fn describe(&self) -> String {
        format!("{} ({})", self.expression, self.zone.iana_name().unwrap_or("local time"))
    }
}

/// A schedule being followed.
#[derive(Debug)]
pub(super) struct Timetable {
    schedule: Schedule,
    next: Option<Timestamp>,
    /// The latest the clock ever said.
    seen: Timestamp,
}

/// What a look at the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing to do; look again after this time.
    Wait(Duration),
    /// A run is due, and so many before it never will be made.
    Due { missed: u32 },
    /// So many runs were due while nobody could look, the latest too long ago.
    Missed { missed: u32 },
    /// The clock was set back by more than a day.
    SetBack,
}

impl Timetable {
    pub(super) fn new(schedule: Schedule, now: Timestamp) -> Self {
        let next = schedule.next_after(now);
        Self { schedule, next, seen: now }
    }

    /// What was due before now was nobody's yet.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.seen = now;
        self.next = self.schedule.next_after(now);
    }

    /// When the next run is to be, for people.
    pub(super) fn next(&self) -> Option<String> {
        self.next.map(|next| self.schedule.shown(next))
    }

    /// What is to be done now. After anything but [`Look::Wait`] the table is one step further: look again.
    pub(super) fn look(&mut self, now: Timestamp) -> Look {
        if since(now, self.seen) > SET_BACK_MAX {
            self.begin(now);
            return Look::SetBack;
        }
        self.seen = self.seen.max(now);
        let Some(next) = self.next else { return Look::Wait(LOOK_AGAIN) };
        if now < next {
            return Look::Wait(since(now, next).min(LOOK_AGAIN));
        }
        let (mut latest, mut due) = (next, 1);
        while let Some(later) = self.schedule.next_after(latest).filter(|later| *later <= now) {
            if due == COUNTED_MAX {
                break;
            }
            (latest, due) = (later, due + 1);
        }
        self.next = self.schedule.next_after(now);
        if since(latest, now) <= LATE_MAX {
            Look::Due { missed: due - 1 }
        } else {
            Look::Missed { missed: due }
        }
    }
}

/// None at all if `later` is the earlier one.
fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn schedule(expression: &str, zone: &str) -> Schedule {
        Schedule::new(expression, TimeZone::get(zone).unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The runs after `from`, in UTC.
    fn runs(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
        let next = |run: &Timestamp| schedule.next_after(*run);
        std::iter::successors(schedule.next_after(at(from)), next)
            .take(count)
            .map(|run| run.to_string())
            .collect()
    }

    #[test]
    fn five_fields_six_fields_and_nicknames_are_understood() {
        assert_eq!(
            runs(&schedule("0 3 * * *", "UTC"), "2026-11-24T02:59:59Z", 2),
            ["2026-11-24T03:00:00Z", "2026-11-25T03:00:00Z"]
        );
        assert_eq!(
            runs(&schedule("*/20 * * * * *", "UTC"), "2026-11-24T00:00:00Z", 3),
            ["2026-11-24T00:00:20Z", "2026-11-24T00:00:40Z", "2026-11-24T00:01:00Z"]
        );
        assert_eq!(runs(&schedule("@weekly", "UTC"), "2026-11-24T00:00:00Z", 1), ["2026-11-29T00:00:00Z"]);
    }

    #[test]
    fn an_expression_that_is_none_or_fits_no_day_is_refused() {
        for text in ["", "* * *", "61 * * * *", "* * * * * * 2030", "@reboot", "a b c d e", "0 0 * * 9"] {
            assert!(Schedule::new(text, TimeZone::UTC).is_err(), "{text}");
        }
        assert!(matches!(Schedule::new("0 0 30 2 *", TimeZone::UTC), Err(ScheduleError::Never)));
    }

    #[test]
    fn an_hour_that_summer_time_skips_is_made_up_for_at_its_end() {
        // 2026-03-29, 02:00 CET is 03:00 CEST.
        assert_eq!(
            runs(&schedule("30 2 * * *", "Europe/Berlin"), "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn an_hour_that_comes_twice_has_one_run() {
        // 2026-10-25, 03:00 CEST is 02:00 CET.
        assert_eq!(
            runs(&schedule("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        // What runs every half hour goes on doing so.
        assert_eq!(
            runs(&schedule("*/30 * * * *", "Europe/Berlin"), "2026-10-24T23:45:00Z", 4),
            ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
        );
    }

    #[test]
    fn a_run_is_due_when_the_clock_says_so_and_then_no_more() {
        let mut table = Timetable::new(schedule("0 3 * * *", "UTC"), at("2026-11-24T02:59:50Z"));
        assert_eq!(table.look(at("2026-11-24T02:59:50Z")), Look::Wait(Duration::from_secs(10)));
        assert_eq!(table.look(at("2026-11-24T03:00:00Z")), Look::Due { missed: 0 });
        assert_eq!(table.look(at("2026-11-24T03:00:00Z")), Look::Wait(LOOK_AGAIN));
        assert_eq!(table.next().unwrap(), "2026-11-25 03:00:00 UTC");
    }

    #[test]
    fn what_was_due_before_the_job_began_was_not_missed() {
        let start = at("2026-11-24T00:30:00Z");
        let mut table = Timetable::new(schedule("@hourly", "UTC"), start);
        table.begin(start + 3 * HOUR);
        assert_eq!(table.look(start + 3 * HOUR), Look::Wait(LOOK_AGAIN));
        assert_eq!(table.next().unwrap(), "2026-11-24 04:00:00 UTC");
    }

    #[test]
    fn a_clock_set_back_does_not_make_a_run_twice() {
        let mut table = Timetable::new(schedule("0 * * * *", "UTC"), at("2026-11-24T02:59:59Z"));
        assert_eq!(table.look(at("2026-11-24T03:00:01Z")), Look::Due { missed: 0 });
        assert_eq!(table.look(at("2026-11-24T02:59:59Z")), Look::Wait(LOOK_AGAIN));
        assert_eq!(table.look(at("2026-11-24T03:00:01Z")), Look::Wait(LOOK_AGAIN));
        assert_eq!(table.look(at("2026-11-24T04:00:00Z")), Look::Due { missed: 0 });
    }

    #[test]
    fn a_clock_set_back_by_years_begins_the_timetable_anew() {
        let mut table = Timetable::new(schedule("@hourly", "UTC"), at("2040-01-01T00:00:00Z"));
        assert_eq!(table.look(at("2026-11-24T02:30:00Z")), Look::SetBack);
        assert_eq!(table.look(at("2026-11-24T03:00:00Z")), Look::Due { missed: 0 });
    }

    #[test]
    fn what_was_missed_is_counted_and_not_made_up() {
        let start = at("2026-11-24T00:30:00Z");
        let mut hourly = Timetable::new(schedule("@hourly", "UTC"), start);
        assert_eq!(hourly.look(start + 3 * HOUR), Look::Missed { missed: 3 });
        assert_eq!(hourly.look(start + 3 * HOUR), Look::Wait(LOOK_AGAIN));
        let mut minutely = Timetable::new(schedule("* * * * *", "UTC"), start);
        assert_eq!(minutely.look(start + HOUR), Look::Due { missed: 59 });
        // A clock that was at 1970 until somebody asked what time it is.
        let mut secondly = Timetable::new(schedule("* * * * * *", "UTC"), Timestamp::UNIX_EPOCH);
        assert_eq!(secondly.look(start), Look::Missed { missed: COUNTED_MAX });
        assert!(matches!(secondly.look(start), Look::Wait(_)));
    }
}

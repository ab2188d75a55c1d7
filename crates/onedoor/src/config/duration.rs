//! `INT(ms|s|m|h|d)`, no space: how a length of time is written (CONFIG.md §1.6).

use std::fmt::Write as _;
use std::time::Duration;

/// What to write instead, for messages.
pub(crate) const EXAMPLE: &str = "a duration such as \"500ms\", \"30s\", \"5m\", \"2h\" or \"1d\"";

/// The longest time anyone may ask for; far from where `Instant` arithmetic could overflow.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis_each = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let duration = Duration::from_millis(number.checked_mul(millis_each)?);
    (duration <= LONGEST).then_some(duration)
}

/// In the largest unit that says it exactly.
pub(crate) fn show(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let mut out = String::new();
    let (unit, each) =
        units.into_iter().find(|(_, each)| millis > 0 && millis.is_multiple_of(*each)).unwrap_or(("ms", 1));
    let written = write!(out, "{}{unit}", millis / each);
    debug_assert!(written.is_ok(), "a String takes everything");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_shown_again() {
        for text in ["1ms", "250ms", "30s", "5m", "2h", "1d"] {
            assert_eq!(parse(text).map(show).as_deref(), Some(text));
        }
        assert_eq!(parse("0s"), Some(Duration::ZERO));
    }

    #[test]
    fn anything_else_is_not_a_duration() {
        for text in
            ["", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5sec", "99999999999999999999s", "99999d"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

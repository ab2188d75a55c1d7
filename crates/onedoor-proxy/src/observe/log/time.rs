//! RFC 3339 in UTC with milliseconds, as every log collector reads it.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Appends `2026-02-28T23:59:59.999Z`. A clock before 1970 is shown as 1970.
pub fn push_rfc3339(line: &mut Vec<u8>, at: SystemTime) {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil_date(since.as_secs() / SECONDS_PER_DAY);
    let second = since.as_secs() % SECONDS_PER_DAY;
    push_digits(line, year, 4);
    line.push(b'-');
    push_digits(line, month, 2);
    line.push(b'-');
    push_digits(line, day, 2);
    line.push(b'T');
    push_digits(line, second / 3600, 2);
    line.push(b':');
    push_digits(line, second / 60 % 60, 2);
    line.push(b':');
    push_digits(line, second % 60, 2);
    line.push(b'.');
    push_digits(line, u64::from(since.subsec_millis()), 3);
    line.push(b'Z');
}

/// Year, month and day of a day counted from 1970-01-01. The year is thought to begin in March, so that the day that
/// is sometimes missing is the last of it; 400 years have 146 097 days.
fn civil_date(days: u64) -> (u64, u64, u64) {
    /// From 0000-03-01 to 1970-01-01.
    const EPOCH: u64 = 719_468;
    let day = days + EPOCH;
    let era = day / 146_097;
    let day_of_era = day % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March have 31, 30, 31, 30, 31 days over and over: 153 in five.
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let (month, carry) = if from_march < 10 { (from_march + 3, 0) } else { (from_march - 9, 1) };
    (era * 400 + year_of_era + carry, month, day)
}

fn push_digits(line: &mut Vec<u8>, number: u64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_u64.pow(place) % 10;
        line.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_as_rfc_3339_says() {
        // Seconds as `date -u -d … +%s` gives them.
        let table = [
            (0, 0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, 999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 0, "2000-02-29T00:00:00.000Z"),
            (951_868_800, 7, "2000-03-01T00:00:00.007Z"),
            (1_709_164_800, 0, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, 50, "2024-12-31T23:59:59.050Z"),
            (1_735_689_600, 0, "2025-01-01T00:00:00.000Z"),
            (1_772_323_199, 1, "2026-02-28T23:59:59.001Z"),
            (1_772_323_200, 0, "2026-03-01T00:00:00.000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
        ];
        for (seconds, milliseconds, text) in table {
            let mut line = Vec::new();
            push_rfc3339(&mut line, UNIX_EPOCH + Duration::from_millis(seconds * 1000 + milliseconds));
            assert_eq!(String::from_utf8(line).unwrap(), text);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil_date(0);
        for day in 1..400 * 366 {
            let (year, month, date) = civil_date(day);
            let follows = match before {
                (y, m, d) if (year, month) == (y, m) => date == d + 1,
                (y, m, d) if year == y => month == m + 1 && date == 1 && d >= 28,
                (y, _, _) => year == y + 1 && before.1 == 12 && before.2 == 31 && (month, date) == (1, 1),
            };
            assert!(follows, "{year}-{month}-{date} after {before:?}");
            before = (year, month, date);
        }
    }

    #[test]
    fn a_clock_before_1970_does_not_panic() {
        let mut line = Vec::new();
        push_rfc3339(&mut line, UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(line, b"1970-01-01T00:00:00.000Z");
    }
}

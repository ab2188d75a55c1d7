//! Durations and sizes as others write them, in our spelling: `1h30m`, `PT30S`, `10m`, `512Mi`. Only proposes.

use super::{byte_size, duration};

/// None: it is one already, or none at all.
pub(super) fn a_duration(text: &str) -> Option<String> {
    let close: String = text.split_whitespace().collect::<String>().to_ascii_lowercase();
    let close = close.strip_prefix("pt").unwrap_or(&close);
    if let Some(clock) = of_clock(close) {
        return Some(clock);
    }
    if close.is_empty() {
        return None;
    }
    let mut millis: f64 = 0.0;
    let mut last = "s";
    let mut rest = close;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at(letters);
        let (each, ours) = unit_of_time(unit)?;
        millis += number.parse::<f64>().ok()? * each;
        last = ours;
        rest = behind;
    }
    let each = unit_of_time(last)?.0;
    let is_whole = |number: f64| number.fract() == 0.0 && number < 1e15;
    // The unit that was written, unless that would need a fraction.
    let units = [("d", 86_400_000.0), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1_000.0), ("ms", 1.0)];
    let mut no_larger = units.into_iter().filter(|(_, size)| *size <= each);
    let (unit, each) = no_larger.find(|(_, each)| is_whole(millis / each))?;
    let better = format!("{:.0}{unit}", millis / each);
    (better != text && duration::parse(&better).is_some()).then_some(better)
}

/// `00:01:30`
fn of_clock(text: &str) -> Option<String> {
    let parts: Vec<u64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let seconds = match parts[..] {
        // Hours and minutes, or minutes and seconds? Nobody knows.
        [hours, minutes, seconds] if minutes < 60 && seconds < 60 => {
            hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)?
        }
        _ => return None,
    };
    let better = format!("{seconds}s");
    duration::parse(&better).map(|_| better)
}

/// Milliseconds, and how it is written here.
fn unit_of_time(unit: &str) -> Option<(f64, &'static str)> {
    Some(match unit {
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => (1.0, "ms"),
        "" | "s" | "sec" | "secs" | "second" | "seconds" => (1_000.0, "s"),
        "m" | "min" | "mins" | "minute" | "minutes" => (60_000.0, "m"),
        "h" | "hr" | "hrs" | "hour" | "hours" => (3_600_000.0, "h"),
        "d" | "day" | "days" => (86_400_000.0, "d"),
        "w" | "week" | "weeks" => (7.0 * 86_400_000.0, "d"),
        _ => return None,
    })
}

/// None: it is one already, or none at all.
pub(super) fn a_size(text: &str) -> Option<String> {
    let close: String = text.split_whitespace().collect();
    let digits = close.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = close.split_at(digits);
    let units = ["B", "KiB", "MiB", "GiB"];
    let (mut unit, each) = match unit.to_ascii_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => ("B", 1024.0),
        "k" | "ki" | "kib" => ("KiB", 1024.0),
        "m" | "mi" | "mib" => ("MiB", 1024.0),
        "g" | "gi" | "gib" => ("GiB", 1024.0),
        "kb" => ("KB", 1000.0),
        "mb" => ("MB", 1000.0),
        "gb" => ("GB", 1000.0),
        _ => return None,
    };
    let mut number: f64 = number.parse().ok()?;
    while number.fract() != 0.0 {
        let decimal = ["B", "KB", "MB", "GB"];
        let ladder = if each > 1000.0 { units } else { decimal };
        let at = ladder.iter().position(|known| *known == unit)?;
        unit = ladder.get(at.checked_sub(1)?)?;
        number *= each;
    }
    let better = format!("{number:.0}{unit}");
    (better != text && byte_size::parse(&better).is_some()).then_some(better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_found_in_many_spellings() {
        let table = [
            ("5", "5s"),
            ("75 seconds", "75s"),
            ("1h30m", "90m"),
            ("PT30S", "30s"),
            ("1.5s", "1500ms"),
            ("0.5h", "30m"),
            ("5min", "5m"),
            ("2w", "14d"),
            ("1h0m0s", "3600s"),
            ("10S", "10s"),
            ("00:01:30", "90s"),
            ("90s", "90s"),
        ];
        for (text, ours) in table {
            assert_eq!(
                a_duration(text).as_deref().or_else(|| duration::parse(text).map(|_| text)),
                Some(ours),
                "{text}"
            );
        }
        for text in ["", "1:30", "99999999999999999999:0:0", "soon", "-5s", "1..5s", "5 parsecs"] {
            assert_eq!(a_duration(text), None, "{text}");
        }
    }

    #[test]
    fn an_amount_of_bytes_is_found_in_many_spellings() {
        let table = [
            ("10m", "10MiB"),
            ("10M", "10MiB"),
            ("10 mb", "10MB"),
            ("512Mi", "512MiB"),
            ("1.5GiB", "1536MiB"),
            ("1g", "1GiB"),
            ("1024", "1024B"),
        ];
        for (text, ours) in table {
            assert_eq!(a_size(text).as_deref(), Some(ours), "{text}");
        }
        assert_eq!(a_size("much"), None);
        assert_eq!(a_size("10MiB"), None);
    }
}

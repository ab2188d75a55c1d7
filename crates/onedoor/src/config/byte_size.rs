//! `INT(B|KB|MB|GB|KiB|MiB|GiB)`, no space: how an amount of bytes is written (CONFIG.md §1.6).

/// What to write instead, for messages.
pub(super) const EXAMPLE: &str = "a size such as \"512B\", \"64KiB\", \"10MiB\" or \"1GB\"";

pub(super) fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let each = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        let table = [("1B", 1), ("2KB", 2_000), ("3MB", 3_000_000), ("1GB", 1_000_000_000), ("1KiB", 1024)];
        for (text, bytes) in table {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        assert_eq!(parse("10MiB"), Some(10 << 20));
        assert_eq!(parse("1GiB"), Some(1 << 30));
    }

    #[test]
    fn anything_else_is_not_a_size() {
        for text in ["", "5", "B", "5 B", "-5B", "1.5MB", "5mb", "5M", "5K", "99999999999GiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

//! Range: which part of a file is asked for (RFC 9110 14.1.2, 14.2). One range is served; several at once get the whole
//! file, which a server may always send.

/// What the field comes to for a file of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it: nothing that is understood was asked for.
    Whole,
    Part(Part),
    /// No byte of what was asked for is there (416).
    Beyond,
}

/// Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) first: u64,
    /// Included.
    pub(super) last: u64,
}

impl Part {
    pub(super) fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// Reads the field's value.
pub(super) fn asked(value: &[u8], length: u64) -> Asked {
    understood(value.trim_ascii(), length).unwrap_or(Asked::Whole)
}

fn understood(value: &[u8], length: u64) -> Option<Asked> {
    let (unit, range) = value.split_at(memchr::memchr(b'=', value)?);
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    // With a comma in it there is something that is no number.
    let range = range[1..].trim_ascii();
    let (from, to) = range.split_at(memchr::memchr(b'-', range)?);
    let (from, to) = (from.trim_ascii(), to[1..].trim_ascii());
    let last = length.checked_sub(1);
    let (first, wanted_last) = match (from, to) {
        ([], []) => return None,
        ([], count) => match number(count)? {
            0 => return Some(Asked::Beyond),
            count => (length.saturating_sub(count), u64::MAX),
        },
        (first, []) => (number(first)?, u64::MAX),
        (first, to) => {
            let (first, to) = (number(first)?, number(to)?);
            if to < first {
                return None;
            }
            (first, to)
        }
    };
    Some(match last {
        Some(last) if first <= last => Asked::Part(Part { first, last: wanted_last.min(last) }),
        Some(_) | None => Asked::Beyond,
    })
}

/// Of digits alone; one that is too large for us is larger than any file.
fn number(digits: &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        value = value.saturating_mul(10).saturating_add(digit);
    }
    (!digits.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part_and_what_is_not_understood_is_the_whole() {
        let part = |first, last| Asked::Part(Part { first, last });
        for (value, length, expected) in [
            ("bytes=0-0", 10, part(0, 0)),
            ("bytes=0-9", 10, part(0, 9)),
            ("bytes=2-5", 10, part(2, 5)),
            ("bytes=5-", 10, part(5, 9)),
            ("bytes=5-99", 10, part(5, 9)),
            ("bytes=-3", 10, part(7, 9)),
            ("bytes=-99", 10, part(0, 9)),
            ("BYTES=1-2", 10, part(1, 2)),
            ("bytes= 1 - 2 ", 10, part(1, 2)),
            ("bytes=9-99999999999999999999999", 10, part(9, 9)),
            ("bytes=10-", 10, Asked::Beyond),
            ("bytes=10-20", 10, Asked::Beyond),
            ("bytes=99999999999999999999999-", 10, Asked::Beyond),
            ("bytes=-0", 10, Asked::Beyond),
            ("bytes=0-", 0, Asked::Beyond),
            ("bytes=-1", 0, Asked::Beyond),
            ("bytes=5-2", 10, Asked::Whole),
            ("bytes=0-1,3-4", 10, Asked::Whole),
            ("bytes=0-1,", 10, Asked::Whole),
            ("bytes=-", 10, Asked::Whole),
            ("bytes=", 10, Asked::Whole),
            ("bytes=a-b", 10, Asked::Whole),
            ("bytes=+1-2", 10, Asked::Whole),
            ("bytes=0x1-2", 10, Asked::Whole),
            ("bytes=--1", 10, Asked::Whole),
            ("lines=0-1", 10, Asked::Whole),
            ("0-1", 10, Asked::Whole),
            ("", 10, Asked::Whole),
        ] {
            assert_eq!(asked(value.as_bytes(), length), expected, "{value} of {length}");
        }
    }

    #[test]
    fn a_part_is_never_empty_and_never_beyond_the_file() {
        for length in 0..12 {
            for first in 0..14 {
                for last in 0..14 {
                    let texts = [
                        format!("bytes={first}-{last}"),
                        format!("bytes={first}-"),
                        format!("bytes=-{last}"),
                    ];
                    for text in texts {
                        if let Asked::Part(part) = asked(text.as_bytes(), length) {
                            assert!(part.first <= part.last && part.last < length, "{text} of {length}");
                            assert!((1..=length).contains(&part.length()), "{text} of {length}");
                        }
                    }
                }
            }
        }
    }
}

//! What a client knows of a file already, and whether that is still so: If-Match, If-None-Match and their like, If-Range
//! (RFC 9110 13). And what it is told of a file to know it by.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foldhash::quality::FixedState;
use onedoor_linux::folder::{File, Moment};

use super::range::{self, Asked, Part};
use crate::proxy::inbound::Head;

/// Before this a file's time is not when it was made: images that are built reproducibly give all their files the same,
/// 1970 or, where a zip file stood in between, 1980.
const FIRST_REAL_SECOND: u64 = 10 * 366 * 86_400;

/// What a file's version is known by.
#[derive(Debug)]
pub(super) struct Validators {
    pub(super) tag: Tag,
    /// To the second; None: the file's time says nothing.
    pub(super) modified: Option<SystemTime>,
}

/// `"0123456789abcdef"`, with its quotes; a strong one.
pub(super) type Tag = [u8; 18];

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Whole,
    Part(Part),
    /// 304
    Known,
    /// 412
    Changed,
    /// 416
    Beyond,
}

impl Validators {
    /// Of a file that was read whole: by its bytes, so that the same file has the same tag in every replica, and another
    /// file another, whatever its times say.
    pub(super) fn of_content(content: &[u8], file: &File, now: SystemTime) -> Self {
        let mut hash = FixedState::default().build_hasher();
        hash.write(content);
        Self { tag: tag(hash.finish()), modified: modified(file.modified, now) }
    }

    /// Of a file that is too large to be read for this: by everything that its inode says, of which the time of change
    /// cannot be set by anybody.
    pub(super) fn of_inode(file: &File, now: SystemTime) -> Self {
        let mut hash = FixedState::default().build_hasher();
        for Moment { seconds, nanoseconds } in [file.modified, file.changed] {
            hash.write_i64(seconds);
            hash.write_u64(nanoseconds);
        }
        hash.write_u64(file.inode);
        hash.write_u64(file.length);
        Self { tag: tag(hash.finish()), modified: modified(file.modified, now) }
    }

    /// What the head's conditions come to, in the order of RFC 9110 13.2.2.
    pub(super) fn judge(&self, head: Head<'_>, length: u64) -> Verdict {
        let lines = |name: &'static str| lines(head, name);
        let matches = lines("if-match");
        if present(head, "if-match") {
            if !matches.into_iter().any(|line| self.is_in(line, Weak::Differs)) {
                return Verdict::Changed;
            }
        } else if let (Some(since), Some(modified)) = (date(lines("if-unmodified-since")), self.modified)
            && modified > since
        {
            return Verdict::Changed;
        }
        if present(head, "if-none-match") {
            if lines("if-none-match").any(|line| self.is_in(line, Weak::Counts)) {
                return Verdict::Known;
            }
        } else if let (Some(since), Some(modified)) = (date(lines("if-modified-since")), self.modified)
            && modified <= since
        {
            return Verdict::Known;
        }
        self.part(head, length)
    }

    fn part(&self, head: Head<'_>, length: u64) -> Verdict {
        // RFC 9110 14.2: a range is asked for by GET alone.
        if head.method() != b"GET" {
            return Verdict::Whole;
        }
        let mut ranges = lines(head, "range");
        let (Some(range), None) = (ranges.next(), ranges.next()) else { return Verdict::Whole };
        if let Some(condition) = lines(head, "if-range").next() {
            let holds = if condition.starts_with(b"\"") || condition.starts_with(b"W/") {
                condition == self.tag
            } else {
                date(std::iter::once(condition)).is_some_and(|date| self.modified == Some(date))
            };
            if !holds {
                return Verdict::Whole;
            }
        }
        match range::asked(range, length) {
            Asked::Whole => Verdict::Whole,
            Asked::Part(part) => Verdict::Part(part),
            Asked::Beyond => Verdict::Beyond,
        }
    }

    /// Whether a list of tags names ours.
    fn is_in(&self, list: &[u8], weak: Weak) -> bool {
        // Between quotes ours has nothing that a list is split at; who quotes a comma does not mean us.
        list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).any(|item| match (item, weak) {
            (b"*", _) => true,
            ([b'W', b'/', tag @ ..], Weak::Counts) => tag == self.tag,
            (tag, _) => tag == self.tag,
        })
    }
}

/// Whether `W/"x"` is taken for `"x"` (RFC 9110 8.8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weak {
    Counts,
    Differs,
}

fn tag(hash: u64) -> Tag {
    let mut tag = [b'"'; 18];
    for (pair, byte) in tag[1..17].chunks_exact_mut(2).zip(hash.to_be_bytes()) {
        let digits = [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
        pair.copy_from_slice(&digits);
    }
    tag
}

/// None: it is no time at which the file was made, or one that is not over yet (RFC 9110 8.8.2.1).
fn modified(time: Moment, now: SystemTime) -> Option<SystemTime> {
    let seconds = u64::try_from(time.seconds).ok().filter(|seconds| *seconds > FIRST_REAL_SECOND)?;
    let modified = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    (modified <= now).then_some(modified)
}

fn date<'h>(mut lines: impl Iterator<Item = &'h [u8]>) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(lines.next()?).ok()?).ok()
}

fn present(head: Head<'_>, name: &'static str) -> bool {
    lines(head, name).next().is_some()
}

/// The values of a field, line by line.
pub(super) fn lines<'h>(head: Head<'h>, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
    let named =
        move |field: &&onedoor_http1::Field| head.text(field.name).eq_ignore_ascii_case(name.as_bytes());
    head.parsed.fields().iter().filter(named).map(move |field| head.text(field.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_http1::RequestHead;

    const TAG: &str = "\"00000000000000ab\"";
    const MODIFIED: &str = "Fri, 13 Nov 2026 10:00:00 GMT";

    fn verdict(method: &str, lines: &str, dated: bool) -> Verdict {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let mut parsed = RequestHead::default();
        parsed.parse(bytes.as_bytes(), &Default::default()).unwrap();
        let modified = dated.then(|| httpdate::parse_http_date(MODIFIED).unwrap());
        let validators = Validators { tag: TAG.as_bytes().try_into().unwrap(), modified };
        validators.judge(Head { bytes: bytes.as_bytes(), parsed: &parsed }, 10)
    }

    #[test]
    fn conditions_count_in_the_order_of_the_standard() {
        const LATER: &str = "Sat, 14 Nov 2026 10:00:00 GMT";
        const EARLIER: &str = "Thu, 12 Nov 2026 10:00:00 GMT";
        let part = Verdict::Part(Part { first: 0, last: 1 });
        for (lines, expected) in [
            (String::new(), Verdict::Whole),
            (format!("If-None-Match: {TAG}\r\n"), Verdict::Known),
            (format!("If-None-Match: W/{TAG}\r\n"), Verdict::Known),
            (format!("If-None-Match: \"x\", {TAG}\r\n"), Verdict::Known),
            (format!("If-None-Match: \"x\"\r\nif-none-match: {TAG}\r\n"), Verdict::Known),
            ("If-None-Match: *\r\n".into(), Verdict::Known),
            ("If-None-Match: \"x\"\r\n".into(), Verdict::Whole),
            ("If-None-Match: 00000000000000ab\r\n".into(), Verdict::Whole),
            ("If-None-Match:\r\n".into(), Verdict::Whole),
            // The tag decides: the date is not looked at.
            (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {MODIFIED}\r\n"), Verdict::Whole),
            (format!("If-Modified-Since: {MODIFIED}\r\n"), Verdict::Known),
            (format!("If-Modified-Since: {LATER}\r\n"), Verdict::Known),
            (format!("If-Modified-Since: {EARLIER}\r\n"), Verdict::Whole),
            ("If-Modified-Since: yesterday\r\n".into(), Verdict::Whole),
            (format!("If-Match: {TAG}\r\n"), Verdict::Whole),
            ("If-Match: *\r\n".into(), Verdict::Whole),
            (format!("If-Match: W/{TAG}\r\n"), Verdict::Changed),
            ("If-Match: \"x\"\r\n".into(), Verdict::Changed),
            (format!("If-Match: \"x\"\r\nIf-None-Match: {TAG}\r\n"), Verdict::Changed),
            (format!("If-Unmodified-Since: {MODIFIED}\r\n"), Verdict::Whole),
            (format!("If-Unmodified-Since: {EARLIER}\r\n"), Verdict::Changed),
            ("If-Unmodified-Since: tomorrow\r\n".into(), Verdict::Whole),
            ("Range: bytes=0-1\r\n".into(), part),
            ("Range: bytes=10-\r\n".into(), Verdict::Beyond),
            ("Range: bytes=0-1\r\nRange: bytes=2-3\r\n".into(), Verdict::Whole),
            (format!("Range: bytes=0-1\r\nIf-Range: {TAG}\r\n"), part),
            (format!("Range: bytes=0-1\r\nIf-Range: W/{TAG}\r\n"), Verdict::Whole),
            ("Range: bytes=0-1\r\nIf-Range: \"x\"\r\n".into(), Verdict::Whole),
            (format!("Range: bytes=0-1\r\nIf-Range: {MODIFIED}\r\n"), part),
            (format!("Range: bytes=0-1\r\nIf-Range: {LATER}\r\n"), Verdict::Whole),
            (format!("Range: bytes=0-1\r\nIf-None-Match: {TAG}\r\n"), Verdict::Known),
            ("Range: bytes=99-\r\nIf-Range: \"x\"\r\n".into(), Verdict::Whole),
        ] {
            assert_eq!(verdict("GET", &lines, true), expected, "{lines}");
        }
    }

    #[test]
    fn head_knows_no_ranges() {
        assert_eq!(verdict("HEAD", "Range: bytes=0-1\r\n", true), Verdict::Whole);
        assert_eq!(verdict("HEAD", &format!("If-None-Match: {TAG}\r\n"), true), Verdict::Known);
    }

    #[test]
    fn without_a_time_of_its_own_a_file_is_known_by_its_tag_alone() {
        for name in ["If-Modified-Since", "If-Unmodified-Since"] {
            assert_eq!(verdict("GET", &format!("{name}: {MODIFIED}\r\n"), false), Verdict::Whole);
        }
        let lines = format!("Range: bytes=0-1\r\nIf-Range: {MODIFIED}\r\n");
        assert_eq!(verdict("GET", &lines, false), Verdict::Whole);
    }

    #[test]
    fn the_times_of_reproducible_images_and_of_the_future_are_none() {
        let now = httpdate::parse_http_date(MODIFIED).unwrap();
        let at = |seconds| modified(Moment { seconds, nanoseconds: 999_999_999 }, now);
        for seconds in [i64::MIN, -1, 0, 1, 315_532_800, i64::MAX, 1_794_564_001] {
            assert_eq!(at(seconds), None, "{seconds}");
        }
        assert_eq!(at(1_794_564_000), Some(now));
    }

    #[test]
    fn a_tag_is_that_of_the_bytes_and_stays_what_it_was() {
        assert_eq!(&tag(0x0123_4567_89ab_cdef), b"\"0123456789abcdef\"");
        let hash = |content: &[u8]| {
            let mut hash = FixedState::default().build_hasher();
            hash.write(content);
            hash.finish()
        };
        assert_ne!(hash(b"index-1.js"), hash(b"index-2.js"));
        // Replicas on other machines must agree, so no seed may be drawn at start.
        assert_eq!(hash(b"onedoor"), 13_641_232_220_832_377_786);
    }
}

//! What was said last, kept in memory for those who ask later: lines for `onedoor logs`, the apps' lives for
//! `onedoor events`.
//!
//! ```text
//!   events, apps' lines ──▶ ┌──────────────┐   each reader has a place of its own in it: who is
//!   what happened to apps ▶ │ ring, bounded │──▶ slow finds that the oldest are gone, and is told how
//!                           └──────────────┘   many; nobody who writes ever waits for one who reads
//! ```
//!
//! A ring takes its memory page by page, as it fills, and never more than [`Room`] says.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use onedoor_linux::proc::Pid;
use tokio::sync::watch;

use super::line::{open_object, push_event, push_json_string, push_wrapped};
use super::screen::visible;
use super::{AppStream, Happening, Level, Line, LineEnd, Speaker};

/// What onedoor and the apps said last. A record beside its text costs 72 bytes.
const LINES: Room = Room { records_max: 4000, text_bytes_max: 1024 * 1024 };

/// What happened to the apps: a thousand is what a bad night has.
const EVENTS: Room = Room { records_max: 1000, text_bytes_max: 128 * 1024 };

/// A longer text is cut: the apps' lines come in pieces of this length.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How much a reader takes at once, so that whoever writes meanwhile waits for the copying of no more.
const BATCH_BYTES: usize = 64 * 1024;

/// Both rings.
#[derive(Debug)]
pub(super) struct Recent {
    lines: Arc<Ring>,
    events: Arc<Ring>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { lines: Arc::new(Ring::new(LINES)), events: Arc::new(Ring::new(EVENTS)) }
    }
}

impl Recent {
    pub(super) fn app_line(&self, at: SystemTime, speaker: &Speaker, line: Line<'_>) {
        // The end of a line whose text is here already: a prompt, and then its newline.
        if line.before > 0 && line.text.is_empty() {
            return;
        }
        let part = Part { before: line.before, end: line.end };
        let voice = Voice::App { stream: speaker.stream, pid: speaker.pid, part };
        self.lines.push(at, voice, Some(Arc::clone(&speaker.app)), line.text);
    }

    pub(super) fn said(&self, at: SystemTime, voice: Voice, app: Option<&str>, message: &str) {
        self.lines.push(at, voice, app.map(Arc::from), message.as_bytes());
    }

    pub(super) fn happened(&self, at: SystemTime, app: &Arc<str>, what: Happening, message: &str) {
        self.events.push(at, Voice::Happened(what), Some(Arc::clone(app)), message.as_bytes());
    }

    pub(super) fn last_words(&self, app: &str, lines_most: usize) -> Vec<String> {
        let held = self.lines.held();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        for record in held.records.iter().rev().filter(|record| record.app.as_deref() == Some(app)) {
            let Voice::App { stream, .. } = record.voice else { continue };
            let lines = if stream == AppStream::Err { &mut err } else { &mut out };
            if lines.len() < lines_most {
                let mut text = Vec::new();
                held.copy_text(record, &mut text);
                lines.push(visible(&String::from_utf8_lossy(&text)));
            }
            if err.len() == lines_most {
                break;
            }
        }
        let mut lines = if err.is_empty() { out } else { err };
        lines.reverse();
        lines
    }

    pub(super) fn reader(&self, kept: Kept, wanted: Wanted) -> Reader {
        let ring = match kept {
            Kept::Lines => &self.lines,
            Kept::Events => &self.events,
        };
        Reader::new(Arc::clone(ring), kept, wanted)
    }
}

/// Which ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Lines,
    Events,
}

/// What a reader wants of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Empty: of all apps, and of onedoor itself.
    pub apps: Vec<String>,
    pub since: Option<SystemTime>,
    /// So many at the end of what there is already.
    pub last: Option<usize>,
}

impl Wanted {
    fn likes(&self, record: &Record) -> bool {
        let is_its = |app: &Arc<str>| self.apps.iter().any(|wanted| **wanted == **app);
        self.apps.is_empty() || record.app.as_ref().is_some_and(is_its)
    }
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    App { stream: AppStream, pid: Pid, part: Part },
    Event(Level),
    Happened(Happening),
}

/// Of a line that came in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    before: u32,
    end: LineEnd,
}

#[derive(Clone, Copy, Debug)]
struct Room {
    records_max: usize,
    text_bytes_max: usize,
}

#[derive(Debug)]
struct Ring {
    held: Mutex<Held>,
    /// Told of every new record.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct Held {
    room: Room,
    records: VecDeque<Record>,
    text: VecDeque<u8>,
    /// How many records, and bytes of text, came and went.
    records_gone: u64,
    text_gone: u64,
}

#[derive(Clone, Debug)]
struct Record {
    at: SystemTime,
    voice: Voice,
    app: Option<Arc<str>>,
    /// Its first byte, of all bytes that ever came.
    begins: u64,
    bytes: usize,
}

impl Ring {
    fn new(room: Room) -> Self {
        // Address space: a page of it is memory when it is written to.
        let held = Held {
            room,
            records: VecDeque::with_capacity(room.records_max),
            text: VecDeque::with_capacity(room.text_bytes_max),
            records_gone: 0,
            text_gone: 0,
        };
        Self { held: Mutex::new(held), news: watch::Sender::new(()) }
    }

    fn push(&self, at: SystemTime, voice: Voice, app: Option<Arc<str>>, text: &[u8]) {
        self.held().push(at, voice, app, text.get(..TEXT_BYTES_MAX).unwrap_or(text));
        if self.news.receiver_count() > 0 {
            self.news.send_replace(());
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn push(&mut self, at: SystemTime, voice: Voice, app: Option<Arc<str>>, text: &[u8]) {
        while self.records.len() >= self.room.records_max
            || self.text.len() + text.len() > self.room.text_bytes_max
        {
            let Some(oldest) = self.records.pop_front() else { break };
            self.text.drain(..oldest.bytes);
            self.text_gone += oldest.bytes as u64;
            self.records_gone += 1;
        }
        let begins = self.text_gone + self.text.len() as u64;
        self.text.extend(text);
        self.records.push_back(Record { at, voice, app, begins, bytes: text.len() });
    }

    /// The number that the next record will have.
    fn end(&self) -> u64 {
        self.records_gone + self.records.len() as u64
    }

    fn record(&self, number: u64) -> Option<&Record> {
        self.records.get(usize::try_from(number.checked_sub(self.records_gone)?).ok()?)
    }

    /// The first record that is wanted of those there are.
    fn begin(&self, wanted: &Wanted) -> u64 {
        let is_late = |record: &Record| wanted.since.is_none_or(|since| record.at >= since);
        let first = self.records.iter().position(is_late).unwrap_or(self.records.len());
        let count = match wanted.last {
            None => self.records.len() - first,
            Some(0) => 0,
            Some(last) => {
                let mut liked = self.records.iter().skip(first).rev().enumerate();
                let liked = liked.by_ref().filter(|(_, record)| wanted.likes(record));
                liked.take(last).last().map_or(0, |(back, _)| back + 1)
            }
        };
        self.end() - count as u64
    }

    fn copy_text(&self, record: &Record, into: &mut Vec<u8>) -> Range<usize> {
        let begin = usize::try_from(record.begins - self.text_gone).unwrap_or(usize::MAX);
        let (from, end) = (into.len(), begin.saturating_add(record.bytes));
        let (left, right) = self.text.as_slices();
        let seam = left.len();
        into.extend_from_slice(left.get(begin.min(seam)..end.min(seam)).unwrap_or_default());
        let rest = begin.saturating_sub(seam)..end.saturating_sub(seam);
        into.extend_from_slice(right.get(rest).unwrap_or_default());
        from..into.len()
    }
}

/// Somebody's place in a ring.
#[derive(Debug)]
pub struct Reader {
    ring: Arc<Ring>,
    kept: Kept,
    wanted: Wanted,
    next: u64,
    /// What was there when it began.
    before: u64,
    news: watch::Receiver<()>,
}

/// How far a reader has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// There is more of what was there when it began.
    More,
    /// What is new since is still to come.
    New,
    CaughtUp,
}

impl Reader {
    fn new(ring: Arc<Ring>, kept: Kept, wanted: Wanted) -> Self {
        let news = ring.news.subscribe();
        let (next, before) = {
            let held = ring.held();
            (held.begin(&wanted), held.end())
        };
        Self { ring, kept, wanted, next, before, news }
    }

    /// Appends some of what is next, an object a line. What was dropped before it could be read is counted in one.
    pub fn read(&mut self, into: &mut Vec<u8>) -> Reading {
        self.news.mark_unchanged();
        let (mut taken, end) = self.take(BATCH_BYTES);
        while taken.write(into) {}
        if self.next >= end {
            Reading::CaughtUp
        } else if self.next < self.before {
            Reading::More
        } else {
            Reading::New
        }
    }

    /// All that there is now, copied at once: a flood that comes meanwhile takes nothing of it away.
    pub fn all(mut self) -> Taken {
        self.take(usize::MAX).0
    }

    /// About so much of what is next, and the number behind the newest.
    fn take(&mut self, bytes_most: usize) -> (Taken, u64) {
        let mut text = Vec::new();
        let mut records = VecDeque::new();
        let held = self.ring.held();
        let lost = held.records_gone.saturating_sub(self.next);
        self.next += lost;
        while text.len() < bytes_most
            && let Some(record) = held.record(self.next)
        {
            if self.wanted.likes(record) {
                records.push_back((record.clone(), held.copy_text(record, &mut text)));
            }
            self.next += 1;
        }
        (Taken { kept: self.kept, lost, text, records }, held.end())
    }

    /// Waits for something that was not there at the last reading.
    pub async fn more(&mut self) {
        if self.news.changed().await.is_err() {
            // The log is gone, and so is the program soon.
            std::future::pending().await
        }
    }
}

/// What a reader has taken out of the ring.
#[derive(Debug)]
pub struct Taken {
    kept: Kept,
    /// So many were dropped before these.
    lost: u64,
    text: Vec<u8>,
    records: VecDeque<(Record, Range<usize>)>,
}

impl Taken {
    /// Appends about a batch of it, an object a line; false: there was nothing left.
    pub fn write(&mut self, into: &mut Vec<u8>) -> bool {
        let before = into.len();
        match std::mem::take(&mut self.lost) {
            0 => {}
            lost => self.write_lost(lost, into),
        }
        while into.len() - before < BATCH_BYTES
            && let Some((record, range)) = self.records.pop_front()
        {
            record.write(self.text.get(range).unwrap_or_default(), into);
            into.push(b'\n');
        }
        into.len() > before
    }

    fn write_lost(&self, lost: u64, into: &mut Vec<u8>) {
        let noun = if lost == 1 { "line was" } else { "lines were" };
        let message = format!("{lost} {noun} lost here: they came faster than they were read");
        let now = SystemTime::now();
        match self.kept {
            Kept::Lines => push_event(into, now, Level::Warn, None, message.as_bytes()),
            Kept::Events => push_happening(into, now, None, "lost", message.as_bytes()),
        }
        into.push(b'\n');
    }
}

impl Record {
    fn write(&self, text: &[u8], into: &mut Vec<u8>) {
        let app = self.app.as_deref();
        match self.voice {
            Voice::Event(level) => push_event(into, self.at, level, app, text),
            Voice::Happened(what) => push_happening(into, self.at, app, what.word(), text),
            Voice::App { stream, pid, part: Part { before, end } } => {
                let app = self.app.clone().unwrap_or_else(|| "".into());
                push_wrapped(into, self.at, &Speaker { app, pid, stream }, Line { text, end, before });
            }
        }
    }
}

fn push_happening(into: &mut Vec<u8>, at: SystemTime, app: Option<&str>, word: &str, text: &[u8]) {
    open_object(into, at);
    into.extend_from_slice(b",\"app\":");
    push_json_string(into, app.unwrap_or_default().as_bytes());
    into.extend_from_slice(b",\"event\":");
    push_json_string(into, word.as_bytes());
    into.extend_from_slice(b",\"text\":");
    push_json_string(into, text);
    into.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ring(records_max: usize, text_bytes_max: usize) -> Arc<Ring> {
        Arc::new(Ring::new(Room { records_max, text_bytes_max }))
    }

    fn say(ring: &Ring, second: u64, app: &str, text: &str) {
        ring.push(at(second), Voice::Event(Level::Info), Some(app.into()), text.as_bytes());
    }

    /// What a reader reads to its end.
    fn read(reader: &mut Reader) -> Vec<String> {
        let mut bytes = Vec::new();
        while reader.read(&mut bytes) != Reading::CaughtUp {}
        let objects = String::from_utf8(bytes).unwrap();
        let message = |line: &str| {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            object["message"].as_str().unwrap().to_owned()
        };
        objects.lines().map(message).collect()
    }

    fn all(ring: &Arc<Ring>, wanted: Wanted) -> Vec<String> {
        read(&mut Reader::new(Arc::clone(ring), Kept::Lines, wanted))
    }

    #[test]
    fn the_oldest_make_room_by_number_and_by_length() {
        let few = ring(2, 1000);
        ["a", "b", "c"].into_iter().for_each(|text| say(&few, 0, "web", text));
        assert_eq!(all(&few, Wanted::default()), ["b", "c"]);
        let short = ring(100, 7);
        ["abc", "def", "ghi"].into_iter().for_each(|text| say(&short, 0, "web", text));
        assert_eq!(all(&short, Wanted::default()), ["def", "ghi"]);
        let held = short.held();
        assert!(held.text.capacity() < 100, "{}", held.text.capacity());
    }

    #[test]
    fn a_text_that_lies_across_the_seam_is_whole() {
        let ring = ring(100, 10);
        for number in 0..100 {
            say(&ring, 0, "web", &format!("<{number:04}>"));
            assert_eq!(all(&ring, Wanted::default()), [format!("<{number:04}>")]);
        }
    }

    #[test]
    fn the_wanted_are_those_of_an_app_since_a_time_and_the_last_of_them() {
        let ring = ring(100, 1000);
        for (second, app, text) in [(1, "a", "1"), (2, "b", "2"), (3, "a", "3"), (4, "a", "4"), (5, "b", "5")]
        {
            say(&ring, second, app, text);
        }
        let of = |apps: &[&str], since: Option<u64>, last| {
            let apps = apps.iter().map(ToString::to_string).collect();
            all(&ring, Wanted { apps, since: since.map(at), last })
        };
        assert_eq!(of(&[], None, None), ["1", "2", "3", "4", "5"]);
        assert_eq!(of(&["a"], None, None), ["1", "3", "4"]);
        assert_eq!(of(&["a"], None, Some(2)), ["3", "4"]);
        assert_eq!(of(&["b"], None, Some(9)), ["2", "5"]);
        assert_eq!(of(&[], Some(4), None), ["4", "5"]);
        assert_eq!(of(&["a"], Some(3), Some(1)), ["4"]);
        assert_eq!(of(&[], None, Some(0)), [""; 0]);
        assert_eq!(of(&[], Some(9), None), [""; 0]);
    }

    #[test]
    fn a_reader_that_is_too_slow_is_told_how_much_it_missed() {
        let ring = ring(3, 1000);
        say(&ring, 0, "web", "first");
        let mut reader = Reader::new(Arc::clone(&ring), Kept::Lines, Wanted::default());
        assert_eq!(read(&mut reader), ["first"]);
        (0..8).for_each(|number| say(&ring, 0, "web", &number.to_string()));
        let told = read(&mut reader);
        assert_eq!(told, ["5 lines were lost here: they came faster than they were read", "5", "6", "7"]);
        assert_eq!(read(&mut reader), [""; 0]);
    }

    #[test]
    fn what_was_taken_at_once_is_not_lost_to_a_flood() {
        let ring = ring(3, 1000);
        ["a", "b", "c"].into_iter().for_each(|text| say(&ring, 0, "web", text));
        let mut taken = Reader::new(Arc::clone(&ring), Kept::Lines, Wanted::default()).all();
        (0..8).for_each(|number| say(&ring, 0, "web", &number.to_string()));
        let mut bytes = Vec::new();
        while taken.write(&mut bytes) {}
        let text = String::from_utf8(bytes).unwrap();
        let messages: Vec<&str> = text.lines().filter_map(|line| line.split('"').rev().nth(1)).collect();
        assert_eq!(messages, ["a", "b", "c"]);
    }

    #[test]
    fn what_happened_has_stable_names() {
        let recent = Recent::default();
        recent.happened(at(0), &"web".into(), Happening::Ready, "ready in 0.1 s");
        let mut bytes = Vec::new();
        recent.reader(Kept::Events, Wanted::default()).read(&mut bytes);
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"app\":\"web\",\"event\":\"ready\",\"text\":\"ready in 0.1 s\"}\n"
        );
        assert!(size_of::<Record>() <= 72, "{}", size_of::<Record>());
    }
}

//! The log: access lines, what onedoor has to say, and what the apps print. Everyone writes, nobody ever waits.
//!
//! ```text
//!   workers: access()     ─┐ format, then ┌───────────┐        ┌──────────────┐ one write ─▶ stdout
//!   tasks:   event()      ─┼─ append ────▶│ Queue: two │ swap ─▶│ thread `log` │
//!   apps:    app_line()   ─┘ or count as  │ lanes, each│        └──────────────┘ one write ─▶ stderr
//!                            lost         │ bounded    │          waits where it must: poll(2)
//!                                         └───────────┘
//! ```
//!
//! What was said last is kept (`recent`) for those who ask later: `onedoor logs`, `onedoor events`.
//!
//! A reader that sleeps, a closed pipe or a full disk costs lines, which are counted and told, and never a request.

mod happening;
mod line;
mod recent;
mod screen;
#[cfg(test)]
mod tests;
mod time;
mod writer;

use std::fmt::Display;
use std::io;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use onedoor_linux::output::Output;
use onedoor_linux::poll::Wake;
use onedoor_linux::proc::Pid;
use onedoor_linux::terminal::Size;

use line::{Lines, Look};
use recent::{Recent, Voice};
use screen::Screen;
use writer::Writer;

pub use happening::Happening;
pub use line::push_json_string;
pub use recent::{Kept, Reader, Reading, Taken, Wanted};
pub use time::push_rfc3339;

/// How much may wait for a slow reader, per stream: some 20 000 access lines.
const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// So much is worth a write of its own: what a pipe holds.
const URGENT_BYTES: usize = 64 * 1024;

/// `[log]` in the file, and what the program knows besides.
#[derive(Clone, Debug)]
pub struct LogConfig {
    pub format: Format,
    pub apps: AppsFormat,
    /// What is less important than this is not logged.
    pub level: Level,
    /// The longest app name, so that the texts behind the prefixes line up.
    pub name_width: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: Format::Auto, apps: AppsFormat::AsFormat, level: Level::Info, name_width: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Human on a terminal, else JSON.
    Auto,
    Human,
    Json,
}

/// What becomes of the apps' lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppsFormat {
    /// Prefix for humans, else JSON.
    AsFormat,
    /// `python │ text`
    Prefix,
    /// One JSON object per line; a line that already is one gets the keys `app`, `pid` and `stream` if it lacks them.
    Json,
    /// As the app printed it, to the byte.
    Raw,
}

/// How important an event is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Where an app printed a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppStream {
    Out,
    Err,
}

/// Who printed something, and where.
#[derive(Clone, Debug)]
pub struct Speaker {
    pub app: Arc<str>,
    pub pid: Pid,
    pub stream: AppStream,
}

/// What an app printed: a line, or a piece of a long or slow one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Without its end.
    pub text: &'a [u8],
    pub end: LineEnd,
    /// How many pieces of the same line came before.
    pub before: u32,
}

/// What followed a [`Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    Lf,
    CrLf,
    /// Nothing yet: more of the line may come.
    Open,
    /// The end of the stream.
    Missing,
}

/// The log. Cheap to clone; there is one thread behind all clones.
#[derive(Clone, Debug)]
pub struct Log {
    shared: Arc<Shared>,
}

/// What the handle and the thread have in common.
#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Wake,
    /// Notified whenever the thread has nothing left to write.
    written: Condvar,
    lines: Lines,
    level: Level,
    recent: Recent,
    /// Where a table is shown above the lines.
    screen: Option<Screen>,
}

/// Lines on their way to the thread.
#[derive(Debug, Default)]
struct Queue {
    out: Lane,
    err: Lane,
    bell: Bell,
    writer: WriterState,
}

/// Lines for one stream.
#[derive(Debug)]
struct Lane {
    bytes: Vec<u8>,
    /// Lines for which there was no room since the last time the thread looked.
    lost: u64,
}

impl Default for Lane {
    /// With room for what is written at once: a worker that logs should not have to allocate. It costs address space
    /// until lines fill it.
    fn default() -> Self {
        Self { bytes: Vec::with_capacity(URGENT_BYTES), lost: 0 }
    }
}

/// Whether the thread was already told to look: one ring is enough for many lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Bell {
    #[default]
    Silent,
    Rung,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WriterState {
    #[default]
    Idle,
    Writing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Log {
    /// Starts the thread `log` on our own stdout and stderr.
    pub fn start(config: &LogConfig) -> io::Result<Self> {
        Self::start_on(config, &io::stdout(), &io::stderr(), None)
    }

    /// The same on a terminal that shows a table, too: see [`Self::draw`].
    pub fn start_on_screen(config: &LogConfig) -> io::Result<Self> {
        Self::start_on(config, &io::stdout(), &io::stderr(), Some(Screen::default()))
    }

    fn start_on(
        config: &LogConfig,
        out: &(impl AsFd + IsTerminal),
        err: &(impl AsFd + IsTerminal),
        screen: Option<Screen>,
    ) -> io::Result<Self> {
        let look = match config.format {
            Format::Human => Look::Human,
            Format::Json => Look::Json,
            Format::Auto if out.is_terminal() => Look::Human,
            Format::Auto => Look::Json,
        };
        let lines = Lines::new(look, config, [out.is_terminal(), err.is_terminal()]);
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Wake::new()?,
            written: Condvar::new(),
            lines,
            level: config.level,
            recent: Recent::default(),
            screen,
        });
        let writer = Writer::new(Arc::clone(&shared), Output::to(out)?, Output::to(err)?);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared })
    }

    /// A complete line of the access log, its end included, to stdout; `about`: who answered.
    pub fn access(&self, about: &str, line: &[u8]) {
        self.push(Stream::Out, Some(about), line);
    }

    /// What onedoor has to say, about `app` or about itself, to stderr.
    pub fn event(&self, level: Level, app: Option<&str>, message: impl Display) {
        if level >= self.shared.level {
            self.say(level, app, &message.to_string());
        }
    }

    /// The same for what `onedoor events` is to show of an app's life, whatever the level.
    pub fn happened(&self, level: Level, app: &Arc<str>, what: Happening, message: impl Display) {
        let message = message.to_string();
        self.note(app, what, &message);
        if level >= self.shared.level {
            self.say(level, Some(app), &message);
        }
    }

    /// For `onedoor events` alone: the log hears of it elsewhere.
    pub fn note(&self, app: &Arc<str>, what: Happening, message: &str) {
        self.shared.recent.happened(SystemTime::now(), app, what, message);
    }

    /// What is kept of the log, for one who asks.
    pub fn reader(&self, kept: Kept, wanted: Wanted) -> Reader {
        self.shared.recent.reader(kept, wanted)
    }

    /// What `app` printed last: to stderr, or to stdout if it used only that. Without colours, oldest first.
    pub fn last_words(&self, app: &str, lines_most: usize) -> Vec<String> {
        self.shared.recent.last_words(app, lines_most)
    }

    /// A line of an app, or a piece of one; stdout goes to stdout, stderr to stderr.
    pub fn app_line(&self, speaker: &Speaker, line: Line<'_>) {
        let now = SystemTime::now();
        self.shared.recent.app_line(now, speaker, line);
        let bytes = self.shared.lines.app(now, speaker, line);
        let to = match speaker.stream {
            AppStream::Out => Stream::Out,
            AppStream::Err => Stream::Err,
        };
        self.push(to, Some(&speaker.app), &bytes);
    }

    /// Waits until all that was logged before is written, or given up; the only call that blocks. For the very end.
    pub fn flush(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let mut queue = self.shared.queue();
        self.shared.wake.ring();
        while !queue.is_written() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = match self.shared.written.wait_timeout(queue, left) {
                Ok((queue, _)) => queue,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// True if lines are made for people; else each is a JSON object.
    pub fn is_human(&self) -> bool {
        self.shared.lines.look() == Look::Human
    }

    fn say(&self, level: Level, app: Option<&str>, message: &str) {
        let now = SystemTime::now();
        self.shared.recent.said(now, Voice::Event(level), app, message);
        self.push(Stream::Err, app, &self.shared.lines.event(now, level, app, &message));
    }

    pub fn has_screen(&self) -> bool {
        self.shared.screen.is_some()
    }

    /// Shows `table` on the cleared screen, and below it the last lines, from now on those of `only`.
    pub fn draw(&self, table: &str, only: Option<Arc<str>>, size: Size) {
        if let Some(screen) = &self.shared.screen {
            let mut shown = screen.shown();
            shown.only(only);
            self.queue(Stream::Err, &shown.drawn(table, size));
        }
    }

    /// The lines so far are not shown again.
    pub fn forget_shown(&self) {
        if let Some(screen) = &self.shared.screen {
            screen.shown().forget();
        }
    }

    fn push(&self, stream: Stream, about: Option<&str>, line: &[u8]) {
        match &self.shared.screen {
            None => self.queue(stream, line),
            // A terminal is one, whatever names it has: in one lane, nothing overtakes the table.
            Some(screen) => {
                let mut shown = screen.shown();
                if shown.takes(about, line) {
                    self.queue(Stream::Err, line);
                }
            }
        }
    }

    fn queue(&self, stream: Stream, line: &[u8]) {
        let mut queue = self.shared.queue();
        let before = queue.lane(stream).bytes.len();
        queue.lane(stream).push(line);
        let urgent = (before..before + line.len()).contains(&URGENT_BYTES);
        if queue.bell == Bell::Silent || urgent {
            queue.bell = Bell::Rung;
            self.shared.wake.ring();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn lane(&mut self, stream: Stream) -> &mut Lane {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }

    fn is_written(&self) -> bool {
        self.out.is_empty() && self.err.is_empty() && self.writer == WriterState::Idle
    }
}

impl Lane {
    fn push(&mut self, line: &[u8]) {
        // Once a line was lost, all are until the thread has looked: a gap must be where the notice says it is.
        if self.lost > 0 || self.bytes.len() + line.len() > QUEUE_BYTES_MAX {
            self.lost += 1;
        } else {
            self.bytes.extend_from_slice(line);
        }
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.lost == 0
    }
}

#[cfg(any(test, fuzzing, feature = "playhouse"))]
impl Log {
    /// For tests that do not care what is logged.
    pub fn to_nowhere() -> Self {
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").expect("every system has one");
        Self::start_on(&LogConfig::default(), &null, &null, None).expect("a thread can be started")
    }
}

#[cfg(any(test, feature = "playhouse"))]
impl Log {
    /// What a test logs, as it would appear on stdout and stderr.
    pub fn to_pipes(config: &LogConfig) -> (Self, io::PipeReader, io::PipeReader) {
        let (out_reader, out) = io::pipe().expect("a test has pipes and a thread");
        let (err_reader, err) = io::pipe().expect("a test has pipes and a thread");
        let (out, err) = (std::os::fd::OwnedFd::from(out), std::os::fd::OwnedFd::from(err));
        let (out, err) = (std::fs::File::from(out), std::fs::File::from(err));
        (
            Self::start_on(config, &out, &err, None).expect("a test has pipes and a thread"),
            out_reader,
            err_reader,
        )
    }
}

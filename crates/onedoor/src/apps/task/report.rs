//! Why the app is not up, for the log, for the proxy's refusals and for the end of the program.

use std::sync::Arc;
use std::time::Instant;

use onedoor_linux::proc::Pid;
use onedoor_linux::wait::ExitStatus;

use super::instance::Instance;
use super::{Ended, Yard};
use crate::apps::confine::Confined;
use crate::apps::life::{Hope, How};
use crate::apps::report;
use crate::apps::spawn::LaunchError;
use crate::init::{ExitCause, exit_code};
use crate::observe::log::{Happening, Level};
use crate::registry::{DownClass, DownReason};

/// What onedoor exits with when there is no exit code of the app to pass on.
fn failed() -> u8 {
    exit_code(ExitCause::Useless)
}

fn happening(class: DownClass) -> Happening {
    match class {
        DownClass::Crashed => Happening::Crashed,
        DownClass::CannotStart => Happening::CannotStart,
        DownClass::NotReadyInTime => Happening::NotReady,
        DownClass::Unwell => Happening::Unwell,
        DownClass::Ended => Happening::Ended,
        DownClass::GaveUp => Happening::GaveUp,
    }
}

impl Instance {
    /// A process of it runs.
    pub(super) fn note_started(&self, pid: Pid, yard: &Yard) {
        let which = self.which(yard);
        match self.starts {
            0 | 1 => yard.tell(Level::Debug, Happening::Started, format_args!("{which}started, pid {pid}")),
            _ => {
                yard.tell(Level::Debug, Happening::Restarted, format_args!("{which}started again, pid {pid}"))
            }
        }
    }

    pub(super) fn note_spawn_error(&mut self, error: &LaunchError, yard: &mut Yard) -> Hope {
        let code = report::code_of(error);
        let (place, name) = (&yard.app.place, &yard.app.name);
        let message = format!("{place}: app \"{name}\" cannot be started: {error}");
        self.fate.spawn_error = Some((message, code));
        self.fate.status = None;
        self.fate.shortage = None;
        yard.failures += 1;
        // What could be started before may be on its way back: a folder that is mounted anew, a program that is built.
        if yard.ready_generation.is_some() { Hope::Later } else { Self::hope_of(error) }
    }

    /// Said once: the next start will most likely find the same file system.
    pub(super) fn note_socketless(&self, error: &std::io::Error, yard: &Yard) {
        if self.generation == 1 {
            yard.say(
                Level::Warn,
                format_args!(
                    "no folder for its Unix socket ({error}); it is given a port instead, which is slower"
                ),
            );
        }
    }

    /// Said once: what cannot be done at this start can be done at no other.
    pub(super) fn note_instead(&self, confined: &Confined, yard: &Yard) {
        if self.generation == 1 {
            confined.instead.iter().for_each(|instead| yard.say(Level::Warn, instead));
        }
    }

    /// A program that goes into the background ends well, at once, and leaves a process behind.
    pub(super) fn note_left_running(&mut self, killed: usize, yard: &Yard) {
        let ended_well = self.fate.status.is_some_and(ExitStatus::success);
        if killed > 0 && ended_well && yard.ready_generation.is_none() && yard.stop_began.is_none() {
            if self.fate.left_running == 0 {
                let noun = if killed == 1 { "process" } else { "processes" };
                yard.say(
                    Level::Warn,
                    format_args!("left {killed} {noun} running: {}", report::IN_BACKGROUND),
                );
            }
            self.fate.left_running += killed;
        }
    }

    /// The reason that requests and the status table see; logs it if the app will be started again.
    pub(super) fn down_reason(&self, class: DownClass, retry_at: Option<Instant>, yard: &Yard) -> DownReason {
        let fact = self.fact(class, yard);
        // What is final is told with the end.
        if let Some(at) = retry_at {
            let next = at.saturating_duration_since(Instant::now()).as_secs_f64();
            let which = self.which(yard);
            let news = format_args!("{which}{fact}; next start in {next:.1} s");
            yard.tell(Level::Warn, happening(class), news);
        }
        DownReason { class, detail: Arc::from(fact) }
    }

    fn fact(&self, class: DownClass, yard: &Yard) -> String {
        match class {
            DownClass::CannotStart => self.spawn_error(),
            DownClass::NotReadyInTime => self.not_ready(yard),
            DownClass::Unwell => {
                self.fate.unwell.as_ref().map_or_else(|| "is not well".to_owned(), ToString::to_string)
            }
            DownClass::Crashed | DownClass::Ended => self.ending(),
            DownClass::GaveUp => {
                format!("failed {} times; the last time: {}", yard.failures, self.last_failure())
            }
        }
    }

    /// The end of an app, with its last words. Nothing more is coming from it.
    pub(super) async fn report_end(&mut self, how: How, yard: &Yard) {
        self.last_output().await;
        let (place, name) = (&yard.app.place, &yard.app.name);
        let last_lines = self.fate.last_words.lines();
        let (exit_code, fact) = match how {
            How::CannotStart => (self.spawn_error_code(), self.spawn_error()),
            How::NotReadyInTime => (failed(), format!("{place}: app \"{name}\" {}", self.not_ready(yard))),
            How::Rests(class) => {
                let fact = self.fact(class, yard);
                (self.code(yard), format!("{fact}; started again when a file of it changes, or at a request"))
            }
            How::Enough | How::AsAsked => (
                self.code(yard),
                format!("{place}: app \"{name}\" {} and is not to be restarted", self.ending()),
            ),
            How::GaveUp => {
                let (times, last) = (yard.failures, self.last_failure());
                // An app that gave up has failed, even if each of its exits looked like a success.
                let code = if self.fate.spawn_error.is_some() {
                    self.spawn_error_code()
                } else {
                    self.code(yard).max(failed())
                };
                (
                    code,
                    format!("{place}: app \"{name}\" gave up after {times} failures; the last time: {last}"),
                )
            }
        };
        let daemon = (self.fate.left_running > 0).then_some(report::IN_BACKGROUND);
        let why = match daemon.or_else(|| self.hint(&last_lines)) {
            Some(remedy) => format!("{fact}; {remedy}"),
            None => fact,
        };
        let what = match how {
            How::CannotStart => Happening::CannotStart,
            How::NotReadyInTime => Happening::NotReady,
            How::Enough | How::AsAsked => Happening::Ended,
            How::GaveUp => Happening::GaveUp,
            How::Rests(class) => happening(class),
        };
        // The log hears of it from the roster, which knows what it means.
        yard.log.note(name, what, &why);
        // The roster may be gone already: then nobody waits for the news.
        yard.ended.send(Ended { of: yard.id, exit_code, why, last_lines }).ok();
    }

    /// An app that never was ready has most likely never worked here: what to do about it is said at once, and not
    /// only when it gives up.
    pub(super) async fn explain_first_failure(&mut self, yard: &Yard) {
        self.last_output().await;
        if yard.failures == 1
            && let Some(remedy) = self.hint(&self.fate.last_words.lines())
        {
            yard.say(Level::Warn, remedy);
        }
    }

    fn last_failure(&self) -> String {
        if self.fate.status.is_some() { self.ending() } else { self.spawn_error() }
    }

    fn spawn_error(&self) -> String {
        self.fate
            .spawn_error
            .as_ref()
            .map_or_else(|| "it cannot be started".to_owned(), |(text, _)| text.clone())
    }

    fn spawn_error_code(&self) -> u8 {
        self.fate.spawn_error.as_ref().map_or_else(failed, |(_, code)| *code)
    }

    fn ending(&self) -> String {
        match self.fate.shortage {
            Some(shortage) => format!("was {shortage} after {}", report::shown(self.fate.lived)),
            None => report::ending(self.fate.status, self.fate.lived),
        }
    }

    fn hint(&self, last_lines: &[String]) -> Option<&'static str> {
        // What was printed before has nothing to do with it.
        if let Some(shortage) = self.fate.shortage {
            return Some(shortage.remedy());
        }
        report::hint(self.fate.status, last_lines)
    }

    fn not_ready(&self, yard: &Yard) -> String {
        let limit = report::shown(yard.app.start_timeout);
        match &self.fate.silence {
            Some(why) => format!("did not become ready within {limit}: {why}"),
            None => format!("did not become ready within {limit}"),
        }
    }

    fn code(&self, yard: &Yard) -> u8 {
        if self.ended_well(yard) {
            return 0;
        }
        self.fate.status.map_or_else(failed, |status| exit_code(ExitCause::AppEnded(status)))
    }
}

//! What a secret's command has told, or why it has not: pure.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::time::Duration;

use onedoor_linux::signal::Signal;
use onedoor_linux::spawn::SpawnError;
use onedoor_linux::wait::ExitStatus;

use super::mask::Mask;
use super::source::Secret;
use crate::apps::command_run::last_line;
use crate::init::{Kept, Said};

/// The values that commands told for one start of an app, by variable.
#[derive(Clone, Debug, Default)]
pub(in crate::apps) struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    pub(super) fn add(&mut self, name: String, secret: Secret) {
        self.0.insert(name, secret);
    }

    pub(in crate::apps) fn value(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(|secret| secret.0.as_os_str())
    }
}

/// A secret that its command did not tell.
#[derive(Debug, thiserror::Error)]
#[error("its secret {name}: `{program}` {why}")]
pub(in crate::apps) struct Untold {
    pub(super) name: String,
    pub(super) program: String,
    pub(super) why: Why,
}

/// What stood in the way. A message has the fact and the remedy, and nothing of what was printed to stdout.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    #[error("cannot be run: {0}")]
    NotRun(SpawnError),
    #[error(
        "{}{}; run its command by hand, as the user onedoor runs as and with its variables",
        ended(*.status),
        said(.complaint.as_deref())
    )]
    Failed { status: ExitStatus, complaint: Option<String> },
    #[error(
        "did not end within {} s and was killed; it cannot ask anybody (its stdin is empty): can it reach its server, is it logged in?",
        .0.as_secs()
    )]
    TooLong(Duration),
    #[error("printed more than {} KiB; it must print the value, and nothing else, to stdout", .most >> 10)]
    TooMuch { most: usize },
    #[error("ended well and printed nothing; it must print the value to stdout")]
    Nothing,
    #[error("printed bytes that are no text (UTF-8 without NUL), which no variable can hold; print base64")]
    NoText,
    #[error("ended unseen; try again")]
    Unseen,
    #[error("was stopped: {0} came")]
    Stopped(Signal),
    #[error("cannot be waited for: {0}")]
    NoSignals(io::Error),
}

fn ended(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(_) => format!("ended with {status}"),
        ExitStatus::Signal { .. } => format!("was {status}"),
    }
}

fn said(complaint: Option<&str>) -> String {
    complaint.map(|line| format!(": {line}")).unwrap_or_default()
}

impl Untold {
    /// Why there was not even a process.
    pub(in crate::apps) fn spawn_error(&self) -> Option<&SpawnError> {
        match &self.why {
            Why::NotRun(error) => Some(error),
            Why::Failed { .. }
            | Why::TooLong(_)
            | Why::TooMuch { .. }
            | Why::Nothing
            | Why::NoText
            | Why::Unseen
            | Why::Stopped(_)
            | Why::NoSignals(_) => None,
        }
    }
}

/// The secret that was printed: without the line end that every command leaves behind.
pub(super) fn judge(status: Option<ExitStatus>, said: &Said, most: usize) -> Result<Secret, Why> {
    let status = status.ok_or(Why::Unseen)?;
    // Whoever prints too much is ended by that; what it ends with is the consequence.
    if said.stdout.is_too_much() {
        return Err(Why::TooMuch { most });
    }
    if !status.success() {
        return Err(Why::Failed { status, complaint: last_line(&complaints(said)) });
    }
    let line = said.stdout.bytes();
    let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
    let text = std::str::from_utf8(line).ok().filter(|text| !text.contains('\0')).ok_or(Why::NoText)?;
    if text.is_empty() {
        return Err(Why::Nothing);
    }
    Ok(Secret(OsString::from(text)))
}

/// What it printed to stderr, without what it printed to stdout: a client that traces its work shows both.
pub(super) fn complaints(said: &Said) -> Vec<u8> {
    let printed = Kept::bytes(&said.stdout);
    Mask::of([printed].into_iter()).hide(said.stderr.bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Keep;

    const MOST: usize = 20;

    fn said(stdout: &[u8], stderr: &str) -> Said {
        let mut said =
            Said { stdout: Kept::new(Keep::Whole { most: MOST }), stderr: Kept::new(Keep::Last(99)) };
        let _room = (said.stdout.take(stdout), said.stderr.take(stderr.as_bytes()));
        said
    }

    fn told(code: i32, stdout: &[u8], stderr: &str) -> Result<String, String> {
        let secret = judge(Some(ExitStatus::Code(code)), &said(stdout, stderr), MOST);
        secret.map(|secret| secret.0.into_string().unwrap()).map_err(|why| why.to_string())
    }

    #[test]
    fn one_line_end_is_no_part_of_the_value_and_all_else_is() {
        for (stdout, value) in [
            ("hunter2", "hunter2"),
            ("hunter2\n", "hunter2"),
            ("hunter2\r\n", "hunter2"),
            ("two\nlines\n\n", "two\nlines\n"),
            (" spaces ", " spaces "),
        ] {
            assert_eq!(told(0, stdout.as_bytes(), "").unwrap(), value, "{stdout:?}");
        }
    }

    #[test]
    fn what_is_no_value_is_said_without_repeating_it() {
        for (code, stdout, stderr, fact) in [
            (2, &b"hunter2"[..], "no access\n", "ended with exit code 2: no access;"),
            (1, b"", "", "ended with exit code 1;"),
            (0, b"", "a warning", "printed nothing"),
            (0, b"\n", "", "printed nothing"),
            (0, b"hunter2\0", "", "no text"),
            (0, b"hunter2\xff", "", "no text"),
            (0, b"hunter2hunter2hunter2", "", "printed more than"),
            (141, b"hunter2hunter2hunter2", "", "printed more than"),
        ] {
            let why = told(code, stdout, stderr).unwrap_err();
            assert!(why.contains(fact), "{why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn a_command_that_traces_its_work_shows_no_secret() {
        let why = told(1, b"hunter2\n", "< HTTP 200\n< {\"value\": \"hunter2\"}").unwrap_err();
        assert!(why.contains("\"value\": \"•••\""), "{why}");
    }
}

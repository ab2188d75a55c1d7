//! How an app ended, in words a person can act on: place, fact, remedy.
//!
//! Part of step "watch" of the life of an app. Pure: it is given the facts and the app's last lines.

use std::time::Duration;

use onedoor_linux::signal::Signal;
use onedoor_linux::wait::ExitStatus;

use super::spawn::LaunchError;
use crate::init::{ExitCause, exit_code};

/// What the app's last words betray, and what to do about it; the first that fits is told.
const HINTS: &[(&[&str], &str)] = &[
    (
        &[
            "EADDRINUSE",
            "Address already in use",
            "address already in use",
            "Only one usage of each socket address",
        ],
        "its port is taken: let it listen on $PORT (each start gets a fresh one), or set `port = …` to one that is its own",
    ),
    (
        &["GLIBC_", "GLIBCXX_"],
        "it was built against a newer C library than this image has: build it on the same or an older release",
    ),
    (
        &["ModuleNotFoundError", "No module named"],
        "its Python packages are not here: install them into DIR/.venv, or name the right python in `run`",
    ),
    (
        &["Cannot find module", "ERR_MODULE_NOT_FOUND"],
        "its Node packages are not here: is node_modules in the image?",
    ),
    (
        &["Could not find gem", "Bundler::GemNotFound"],
        "its gems are not here: run bundle install in the image",
    ),
    (
        &["EACCES", "Permission denied", "permission denied"],
        "a permission is missing: ports below 1024, and files owned by another user than the container's",
    ),
    (
        &["Read-only file system", "EROFS"],
        "it writes where the file system is read-only: give it a writable folder (/tmp, a volume)",
    ),
    (&["No space left on device", "ENOSPC"], "the disk is full, or /dev/shm too small"),
];

/// What a daemon needs to be told.
pub(super) const IN_BACKGROUND: &str = "it put itself into the background, where it cannot be watched; run it in the foreground (no `&`, no --daemon; `daemon off`)";

/// The remedy that the last lines and the status point to.
pub(super) fn hint(status: Option<ExitStatus>, last_lines: &[String]) -> Option<&'static str> {
    let told = HINTS
        .iter()
        .find(|(signs, _)| last_lines.iter().any(|line| signs.iter().any(|sign| line.contains(sign))));
    match (told, status) {
        (Some((_, remedy)), _) => Some(*remedy),
        (None, Some(ExitStatus::Signal { number, .. })) if number == Signal::KILL.number() => {
            Some("nobody here sent that: most often the kernel ended it because memory ran out")
        }
        (None, Some(ExitStatus::Code(127))) => Some("a shell says 127 when it does not find the command"),
        (None, Some(ExitStatus::Code(126))) => Some("a shell says 126 when it may not execute the command"),
        (None, Some(ExitStatus::Code(_) | ExitStatus::Signal { .. }) | None) => None,
    }
}

/// How a process ended.
pub(super) fn ending(status: Option<ExitStatus>, lived: Duration) -> String {
    let after = shown(lived);
    match status {
        Some(ExitStatus::Code(code)) => format!("ended with exit code {code} after {after}"),
        Some(killed @ ExitStatus::Signal { .. }) => format!("was {killed} after {after}"),
        None => format!("ended after {after}"),
    }
}

/// What onedoor exits with because of something it cannot start.
pub(super) fn code_of(error: &LaunchError) -> u8 {
    match error {
        LaunchError::Program(error) => exit_code(ExitCause::CannotStart(error)),
        LaunchError::Secret(untold) => {
            let cause = untold.spawn_error().map_or(ExitCause::Useless, ExitCause::CannotStart);
            exit_code(cause)
        }
        LaunchError::Environment(_)
        | LaunchError::Port(_)
        | LaunchError::Socket(_)
        | LaunchError::Marker(_)
        | LaunchError::Notify(_) => exit_code(ExitCause::Useless),
    }
}

pub(super) fn shown(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_point_to_the_remedy() {
        for (line, sign) in [
            ("Error: listen EADDRINUSE: address already in use :::3000", "$PORT"),
            ("OSError: [Errno 98] Address already in use", "$PORT"),
            ("./go: /lib/libc.so.6: version `GLIBC_2.38' not found", "C library"),
            ("ModuleNotFoundError: No module named 'fastapi'", ".venv"),
            ("Error: Cannot find module 'express'", "node_modules"),
        ] {
            let hint =
                hint(Some(ExitStatus::Code(1)), &["before".into(), line.into(), "after".into()]).unwrap();
            assert!(hint.contains(sign), "{line}: {hint}");
        }
        assert_eq!(hint(Some(ExitStatus::Code(1)), &["whatever".into()]), None);
    }

    #[test]
    fn a_kill_from_nowhere_is_taken_for_lack_of_memory() {
        let killed = ExitStatus::Signal { number: 9, core_dumped: false };
        assert!(hint(Some(killed), &[]).unwrap().contains("memory"));
    }
}

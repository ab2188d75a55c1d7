//! How many requests a synchronous server can serve at once, where its command line says so.
//!
//! That is gunicorn's: a sync worker serves one request at a time, a thread of a gthread worker too, and what comes
//! besides waits in a kernel's queue, where nobody sees it and no other process can take it. Pure. Where a file or
//! another variable may say otherwise nothing is known: no limit is better than a wrong one.

use std::num::NonZeroU32;

use super::calls;
use crate::apps::spec::Command;

/// `variable`: what the app sees as its environment.
pub(in crate::apps) fn synchronous_places(
    command: &Command,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<NonZeroU32> {
    if variable("GUNICORN_CMD_ARGS").is_some() {
        return None;
    }
    let calls = calls(command);
    let said = calls.iter().rev().find_map(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (program, rest) = words.split_first()?;
        (*program == "gunicorn").then(|| Said::by(rest))
    })?;
    if said.file.is_some() {
        return None;
    }
    let threads: u32 = said.threads.map_or(Ok(1), str::parse).ok()?;
    match said.class {
        // With more than one thread, "sync" means gthread (gunicorn's docs, "threads").
        None | Some("sync" | "gthread") => {}
        Some(_) => return None,
    }
    let workers: u32 = match said.workers {
        Some(workers) => workers.parse().ok()?,
        None => variable("WEB_CONCURRENCY")?.parse().ok()?,
    };
    NonZeroU32::new(workers.checked_mul(threads)?)
}

/// The last of each that gunicorn's options say.
#[derive(Debug, Default)]
struct Said<'w> {
    workers: Option<&'w str>,
    threads: Option<&'w str>,
    class: Option<&'w str>,
    file: Option<&'w str>,
}

impl<'w> Said<'w> {
    fn by(words: &[&'w str]) -> Self {
        let mut said = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let (option, attached) = split(word);
            let place = match option {
                "-w" | "--workers" => &mut said.workers,
                "--threads" => &mut said.threads,
                "-k" | "--worker-class" => &mut said.class,
                "-c" | "--config" => &mut said.file,
                _ => continue,
            };
            // A value that is missing, or is filled in when it starts, is none that is known.
            *place = attached.or_else(|| words.next()).or(Some(""));
        }
        said
    }
}

/// `--workers=4` and `-w4` are one word each.
fn split(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return word.split_once('=').map_or((word, None), |(option, value)| (option, Some(value)));
    }
    match word.split_at_checked(2) {
        Some((option, value)) if word.starts_with('-') && !value.is_empty() => (option, Some(value)),
        Some(_) | None => (word, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(line: &str, variables: &[(&str, &str)]) -> Option<u32> {
        let command = match line.strip_prefix("sh: ") {
            Some(line) => Command::Shell(line.into()),
            None => Command::Exec(shlex::split(line).unwrap()),
        };
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        synchronous_places(&command, variable).map(NonZeroU32::get)
    }

    #[test]
    fn a_command_line_of_gunicorn_says_how_many_it_serves_at_once() {
        for (line, expected) in [
            ("gunicorn -w 4 app:app", Some(4)),
            ("gunicorn -w4 app:app", Some(4)),
            ("gunicorn --workers=3 -k sync app:app", Some(3)),
            ("uv run gunicorn --workers 2 --threads 8 app:app", Some(16)),
            (".venv/bin/gunicorn -w 2 -w 3 -b 0.0.0.0:$PORT app:app", Some(3)),
            ("python -m gunicorn -k gthread -w 2 --threads=4 app:app", Some(8)),
            ("sh: migrate && exec gunicorn -w 5 app:app | tee log", Some(5)),
            // By itself it has one worker, but a file or a variable may say more.
            ("gunicorn app:app", None),
            ("gunicorn -w 4 -k uvicorn.workers.UvicornWorker app:app", None),
            ("gunicorn -w 4 -kgevent app:app", None),
            ("gunicorn -w 4 -c gunicorn.py app:app", None),
            ("gunicorn -w $WORKERS app:app", None),
            ("gunicorn app:app -w", None),
            ("gunicorn -w 0 app:app", None),
            ("gunicorn -w 4000000000 --threads 2 app:app", None),
            ("uvicorn --workers 4 app:app", None),
        ] {
            assert_eq!(places(line, &[]), expected, "{line}");
        }
    }

    #[test]
    fn a_variable_says_how_many_workers_where_the_command_line_does_not() {
        let four = ("WEB_CONCURRENCY", "4");
        assert_eq!(places("gunicorn app:app", &[four]), Some(4));
        assert_eq!(places("gunicorn --threads 2 app:app", &[four]), Some(8));
        assert_eq!(places("gunicorn -w 3 app:app", &[four]), Some(3));
        assert_eq!(places("gunicorn -w 3 app:app", &[("GUNICORN_CMD_ARGS", "-k gevent")]), None);
    }
}

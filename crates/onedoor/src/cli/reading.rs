//! `onedoor logs | events`: what the running onedoor remembers of what was said and done, and what comes next.
//!
//! What the control socket gives are objects, a line each; `--json` passes them on as they are.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::operate::Target;
use super::{Ended, Surroundings};
use crate::config::duration;
use crate::control::{Answer, CallError, Question, Until, read};
use crate::observe::log::Kept;

/// What is to be read.
#[derive(Clone, Debug, Args)]
pub(super) struct Arguments {
    /// Only of these apps and jobs
    #[arg(value_name = "APP")]
    apps: Vec<String>,
    /// Go on with what is still to come
    #[arg(short = 'F', long)]
    follow: bool,
    /// Only what is not older than this, as in 10m
    #[arg(long, value_name = "DURATION", value_parser = a_duration)]
    since: Option<Duration>,
    /// Only so many at the end of what there is
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,
    #[command(flatten)]
    target: Target,
}

fn a_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("say {}", duration::EXAMPLE))
}

pub(super) fn logs(arguments: Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    recite(Kept::Lines, arguments, surroundings)
}

pub(super) fn events(arguments: Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    recite(Kept::Events, arguments, surroundings)
}

fn recite(kept: Kept, arguments: Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let Arguments { apps, follow, since, lines: last, target } = arguments;
    let until = if follow { Until::TheEnd } else { Until::Now };
    let question = Question { kept, apps, since, last, until };
    let failed = |error: CallError, surroundings: &mut Surroundings<'_>| {
        writeln!(surroundings.talk, "onedoor: {error}")?;
        Ok(Ended::Refused)
    };
    let (answer, mut lines) = match read(&target.places(surroundings.env), question) {
        Ok(begun) => begun,
        Err(error) => return failed(error, surroundings),
    };
    if let Answer::Refused(why) = answer {
        if target.json {
            writeln!(surroundings.out, "{}", Answer::Refused(why.clone()).to_json())?;
        }
        writeln!(surroundings.talk, "onedoor: {why}")?;
        return Ok(Ended::Refused);
    }
    let mut page = Page::default();
    loop {
        match lines.next() {
            Ok(None) => break,
            Ok(Some(line)) if target.json => {
                surroundings.out.write_all(&line)?;
                surroundings.out.write_all(b"\n")?;
            }
            Ok(Some(line)) => page.show(kept, &line, surroundings.out)?,
            Err(error) => return failed(error, surroundings),
        }
    }
    if follow {
        writeln!(surroundings.talk, "onedoor: the onedoor that was followed has ended")?;
    }
    Ok(Ended::Well)
}

/// Lines for people.
#[derive(Debug, Default)]
struct Page {
    /// The longest name so far: the texts behind line up.
    width: usize,
}

/// The longest word for what happened, and a little air.
const WORD_WIDTH: usize = 12;

impl Page {
    fn show(&mut self, kept: Kept, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let Ok(object) = serde_json::from_slice::<Value>(line) else {
            // Of a onedoor that says more than this one knows: better unread than unseen.
            return out.write_all(line).and_then(|()| out.write_all(b"\n"));
        };
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        // 2026-11-24T10:51:28.123Z: a person does not need the milliseconds.
        let time = text("time").split('.').next().unwrap_or_default();
        match kept {
            Kept::Lines => {
                let is_ours = object["stream"].is_null();
                let name = self.padded(if is_ours { "onedoor" } else { text("app") });
                writeln!(out, "{time}Z {name} │ {}", said(&object))
            }
            Kept::Events => {
                let name = self.padded(text("app"));
                writeln!(out, "{time}Z {name}  {:WORD_WIDTH$}  {}", text("event"), text("text"))
            }
        }
    }

    fn padded(&mut self, name: &str) -> String {
        self.width = self.width.max(name.chars().count());
        format!("{name:width$}", width = self.width)
    }
}

/// The text of a line, as the log on a terminal has it.
fn said(object: &Value) -> String {
    let message = object["message"].as_str().unwrap_or_default();
    match object["level"].as_str() {
        None => {
            let begun = if object["part"].as_u64().is_some_and(|part| part > 1) { "…" } else { "" };
            let more = if object["more"] == true { "…" } else { "" };
            format!("{begun}{message}{more}")
        }
        Some(level) => {
            let level = match level {
                "info" => "",
                "warn" => "warning: ",
                "error" => "error: ",
                _ => "debug: ",
            };
            let app = object["app"].as_str().map(|app| format!("{app}: ")).unwrap_or_default();
            format!("{level}{app}{message}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kept: Kept, lines: &[&str]) -> String {
        let (mut page, mut out) = (Page::default(), Vec::new());
        lines.iter().for_each(|line| page.show(kept, line.as_bytes(), &mut out).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_person_reads_when_who_and_what() {
        let lines = shown(
            Kept::Lines,
            &[
                r#"{"time":"2026-11-24T10:51:28.123Z","level":"warn","app":"web","message":"was killed"}"#,
                r#"{"time":"2026-11-24T10:51:29.000Z","app":"web","pid":7,"stream":"stdout","message":"hello"}"#,
                r#"{"time":"2026-11-24T10:51:29.000Z","app":"web","pid":7,"stream":"stdout","part":2,"more":true,"message":"x"}"#,
            ],
        );
        assert_eq!(
            lines,
            "2026-11-24T10:51:28Z onedoor │ warning: web: was killed\n\
             2026-11-24T10:51:29Z web     │ hello\n\
             2026-11-24T10:51:29Z web     │ …x…\n"
        );
        let event =
            r#"{"time":"2026-11-24T10:51:28.123Z","app":"web","event":"ready","text":"ready in 0.1 s"}"#;
        assert_eq!(shown(Kept::Events, &[event]), "2026-11-24T10:51:28Z web  ready         ready in 0.1 s\n");
    }
}

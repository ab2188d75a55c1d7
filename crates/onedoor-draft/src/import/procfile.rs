//! A Procfile, read by `procfile` as it is without `--from`; here its processes meet what other files say of
//! them, such as nginx in front.

use crate::draft::{Entry, Value};
use crate::procfile;

use super::Format;
use super::files::Input;
use super::finding::{Ledger, Place};
use super::listens;
use super::pairing::run_text;
use super::sketch::{Reach, Service, Sketch, fact};

pub(super) fn read(inputs: &[Input], sketch: &mut Sketch, ledger: &mut Ledger) {
    for input in inputs {
        let place = |line: usize| Place { file: input.name.as_str().into(), line };
        let (processes, troubles) = procfile::parse(&input.text);
        for trouble in troubles {
            let line = trouble.split(':').nth(1).and_then(|line| line.parse().ok()).unwrap_or(1);
            let item =
                ledger.open(place(line), input.text.lines().nth(line.saturating_sub(1)).unwrap_or_default());
            ledger.missing(item, trouble);
        }
        for process in &processes {
            if let Some(why) = process.by_hand() {
                let what = format!("{}: {}", process.kind, process.command);
                let item = ledger.open(place(process.line), &what);
                ledger.missing(item, why);
            }
        }
        let draft = procfile::draft_of(&input.text);
        for (process, entry) in
            processes.iter().filter_map(|process| Some((process, entry(&draft.apps, &process.kind)?)))
        {
            let item = ledger.open(place(process.line), &format!("{}: {}", process.kind, process.command));
            ledger.converted(item, format!("[apps.{}]", entry.name));
            let mut app = entry.clone();
            if sketch.formats.iter().any(|format| matches!(format, Format::Nginx | Format::Caddy)) {
                app.facts.retain(|fact| fact.key != "path");
            }
            let words: Vec<String> = run_text(&app).split_whitespace().map(str::to_owned).collect();
            let env = match fact(&app, "env") {
                Some(Value::Table(pairs)) => pairs.clone(),
                _ => Vec::new(),
            };
            let texts = env.iter().filter_map(|(name, value)| match value {
                Value::Text(text) => Some((name.as_str(), text.as_str())),
                Value::Integer(_) | Value::Decimal(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) => {
                    None
                }
            });
            let listens = listens::of(&words, texts);
            let called = process.kind.clone();
            sketch.services.push(Service { app, called, item, listens, reach: Reach::Siblings });
        }
        for process in &processes {
            if let Some(job) = entry(&draft.jobs, &process.kind) {
                let item =
                    ledger.open(place(process.line), &format!("{}: {}", process.kind, process.command));
                ledger.converted(item, format!("[jobs.{}]", job.name));
                sketch.jobs.push(job.clone());
            }
        }
    }
}

/// The entry made of a process: names of the language have no underscores and no capitals.
fn entry<'e>(entries: &'e [Entry], kind: &str) -> Option<&'e Entry> {
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    entries.iter().find(|entry| plain(&entry.name) == plain(kind))
}

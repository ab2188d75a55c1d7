//! What the prefix doctor found, for people and for programs.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::walk::{Escape, Seen};
use crate::apps::spec::AppSpec;
use crate::proxy::route::Mounted;

/// More of the same kind help nobody.
const SHOWN_MOST: usize = 8;

/// One mount of one app.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) app: Arc<str>,
    /// `onedoor.toml:3`
    pub(crate) place: Arc<str>,
    /// `/shop/*`, its host in front if it has one.
    pub(crate) at: String,
    pub(crate) framework: Option<&'static str>,
    pub(crate) pages: usize,
    pub(crate) requests: usize,
    /// Why nothing could be seen of it.
    pub(crate) trouble: Option<String>,
    pub(crate) escapes: Vec<Escape>,
    pub(crate) notes: Vec<String>,
    /// The one line that mends it.
    pub(crate) fix: Option<String>,
}

impl Report {
    pub(super) fn of(app: &AppSpec, mounted: &Mounted<'_>, seen: Result<&Seen, String>) -> Self {
        let mut report = Self {
            app: Arc::clone(&app.name),
            place: Arc::clone(&mounted.route.place),
            at: super::at(mounted),
            framework: None,
            pages: 0,
            requests: 0,
            trouble: None,
            escapes: Vec::new(),
            notes: Vec::new(),
            fix: None,
        };
        match seen {
            Ok(seen) => {
                (report.pages, report.requests) = (seen.pages, seen.requests);
                (report.escapes, report.notes) = (seen.escapes.clone(), seen.notes.clone());
                let fails = seen.fails.map(|status| format!("GET {}/ answers {status}", mounted.prefix));
                report.trouble = fails;
            }
            Err(why) => report.trouble = Some(why),
        }
        report
    }

    /// What looked like trouble is none.
    pub(super) fn as_note(&mut self, note: String) {
        self.trouble = None;
        self.notes.push(note);
    }

    /// What is wrong, the first of it in full.
    pub(crate) fn complaint(&self) -> Option<String> {
        if let Some(trouble) = &self.trouble {
            return Some(trouble.clone());
        }
        let Escape { what, written, page, why } = self.escapes.first()?;
        let more = match self.escapes.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!("{what} {written} on {page}: {why}{more}"))
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.trouble.is_none() && self.escapes.is_empty()
    }
}

pub(crate) fn write_text(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    if reports.is_empty() {
        return writeln!(out, "no app is served below a prefix: there is nothing to leave");
    }
    for report in reports {
        let framework = report.framework.map(|name| format!(", {name}")).unwrap_or_default();
        writeln!(out, "{}  app {}{framework}  ({})", report.at, report.app, report.place)?;
        write_one(report, out)?;
    }
    Ok(())
}

fn write_one(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if let Some(trouble) = &report.trouble {
        writeln!(out, "  trouble   {trouble}")?;
    }
    for escape in report.escapes.iter().take(SHOWN_MOST) {
        let Escape { what, written, page, why } = escape;
        writeln!(out, "  escapes   {what} {written}  on {page}: {why}")?;
    }
    if let Some(more) = report.escapes.len().checked_sub(SHOWN_MOST).filter(|more| *more > 0) {
        writeln!(out, "            and {more} more")?;
    }
    for note in &report.notes {
        writeln!(out, "  note      {note}")?;
    }
    if let Some(fix) = &report.fix {
        writeln!(out, "  fix       {fix}")?;
    }
    if report.is_fine() {
        let count = |number: usize, noun: &str| match number {
            1 => format!("1 {noun}"),
            _ => format!("{number} {noun}s"),
        };
        let (pages, requests) = (count(report.pages, "page"), count(report.requests, "request"));
        writeln!(out, "  fine      nothing leaves the prefix: {pages}, {requests}")?;
    }
    Ok(())
}

pub(crate) fn write_json(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let apps: Vec<Value> = reports.iter().map(of_one).collect();
    writeln!(out, "{}", json!({"ok": reports.iter().all(Report::is_fine), "apps": apps}))
}

fn of_one(report: &Report) -> Value {
    let escapes: Vec<Value> = report
        .escapes
        .iter()
        .map(|Escape { what, written, page, why }| {
            json!({"what": what, "written": written, "page": page, "why": why})
        })
        .collect();
    json!({
        "app": &*report.app, "place": &*report.place, "at": report.at, "framework": report.framework,
        "ok": report.is_fine(), "pages": report.pages, "requests": report.requests,
        "trouble": report.trouble, "escapes": escapes, "notes": report.notes, "fix": report.fix,
    })
}

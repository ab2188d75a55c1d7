//! `onedoor check`: every mistake in the file; if there is none, what it would serve.

use std::io::{self, Write};

use super::{Ended, Surroundings};
use crate::config::{Layers, TableRow};

pub(super) fn run(layers: &Layers, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let loaded = match super::load(layers, surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    write_table(&loaded.table, surroundings.out)?;
    let (apps, routes) =
        (loaded.apps.apps.len(), loaded.table.iter().filter(|row| !row.at.is_empty()).count());
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    let jobs = match loaded.apps.jobs.len() {
        0 => String::new(),
        jobs => format!(", {}", count(jobs, "job")),
    };
    let (apps, routes) = (count(apps, "app"), count(routes, "route"));
    let are = if layers.files.len() > 1 { "are" } else { "is" };
    writeln!(surroundings.talk, "{} {are} fine: {apps}, {routes}{jobs}", super::detected::name_of(layers))?;
    Ok(Ended::Well)
}

/// Where, what, and the place in the file that says so.
pub(super) fn write_table(table: &[TableRow], out: &mut dyn Write) -> io::Result<()> {
    let width =
        |of: fn(&TableRow) -> &str| table.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (at, what) = (width(|row| &row.at).max(1), width(|row| &row.what));
    for row in table {
        let shown = if row.at.is_empty() { "-" } else { &row.at };
        writeln!(out, "{shown:at$}  {:what$}  {}", row.what, row.place)?;
    }
    Ok(())
}

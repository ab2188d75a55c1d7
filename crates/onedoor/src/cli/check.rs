//! `onedoor check`: every mistake in the file; if there is none, what it would serve, or with `--live` how the apps that
//! run get along with their prefixes. `--fix` mends what is mechanical.

use std::io::{self, Write};

use clap::Args;

use super::live::{self, Form, Wanted};
use super::{Ended, FileArguments, Surroundings, replace_file};
use crate::config::{self, Layers, Loaded, Mended, TableRow};
use crate::control::Place;

/// Find every mistake in the file, and show what it would serve.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Fetch the pages of the apps that run, and say what of them leaves their prefix and how to mend it
    #[arg(long)]
    live: bool,
    /// With --live: only these apps
    #[arg(value_name = "APP", requires = "live")]
    apps: Vec<String>,
    /// With --live: answer in JSON
    #[arg(long, requires = "live")]
    json: bool,
    #[command(flatten)]
    files: FileArguments,
    /// Mend what is mechanical, in the file itself: comments and all else stay as they are
    #[arg(long, conflicts_with = "live")]
    fix: bool,
    /// With --fix: say what would be done, and leave the file alone
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let layers = arguments.files.layers();
    let loaded = if arguments.fix {
        let mended = match config::mend(&layers, surroundings.env) {
            Ok(mended) => mended,
            Err(errors) => {
                return super::told(Err(errors), surroundings).map(|told| told.err().unwrap_or(Ended::Wrong));
            }
        };
        if let Err(ended) = tell_and_write(&mended, arguments, surroundings)? {
            return Ok(ended);
        }
        super::told(mended.outcome, surroundings)?
    } else {
        super::load(&layers, surroundings)?
    };
    match loaded {
        Ok(loaded) if arguments.live => {
            let control = Place::of(layers.first(), loaded.control_socket.as_deref());
            let form = if arguments.json { Form::Json } else { Form::Text };
            live::run(&loaded, &control, Wanted { apps: &arguments.apps, form }, surroundings)
        }
        Ok(loaded) => fine(&layers, &loaded, surroundings),
        Err(ended) => Ok(ended),
    }
}

/// What was done, and the new text in place of the old.
fn tell_and_write(
    mended: &Mended,
    arguments: &Arguments,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<(), Ended>> {
    if !arguments.dry_run {
        for file in &mended.files {
            if let Err(why) = replace_file::replace(&file.path, &file.after) {
                writeln!(surroundings.talk, "error: {} cannot be written: {why}", file.path.display())?;
                return Ok(Err(Ended::Refused));
            }
        }
    }
    let verb = if arguments.dry_run { "would fix" } else { "fixed" };
    for done in &mended.done {
        writeln!(surroundings.talk, "{verb} {done}")?;
    }
    if !mended.done.is_empty() {
        writeln!(surroundings.talk)?;
    }
    Ok(Ok(()))
}

fn fine(layers: &Layers, loaded: &Loaded, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
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

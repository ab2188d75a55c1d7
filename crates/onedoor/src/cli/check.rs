//! `onedoor check`: every mistake in the file; if there is none, what it would serve, or with `--live` how the apps that
//! run get along with their prefixes. `--fix` mends what is mechanical.

use std::io::{self, Write};

use clap::{Args, ValueEnum};

use super::detected::{self, Detected};
use super::live::{self, Form, Wanted};
use super::{Ended, FileArguments, Surroundings, replace_file};
use crate::config::{self, ConfigErrors, Layers, Loaded, Mended, TableRow, report};

const EXAMPLES: &str = "\
Examples:
  onedoor check                      find every mistake, start nothing
  onedoor check --strict             in a workflow: a warning is a failure, too
  onedoor check --fix                mend what is mechanical; the rest is told
  onedoor check --format github      in a workflow: each mistake beside its line
  onedoor check --json | jq '.diagnostics[].message'
  onedoor check --live               what of the apps that run leaves their prefix";

/// Find every mistake in the file, and show what it would serve.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Fetch the pages of the apps that run, and say what of them leaves their prefix and how to mend it
    #[arg(long)]
    live: bool,
    /// With --live: only these apps
    #[arg(value_name = "APP", requires = "live")]
    apps: Vec<String>,
    /// Answer in JSON: every finding with its place and its fix; with --live, what was fetched
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Fail (2) on a warning as on a mistake; `# onedoor: allow(CODE)` behind its line accepts one
    #[arg(long, conflicts_with = "live")]
    strict: bool,
    /// How the findings are told
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    files: FileArguments,
    /// Mend what is mechanical, in the file itself: comments and all else stay as they are
    #[arg(long, conflicts_with = "live")]
    fix: bool,
    /// With --fix: say what would be done, and leave the file alone
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// For a build, where neither the variables nor the secrets of the container are there yet
    #[arg(long, conflicts_with_all = ["live", "fix"])]
    build: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For editors and tools
    Json,
    /// For a workflow of GitHub, which shows them beside the code
    Github,
}

impl Arguments {
    fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    if arguments.build {
        let env = surroundings.env.clone().building();
        let Surroundings { out, talk, paint, .. } = surroundings;
        return judge(arguments, &mut Surroundings { out, talk, env: &env, paint: *paint });
    }
    judge(arguments, surroundings)
}

fn judge(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let layers = arguments.files.layers();
    if arguments.format() != Format::Text {
        return for_machines(&layers, arguments, surroundings);
    }
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
            let site = super::site(&layers, &loaded);
            live::run(&loaded, &site, Wanted { apps: &arguments.apps, form: Form::Text }, surroundings)
        }
        Ok(loaded) if arguments.strict && !loaded.warnings.is_empty() => too_many(&loaded, surroundings),
        Ok(loaded) => fine(&layers, &loaded, surroundings),
        Err(ended) => Ok(ended),
    }
}

/// With `--strict`; the warnings themselves were told.
fn too_many(loaded: &Loaded, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let (count, them) = match loaded.warnings.len() {
        1 => ("1 warning".to_owned(), "it"),
        count => (format!("{count} warnings"), "one"),
    };
    writeln!(
        surroundings.talk,
        "{count}, and --strict takes none: `# onedoor: allow(CODE)` behind its line accepts {them}"
    )?;
    Ok(Ended::Wrong)
}

/// The same on stdout, in a form that is a promise. What `--fix` did is told on stderr.
fn for_machines(
    layers: &Layers,
    arguments: &Arguments,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    let outcome = match read(layers, arguments, surroundings)? {
        Ok(outcome) => outcome,
        Err(ended) => return Ok(ended),
    };
    if let (true, Ok(loaded)) = (arguments.live, &outcome) {
        let form = match arguments.format() {
            Format::Json => Form::Json,
            Format::Text | Format::Github => Form::Text,
        };
        let site = super::site(layers, loaded);
        return live::run(loaded, &site, Wanted { apps: &arguments.apps, form }, surroundings);
    }
    match arguments.format() {
        Format::Github => surroundings.out.write_all(report::github(&outcome).as_bytes())?,
        Format::Text | Format::Json => writeln!(surroundings.out, "{:#}", report::json(&outcome))?,
    }
    let is_well = outcome.is_ok_and(|loaded| !arguments.strict || loaded.warnings.is_empty());
    Ok(if is_well { Ended::Well } else { Ended::Wrong })
}

type Outcome = Result<Loaded, ConfigErrors>;

/// What the files mean, or what is wrong with them. None of it is told.
fn read(
    layers: &Layers,
    arguments: &Arguments,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Outcome, Ended>> {
    if arguments.fix {
        let mended = match config::mend(layers, surroundings.env) {
            Ok(mended) => mended,
            Err(errors) => return Ok(Ok(Err(errors))),
        };
        let written = tell_and_write(&mended, arguments, surroundings)?;
        return Ok(written.map(|()| mended.outcome));
    }
    let Some(detected) = Detected::instead_of(layers) else {
        return Ok(Ok(config::load(layers, surroundings.env)));
    };
    if let Err(ended) = detected::refuse_profile(layers.profile.as_deref(), surroundings)? {
        return Ok(Err(ended));
    }
    detected::tell(&detected, layers, surroundings)?;
    let is_empty = detected.plan.is_empty();
    let env = surroundings.env;
    Ok(Ok(if is_empty { config::load(layers, env) } else { detected.load(env) }))
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
    writeln!(surroundings.talk, "{} {are} fine: {apps}, {routes}{jobs}", detected::name_of(layers))?;
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

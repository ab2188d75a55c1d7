//! `onedoor init`: writes down what was found, for its owner to change. Never over a file that is there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use onedoor_draft::{Detail, Draft, Entry, Purpose};

use super::detected::{self, Detected};
use super::{Ended, Surroundings, importing};
use crate::config;

const EXAMPLES: &str = "\
Examples:
  onedoor init                         look at this folder, write ./onedoor.toml
  onedoor init --stdout                only show what would be written
  onedoor init -o shop/onedoor.toml    the same for the folder shop
  onedoor init --from compose          convert ./compose.yaml, and say what could not be converted
  onedoor init --from nginx nginx.conf --from supervisord supervisord.conf
                                       both together: which program listens where nginx asks

What is looked for: a Procfile; else apps in the folder and two levels below it, in
Python, Node, Bun, Deno, Go, Rust, Ruby, PHP, Java, .NET, Elixir, and plain files.
The table says what was decided because of which file.";

/// Where to, and over what.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file to write, `-` for stdout; its folder is what is looked at
    #[arg(short, long, value_name = "FILE", default_value = "onedoor.toml")]
    output: PathBuf,
    /// Show it instead of writing it
    #[arg(long, conflicts_with = "output")]
    stdout: bool,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// Convert other programs' files: nginx, caddy, supervisord, compose, procfile or unit, and the files (docs/migrate.md)
    #[arg(long, value_name = "FORMAT [FILE]", num_args = 1..)]
    from: Vec<String>,
    /// With --from: tell what became of every line, not only of those that changed or were not converted
    #[arg(short, long, requires = "from")]
    verbose: bool,
}

/// Where the text goes.
enum Target<'a> {
    Stdout,
    File { path: &'a Path, over: Over },
}

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Kept,
    Written,
}

impl Arguments {
    fn target(&self) -> Target<'_> {
        if self.stdout || self.output == Path::new("-") {
            return Target::Stdout;
        }
        Target::File { path: &self.output, over: if self.force { Over::Written } else { Over::Kept } }
    }

    /// The folder that is looked at.
    fn folder(&self) -> PathBuf {
        let own = match self.target() {
            Target::File { path, .. } => path.parent().filter(|parent| !parent.as_os_str().is_empty()),
            Target::Stdout => None,
        };
        own.map_or_else(|| ".".into(), Path::to_owned)
    }
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    if let Target::File { path, over: Over::Kept } = arguments.target()
        && path.symlink_metadata().is_ok()
    {
        writeln!(
            surroundings.talk,
            "there is a {} already; --force writes over it, --stdout only shows what would be written",
            path.display()
        )?;
        return Ok(Ended::Refused);
    }
    if !arguments.from.is_empty() {
        return converted(arguments, surroundings);
    }
    let detected = Detected::look(&arguments.folder());
    if detected.plan.is_empty() {
        detected::tell_nothing_in(&detected, surroundings)?;
        return Ok(Ended::Refused);
    }
    detected::write_table(&detected.plan, surroundings.talk)?;
    writeln!(surroundings.talk)?;
    let text = written(&detected);
    // What a stranger's folder holds may be what no file can say.
    if let Err(errors) = config::check_text(&text, surroundings.env) {
        surroundings.talk.write_all(errors.render(surroundings.paint).as_bytes())?;
        writeln!(surroundings.talk, "nothing was written")?;
        return Ok(Ended::Refused);
    }
    put(&text, arguments, &detected.plan.missing, surroundings)
}

/// What other programs' files say. The file is written even if a variable of it is not set here: it is its owner who
/// knows what the container will be given.
fn converted(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let detail = if arguments.verbose { Detail::Whole } else { Detail::Loud };
    let conversion = match importing::convert(&arguments.from, detail, surroundings)? {
        Ok(conversion) => conversion,
        Err(ended) => return Ok(ended),
    };
    let text = conversion.draft.render();
    if let Err(errors) = config::check_text(&text, surroundings.env) {
        writeln!(surroundings.talk, "\nSTILL TO BE SETTLED IN THE FILE")?;
        surroundings.talk.write_all(errors.render(surroundings.paint).as_bytes())?;
    }
    writeln!(surroundings.talk)?;
    put(&text, arguments, &[], surroundings)
}

/// Writes the text where it was asked for, and says what to do next.
fn put(
    text: &str,
    arguments: &Arguments,
    missing: &[String],
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    match arguments.target() {
        Target::Stdout => surroundings.out.write_all(text.as_bytes())?,
        Target::File { path, over } => {
            if let Err(error) = write(path, over, text) {
                writeln!(surroundings.talk, "{} cannot be written: {error}", path.display())?;
                return Ok(Ended::Refused);
            }
            tell_next_steps(path, missing, surroundings)?;
        }
    }
    Ok(Ended::Well)
}

/// The draft with what a file has and a start without one does not.
fn written(detected: &Detected) -> String {
    let mut draft: Draft = detected.plan.draft(Purpose::Use);
    draft.notes = vec![
        "Written by `onedoor init`. `onedoor check` finds every mistake in it, `onedoor explain /path` says who answers,"
            .to_owned(),
        "`onedoor docs KEY` what a key means.".to_owned(),
    ];
    if !detected.plan.has_route("/health") {
        let mut health = Entry::named("/health");
        health.say("builtin", "health");
        draft.routes.push(health);
    }
    draft.render()
}

/// Whole or not at all: into a file beside it first.
fn write(path: &Path, over: Over, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let placed = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| match over {
        Over::Written => fs::rename(&beside, path),
        // A link, unlike a renaming, fails where something is.
        Over::Kept => fs::hard_link(&beside, path),
    });
    if placed.is_err() || over == Over::Kept {
        fs::remove_file(&beside).ok();
    }
    placed
}

fn tell_next_steps(path: &Path, missing: &[String], surroundings: &mut Surroundings<'_>) -> io::Result<()> {
    let talk = &mut *surroundings.talk;
    let file = match path.to_str() {
        Some("onedoor.toml") => String::new(),
        _ => format!(" -f {}", path.display()),
    };
    writeln!(talk, "wrote {}. Next:", path.display())?;
    if !missing.is_empty() {
        writeln!(talk, "  see to what is missing (above)")?;
    }
    writeln!(talk, "  onedoor check{file}             every mistake in it, and what it would serve")?;
    writeln!(talk, "  onedoor explain{file} /a/path   who answers a request, and what the app sees")?;
    writeln!(talk, "  onedoor{file}                   start it all")
}

#[cfg(test)]
#[path = "init_tests.rs"]
mod tests;

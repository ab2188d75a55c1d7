//! `onedoor fmt`: the same file, laid out as all are. What is no TOML is left alone, and so is every other file then.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Ended, Surroundings, replace_file};
use crate::config::{Layers, Layout};

const EXAMPLES: &str = "\
Comments and the order stay. `key = value`; `{ a = 1 }` with blanks; the `=` of one-line apps,
jobs and routes in one column; one blank line in a row at most; no blanks at the end of a line.

Examples:
  onedoor fmt                          lay out ./onedoor.toml
  onedoor fmt -f door.toml -f prod.toml
  onedoor fmt --check                  for CI: name the files that would change and end with 3
  onedoor fmt -f - < door.toml         from stdin to stdout, for an editor";

/// What would change, where nothing is to be written.
const EXIT_WOULD_CHANGE: u8 = 3;

/// Lay the file out: one form, whoever wrote it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Write nothing; name the files that would change, and end with 3 if there are any
    #[arg(long)]
    check: bool,
    /// The file to lay out, `-` for stdin to stdout; may be given again [default: onedoor.toml]
    #[arg(short, long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let files = Layers::new(arguments.files.clone(), None).files;
    let mut laid_out = Vec::new();
    for path in &files {
        if let Some(layout) = lay_out(path, surroundings)? {
            laid_out.push((path.as_path(), layout));
        }
    }
    if laid_out.len() < files.len() {
        return Ok(Ended::Wrong);
    }
    if arguments.check {
        name_changes(&laid_out, surroundings)
    } else {
        write_changes(&laid_out, surroundings)
    }
}

/// None: it was told why not.
fn lay_out(path: &Path, surroundings: &mut Surroundings<'_>) -> io::Result<Option<Layout>> {
    if path.extension().is_some_and(|extension| extension == "json") {
        let name = path.display();
        writeln!(
            surroundings.talk,
            "{name} is JSON, and fmt lays out TOML only; any JSON formatter does, as `jq . {name}`"
        )?;
        return Ok(None);
    }
    let layout = if is_stdin(path) {
        let mut text = String::new();
        if let Err(error) = io::stdin().lock().read_to_string(&mut text) {
            writeln!(surroundings.talk, "stdin cannot be read: {error}")?;
            return Ok(None);
        }
        Layout::of_text("stdin", text)
    } else {
        Layout::of_file(path)
    };
    match layout {
        Ok(layout) => Ok(Some(layout)),
        Err(errors) => {
            surroundings.talk.write_all(errors.render(surroundings.paint).as_bytes())?;
            Ok(None)
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn name_changes(laid_out: &[(&Path, Layout)], surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let mut ended = Ended::Well;
    for (path, _) in laid_out.iter().filter(|(_, layout)| !layout.is_as_it_was()) {
        ended = Ended::As(EXIT_WOULD_CHANGE);
        let name = if is_stdin(path) { Path::new("stdin") } else { path };
        writeln!(surroundings.out, "{}", name.display())?;
    }
    if ended != Ended::Well {
        writeln!(surroundings.talk, "`onedoor fmt` would change these")?;
    }
    Ok(ended)
}

fn write_changes(laid_out: &[(&Path, Layout)], surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let mut ended = Ended::Well;
    for (path, layout) in laid_out {
        if is_stdin(path) {
            surroundings.out.write_all(layout.after.as_bytes())?;
        } else if layout.is_as_it_was() {
            writeln!(surroundings.talk, "{} is laid out already", path.display())?;
        } else if let Err(error) = replace_file::replace(path, &layout.after) {
            ended = Ended::Refused;
            writeln!(surroundings.talk, "{} cannot be written: {error}", path.display())?;
        } else {
            writeln!(surroundings.talk, "laid out {}", path.display())?;
        }
    }
    Ok(ended)
}

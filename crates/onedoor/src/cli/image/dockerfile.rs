//! `onedoor dockerfile`: writes the Dockerfile, its .dockerignore, and puts the program beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Ended, Surroundings, replace_file};
use super::pin::Missing;
use super::{ImageArguments, Made, diff};

const EXAMPLES: &str = "\
Examples:
  onedoor dockerfile                    write ./Dockerfile for ./onedoor.toml, or for what is found here
  onedoor dockerfile -o -               only show it
  onedoor dockerfile --check            in CI: 3 if the Dockerfile is not what would be written
  onedoor dockerfile --pin images.lock  on the same base images next year; the file keeps their digests
  onedoor dockerfile --eject            without the line that says who wrote it: from now on it is yours
  docker build -t shop . && docker run -p 8000:8000 --rm -it shop

Each app is built in a stage of its own, manifests first; the image has what is needed to run and no more.";

/// The Dockerfile differs from what would be written.
const EXIT_DIFFERS: u8 = 3;

/// Where this line stands, the file may be written anew.
pub(super) const WRITTEN_BY: &str = "# Written by onedoor ";

/// Write a Dockerfile for everything that the file serves.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,
    /// Build on the digests of this file; what has none there is asked for and added
    #[arg(long, value_name = "FILE")]
    pin: Option<PathBuf>,
    /// The file to write, `-` for stdout
    #[arg(short, long, value_name = "FILE", default_value = "Dockerfile")]
    output: PathBuf,
    /// Write nothing; 3 if the file is not what would be written
    #[arg(long)]
    check: bool,
    /// Without the line that says who wrote it
    #[arg(long)]
    eject: bool,
    /// Write it over a file that onedoor did not write
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let missing = if arguments.check { Missing::Refuse } else { Missing::Ask };
    let pins = arguments.pin.as_deref().map(|file| (file, missing));
    let made = match super::make(&arguments.image, pins, surroundings)? {
        Ok(made) => made,
        Err(ended) => return Ok(ended),
    };
    let text = if arguments.eject { ejected(&made.image.dockerfile) } else { made.image.dockerfile.clone() };
    super::write_notes(&made.image, surroundings.talk)?;
    if arguments.output == Path::new("-") {
        surroundings.out.write_all(text.as_bytes())?;
        return Ok(Ended::Well);
    }
    if arguments.check {
        return compared(&arguments.output, &text, surroundings);
    }
    let file = &arguments.output;
    if !arguments.force && is_somebodys(file) {
        let file = file.display();
        writeln!(
            surroundings.talk,
            "{file}: is there, and onedoor did not write it: `-o FILE` writes another, `--force` writes over it, and `onedoor build` uses it as it is"
        )?;
        return Ok(Ended::Refused);
    }
    match put(file, &text, &made, surroundings)? {
        Ok(()) => {
            let folder = made.folder.display();
            writeln!(surroundings.talk, "next: docker build -t NAME -f {} {folder}", file.display())?;
            Ok(Ended::Well)
        }
        Err(why) => {
            writeln!(surroundings.talk, "{why}")?;
            Ok(Ended::Refused)
        }
    }
}

fn ejected(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with(WRITTEN_BY)).flat_map(|line| [line, "\n"]).collect()
}

/// True for a Dockerfile that its owner looks after; what cannot be read is none that may be written over either.
pub(super) fn is_somebodys(file: &Path) -> bool {
    match fs::read_to_string(file) {
        Ok(text) => !text.lines().take(5).any(|line| line.starts_with(WRITTEN_BY)),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn compared(file: &Path, text: &str, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let there = match fs::read_to_string(file) {
        Ok(there) => there,
        Err(error) => {
            writeln!(surroundings.talk, "{}: cannot be read: {error}", file.display())?;
            writeln!(surroundings.talk, "`onedoor dockerfile` writes it")?;
            return Ok(Ended::As(EXIT_DIFFERS));
        }
    };
    if there == text {
        writeln!(surroundings.talk, "{}: is what would be written", file.display())?;
        return Ok(Ended::Well);
    }
    writeln!(surroundings.out, "--- {0}\n+++ {0} as it would be written", file.display())?;
    write!(surroundings.out, "{}", diff::unified(&there, text))?;
    writeln!(
        surroundings.talk,
        "{}: is not what would be written; `onedoor dockerfile` writes it anew",
        file.display()
    )?;
    Ok(Ended::As(EXIT_DIFFERS))
}

/// Writes the Dockerfile and, where they are not there, what its build needs beside it; or says which file could not be
/// written.
pub(super) fn put(
    file: &Path,
    text: &str,
    made: &Made,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<(), String>> {
    let ignore = made.folder.join(".dockerignore");
    let ignored =
        ignore.symlink_metadata().is_err().then_some((ignore.as_path(), made.image.ignore.as_str()));
    for (file, text) in [(file, text)].into_iter().chain(ignored) {
        if let Err(error) = replace_file::put(file, text) {
            return Ok(Err(format!("{} cannot be written: {error}", file.display())));
        }
        writeln!(surroundings.talk, "wrote {}", file.display())?;
    }
    match made.origin.put(&made.folder) {
        Ok(Some(program)) => {
            writeln!(surroundings.talk, "wrote {}: this program, for the image", program.display())?
        }
        Ok(None) => {}
        Err(why) => return Ok(Err(why)),
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_onedoor_wrote_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("Dockerfile");
        assert!(!is_somebodys(&file), "there is none");
        fs::write(&file, format!("# syntax=docker/dockerfile:1\n{WRITTEN_BY}0.1.0.\n")).unwrap();
        assert!(!is_somebodys(&file));
        fs::write(&file, "FROM scratch\n").unwrap();
        assert!(is_somebodys(&file));
        fs::write(&file, [0xff]).unwrap();
        assert!(is_somebodys(&file), "what cannot be read is somebody's");
    }
}

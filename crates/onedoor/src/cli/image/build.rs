//! `onedoor build`: writes what is missing for a build, and becomes the engine that is found.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::super::{Ended, Surroundings};
use super::engine::Engine;
use super::pin::Missing;
use super::{ImageArguments, Made, dockerfile, revision};

const EXAMPLES: &str = "\
Examples:
  onedoor build                   the image of ./onedoor.toml, called after its name or its folder
  onedoor build -t shop:1.4       called so
  onedoor build --engine podman   by this one
  onedoor build -- --pull         what comes after -- goes to the engine

A Dockerfile that is your own (written by hand, or by `onedoor dockerfile --eject`) is used as it is.";

/// Build the image with the docker, podman or buildah that is here.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    image: ImageArguments,
    /// Build on the digests of this file, which `onedoor dockerfile --pin` writes
    #[arg(long, value_name = "FILE")]
    pin: Option<PathBuf>,
    /// What the image is called [default: the file's `name`, else the folder's]
    #[arg(short, long, value_name = "TAG")]
    tag: Option<String>,
    /// Who builds [default: the first of them that is on PATH]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<Engine>,
    /// For the engine
    #[arg(last = true, value_name = "ARGUMENT")]
    others: Vec<String>,
}

pub(in crate::cli) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    // Nobody is asked here: who becomes the engine has no children before.
    let pins = arguments.pin.as_deref().map(|file| (file, Missing::Refuse));
    let made = match super::make(&arguments.image, pins, surroundings)? {
        Ok(made) => made,
        Err(ended) => return Ok(ended),
    };
    super::write_notes(&made.image, surroundings.talk)?;
    let found = arguments.engine.or_else(Engine::found);
    let Some(engine) = found.filter(|engine| engine.is_here()) else {
        let wanted = arguments.engine.map_or("neither docker nor podman nor buildah", Engine::program);
        writeln!(
            surroundings.talk,
            "{wanted} is not on PATH; `onedoor dockerfile` writes what any engine can build"
        )?;
        return Ok(Ended::Refused);
    };
    let file = made.folder.join("Dockerfile");
    if !dockerfile::is_somebodys(&file)
        && let Err(why) = dockerfile::put(&file, &made.image.dockerfile, &made, surroundings)?
    {
        writeln!(surroundings.talk, "{why}")?;
        return Ok(Ended::Refused);
    }
    become_engine(engine, arguments, &file, &made, surroundings)
}

fn become_engine(
    engine: Engine,
    arguments: &Arguments,
    file: &Path,
    made: &Made,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Ended> {
    let tag = arguments.tag.clone().unwrap_or_else(|| name(made));
    let mut command = Command::new(engine.program());
    command
        .args(engine.arguments())
        .args(["-t", &tag, "-f"])
        .arg(file)
        .args(revision::labels(&made.folder).iter().flat_map(|label| ["--label", label]))
        .args(&arguments.others)
        .arg(&made.folder);
    writeln!(
        surroundings.talk,
        "{} {} -t {tag} {}",
        engine.program(),
        engine.arguments().join(" "),
        made.folder.display()
    )?;
    surroundings.talk.flush()?;
    let error = command.exec();
    writeln!(surroundings.talk, "{} cannot be run: {error}", engine.program())?;
    Ok(Ended::Refused)
}

/// What an image may be called: the folder's name in small letters.
fn name(made: &Made) -> String {
    let folder: PathBuf = made.folder.canonicalize().unwrap_or_else(|_| made.folder.clone());
    let own = made.name.clone().or_else(|| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let fine = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = own.unwrap_or_default().chars().map(fine).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

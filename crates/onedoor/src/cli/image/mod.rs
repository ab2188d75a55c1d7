//! The image of what a file serves: its Dockerfile, what that is made from, and an engine that builds it.
//!
//! Here a configuration becomes what `onedoor_draft::image` asks for. It is read for an image: nothing of the machine
//! that writes the Dockerfile is in it, neither variables nor what is installed, so the same files give the same bytes.

mod build;
mod diff;
mod dockerfile;
mod engine;
mod origin;
mod pin;
mod plan;
mod revision;

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

pub(super) use build::Arguments as Build;
pub(super) use build::run as build;
use clap::Args;
pub(super) use dockerfile::Arguments as Dockerfile;
pub(super) use dockerfile::run as dockerfile;
use onedoor_draft::{Configuration, Image, Kind, Wanted, WantedApp};
pub(super) use plan::Arguments as Plan;
pub(super) use plan::run as plan;

use self::origin::Origin;
use super::detected::{self, Detected};
use super::{Ended, FileArguments, Surroundings};
use crate::apps::spec::{AppSpec, Command};
use crate::config::{self, Env, Layers, Loaded};
use crate::proxy::config::Listen;
use crate::proxy::route::{Action, Extent};

/// What is asked of the image.
#[derive(Clone, Debug, Args)]
struct ImageArguments {
    #[command(flatten)]
    files: FileArguments,
    /// How onedoor gets in: a program in this folder, an image, a version, or `source:` and the folder of a clone
    /// [default: this very program]
    #[arg(long, value_name = "PATH|IMAGE|VERSION")]
    onedoor: Option<String>,
    /// The folder that a build sees, where it is above that of the file [default: the folder of the file]
    #[arg(long, value_name = "DIR")]
    context: Option<PathBuf>,
}

/// An image and where its build takes place.
struct Made {
    image: Image,
    /// The build's context.
    folder: PathBuf,
    origin: Origin,
    /// As the file calls it all.
    name: Option<String>,
}

/// Where digests are kept, and what becomes of one that is not there.
type Pinning<'a> = Option<(&'a Path, pin::Missing)>;

/// Reads the files, or what the folder says, and makes the image's text of it. What is wrong is told.
fn make(
    arguments: &ImageArguments,
    pinning: Pinning<'_>,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Made, Ended>> {
    let layers = arguments.files.layers();
    let env = Env::made_of([]).building();
    let detected = Detected::instead_of(&layers);
    if let Some(detected) = detected.as_ref().filter(|detected| detected.plan.is_empty()) {
        detected::tell_nothing_in(detected, surroundings)?;
        return Ok(Err(Ended::Wrong));
    }
    let loaded = match &detected {
        Some(detected) => detected.load_to_ask(&env),
        None => config::load_to_ask(&layers, &env),
    };
    let loaded = match super::told(loaded, surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(Err(ended)),
    };
    match made(arguments, &layers, &loaded, detected.as_ref(), pinning) {
        Ok(made) => Ok(Ok(made)),
        Err(why) => {
            writeln!(surroundings.talk, "{why}")?;
            Ok(Err(Ended::Wrong))
        }
    }
}

fn made(
    arguments: &ImageArguments,
    layers: &Layers,
    loaded: &Loaded,
    detected: Option<&Detected>,
    pinning: Pinning<'_>,
) -> Result<Made, String> {
    let folder = folder_of(layers);
    let configuration = match detected {
        Some(detected) => Configuration::Found(detected.text()),
        None => Configuration::Files(inside(&folder, &layers.files)?),
    };
    let (context, below) = context(arguments.context.as_deref(), &folder)?;
    let origin = Origin::of(arguments.onedoor.as_deref(), &context)?;
    let wanted = wanted(loaded, configuration, &folder, &origin)?;
    let wanted = Wanted { profile: layers.profile.clone(), below, ..wanted };
    let mut image = onedoor_draft::image(&folder, &wanted);
    if let Some((file, missing)) = pinning {
        let pins = pin::pins(file, &image.images, missing)?;
        image = onedoor_draft::image(&folder, &Wanted { pins, ..wanted.clone() });
    }
    Ok(Made { image, folder: context, origin, name: wanted.name })
}

/// The folder of the first file: relative paths start there, in the image too.
fn folder_of(layers: &Layers) -> PathBuf {
    let first = std::path::absolute(layers.first()).unwrap_or_else(|_| layers.first().to_owned());
    first.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// The build's context, and the file's folder from there.
fn context(asked: Option<&Path>, folder: &Path) -> Result<(PathBuf, String), String> {
    let Some(asked) = asked else { return Ok((folder.to_owned(), String::new())) };
    let real = |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    let context = real(asked)?;
    let below = relative(&context, &real(folder)?)
        .ok_or_else(|| format!("--context {}: {} is not in it", asked.display(), folder.display()))?;
    Ok((context, below))
}

/// The files' names from the folder.
fn inside(folder: &Path, files: &[PathBuf]) -> Result<Vec<String>, String> {
    let name = |file: &PathBuf| {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        relative(folder, &whole).ok_or_else(|| {
            format!(
                "{} is not in {}: an image is made from one folder, that of the first file; move it there",
                file.display(),
                folder.display()
            )
        })
    };
    files.iter().map(name).collect()
}

/// The path from the folder, if it lies in it.
fn relative(folder: &Path, path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.strip_prefix(folder).ok()?.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn wanted(
    loaded: &Loaded,
    configuration: Configuration,
    folder: &Path,
    origin: &Origin,
) -> Result<Wanted, String> {
    let apps = loaded.apps.apps.iter().zip(&loaded.builds);
    let apps = apps.map(|(app, build)| (app, Kind::App, build.clone()));
    let jobs = loaded.apps.jobs.iter().map(|job| (&job.worker, Kind::Job, onedoor_draft::Build::default()));
    Ok(Wanted {
        apps: apps
            .chain(jobs)
            .map(|(spec, kind, build)| app(spec, kind, build, folder))
            .collect::<Result<_, _>>()?,
        files: files(loaded, folder),
        configuration,
        below: String::new(),
        onedoor: origin.for_the_image(),
        version: env!("CARGO_PKG_VERSION"),
        name: loaded.name.as_deref().map(str::to_owned),
        port: port(&loaded.proxy.listen),
        profile: None,
        pins: pin::Pins::new(),
    })
}

fn app(spec: &AppSpec, kind: Kind, build: onedoor_draft::Build, folder: &Path) -> Result<WantedApp, String> {
    let Some(dir) = relative(folder, &spec.dir) else {
        return Err(format!(
            "{}: {} is in {}, which is not below {}: an image is made from one folder; move the app, or the file up",
            spec.place,
            spec.name,
            spec.dir.display(),
            folder.display()
        ));
    };
    let words = match &spec.command {
        Command::Exec(words) => words.clone(),
        // What the shell makes of it is its own business; the programs' names are in it all the same.
        Command::Shell(line) => line.split_whitespace().map(str::to_owned).collect(),
    };
    // A file elsewhere is in no image anyhow; `check --build` says so there.
    let env_files = spec.environment.files.iter().filter_map(|file| relative(folder, file)).collect();
    Ok(WantedApp {
        name: spec.name.to_string(),
        dir,
        words,
        kind,
        env_files,
        user: spec.isolation.user.clone(),
        build,
    })
}

/// What routes serve from the folder, each once.
fn files(loaded: &Loaded, folder: &Path) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (_, route) in loaded.proxy.routes.all() {
        let Action::Files(files) = &route.action else { continue };
        let path = match &files.extent {
            Extent::Below => files.folder.clone(),
            Extent::Only(name) => files.folder.join(&**name),
        };
        found.extend(relative(folder, &path).filter(|path| !found.contains(path)));
    }
    found
}

/// The first port that clients come to.
fn port(listen: &[Listen]) -> u16 {
    let tcp = |listen: &Listen| match listen {
        Listen::Tcp(address) => Some(address.port()),
        Listen::AnyAddress { port } => Some(*port),
        Listen::Unix(_) | Listen::FirstFree { .. } => None,
    };
    listen.iter().find_map(tcp).unwrap_or(8000)
}

/// What was decided between two readings, below everything else.
fn write_notes(image: &Image, out: &mut dyn Write) -> io::Result<()> {
    for note in &image.notes {
        writeln!(out, "note: {note}")?;
    }
    for planned in image.plan.iter().filter(|planned| planned.experimental) {
        let (apps, provider) = (planned.apps.join(", "), planned.provider);
        writeln!(
            out,
            "note: {apps}: {provider} is experimental: its steps were never run with the real tools"
        )?;
    }
    Ok(())
}

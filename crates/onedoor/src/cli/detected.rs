//! No file, and none named: what the folder itself says, shown as a table before anything is made of it.
//!
//! Never writes a file; `init` does. What is shown and what is started are the same text, read like any other file, so
//! a mistake in it is told with a line of what `onedoor init --stdout` prints.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use onedoor_draft::{LANGUAGES, Look, Plan, Purpose, Source};

use super::{Ended, Surroundings, told};
use crate::config::code::Code;
use crate::config::{self, ConfigErrors, Env, Layers, Loaded, Paint};

/// What the text is called in messages.
const NAME: &str = "as detected";

/// What was decided, and where it was looked.
#[derive(Debug)]
pub(super) struct Detected {
    pub(super) plan: Plan,
    source: Source,
    folder: PathBuf,
}

impl Detected {
    /// What the folder says.
    pub(super) fn look(folder: &Path) -> Self {
        let Look { plan, source, root: folder } = onedoor_draft::look(folder);
        Self { plan, source, folder }
    }

    /// In place of the files, if nobody named one and there is none.
    pub(super) fn instead_of(layers: &Layers) -> Option<Self> {
        if !layers.is_unnamed_and_missing() {
            return None;
        }
        let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
        Some(Self::look(&here))
    }

    /// As `init` writes it.
    pub(super) fn text(&self) -> String {
        self.plan.draft(Purpose::Use).render()
    }

    fn text_for(&self, env: &Env) -> String {
        if env.is_for_development() {
            return self.plan.draft(Purpose::Development).render();
        }
        self.text()
    }

    /// Read like any other file. That a folder is served as it stands there, unbuilt, is no trap of who wrote nothing.
    pub(super) fn load(&self, env: &Env) -> Result<Loaded, ConfigErrors> {
        let mut loaded = config::load_text(NAME, &self.text_for(env), &self.folder, env)?;
        if matches!(self.source, Source::Folder) {
            // The table has said it.
            for code in [Code::DevelopmentServer, Code::FilesMissing, Code::ServesSource] {
                loaded.warnings.forget(code);
            }
        }
        Ok(loaded)
    }

    /// The same without looking up folders and programs.
    pub(super) fn load_to_ask(&self, env: &Env) -> Result<Loaded, ConfigErrors> {
        config::load_text_to_ask(NAME, &self.text_for(env), &self.folder, env)
    }
}

/// How `check` and others call what they read.
pub(super) fn name_of(layers: &Layers) -> String {
    if layers.is_unnamed_and_missing() { "what was found".to_owned() } else { layers.show() }
}

/// Loads what the folder says, or the files. What is wrong is told.
pub(super) fn load_or(
    layers: &Layers,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Loaded, Ended>> {
    let Some(detected) = Detected::instead_of(layers) else {
        return told(config::load(layers, surroundings.env), surroundings);
    };
    if let Err(ended) = refuse_profile(layers.profile.as_deref(), surroundings)? {
        return Ok(Err(ended));
    }
    tell(&detected, layers, surroundings)?;
    told_of(&detected, surroundings)
}

/// The same to be asked about: nothing is shown but where it comes from, and nothing need be installed.
pub(super) fn load_or_ask(
    layers: &Layers,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Loaded, Ended>> {
    let Some(detected) = Detected::instead_of(layers) else {
        return told(config::load_to_ask(layers, surroundings.env), surroundings);
    };
    if let Err(ended) = refuse_profile(layers.profile.as_deref(), surroundings)? {
        return Ok(Err(ended));
    }
    if detected.plan.is_empty() {
        tell_nothing(&detected, layers, surroundings)?;
        return Ok(Err(Ended::Wrong));
    }
    writeln!(
        surroundings.talk,
        "there is no {}: {NAME} (`onedoor check` shows it)",
        layers.first().display()
    )?;
    told(detected.load_to_ask(surroundings.env), surroundings)
}

/// Where there is no file there is no profile. The flag was meant for this very command; the variable may be there for
/// another, so it only gets a warning.
pub(super) fn refuse_profile(
    profile: Option<&str>,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<(), Ended>> {
    let Some(name) = profile.filter(|name| !name.is_empty()) else { return Ok(Ok(())) };
    let fact = format!("no file is read here that could say [profile.{}]", printable(name));
    if surroundings.env.text(super::PROFILE_VARIABLE) == Some(name) {
        writeln!(surroundings.talk, "warning: {} changes nothing: {fact}", super::PROFILE_VARIABLE)?;
        return Ok(Ok(()));
    }
    let remedy = "`onedoor init` writes a file; or leave --profile out";
    writeln!(
        surroundings.talk,
        "error: there is no profile \"{}\": {fact}\n  = help: {remedy}",
        printable(name)
    )?;
    Ok(Err(Ended::Wrong))
}

/// Reads what was detected and told already.
pub(super) fn told_of(
    detected: &Detected,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Loaded, Ended>> {
    if detected.plan.is_empty() {
        return Ok(Err(Ended::Wrong));
    }
    told(detected.load(surroundings.env), surroundings)
}

/// The table of what was decided because of which file; or what was looked for in vain.
pub(super) fn tell(
    detected: &Detected,
    layers: &Layers,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<()> {
    if detected.plan.is_empty() {
        return tell_nothing(detected, layers, surroundings);
    }
    let from = match detected.source {
        Source::Procfile => "this is what the Procfile says",
        Source::Folder => "this is what was found",
    };
    writeln!(surroundings.talk, "there is no {}; {from}:\n", layers.first().display())?;
    write_table(&detected.plan, surroundings.talk)?;
    writeln!(surroundings.talk)
}

fn tell_nothing(detected: &Detected, layers: &Layers, surroundings: &mut Surroundings<'_>) -> io::Result<()> {
    if let Err(errors) = config::load(layers, surroundings.env) {
        surroundings.talk.write_all(errors.render(surroundings.paint).as_bytes())?;
        writeln!(surroundings.talk)?;
    }
    tell_nothing_in(detected, surroundings)
}

/// What was looked for in vain.
pub(super) fn tell_nothing_in(detected: &Detected, surroundings: &mut Surroundings<'_>) -> io::Result<()> {
    let talk = &mut *surroundings.talk;
    writeln!(
        talk,
        "nothing to be started was found; looked for a Procfile, and in the folder and two levels below it for:\n"
    )?;
    for language in &LANGUAGES {
        writeln!(talk, "  {:11}  {}", language.name, language.manifests.join(", "))?;
    }
    writeln!(talk, "\nand for scripts that listen, such as main.py or server.js")?;
    write_notes(&detected.plan, surroundings.talk)
}

/// Asks on a terminal whether to start this.
pub(super) fn is_wanted(surroundings: &mut Surroundings<'_>) -> io::Result<bool> {
    write!(surroundings.talk, "start these? [Y/n] ")?;
    surroundings.talk.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    // The end of the input is no yes.
    let is_yes =
        answer.ends_with('\n') && matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes");
    if !is_yes {
        writeln!(surroundings.talk, "nothing was started; `onedoor init` writes this down, to be changed")?;
    }
    Ok(is_yes)
}

/// True if there is somebody to ask. The first process of a container has nobody, whatever it is attached to.
pub(super) fn can_ask() -> bool {
    std::process::id() != 1 && io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Reads everything again, for a reload.
pub(super) fn reread(layers: &Layers, env: &Env) -> Result<Loaded, String> {
    let loaded = match Detected::instead_of(layers) {
        Some(detected) => detected.load(env),
        None => config::load(layers, env),
    };
    loaded.map_err(|errors| errors.render(Paint::Plain))
}

const HEAD: [&str; 5] = ["APP", "AT", "IN", "COMMAND", "BECAUSE OF"];

/// A row for each app and job, one more for each further reason; then what is missing and what was left open.
pub(super) fn write_table(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<[String; 5]> = vec![HEAD.map(str::to_owned)];
    for (app, at) in plan
        .apps
        .iter()
        .map(|app| (app, app.path.clone().unwrap_or_else(|| "-".to_owned())))
        .chain(plan.jobs.iter().map(|job| (job, "at start".to_owned())))
    {
        let dir = if app.dir.is_empty() { "." } else { &app.dir };
        let mut why = app.why.iter().cloned();
        rows.push([
            app.name.clone(),
            at,
            dir.to_owned(),
            shortened(&app.run.to_string()),
            why.next().unwrap_or_default(),
        ]);
        rows.extend(why.map(|why| [String::new(), String::new(), String::new(), String::new(), why]));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{:width$}", printable(cell))).collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    write_notes(plan, out)
}

/// The whole command is in the file; here it is to be recognised.
fn shortened(command: &str) -> String {
    const CHARACTERS_MOST: usize = 56;
    if command.chars().count() <= CHARACTERS_MOST {
        return command.to_owned();
    }
    command.chars().take(CHARACTERS_MOST - 3).chain("...".chars()).collect()
}

fn write_notes(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    if plan.notes.is_empty() && plan.missing.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for note in &plan.notes {
        writeln!(out, "note: {}", printable(note))?;
    }
    for what in &plan.missing {
        writeln!(out, "missing: {}", printable(what))?;
    }
    Ok(())
}

/// A file's name may hold what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

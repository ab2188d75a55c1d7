//! `onedoor exec -- CMD`: init alone. `onedoor run APP`: one app or job of the file alone. `onedoor -- CMD`: a command
//! served as if a file said so.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use onedoor_linux::spawn::{SpawnError, SpawnSpec, resolve_program};

use super::{Ended, FileArguments, Surroundings, told};
use crate::apps::{Alone, launch_alone};
use crate::config::{self, Loaded};
use crate::control::{Answer, CallError, Patience, Request, call};
use crate::init::run_alone;
use crate::loopback::{Addresses, variable_of};

/// For the onedoor that runs to say where its side doors are.
const PATIENCE: Duration = Duration::from_secs(2);

/// A command, taken as it is.
#[derive(Clone, Debug, Args)]
pub(super) struct Exec {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    words: Vec<OsString>,
}

/// An app or a job of the file.
#[derive(Clone, Debug, Args)]
pub(super) struct Run {
    /// The name of the app or job
    name: String,
    #[command(flatten)]
    files: FileArguments,
}

/// Runs the command to its end; its exit code is ours.
pub(super) fn exec(arguments: &Exec, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let spec = match spec_of(&arguments.words) {
        Ok(spec) => spec,
        Err(error) => {
            writeln!(surroundings.talk, "onedoor: {error}")?;
            return Ok(Ended::As(error.exit_code()));
        }
    };
    let (_platform, budget) = config::platform_of(surroundings.env);
    ended(&spec, budget, surroundings)
}

fn spec_of(words: &[OsString]) -> Result<SpawnSpec, SpawnError> {
    let name = words.first().map(OsString::as_os_str).unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/local/bin:/usr/bin:/bin").into());
    let mut spec = SpawnSpec::new(resolve_program(name, &path, &here)?, here);
    spec.argv = words.to_vec();
    spec.env = std::env::vars_os().collect();
    Ok(spec)
}

fn ended(spec: &SpawnSpec, budget: Duration, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    surroundings.out.flush()?;
    match run_alone(spec, budget) {
        Ok(code) => Ok(Ended::As(code)),
        Err(error) => {
            writeln!(surroundings.talk, "onedoor: {error}")?;
            Ok(Ended::As(error.exit_code()))
        }
    }
}

/// Runs one app or job with the environment that it has under the door, and without the door.
pub(super) fn run(arguments: &Run, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let loaded = match super::load(&arguments.files.layers(), surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    let budget = loaded.apps.stop_budget;
    let addresses = side_doors(&loaded, arguments, surroundings)?;
    match launch_alone(&loaded.apps, &arguments.name, addresses) {
        Ok(Alone { spec, listens, complaints, kept: _kept }) => {
            for line in complaints {
                writeln!(surroundings.talk, "onedoor: {}: {line}", arguments.name)?;
            }
            if let Some(port) = listens {
                writeln!(surroundings.talk, "onedoor: {} is told PORT={port}", arguments.name)?;
            }
            ended(&spec, budget, surroundings)
        }
        Err(why) => {
            writeln!(surroundings.talk, "onedoor: {why}")?;
            Ok(Ended::Refused)
        }
    }
}

/// Where the others are found: by the onedoor that runs the file. Without one it is said which variables are missing.
fn side_doors(
    loaded: &Loaded,
    arguments: &Run,
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Addresses> {
    let others: Vec<&str> =
        loaded.proxy.side_doors.iter().map(|door| &*door.app).filter(|app| *app != arguments.name).collect();
    if others.is_empty() {
        return Ok(Addresses::default());
    }
    let site = super::site(&arguments.files.layers(), loaded);
    let why = match call(&site.places, &Request::Status, Patience::AtMost(PATIENCE)) {
        Ok(Answer::Status(status)) => {
            let known = status.apps.iter().filter(|app| others.contains(&app.name.as_str()));
            let urls = known.filter_map(|app| Some((Arc::from(app.name.as_str()), app.url.as_deref()?)));
            return Ok(Addresses::told(urls));
        }
        Ok(Answer::Refused(why)) => why,
        Ok(Answer::Done | Answer::Reloaded(_)) => "it answers what was not asked".to_owned(),
        Err(CallError::NobodyThere) => {
            "no onedoor runs this file, through which the apps find each other; start it with `onedoor`"
                .to_owned()
        }
        Err(error) => error.to_string(),
    };
    let missing: Vec<String> = others.into_iter().map(variable_of).collect();
    writeln!(surroundings.talk, "onedoor: {} is without {}: {why}", arguments.name, missing.join(", "))?;
    Ok(Addresses::default())
}

/// What a file would say that has this command as its only app.
pub(super) fn load_command(
    words: &[OsString],
    surroundings: &mut Surroundings<'_>,
) -> io::Result<Result<Loaded, Ended>> {
    let Some(text) = file_of(words) else {
        writeln!(surroundings.talk, "onedoor: the command is not UTF-8, which a configuration must be")?;
        return Ok(Err(Ended::Wrong));
    };
    let here = std::env::current_dir().unwrap_or_else(|_| Path::new("/").into());
    told(config::load_text("the command line", &text, &here, surroundings.env), surroundings)
}

fn file_of(words: &[OsString]) -> Option<String> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    // The strings of JSON are those of TOML, but for one control character.
    let quoted =
        words?.into_iter().map(|word| serde_json::json!(word).to_string().replace('\u{7f}', "\\u007F"));
    Some(format!("apps.web = {{ path = \"/\", run = [{}] }}\n", quoted.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::spec::Command;
    use crate::config::{Env, check_text};

    #[test]
    fn whatever_the_words_are_the_command_is_those_words() {
        let words = ["a b", "\"q\"", "it's", "\\", "$HOME ${X}", "\u{7f}\n\t", "", "ü"].map(OsString::from);
        let text = file_of(&words).expect("all of it is UTF-8");
        let loaded = check_text(&text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
        let Command::Exec(found) = &loaded.apps.apps[0].command else { panic!("a list is no shell's") };
        assert_eq!(found.iter().map(OsString::from).collect::<Vec<_>>(), words);
    }
}

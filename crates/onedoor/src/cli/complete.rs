//! What a shell cannot know of a command line that is being typed: the names of the file's apps, jobs and profiles, the
//! keys and codes of the language. The scripts of `onedoor completions` ask for it by a word that no help shows.
//!
//! Everything else (commands, options, files) is in the scripts. Never fails: who completes wants no message.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory as _};

use super::Arguments;
use super::detected::Detected;
use crate::config::code::Code;
use crate::config::{Layers, Names, catalogue, names, names_in};

/// Before the words of the line, the last of them being typed.
pub(super) const WORD: &str = "__complete";

/// The words to complete, if that is what is asked.
pub(super) fn asked() -> Option<Vec<OsString>> {
    let mut words = std::env::args_os().skip(1);
    (words.next()? == OsStr::new(WORD)).then(|| words.collect())
}

/// What the last word may become, a line each; nothing where the script knows better.
pub(super) fn write(words: &[OsString], out: &mut dyn Write) -> io::Result<()> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let Some((typed, before)) = words.split_last() else { return Ok(()) };
    let command = Arguments::command();
    let line = Line::read(&command, before);
    let candidates = line.wanted(typed).map(|wanted| line.candidates(wanted)).unwrap_or_default();
    candidates.iter().filter(|name| name.starts_with(typed)).try_for_each(|name| writeln!(out, "{name}"))
}

/// What stands before the word that is being typed.
struct Line<'c> {
    command: &'c Command,
    /// The option whose value is to come.
    option: Option<&'c Arg>,
    /// Those that are said already.
    positionals: usize,
    files: Vec<PathBuf>,
}

/// What is completed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    App,
    /// `web=`, before a number.
    AppAndNumber,
    AppOrJob,
    Profile,
    Key,
    Code,
}

impl<'c> Line<'c> {
    fn read(root: &'c Command, before: &[String]) -> Self {
        let mut line = Self { command: root, option: None, positionals: 0, files: Vec::new() };
        before.iter().for_each(|word| line.take(word));
        line
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.option.take() {
            if option.get_id() == "files" {
                self.files.push(PathBuf::from(word));
            }
        } else if let Some(name) = word.strip_prefix("--") {
            let is_it = |arg: &&Arg| arg.get_long() == Some(name);
            self.option =
                self.command.get_arguments().find(is_it).filter(|arg| arg.get_action().takes_values());
        } else if let Some(letter) = word.strip_prefix('-') {
            let is_it = |arg: &&Arg| arg.get_short() == letter.chars().next() && letter.chars().count() == 1;
            self.option =
                self.command.get_arguments().find(is_it).filter(|arg| arg.get_action().takes_values());
        } else if let Some(command) = self.command.find_subcommand(word) {
            self.command = command;
        } else {
            self.positionals += 1;
        }
    }

    fn wanted(&self, typed: &str) -> Option<Wanted> {
        if typed.starts_with('-') {
            return None;
        }
        if let Some(option) = self.option {
            return (option.get_long() == Some("profile")).then_some(Wanted::Profile);
        }
        let positional = self.command.get_positionals().next()?;
        let takes_more = matches!(positional.get_action(), clap::ArgAction::Append);
        if self.positionals > 0 && !takes_more {
            return None;
        }
        match (self.command.get_name(), positional.get_id().as_str()) {
            (_, "app" | "apps") => Some(Wanted::App),
            (_, "scale") => Some(Wanted::AppAndNumber),
            ("run", "name") => Some(Wanted::AppOrJob),
            ("docs", "key") => Some(Wanted::Key),
            // A path is asked for more often than a code.
            ("explain", _) if typed.starts_with(|c: char| c.is_ascii_lowercase()) => Some(Wanted::Code),
            _ => None,
        }
    }

    fn candidates(&self, wanted: Wanted) -> Vec<String> {
        match wanted {
            Wanted::App => self.names().apps,
            Wanted::AppAndNumber => self.names().apps.into_iter().map(|app| format!("{app}=")).collect(),
            Wanted::AppOrJob => {
                let Names { apps, jobs, .. } = self.names();
                [apps, jobs].concat()
            }
            Wanted::Profile => self.names().profiles,
            Wanted::Key => catalogue::rows().map(|row| row.path.to_owned()).collect(),
            Wanted::Code => Code::ALL.iter().map(|code| code.as_str().to_owned()).collect(),
        }
    }

    fn names(&self) -> Names {
        let layers = Layers::new(self.files.clone(), None);
        match Detected::instead_of(&layers) {
            Some(detected) => names_in(&detected.text()),
            None => names(&layers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(words: &str) -> Option<Wanted> {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let (typed, before) = words.split_last().unwrap();
        Line::read(&Arguments::command(), before).wanted(typed)
    }

    #[test]
    fn each_place_of_a_line_wants_what_fits_there() {
        for (line, expected) in [
            ("restart ", Some(Wanted::App)),
            ("restart w", Some(Wanted::App)),
            ("restart web ", None),
            ("restart -", None),
            ("restart -f ", None),
            ("restart -f other.toml ", Some(Wanted::App)),
            ("stop --no-wait ", Some(Wanted::App)),
            ("start ", Some(Wanted::App)),
            ("logs web ", Some(Wanted::App)),
            ("events ", Some(Wanted::App)),
            ("check --live ", Some(Wanted::App)),
            ("scale ", Some(Wanted::AppAndNumber)),
            ("run ", Some(Wanted::AppOrJob)),
            ("dev --profile ", Some(Wanted::Profile)),
            ("--profile ", Some(Wanted::Profile)),
            ("docs ", Some(Wanted::Key)),
            ("explain rout", Some(Wanted::Code)),
            ("explain /", None),
            ("", None),
            ("che", None),
            ("exec ", None),
        ] {
            assert_eq!(wanted(line), expected, "{line}");
        }
    }

    #[test]
    fn every_place_that_takes_an_app_gets_its_names() {
        for command in Arguments::command().get_subcommands() {
            let takes_app = command.get_positionals().any(|arg| {
                arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.starts_with("APP")))
            });
            if takes_app {
                let line = Line { command, option: None, positionals: 0, files: Vec::new() };
                assert!(line.wanted("").is_some(), "{}", command.get_name());
            }
        }
    }
}

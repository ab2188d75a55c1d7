//! `onedoor completions SHELL` and `onedoor man`: made from the very commands that are parsed.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, Ended, Surroundings};

/// Which shell is to know the commands.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

/// Where the manual goes.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder, instead of the main one to stdout
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn completions(wanted: &Completions, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    // It writes to a writer that must not fail; a reader that has left is none of its business.
    let mut script = Vec::new();
    clap_complete::generate(wanted.shell, &mut Arguments::command(), "onedoor", &mut script);
    surroundings.out.write_all(&script)?;
    Ok(Ended::Well)
}

pub(super) fn man(wanted: &Man, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = &wanted.output else {
        surroundings.out.write_all(&page(&command)?)?;
        return Ok(Ended::Well);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    if let Err(error) = written {
        writeln!(surroundings.talk, "onedoor: {} cannot be written to: {error}", folder.display())?;
        return Ok(Ended::Refused);
    }
    Ok(Ended::Well)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_and_the_manual_know_every_command() {
        let command = Arguments::command();
        let names: Vec<String> =
            command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "onedoor", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(names.iter().all(|name| script.contains(name)), "{shell}");
        }
        let folder = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(command, folder.path()).unwrap();
        for name in names {
            let page = std::fs::read_to_string(folder.path().join(format!("onedoor-{name}.1"))).unwrap();
            assert!(page.starts_with(".ie") && page.contains(".SH SYNOPSIS"), "{page}");
        }
    }
}

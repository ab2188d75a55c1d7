//! `onedoor completions SHELL` and `onedoor man`: made from the very commands that are parsed. Names that only the file
//! knows are asked for while one types (`complete`), in the shells that most use.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;

#[cfg(test)]
use super::complete;
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
    surroundings.out.write_all(script(wanted.shell).as_bytes())?;
    Ok(Ended::Well)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "onedoor", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    // What was made is asked where there is no name; the shell calls ours.
    let ours = |first: &str| script.replacen("_onedoor() {", &format!("{first}\n_onedoor_plain() {{"), 1);
    match shell {
        Shell::Bash => ours(BASH),
        Shell::Zsh => ours(ZSH),
        Shell::Fish => format!("{script}{FISH}"),
        _ => script,
    }
}

const BASH: &str = r#"_onedoor() {
    local name names
    names=$("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ -z $names ]]; then
        _onedoor_plain "$@"
        return
    fi
    COMPREPLY=()
    while IFS= read -r name; do
        COMPREPLY+=("$name")
    done <<< "$names"
    [[ $names != *= ]] || compopt -o nospace 2>/dev/null
}
"#;

const ZSH: &str = r#"_onedoor() {
    local -a names
    names=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -z ${names[1]} ]]; then
        _onedoor_plain "$@"
    elif [[ ${names[1]} == *= ]]; then
        compadd -S '' -- "${names[@]}"
    else
        compadd -- "${names[@]}"
    fi
}
"#;

const FISH: &str = r#"
function __onedoor_names
    set -l words (commandline -opc)
    $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c onedoor -n '__onedoor_names | string length -q' -f -a '(__onedoor_names)'
"#;

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
            let script = script(shell);
            let asks = script.matches(complete::WORD).count();
            assert_eq!(asks, usize::from(shell != Shell::PowerShell), "{shell}");
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

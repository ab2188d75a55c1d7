//! The promise: what the papers show can be written and typed. Each file of theirs is a good one or says why not, each
//! command line is one.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _, Parser as _};

use super::Arguments;
use crate::config::{Env, check_text};

/// A block between fences.
struct Block {
    place: String,
    /// `toml wrong`: the language, and why it is no good file.
    info: String,
    text: String,
}

/// README, docs and the cookbook. Decisions tell of what was then.
fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut papers = vec![root.join("README.md")];
    for folder in ["docs", "docs/cookbook"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the repository has it").flatten();
        papers.extend(
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "md")),
        );
    }
    papers.sort();
    papers.iter().flat_map(blocks_of).collect()
}

fn blocks_of(paper: &PathBuf) -> Vec<Block> {
    let text = std::fs::read_to_string(paper).expect("a readable paper");
    let name = paper.file_name().expect("it has a name").to_string_lossy().into_owned();
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (number, line) in text.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if is_open => is_open = false,
            Some(info) => {
                is_open = true;
                let place = format!("{name}:{}", number + 1);
                blocks.push(Block { place, info: info.trim().to_owned(), text: String::new() });
            }
            None if is_open => {
                let block = blocks.last_mut().expect("one is open");
                block.text.extend([line, "\n"]);
            }
            None => {}
        }
    }
    blocks
}

/// Why a block of TOML is no good file by itself.
const REASONS: [&str; 3] = ["wrong", "part", "other"];

#[test]
fn each_file_in_the_papers_is_a_good_one_or_says_why_not() {
    let env = Env::made_of([("PORT", "8000"), ("DATABASE_URL", "postgres:///x")]);
    let mut faults = Vec::new();
    for block in blocks() {
        let Some(reason) = block.info.strip_prefix("toml") else { continue };
        let reason = reason.trim();
        match check_text(&block.text, &env) {
            Ok(_) if reason.is_empty() => {}
            Ok(_) if reason != "other" => {
                faults.push(format!("{}: it is good, and says `{reason}`", block.place))
            }
            Err(errors) if reason.is_empty() => faults.push(format!("{}:\n{errors}", block.place)),
            Ok(_) | Err(_) if REASONS.contains(&reason) => {}
            Ok(_) | Err(_) => faults.push(format!("{}: `{reason}` is no reason: {REASONS:?}", block.place)),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The words of a line that calls onedoor, less what explains it and what the shell does with it.
fn call(line: &str) -> Option<Vec<String>> {
    let line = line.trim_start();
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.strip_prefix("PORT=8000 ").unwrap_or(line);
    if !line.starts_with("onedoor ") {
        return None;
    }
    let ends = ["  ", " #", " |", " &&", " >", " <", ";"].iter().filter_map(|end| line.find(end)).min();
    shlex::split(&line[..ends.unwrap_or(line.len())])
}

fn fault(place: &str, line: &str) -> Option<String> {
    let error = Arguments::try_parse_from(call(line)?).err()?;
    let is_asked = !error.use_stderr();
    (!is_asked).then(|| format!("{place}: {line}\n{error}"))
}

#[test]
fn each_command_line_in_the_papers_is_one() {
    let mut faults = Vec::new();
    for block in blocks() {
        let is_shell = ["sh", "bash", "console"].contains(&block.info.as_str());
        let is_call = |line: &&str| is_shell || line.starts_with("$ onedoor");
        faults.extend(block.text.lines().filter(is_call).filter_map(|line| fault(&block.place, line)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_example_in_a_help_text_is_a_command_line() {
    fn faults_of(command: &Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own = help.lines().filter_map(|line| fault(command.get_name(), line));
        own.chain(command.get_subcommands().flat_map(faults_of)).collect()
    }
    let faults = faults_of(&Arguments::command());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

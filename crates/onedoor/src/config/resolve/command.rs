//! `run`: from words to a command, and whether its program is there.
//!
//! `$PORT`-like words stay in it: they are expanded at spawn. Nothing is started here.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::apps::spec::Command;
use crate::config::error::{Code, ConfigError};
use crate::config::fix;
use crate::config::section::{Node, Value};
use crate::config::source::Span;
use crate::loopback::variable_of;

/// Where programs are looked for when nobody says (execvp(3), confstr(_CS_PATH), and where images put things).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Folders of the app itself that come before PATH, where they exist.
pub(super) const OWN_FOLDERS: [&str; 2] = [".venv/bin", "node_modules/.bin"];

/// What makes a line need a shell.
const SHELL_SYNTAX: [char; 8] = ['|', '&', ';', '<', '>', '(', ')', '`'];

pub(super) fn parse(node: &Node) -> Result<Command, ConfigError> {
    let wrong = |fact: &str| ConfigError::new(Code::BadCommand, node.span, fact);
    let words = match &node.value {
        Value::List(words) => words.iter().map(|word| word.value.clone()).collect(),
        Value::Text(line) if line.contains(SHELL_SYNTAX) => {
            return match address_in(line) {
                Some(app) => Err(no_address(app, node.span)),
                None => Ok(Command::Shell(line.clone())),
            };
        }
        Value::Text(line) => shlex::split(line)
            .ok_or_else(|| wrong("a quote is opened and never closed").remedy("close it, or write \\\""))?,
        _ => return Err(wrong("not a command")),
    };
    let words: Vec<String> = words;
    if let Some(app) = words.iter().find_map(|word| address_in(word)) {
        return Err(no_address(app, node.span));
    }
    let Some(program) = words.first().filter(|program| !program.is_empty()) else {
        return Err(wrong("the command is empty").remedy("say how it is started: \"node server.js\""));
    };
    if words.iter().any(|word| word.contains('\0')) {
        return Err(wrong("a command cannot hold a NUL character"));
    }
    if let Some((variable, _)) = program.split_once('=').filter(|(name, _)| !name.contains('/')) {
        let fact = format!("`{program}` is an assignment, not a program");
        return Err(wrong(&fact).remedy(format!("move it: env = {{ {variable} = \"...\" }}")));
    }
    Ok(Command::Exec(words))
}

/// `A=1 B=2 node x` as its variables, as `env` has them, and the rest.
pub(super) fn assignments(line: &str) -> Option<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = line.trim_start();
    loop {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some((name, value)) = word.split_once('=') else { break };
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // A value with a space in it or a variable is more than can be moved by hand.
        let is_plain =
            !value.contains(['$', '\\']) && shlex::split(value).is_some_and(|words| words.len() <= 1);
        if !is_name || !is_plain || after.is_empty() {
            return None;
        }
        let value = shlex::split(value)?.concat();
        pairs.push(format!("{name} = {}", fix::quoted(&value)));
        rest = after.trim_start();
    }
    (!pairs.is_empty()).then(|| (format!("{{ {} }}", pairs.join(", ")), rest.to_owned()))
}

/// The app whose address is asked for as if commands were interpolated.
fn address_in(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("${app.")?;
    after.split_once(".url}").map(|(app, _)| app)
}

fn no_address(app: &str, place: Span) -> ConfigError {
    let fact = format!("`${{app.{app}.url}}` is not replaced in a command: it sees its app's environment");
    ConfigError::new(Code::EnvSyntax, place, fact).remedy(format!("write ${}", variable_of(app)))
}

/// Whether the program is there, looked for as the app's own PATH will be (CONFIG.md §1.6 "Commands").
pub(super) fn look_up(
    command: &Command,
    dir: &Path,
    path: Option<&str>,
    span: Span,
) -> Result<(), ConfigError> {
    let program = match command {
        Command::Shell(_) => "sh",
        Command::Exec(words) => words.first().map_or("", String::as_str),
    };
    if program.contains('$') {
        return Ok(());
    }
    if program.contains('/') {
        let file: PathBuf = dir.join(program).components().collect();
        return match () {
            () if is_program(&file) => Ok(()),
            () if file.exists() => {
                let fact = format!("{} is not executable", file.display());
                let error = ConfigError::new(Code::CommandNotFound, span, fact);
                Err(error.remedy(format!("chmod +x {}", file.display())))
            }
            () => {
                let fact = format!("there is no {}", file.display());
                let error = ConfigError::new(Code::CommandNotFound, span, fact);
                Err(error.remedy("a command with a slash is looked for from the app's dir"))
            }
        };
    }
    let own = OWN_FOLDERS.iter().map(|folder| dir.join(folder));
    let shared = path.unwrap_or(DEFAULT_PATH).split(':').map(|folder| dir.join(folder));
    if own.chain(shared).any(|folder: PathBuf| is_program(&folder.join(program))) {
        return Ok(());
    }
    let fact = format!("`{program}` is not on the app's PATH");
    let error = ConfigError::new(Code::CommandNotFound, span, fact);
    Err(match command {
        Command::Shell(_) => error.label("this line needs a shell").remedy("install sh, or use a list"),
        Command::Exec(_) => error.remedy(format!(
            "install it, or write ./{program} if it is in {}; looked in {}, then PATH",
            dir.display(),
            OWN_FOLDERS.map(|folder| dir.join(folder).display().to_string()).join(" and ")
        )),
    })
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let node = Node { span: Span::default(), value: Value::Text(line.to_owned()) };
        parse(&node).map_err(|error| error.fact)
    }

    fn exec(words: &[&str]) -> Result<Command, String> {
        Ok(Command::Exec(words.iter().map(|word| (*word).to_owned()).collect()))
    }

    #[test]
    fn a_plain_line_is_split_as_a_shell_would_and_keeps_its_dollars() {
        assert_eq!(
            parsed("uvicorn main:app --port $PORT"),
            exec(&["uvicorn", "main:app", "--port", "$PORT"])
        );
        assert_eq!(parsed("node 'a b' \"c\" d\\ e"), exec(&["node", "a b", "c", "d e"]));
        assert_eq!(parsed("./a=b/c"), exec(&["./a=b/c"]), "a path may hold =");
    }

    #[test]
    fn shell_syntax_asks_for_a_shell() {
        for line in ["a | b", "a && b", "a; b", "a > f", "(a)", "echo `date`", "echo $(date)", "a &"] {
            assert_eq!(parsed(line), Ok(Command::Shell(line.to_owned())));
        }
    }

    #[test]
    fn what_is_no_command_is_said() {
        assert_eq!(parsed(""), Err("the command is empty".to_owned()));
        assert_eq!(parsed("a 'b"), Err("a quote is opened and never closed".to_owned()));
        assert_eq!(parsed("A=1 node x"), Err("`A=1` is an assignment, not a program".to_owned()));
    }
}

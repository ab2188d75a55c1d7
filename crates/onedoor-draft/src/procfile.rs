//! A Procfile: `type: command` lines, as Heroku, foreman and their like read it.
//!
//! `web` is served at /, any other type whose command mentions $PORT at /TYPE, `release` is a job that runs before the
//! others, `console` and `rake` are for a terminal, and the rest are workers. A command is left as it is written as far
//! as onedoor says the same without a shell; where only a shell would do, it gets one.

use crate::draft::Draft;
use crate::folder::Tree;
use crate::plan::{App, Command, Plan, Purpose, env_file, slug, unique};

/// Types that are started by hand, each in a terminal.
const BY_HAND: [&str; 2] = ["console", "rake"];

/// A line of a Procfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) kind: String,
    pub(crate) command: String,
    pub(crate) line: usize,
}

/// The processes, and the lines that are none.
pub(crate) fn parse(text: &str) -> (Vec<Process>, Vec<String>) {
    let (mut processes, mut troubles): (Vec<Process>, Vec<String>) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_kind = |kind: &str| {
            !kind.is_empty()
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        match line.split_once(':') {
            Some((kind, command)) if is_kind(kind.trim()) && !command.trim().is_empty() => {
                let (kind, command) = (kind.trim().to_owned(), command.trim().to_owned());
                if processes.iter().any(|known| known.kind == kind) {
                    troubles.push(format!("Procfile:{line_number}: a second `{kind}`; the first one counts"));
                } else {
                    processes.push(Process { kind, command, line: line_number });
                }
            }
            _ => troubles.push(format!("Procfile:{line_number}: is no `type: command`; not taken: {line}")),
        }
    }
    (processes, troubles)
}

impl Process {
    /// Why it is not started, if it is not.
    pub(crate) fn by_hand(&self) -> Option<String> {
        let Self { kind, command, line } = self;
        BY_HAND.contains(&kind.as_str()).then(|| {
            format!("Procfile:{line}: `{kind}` is for a terminal, and not started; run it by hand: {command}")
        })
    }
}

/// What the Procfile of the folder says. None: there is none.
pub(crate) fn of_folder(tree: &Tree) -> Option<Plan> {
    let text = tree.text("Procfile")?;
    let dev = tree.text("Procfile.dev").map(|text| parse(&text).0).unwrap_or_default();
    let mut plan = plan(&text, &dev, env_file(tree, ""));
    plan.notes.extend(tree.troubles());
    Some(plan)
}

/// A Procfile's text as a draft, for whoever has nothing but the file.
pub(crate) fn draft_of(text: &str) -> Draft {
    plan(text, &[], None).draft(Purpose::Use)
}

fn plan(text: &str, dev: &[Process], env_file: Option<String>) -> Plan {
    let (processes, notes) = parse(text);
    let mut plan = Plan { notes, ..Plan::default() };
    let mut taken: Vec<String> = Vec::new();
    plan.notes.extend(processes.iter().filter_map(Process::by_hand));
    for process in processes.iter().filter(|process| process.by_hand().is_none()) {
        let mut app = app(process, &taken);
        taken.push(app.name.clone());
        app.env_file.clone_from(&env_file);
        if process.kind == "release" {
            plan.jobs.push(app);
            continue;
        }
        app.path = match process.kind.as_str() {
            "web" => Some("/".to_owned()),
            _ => mentions_port(&process.command).then(|| format!("/{}", app.name)),
        };
        app.dev = dev.iter().find(|other| other.kind == process.kind).map(|other| other.command.clone());
        plan.apps.push(app);
    }
    let needed: Vec<String> = plan.jobs.iter().map(|job| job.name.clone()).collect();
    plan.apps.iter_mut().for_each(|app| app.needs.clone_from(&needed));
    let is_new = |other: &&Process| !processes.iter().any(|process| process.kind == other.kind);
    for other in dev.iter().filter(is_new) {
        plan.notes.push(format!("`{}` is only in Procfile.dev: {}", other.kind, other.command));
    }
    plan
}

fn app(process: &Process, taken: &[String]) -> App {
    let (env, run) = command(&process.command);
    App {
        name: unique(slug(&process.kind), taken),
        run,
        env,
        why: vec![format!("Procfile:{}: {}", process.line, process.kind)],
        ..App::default()
    }
}

/// `$PORT`, `${PORT}`, `${PORT:-3000}`.
fn mentions_port(command: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    command.match_indices("$PORT").any(|(at, found)| ends(&command[at + found.len()..]))
        || command.match_indices("${PORT").any(|(at, found)| ends(&command[at + found.len()..]))
}

/// Assignments in front become `env`, where they are plain; what needs a shell gets one.
fn command(line: &str) -> (Vec<(String, String)>, Command) {
    let by_shell = || (Vec::new(), Command::Words(["sh", "-c", line].map(str::to_owned).to_vec()));
    let Some(words) = shlex::split(line) else { return by_shell() };
    let assigned: Vec<(String, String)> = words
        .iter()
        .map_while(|word| word.split_once('='))
        .take_while(|(name, _)| is_variable(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    // Globs, home folders and fallbacks are the shell's; so are assignments before what it splits itself.
    let is_the_shells =
        |word: &String| word.contains(['*', '?', '~']) || word.contains("${") && word.contains(":");
    let has_operators = line.contains(['|', '&', ';', '<', '>', '(', ')', '`']);
    if words.iter().any(is_the_shells) || has_operators && !assigned.is_empty() {
        return by_shell();
    }
    if assigned.is_empty() {
        return (assigned, Command::Line(line.to_owned()));
    }
    // A value that is another variable's is made when the command starts, which only the command sees.
    if assigned.iter().any(|(_, value)| value.contains('$')) {
        return (Vec::new(), Command::Line(format!("env {line}")));
    }
    match rest_after(line, assigned.len()) {
        Some(rest) => (assigned, Command::Line(rest)),
        None => by_shell(),
    }
}

/// The line without its first words, which hold no quotes around spaces.
fn rest_after(line: &str, words: usize) -> Option<String> {
    let mut rest = line.trim_start();
    for _ in 0..words {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        if word.contains(['"', '\'', '\\']) && shlex::split(word).is_none_or(|words| words.len() != 1) {
            return None;
        }
        rest = after.trim_start();
    }
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn is_variable(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> (Vec<(String, String)>, Command) {
        command(text)
    }

    #[test]
    fn comments_blank_lines_windows_line_ends_and_nonsense_are_understood_or_said() {
        let text = "# a comment\r\nweb: gunicorn app:app\r\n\r\n  worker :  celery -A x worker \nnonsense\nweb: twice\nbad type: x\nempty:\n";
        let (processes, troubles) = parse(text);
        let kinds: Vec<_> = processes
            .iter()
            .map(|process| (process.kind.as_str(), process.command.as_str(), process.line))
            .collect();
        assert_eq!(kinds, [("web", "gunicorn app:app", 2), ("worker", "celery -A x worker", 4)]);
        assert_eq!(troubles.len(), 4, "{troubles:?}");
        assert!(troubles[1].contains("Procfile:6: a second `web`"), "{troubles:?}");
    }

    #[test]
    fn a_command_stays_as_it_is_and_gets_a_shell_where_only_a_shell_would_do() {
        let plain = |text: &str| (Vec::new(), Command::Line(text.to_owned()));
        assert_eq!(line("bundle exec puma -p $PORT"), plain("bundle exec puma -p $PORT"));
        assert_eq!(line("cd api && node x.js"), plain("cd api && node x.js"));
        assert_eq!(
            line("NODE_ENV=production A='b c' node x.js").0,
            Vec::new(),
            "a quoted value is the shell's to read"
        );
        let (env, run) = line("NODE_ENV=production RACK=1 node 'x y.js'");
        assert_eq!(
            env,
            [("NODE_ENV", "production"), ("RACK", "1")].map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert_eq!(run, Command::Line("node 'x y.js'".to_owned()));
        assert_eq!(line("P=$PORT node x.js"), plain("env P=$PORT node x.js"));
        for shell in ["node ${PORT:-3000}", "cat *.txt", "A=1 a && b", "it's"] {
            assert_eq!(
                line(shell).1,
                Command::Words(vec!["sh".into(), "-c".into(), shell.into()]),
                "{shell}"
            );
        }
    }

    #[test]
    fn web_is_at_the_root_release_comes_first_and_the_rest_are_workers() {
        let text = "release: python manage.py migrate\nweb: gunicorn shop.wsgi\nadmin_ui: node admin.js --port ${PORT}\n\
                    worker: celery -A shop worker\nportal: node x.js $PORTAL\n";
        insta::assert_snapshot!(draft_of(text).render());
    }
}

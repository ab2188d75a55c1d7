//! Asks commands for the secrets of one start, all at once: each a process of its own, with a limit of time and size.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::source::{Secret, SecretCommand, SecretSource};
use super::told::{Secrets, Untold, Why, complaints, judge};
use crate::apps::command_run::{lines, run_command};
use crate::apps::spec::AppSpec;
use crate::init::{Children, Keep, Kept, OnceError, Said, run_once};
use crate::observe::log::{Level, Log};

/// How long a command may take. A vault that is far away answers within seconds; one that asks for a password never.
const LIMIT: Duration = Duration::from_secs(30);

/// Longer than any variable a program can be given (MAX_ARG_STRLEN, execve(2)).
const VALUE_MOST: usize = 128 << 10;

/// How much is kept of what a command complains about.
const COMPLAINT_MOST: usize = 8 << 10;

/// How many commands run at once, whoever asks: fifty apps that start together would fill the memory with clients of
/// the same vault. One that hangs holds its place for no longer than [`LIMIT`].
static PLACES: Semaphore = Semaphore::const_new(16);

/// Asks for all secrets of `app` that a command tells; None: it has none. Dropped, it kills the commands.
pub(in crate::apps) fn ask(
    app: &AppSpec,
    children: &Children,
    log: &Log,
) -> Option<impl Future<Output = Result<Secrets, Untold>> + Send + use<>> {
    let questions: Vec<Question> = questions(app).collect();
    if questions.is_empty() {
        return None;
    }
    let (app, children, log) = (Arc::clone(&app.name), children.clone(), log.clone());
    Some(async move {
        let mut asking = JoinSet::new();
        for question in questions {
            let (app, children, log) = (Arc::clone(&app), children.clone(), log.clone());
            asking.spawn(async move {
                let _place = PLACES.acquire().await;
                let (answer, complaints) = question.put(&children, LIMIT).await;
                let level = if answer.is_ok() { Level::Info } else { Level::Warn };
                complaints.iter().for_each(|line| log.event(level, Some(&app), line));
                answer.map(|secret| (question.name, secret))
            });
        }
        let mut secrets = Secrets::default();
        while let Some(answer) = asking.join_next().await {
            // A task of ours does not panic; if one did, its secret is missing, and that is said.
            let Ok(answer) = answer else { continue };
            let (name, secret) = answer?;
            secrets.add(name, secret);
        }
        Ok(secrets)
    })
}

/// The same for a program without a runtime, one after the other. With them comes what the commands complained about.
pub(in crate::apps) fn ask_once(app: &AppSpec) -> (Result<Secrets, Untold>, Vec<String>) {
    let (mut secrets, mut complaints) = (Secrets::default(), Vec::new());
    for question in questions(app) {
        let (answer, more) = question.put_once(LIMIT);
        complaints.extend(more);
        match answer {
            Ok(secret) => secrets.add(question.name, secret),
            Err(untold) => return (Err(untold), complaints),
        }
    }
    (Ok(secrets), complaints)
}

fn questions(app: &AppSpec) -> impl Iterator<Item = Question> {
    app.environment.secrets.iter().filter_map(|(name, source)| match source {
        SecretSource::Command(command) => Some(Question { name: name.clone(), command: command.clone() }),
        SecretSource::File(_) | SecretSource::Value(_) => None,
    })
}

/// What one command is asked for.
#[derive(Debug)]
struct Question {
    name: String,
    command: SecretCommand,
}

impl Question {
    /// The answer, and what the command complained about.
    async fn put(&self, children: &Children, limit: Duration) -> (Result<Secret, Untold>, Vec<String>) {
        let mut said = nothing_said();
        let ended = match self.command.spec() {
            Ok(spec) => match timeout(limit, run_command(children, spec, &mut said)).await {
                Ok(Ok(status)) => Ok(status),
                Ok(Err(error)) => Err(Why::NotRun(error)),
                Err(_) => Err(Why::TooLong(limit)),
            },
            Err(error) => Err(Why::NotRun(error)),
        };
        self.heard(ended.and_then(|status| judge(status, &said, VALUE_MOST)), &said)
    }

    fn put_once(&self, limit: Duration) -> (Result<Secret, Untold>, Vec<String>) {
        let mut said = nothing_said();
        let ended = self.command.spec().map_err(Why::NotRun).and_then(|spec| {
            run_once(&spec, limit, &mut said).map_err(|error| match error {
                OnceError::Spawn(error) => Why::NotRun(error),
                OnceError::TooLong => Why::TooLong(limit),
                OnceError::Stopped(signal) => Why::Stopped(signal),
                OnceError::Signals(error) => Why::NoSignals(error),
            })
        });
        self.heard(ended.and_then(|status| judge(Some(status), &said, VALUE_MOST)), &said)
    }

    fn heard(&self, answer: Result<Secret, Why>, said: &Said) -> (Result<Secret, Untold>, Vec<String>) {
        let (name, program) = (&self.name, self.command.program());
        let mut complaints = lines(&complaints(said));
        if matches!(answer, Err(Why::Failed { .. })) {
            // The last word is in the reason.
            complaints.pop();
        }
        let complaints =
            complaints.into_iter().map(|line| format!("its secret {name}: `{program}` says: {line}"));
        let untold = |why| Untold { name: name.clone(), program: program.to_owned(), why };
        (answer.map_err(untold), complaints.collect())
    }
}

fn nothing_said() -> Said {
    Said {
        stdout: Kept::new(Keep::Whole { most: VALUE_MOST }),
        stderr: Kept::new(Keep::Last(COMPLAINT_MOST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_linux::proc::{self, Pid};

    const PATIENCE: Duration = Duration::from_secs(60);

    fn question(words: &[&str]) -> Question {
        let path = std::env::var_os("PATH").unwrap();
        let command = SecretCommand {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            dir: "/".into(),
            environment: Arc::new([("PATH".into(), path), ("WHO".into(), "onedoor".into())].into()),
        };
        Question { name: "TOKEN".into(), command }
    }

    async fn put(words: &[&str], limit: Duration) -> (Result<String, String>, Vec<String>) {
        let (answer, complaints) = question(words).put(&Children::for_tests(), limit).await;
        let value = answer.map(|secret| secret.0.into_string().unwrap()).map_err(|it| it.to_string());
        (value, complaints)
    }

    #[tokio::test]
    async fn a_command_tells_its_secret_and_what_it_complains_about_hides_it() {
        let script = "echo hunter2 for $WHO; echo got hunter2 for $WHO, well >&2";
        let (value, complaints) = put(&["sh", "-c", script], PATIENCE).await;
        assert_eq!(value.unwrap(), "hunter2 for onedoor");
        assert_eq!(complaints, ["its secret TOKEN: `sh` says: got •••, well"]);
    }

    #[tokio::test]
    async fn a_failure_names_the_secret_the_program_and_its_last_word() {
        let script = "echo hunter2; echo no access to hunter2 >&2; exit 3";
        let (value, _) = put(&["sh", "-c", script], PATIENCE).await;
        let why = value.unwrap_err();
        assert!(why.starts_with("its secret TOKEN: `sh` ended with exit code 3: no access to •••;"), "{why}");
        let (value, _) = put(&["no-such-vault", "read", "secret"], PATIENCE).await;
        let why = value.unwrap_err();
        assert!(
            why.contains("`no-such-vault` cannot be run: program `no-such-vault` was not found"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn a_flood_is_cut_off_and_is_no_secret() {
        let (value, _) = put(&["cat", "/dev/zero"], PATIENCE).await;
        assert!(value.unwrap_err().contains("printed more than 128 KiB"));
    }

    #[tokio::test]
    async fn whoever_keeps_the_pipes_open_keeps_nobody_waiting() {
        let (value, _) = put(&["sh", "-c", "sleep 600 & echo hunter2"], PATIENCE).await;
        assert_eq!(value.unwrap(), "hunter2");
    }

    #[tokio::test]
    async fn a_command_that_does_not_end_is_killed_and_what_it_complained_about_is_heard() {
        let script = "echo Password: >&2; sleep 600";
        let (value, complaints) = put(&["sh", "-c", script], Duration::from_millis(300)).await;
        assert!(value.unwrap_err().contains("did not end within 0 s and was killed"));
        assert_eq!(complaints, ["its secret TOKEN: `sh` says: Password:"]);
    }

    #[tokio::test]
    async fn a_question_that_is_dropped_kills_its_command() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("pid");
        let script = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", told.display());
        let question = question(&["sh", "-c", &script]);
        let asking = tokio::spawn(async move { question.put(&Children::for_tests(), PATIENCE).await });
        let pid = loop {
            match std::fs::read_to_string(&told) {
                Ok(text) => break Pid::new(text.trim().parse().unwrap()).unwrap(),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        asking.abort();
        asking.await.unwrap_err();
        while proc::process(pid).is_some_and(|it| it.life == proc::Liveness::Alive) {
            tokio::task::yield_now().await;
        }
    }
}

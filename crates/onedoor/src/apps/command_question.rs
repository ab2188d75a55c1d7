//! A question to an app that a command answers: run in the app's folder with its environment, well if it exits 0.
//!
//! Part of steps "ready" and "watch" of the life of an app. Whatever comes of the question, nobody of the command's
//! process group outlives it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::Signal;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::spawn;
use super::spec::{Command, Isolation};
use crate::init::{Child, Children};

/// How much is kept of what the command prints.
const TAIL_MAX: usize = 2048;

/// How long the reason of a failure may take to arrive after the failure.
const LAST_WORD: Duration = Duration::from_millis(200);

/// How long the line may be that says why; in characters.
const WHY_MAX: usize = 200;

/// How one start's commands are run. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) children: Children,
    /// The app's own, less what is the app's alone.
    pub(super) environment: Arc<BTreeMap<OsString, OsString>>,
    pub(super) dir: PathBuf,
    pub(super) isolation: Arc<Isolation>,
}

impl Asker {
    /// Runs the command. The error says how it failed.
    pub(super) async fn ask(&self, command: &Command, limit: Duration) -> Result<(), String> {
        let mut spec =
            spawn::spec_of(command, &self.environment, &self.dir).map_err(|error| error.to_string())?;
        spec.umask = self.isolation.umask;
        spec.identity = self.isolation.account.as_ref().map(|account| account.identity.clone());
        match timeout(limit, self.run(spec)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {limit:?}")),
        }
    }

    async fn run(&self, spec: onedoor_linux::spawn::SpawnSpec) -> Result<(), String> {
        let child = self.children.spawn(spec).await.map_err(|error| error.to_string())?;
        let Child { pid, stdout, stderr, mut exited } = child;
        let _end = End { children: &self.children, pid };
        let (mut said, mut unheard) = (Vec::new(), Vec::new());
        let status = {
            let mut reading = pin!(async {
                tokio::join!(read_tail(stderr, &mut said), read_tail(stdout, &mut unheard));
            });
            tokio::select! {
                // Its exit ends the question; whoever else holds its pipes does not hold us for long.
                status = &mut exited => {
                    if !matches!(status, Ok(status) if status.success()) {
                        timeout(LAST_WORD, reading).await.ok();
                    }
                    status
                }
                () = &mut reading => exited.await,
            }
        };
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(match last_line(&said) {
                Some(line) => format!("{status}: {line}"),
                None => status.to_string(),
            }),
            Err(_) => Err("its end was not seen".to_owned()),
        }
    }
}

/// Whoever is left of the command's process group when the question is over, or dropped.
struct End<'a> {
    children: &'a Children,
    pid: Pid,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        // Nobody left is the usual case.
        self.children.signal_group(self.pid, Signal::KILL).ok();
    }
}

/// Reads to the end and keeps the last bytes: a command that nobody reads would block.
async fn read_tail(pipe: OwnedFd, tail: &mut Vec<u8>) {
    let Ok(mut pipe) = pipe::Receiver::from_owned_fd(pipe) else { return };
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        tail.extend_from_slice(&buffer[..read]);
        tail.drain(..tail.len().saturating_sub(TAIL_MAX));
    }
}

fn last_line(said: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(line.chars().filter(|character| !character.is_control()).take(WHY_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn asker() -> Asker {
        let environment = BTreeMap::from([
            (OsString::from("PATH"), std::env::var_os("PATH").unwrap()),
            ("WHO".into(), "db".into()),
        ]);
        Asker {
            children: Children::for_tests(),
            environment: Arc::new(environment),
            dir: "/".into(),
            isolation: Arc::default(),
        }
    }

    async fn ask(line: &str, limit: Duration) -> Result<(), String> {
        asker().ask(&Command::Shell(line.into()), limit).await
    }

    #[tokio::test]
    async fn a_command_answers_by_its_exit_code_and_its_last_word_says_why() {
        assert_eq!(ask("test $WHO = db", PATIENCE).await, Ok(()));
        let why = ask("echo waking up >&2; echo no response from $WHO >&2; exit 2", PATIENCE).await;
        assert_eq!(why.unwrap_err(), "exit code 2: no response from db");
        assert_eq!(ask("exit 1", PATIENCE).await.unwrap_err(), "exit code 1");
        let missing = Command::Exec(vec!["no-such-program".into()]);
        assert!(asker().ask(&missing, PATIENCE).await.unwrap_err().contains("no-such-program"));
    }

    #[tokio::test]
    async fn a_command_that_prints_more_than_a_pipe_holds_is_not_blocked() {
        assert_eq!(ask("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2", PATIENCE).await, Ok(()));
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_killed_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let line = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display());
        let asker = asker();
        let asking = tokio::spawn(async move { asker.ask(&Command::Shell(line), PATIENCE).await });
        let child = loop {
            match std::fs::read_to_string(&pids) {
                Ok(text) => break Pid::new(text.trim().parse().unwrap()).unwrap(),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        // What a timeout does, too: the question is dropped.
        asking.abort();
        asking.await.unwrap_err();
        let lives = || {
            onedoor_linux::proc::process(child)
                .is_some_and(|it| it.life == onedoor_linux::proc::Liveness::Alive)
        };
        while lives() {
            tokio::task::yield_now().await;
        }
        assert!(ask("sleep 600", Duration::from_millis(1)).await.unwrap_err().contains("no answer"));
    }
}

//! A question to an app that a command answers: run in the app's folder with its environment, well if it exits 0.
//!
//! Part of steps "ready" and "watch" of the life of an app.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::spawn::SpawnSpec;
use tokio::time::timeout;

use super::command_run::{last_line, run_command};
use super::secret::Mask;
use super::spawn;
use super::spec::{Command, Isolation};
use crate::init::{Children, Keep, Kept, Said};

/// How much is kept of what the command complains about.
const TAIL_MAX: usize = 2048;

/// How one start's commands are run. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) children: Children,
    /// The app's own, less what is the app's alone.
    pub(super) environment: Arc<BTreeMap<OsString, OsString>>,
    /// What of it nobody is to read.
    pub(super) mask: Mask,
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

    async fn run(&self, spec: SpawnSpec) -> Result<(), String> {
        let mut said = Said { stdout: Kept::new(Keep::Last(0)), stderr: Kept::new(Keep::Last(TAIL_MAX)) };
        match run_command(&self.children, spec, &mut said).await {
            Ok(Some(status)) if status.success() => Ok(()),
            Ok(Some(status)) => Err(match last_line(&self.mask.hide(said.stderr.bytes())) {
                Some(line) => format!("{status}: {line}"),
                None => status.to_string(),
            }),
            Ok(None) => Err("its end was not seen".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onedoor_linux::proc::Pid;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn asker() -> Asker {
        let environment = BTreeMap::from([
            (OsString::from("PATH"), std::env::var_os("PATH").unwrap()),
            ("WHO".into(), "db".into()),
        ]);
        Asker {
            children: Children::for_tests(),
            environment: Arc::new(environment),
            mask: Mask::default(),
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

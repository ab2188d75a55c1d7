//! A command run to its end beside an app, for its exit code and for what it says.
//!
//! Whatever comes of it, nobody of the command's process group outlives it: dropped, it is killed.

use std::os::fd::OwnedFd;
use std::pin::pin;
use std::time::Duration;

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::Signal;
use onedoor_linux::spawn::{SpawnError, SpawnSpec};
use onedoor_linux::wait::ExitStatus;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use crate::init::{Child, Children, Kept, Room, Said};

/// How long what was said last may take to arrive after the end.
const LAST_WORD: Duration = Duration::from_millis(200);

/// How long the line may be that says why a command failed; in characters.
const LINE_MAX: usize = 200;

/// Runs `spec` until it ends; None: its end was not seen.
pub(super) async fn run_command(
    children: &Children,
    spec: SpawnSpec,
    said: &mut Said,
) -> Result<Option<ExitStatus>, SpawnError> {
    let Child { pid, stdout, stderr, mut exited } = children.spawn(spec).await?;
    let _end = End { children, pid };
    let mut reading = pin!(async {
        tokio::join!(read(stderr, &mut said.stderr), read(stdout, &mut said.stdout));
    });
    let status = tokio::select! {
        // Its exit ends it; whoever else holds its pipes does not hold us for long.
        status = &mut exited => {
            timeout(LAST_WORD, reading).await.ok();
            status
        }
        () = &mut reading => exited.await,
    };
    Ok(status.ok())
}

/// Whoever is left of the command's process group when it is over, or dropped.
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

/// Reads to the end: a command that nobody reads would block.
async fn read(pipe: OwnedFd, kept: &mut Kept) {
    let Ok(mut pipe) = pipe::Receiver::from_owned_fd(pipe) else { return };
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        if kept.take(&buffer[..read]) == Room::Spent {
            return;
        }
    }
}

/// The last line of all that was said, as a message can hold it.
pub(super) fn last_line(said: &[u8]) -> Option<String> {
    lines(said).pop()
}

/// What was said, line by line, as a message can hold it.
pub(super) fn lines(said: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(said);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let shown = |line: &str| line.chars().filter(|letter| !letter.is_control()).take(LINE_MAX).collect();
    lines.map(shown).collect()
}

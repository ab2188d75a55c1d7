//! One command run to its end for what it says, by a program that has one thread and no runtime (`onedoor run`).
//!
//! With a runtime, [`super::Children`] does the same. Call it before [`super::run_alone`], which waits for children, too.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use onedoor_linux::poll::{Interest, wait_any};
use onedoor_linux::proc::Pid;
use onedoor_linux::signal::{self, Signal, SignalFd};
use onedoor_linux::spawn::{self, Handshake, Progress, SpawnError, SpawnSpec};
use onedoor_linux::wait::{self, ExitStatus, Peeked};

use super::said::{Kept, Room, Said};

/// What ends us while it runs.
const STOP: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP];

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) enum OnceError {
    Spawn(SpawnError),
    Signals(io::Error),
    TooLong,
    /// We were asked to end.
    Stopped(Signal),
}

/// Runs `spec` until it ends. Whatever comes of it, nobody of its process group outlives it.
pub(crate) fn run_once(spec: &SpawnSpec, limit: Duration, said: &mut Said) -> Result<ExitStatus, OnceError> {
    let deadline = Instant::now() + limit;
    signal::expect_exits().map_err(OnceError::Signals)?;
    let heard = [&STOP[..], &[Signal::CHLD]].concat();
    signal::block(&heard).map_err(OnceError::Signals)?;
    let signals = SignalFd::new(&heard).map_err(OnceError::Signals)?;
    let spawn::Spawned { pid, stdout, stderr, handshake } = spawn::spawn(spec).map_err(OnceError::Spawn)?;
    let mut command = Command {
        pid,
        signals,
        stdout: Some(File::from(stdout)),
        stderr: Some(File::from(stderr)),
        handshake: Some(handshake),
    };
    loop {
        command.wait(deadline);
        command.read(said);
        command.greet().map_err(OnceError::Spawn)?;
        if let Some(signal) = command.asked_to_stop() {
            return Err(OnceError::Stopped(signal));
        }
        if let Some(status) = command.ended() {
            // What it printed last is in the pipes by now.
            command.read(said);
            return Ok(status);
        }
        if Instant::now() >= deadline {
            return Err(OnceError::TooLong);
        }
    }
}

struct Command {
    pid: Pid,
    signals: SignalFd,
    stdout: Option<File>,
    stderr: Option<File>,
    handshake: Option<Handshake>,
}

impl Command {
    fn wait(&self, deadline: Instant) {
        let mut interests = vec![Interest::Readable(self.signals.as_fd())];
        let pipes = [&self.stdout, &self.stderr].into_iter().flatten();
        interests.extend(pipes.map(|pipe| Interest::Readable(pipe.as_fd())));
        interests.extend(self.handshake.as_ref().map(|handshake| Interest::Readable(handshake.as_fd())));
        // An interrupted wait is a wait that is over.
        wait_any(&interests, Some(deadline.saturating_duration_since(Instant::now()))).ok();
    }

    fn read(&mut self, said: &mut Said) {
        read(&mut self.stdout, &mut said.stdout);
        read(&mut self.stderr, &mut said.stderr);
    }

    /// Looks whether the child has become its program.
    fn greet(&mut self) -> Result<(), SpawnError> {
        match self.handshake.as_ref().map(Handshake::look) {
            Some(Progress::Failed(error)) => return Err(error),
            Some(Progress::Running) => self.handshake = None,
            Some(Progress::Starting) | None => {}
        }
        Ok(())
    }

    fn asked_to_stop(&self) -> Option<Signal> {
        let mut asked = None;
        while let Ok(signal) = self.signals.take() {
            if STOP.contains(&signal) {
                asked.get_or_insert(signal);
            }
        }
        asked
    }

    /// How it ended, if it did; orphans that became ours are collected on the way.
    fn ended(&self) -> Option<ExitStatus> {
        while let Ok(Peeked::Ended(pid, status)) = wait::peek() {
            if pid == self.pid {
                // It is collected when we are dropped, after its group was killed: until then the number is its own.
                return Some(status);
            }
            wait::collect(pid).ok()?;
        }
        None
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        // Nobody left is the usual case. Whoever is not collected here is by `run_alone`, or ends with us.
        signal::send_group(self.pid, Signal::KILL).ok();
        wait::collect(self.pid).ok();
    }
}

fn read(pipe: &mut Option<File>, kept: &mut Kept) {
    if pipe.as_mut().is_some_and(|pipe| kept.take_from(pipe) == Room::Spent) {
        *pipe = None;
    }
}

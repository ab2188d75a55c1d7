//! What the handle [`super::Children`] and its thread have in common: what is asked for, and whose groups are ours.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use onedoor_linux::poll::Wake;
use onedoor_linux::proc::Pid;
use onedoor_linux::spawn::{SpawnError, SpawnSpec};
use onedoor_linux::wait::ExitStatus;
use tokio::sync::oneshot;

/// A program that runs, leader of a session and process group of its own.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: Pid,
    /// Non-blocking.
    pub(crate) stdout: OwnedFd,
    /// Non-blocking.
    pub(crate) stderr: OwnedFd,
    /// How the program ended. Others of its group may live on: [`super::Children::group_lives`].
    pub(crate) exited: oneshot::Receiver<ExitStatus>,
}

/// What the handle and the thread have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) wake: Wake,
    requests: Mutex<Vec<Request>>,
    /// Groups of ours whose number cannot have been given to anyone else.
    groups: Mutex<HashMap<Pid, Group>>,
}

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Request {
    Spawn { spec: Box<SpawnSpec>, reply: oneshot::Sender<Result<Child, SpawnError>> },
    TellWhenNoneIsLeft(oneshot::Sender<()>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Its leader was not collected yet.
    Led,
    /// Its leader was collected; others live and pin its number.
    Leaderless,
}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { wake: Wake::new()?, requests: Mutex::default(), groups: Mutex::default() })
    }

    pub(super) fn ask(&self, request: Request) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.wake.ring();
    }

    pub(super) fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn groups(&self) -> MutexGuard<'_, HashMap<Pid, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

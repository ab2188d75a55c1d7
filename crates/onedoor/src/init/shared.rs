//! What the handle [`super::Children`] and its thread have in common: what is asked for, and whose groups are ours.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onedoor_linux::poll::Wake;
use onedoor_linux::proc::Pid;
use onedoor_linux::signal::{self, Signal};
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

/// A child on its way to whoever asked for it. If it is not taken, nobody else would ever stop it: it is killed.
///
/// That the channel took it proves nothing: whoever asked may be dropped before looking again.
#[derive(Debug)]
pub(super) struct Delivery {
    child: Option<Child>,
    shared: Arc<Shared>,
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
    Spawn { spec: Box<SpawnSpec>, reply: oneshot::Sender<Result<Delivery, SpawnError>> },
    TellWhenNoneIsLeft(oneshot::Sender<()>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Its leader was not collected yet.
    Led,
    /// Its leader was collected; others live and pin its number.
    Leaderless,
}

impl Delivery {
    pub(super) fn new(child: Child, shared: &Arc<Shared>) -> Self {
        Self { child: Some(child), shared: Arc::clone(shared) }
    }

    pub(super) fn take(mut self) -> Child {
        self.child.take().expect("only this takes it, and once")
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some(child) = &self.child else { return };
        // Held over the kill, as wherever a group is signalled.
        if self.shared.groups().contains_key(&child.pid) {
            signal::send_group(child.pid, Signal::KILL).ok();
        }
    }
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

//! The thread `children`: starts what it is asked to start, reaps every child and hands each exit to its owner.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use onedoor_linux::poll::{Interest, wait_any};
use onedoor_linux::proc::Pid;
use onedoor_linux::signal::{self, Signal, SignalFd};
use onedoor_linux::spawn::{self, Handshake, Progress, SpawnError, SpawnSpec};
use onedoor_linux::wait::{self, ExitStatus, Peeked};
use tokio::sync::oneshot;

use super::shared::{Child, Delivery, Group, Request, Shared};
use crate::observe::log::{Level, Log};

type Reply = oneshot::Sender<Result<Delivery, SpawnError>>;

#[derive(Debug)]
pub(super) struct Reaper {
    shared: Arc<Shared>,
    exits: SignalFd,
    starting: Vec<Starting>,
    running: HashMap<Pid, oneshot::Sender<ExitStatus>>,
    waiting_for_none: Vec<oneshot::Sender<()>>,
    log: Log,
}

/// A child between posix_spawn and its program.
#[derive(Debug)]
struct Starting {
    pid: Pid,
    stdout: OwnedFd,
    stderr: OwnedFd,
    handshake: Handshake,
    reply: Reply,
}

impl Reaper {
    pub(super) fn new(shared: Arc<Shared>, log: Log) -> io::Result<Self> {
        Ok(Self {
            shared,
            exits: SignalFd::new(&[Signal::CHLD])?,
            starting: Vec::new(),
            running: HashMap::new(),
            waiting_for_none: Vec::new(),
            log,
        })
    }

    /// For ever: were this thread to end, every child would be killed.
    pub(super) fn run(mut self) {
        loop {
            self.wait();
            for request in self.shared.take_requests() {
                match request {
                    Request::Spawn { spec, reply } => self.spawn(&spec, reply),
                    Request::TellWhenNoneIsLeft(sender) => self.waiting_for_none.push(sender),
                }
            }
            self.greet();
            self.reap();
        }
    }

    /// Until a request, an exit or a handshake comes. Signals coalesce (signal(7)), so all there are are taken, and
    /// each round looks for exits whatever woke it.
    fn wait(&self) {
        let mut interests =
            vec![Interest::Readable(self.shared.wake.as_fd()), Interest::Readable(self.exits.as_fd())];
        interests.extend(self.starting.iter().map(|child| Interest::Readable(child.handshake.as_fd())));
        if let Err(error) = wait_any(&interests, None) {
            self.log.event(Level::Error, None, format_args!("the wait for children: {error}"));
        }
        self.shared.wake.clear();
        while self.exits.take().is_ok() {}
    }

    fn spawn(&mut self, spec: &SpawnSpec, reply: Reply) {
        if reply.is_closed() {
            return;
        }
        match spawn::spawn(spec) {
            Ok(spawned) => {
                self.shared.groups().insert(spawned.pid, Group::Led);
                let spawn::Spawned { pid, stdout, stderr, handshake } = spawned;
                self.starting.push(Starting { pid, stdout, stderr, handshake, reply });
            }
            Err(error) => {
                // Nobody waits any more: nothing was started, nothing is to be undone.
                reply.send(Err(error)).ok();
            }
        }
    }

    /// Looks which children have become their programs.
    fn greet(&mut self) {
        for child in std::mem::take(&mut self.starting) {
            match child.handshake.look() {
                Progress::Starting => self.starting.push(child),
                Progress::Running => self.hand_over(child),
                Progress::Failed(error) => {
                    child.reply.send(Err(error)).ok();
                }
            }
        }
    }

    fn hand_over(&mut self, starting: Starting) {
        let Starting { pid, stdout, stderr, handshake: _, reply } = starting;
        let (sender, exited) = oneshot::channel();
        self.running.insert(pid, sender);
        let delivery = Delivery::new(Child { pid, stdout, stderr, exited }, &self.shared);
        // Whoever wanted it may be gone: the delivery sees to that.
        drop(reply.send(Ok(delivery)));
    }

    /// Collects every child that has ended.
    fn reap(&mut self) {
        loop {
            match wait::peek() {
                Ok(Peeked::Ended(pid, status)) => {
                    if let Err(error) = self.collect(pid, status) {
                        // It would be shown again at once, for ever; the next round may do better.
                        self.log.event(Level::Error, None, format_args!("collecting process {pid}: {error}"));
                        break;
                    }
                }
                Ok(Peeked::AllRunning) => break,
                Ok(Peeked::NoChildren) => {
                    for sender in self.waiting_for_none.drain(..) {
                        sender.send(()).ok();
                    }
                    break;
                }
                Err(error) => {
                    self.log.event(Level::Error, None, format_args!("waiting for children: {error}"));
                    break;
                }
            }
        }
        let lives = |pid: &Pid, group: &mut Group| *group == Group::Led || signal::group_exists(*pid);
        self.shared.groups().retain(lives);
    }

    fn collect(&mut self, pid: Pid, status: ExitStatus) -> io::Result<()> {
        // A child that ended has said all it had to say: its handshake is decided now.
        self.greet();
        {
            let mut groups = self.shared.groups();
            wait::collect(pid)?;
            // Whoever is left in the group pins its number, so it stays ours to signal (setpgid(2)).
            match groups.get_mut(&pid) {
                Some(group) if signal::group_exists(pid) => *group = Group::Leaderless,
                Some(_) => drop(groups.remove(&pid)),
                None => {}
            }
        }
        match self.running.remove(&pid) {
            Some(owner) => {
                owner.send(status).ok();
            }
            None => {
                self.log.event(Level::Debug, None, format_args!("process {pid}, of no app, ended: {status}"));
            }
        }
        Ok(())
    }
}

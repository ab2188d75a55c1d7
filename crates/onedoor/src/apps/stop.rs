//! Step "stop" of the life of an app: its signal to its whole group, and nobody left behind.
//!
//! The escalation's times are decided in `life.rs`. Here a group is signalled, and what an app leaves running (a
//! server behind `npm`, a daemon with a session of its own) is given its time and then killed.

use std::time::{Duration, Instant};

use onedoor_linux::proc::Pid;
use onedoor_linux::signal::{self, Signal};
use tokio::sync::watch;

use super::kin::Kin;
use super::spec::StopSignal;
use crate::init::{Children, SignalError};
use crate::observe::log::{Level, Log};

/// How often leftovers are looked for while they have time left.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Forks may outrun a pass; after so many, whoever is left is in uninterruptible sleep.
const PASSES_MAX: u32 = 50;

/// Signals the app's group; where the sandbox refused it a group (SUPERVISION.md rule 8), the app alone.
pub(super) fn push(children: &Children, leader: Pid, signal: Signal) -> Result<(), SignalError> {
    match children.signal_group(leader, signal) {
        // Only called for a leader whose exit was not told yet, so the number is still its own.
        Err(SignalError::Refused { .. }) => signal::send(leader, signal)
            .map_err(|source| SignalError::Refused { pid: leader, signal, source }),
        Ok(()) => Ok(()),
        Err(SignalError::Gone(pid)) => Err(SignalError::Gone(pid)),
    }
}

/// The stop signal, and SIGCONT behind it: a process that was stopped (SIGSTOP, a freezer, a debugger) takes no
/// signal but KILL until it goes on (signal(7)).
pub(super) fn ask(children: &Children, leader: Pid, signal: Signal) -> Result<(), SignalError> {
    push(children, leader, signal)?;
    push(children, leader, Signal::CONT)
}

/// Says that a signal could not be sent.
pub(super) fn note(pushed: Result<(), SignalError>, app: &str, log: &Log) {
    match pushed {
        // It ended by itself this very moment; its exit is on its way to us.
        Ok(()) | Err(SignalError::Gone(_)) => {}
        Err(error @ SignalError::Refused { .. }) => log.event(Level::Warn, Some(app), error),
    }
}

pub(super) fn signal_of(signal: StopSignal) -> Signal {
    match signal {
        StopSignal::Term => Signal::TERM,
        StopSignal::Int => Signal::INT,
        StopSignal::Quit => Signal::QUIT,
        StopSignal::Hup => Signal::HUP,
        StopSignal::Usr1 => Signal::USR1,
        StopSignal::Usr2 => Signal::USR2,
        StopSignal::Kill => Signal::KILL,
    }
}

/// Waits until nobody of an ended app's family is left; from `until` on, which may move closer, with SIGKILL.
/// Returns how many had to be killed.
pub(super) async fn sweep(
    children: Children,
    kin: Kin,
    stop: Signal,
    until: watch::Receiver<Instant>,
) -> usize {
    let mut killed = Vec::new();
    let mut asked = false;
    let mut passes = 0;
    loop {
        // A group that lives is the cheap question; the walk through /proc comes when it is gone, or time is up.
        let until = *until.borrow();
        let time_is_up = Instant::now() >= until;
        if time_is_up || !asked || !children.group_lives(kin.leader) {
            let left = kin.left_behind();
            if left.is_empty() || passes >= PASSES_MAX {
                return killed.len();
            }
            if time_is_up {
                passes += 1;
                kill(&children, &kin, &left);
                killed.extend(left.into_iter().filter(|pid| !killed.contains(pid)).collect::<Vec<_>>());
            } else if !asked {
                ask_outsiders(&left, &kin, stop);
                asked = true;
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn kill(children: &Children, kin: &Kin, left: &[Pid]) {
    // Gone already, or never a group: the single kills below reach whoever is there.
    children.signal_group(kin.leader, Signal::KILL).ok();
    for pid in left {
        signal::send(*pid, Signal::KILL).ok();
    }
}

/// The group had its stop signal; those who left it did not.
fn ask_outsiders(left: &[Pid], kin: &Kin, stop: Signal) {
    for pid in left {
        let outside =
            onedoor_linux::proc::process(*pid).is_some_and(|process| process.group != Some(kin.leader));
        if outside {
            signal::send(*pid, stop).ok();
        }
    }
}

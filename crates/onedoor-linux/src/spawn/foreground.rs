//! A child in the foreground: our terminal, our descriptors, our session, and a process group of its own.
//!
//! Only for a program that has one thread: between fork and exec a threaded one may not even allocate. What the shim
//! does for an app is done here by the child itself, less what would cut it off from whoever called.
#![expect(unsafe_code, reason = "Command::pre_exec has no safe name elsewhere")]
#![expect(
    clippy::disallowed_methods,
    reason = "the one child that is not made by the shim; it is waited for by `wait`"
)]

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::termios::{tcgetpgrp, tcsetpgrp};

use super::error::Step;
use super::instructions::Instructions;
use super::shim;
use super::{SpawnError, SpawnSpec};
use crate::proc::Pid;
use crate::signal;

/// Starts `spec` in a process group of its own, which gets the terminal if we have it. `listener` is not handed on.
///
/// # Errors
/// As [`super::spawn`], and what its handshake would tell.
pub fn spawn_in_foreground(spec: &SpawnSpec) -> Result<Pid, SpawnError> {
    let mut command = Command::new(&spec.program);
    let mut argv = spec.argv.iter();
    if let Some(name) = argv.next() {
        command.arg0(name);
    }
    command.args(argv).current_dir(&spec.dir).env_clear();
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let told = Instructions::of(spec);
    let parent = rustix::process::getpid();
    let had_terminal = has_terminal();
    let prepare = move || {
        let ours = rustix::process::getpid();
        // In the child as well as nowhere else: it must have its group before it may have the terminal.
        rustix::process::setpgid(None, None).ok();
        if had_terminal {
            give_terminal(ours.as_raw_nonzero().get());
        }
        shim::hold(&told).map_err(|stuck| io::Error::from(stuck.errno))?;
        if let Some(identity) = &told.identity {
            shim::become_another(identity)?;
        }
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).ok();
        if rustix::process::getppid() != Some(parent) {
            return Err(io::Error::from(Errno::SRCH));
        }
        if let Some(umask) = told.umask {
            rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
        }
        // The mask was emptied already (std::process::Command does it in every child).
        signal::reset_all()
    };
    // SAFETY: this program has one thread, so whatever the child does between fork and exec finds nothing half done.
    unsafe { command.pre_exec(prepare) };
    let child = command.spawn().map_err(|error| {
        let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
        let step = if spec.dir.is_dir() { Step::Exec } else { Step::Directory };
        SpawnError::at(&spec.program, &spec.dir, step, errno)
    })?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::new);
    pid.ok_or_else(|| SpawnError::at(&spec.program, &spec.dir, Step::Process, libc::ESRCH))
}

/// Takes the terminal back from a child that has ended or stopped.
pub fn take_terminal_back() {
    if rustix::termios::isatty(rustix::stdio::stdin()) {
        give_terminal(our_group());
    }
}

/// Gives the terminal, if there is one, to the process group of `leader`.
pub fn give_terminal_to(leader: Pid) {
    if rustix::termios::isatty(rustix::stdio::stdin()) {
        give_terminal(leader.number());
    }
}

/// Whether our process group is the one that the terminal listens to.
#[must_use]
pub fn has_terminal() -> bool {
    let stdin = rustix::stdio::stdin();
    rustix::termios::isatty(stdin)
        && tcgetpgrp(stdin).is_ok_and(|group| group.as_raw_nonzero().get() == our_group())
}

/// 0 where our group is one of another PID namespace (pid_namespaces(7)), which is nobody here.
fn our_group() -> i32 {
    // SAFETY: asks for a number, and cannot fail.
    unsafe { libc::getpgrp() }
}

fn give_terminal(group: i32) {
    let Some(group) = rustix::process::Pid::from_raw(group) else { return };
    // A process in the background that does this is stopped, unless it does not listen to that (tcsetpgrp(3)).
    signal::without(signal::Signal::from_number(libc::SIGTTOU), || {
        let stdin: BorrowedFd<'_> = rustix::stdio::stdin();
        tcsetpgrp(stdin, group).ok();
    });
}

//! The only place that waits for children. Two waiters would steal each other's exits.
//!
//! An exit is first looked at, then collected: while the zombie is there its pid and its group's number cannot be
//! given to anyone else, so whatever must be signalled is signalled between the two.
#![expect(unsafe_code, reason = "waitid(2) that tells the pid has no safe name elsewhere")]

use std::fmt;
use std::io;

use crate::proc::Pid;
use crate::signal::Signal;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Code(i32),
    Signal { number: i32, core_dumped: bool },
}

impl ExitStatus {
    /// The process itself said that all went well.
    #[must_use]
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal { number, core_dumped } => {
                match Signal::from_number(number) {
                    Some(signal) => write!(f, "killed by {signal}")?,
                    None => write!(f, "killed by signal {number}")?,
                }
                f.write_str(if core_dumped { " (core dumped)" } else { "" })
            }
        }
    }
}

/// What there is to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peeked {
    /// This child has ended and is a zombie until [`collect`].
    Ended(Pid, ExitStatus),
    /// Children exist, none has ended.
    AllRunning,
    NoChildren,
}

/// Looks at a child that has ended, orphans that were re-parented to us included, without collecting it. Does not
/// block.
///
/// # Errors
/// EINVAL from a sandbox that lacks waitid(2) with WNOWAIT.
pub fn peek() -> io::Result<Peeked> {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    match waitid(libc::P_ALL, 0, options) {
        Ok(Some((pid, status))) => Ok(Peeked::Ended(pid, status)),
        Ok(None) => Ok(Peeked::AllRunning),
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(Peeked::NoChildren),
        Err(error) => Err(error),
    }
}

/// Whether this child was stopped (SIGSTOP, SIGTSTP, …) since this was last asked.
#[must_use]
pub fn has_stopped(pid: Pid) -> bool {
    let Ok(id) = libc::id_t::try_from(pid.number()) else { return false };
    matches!(waitid(libc::P_PID, id, libc::WSTOPPED | libc::WNOHANG), Ok(Some(_)))
}

/// Lets the kernel forget a child that [`peek`] showed. From here on its number may belong to someone else.
///
/// # Errors
/// ECHILD if it is no child of ours, or was collected before.
pub fn collect(pid: Pid) -> io::Result<()> {
    let id = libc::id_t::try_from(pid.number()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    waitid(libc::P_PID, id, libc::WEXITED | libc::WNOHANG).map(drop)
}

/// Waits for the end of a child that nobody else waits for, and collects it.
pub(crate) fn until_ended(pid: Pid) -> io::Result<ExitStatus> {
    let id = libc::id_t::try_from(pid.number()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let ended = waitid(libc::P_PID, id, libc::WEXITED)?;
    ended.map(|(_, status)| status).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn waitid(which: libc::idtype_t, id: libc::id_t, options: i32) -> io::Result<Option<(Pid, ExitStatus)>> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: waitid writes a siginfo into the memory it is given, or leaves the zeroes.
        let result = unsafe { libc::waitid(which, id, info.as_mut_ptr(), options) };
        if result == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: all zeroes is a valid siginfo_t, and so is what the kernel wrote over them.
    let info = unsafe { info.assume_init() };
    // SAFETY: for waitid the fields of a SIGCHLD are set; with WNOHANG and nothing to tell si_pid is 0 (waitid(2)).
    let pid = unsafe { info.si_pid() };
    // SAFETY: as above.
    let value = unsafe { info.si_status() };
    let Some(pid) = Pid::new(pid) else { return Ok(None) };
    let status = match info.si_code {
        libc::CLD_EXITED => ExitStatus::Code(value),
        code => ExitStatus::Signal { number: value, core_dumped: code == libc::CLD_DUMPED },
    };
    Ok(Some((pid, status)))
}

//! What a sandbox forbids: system calls that a filter (seccomp(2)) or an old kernel refuses.
//!
//! Each is tried with arguments that can do nothing, in a child of its own: a filter may kill whoever asks. Only for a
//! program that has one thread and no other waiter.
#![expect(unsafe_code, reason = "a fork, and calls by their number, have no safe names")]

use std::io;

use crate::proc::Pid;
use crate::wait::{self, ExitStatus};

/// A system call that not every sandbox allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Clone3,
    CloseRange,
    IoUringSetup,
    PidfdOpen,
    PidfdSendSignal,
    SchedSetaffinity,
    Setsid,
    Splice,
}

impl Call {
    pub const ALL: [Self; 8] = [
        Self::Clone3,
        Self::CloseRange,
        Self::IoUringSetup,
        Self::PidfdOpen,
        Self::PidfdSendSignal,
        Self::SchedSetaffinity,
        Self::Setsid,
        Self::Splice,
    ];

    /// As its page in section 2 of the manual is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clone3 => "clone3",
            Self::CloseRange => "close_range",
            Self::IoUringSetup => "io_uring_setup",
            Self::PidfdOpen => "pidfd_open",
            Self::PidfdSendSignal => "pidfd_send_signal",
            Self::SchedSetaffinity => "sched_setaffinity",
            Self::Setsid => "setsid",
            Self::Splice => "splice",
        }
    }

    /// Tries it.
    ///
    /// # Errors
    /// When there is no child to try it in.
    pub fn attempt(self) -> io::Result<Outcome> {
        self.attempt_by(|call| call.make())
    }

    fn attempt_by(self, make: impl Fn(Self) -> i32) -> io::Result<Outcome> {
        // SAFETY: the child makes a call and leaves: it allocates nothing, takes no lock, and runs no code of others.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            // SAFETY: ends the child at once; what the parent has not written yet stays the parent's.
            0 => unsafe { libc::_exit(make(self)) },
            child => {
                let child = Pid::new(child).ok_or(io::ErrorKind::InvalidData)?;
                wait::until_ended(child).map(Outcome::of)
            }
        }
    }

    /// Makes the call, in a way that changes nothing; gives its error's number, 0 for none.
    fn make(self) -> i32 {
        const NOBODY: libc::c_long = -1;
        const NOTHING: libc::c_long = 0;
        let (number, arguments) = match self {
            // No arguments at all: EINVAL.
            Self::Clone3 => (libc::SYS_clone3, [NOTHING; 6]),
            // From 1 to 0: EINVAL.
            Self::CloseRange => (libc::SYS_close_range, [1, 0, 0, 0, 0, 0]),
            // No entries: EFAULT or EINVAL.
            Self::IoUringSetup => (libc::SYS_io_uring_setup, [NOTHING; 6]),
            // Process 0: EINVAL.
            Self::PidfdOpen => (libc::SYS_pidfd_open, [NOTHING; 6]),
            // No descriptor: EBADF.
            Self::PidfdSendSignal => (libc::SYS_pidfd_send_signal, [NOBODY, 0, 0, 0, 0, 0]),
            // No CPU for ourselves: EINVAL.
            Self::SchedSetaffinity => (libc::SYS_sched_setaffinity, [NOTHING; 6]),
            // A child leads no group, so this works, and is the child's alone.
            Self::Setsid => (libc::SYS_setsid, [NOTHING; 6]),
            // No descriptors: EBADF.
            Self::Splice => (libc::SYS_splice, [NOBODY, 0, NOBODY, 0, 1, 0]),
        };
        let [a, b, c, d, e, f] = arguments;
        // SAFETY: every pointer among the arguments is null, and no descriptor among them exists.
        if unsafe { libc::syscall(number, a, b, c, d, e, f) } != -1 {
            return 0;
        }
        io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL)
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    Refused(Refusal),
    /// Whoever makes the call is ended by SIGSYS.
    Deadly,
}

/// The errors with which a call is kept from whoever makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Eperm,
    Eacces,
    /// What callers take for an old kernel, and have another way for.
    Enosys,
}

impl Refusal {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eperm => "EPERM",
            Self::Eacces => "EACCES",
            Self::Enosys => "ENOSYS",
        }
    }
}

impl Outcome {
    /// Any other error is about the arguments, and so the kernel's own word.
    fn of(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(libc::EPERM) => Self::Refused(Refusal::Eperm),
            ExitStatus::Code(libc::EACCES) => Self::Refused(Refusal::Eacces),
            ExitStatus::Code(libc::ENOSYS) => Self::Refused(Refusal::Enosys),
            ExitStatus::Code(_) => Self::Allowed,
            ExitStatus::Signal { .. } => Self::Deadly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_itself_refuses_only_for_what_is_wrong_with_the_arguments() {
        // An administrator may have switched io_uring off, and a filter may know no pidfd.
        for call in [Call::Clone3, Call::SchedSetaffinity, Call::Setsid, Call::Splice] {
            assert_eq!(call.attempt().unwrap(), Outcome::Allowed, "{}", call.name());
        }
    }

    #[test]
    fn what_a_filter_answers_is_told_from_what_the_kernel_answers() {
        for (errno, outcome) in [
            (0, Outcome::Allowed),
            (libc::EBADF, Outcome::Allowed),
            (libc::EINVAL, Outcome::Allowed),
            (libc::EPERM, Outcome::Refused(Refusal::Eperm)),
            (libc::EACCES, Outcome::Refused(Refusal::Eacces)),
            (libc::ENOSYS, Outcome::Refused(Refusal::Enosys)),
        ] {
            assert_eq!(Call::Splice.attempt_by(|_| errno).unwrap(), outcome, "{errno}");
        }
    }

    #[test]
    fn a_filter_that_kills_ends_the_attempt_and_not_us() {
        // SAFETY: raise(3) sends to the child that this runs in.
        let deadly = |_| unsafe { libc::raise(libc::SIGSYS) };
        assert_eq!(Call::Splice.attempt_by(deadly).unwrap(), Outcome::Deadly);
    }
}

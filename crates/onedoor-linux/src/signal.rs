//! Signals: their names, sending them to what we own, and reading our own from a descriptor.
//!
//! A PID 1 gets only signals it handles or blocks (pid_namespaces(7)), so the program blocks those it wants before
//! it starts its first thread and reads them from a [`SignalFd`]: no handler ever runs in the middle of anything.
//! Nothing here signals PID 1 or, unless this program is PID 1 itself, "everyone".
#![expect(unsafe_code, reason = "kill(2), signalfd(2) and signal masks have no safe names elsewhere")]

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::proc::Pid;

/// A signal by its number, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signal(i32);

/// Names of the standard signals (signal(7)).
const NAMES: [(i32, &str); 31] = [
    (libc::SIGHUP, "SIGHUP"),
    (libc::SIGINT, "SIGINT"),
    (libc::SIGQUIT, "SIGQUIT"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGTRAP, "SIGTRAP"),
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGUSR1, "SIGUSR1"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGUSR2, "SIGUSR2"),
    (libc::SIGPIPE, "SIGPIPE"),
    (libc::SIGALRM, "SIGALRM"),
    (libc::SIGTERM, "SIGTERM"),
    (libc::SIGSTKFLT, "SIGSTKFLT"),
    (libc::SIGCHLD, "SIGCHLD"),
    (libc::SIGCONT, "SIGCONT"),
    (libc::SIGSTOP, "SIGSTOP"),
    (libc::SIGTSTP, "SIGTSTP"),
    (libc::SIGTTIN, "SIGTTIN"),
    (libc::SIGTTOU, "SIGTTOU"),
    (libc::SIGURG, "SIGURG"),
    (libc::SIGXCPU, "SIGXCPU"),
    (libc::SIGXFSZ, "SIGXFSZ"),
    (libc::SIGVTALRM, "SIGVTALRM"),
    (libc::SIGPROF, "SIGPROF"),
    (libc::SIGWINCH, "SIGWINCH"),
    (libc::SIGIO, "SIGIO"),
    (libc::SIGPWR, "SIGPWR"),
    (libc::SIGSYS, "SIGSYS"),
];

/// The highest signal number of the kernel (`_NSIG`).
const NUMBER_MAX: i32 = 64;

impl Signal {
    pub const HUP: Self = Self(libc::SIGHUP);
    pub const INT: Self = Self(libc::SIGINT);
    pub const QUIT: Self = Self(libc::SIGQUIT);
    pub const KILL: Self = Self(libc::SIGKILL);
    pub const USR1: Self = Self(libc::SIGUSR1);
    pub const USR2: Self = Self(libc::SIGUSR2);
    pub const TERM: Self = Self(libc::SIGTERM);
    pub const CHLD: Self = Self(libc::SIGCHLD);
    pub const CONT: Self = Self(libc::SIGCONT);
    pub const TSTP: Self = Self(libc::SIGTSTP);
    pub const WINCH: Self = Self(libc::SIGWINCH);

    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        (1..=NUMBER_MAX).contains(&number).then_some(Self(number))
    }

    /// `TERM` or `SIGTERM`, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
        NAMES
            .iter()
            .find(|(_, known)| known.strip_prefix("SIG") == Some(bare))
            .map(|(number, _)| Self(*number))
    }

    /// Whether one that we are sent is meant for whoever we run: not what tells of ourselves (faults, SIGPIPE), of our
    /// children, or of the terminal.
    #[must_use]
    pub fn can_be_passed_on(&self) -> bool {
        let ours = [
            libc::SIGCHLD,
            libc::SIGKILL,
            libc::SIGSTOP,
            libc::SIGPIPE,
            libc::SIGILL,
            libc::SIGTRAP,
            libc::SIGABRT,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGSEGV,
            libc::SIGSYS,
            libc::SIGTTIN,
            libc::SIGTTOU,
        ];
        // The C library keeps the lowest real-time signals for its threads (signal(7)).
        let internal = 32..libc::SIGRTMIN();
        !ours.contains(&self.0) && !internal.contains(&self.0)
    }

    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// `SIGTERM`, or `signal 34` for one without a name.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match NAMES.iter().find(|(number, _)| *number == self.0) {
            Some((_, name)) => Cow::Borrowed(name),
            None => Cow::Owned(format!("signal {}", self.0)),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Sends `signal` to one process.
///
/// # Errors
/// EPERM for PID 1; what kill(2) answers, ESRCH above all.
pub fn send(pid: Pid, signal: Signal) -> io::Result<()> {
    kill(not_init(pid)?, signal.0)
}

/// Sends `signal` to the process group that `leader` leads or led.
///
/// # Errors
/// EPERM for PID 1's group; what kill(2) answers, ESRCH above all.
pub fn send_group(leader: Pid, signal: Signal) -> io::Result<()> {
    kill(-not_init(leader)?, signal.0)
}

/// True while the process group has a member, zombies included.
#[must_use]
pub fn group_exists(leader: Pid) -> bool {
    match kill(-leader.number(), 0) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() == Some(libc::EPERM),
    }
}

/// SIGKILL to every process of this PID namespace but ourselves. Only for PID 1: anywhere else it would hit others.
///
/// # Errors
/// EPERM unless this program is PID 1; ESRCH when there is nobody else.
pub fn kill_everyone_else() -> io::Result<()> {
    if !is_pid_1() {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    kill(-1, libc::SIGKILL)
}

/// Blocks `signals` in the calling thread and in every thread it starts from now on.
///
/// # Errors
/// None that the kernel documents for a valid set.
pub fn block(signals: &[Signal]) -> io::Result<()> {
    let set = set_of(signals);
    // SAFETY: `set` is an initialised signal set; the old mask is not asked for.
    let errno = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

/// Whether we had a terminal and it was hung up (termios(3)).
#[must_use]
pub fn terminal_is_gone() -> bool {
    matches!(rustix::termios::tcgetattr(rustix::stdio::stdin()), Err(rustix::io::Errno::IO))
}

/// Does something while `signal` is blocked in this thread.
pub(crate) fn without(signal: Option<Signal>, act: impl FnOnce()) {
    let set = set_of(signal.as_slice());
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are valid memory; the old one is written by the call.
    let errno = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, before.as_mut_ptr()) };
    act();
    if errno == 0 {
        // SAFETY: written by the call above, which succeeded.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    }
}

/// Stops this process until somebody sends SIGCONT.
pub fn stop_ourselves() {
    // SAFETY: a signal to ourselves; its effect is what is wanted.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// A closed peer is an EPIPE to whoever writes, never a signal.
///
/// # Errors
/// None that the kernel documents for this signal.
pub fn ignore_broken_pipe() -> io::Result<()> {
    set_disposition(libc::SIGPIPE, libc::SIG_IGN)
}

/// Undoes an ignored SIGCHLD that our own parent left us: with it the kernel reaps our children itself and no exit
/// is ever told (wait(2), NOTES).
///
/// # Errors
/// None that the kernel documents for this signal.
pub fn expect_exits() -> io::Result<()> {
    set_disposition(libc::SIGCHLD, libc::SIG_DFL)
}

/// Orphans among our descendants are re-parented to us rather than to PID 1 (prctl(2)).
///
/// # Errors
/// EINVAL on kernels before 3.4 and on sandboxes that lack it.
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

#[must_use]
pub fn is_pid_1() -> bool {
    std::process::id() == 1
}

/// Signals as something to read. Blocked in every thread, or the kernel may act on one before it is read here.
#[derive(Debug)]
pub struct SignalFd(OwnedFd);

impl SignalFd {
    /// # Errors
    /// What signalfd(2) answers: EMFILE, ENFILE, ENODEV or ENOMEM.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let set = set_of(signals);
        // SAFETY: `set` is an initialised signal set; -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just made `fd` for us; nobody else owns it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// The next signal; `WouldBlock` when none is pending. Several of one kind may have become one (signal(7)).
    ///
    /// # Errors
    /// `WouldBlock`; nothing else is documented for a whole siginfo.
    pub fn take(&self) -> io::Result<Signal> {
        let mut info = [0_u8; size_of::<libc::signalfd_siginfo>()];
        rustix::io::read(&self.0, &mut info)?;
        // signalfd_siginfo begins with ssi_signo, a u32 (signalfd(2)).
        let [a, b, c, d, ..] = info;
        let number = i32::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or(0);
        Signal::from_number(number).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for SignalFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Default dispositions and an empty mask, as a freshly started program expects them: ignored and blocked signals
/// survive execve(2), and Rust ignores SIGPIPE.
pub(crate) fn reset_all() -> io::Result<()> {
    // The system call itself: the C libraries refuse to touch the numbers they use for threads, yet leave them
    // ignored in whatever they posix_spawn. All zeroes is SIG_DFL, no flags, no mask; the rest is never read.
    let default = [0_u64; 8];
    let mask_bytes = size_of::<u64>();
    for number in 1..=NUMBER_MAX {
        let old = std::ptr::null_mut::<u64>();
        // SAFETY: the kernel reads its sigaction, at most 64 bytes, from `default`, and writes nothing. KILL and STOP
        // are refused with EINVAL, as they may be: they cannot be ignored either.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, default.as_ptr(), old, mask_bytes) };
    }
    let none = set_of(&[]);
    // SAFETY: `none` is an initialised, empty signal set; the old mask is not asked for.
    let errno = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

/// A signal set in the C library's shape.
pub(crate) fn set_of(signals: &[Signal]) -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the whole set it is given.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: initialised by the line before.
    let mut set = unsafe { set.assume_init() };
    for signal in signals {
        // SAFETY: `set` is initialised and the number is within 1..=64.
        unsafe { libc::sigaddset(&raw mut set, signal.0) };
    }
    set
}

fn set_disposition(number: i32, disposition: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: SIG_DFL and SIG_IGN install no code of ours.
    let before = unsafe { libc::signal(number, disposition) };
    if before == libc::SIG_ERR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn not_init(pid: Pid) -> io::Result<i32> {
    match pid.number() {
        1 => Err(io::Error::from_raw_os_error(libc::EPERM)),
        number => Ok(number),
    }
}

fn kill(target: i32, number: i32) -> io::Result<()> {
    // SAFETY: kill(2) takes two numbers and touches no memory of ours.
    let result = unsafe { libc::kill(target, number) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_names_have_signals() {
        assert_eq!(Signal::TERM.name(), "SIGTERM");
        assert_eq!(Signal::from_number(34).unwrap().name(), "signal 34");
        for name in ["TERM", "SIGTERM", "sigterm", "term"] {
            assert_eq!(Signal::from_name(name), Some(Signal::TERM), "{name}");
        }
        for name in ["", "SIG", "SIGSIGTERM", "TERMINATE", "15"] {
            assert_eq!(Signal::from_name(name), None, "{name}");
        }
        assert_eq!(Signal::from_number(0), None);
        assert_eq!(Signal::from_number(65), None);
    }

    #[test]
    fn pid_1_and_its_group_are_never_signalled() {
        let init = Pid::new(1).unwrap();
        assert_eq!(send(init, Signal::CONT).unwrap_err().raw_os_error(), Some(libc::EPERM));
        assert_eq!(send_group(init, Signal::CONT).unwrap_err().raw_os_error(), Some(libc::EPERM));
    }

    #[test]
    fn everyone_is_only_killed_by_pid_1() {
        assert!(!is_pid_1(), "the tests do not run as PID 1");
        assert_eq!(kill_everyone_else().unwrap_err().raw_os_error(), Some(libc::EPERM));
    }

    #[test]
    fn a_blocked_signal_is_read_from_the_descriptor() {
        block(&[Signal::USR2]).unwrap();
        let signals = SignalFd::new(&[Signal::USR2]).unwrap();
        assert_eq!(signals.take().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        // SAFETY: raise(3) sends to this very thread, which blocks the signal.
        unsafe { libc::raise(libc::SIGUSR2) };
        assert_eq!(signals.take().unwrap(), Signal::USR2);
        assert_eq!(signals.take().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}

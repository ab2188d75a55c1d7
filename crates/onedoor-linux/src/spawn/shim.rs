//! The shim: what onedoor is when it is called as `onedoor __child …`, between posix_spawn and the app's program.
//!
//! It is single-threaded, lives for a millisecond, and has nothing of ours but its arguments, the app's environment
//! and four descriptors. It never returns to `main`: it becomes the program or says why it could not.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::io::Errno;
use rustix::process::Resource;

use super::error::Step;
use super::instructions::{Handed, Instructions};
use super::{FAILURE_FD, LISTENER_FD, SHIM, pointers};
use crate::account::Identity;
use crate::signal;

/// Where the failure pipe is; it gives way to a listener.
static REPORTS_AT: AtomicI32 = AtomicI32::new(FAILURE_FD);

/// A report on the failure pipe: the step, then the errno.
pub(super) const REPORT_LEN: usize = 5;

/// What a child that failed exits with; nobody reads it, since the report says more.
const FAILED: u8 = 127;

/// Call first thing in `main`. None: this is no shim, carry on. Some: the shim failed; exit with this.
#[must_use]
pub fn run_if_child() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(SHIM)) {
        return None;
    }
    Some(ExitCode::from(become_program(arguments)))
}

/// Reads a report back. An unknown step is one we could not have sent.
pub(super) fn parse_report(report: [u8; REPORT_LEN]) -> (Step, i32) {
    let [step, a, b, c, d] = report;
    let step = STEPS.into_iter().find(|known| *known as u8 == step).unwrap_or(Step::Instructions);
    (step, i32::from_ne_bytes([a, b, c, d]))
}

const STEPS: [Step; 12] = [
    Step::Descriptors,
    Step::Process,
    Step::Instructions,
    Step::DeathSignal,
    Step::ParentGone,
    Step::Limits,
    Step::ControlGroup,
    Step::Identity,
    Step::Directory,
    Step::Listener,
    Step::Signals,
    Step::Exec,
];

/// Becomes the program, or reports why not and returns the exit code.
fn become_program(arguments: impl Iterator<Item = OsString>) -> u8 {
    let Err(Stuck { step, errno }) = advance(arguments);
    let [a, b, c, d] = errno.raw_os_error().to_ne_bytes();
    if let Some(failure) = failure_pipe() {
        rustix::io::write(failure, &[step as u8, a, b, c, d]).ok();
    }
    FAILED
}

pub(super) struct Stuck {
    step: Step,
    pub(super) errno: Errno,
}

fn at(step: Step) -> impl Fn(Errno) -> Stuck {
    move |errno| Stuck { step, errno }
}

fn advance(mut arguments: impl Iterator<Item = OsString>) -> Result<std::convert::Infallible, Stuck> {
    let bad = || Stuck { step: Step::Instructions, errno: Errno::INVAL };
    let failure = failure_pipe().ok_or_else(bad)?;
    rustix::io::fcntl_setfd(failure, rustix::io::FdFlags::CLOEXEC).map_err(at(Step::Descriptors))?;
    let told = Instructions::read(&mut arguments).ok_or_else(bad)?;
    let parent = told.parent.ok_or_else(bad)?;
    let (dir, program) = (told.dir.as_deref().ok_or_else(bad)?, told.program.as_deref().ok_or_else(bad)?);

    // A session of its own makes a group of its own: `kill(-pid)` reaches sh, npm and node alike. It fails only for
    // a group's leader, which a fresh child is not, and on sandboxes: then the app lives without.
    rustix::process::setsid().ok();
    // While we have the rights for it: limits and groups first, then whose we are, and only then what they may.
    hold(&told)?;
    if let Some(identity) = &told.identity {
        become_another(identity).map_err(at(Step::Identity))?;
    }
    // A change of rights would undo it (PR_SET_PDEATHSIG, prctl(2)).
    tie_life_to(parent)?;
    if let Some(umask) = told.umask {
        rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
    }
    rustix::process::chdir(dir).map_err(at(Step::Directory))?;
    signal::reset_all().map_err(|error| Stuck {
        step: Step::Signals,
        errno: Errno::from_io_error(&error).unwrap_or(Errno::INVAL),
    })?;
    let added = match told.listener {
        Some(Handed) => {
            hand_on_listener(failure).map_err(at(Step::Listener))?;
            listening_variables()
        }
        None => {
            close_from(FAILURE_FD + 1);
            Vec::new()
        }
    };
    let environment = environment(added).map_err(at(Step::Exec))?;
    exec(program, arguments, &environment).map_err(at(Step::Exec))
}

/// What the kernel is to hold the program to.
pub(super) fn hold(told: &Instructions) -> Result<(), Stuck> {
    for group in &told.control_groups {
        std::fs::write(group, "0").map_err(|error| Stuck {
            step: Step::ControlGroup,
            errno: Errno::from_io_error(&error).unwrap_or(Errno::INVAL),
        })?;
    }
    if !told.cpus.is_empty() {
        let mut set = rustix::thread::CpuSet::new();
        for cpu in told.cpus.iter().filter(|cpu| **cpu < rustix::thread::CpuSet::MAX_CPU) {
            set.set(*cpu);
        }
        rustix::thread::sched_setaffinity(None, &set).map_err(at(Step::Limits))?;
    }
    for (resource, most) in [(Resource::Nofile, told.open_files), (Resource::Nproc, told.processes)] {
        if let Some(most) = most {
            limit(resource, most).map_err(at(Step::Limits))?;
        }
    }
    if let Some(score) = told.oom_score {
        // Raising it is always allowed where /proc is writable; where not, the app simply keeps ours.
        drop(std::fs::write("/proc/self/oom_score_adj", score.to_string()));
    }
    Ok(())
}

/// For good: real, effective and saved (credentials(7)).
pub(super) fn become_another(identity: &Identity) -> rustix::io::Result<()> {
    let Identity { user, group, groups } = identity;
    // A pipe belongs to who made it, and programs like to open /dev/stdout by its name.
    for stream in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
        // SAFETY: both are open: the spawning side copied pipes there. That it fails is no reason not to start.
        unsafe { libc::fchown(stream, *user, *group) };
    }
    // SAFETY: the list lives through the call and has as many numbers as is said.
    checked(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
    // SAFETY: numbers only; this process has one thread.
    checked(unsafe { libc::setresgid(*group, *group, *group) })?;
    // SAFETY: as above.
    checked(unsafe { libc::setresuid(*user, *user, *user) })
}

fn checked(result: libc::c_int) -> rustix::io::Result<()> {
    if result == 0 { Ok(()) } else { Err(last_errno()) }
}

fn last_errno() -> Errno {
    Errno::from_raw_os_error(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL))
}

/// Descriptor 3 becomes the listener, and the failure pipe moves to 4.
fn hand_on_listener(failure: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let moved = rustix::io::fcntl_dupfd_cloexec(failure, LISTENER_FD + 1)?;
    // Until both have their places, a failure is reported by the copy.
    REPORTS_AT.store(moved.as_raw_fd(), Ordering::Relaxed);
    // SAFETY: numbers only; nobody owns 3 and 4 but this program, which reports elsewhere by now.
    if unsafe { libc::dup2(LISTENER_FD, FAILURE_FD) } == -1 {
        return Err(last_errno());
    }
    // SAFETY: as above.
    if unsafe { libc::dup3(moved.as_raw_fd(), LISTENER_FD, libc::O_CLOEXEC) } == -1 {
        return Err(last_errno());
    }
    REPORTS_AT.store(LISTENER_FD, Ordering::Relaxed);
    drop(moved);
    close_from(LISTENER_FD + 1);
    Ok(())
}

/// What sd_listen_fds(3) reads. The process number stays the same through execve(2).
fn listening_variables() -> Vec<String> {
    vec!["LISTEN_FDS=1".to_owned(), format!("LISTEN_PID={}", std::process::id())]
}

/// The app's environment: what we were started with, and what only we know.
fn environment(added: Vec<String>) -> rustix::io::Result<Vec<CString>> {
    let ours = std::env::vars_os().map(|(name, value)| {
        let mut variable = name;
        variable.push("=");
        variable.push(value);
        variable
    });
    let all = ours.chain(added.into_iter().map(OsString::from));
    all.map(|variable| CString::new(variable.into_vec()).map_err(|_| Errno::INVAL)).collect()
}

/// SIGKILL when the thread that spawned us ends, which is when onedoor ends. It may have ended already.
fn tie_life_to(parent: i32) -> Result<(), Stuck> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(at(Step::DeathSignal))?;
    let now = rustix::process::Pid::as_raw(rustix::process::getppid());
    if now == parent { Ok(()) } else { Err(Stuck { step: Step::ParentGone, errno: Errno::SRCH }) }
}

/// Soft and hard. Without the right to raise a hard limit, it stays where it is.
fn limit(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let both = |most| rustix::process::Rlimit { current: Some(most), maximum: Some(most) };
    let Err(error) = rustix::process::setrlimit(resource, both(most)) else { return Ok(()) };
    let hard = rustix::process::getrlimit(resource).maximum;
    match hard.filter(|hard| error == Errno::PERM && *hard < most) {
        Some(hard) => rustix::process::setrlimit(resource, both(hard)),
        None => Err(error),
    }
}

/// Nothing from `first` on reaches the program: neither ours (CLOEXEC anyway) nor what we were started with.
fn close_from(first: RawFd) {
    // SAFETY: this process has no owner of any descriptor above the failure pipe: it has opened none.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first.unsigned_abs(), libc::c_uint::MAX, 0) };
    if result == 0 {
        return;
    }
    // Before Linux 5.9, and in some sandboxes. The listing's own descriptor is among them, so: collect, then close.
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open {
        if fd >= first {
            // SAFETY: as above; closing a number that is not open any more is an EBADF.
            unsafe { libc::close(fd) };
        }
    }
}

fn exec(
    program: &OsStr,
    argv: impl Iterator<Item = OsString>,
    environment: &[CString],
) -> rustix::io::Result<std::convert::Infallible> {
    let c_string = |word: OsString| CString::new(word.into_vec()).map_err(|_| Errno::INVAL);
    let program = c_string(program.to_owned())?;
    let argv = argv.map(c_string).collect::<Result<Vec<_>, _>>()?;
    let argv = pointers(&argv);
    let environment = pointers(environment);
    // SAFETY: the program is a C string, both lists end with a null pointer, and their strings are alive.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr().cast(), environment.as_ptr().cast()) };
    Err(last_errno())
}

/// None when somebody typed `onedoor __child` by hand.
fn failure_pipe() -> Option<BorrowedFd<'static>> {
    let reports_at = REPORTS_AT.load(Ordering::Relaxed);
    // SAFETY: only asks whether the number is open.
    if unsafe { libc::fcntl(reports_at, libc::F_GETFD) } == -1 {
        return None;
    }
    // SAFETY: it is open, and nothing in the shim closes it before the process ends or is replaced.
    Some(unsafe { BorrowedFd::borrow_raw(reports_at) })
}

/// Makes every test program its own shim: a test binary's `main` is the test harness, which would take `__child` for
/// the name of a test. A constructor runs before that `main`. See `Cargo.toml`, feature `test-shim`.
#[cfg(any(test, feature = "test-shim"))]
mod constructor {
    use super::{SHIM, become_program};
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt;

    #[used]
    // SAFETY: the section holds pointers to functions of this kind, which the C library calls before `main`.
    #[unsafe(link_section = ".init_array")]
    static BEFORE_MAIN: extern "C" fn() = before_main;

    extern "C" fn before_main() {
        // Rust's own copy of the arguments need not exist yet.
        let Ok(line) = std::fs::read("/proc/self/cmdline") else { return };
        let line = line.strip_suffix(b"\0").unwrap_or(&line);
        let mut arguments =
            line.split(|byte| *byte == 0).skip(1).map(|word| OsString::from_vec(word.to_vec()));
        if arguments.next().as_deref() == Some(OsStr::new(SHIM)) {
            let code = become_program(arguments);
            // SAFETY: nothing of ours is left to be cleaned up.
            unsafe { libc::_exit(i32::from(code)) };
        }
        // As onedoor does before its first thread: an unblocked SIGCHLD that is not handled is simply discarded.
        // The stop signals only on request, or Ctrl-C would not end a test run.
        use crate::signal::{Signal, block};
        block(&[Signal::CHLD]).ok();
        if std::env::var_os("ONEDOOR_TEST_BLOCKS_SIGNALS").is_some() {
            block(&[Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::USR1, Signal::USR2]).ok();
        }
    }
}

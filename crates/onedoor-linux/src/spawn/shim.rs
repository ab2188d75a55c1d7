//! The shim: what onedoor is when it is called as `onedoor __child …`, between posix_spawn and the app's program.
//!
//! It is single-threaded, lives for a millisecond, and has nothing of ours but its arguments, the app's environment
//! and four descriptors. It never returns to `main`: it becomes the program or says why it could not.

use std::ffi::{CString, OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;

use rustix::io::Errno;

use super::error::Step;
use super::{FAILURE_FD, SHIM, SpawnSpec, pointers};
use crate::signal;

/// How many words come before the program's argv: ourselves, the mark, and one per instruction.
pub(super) const INSTRUCTIONS: usize = 8;

/// Stands for "leave as it is".
const UNSET: &str = "-";

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

/// The words that [`become_program`] reads, in order.
pub(super) fn instructions(spec: &SpawnSpec) -> [OsString; INSTRUCTIONS] {
    let number = |number: Option<String>| OsString::from(number.unwrap_or_else(|| UNSET.to_owned()));
    [
        OsString::from("onedoor"),
        OsString::from(SHIM),
        OsString::from(std::process::id().to_string()),
        number(spec.umask.map(|umask| umask.to_string())),
        number(spec.open_files.map(|files| files.to_string())),
        number(spec.oom_score.map(|score| score.to_string())),
        spec.dir.clone().into_os_string(),
        spec.program.clone().into_os_string(),
    ]
}

/// Reads a report back. An unknown step is one we could not have sent.
pub(super) fn parse_report(report: [u8; REPORT_LEN]) -> (Step, i32) {
    let [step, a, b, c, d] = report;
    let step = STEPS.into_iter().find(|known| *known as u8 == step).unwrap_or(Step::Instructions);
    (step, i32::from_ne_bytes([a, b, c, d]))
}

const STEPS: [Step; 9] = [
    Step::Descriptors,
    Step::Process,
    Step::Instructions,
    Step::DeathSignal,
    Step::ParentGone,
    Step::Limits,
    Step::Directory,
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

struct Stuck {
    step: Step,
    errno: Errno,
}

fn at(step: Step) -> impl Fn(Errno) -> Stuck {
    move |errno| Stuck { step, errno }
}

fn advance(mut arguments: impl Iterator<Item = OsString>) -> Result<std::convert::Infallible, Stuck> {
    let bad = || Stuck { step: Step::Instructions, errno: Errno::INVAL };
    let failure = failure_pipe().ok_or_else(bad)?;
    rustix::io::fcntl_setfd(failure, rustix::io::FdFlags::CLOEXEC).map_err(at(Step::Descriptors))?;
    let mut word = || arguments.next().ok_or_else(bad);
    let parent = number::<i32>(&word()?)?.ok_or_else(bad)?;
    let umask = number::<u32>(&word()?)?;
    let open_files = number::<u64>(&word()?)?;
    let oom_score = number::<i16>(&word()?)?;
    let dir = word()?;
    let program = word()?;

    // A session of its own makes a group of its own: `kill(-pid)` reaches sh, npm and node alike. It fails only for
    // a group's leader, which a fresh child is not, and on sandboxes: then the app lives without.
    rustix::process::setsid().ok();
    tie_life_to(parent)?;
    if let Some(umask) = umask {
        rustix::process::umask(rustix::fs::Mode::from_bits_truncate(umask));
    }
    if let Some(files) = open_files {
        set_open_files(files).map_err(at(Step::Limits))?;
    }
    if let Some(score) = oom_score {
        // Raising it is always allowed where /proc is writable; where not, the app simply keeps ours.
        drop(std::fs::write("/proc/self/oom_score_adj", score.to_string()));
    }
    rustix::process::chdir(Path::new(&dir)).map_err(at(Step::Directory))?;
    close_the_rest();
    signal::reset_all().map_err(|error| Stuck {
        step: Step::Signals,
        errno: Errno::from_io_error(&error).unwrap_or(Errno::INVAL),
    })?;
    exec(program, arguments).map_err(at(Step::Exec))
}

/// SIGKILL when the thread that spawned us ends, which is when onedoor ends. It may have ended already.
fn tie_life_to(parent: i32) -> Result<(), Stuck> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .map_err(at(Step::DeathSignal))?;
    let now = rustix::process::Pid::as_raw(rustix::process::getppid());
    if now == parent { Ok(()) } else { Err(Stuck { step: Step::ParentGone, errno: Errno::SRCH }) }
}

fn set_open_files(soft: u64) -> rustix::io::Result<()> {
    let now = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let soft = now.maximum.map_or(soft, |hard| soft.min(hard));
    let limit = rustix::process::Rlimit { current: Some(soft), maximum: now.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit)
}

/// Nothing above the failure pipe reaches the program: neither ours (CLOEXEC anyway) nor what we were started with.
fn close_the_rest() {
    let first: libc::c_uint = FAILURE_FD.unsigned_abs() + 1;
    // SAFETY: this process has no owner of any descriptor above the failure pipe: it has opened none.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if result == 0 {
        return;
    }
    // Before Linux 5.9, and in some sandboxes. The listing's own descriptor is among them, so: collect, then close.
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open {
        if fd > FAILURE_FD {
            // SAFETY: as above; closing a number that is not open any more is an EBADF.
            unsafe { libc::close(fd) };
        }
    }
}

fn exec(
    program: OsString,
    argv: impl Iterator<Item = OsString>,
) -> rustix::io::Result<std::convert::Infallible> {
    unsafe extern "C" {
        static environ: *const *const libc::c_char;
    }
    let c_string = |word: OsString| CString::new(word.into_vec()).map_err(|_| Errno::INVAL);
    let program = c_string(program)?;
    let argv = argv.map(c_string).collect::<Result<Vec<_>, _>>()?;
    let argv = pointers(&argv);
    // SAFETY: a single-threaded read of the C library's own pointer, which nobody here has changed.
    let env = unsafe { environ };
    // SAFETY: the program is a C string, argv ends with a null pointer and its strings are alive; so is environ.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr().cast(), env) };
    let errno = std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL);
    Err(Errno::from_raw_os_error(errno))
}

fn number<N: std::str::FromStr>(word: &OsStr) -> Result<Option<N>, Stuck> {
    if word.as_bytes() == UNSET.as_bytes() {
        return Ok(None);
    }
    let parsed = word.to_str().and_then(|text| text.parse().ok());
    parsed.map(Some).ok_or(Stuck { step: Step::Instructions, errno: Errno::INVAL })
}

/// None when somebody typed `onedoor __child` by hand.
fn failure_pipe() -> Option<BorrowedFd<'static>> {
    // SAFETY: only asks whether the number is open.
    if unsafe { libc::fcntl(FAILURE_FD, libc::F_GETFD) } == -1 {
        return None;
    }
    // SAFETY: it is open, and nothing in the shim closes it before the process ends or is replaced.
    Some(unsafe { BorrowedFd::borrow_raw(FAILURE_FD) })
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

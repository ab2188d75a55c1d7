//! Starting a program: step 2 of the life of an app.
//!
//! ```text
//!   onedoor, thread `children`            the child
//!   posix_spawn(/proc/self/exe __child) ─▶ onedoor again, single-threaded: the shim (shim.rs)
//!        │                                 setsid, parent-death signal, umask, limits, directory, descriptors
//!        │   ◀── CLOEXEC pipe ──────────── execve(program); on failure: which step, which errno
//!   Handshake: closed empty = it runs
//! ```
//!
//! There is no fork and no pre-exec hook: between fork and exec a threaded program may not even allocate, and every
//! other thread pays for the copied page tables. The shim is an ordinary program and may do anything.
//! This file never waits for a child; see [`crate::wait`].
#![expect(unsafe_code, reason = "posix_spawn(3) and execve(2) have no safe names elsewhere")]

mod error;
mod foreground;
mod instructions;
mod resolve;
mod shim;
#[cfg(test)]
mod tests;

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use crate::account::Identity;
use crate::proc::Pid;
use crate::signal::{self, Signal};

pub use error::{Interpreter, SpawnError, Step};
pub use foreground::{give_terminal_to, has_terminal, spawn_in_foreground, take_terminal_back};
pub use resolve::resolve_program;
pub use shim::run_if_child;

/// The program that becomes the shim: ourselves, even if our file has been replaced or removed meanwhile.
const OURSELVES: &std::ffi::CStr = c"/proc/self/exe";

/// The first argument that makes this program the shim.
pub(crate) const SHIM: &str = "__child";

/// Where the shim finds the pipe on which it reports a failure.
pub(crate) const FAILURE_FD: RawFd = 3;

/// Where the shim finds the socket that it is to hand on.
pub(crate) const LISTENER_FD: RawFd = 4;

/// Our ends are moved above the numbers they are copied to, so that no copy overwrites one still needed.
const FIRST_FREE_FD: RawFd = 10;

/// A program to start, and everything about it that the child itself must set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpawnSpec {
    /// Where the program is; absolute, found by [`resolve_program`].
    pub program: PathBuf,
    /// What it is told it was called, then its arguments: the whole argv.
    pub argv: Vec<OsString>,
    /// Its whole environment; nothing is inherited.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub dir: PathBuf,
    /// None: ours.
    pub umask: Option<u32>,
    /// Whose rights it has; None: ours. Changing them takes root's (capabilities(7)).
    pub identity: Option<Identity>,
    /// RLIMIT_NOFILE, soft and hard. Programs that use select(2) break on a high one.
    pub open_files: Option<u64>,
    /// RLIMIT_NPROC, soft and hard; counted over everything its user runs, and not for root (getrlimit(2)).
    pub processes: Option<u64>,
    /// The CPUs it may run on; empty: those we may.
    pub cpus: Vec<usize>,
    /// The `cgroup.procs` files of the control groups it belongs in.
    pub control_groups: Vec<PathBuf>,
    /// Given to it as descriptor 3, as sd_listen_fds(3) says.
    pub listener: Option<Listener>,
    /// What to write to /proc/self/oom_score_adj, so that the kernel takes an app and not PID 1. Best effort.
    pub oom_score: Option<i16>,
}

impl SpawnSpec {
    /// A program without arguments and with an empty environment.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        let program = program.into();
        let argv = vec![program.clone().into_os_string()];
        Self {
            program,
            argv,
            env: Vec::new(),
            dir: dir.into(),
            umask: None,
            identity: None,
            open_files: None,
            processes: None,
            cpus: Vec::new(),
            control_groups: Vec::new(),
            listener: None,
            oom_score: None,
        }
    }
}

/// A socket that listens; it lives as long as anybody holds it.
#[derive(Clone, Debug)]
pub struct Listener(pub Arc<OwnedFd>);

impl PartialEq for Listener {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Listener {}

/// A child that is on its way to become the program: leader of a session and group of its own.
#[derive(Debug)]
pub struct Spawned {
    pub pid: Pid,
    /// What it prints; non-blocking.
    pub stdout: OwnedFd,
    /// What it complains about; non-blocking.
    pub stderr: OwnedFd,
    /// Whether it got there.
    pub handshake: Handshake,
}

/// Starts `spec`. The calling thread must live as long as the child: the child is killed when that thread ends
/// (PR_SET_PDEATHSIG, prctl(2)).
///
/// # Errors
/// When there can be no child at all: no descriptors, no memory, no process number, or a NUL in a string. That the
/// program itself could not be started is told by [`Handshake::look`].
pub fn spawn(spec: &SpawnSpec) -> Result<Spawned, SpawnError> {
    let strings = Strings::of(spec)?;
    let setup = |step: Step| move |error: Errno| SpawnError::step(spec, step, error.raw_os_error());
    let (stdout, child_stdout) = pipe().map_err(setup(Step::Descriptors))?;
    let (stderr, child_stderr) = pipe().map_err(setup(Step::Descriptors))?;
    let (failure, child_failure) = pipe().map_err(setup(Step::Descriptors))?;
    let mut actions = FileActions::new().map_err(setup(Step::Process))?;
    actions.open_null(libc::STDIN_FILENO).map_err(setup(Step::Process))?;
    actions.duplicate(&child_stdout, libc::STDOUT_FILENO).map_err(setup(Step::Process))?;
    actions.duplicate(&child_stderr, libc::STDERR_FILENO).map_err(setup(Step::Process))?;
    actions.duplicate(&child_failure, FAILURE_FD).map_err(setup(Step::Process))?;
    let listener = listener_copy(spec).map_err(setup(Step::Descriptors))?;
    if let Some(listener) = &listener {
        actions.duplicate(listener, LISTENER_FD).map_err(setup(Step::Process))?;
    }
    let attributes = Attributes::new().map_err(setup(Step::Process))?;
    let pid = posix_spawn(&strings, &actions, &attributes).map_err(setup(Step::Process))?;
    let handshake = Handshake { failure, program: spec.program.clone(), dir: spec.dir.clone() };
    Ok(Spawned { pid, stdout, stderr, handshake })
}

/// How far a child has got.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Still in the shim.
    Starting,
    /// The program runs, or ran: it replaced the shim.
    Running,
    /// The shim gave up; its exit means nothing.
    Failed(SpawnError),
}

/// The pipe on which the shim reports a failure; readable when there is something to know.
#[derive(Debug)]
pub struct Handshake {
    failure: OwnedFd,
    program: PathBuf,
    dir: PathBuf,
}

impl Handshake {
    /// Looks without blocking. Ask no more after anything but [`Progress::Starting`].
    #[must_use]
    pub fn look(&self) -> Progress {
        let mut report = [0_u8; shim::REPORT_LEN];
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.failure, &mut report)) {
            Ok(0) => Progress::Running,
            // The report is shorter than PIPE_BUF, so it comes whole (pipe(7)).
            Ok(_) => {
                let (step, errno) = shim::parse_report(report);
                Progress::Failed(SpawnError::at(&self.program, &self.dir, step, errno))
            }
            Err(Errno::AGAIN) => Progress::Starting,
            Err(error) => {
                let errno = error.raw_os_error();
                Progress::Failed(SpawnError::at(&self.program, &self.dir, Step::Descriptors, errno))
            }
        }
    }
}

impl AsFd for Handshake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.failure.as_fd()
    }
}

/// Our end, non-blocking, and the child's, above the standard descriptors; both CLOEXEC.
fn pipe() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    rustix::fs::fcntl_setfl(&ours, rustix::fs::OFlags::NONBLOCK)?;
    let theirs = rustix::io::fcntl_dupfd_cloexec(&theirs, FIRST_FREE_FD)?;
    Ok((ours, theirs))
}

/// Above the numbers that are written to.
fn listener_copy(spec: &SpawnSpec) -> rustix::io::Result<Option<OwnedFd>> {
    let copy = |listener: &Listener| rustix::io::fcntl_dupfd_cloexec(&*listener.0, FIRST_FREE_FD);
    spec.listener.as_ref().map(copy).transpose()
}

/// The shim's argv and environment, as C wants them.
#[derive(Debug)]
struct Strings {
    argv: Vec<CString>,
    env: Vec<CString>,
}

impl Strings {
    fn of(spec: &SpawnSpec) -> Result<Self, SpawnError> {
        let words = instructions::words(spec);
        let argv = words.iter().chain(&spec.argv).map(|word| c_string(word)).collect::<Result<_, _>>()?;
        let mut env = Vec::with_capacity(spec.env.len());
        for (name, value) in &spec.env {
            let mut entry = name.clone();
            entry.push("=");
            entry.push(value);
            env.push(c_string(&entry)?);
        }
        Ok(Self { argv, env })
    }
}

fn c_string(word: &OsStr) -> Result<CString, SpawnError> {
    CString::new(word.as_bytes())
        .map_err(|_| SpawnError::NulByte { text: word.to_string_lossy().into_owned() })
}

/// Pointers to `strings`, ended by a null pointer; valid while `strings` is.
pub(crate) fn pointers(strings: &[CString]) -> Vec<*mut libc::c_char> {
    strings.iter().map(|string| string.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect()
}

fn posix_spawn(strings: &Strings, actions: &FileActions, attributes: &Attributes) -> rustix::io::Result<Pid> {
    let argv = pointers(&strings.argv);
    let env = pointers(&strings.env);
    let mut pid = 0;
    // SAFETY: both lists end with a null pointer and their strings live until after the call; the actions and the
    // attributes are initialised; posix_spawn writes none of it.
    let errno = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            OURSELVES.as_ptr(),
            &raw const actions.0,
            &raw const attributes.0,
            argv.as_ptr(),
            env.as_ptr(),
        )
    };
    done(errno)?;
    Pid::new(pid).ok_or(Errno::SRCH)
}

/// What the child does to its descriptors before it becomes the shim.
struct FileActions(libc::posix_spawn_file_actions_t);

impl FileActions {
    fn new() -> rustix::io::Result<Self> {
        let mut actions = std::mem::MaybeUninit::uninit();
        // SAFETY: the call initialises what it is given.
        done(unsafe { libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) })?;
        // SAFETY: initialised, since the call succeeded.
        Ok(Self(unsafe { actions.assume_init() }))
    }

    fn open_null(&mut self, to: RawFd) -> rustix::io::Result<()> {
        let path = c"/dev/null".as_ptr();
        // SAFETY: the path is a C string that lives for ever (and is copied).
        done(unsafe { libc::posix_spawn_file_actions_addopen(&raw mut self.0, to, path, libc::O_RDONLY, 0) })
    }

    fn duplicate(&mut self, from: &OwnedFd, to: RawFd) -> rustix::io::Result<()> {
        // SAFETY: the actions are initialised; the descriptors are only numbers here.
        done(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.0, from.as_raw_fd(), to) })
    }
}

impl Drop for FileActions {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed only here.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// An empty signal mask and default dispositions: a stop signal must reach the shim, too.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> rustix::io::Result<Self> {
        let mut attributes = std::mem::MaybeUninit::uninit();
        // SAFETY: the call initialises what it is given.
        done(unsafe { libc::posix_spawnattr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: initialised, since the call succeeded.
        let mut attributes = Self(unsafe { attributes.assume_init() });
        let none = signal::set_of(&[]);
        let ours: Vec<Signal> = (1..=31).filter_map(Signal::from_number).filter(settable).collect();
        let ours = signal::set_of(&ours);
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        // SAFETY: the attributes and the set are initialised.
        done(unsafe { libc::posix_spawnattr_setsigmask(&raw mut attributes.0, &raw const none) })?;
        // SAFETY: as above.
        done(unsafe { libc::posix_spawnattr_setsigdefault(&raw mut attributes.0, &raw const ours) })?;
        let flags = libc::c_short::try_from(flags).map_err(|_| Errno::INVAL)?;
        // SAFETY: as above.
        done(unsafe { libc::posix_spawnattr_setflags(&raw mut attributes.0, flags) })?;
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, destroyed only here.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

/// KILL and STOP have no disposition to set; older C libraries fail on them.
fn settable(signal: &Signal) -> bool {
    ![libc::SIGKILL, libc::SIGSTOP].contains(&signal.number())
}

fn done(errno: i32) -> rustix::io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(errno)) }
}

fn is_proc_mounted() -> bool {
    OURSELVES.to_str().is_ok_and(|ours| Path::new(ours).exists())
}

/// The working directory and the program, for a message.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// An errno's own words.
pub(crate) fn errno_text(errno: i32) -> String {
    let text = io::Error::from_raw_os_error(errno).to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

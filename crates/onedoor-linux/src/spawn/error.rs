//! Why a program did not start: the fact and the remedy. The place (which app, which line) is the caller's to add.

use std::io::Read;
use std::path::Path;

use super::{SpawnSpec, errno_text, shown};

/// What stood in the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    #[error("program `{program}` was not found{}", and_where(.looked_in))]
    NotFound { program: String, looked_in: String },
    #[error(
        "`{program}` may not be executed: permission denied; `chmod +x` it, and check that its folder can be entered and is not mounted noexec"
    )]
    NotExecutable { program: String },
    #[error(
        "`{program}` is not something this machine can run: built for another architecture, or a script without a `#!` line"
    )]
    BadFormat { program: String },
    #[error("`{program}` exists, but {interpreter} that it needs does not")]
    InterpreterMissing { program: String, interpreter: Interpreter },
    #[error("its directory `{dir}` does not exist or is no directory")]
    NoDirectory { dir: String },
    #[error("its directory `{dir}` may not be entered: permission denied")]
    DirectoryDenied { dir: String },
    #[error(
        "it may not become another user: {}; only root may, and only where its capabilities allow it",
        errno_text(libc::EPERM)
    )]
    NotRoot,
    #[error("its arguments and environment together are too long for the kernel (E2BIG)")]
    TooLong,
    #[error("`{text}` contains a NUL byte, which no argument or variable can")]
    NulByte { text: String },
    #[error(
        "/proc is not mounted, and without it nothing can be started; mount it (`mount -t proc proc /proc`)"
    )]
    NoProc,
    #[error("the child could not be made ({step}): {}", errno_text(*.errno))]
    Failed { step: Step, errno: i32 },
    #[error("onedoor is ending and starts nothing any more")]
    Ending,
}

/// What the kernel looks for before it can run a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// The program behind `#!`.
    Script(String),
    /// The dynamic loader: a glibc program in a musl image, or the other way round.
    Loader,
}

impl std::fmt::Display for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Script(path) => write!(f, "the interpreter `{path}` of its first line"),
            Self::Loader => f.write_str("the dynamic loader (is it a glibc program in an Alpine image?)"),
        }
    }
}

/// The steps on the way to the program, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Pipes and other descriptors, on either side.
    Descriptors,
    /// posix_spawn(3) of the shim.
    Process,
    /// The shim was called by something that is not onedoor.
    Instructions,
    /// The parent-death signal.
    DeathSignal,
    /// onedoor died before the child could tie its life to it.
    ParentGone,
    Limits,
    ControlGroup,
    /// setgroups(2), setresgid(2), setresuid(2).
    Identity,
    Directory,
    /// The socket that is handed on.
    Listener,
    Signals,
    Exec,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Descriptors => "pipes",
            Self::Process => "posix_spawn",
            Self::Instructions => "instructions",
            Self::DeathSignal => "parent-death signal",
            Self::ParentGone => "its parent is gone",
            Self::Limits => "resource limits",
            Self::ControlGroup => "control group",
            Self::Identity => "user and groups",
            Self::Listener => "listening socket",
            Self::Directory => "working directory",
            Self::Signals => "signals",
            Self::Exec => "execve",
        })
    }
}

impl SpawnError {
    /// What a shell would exit with: 127 for a program that is not there, 126 for one that cannot be run.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound { .. } | Self::InterpreterMissing { .. } => 127,
            Self::NotExecutable { .. }
            | Self::BadFormat { .. }
            | Self::NoDirectory { .. }
            | Self::DirectoryDenied { .. }
            | Self::NotRoot
            | Self::TooLong
            | Self::NulByte { .. }
            | Self::NoProc
            | Self::Failed { .. }
            | Self::Ending => 126,
        }
    }

    /// True if trying again later may help: the machine was out of something, nothing is wrong with the app.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let short_of = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ETXTBSY];
        matches!(self, Self::Failed { errno, .. } if short_of.contains(errno))
    }

    pub(super) fn step(spec: &SpawnSpec, step: Step, errno: i32) -> Self {
        Self::at(&spec.program, &spec.dir, step, errno)
    }

    /// Turns a step and its errno into the reason a person can act on.
    pub(super) fn at(program: &Path, dir: &Path, step: Step, errno: i32) -> Self {
        match (step, errno) {
            (Step::Directory, libc::ENOENT | libc::ENOTDIR) => Self::NoDirectory { dir: shown(dir) },
            (Step::Directory, libc::EACCES) => Self::DirectoryDenied { dir: shown(dir) },
            (Step::Identity, libc::EPERM) => Self::NotRoot,
            (Step::Exec, libc::ENOENT | libc::ENOTDIR) if program.exists() => {
                Self::InterpreterMissing { program: shown(program), interpreter: interpreter_of(program) }
            }
            (Step::Exec, libc::ENOENT | libc::ENOTDIR) => {
                Self::NotFound { program: shown(program), looked_in: String::new() }
            }
            (Step::Exec, libc::EACCES | libc::EPERM) => Self::NotExecutable { program: shown(program) },
            (Step::Exec, libc::ENOEXEC) => Self::BadFormat { program: shown(program) },
            (Step::Exec | Step::Process, libc::E2BIG) => Self::TooLong,
            // What posix_spawn is given is our own file, by its name in /proc.
            (Step::Process, libc::ENOENT) if !super::is_proc_mounted() => Self::NoProc,
            (step, errno) => Self::Failed { step, errno },
        }
    }
}

fn and_where(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" in the app's PATH ({path})") }
}

/// The first line's interpreter, as binfmt_script reads it (execve(2)); the loader for everything else.
fn interpreter_of(program: &Path) -> Interpreter {
    /// The kernel reads no longer a line (BINPRM_BUF_SIZE).
    const LINE_MAX: u64 = 256;
    let mut head = Vec::new();
    if std::fs::File::open(program).and_then(|file| file.take(LINE_MAX).read_to_end(&mut head)).is_err() {
        return Interpreter::Loader;
    }
    let Some(line) = head.strip_prefix(b"#!") else { return Interpreter::Loader };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    // A carriage return before the line's end is part of the name: the classic script that was edited on Windows.
    let path = line.trim_matches([' ', '\t']).split([' ', '\t']).next().unwrap_or_default();
    Interpreter::Script(path.escape_debug().to_string())
}

//! The door in a sandbox that denies system calls, as some container runtimes do, where the machine allows one.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::process::{Command, Stdio};

use super::door::Setting;

/// Runs its arguments under a seccomp(2) filter that answers some calls with EPERM and lets everything else pass: pairs of
/// numbers, of x86-64 and aarch64, stand in front.
const DENIER: &str = r#"
import ctypes, platform, struct, subprocess, sys
column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
denied = [int(pair.split(",")[column]) for pair in sys.argv[1].split()]
load, equal, answer = 0x20, 0x15, 0x06  # bpf(2): BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
compare = [(equal, len(denied) - at, 0, number) for at, number in enumerate(denied)]
steps = [(load, 0, 0, 0), *compare, (answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x00050000 | 1)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
    sys.exit(99)
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"#;

const SPLICE: &str = "275,76";

/// pidfd_send_signal, pidfd_open, close_range, openat2, faccessat2, epoll_pwait2, statx, memfd_create, copy_file_range:
/// what filters that were written before them do not know.
const NEWER: &str = "424,424 434,434 436,436 437,437 439,439 441,441 332,291 319,279 326,285";

/// The same setting without splice; None, and a loud word, where filters are not to be had.
pub(crate) fn without_splice(setting: Setting) -> Option<Setting> {
    without(SPLICE, setting)
}

/// The same setting under a filter that answers newer calls with EPERM.
pub(crate) fn without_newer_calls(setting: Setting) -> Option<Setting> {
    without(NEWER, setting)
}

fn without(calls: &str, setting: Setting) -> Option<Setting> {
    let setting = setting.file("deny.py", DENIER);
    let trial = Command::new("python3")
        .current_dir(setting.path())
        .args(["deny.py", calls, "true"])
        .stderr(Stdio::null())
        .status();
    if !trial.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no system call can be denied here");
        return None;
    }
    Some(setting.inside(&["python3", "deny.py", calls]))
}

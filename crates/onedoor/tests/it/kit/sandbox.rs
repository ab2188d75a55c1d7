//! The door in a sandbox that denies splice(2), as some container runtimes do, where the machine allows one.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::process::{Command, Stdio};

use super::door::Setting;

/// Runs its arguments under a seccomp(2) filter that answers splice with EPERM and lets everything else pass.
const DENIER: &str = r#"
import ctypes, platform, struct, subprocess, sys
number = {"x86_64": 275, "aarch64": 76}[platform.machine()]
load, equal, answer = 0x20, 0x15, 0x06  # bpf(2): BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
steps = [(load, 0, 0, 0), (equal, 0, 1, number), (answer, 0, 0, 0x00050000 | 1), (answer, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):  # PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP
    sys.exit(99)
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"#;

/// The same setting without splice; None, and a loud word, where filters are not to be had.
pub(crate) fn without_splice(setting: Setting) -> Option<Setting> {
    let setting = setting.file("deny.py", DENIER);
    let trial = Command::new("python3")
        .current_dir(setting.path())
        .args(["deny.py", "true"])
        .stderr(Stdio::null())
        .status();
    if !trial.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no system call can be denied here");
        return None;
    }
    Some(setting.inside(&["python3", "deny.py"]))
}

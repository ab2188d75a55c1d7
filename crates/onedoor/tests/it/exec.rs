//! The promise: `onedoor exec -- CMD` is init for one command: its streams, its signals, its exit code, and nobody left
//! behind.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::kit::{binary, run_onedoor, run_program, signal, start_program};

/// Runs a shell script under `onedoor exec`: its exit code, stdout, stderr.
fn exec(dir: &Path, script: &str) -> (Option<i32>, String, String) {
    said(run_onedoor(dir, &["exec", "--", "sh", "-c", script]))
}

fn said(output: std::process::Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the test speaks UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder for the test")
}

fn onedoor() -> String {
    binary().to_str().expect("the repository's path is UTF-8").to_owned()
}

#[test]
fn streams_environment_folder_and_arguments_are_the_commands_own() {
    let dir = folder();
    let mut command = Command::new(onedoor());
    command.current_dir(dir.path()).env("GREETING", "hello");
    let words = [
        "exec",
        "--",
        "sh",
        "-c",
        "readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; \
        echo \"$GREETING|$1|$2|$#|$(pwd)\"",
        "sh",
        "--help",
        "a b",
    ];
    let file = |name: &str| std::fs::File::create(dir.path().join(name)).expect("the folder can be written");
    let input = file("in");
    command.args(words).stdin(input).stdout(file("out")).stderr(file("err"));
    assert!(command.status().expect("it runs").success());
    let real = dir.path().canonicalize().expect("it is there").display().to_string();
    let said = std::fs::read_to_string(dir.path().join("out")).expect("it was written");
    // No pipe of ours is in between.
    assert_eq!(said, format!("{real}/in\n{real}/out\n{real}/err\nhello|--help|a b|2|{real}\n"));
}

#[test]
fn each_signal_goes_on_to_the_command() {
    let dir = folder();
    let traps = "for s in HUP INT QUIT USR1 USR2 WINCH ALRM URG IO TERM; do trap \"echo $s\" $s; done; \
        echo $PPID; while :; do sleep 0.05; done";
    let running = start_program(dir.path(), &onedoor(), &["exec", "--", "sh", "-c", traps]);
    let pid = running.line().parse().expect("a number");
    for name in ["HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "ALRM", "URG", "IO", "TERM"] {
        signal(pid, name);
        assert_eq!(running.line(), name);
    }
    signal(pid, "KILL");
}

/// Were it to stop as well, no signal would go on any more, and the one that stopped the command would have to know.
#[test]
fn a_command_that_is_stopped_without_a_terminal_does_not_stop_its_init() {
    let dir = folder();
    let script =
        "trap 'echo woken; exit 3' USR1; echo $PPID; echo $$; kill -STOP $$; while :; do sleep 0.05; done";
    let mut running = start_program(dir.path(), &onedoor(), &["exec", "--", "sh", "-c", script]);
    let pid: u32 = running.line().parse().expect("a number");
    let command: u32 = running.line().parse().expect("a number");
    let is_stopped = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        stat.contains(") T ")
    };
    while !is_stopped(command) {
        std::thread::yield_now();
    }
    signal(pid, "USR1");
    // Only to the command: whoever stopped it lets it go on, and knows nothing of an init.
    signal(command, "CONT");
    assert_eq!(running.line(), "woken");
    assert_eq!(running.exit_code(), 3);
}

#[test]
fn a_stop_signal_after_the_commands_end_kills_what_it_left_at_once() {
    let dir = folder();
    let script = "echo $PPID; setsid sh -c 'trap \"echo asked\" TERM; echo up > up; while :; do sleep 0.05; done' & \
        until [ -s up ]; do sleep 0.01; done; exit 3";
    let words = ["exec", "--", "sh", "-c", script];
    let mut running = start_program(dir.path(), &onedoor(), &words);
    let pid = running.line().parse().expect("a number");
    assert_eq!(running.line(), "asked");
    signal(pid, "TERM");
    assert_eq!(running.exit_code(), 3);
}

#[test]
fn orphans_are_reaped_while_the_command_runs() {
    let dir = folder();
    // Each subshell leaves a process behind that ends later: it becomes onedoor's, who must not leave it a zombie.
    let script = "for i in 1 2 3 4 5 6 7 8; do (setsid sleep 0.05 &); done; \
        while :; do set -- $(cat /proc/$PPID/task/$PPID/children); [ $# = 1 ] && break; sleep 0.02; done; echo $#";
    assert_eq!(exec(dir.path(), script).1, "1\n");
}

#[test]
fn at_a_terminal_the_command_is_in_front_and_the_shell_gets_it_back() {
    let dir = folder();
    std::fs::write(dir.path().join("terminal.py"), TERMINAL).expect("the folder can be written");
    let (code, out, talk) = said(run_program(dir.path(), "python3", &["terminal.py", &onedoor()]));
    assert_eq!(code, Some(0), "{out}{talk}");
}

/// Plays the shell: a terminal of its own, onedoor as a job in front, Ctrl-C, Ctrl-Z and `fg`.
const TERMINAL: &str = r#"
import os, pty, signal, sys
onedoor = sys.argv[1]
def job(script):
    """Starts it as an interactive shell starts a job in front."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(onedoor, [onedoor, "exec", "--", "sh", "-c", script])
    return pid
shell, terminal = pty.fork()
if shell == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # It reads the terminal, which only the group in front may.
    pid = job("read line; echo got $line; exit 4")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
    assert os.tcgetpgrp(0) == pid, "the terminal is the job's again, for the shell to take"
    os.tcsetpgrp(0, os.getpgrp())
    print("SECOND", flush=True)
    pid = job("trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    os.tcsetpgrp(0, os.getpgrp())
    print("THIRD", flush=True)
    pid = job("echo ready; read line; exit 8")
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status
    os.tcsetpgrp(0, pid)
    os.killpg(pid, signal.SIGCONT)
    print("FOREGROUND", flush=True)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 8
    os.tcsetpgrp(0, os.getpgrp())
    os._exit(0)
seen = b""
def until(word):
    global seen
    while word not in seen:
        seen += os.read(terminal, 4096)
    seen = seen[seen.index(word) + len(word):]
try:
    os.write(terminal, b"hello\n")
    until(b"got hello"); until(b"SECOND"); until(b"ready")
    os.write(terminal, b"\x03")
    until(b"THIRD"); until(b"ready")
    os.write(terminal, b"\x1a")
    until(b"FOREGROUND")
    os.write(terminal, b"done\n")
except OSError as error:
    print("the shell ended early:", error, seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(shell, 0)[1]))
"#;

#[test]
fn in_the_background_the_terminal_stays_the_shells() {
    let dir = folder();
    std::fs::write(dir.path().join("background.py"), BACKGROUND).expect("the folder can be written");
    let (code, out, talk) = said(run_program(dir.path(), "python3", &["background.py", &onedoor()]));
    assert_eq!(code, Some(0), "{out}{talk}");
}

/// `onedoor exec … &` at a terminal: told to go on, as `bg` does, and ended.
const BACKGROUND: &str = r#"
import os, pty, signal, sys
onedoor = sys.argv[1]
shell, terminal = pty.fork()
if shell == 0:
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.dup2(writes, 1)
        script = "trap 'echo went on' CONT; trap 'exit 5' USR1; echo ready; while :; do sleep 0.02; done"
        os.execv(onedoor, [onedoor, "exec", "--", "sh", "-c", script])
    ours = os.getpgrp()
    lines = os.fdopen(reads)
    assert lines.readline() == "ready\n"
    assert os.tcgetpgrp(0) == ours, "started"
    os.kill(pid, signal.SIGCONT)
    assert lines.readline() == "went on\n"
    assert os.tcgetpgrp(0) == ours, "told to go on"
    os.kill(pid, signal.SIGUSR1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    assert os.tcgetpgrp(0) == ours, "ended"
    os._exit(0)
said = b""
try:
    while piece := os.read(terminal, 4096):
        said += piece
except OSError:
    pass
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(shell, 0)[1]))
"#;

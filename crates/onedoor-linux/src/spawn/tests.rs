//! Spawning and waiting, against real programs. This test program is its own shim (shim.rs, `constructor`).

use super::*;
use crate::poll::{Interest, wait_any};
use crate::proc::{self, Liveness};
use crate::signal::SignalFd;
use crate::wait::{self, ExitStatus, Peeked};
use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Waiting for any child takes every test's children: one test at a time, and each collects its own.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sh(script: &str, arguments: &[&str]) -> SpawnSpec {
    let mut spec = SpawnSpec::new("/bin/sh", "/");
    spec.argv.extend(["-c", script].iter().chain(arguments).map(OsString::from));
    spec.env = vec![("PATH".into(), std::env::var_os("PATH").unwrap())];
    spec
}

fn settled(handshake: &Handshake) -> Progress {
    loop {
        match handshake.look() {
            Progress::Starting => drop(wait_any(&[Interest::Readable(handshake.as_fd())], None).unwrap()),
            settled => return settled,
        }
    }
}

fn read_all(fd: OwnedFd) -> String {
    let mut text = Vec::new();
    let mut file = std::fs::File::from(fd);
    while let Err(error) = file.read_to_end(&mut text) {
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        wait_any(&[Interest::Readable(file.as_fd())], None).unwrap();
    }
    String::from_utf8(text).unwrap()
}

/// Collects children until `wanted` have ended.
fn exits_of(wanted: &[Pid]) -> HashMap<Pid, ExitStatus> {
    let exits = SignalFd::new(&[Signal::CHLD]).unwrap();
    let mut found = HashMap::new();
    while !wanted.iter().all(|pid| found.contains_key(pid)) {
        match wait::peek().unwrap() {
            Peeked::Ended(pid, status) => {
                wait::collect(pid).unwrap();
                found.insert(pid, status);
            }
            Peeked::AllRunning => {
                // The limit is for a signal that another test's descriptor took before.
                wait_any(&[Interest::Readable(exits.as_fd())], Some(Duration::from_millis(50))).unwrap();
                drop(exits.take());
            }
            Peeked::NoChildren => panic!("{wanted:?} are no children any more"),
        }
    }
    found
}

/// Runs to the end: what it printed, what it complained, how it ended.
fn run(spec: &SpawnSpec) -> (String, String, ExitStatus) {
    let child = spawn(spec).unwrap();
    assert_eq!(settled(&child.handshake), Progress::Running);
    let (out, err) = (read_all(child.stdout), read_all(child.stderr));
    (out, err, exits_of(&[child.pid])[&child.pid])
}

fn failure(spec: &SpawnSpec) -> SpawnError {
    let child = spawn(spec).unwrap();
    let Progress::Failed(error) = settled(&child.handshake) else { panic!("it runs") };
    exits_of(&[child.pid]);
    error
}

#[test]
fn a_child_gets_what_it_was_promised() {
    let _turn = one_at_a_time();
    let script = r#"echo "$0/$1/$2"; env; pwd; umask; ulimit -Sn; cat; echo told >&2; exit 9"#;
    let mut spec = sh(script, &["name", "two words", ""]);
    spec.env.push(("GREETING".into(), "hello=you\nthere".into()));
    spec.dir = "/usr".into();
    spec.umask = Some(0o027);
    spec.open_files = Some(123);
    let (out, err, status) = run(&spec);
    for expected in ["name/two words/\n", "GREETING=hello=you\nthere\n", "\n/usr\n0027\n123\n"] {
        assert!(out.contains(expected), "{expected:?} in {out:?}");
    }
    assert!(!out.contains("CARGO"), "our own environment leaked: {out}");
    assert_eq!((err.as_str(), status), ("told\n", ExitStatus::Code(9)));
}

#[test]
fn a_child_inherits_no_signal_mask_no_ignored_signal_and_no_descriptor() {
    let _turn = one_at_a_time();
    let _leak = rustix::io::dup(io::stderr()).unwrap();
    let mut spec = SpawnSpec::new("/bin/cat", "/");
    spec.argv.push("/proc/self/status".into());
    let (status, ..) = run(&spec);
    for line in ["SigBlk:\t0000000000000000\n", "SigIgn:\t0000000000000000\n"] {
        assert!(status.contains(line), "{line:?} in {status}");
    }
    let mut spec = SpawnSpec::new("/bin/ls", "/");
    spec.argv.push("/proc/self/fd".into());
    // The fourth is the directory that ls reads.
    assert_eq!(run(&spec).0, "0\n1\n2\n3\n");
}

#[test]
fn a_child_leads_a_session_and_a_group_of_its_own() {
    let _turn = one_at_a_time();
    let child = spawn(&sh("exec cat /proc/self/stat", &[])).unwrap();
    let out = read_all(child.stdout);
    let fields: Vec<&str> = out.split(' ').collect();
    let pid = child.pid.to_string();
    assert_eq!([fields[0], fields[4], fields[5]], [&pid, &pid, &pid], "{out}");
    exits_of(&[child.pid]);
}

#[test]
fn each_way_of_not_starting_has_its_own_error() {
    let _turn = one_at_a_time();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8], mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let program = |path: &Path| failure(&SpawnSpec::new(path, "/"));

    let absent = folder.path().join("absent");
    assert_eq!(program(&absent), SpawnError::NotFound { program: shown(&absent), looked_in: String::new() });
    let plain = file("plain", b"#!/bin/sh\n", 0o644);
    assert_eq!(program(&plain), SpawnError::NotExecutable { program: shown(&plain) });
    let garbage = file("garbage", b"\x7fELF but not really", 0o755);
    assert_eq!(program(&garbage), SpawnError::BadFormat { program: shown(&garbage) });
    let orphan = file("orphan", b"#! /no/such/python3 -u\n", 0o755);
    let interpreter = Interpreter::Script("/no/such/python3".to_owned());
    assert_eq!(program(&orphan), SpawnError::InterpreterMissing { program: shown(&orphan), interpreter });
    let windows = file("windows", b"#!/bin/sh\r\n", 0o755);
    let interpreter = Interpreter::Script("/bin/sh\\r".to_owned());
    assert_eq!(program(&windows), SpawnError::InterpreterMissing { program: shown(&windows), interpreter });

    let elsewhere = |dir: &Path| failure(&SpawnSpec::new("/bin/sh", dir));
    assert_eq!(elsewhere(&absent), SpawnError::NoDirectory { dir: shown(&absent) });
    assert_eq!(elsewhere(&plain), SpawnError::NoDirectory { dir: shown(&plain) });
}

#[test]
fn a_nul_byte_and_an_endless_environment_are_refused() {
    let _turn = one_at_a_time();
    let error = spawn(&sh("true", &["a\0b"])).unwrap_err();
    assert_eq!(error, SpawnError::NulByte { text: "a\0b".to_owned() });
    let mut spec = sh("true", &[]);
    spec.env.push(("HUGE".into(), "x".repeat(4 * 1024 * 1024).into()));
    assert_eq!(spawn(&spec).unwrap_err(), SpawnError::TooLong);
}

#[test]
fn a_signal_to_the_group_reaches_the_grandchildren() {
    let _turn = one_at_a_time();
    let child = spawn(&sh("sleep 1000 & sleep 1000 & echo ready; wait", &[])).unwrap();
    let mut ready = [0; 6];
    wait_any(&[Interest::Readable(child.stdout.as_fd())], None).unwrap();
    rustix::io::read(&child.stdout, &mut ready).unwrap();
    assert_eq!(proc::group_members(child.pid).len(), 3);
    assert_eq!(proc::session_members(child.pid).len(), 3);
    assert_eq!(proc::descendants(child.pid).len(), 2);
    signal::send_group(child.pid, Signal::KILL).unwrap();
    // Ends only when nobody holds the pipe any more: all three are gone.
    assert_eq!(read_all(child.stdout), "");
    let status = exits_of(&[child.pid])[&child.pid];
    assert_eq!(status, ExitStatus::Signal { number: libc::SIGKILL, core_dumped: false });
    assert_eq!(status.to_string(), "killed by SIGKILL");
}

#[test]
fn an_exit_is_seen_before_it_is_collected_and_its_number_is_held_until_then() {
    let _turn = one_at_a_time();
    let child = spawn(&sh("exit 3", &[])).unwrap();
    assert_eq!(read_all(child.stdout), "");
    while wait::peek().unwrap() != Peeked::Ended(child.pid, ExitStatus::Code(3)) {}
    assert_eq!(wait::peek().unwrap(), Peeked::Ended(child.pid, ExitStatus::Code(3)));
    assert_eq!(proc::process(child.pid).unwrap().life, Liveness::Zombie);
    assert!(signal::group_exists(child.pid));
    wait::collect(child.pid).unwrap();
    assert_eq!(proc::process(child.pid), None);
    assert!(!signal::group_exists(child.pid));
    assert_eq!(wait::collect(child.pid).unwrap_err().raw_os_error(), Some(libc::ECHILD));
}

#[test]
fn an_orphan_that_left_its_session_is_adopted_and_found_by_its_environment() {
    let _turn = one_at_a_time();
    signal::become_subreaper().unwrap();
    // It outlives its parent: a zombie still counts for `kill -0`, so it goes only once the parent was collected.
    let orphan = "while kill -0 $0 2>/dev/null; do sleep 0.01; done; exit 7";
    let mut spec = sh(r#"setsid sh -c "$0" $$ & echo $!"#, &[orphan]);
    spec.env.push(("ONEDOOR_ID".into(), "web-1".into()));
    let mut child = spawn(&spec).unwrap();
    let mut pid = [0; 16];
    wait_any(&[Interest::Readable(child.stdout.as_fd())], None).unwrap();
    let length = rustix::io::read(&child.stdout, &mut pid).unwrap();
    let orphan = Pid::new(std::str::from_utf8(&pid[..length]).unwrap().trim().parse().unwrap()).unwrap();
    let found = proc::with_environment(OsStr::new("ONEDOOR_ID"), OsStr::new("web-1"));
    assert!(found.iter().any(|process| process.pid == orphan), "{orphan} in {found:?}");
    assert_eq!(proc::with_environment(OsStr::new("ONEDOOR_ID"), OsStr::new("web")), []);
    assert_eq!(settled(&child.handshake), Progress::Running);
    child.stdout = child.stderr;
    let exits = exits_of(&[child.pid, orphan]);
    assert_eq!(exits[&orphan], ExitStatus::Code(7));
}

#[test]
fn a_child_dies_with_the_thread_that_started_it() {
    let _turn = one_at_a_time();
    let starting = || {
        let child = spawn(&sh("exec sleep 1000", &[])).unwrap();
        assert_eq!(settled(&child.handshake), Progress::Running);
        child.pid
    };
    let pid = std::thread::spawn(starting).join().unwrap();
    let killed = ExitStatus::Signal { number: libc::SIGKILL, core_dumped: false };
    assert_eq!(exits_of(&[pid])[&pid], killed);
}

#[test]
fn a_childs_listener_is_found_as_its_own() {
    let _turn = one_at_a_time();
    // The shell keeps what a descriptor above 2 was given: there is none. So a listener of ours must not be its.
    let ours = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let child = spawn(&sh("echo ready; exec sleep 1000", &[])).unwrap();
    wait_any(&[Interest::Readable(child.stdout.as_fd())], None).unwrap();
    assert_eq!(proc::listening_sockets(&[child.pid]), []);
    let at = proc::ListeningAt::Tcp(ours.local_addr().unwrap());
    assert!(proc::listening_sockets(&[Pid::ours(), child.pid]).iter().any(|found| found.at == at));
    signal::send_group(child.pid, Signal::KILL).unwrap();
    exits_of(&[child.pid]);
}

#[test]
fn a_program_gets_the_rights_the_limits_and_the_cpus_it_is_to_have() {
    let _turn = one_at_a_time();
    if proc::our_user() != 0 {
        eprintln!("SKIPPED: only root may become another");
        return;
    }
    let mut spec = sh(
        "id -u; id -g; id -G; ulimit -n; ulimit -Hn; grep Cpus_allowed_list /proc/self/status; : >/dev/stderr",
        &[],
    );
    spec.identity = Some(Identity { user: 4711, group: 4712, groups: vec![4712, 4713] });
    spec.open_files = Some(77);
    spec.cpus = vec![0];
    let (out, err, status) = run(&spec);
    assert_eq!(out, "4711\n4712\n4712 4713\n77\n77\nCpus_allowed_list:\t0\n", "{err}");
    assert!(status.success(), "{err}");
}

#[test]
fn a_program_that_changed_its_rights_still_ends_with_us() {
    let _turn = one_at_a_time();
    if proc::our_user() != 0 {
        eprintln!("SKIPPED: only root may become another");
        return;
    }
    let mut spec = SpawnSpec::new("/bin/sleep", "/");
    spec.argv.push("600".into());
    spec.identity = Some(Identity { user: 4711, group: 4712, groups: vec![4712] });
    // The signal comes when the thread that spawned ends.
    let child = std::thread::spawn(move || {
        let child = spawn(&spec).unwrap();
        assert_eq!(settled(&child.handshake), Progress::Running);
        child.pid
    });
    let pid = child.join().unwrap();
    assert!(matches!(exits_of(&[pid])[&pid], ExitStatus::Signal { number: libc::SIGKILL, .. }));
}

#[test]
fn a_program_is_handed_the_socket_that_it_is_to_listen_on() {
    let _turn = one_at_a_time();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let script = "echo $LISTEN_FDS; test $LISTEN_PID = $$ && echo ours; ls -l /proc/self/fd/ | grep -c 'socket:'; set -- /proc/$$/fd/*; echo $#";
    let mut spec = sh(script, &[]);
    spec.listener = Some(Listener(Arc::new(socket.into())));
    let (out, err, status) = run(&spec);
    // 0, 1, 2, the socket, and the folder that the shell is reading; in a pipeline it would hold the pipe, too, for a moment.
    assert_eq!(out, "1\nours\n1\n5\n", "{err} {status:?} {port}");
}

#[test]
fn a_failure_behind_a_handed_socket_is_still_reported() {
    let _turn = one_at_a_time();
    let mut spec = SpawnSpec::new("/nowhere/at/all", "/");
    spec.listener = Some(Listener(Arc::new(std::net::TcpListener::bind("127.0.0.1:0").unwrap().into())));
    assert!(matches!(failure(&spec), SpawnError::NotFound { .. }));
}

#[test]
fn a_control_group_that_is_gone_is_a_failure_with_its_step() {
    let _turn = one_at_a_time();
    let mut spec = SpawnSpec::new("/bin/true", "/");
    spec.control_groups = vec!["/nowhere/cgroup.procs".into()];
    assert!(matches!(failure(&spec), SpawnError::Failed { step: Step::ControlGroup, .. }));
}

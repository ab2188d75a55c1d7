//! The thread `children` against real programs. All tests of this program share one thread, as there can only be one;
//! what concerns every process at once runs in a program of its own.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use onedoor_linux::poll::{Interest, wait_any};
use onedoor_linux::proc;
use onedoor_linux::signal::Signal;
use onedoor_linux::spawn::{SpawnError, SpawnSpec};
use onedoor_linux::wait::ExitStatus;

use super::*;
use crate::observe::log::Log;

const KILLED: ExitStatus = ExitStatus::Signal { number: 9, core_dumped: false };

fn sh(script: &str) -> SpawnSpec {
    let mut spec = SpawnSpec::new("/bin/sh", "/");
    spec.argv.extend([OsString::from("-c"), OsString::from(script)]);
    spec.env = vec![("PATH".into(), std::env::var_os("PATH").unwrap())];
    spec
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Blocks the thread: only where the runtime has nothing else to do.
fn read_all(fd: OwnedFd) -> String {
    let mut text = Vec::new();
    let mut file = std::fs::File::from(fd);
    while let Err(error) = file.read_to_end(&mut text) {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        wait_any(&[Interest::Readable(file.as_fd())], None).unwrap();
    }
    String::from_utf8(text).unwrap()
}

fn wait_for_output(child: &Child) {
    wait_any(&[Interest::Readable(child.stdout.as_fd())], None).unwrap();
}

/// Runs an `#[ignore]`d test in a program of its own, where it may look at and kill every process it is parent of.
fn alone(test: &str) {
    block_on(async {
        let mut spec = SpawnSpec::new(std::env::current_exe().unwrap(), "/");
        let name = format!("init::tests::{test}");
        spec.argv
            .extend(["--exact", &name, "--ignored", "--nocapture", "--test-threads=1"].map(OsString::from));
        spec.env = std::env::vars_os().collect();
        // The harness has threads before the test begins; see onedoor_linux's `test-shim`.
        spec.env.push(("ONEDOOR_TEST_BLOCKS_SIGNALS".into(), "1".into()));
        let child = Children::for_tests().spawn(spec).await.unwrap();
        let (out, err) = (read_all(child.stdout), read_all(child.stderr));
        assert_eq!(child.exited.await, Ok(ExitStatus::Code(0)), "{out}\n{err}");
        assert!(out.contains("1 passed"), "{out}\n{err}");
    });
}

#[test]
fn a_child_runs_and_its_exit_reaches_its_owner() {
    block_on(async {
        let child = Children::for_tests().spawn(sh("echo out; echo err >&2; exit 5")).await.unwrap();
        assert_eq!((read_all(child.stdout).as_str(), read_all(child.stderr).as_str()), ("out\n", "err\n"));
        assert_eq!(child.exited.await, Ok(ExitStatus::Code(5)));
    });
}

#[test]
fn many_short_lives_are_all_told_apart() {
    block_on(async {
        let children = Children::for_tests();
        let mut running = Vec::new();
        for code in 0..64 {
            running.push((code, children.spawn(sh(&format!("exit {code}"))).await.unwrap()));
        }
        let pids: HashSet<_> = running.iter().map(|(_, child)| child.pid).collect();
        assert!(!pids.is_empty());
        for (code, child) in running {
            assert_eq!(child.exited.await, Ok(ExitStatus::Code(code)));
        }
    });
}

#[test]
fn a_program_that_cannot_start_is_an_error_and_not_an_exit() {
    block_on(async {
        let error = Children::for_tests().spawn(SpawnSpec::new("/no/such/program", "/")).await.unwrap_err();
        let absent = "/no/such/program".to_owned();
        assert_eq!(error, SpawnError::NotFound { program: absent, looked_in: String::new() });
    });
}

#[test]
fn a_second_thread_of_the_kind_is_refused() {
    let _first = Children::for_tests();
    assert_eq!(Children::start(Log::to_nowhere()).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn a_group_can_be_signalled_while_anyone_of_it_lives_and_never_after() {
    block_on(async {
        let children = Children::for_tests();
        // The leader ends; who stays behind keeps stdout open.
        let child = children.spawn(sh("sleep 1000 & exit 4")).await.unwrap();
        assert_eq!(child.exited.await, Ok(ExitStatus::Code(4)));
        assert!(children.group_lives(child.pid));
        children.signal_group(child.pid, Signal::TERM).unwrap();
        assert_eq!(read_all(child.stdout), "");
        // The orphan was adopted; once it has been collected the group is gone.
        while children.group_lives(child.pid) {
            tokio::task::yield_now().await;
        }
        let error = children.signal_group(child.pid, Signal::TERM).unwrap_err();
        assert!(matches!(error, SignalError::Gone(pid) if pid == child.pid), "{error}");
    });
}

#[test]
fn a_stop_signal_reaches_the_whole_group() {
    block_on(async {
        let children = Children::for_tests();
        let child = children.spawn(sh("sleep 1000 & sleep 1000 & echo ready; wait")).await.unwrap();
        wait_for_output(&child);
        children.signal_group(child.pid, Signal::KILL).unwrap();
        assert_eq!(child.exited.await, Ok(KILLED));
        assert_eq!(read_all(child.stdout), "ready\n");
    });
}

#[test]
fn a_child_that_nobody_waits_for_any_more_is_killed() {
    block_on(async {
        let children = Children::for_tests();
        let mut spec = sh("sleep 1000");
        spec.env.push(("ONEDOOR_ID".into(), "nobody-waits".into()));
        let mut spawning = Box::pin(children.spawn(spec));
        // Polled once, the request is on its way; then the caller loses interest.
        tokio::select! {
            biased;
            _ = &mut spawning => {}
            () = std::future::ready(()) => {}
        }
        drop(spawning);
        // A later child's exit proves that the thread has dealt with the earlier request.
        let child = children.spawn(sh("exit 0")).await.unwrap();
        assert_eq!(child.exited.await, Ok(ExitStatus::Code(0)));
        while !proc::with_environment("ONEDOOR_ID".as_ref(), "nobody-waits".as_ref()).is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_child_that_was_handed_over_and_never_taken_is_killed() {
    block_on(async {
        let children = Children::for_tests();
        let mut spec = sh("echo > \"$RUNS\"; exec sleep 1000");
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        spec.env.push(("RUNS".into(), runs.as_os_str().to_owned()));
        let mut spawning = Box::pin(children.spawn(spec));
        // Polled once, the request is on its way.
        tokio::select! {
            biased;
            _ = &mut spawning => {}
            () = std::future::ready(()) => {}
        }
        while !runs.exists() {
            tokio::task::yield_now().await;
        }
        // A later child's exit proves that the earlier one, which ran by then, was handed over.
        let child = children.spawn(sh("exit 0")).await.unwrap();
        assert_eq!(child.exited.await, Ok(ExitStatus::Code(0)));
        drop(spawning);
        while !proc::with_environment("RUNS".as_ref(), runs.as_os_str()).is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn at_the_end_everyone_is_killed_and_nobody_is_left() {
    alone("at_the_end");
}

#[test]
#[ignore = "run alone by at_the_end_everyone_is_killed_and_nobody_is_left"]
fn at_the_end() {
    block_on(async {
        let children = Children::start(Log::to_nowhere()).unwrap();
        let soon = || Instant::now() + Duration::from_millis(1);
        assert_eq!(children.none_left(Instant::now() + Duration::from_secs(60)).await, 0);
        // A family with a daemon that left group and session and ignores TERM.
        let script = "setsid sh -c 'trap \"\" TERM; echo up; sleep 1000; sleep 1000' & sleep 1000 & wait";
        let child = children.spawn(sh(script)).await.unwrap();
        wait_for_output(&child);
        assert!(children.none_left(soon()).await >= 3);
        assert_eq!(children.end_everyone(Instant::now() + Duration::from_secs(60)).await, 0);
        assert_eq!(child.exited.await, Ok(KILLED));
        assert_eq!(children.kill_everyone(), 0);
    });
}

#[test]
fn a_second_stop_signal_is_told_from_the_first_and_others_do_not_stop() {
    alone("signals_in_order");
}

#[test]
#[ignore = "run alone by a_second_stop_signal_is_told_from_the_first_and_others_do_not_stop"]
fn signals_in_order() {
    block_signals().unwrap();
    block_on(async {
        let children = Children::start(Log::to_nowhere()).unwrap();
        let mut signals = Signals::new(Log::to_nowhere()).unwrap();
        let ours = proc::Pid::ours();
        for (name, expected) in [
            ("HUP", Some(Request::Reload)),
            ("INT", Some(Request::Stop(StopRequest::Once(Signal::INT)))),
            ("USR1", Some(Request::Status)),
            ("USR2", None),
            ("TERM", Some(Request::Stop(StopRequest::Again(Signal::TERM)))),
            ("QUIT", Some(Request::Stop(StopRequest::Again(Signal::QUIT)))),
        ] {
            let child = children.spawn(sh(&format!("kill -{name} {ours}"))).await.unwrap();
            assert_eq!(child.exited.await, Ok(ExitStatus::Code(0)));
            if let Some(expected) = expected {
                assert_eq!(signals.next().await, expected);
            }
        }
    });
}

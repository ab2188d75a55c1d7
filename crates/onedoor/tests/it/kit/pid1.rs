//! The door as PID 1 of a namespace of its own, where the machine allows that.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::ops::{Deref, DerefMut};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Door;
use super::door::Setting;

const UNSHARE: [&str; 5] = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

/// As PID 1 a door begins its private ports where every other does, and the tests share one network: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A door that is PID 1, and the only one.
#[derive(Debug)]
pub(crate) struct Pid1 {
    door: Door,
    _alone: MutexGuard<'static, ()>,
}

impl Deref for Pid1 {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl DerefMut for Pid1 {
    fn deref_mut(&mut self) -> &mut Door {
        &mut self.door
    }
}

/// Starts the door as PID 1; None, and a loud word, where namespaces are not to be had.
pub(crate) fn start_as_pid1(setting: Setting) -> Option<Pid1> {
    let mut trial = Command::new(UNSHARE[0]);
    let allowed =
        trial.args(&UNSHARE[1..]).arg("true").stderr(Stdio::null()).status().is_ok_and(|end| end.success());
    if !allowed {
        eprintln!("SKIPPED: this machine does not let us make a PID namespace; PID 1 is not tested here");
        return None;
    }
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Pid1 { door: setting.inside(&UNSHARE).start(), _alone: alone })
}

//! The promise: an app that memory ended is told apart from one that somebody killed, with the figures.

use std::fs;
use std::path::PathBuf;

use crate::kit::{Door, Stream};

/// More than onedoor and an idle Python take, soon used up by one that is not.
const LIMIT: u64 = 128 << 20;

const HUNGRY: &str = "import time\nhoard = []\nwhile True:\n    hoard.append(bytearray(1 << 20))\n";

/// A control group of this test's own; None, and a loud word, where none can be made.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let name = format!("onedoor-test-{}", std::process::id());
        let version_1 = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes");
        let version_2 = ("/sys/fs/cgroup", "memory.max");
        for (mount, file) in [version_1, version_2] {
            let group = Self(PathBuf::from(mount).join(&name));
            let made = fs::create_dir(&group.0).is_ok();
            if made && fs::write(group.0.join(file), LIMIT.to_string()).is_ok() {
                return Some(group);
            }
        }
        eprintln!("SKIPPED: no control group with a limit can be made here");
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        fs::remove_dir(&self.0).ok();
    }
}

#[test]
fn an_app_that_eats_all_memory_is_said_to_have_done_so_with_the_figures() {
    let Some(group) = Group::new() else { return };
    let enter = format!("echo $$ > {}/cgroup.procs; \"$@\"; exit $?", group.0.display());
    let file = "[apps]\nweb = { run = \"python3 hungry.py\", restart = { when = \"never\" } }\n";
    let setting = Door::with(file).file("hungry.py", HUNGRY);
    let mut door = setting.inside(&["sh", "-c", &enter, "sh"]).launch();
    door.line(Stream::Stderr, |line| {
        line.contains("memory ran out (the container may use 128 MiB") && line.contains("exit code 137")
    });
    assert_eq!(door.exit_code(), 137);
}

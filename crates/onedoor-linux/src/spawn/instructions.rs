//! What the shim is told: words `name=value` in front of the program's own argv, ended by `--`.
//!
//! Written by [`spawn`](super::spawn) and read by the shim of the same build; nobody else's business.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::str::FromStr;

use super::{SHIM, SpawnSpec};
use crate::account::Identity;

const END: &str = "--";

/// As the shim has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Instructions {
    pub(super) parent: Option<i32>,
    pub(super) umask: Option<u32>,
    pub(super) identity: Option<Identity>,
    pub(super) open_files: Option<u64>,
    pub(super) processes: Option<u64>,
    pub(super) oom_score: Option<i16>,
    pub(super) cpus: Vec<usize>,
    pub(super) control_groups: Vec<PathBuf>,
    pub(super) listener: Option<Handed>,
    pub(super) dir: Option<PathBuf>,
    pub(super) program: Option<OsString>,
}

/// There is a socket to hand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handed;

/// argv up to the program's own, from our own name on.
pub(super) fn words(spec: &SpawnSpec) -> Vec<OsString> {
    let mut words = vec![OsString::from("onedoor"), OsString::from(SHIM)];
    let mut say = |name: &str, value: &OsStr| {
        let mut word = OsString::from(name);
        word.push("=");
        word.push(value);
        words.push(word);
    };
    let mut number = |name: &str, number: Option<String>| {
        if let Some(number) = number {
            say(name, number.as_ref());
        }
    };
    number("parent", Some(std::process::id().to_string()));
    number("umask", spec.umask.map(|umask| umask.to_string()));
    number("files", spec.open_files.map(|files| files.to_string()));
    number("processes", spec.processes.map(|processes| processes.to_string()));
    number("oom", spec.oom_score.map(|score| score.to_string()));
    number("cpus", (!spec.cpus.is_empty()).then(|| list(&spec.cpus)));
    number("listener", spec.listener.as_ref().map(|_| String::new()));
    if let Some(Identity { user, group, groups }) = &spec.identity {
        number("user", Some(user.to_string()));
        number("group", Some(group.to_string()));
        number("groups", Some(list(groups)));
    }
    for group in &spec.control_groups {
        say("cgroup", group.as_os_str());
    }
    say("dir", spec.dir.as_os_str());
    say("program", spec.program.as_os_str());
    words.push(END.into());
    words
}

fn list<N: ToString>(numbers: &[N]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Instructions {
    /// Those for a child that is told nothing by words.
    pub(super) fn of(spec: &SpawnSpec) -> Self {
        Self {
            parent: None,
            umask: spec.umask,
            identity: spec.identity.clone(),
            open_files: spec.open_files,
            processes: spec.processes,
            oom_score: spec.oom_score,
            cpus: spec.cpus.clone(),
            control_groups: spec.control_groups.clone(),
            listener: None,
            dir: None,
            program: None,
        }
    }

    /// Takes the words up to the end of the instructions. None: they are not ours.
    pub(super) fn read(words: &mut impl Iterator<Item = OsString>) -> Option<Self> {
        let mut read = Self::default();
        let (mut user, mut group, mut groups) = (None, None, None);
        loop {
            let word = words.next()?.into_vec();
            if word == END.as_bytes() {
                break;
            }
            let equals = word.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (&word[..equals], OsStr::from_bytes(&word[equals + 1..]));
            match name {
                b"parent" => read.parent = Some(one(value)?),
                b"umask" => read.umask = Some(one(value)?),
                b"files" => read.open_files = Some(one(value)?),
                b"processes" => read.processes = Some(one(value)?),
                b"oom" => read.oom_score = Some(one(value)?),
                b"cpus" => read.cpus = several(value)?,
                b"listener" => read.listener = Some(Handed),
                b"user" => user = Some(one(value)?),
                b"group" => group = Some(one(value)?),
                b"groups" => groups = Some(several(value)?),
                b"cgroup" => read.control_groups.push(value.into()),
                b"dir" => read.dir = Some(value.into()),
                b"program" => read.program = Some(value.to_owned()),
                _ => return None,
            }
        }
        read.identity = match (user, group, groups) {
            (Some(user), Some(group), Some(groups)) => Some(Identity { user, group, groups }),
            (None, None, None) => None,
            _ => return None,
        };
        Some(read)
    }
}

fn one<N: FromStr>(value: &OsStr) -> Option<N> {
    value.to_str()?.parse().ok()
}

fn several<N: FromStr>(value: &OsStr) -> Option<Vec<N>> {
    value.to_str()?.split(',').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut spec = SpawnSpec::new("/bin/a=b", "/srv/x y");
        spec.umask = Some(0o27);
        spec.identity = Some(Identity { user: 33, group: 40, groups: vec![40, 8] });
        spec.cpus = vec![0, 2];
        spec.oom_score = Some(-5);
        spec.control_groups = vec!["/sys/fs/cgroup/a/cgroup.procs".into(), "/b".into()];
        let mut words = words(&spec).into_iter().skip(2).chain(["argv0".into(), "--".into()]);
        let read = Instructions::read(&mut words).unwrap();
        assert_eq!(
            (read.umask, &read.identity, &read.cpus, read.oom_score, &read.control_groups),
            (spec.umask, &spec.identity, &spec.cpus, spec.oom_score, &spec.control_groups)
        );
        assert_eq!((read.dir, read.program), (Some(spec.dir), Some(spec.program.into())));
        assert_eq!((read.open_files, read.processes, read.listener), (None, None, None));
        assert_eq!(words.collect::<Vec<_>>(), ["argv0", "--"]);
    }

    #[test]
    fn words_that_are_not_ours_are_none() {
        for words in
            [&["x"][..], &["--help"], &["umask=x", "--"], &["user=1", "--"], &["what=1", "--"], &["umask=1"]]
        {
            let mut words = words.iter().map(OsString::from);
            assert_eq!(Instructions::read(&mut words), None);
        }
    }
}

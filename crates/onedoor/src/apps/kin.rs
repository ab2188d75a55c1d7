//! Whose process is that? The family of one start of an app, as /proc shows it now.
//!
//! Used twice: a listener must belong to the family before it counts as the app's, and at the end nobody of the
//! family stays behind. Three signs, for families scatter: the session, the descent, the marker in the environment.

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::sync::OnceLock;

use onedoor_linux::proc::{self, ListeningAt, ListeningSocket, Liveness, Pid};

use super::spawn::MARKER;

/// The processes of one start.
#[derive(Clone, Debug)]
pub(super) struct Kin {
    pub(super) leader: Pid,
    pub(super) marker: OsString,
}

/// Whether a listener belongs to the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    Yes,
    /// Somebody else listens there.
    No,
    /// /proc does not say; in a sandbox it may never.
    Unknown,
}

impl Kin {
    /// Who is left when the leader was collected. Its number stays taken while anyone is in its session or group
    /// (setsid(2)); if a process has it again, nobody is, and the marker alone tells who belongs to us.
    pub(super) fn left_behind(&self) -> Vec<Pid> {
        let mut family = match proc::process(self.leader) {
            None => proc::session_members(self.leader),
            Some(_) => Vec::new(),
        };
        family.extend(self.marked(proc::processes()));
        pids(family)
    }

    /// Everyone alive in its session, and who descends from it. Only while the leader was not collected.
    pub(super) fn family(&self) -> Vec<Pid> {
        pids(self.near(&proc::processes()))
    }

    /// Where the family accepts connections. Only while the leader was not collected.
    pub(super) fn listeners(&self) -> Vec<ListeningSocket> {
        let everyone = proc::processes();
        let near = proc::listening_sockets(&pids(self.near(&everyone)));
        // Reading every environment is dear; only a daemon that left its session makes it necessary.
        if near.is_empty() { self.far_listeners(everyone) } else { near }
    }

    /// Where those who left session and descent do.
    fn far_listeners(&self, everyone: Vec<proc::Process>) -> Vec<ListeningSocket> {
        proc::listening_sockets(&pids(self.marked(everyone)))
    }

    pub(super) fn listens_on(&self, port: u16) -> Belongs {
        let on_port =
            |socket: &ListeningSocket| matches!(socket.at, ListeningAt::Tcp(at) if at.port() == port);
        let everyone = proc::processes();
        let near = proc::listening_sockets(&pids(self.near(&everyone)));
        if near.iter().any(on_port) || self.far_listeners(everyone).iter().any(on_port) {
            Belongs::Yes
        } else if self.is_hidden() {
            Belongs::Unknown
        } else {
            Belongs::No
        }
    }

    /// Whether `pid` is one of the family. Unknown only where /proc shows not even the leader.
    pub(super) fn includes(&self, pid: Pid) -> Belongs {
        /// Families are not that deep; a circle in a snapshot that was not taken at once is no endless loop.
        const GENERATIONS_MAX: usize = 64;
        if pid == self.leader {
            return Belongs::Yes;
        }
        let Some(process) = proc::process(pid) else {
            return if proc::process(self.leader).is_none() { Belongs::Unknown } else { Belongs::No };
        };
        let ancestors = std::iter::successors(Some(process), |it| proc::process(it.parent?));
        let of_family = |it: &proc::Process| it.pid == self.leader || it.session == Some(self.leader);
        let is_near = ancestors.take(GENERATIONS_MAX).any(|it| of_family(&it));
        if is_near || !self.marked(vec![process]).is_empty() { Belongs::Yes } else { Belongs::No }
    }

    fn marked(&self, everyone: Vec<proc::Process>) -> Vec<proc::Process> {
        proc::with_environment_among(everyone, OsStr::new(MARKER), &self.marker)
    }

    fn near(&self, everyone: &[proc::Process]) -> Vec<proc::Process> {
        let of_session =
            |process: &&proc::Process| process.session == Some(self.leader) || process.pid == self.leader;
        let mut near: Vec<proc::Process> = everyone.iter().filter(of_session).copied().collect();
        near.extend(proc::descendants_among(everyone, self.leader));
        near
    }

    /// Whether the family may have listeners that /proc does not show. One that has ended has none: the descriptors of
    /// a zombie cannot be read either, and whoever listens there is a stranger.
    fn is_hidden(&self) -> bool {
        let lives = proc::process(self.leader).is_some_and(|process| process.life == Liveness::Alive);
        let unreadable = || std::fs::read_dir(format!("/proc/{}/fd", self.leader)).is_err();
        !proc_shows_listeners() || (lives && unreadable())
    }
}

/// Tried once, on a listener of our own.
fn proc_shows_listeners() -> bool {
    static SHOWN: OnceLock<bool> = OnceLock::new();
    *SHOWN.get_or_init(|| {
        let Ok(ours) = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)) else { return false };
        let Ok(at) = ours.local_addr() else { return false };
        proc::listening_sockets(&[Pid::ours()]).iter().any(|socket| socket.at == ListeningAt::Tcp(at))
    })
}

fn pids(family: Vec<proc::Process>) -> Vec<Pid> {
    let alive = family.into_iter().filter(|process| process.life == Liveness::Alive);
    let mut pids: Vec<Pid> = alive.map(|process| process.pid).collect();
    sorted::by(&mut pids, Ord::cmp);
    pids.dedup();
    pids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_family_is_known_by_session_descent_and_mark_and_a_stranger_is_not() {
        let children = crate::init::Children::for_tests();
        let mut spec = onedoor_linux::spawn::SpawnSpec::new("/bin/sleep", "/");
        spec.argv.push("600".into());
        spec.env = vec![(MARKER.into(), "a family of this test".into())];
        let child = children.spawn(spec).await.unwrap();
        let kin = |leader, marker: &str| Kin { leader, marker: marker.into() };
        let answers = [
            kin(child.pid, "none").includes(child.pid),
            // We are its parent, and in no session of its own.
            kin(Pid::ours(), "none").includes(child.pid),
            kin(child.pid, "none").includes(Pid::ours()),
            kin(Pid::new(4_194_303).unwrap(), "a family of this test").includes(child.pid),
            kin(child.pid, "none").includes(Pid::new(4_194_303).unwrap()),
        ];
        children.signal_group(child.pid, onedoor_linux::signal::Signal::KILL).unwrap();
        assert_eq!(answers, [Belongs::Yes, Belongs::Yes, Belongs::No, Belongs::Yes, Belongs::No]);
    }

    #[test]
    fn a_listener_is_never_that_of_a_family_that_has_ended() {
        let somebodys = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        // The highest number there can be (PID_MAX_LIMIT, proc(5)); given out last.
        let leader = Pid::new(4_194_303).unwrap();
        let ended = Kin { leader, marker: "none-has-this".into() };
        assert_eq!(ended.listens_on(somebodys.local_addr().unwrap().port()), Belongs::No);
    }
}

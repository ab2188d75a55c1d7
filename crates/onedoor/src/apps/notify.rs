//! What an app says by sd_notify(3): the socket of one start, what is understood of a message, and who may speak.
//!
//! Step "ready" of the life of an app. It listens and notes; what follows from it is decided by `ready` and `live`.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onedoor_linux::notify::{self, Datagram, Extent};
use onedoor_linux::proc::Pid;
use tokio::io::Interest;

use super::kin::{Belongs, Kin};
use super::signs::{Alarm, Announced, Signs};
use crate::observe::log::{Level, Log};

/// How apps are told where to speak.
pub(super) const SOCKET_VARIABLE: &str = "NOTIFY_SOCKET";

/// How apps are told how often to send WATCHDOG=1, in microseconds (sd_watchdog_enabled(3)).
pub(super) const WATCHDOG_VARIABLE: &str = "WATCHDOG_USEC";

/// A longer message is cut; systemd takes as much.
const MESSAGE_MAX: usize = 4096;

/// What is shown of a status.
const STATUS_MAX: usize = 200;

/// Statuses that follow faster are not told: some servers say how busy they are all the time.
const STATUS_PAUSE: Duration = Duration::from_secs(5);

/// Strangers are told of so often, and then no more.
const STRANGERS_TOLD: u32 = 3;

/// Speaks of one app in the log.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    pub(super) app: Arc<str>,
    pub(super) log: Log,
}

impl Voice {
    fn say(&self, level: Level, message: impl fmt::Display) {
        self.log.event(level, Some(&self.app), message);
    }
}

/// The socket of one start.
#[derive(Debug)]
pub(super) struct NotifySocket {
    socket: UnixDatagram,
    place: NotifyPlace,
}

#[derive(Debug)]
enum NotifyPlace {
    /// Removed with the socket.
    Path(PathBuf),
    /// Where no folder can be written.
    Abstract(String),
}

impl NotifySocket {
    pub(super) fn at_path(path: PathBuf) -> io::Result<Self> {
        Ok(Self { socket: notify::bind_path(&path)?, place: NotifyPlace::Path(path) })
    }

    pub(super) fn abstract_named(name: String) -> io::Result<Self> {
        Ok(Self { socket: notify::bind_abstract(&name)?, place: NotifyPlace::Abstract(name) })
    }

    /// The value of [`SOCKET_VARIABLE`].
    pub(super) fn address(&self) -> OsString {
        match &self.place {
            NotifyPlace::Path(path) => path.clone().into(),
            NotifyPlace::Abstract(name) => format!("@{name}").into(),
        }
    }

    /// Listens for as long as it is polled.
    pub(super) async fn listen(self, kin: Kin, signs: Signs, voice: Voice) {
        let mut listener = Listener { kin, signs, voice, status: None, strangers: 0 };
        if let Err(error) = listener.listen(&self.socket).await {
            listener.voice.say(Level::Warn, format_args!("{SOCKET_VARIABLE} cannot be read: {error}"));
        }
    }
}

impl Drop for NotifyPlace {
    fn drop(&mut self) {
        if let Self::Path(path) = self {
            std::fs::remove_file(path).ok();
        }
    }
}

struct Listener {
    kin: Kin,
    signs: Signs,
    voice: Voice,
    /// The last status that was told, and when.
    status: Option<(Instant, String)>,
    /// How many messages came from outside the family.
    strangers: u32,
}

impl Listener {
    async fn listen(&mut self, socket: &UnixDatagram) -> io::Result<()> {
        let socket = tokio::net::UnixDatagram::from_std(socket.try_clone()?)?;
        let mut buffer = vec![0; MESSAGE_MAX];
        loop {
            let received =
                socket.async_io(Interest::READABLE, || notify::receive(&socket, &mut buffer)).await?;
            self.hear(received, buffer.get(..received.bytes).unwrap_or_default());
        }
    }

    fn hear(&mut self, datagram: Datagram, message: &[u8]) {
        if let Err(stranger) = self.known(datagram.sender) {
            self.strangers += 1;
            if self.strangers <= STRANGERS_TOLD {
                let text = "a message on its NOTIFY_SOCKET was ignored";
                self.voice.say(Level::Warn, format_args!("{text}: {stranger}"));
            }
            return;
        }
        if datagram.extent == Extent::Cut {
            self.voice.say(
                Level::Warn,
                format_args!("a message on its NOTIFY_SOCKET was cut to {MESSAGE_MAX} bytes"),
            );
        }
        for word in String::from_utf8_lossy(message).lines().filter_map(Word::parse) {
            self.learn(word);
        }
    }

    fn known(&self, sender: Option<Pid>) -> Result<(), Stranger> {
        let sender = sender.ok_or(Stranger::Unnamed)?;
        match self.kin.includes(sender) {
            Belongs::Yes | Belongs::Unknown => Ok(()),
            Belongs::No if onedoor_linux::proc::process(sender).is_none() => Err(Stranger::Gone(sender)),
            Belongs::No => Err(Stranger::Other(sender)),
        }
    }

    fn learn(&mut self, word: Word) {
        match word {
            Word::Ready => self.signs.set(|state| state.announced = Announced::Ready),
            Word::Reloading => {
                // Whoever reloads before it ever was ready still is not.
                self.signs.set(|state| {
                    if state.announced == Announced::Ready {
                        state.announced = Announced::Reloading;
                    }
                });
                self.voice.say(Level::Debug, "reloads its configuration");
            }
            Word::Stopping => {
                self.signs.set(|state| state.announced = Announced::Stopping);
                self.voice.say(Level::Info, "says that it is stopping");
            }
            Word::Beat => self.signs.set(|state| state.beat = Some(Instant::now())),
            Word::Trigger => self.signs.set(|state| state.alarm = Alarm::Raised),
            Word::BeatWithin(within) => self.signs.set(|state| state.beat_within = Some(within)),
            // What was started stays what is watched; a family's end is seen by its processes, not by its words.
            Word::MainPid(pid) if pid == self.kin.leader => {}
            Word::MainPid(pid) => {
                self.voice.say(Level::Debug, format_args!("says that its main process is {pid}"));
            }
            Word::Status(status) => self.tell_status(status),
        }
    }

    fn tell_status(&mut self, status: String) {
        let now = Instant::now();
        let told = self.status.as_ref();
        let is_news = told.is_none_or(|(at, last)| *last != status && now - *at >= STATUS_PAUSE);
        if is_news {
            let mut shown: String = status.chars().take(STATUS_MAX).collect();
            shown.retain(|character| !character.is_control());
            self.voice.say(Level::Info, format_args!("status: {shown}"));
            self.status = Some((now, status));
        }
    }
}

/// Whose message does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
    Unnamed,
    Gone(Pid),
    Other(Pid),
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => f.write_str("its sender is outside the container"),
            // A shell's `systemd-notify` may end before anyone can look; since version 246 it waits.
            Self::Gone(pid) => {
                write!(f, "process {pid} has ended, so nobody can tell whether it was the app's")
            }
            Self::Other(pid) => write!(f, "process {pid} is none of the app's"),
        }
    }
}

/// One assignment of a message, as far as it means something here (sd_notify(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Ready,
    Reloading,
    Stopping,
    Beat,
    Trigger,
    BeatWithin(Duration),
    MainPid(Pid),
    Status(String),
}

impl Word {
    fn parse(line: &str) -> Option<Self> {
        let (name, value) = line.split_once('=')?;
        match (name, value) {
            ("READY", "1") => Some(Self::Ready),
            ("RELOADING", "1") => Some(Self::Reloading),
            ("STOPPING", "1") => Some(Self::Stopping),
            ("WATCHDOG", "1") => Some(Self::Beat),
            ("WATCHDOG", "trigger") => Some(Self::Trigger),
            ("WATCHDOG_USEC", number) => {
                let within = Duration::from_micros(u64::from_str(number).ok()?);
                (!within.is_zero()).then_some(Self::BeatWithin(within))
            }
            ("MAINPID", number) => Some(Self::MainPid(Pid::new(number.parse().ok()?)?)),
            ("STATUS", text) => Some(Self::Status(text.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::spec::Readiness;

    fn listener() -> Listener {
        Listener {
            kin: Kin { leader: Pid::ours(), marker: OsString::from("no such marker") },
            signs: Signs::expected_by(&Readiness::Notify),
            voice: Voice { app: "web".into(), log: Log::to_nowhere() },
            status: None,
            strangers: 0,
        }
    }

    fn said_by(sender: Option<Pid>) -> Datagram {
        Datagram { bytes: 0, sender, extent: Extent::Whole }
    }

    #[test]
    fn a_message_is_understood_line_by_line_and_the_rest_is_left_alone() {
        let words: Vec<Word> =
            "READY=1\nSTATUS=ok = fine\nMAINPID=7\nX=1\nnoise\nFDSTORE=1\nWATCHDOG_USEC=2000000\n\
             READY=0\nMAINPID=0\nWATCHDOG_USEC=0\nWATCHDOG_USEC=-1\nWATCHDOG=trigger"
                .lines()
                .filter_map(Word::parse)
                .collect();
        let seven = Word::MainPid(Pid::new(7).unwrap());
        let within = Word::BeatWithin(Duration::from_secs(2));
        assert_eq!(words, [Word::Ready, Word::Status("ok = fine".into()), seven, within, Word::Trigger]);
    }

    #[test]
    fn only_the_family_is_heard() {
        let mut listener = listener();
        listener.hear(said_by(Pid::new(1)), b"READY=1");
        listener.hear(said_by(Pid::new(4_194_303)), b"READY=1");
        listener.hear(said_by(None), b"READY=1");
        assert_eq!((listener.strangers, listener.signs.state().announced), (3, Announced::Nothing));
        listener.hear(said_by(Some(Pid::ours())), b"READY=1\nWATCHDOG=1");
        assert_eq!(listener.signs.state().announced, Announced::Ready);
        assert!(listener.signs.state().beat.is_some());
    }

    #[test]
    fn whoever_reloads_before_it_was_ready_is_not_ready() {
        let mut listener = listener();
        listener.learn(Word::Reloading);
        assert_eq!(listener.signs.state().announced, Announced::Nothing);
    }

    #[tokio::test]
    async fn the_socket_is_heard_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify.sock");
        let socket = NotifySocket::at_path(path.clone()).unwrap();
        let Listener { kin, signs, voice, .. } = listener();
        let listening = tokio::spawn(socket.listen(kin, signs.clone(), voice));
        UnixDatagram::unbound().unwrap().send_to(b"READY=1", &path).unwrap();
        signs.allowed(&Readiness::Notify).await;
        listening.abort();
        assert!(listening.await.unwrap_err().is_cancelled() && !path.exists());
    }
}

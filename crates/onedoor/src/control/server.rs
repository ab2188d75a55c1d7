//! The side of the control socket that runs with the apps.
//!
//! A client says one line and hears one line, or more if it reads the log (`reading`). Nothing it says or leaves unsaid can hurt the program: lines have a
//! length, silence has an end, and so has the number of those who may be there at once.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener as StdListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::place::{Place, Site};
use super::protocol::{Answer, AppStatus, Request, Status};
use super::reading::Recital;
use crate::apps::Helm;
use crate::loopback::Addresses;
use crate::observe::log::{Level, Log};

/// The longest request.
const LINE_MAX: usize = 16 * 1024;

/// Who has said nothing whole by then is sent away.
pub(super) const LISTENING: Duration = Duration::from_secs(10);

/// Clients at once; more wait in the kernel's queue.
const CLIENTS_MAX: usize = 32;

/// Clients that stay, to follow the log; they are not counted among the others.
pub(super) const FOLLOWERS_MAX: usize = 16;

/// Copies of what is kept, at once.
const TURNS: usize = 4;

/// How long those who follow the log may take for its last lines.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Somebody wants the file to be read again.
#[derive(Debug)]
pub(crate) struct ReloadAsked {
    /// What has changed, line by line; or why nothing has.
    pub(crate) reply: oneshot::Sender<Result<Vec<String>, String>>,
}

/// What is told of the door itself.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Where it listens.
    pub(crate) addresses: Vec<String>,
    /// Where the apps find each other.
    pub(crate) side_doors: Addresses,
}

/// The socket, open for as long as this lives.
#[derive(Debug)]
pub(crate) struct Control {
    /// Ends with it.
    server: JoinSet<()>,
    path: Option<PathBuf>,
    phase: watch::Sender<Phase>,
}

/// How far the program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    /// Nobody may ask for anything any more; who follows the log goes on.
    Closing,
    /// The last line was said.
    Over,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.remove_file();
    }
}

impl Control {
    /// Opens the socket in the first place that takes it and answers whoever may ask. Without any, the program runs all
    /// the same, and nobody can speak to it but by signals.
    pub(crate) fn open(
        site: &Site,
        helm: Helm,
        facts: Facts,
        reloads: mpsc::Sender<ReloadAsked>,
        log: &Log,
    ) -> Option<Self> {
        let mut refused = None;
        for place in &site.places {
            match listen(place) {
                Ok(listener) => {
                    log.event(Level::Debug, None, format_args!("the control socket is {place}"));
                    let path = match place {
                        Place::Path(path) => Some(path.clone()),
                        Place::Abstract(_) => None,
                    };
                    let phase = watch::Sender::new(Phase::Open);
                    let desk = Desk {
                        helm,
                        facts,
                        files: site.files.iter().map(|file| file.display().to_string()).collect(),
                        reloads,
                        log: log.clone(),
                        phase: phase.subscribe(),
                        followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
                        turns: Arc::new(Semaphore::new(TURNS)),
                    };
                    let mut server = JoinSet::new();
                    server.spawn(serve(listener, desk));
                    return Some(Self { server, path, phase });
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    refused = Some(format!("{place}: another onedoor runs this file"));
                    break;
                }
                Err(error) => refused = Some(format!("{place}: {error}")),
            }
        }
        let why = refused.unwrap_or_else(|| "no place for it".to_owned());
        log.event(
            Level::Warn,
            None,
            format_args!("no control socket: {why}; `onedoor status` and its like will not work"),
        );
        None
    }

    /// Nobody may ask any more; who follows the log hears how it ends.
    pub(crate) fn close(&mut self) {
        self.phase.send_replace(Phase::Closing);
        self.remove_file();
    }

    /// The last line was said: those who follow the log get it, and have been told all.
    pub(crate) async fn finish(mut self) {
        self.phase.send_replace(Phase::Over);
        // Cancelling cuts off who does not read.
        timeout(LAST_LINES, self.server.join_next()).await.ok();
    }

    fn remove_file(&mut self) {
        if let Some(path) = self.path.take() {
            // Somebody may have tidied up before us.
            std::fs::remove_file(path).ok();
        }
    }
}

/// What every client is answered with.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) helm: Helm,
    facts: Facts,
    files: Vec<String>,
    /// To whoever can read the file again.
    pub(super) reloads: mpsc::Sender<ReloadAsked>,
    pub(super) log: Log,
    pub(super) phase: watch::Receiver<Phase>,
    /// Places for those who stay.
    pub(super) followers: Arc<Semaphore>,
    /// Turns of those who read what there is, and leave.
    pub(super) turns: Arc<Semaphore>,
}

fn listen(place: &Place) -> io::Result<UnixListener> {
    let listener = match place {
        Place::Path(path) => listen_at(path)?,
        Place::Abstract(name) => StdListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?,
    };
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// A socket that nobody listens at any more was left by a onedoor that was killed.
fn listen_at(path: &Path) -> io::Result<StdListener> {
    let listener = match StdListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let is_socket = std::fs::symlink_metadata(path)?.file_type();
            let is_dead = std::os::unix::fs::FileTypeExt::is_socket(&is_socket)
                && std::os::unix::net::UnixStream::connect(path).is_err();
            if !is_dead {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            StdListener::bind(path)?
        }
        bound => bound?,
    };
    // Whoever connects before is asked who he is, as everybody is.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

impl Desk {
    fn status(&self) -> Status {
        let Facts { addresses, side_doors } = &self.facts;
        Status {
            addresses: addresses.clone(),
            files: self.files.clone(),
            apps: AppStatus::of_all(&self.helm.table(), side_doors),
        }
    }

    fn is_closed(&self) -> bool {
        *self.phase.borrow() > Phase::Open
    }
}

async fn serve(listener: UnixListener, desk: Desk) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut clients = JoinSet::new();
    let mut phase = desk.phase.clone();
    loop {
        // Both arms may be lost: who has connected by then is refused by the kernel.
        tokio::select! {
            accepted = accept(&listener, &room, &desk.log) => {
                let Some((stream, place)) = accepted else { continue };
                while clients.try_join_next().is_some() {}
                let desk = desk.clone();
                clients.spawn(async move {
                    // A client that leaves in the middle has left; there is nobody to be told.
                    attend(stream, place, desk).await.ok();
                });
            }
            () = reached(&mut phase, Phase::Closing) => break,
        }
    }
    drop(listener);
    while clients.join_next().await.is_some() {}
}

/// Pends until the program has come that far.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // Without anybody who could tell, it is over.
    phase.wait_for(|phase| *phase >= wanted).await.ok();
}

async fn accept(
    listener: &UnixListener,
    room: &Arc<Semaphore>,
    log: &Log,
) -> Option<(UnixStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            log.event(Level::Warn, None, format_args!("the control socket: {error}"));
            // No descriptors left, most likely: a pause, and not a storm.
            tokio::time::sleep(Duration::from_secs(1)).await;
            None
        }
    }
}

async fn attend(mut stream: UnixStream, place: OwnedSemaphorePermit, desk: Desk) -> io::Result<()> {
    let answer = match is_allowed(&stream) {
        false => Answer::Refused("only the user onedoor runs as, and root, may ask".to_owned()),
        true => match timeout(LISTENING, line(&mut stream)).await {
            Err(_) => return Ok(()),
            Ok(line) => match Request::parse(&line?) {
                Err(why) => Answer::Refused(why),
                Ok(_) if desk.is_closed() => Answer::Refused("onedoor is ending".to_owned()),
                Ok(Request::Read(question)) => match Recital::new(question, &desk) {
                    Ok(recital) => {
                        say(&mut stream, &Answer::Done).await?;
                        return recital.perform(stream, place).await;
                    }
                    Err(why) => Answer::Refused(why),
                },
                Ok(Request::Reload) => reload(&desk).await,
                Ok(Request::Status) => Answer::Status(desk.status()),
                Ok(Request::Wish { app, wish }) => match desk.helm.ask(&app, wish).await {
                    Ok(()) => Answer::Done,
                    Err(declined) => Answer::Refused(declined.to_string()),
                },
            },
        },
    };
    say(&mut stream, &answer).await
}

async fn say(stream: &mut UnixStream, answer: &Answer) -> io::Result<()> {
    let mut words = answer.to_json().to_string();
    words.push('\n');
    timeout(LISTENING, stream.write_all(words.as_bytes())).await.unwrap_or(Ok(()))
}

/// The mode of a socket's file keeps others out, but an abstract one has none.
fn is_allowed(stream: &UnixStream) -> bool {
    let Ok(peer) = stream.peer_cred() else { return false };
    peer.uid() == 0 || peer.uid() == onedoor_linux::proc::our_user()
}

async fn line(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let read = stream.read(&mut piece).await?;
        line.extend_from_slice(&piece[..read]);
        if let Some(end) = memchr::memchr(b'\n', &line) {
            line.truncate(end);
            return Ok(line);
        }
        if read == 0 || line.len() > LINE_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// Waits until it is done, or cannot be.
async fn reload(desk: &Desk) -> Answer {
    let (reply, answer) = oneshot::channel();
    let asked = desk.reloads.send(ReloadAsked { reply }).await.is_ok();
    match answer.await {
        Ok(Ok(changes)) if asked => Answer::Reloaded(changes),
        Ok(Err(why)) => Answer::Refused(why),
        Ok(Ok(_)) | Err(_) => Answer::Refused("onedoor is ending".to_owned()),
    }
}

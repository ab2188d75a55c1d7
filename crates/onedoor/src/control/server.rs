//! The side of the control socket that runs with the apps.
//!
//! A client says one line and hears one line. Nothing it says or leaves unsaid can hurt the program: lines have a
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
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::place::Place;
use super::protocol::{Answer, AppStatus, Request};
use crate::apps::Helm;
use crate::observe::log::{Level, Log};

/// The longest request.
const LINE_MAX: usize = 16 * 1024;

/// Who has said nothing whole by then is sent away.
const LISTENING: Duration = Duration::from_secs(10);

/// Clients at once; more wait in the kernel's queue.
const CLIENTS_MAX: usize = 32;

/// Somebody wants the file to be read again.
#[derive(Debug)]
pub(crate) struct ReloadAsked {
    /// What has changed, line by line; or why nothing has.
    pub(crate) reply: oneshot::Sender<Result<Vec<String>, String>>,
}

/// Through what wishes are fulfilled.
#[derive(Clone, Debug)]
struct Hands {
    helm: Helm,
    reloads: mpsc::Sender<ReloadAsked>,
}

/// The socket, open for as long as this lives.
#[derive(Debug)]
pub(crate) struct Control {
    /// Ends with it.
    _server: JoinSet<()>,
    path: Option<PathBuf>,
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Somebody may have tidied up before us.
            std::fs::remove_file(path).ok();
        }
    }
}

impl Control {
    /// Opens the socket in the first place that takes it and answers whoever may ask. Without any, the program runs all
    /// the same, and nobody can speak to it but by signals.
    pub(crate) fn open(
        places: &[Place],
        helm: Helm,
        reloads: mpsc::Sender<ReloadAsked>,
        log: &Log,
    ) -> Option<Self> {
        let hands = Hands { helm, reloads };
        let mut refused = None;
        for place in places {
            match listen(place) {
                Ok(listener) => {
                    log.event(Level::Debug, None, format_args!("the control socket is {place}"));
                    let path = match place {
                        Place::Path(path) => Some(path.clone()),
                        Place::Abstract(_) => None,
                    };
                    let mut server = JoinSet::new();
                    server.spawn(serve(listener, hands, log.clone()));
                    return Some(Self { _server: server, path });
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

async fn serve(listener: UnixListener, hands: Hands, log: Log) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut clients = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        while clients.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let hands = hands.clone();
                clients.spawn(async move {
                    // A client that leaves in the middle has left; there is nobody to be told.
                    answer(stream, &hands).await.ok();
                    drop(place);
                });
            }
            Err(error) => {
                log.event(Level::Warn, None, format_args!("the control socket: {error}"));
                // No descriptors left, most likely: a pause, and not a storm.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(mut stream: UnixStream, hands: &Hands) -> io::Result<()> {
    let answer = match is_allowed(&stream) {
        false => Answer::Refused("only the user onedoor runs as, and root, may ask".to_owned()),
        true => match timeout(LISTENING, line(&mut stream)).await {
            Err(_) => return Ok(()),
            Ok(line) => match Request::parse(&line?) {
                Err(why) => Answer::Refused(why),
                Ok(request) => fulfil(request, hands).await,
            },
        },
    };
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

async fn fulfil(request: Request, Hands { helm, reloads }: &Hands) -> Answer {
    match request {
        Request::Reload => {
            let (reply, answer) = oneshot::channel();
            let asked = reloads.send(ReloadAsked { reply }).await.is_ok();
            match answer.await {
                Ok(Ok(changes)) if asked => Answer::Reloaded(changes),
                Ok(Err(why)) => Answer::Refused(why),
                Ok(Ok(_)) | Err(_) => Answer::Refused("onedoor is ending".to_owned()),
            }
        }
        Request::Status => Answer::Apps(helm.table().iter().map(AppStatus::of).collect()),
        Request::Wish { app, wish } => match helm.ask(&app, wish).await {
            Ok(()) => Answer::Done,
            Err(declined) => Answer::Refused(declined.to_string()),
        },
    }
}

//! One who reads what was said: what there is, and, if he stays, what is still to come.
//!
//! He takes it from a place of his own in what is kept (`observe::log`). If he reads too slowly, the oldest are gone when
//! he comes to them, and he is told how many; the memory he costs is one batch, or one copy of it all if he does not stay. Who stays is given one every so often
//! and no more, or a flood of lines, read by many, would keep the thread that everything is controlled from busy.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::protocol::{Question, Until};
use super::server::{Desk, FOLLOWERS_MAX, LISTENING, Phase, reached};
use crate::observe::log::{Reader, Reading, Taken, Wanted};

/// Between two batches of what is new: 2.6 MB a second for each who follows.
const PACE: Duration = Duration::from_millis(25);

/// Ready to begin.
#[derive(Debug)]
pub(super) struct Recital {
    reader: Reader,
    stay: Stay,
}

#[derive(Debug)]
enum Stay {
    No(Arc<Semaphore>),
    /// A follower's place, and how far the program is.
    Yes(OwnedSemaphorePermit, watch::Receiver<Phase>),
}

impl Recital {
    /// # Errors
    /// Why not, for who asked.
    pub(super) fn new(question: Question, desk: &Desk) -> Result<Self, String> {
        let Question { kept, apps, since, last, until } = question;
        for app in &apps {
            desk.helm.knows(app).map_err(|declined| declined.to_string())?;
        }
        let stay = match until {
            Until::Now => Stay::No(Arc::clone(&desk.turns)),
            Until::TheEnd => {
                let place = desk.followers.clone().try_acquire_owned();
                let place = place.map_err(|_| {
                    format!("{FOLLOWERS_MAX} follow already; end one of them, or read without --follow")
                })?;
                Stay::Yes(place, desk.phase.clone())
            }
        };
        let since = since.map(|since| SystemTime::now().checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH));
        Ok(Self { reader: desk.log.reader(kept, Wanted { apps, since, last }), stay })
    }

    /// Until there is no more, or the client has left. `place` is that of a client who does not stay.
    pub(super) async fn perform(self, mut stream: UnixStream, place: OwnedSemaphorePermit) -> io::Result<()> {
        let Self { mut reader, stay } = self;
        let (mut ear, mut mouth) = stream.split();
        match stay {
            Stay::No(turns) => {
                // The ring is copied for each: a few at a time, the others wait their turn.
                let turn = turns.acquire_owned().await;
                let recited = recite(reader.all(), &mut mouth).await;
                drop((turn, place));
                recited
            }
            Stay::Yes(_follower, phase) => {
                drop(place);
                // Losing the recital is what the client wants: it has left.
                tokio::select! {
                    ended = follow(&mut reader, &mut mouth, phase) => ended,
                    () = left(&mut ear) => Ok(()),
                }
            }
        }
    }
}

/// What there is; who takes nothing for long is left.
async fn recite(mut taken: Taken, mouth: &mut WriteHalf<'_>) -> io::Result<()> {
    let mut batch = Vec::new();
    while taken.write(&mut batch) {
        let written = timeout(LISTENING, mouth.write_all(&batch)).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        batch.clear();
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// All that is kept and all that comes, until the last line was said.
async fn follow(
    reader: &mut Reader,
    mouth: &mut WriteHalf<'_>,
    mut phase: watch::Receiver<Phase>,
) -> io::Result<()> {
    loop {
        // Asked before it is read: what was said before the end is read after it.
        let is_over = *phase.borrow() == Phase::Over;
        let mut batch = Vec::new();
        let reading = reader.read(&mut batch);
        mouth.write_all(&batch).await?;
        match reading {
            Reading::CaughtUp if is_over => return Ok(()),
            Reading::More => tokio::task::yield_now().await,
            Reading::New if is_over => {}
            Reading::New => sleep(PACE).await,
            Reading::CaughtUp => {
                // Both may be lost and are asked again.
                tokio::select! {
                    () = reader.more() => sleep(PACE).await,
                    () = reached(&mut phase, Phase::Over) => {}
                }
            }
        }
    }
}

/// Pends until the client has closed its side; what it says meanwhile is not listened to.
async fn left(ear: &mut ReadHalf<'_>) {
    let mut heard = [0; 64];
    while ear.read(&mut heard).await.is_ok_and(|read| read > 0) {}
}

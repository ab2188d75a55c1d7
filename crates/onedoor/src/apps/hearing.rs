//! Everything one start of an app may say, and who listens: the ears that an instance has from spawn to exit.
//!
//! Step "ready" of the life of an app. Dropping it ends the listening.

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::kin::Kin;
use super::notify::{NotifySocket, Voice};
use super::signs::{Announced, Signs, State};
use super::spec::Readiness;

#[derive(Debug)]
pub(super) struct Hearing {
    signs: Signs,
    /// What `leaves` has seen of the signs.
    seen: watch::Receiver<State>,
    /// Until somebody listens; what the app says before waits in it.
    socket: Option<NotifySocket>,
    listening: JoinSet<()>,
}

impl Hearing {
    pub(super) fn new(readiness: &Readiness, socket: Option<NotifySocket>) -> Self {
        let signs = Signs::expected_by(readiness);
        Self { seen: signs.watch(), signs, socket, listening: JoinSet::new() }
    }

    /// Listens to the process that was started, and to its family.
    pub(super) fn attend(&mut self, kin: Kin, voice: Voice) {
        if let Some(socket) = self.socket.take() {
            self.listening.spawn(socket.listen(kin, self.signs.clone(), voice));
        }
    }

    pub(super) fn signs(&self) -> &Signs {
        &self.signs
    }

    /// Waits until the app says that it is stopping; once for each time it does. Safe to drop and call again.
    pub(super) async fn leaves(&mut self) {
        let is_leaving = |state: State| state.announced == Announced::Stopping;
        while self.seen.changed().await.is_ok() {
            if is_leaving(*self.seen.borrow_and_update()) {
                return;
            }
        }
        std::future::pending().await
    }
}

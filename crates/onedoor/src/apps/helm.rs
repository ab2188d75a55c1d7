//! What an operator may ask of the running apps: the handle that the control socket holds.
//!
//! A wish goes to the app's own task and is answered when it is fulfilled, or can no more be. Nothing is decided here.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

use super::board::{AppRow, Board};
use super::spec::AppSpec;

/// How many wishes may wait for one app.
pub(super) const WISHES: usize = 8;

/// What an operator wants of one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Replace every process, one at a time; start it if it is not running.
    Restart,
    /// Until it is started again; the program goes on.
    Stop,
    Start,
    /// So many replicas from now on.
    Scale(u16),
}

/// What an app's task is asked for.
#[derive(Debug)]
pub(super) enum Errand {
    Wish(Wish),
    /// To be what the file says now.
    Change(Box<AppSpec>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Done,
    /// It was so already.
    NothingToDo,
}

/// An errand, and where its answer goes.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) errand: Errand,
    pub(super) reply: oneshot::Sender<Result<Done, Declined>>,
}

/// Why a wish was not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Declined {
    #[error("there is no app \"{0}\"")]
    NoSuchApp(String),
    #[error("\"{0}\" is a job: it is run when its time comes, and not by hand")]
    AJob(String),
    #[error("app \"{app}\": the new process did not get ready: {why}; the log has what it printed")]
    NotReady { app: Arc<str>, why: Arc<str> },
    #[error("app \"{0}\": another request came in between; see `onedoor status`")]
    Overtaken(Arc<str>),
    #[error("app \"{0}\" listens on a fixed port, which has room for one process; leave `port` out")]
    OnePortOneProcess(Arc<str>),
    #[error("app \"{0}\": at least one replica; `onedoor stop {0}` stops it")]
    NoReplica(Arc<str>),
    #[error("app \"{0}\": too many requests are waiting for it already; try again")]
    Busy(Arc<str>),
    #[error("onedoor is ending")]
    Ending,
}

/// Reaches every app's task. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Helm {
    members: Arc<ArcSwap<Vec<Reach>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) name: Arc<str>,
    /// None: a job, which is only looked at.
    pub(super) asked: Option<mpsc::Sender<Asked>>,
    pub(super) board: Board,
}

impl Helm {
    pub(super) fn new(members: Vec<Reach>) -> Self {
        Self { members: Arc::new(ArcSwap::from_pointee(members)) }
    }

    /// The apps of a changed file.
    pub(super) fn set(&self, members: Vec<Reach>) {
        self.members.store(Arc::new(members));
    }

    /// Returns when it is done. Cancelling the wait does not take the wish back.
    pub(crate) async fn ask(&self, app: &str, wish: Wish) -> Result<(), Declined> {
        let members = self.members.load_full();
        let member = members.iter().find(|member| &*member.name == app);
        let Some(member) = member else { return Err(Declined::NoSuchApp(app.to_owned())) };
        let Some(asked) = &member.asked else { return Err(Declined::AJob(app.to_owned())) };
        let (reply, answer) = oneshot::channel();
        asked.try_send(Asked { errand: Errand::Wish(wish), reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Declined::Busy(Arc::clone(&member.name)),
            mpsc::error::TrySendError::Closed(_) => Declined::Ending,
        })?;
        answer.await.unwrap_or(Err(Declined::Ending)).map(|_done| ())
    }

    /// Every app and job as it is now, in the order of the file.
    pub(crate) fn table(&self) -> Vec<AppRow> {
        self.members.load().iter().map(|member| member.board.row()).collect()
    }
}

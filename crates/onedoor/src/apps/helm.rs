//! What an operator may ask of the running apps: the handle that the control socket holds.
//!
//! A wish goes to the app's own task and is answered when it is fulfilled, or can no more be. Nothing is decided here.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch};

use super::board::{AppRow, Board};
use super::spec::AppSpec;
use crate::suggest;

/// How many wishes may wait for one app.
pub(super) const WISHES: usize = 8;

/// What an operator wants of one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Replace every process, one at a time; start it if it is not running.
    Restart,
    /// The same, all at once and without waiting for anybody: they are of yesterday.
    Renew,
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
    #[error("there is no app \"{app}\"{}", did_you_mean(.nearest.as_deref()))]
    NoSuchApp { app: String, nearest: Option<Arc<str>> },
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

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default()
}

/// Reaches every app's task. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Helm {
    members: Arc<ArcSwap<Vec<Reach>>>,
    news: watch::Receiver<()>,
}

#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) name: Arc<str>,
    /// None: a job, which is only looked at.
    pub(super) asked: Option<mpsc::Sender<Asked>>,
    pub(super) board: Board,
}

impl Helm {
    pub(super) fn new(members: Vec<Reach>, news: watch::Receiver<()>) -> Self {
        Self { members: Arc::new(ArcSwap::from_pointee(members)), news }
    }

    /// The apps of a changed file.
    pub(super) fn set(&self, members: Vec<Reach>) {
        self.members.store(Arc::new(members));
    }

    /// Returns when it is done. Cancelling the wait does not take the wish back.
    pub(crate) async fn ask(&self, app: &str, wish: Wish) -> Result<(), Declined> {
        let members = self.members.load_full();
        let member = find(&members, app)?;
        let Some(asked) = &member.asked else { return Err(Declined::AJob(app.to_owned())) };
        let (reply, answer) = oneshot::channel();
        asked.try_send(Asked { errand: Errand::Wish(wish), reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Declined::Busy(Arc::clone(&member.name)),
            mpsc::error::TrySendError::Closed(_) => Declined::Ending,
        })?;
        answer.await.unwrap_or(Err(Declined::Ending)).map(|_done| ())
    }

    /// Whether there is such an app or job.
    ///
    /// # Errors
    /// That there is none, and which may have been meant.
    pub(crate) fn knows(&self, app: &str) -> Result<(), Declined> {
        find(&self.members.load(), app).map(|_| ())
    }

    /// Waits until the table may be another than at the last call; at once, the first time.
    pub(crate) async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            // Nobody is left who could change.
            std::future::pending().await
        }
    }

    /// Every app and job as it is now, in the order of the file.
    pub(crate) fn table(&self) -> Vec<AppRow> {
        self.members.load().iter().map(|member| member.board.row()).collect()
    }
}

fn find<'m>(members: &'m [Reach], app: &str) -> Result<&'m Reach, Declined> {
    let found = members.iter().find(|member| &*member.name == app);
    found.ok_or_else(|| {
        let nearest = suggest::nearest(app, members.iter().map(|member| &*member.name));
        Declined::NoSuchApp { app: app.to_owned(), nearest: nearest.map(Arc::from) }
    })
}

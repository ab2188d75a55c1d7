//! What may happen to an app, as `onedoor events` tells it. The words are for scripts, and do not change.

/// Something that `onedoor events` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Started,
    /// Started again after an end.
    Restarted,
    Ready,
    /// It runs, and takes no requests.
    Unready,
    /// Its process ended though nobody asked for that.
    Crashed,
    CannotStart,
    NotReady,
    Unwell,
    /// Started no more, after too many failures.
    GaveUp,
    /// Ended by itself, and that is its end.
    Ended,
    /// Every process has a successor.
    Replaced,
    Scaled,
    /// Asleep until somebody asks for it.
    Idle,
    Stopped,
    /// A run of a job that did what it should.
    Done,
    /// A run of a job that did not.
    Failed,
    /// A run of a job that was not made.
    Skipped,
}

impl Happening {
    /// The word for it, which does not change.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Restarted => "restarted",
            Self::Ready => "ready",
            Self::Unready => "unready",
            Self::Crashed => "crashed",
            Self::CannotStart => "cannot-start",
            Self::NotReady => "not-ready",
            Self::Unwell => "unwell",
            Self::GaveUp => "gave-up",
            Self::Ended => "ended",
            Self::Replaced => "replaced",
            Self::Scaled => "scaled",
            Self::Idle => "idle",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

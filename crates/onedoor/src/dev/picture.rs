//! What the file says that a developer wants to see: what is served where. Another one after each reload.

use std::sync::Arc;

use super::Plan;
use crate::prefix_doctor::Practice;

/// What is served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Picture {
    /// `http://localhost:3000`
    pub(crate) url: String,
    /// Where the door listens.
    pub(crate) addresses: Vec<String>,
    /// In the order of the file.
    pub(crate) apps: Vec<Arc<str>>,
    /// In the order of the file.
    pub(crate) places: Vec<Place>,
    /// What is to be known of the apps to look at their pages.
    pub(crate) practice: Option<Practice>,
    /// What it is all made of.
    pub(crate) plan: Plan,
}

/// A path, and who answers there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Empty: a worker or a job.
    pub(crate) at: String,
    /// `https://google.com (strip)`
    pub(crate) what: String,
    /// An app of ours.
    pub(crate) app: Option<Arc<str>>,
}

impl Picture {
    /// Where `app` is, as one types it: `/api` for `/api/*`; of several places the shortest.
    pub(super) fn place_of(&self, app: &str) -> &str {
        let its = |place: &&Place| place.app.as_deref() == Some(app) && !place.at.is_empty();
        let places = self.places.iter().filter(its).map(|place| place.at.as_str());
        match places.min_by_key(|at| at.len()) {
            Some("/*") => "/",
            Some(at) => at.strip_suffix("/*").unwrap_or(at),
            None => "",
        }
    }
}

//! Step "plan" on its own: one request's head against a table of routes, again and again, with no connection in
//! sight. For the bench, which counts its instructions; the way of a request never comes through here.

use std::sync::Arc;

use onedoor_http1::{HeadLimits, Parsed, RequestHead};

use super::inbound::Head;
use super::plan::{self, Scratch};
use super::route::Routes;

/// A request that is planned but never sent.
#[derive(Debug)]
pub struct Rehearsal {
    routes: Arc<Routes>,
    bytes: Box<[u8]>,
    head: RequestHead,
    scratch: Scratch,
}

impl Rehearsal {
    /// None: the bytes are not one whole request head.
    pub fn new(routes: Arc<Routes>, request: &[u8]) -> Option<Self> {
        let mut head = RequestHead::default();
        match head.parse(request, &HeadLimits::default()) {
            Ok(Parsed::Complete { head_bytes }) if head_bytes == request.len() => {
                Some(Self { routes, bytes: request.into(), head, scratch: Scratch::default() })
            }
            Ok(Parsed::Complete { .. } | Parsed::Partial) | Err(_) => None,
        }
    }

    /// Plans it, and names the route that takes it.
    #[inline]
    pub fn plan(&mut self) -> Option<&str> {
        let head = Head { bytes: &self.bytes, parsed: &self.head };
        let plan = plan::plan(head, None, &self.routes, &mut self.scratch).ok()?;
        plan.route.map(|matched| &*matched.route.name)
    }
}

//! Waiting for what may not be there: what is not never comes. For the `select!` of a task whose work comes and goes.

use std::future::Future;
use std::time::Instant;

pub(super) async fn or_never<F: Future + Unpin>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

pub(super) async fn due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

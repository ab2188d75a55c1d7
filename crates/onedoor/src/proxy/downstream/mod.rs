//! How clients speak to us: each protocol in a file of its own, all yielding the same `Inbound`.

pub(super) mod http1;
#[cfg(test)]
pub(super) mod memory;
mod reply;
mod request_body;

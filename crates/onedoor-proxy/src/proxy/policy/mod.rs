//! What is changed in a message on its way through: one concern per file, each a plain function over a head.

pub(super) mod affinity;
pub(super) mod chain;
pub(super) mod forwarded;
pub(super) mod hop_by_hop;
pub(super) mod repair;
pub(super) mod request_id;

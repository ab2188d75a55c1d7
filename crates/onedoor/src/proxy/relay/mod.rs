//! Moving bodies: from an upstream to a client by copying, and both ways after an upgrade.

pub(super) mod copy;
pub(super) mod tunnel;

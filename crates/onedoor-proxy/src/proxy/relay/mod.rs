//! Moving bodies: from one end to the other by copying or through the kernel, and both ways after an upgrade.

pub(super) mod block;
pub(super) mod copy;
pub(super) mod splice;
pub(super) mod tunnel;

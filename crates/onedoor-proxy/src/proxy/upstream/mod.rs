//! How we speak to whoever is behind the door: waiting for it, connecting, keeping connections, its HTTP/1.1.

pub(super) mod connect;
pub(super) mod eject;
pub(super) mod hold;
pub(super) mod http1;
pub(super) mod names;
pub(super) mod pool;
pub(super) mod tls;

//! What the two stories share of the loopback interface: ports that nobody else has, and the addresses at which apps
//! find each other.
//!
//! The proxy opens a side door for each served app on such a port; an app's processes are told the addresses of the
//! others. Nothing here listens or connects but for the look whether a port is free.

mod addresses;
mod ports;

pub use addresses::{Addresses, Occupied, variable_of};
pub use ports::{NoPort, PrivatePorts};

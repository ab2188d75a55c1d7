//! What the crate promises, seen from outside: one test per rule of a strict proxy, tables, and properties.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chunks;
mod families;
mod kit;
mod paths;
mod properties;
mod proxy_header;
mod request_framing;
mod request_rules;
mod response_rules;

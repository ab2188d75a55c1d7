//! The promise: what passes the door is read by everybody in the same way. Thousands of odd messages are sent through
//! the real binary; each is refused, or means the same to Node, Go, h11 and httptools as to a reader of our own, with
//! nothing left over.
//!
//! ```text
//!   corpus, mutate ─▶ client ─▶ door ─▶ tap (records the exact bytes)      requests.rs
//!                                        └─▶ each parser is played them, and a probe that finds what is left over
//!   played ─▶ upstream ─▶ door ─▶ client (records the exact bytes)          responses.rs
//!                                  └─▶ each parser reads them as a client
//! ```
//!
//! `make parsers` prepares the four parsers; their sources lie in `differential/parsers`.

mod client;
mod corpus;
mod message;
mod mutate;
mod parsers;
mod played;
mod requests;
mod responses;
mod splits;
mod tap;

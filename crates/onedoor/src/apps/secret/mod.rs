//! SECRETS: what only one app may know, and where it is kept.
//!
//! ```text
//!   config ── source ─▶ asking ── a command per secret ─▶ told ─▶ spawn (the app's environment)
//!                          └── what the commands complain about ─▶ mask ─▶ log
//! ```
//!
//! Files are read, and commands run, at each start of the app and never before. A value is in no message and no log.

mod asking;
mod mask;
mod source;
mod told;

pub(super) use asking::{ask, ask_once};
pub(super) use mask::Mask;
pub(crate) use source::{Secret, SecretCommand, SecretSource};
pub(super) use told::{Secrets, Untold};

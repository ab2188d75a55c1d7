//! What a folder, a Procfile or another program's file says about the apps in it → a configuration to be written.
//!
//! ```text
//!  a folder ─ detect ────┐
//!  Procfile ─ procfile ──┼─▶ Draft ─ render ─▶ the text of an onedoor.toml
//!  another file (import)─┘
//! ```
//!
//! Nothing here starts anything or writes a file, and what a folder holds is never believed further than to be read.

pub(crate) mod draft;
mod render;

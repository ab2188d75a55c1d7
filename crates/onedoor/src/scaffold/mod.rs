//! What a folder, a Procfile or another program's file says about the apps in it → a configuration to be written.
//!
//! ```text
//!  a folder ─ detect ─┐
//!                     ├─▶ Plan ─┐
//!  Procfile ──────────┘         ├─▶ Draft ─ render ─▶ the text of an onedoor.toml
//!  another program's file ──────┘
//! ```
//!
//! Nothing here starts anything or writes a file, and what a folder holds is never believed further than to be read.

pub(crate) mod detect;
pub(crate) mod draft;
pub(crate) mod folder;
pub(crate) mod plan;
pub(crate) mod procfile;
mod render;

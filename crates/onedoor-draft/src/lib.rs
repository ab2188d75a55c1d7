//! An `onedoor.toml` written for you: from what a folder's files say, or from another program's configuration.
//!
//! ```text
//!  a folder ─ look: its Procfile, else detect ─▶ Plan ─┐
//!                                                      ├─▶ Draft ─ render ─▶ the text of an onedoor.toml
//!  nginx.conf, compose.yaml, … ─ convert ──────────────┘
//! ```
//!
//! Nothing here starts anything, writes a file or asks over a network; what a stranger's files hold is read within
//! limits, and never believed further than that. Nor does it know the language it writes: whether the text is a good
//! file is for `onedoor check` to say. All of it runs once, before the door opens, so it is compiled for size.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod detect;
mod draft;
mod folder;
mod image;
mod import;
mod look;
mod plan;
mod procfile;
mod render;
#[cfg(any(test, feature = "samples"))]
pub mod samples;

pub use detect::{LANGUAGES, Language, PROVIDERS};
pub use draft::{Draft, Entry, Fact, Value};
pub use image::{
    Build, Configuration, FOUND, Image, Kind, MadeFrom, Origin, Planned, Start, Wanted, WantedApp, image,
};
pub use import::{Conversion, Detail, Fault, Format, Input, Report, convert};
pub use look::{Look, Source, look};
pub use plan::{App, Command, Plan, Purpose, Site};

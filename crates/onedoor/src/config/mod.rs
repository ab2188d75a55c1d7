//! What the operator wrote → what each part wants.
//!
//! ```text
//! onedoor.toml ─ written ─ file ──▶ sections ─ layers ──▶ one section ─ resolve ──▶ proxy::config::Config (the way of a request)
//! prod.toml                 ▲  ▲               (merge)                        ├────▶ apps::spec::Config    (the life of an app)
//!                           │  └ interpolate ◀ env                            ├────▶ the log's settings
//!                           └ catalogue                                       └────▶ the start table
//! ```
//!
//! One [`catalogue`] row per key feeds the decoder, the did-you-mean and the reference. Every mistake is collected as
//! a `ConfigError` (place, fact, remedy) and all of them are shown at once. The parts never see TOML, and nothing
//! here knows how they work.

mod accepted;
mod amount;
mod behind;
mod byte_size;
pub(crate) mod catalogue;
pub(crate) mod code;
mod draw;
mod duplicate;
pub(crate) mod duration;
mod env;
mod error;
mod file;
mod fix;
mod foreign;
mod foreign_pattern;
mod interpolate;
mod layers;
mod layout;
mod lenient;
mod load;
mod mend;
mod merge;
mod named_list;
mod names;
mod proof;
mod remedy;
pub(crate) mod report;
mod resolve;
mod schema;
mod secrecy;
mod section;
mod several;
mod source;
mod surgery;
mod synonyms;
mod syntax;
#[cfg(test)]
mod tests;
mod unknown;
mod written;

pub(crate) use draw::Paint;
pub(crate) use duration::show as show_duration;
pub(crate) use env::{Developing, Env};
pub(crate) use error::ConfigErrors;
pub(crate) use layout::Layout;
pub(crate) use load::{Layers, check_text, check_text_as, load, load_text, load_text_to_ask, load_to_ask};
pub(crate) use mend::{Mended, mend};
pub(crate) use names::{Names, names, names_in};
pub(crate) use resolve::{Loaded, TableRow, platform_of};
pub(crate) use schema::schema;

use crate::suggest;

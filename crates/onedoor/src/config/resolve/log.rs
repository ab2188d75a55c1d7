//! `[log]`: what is written and how.

use crate::config::section::Section;
use crate::observe::log::{AppsFormat, Format, Level, LogConfig};
use crate::proxy::config::AccessLog;

/// `name_width`: the longest app's name, so that the texts behind the names line up.
pub(super) fn log(section: Option<&Section>, name_width: usize) -> (LogConfig, AccessLog) {
    let word = |key| section.and_then(|section| section.text(key)).map(|word| word.value);
    let format = match word("format") {
        Some("human") => Format::Human,
        Some("json") => Format::Json,
        _ => Format::Auto,
    };
    let apps = match word("apps") {
        Some("prefix") => AppsFormat::Prefix,
        Some("json") => AppsFormat::Json,
        Some("raw") => AppsFormat::Raw,
        _ => AppsFormat::AsFormat,
    };
    let access = if word("access") == Some("off") { AccessLog::Off } else { AccessLog::On };
    (LogConfig { format, apps, level: Level::Info, name_width }, access)
}
